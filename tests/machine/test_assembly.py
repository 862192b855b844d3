"""Assembly text: it reads back as what was printed, and every error has a line and a column."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vliwc.conformance.programs import Maker
from vliwc.errors import DataError
from vliwc.machine import Bundle, Program, Slot, load_machine, machine_names, parse_assembly, print_assembly
from vliwc.machine.slots import FORMATS
from vliwc.source import Span

HEAD = 'machine "takehome"\nkernel ""\nscratch 9\n'
SAMPLE = """machine "takehome"
kernel "saxpy"
scratch 24

0:
    load   s[16] = mem[s[17]]                    @7:9-7:20
    load   s[0] = -5
    valu   v[8] = v[0] * v[0] + v[8]
    valu   v[0] = s[16]
    flow   if s[3] skip -2
1:
    debug  compare v[0] ["a", ["b # @", 1]]
    debug  comment "it's \\"quoted\\""
    alu    idle
2:
"""


def test_a_program_in_assembly() -> None:
    program = parse_assembly(SAMPLE)
    first = (
        Slot("load", "load", (16, 17), Span(7, 9, 7, 20)),
        Slot("load", "const", (0, -5)),
        Slot("valu", "multiply_add", (8, 0, 0, 8)),
        Slot("valu", "vbroadcast", (0, 16)),
        Slot("flow", "cond_jump_rel", (3, -2)),
    )
    debug = (
        Slot("debug", "vcompare", (0, ("a", ("b # @", 1)))),
        Slot("debug", "comment", ('it\'s "quoted"',)),
    )
    assert program == Program("takehome", (Bundle(first), Bundle(debug, ("alu",)), Bundle(())), 24, "saxpy")
    assert print_assembly(program) == SAMPLE


@given(seed=st.integers(0, 2**32), name=st.sampled_from(machine_names()))
@settings(max_examples=100, deadline=None)
def test_round_trip(seed: int, name: str) -> None:
    program = Maker(Random(seed), load_machine(name)).program(10)
    assert parse_assembly(print_assembly(program)) == program


@given(
    names=st.tuples(st.text(), st.text()), text=st.text(), key=st.recursive(st.integers(-9, 9) | st.text(), st.lists)
)
@settings(deadline=None)
def test_round_trip_of_any_text(names: tuple[str, str], text: str, key: object) -> None:
    slots = (Slot("debug", "comment", (text,)), Slot("debug", "compare", (1, _tuples(key)), Span(1, 2, 3, 4)))
    program = Program(names[0], (Bundle(slots),), 2, names[1])
    assert parse_assembly(print_assembly(program)) == program


def _tuples(key: object) -> object:
    return tuple(map(_tuples, key)) if isinstance(key, list) else key


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=lambda fmt: f"{fmt.engine} {fmt.op}")
def test_every_slot_has_its_line(fmt) -> None:
    operands = {"key": '"k"', "keys": '["k"]', "text": '"t"'}
    values = [operands.get(role.name.lower(), str(n)) for n, role in enumerate(fmt.roles)]
    parts = fmt.text.split("$")
    line = parts[0] + "".join(v + part for v, part in zip(values, parts[1:], strict=True))
    program = parse_assembly(f"{HEAD}0:\n{fmt.engine} {line}")
    slot = program.bundles[0].slots[0]
    assert (slot.engine, slot.op, len(slot.operands)) == (fmt.engine, fmt.op, len(fmt.roles))
    assert f"{fmt.engine:6} {line}\n" in print_assembly(program)


def test_layout_is_free() -> None:
    text = (
        '# top\r\n machine  "takehome" # here\n\nkernel ""\nscratch 9\n0 : # first\nalu s [1]=s[ 2 ]+s[3]@1:2-3:4#x\n'
    )
    add = Slot("alu", "+", (1, 2, 3), Span(1, 2, 3, 4))
    assert parse_assembly(text.encode()).bundles == (Bundle((add,)),)


ERRORS = [
    ("", "1:1: expected 'machine' and a quoted name"),
    ('machine takehome\nkernel ""', "1:1: expected 'machine' and a quoted name"),
    ('machine "takehome"\nkernel ""\n\nscratch x', "4:1: expected 'scratch' and a number of words"),
    ('machine "a\\x"', "1:11: not JSON: Invalid \\escape"),
    (f"{HEAD}alu s[1] = s[2] + s[3]", "4:1: expected the number of a bundle and a colon"),
    (f"{HEAD}0:\n2:", "5:1: this is bundle 1, not 2"),
    (f"{HEAD}0:\n  allu s[1] = s[2]", "5:3: 'allu' is no engine"),
    (f"{HEAD}0:\n  @1:1-1:1", "5:3: '' is no engine"),
    (f"{HEAD}0:\n  store mem[s[3]] = v[4]", "5:21: expected 's'"),
    (f"{HEAD}0:\n  store mem[s[3]) = v[4]", "5:17: expected ']' or '..'"),
    (f"{HEAD}0:\n  load s[x] = 3", "5:10: expected an integer"),
    (f"{HEAD}0:\n  load s[3] = 3 4", "5:17: expected the end of the line"),
    (f"{HEAD}0:\n  load s[3] = {'1' * 30}", "5:35: expected the end of the line"),
    (f"{HEAD}0:\n  debug comment", "5:16: expected a JSON value"),
    (f"{HEAD}0:\n  debug comment x", "5:17: not JSON: Expecting value"),
    (f"{HEAD}0:\n  debug compare s[0] 1.5", "5:22: 1.5 is no integer"),
    (f"{HEAD}0:\n  debug compare s[0] null", "5:22: an operand is an integer, text or a list of such, not null"),
    (f"{HEAD}0:\n  flow halt @1:2", "5:13: expected the end of the line"),
]


@pytest.mark.parametrize(("text", "message"), ERRORS, ids=[e[1] for e in ERRORS])
def test_errors(text: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_assembly(text, "p.vasm")
    assert str(caught.value) == f"p.vasm:{message}"


def test_help() -> None:
    with pytest.raises(DataError) as caught:
        parse_assembly(f"{HEAD}0:\n  store mem[3]")
    assert caught.value.help == "slots of store are: mem[s[$]] = s[$]; mem[s[$]..] = v[$]; or idle"
    with pytest.raises(DataError) as caught:
        parse_assembly(f"{HEAD}0:\n  loda s[3]")
    assert caught.value.help == "did you mean 'load'?"


def test_bytes_that_are_not_utf8() -> None:
    with pytest.raises(DataError, match=r"^p.vasm: not UTF-8: invalid start byte at byte 0$"):
        parse_assembly(b"\xff", "p.vasm")


EDITS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from(['"', "[", "]", ":", "\n", "@", "#", "9", "v", " ", "é"])))


@given(seed=st.integers(0, 2**32), edits=EDITS)
@settings(max_examples=150, deadline=None)
def test_mutated_assembly_gives_a_program_or_one_clear_error(seed: int, edits: list[tuple[float, str]]) -> None:
    text = print_assembly(Maker(Random(seed), load_machine("takehome")).program(2))
    for where, char in edits:
        at = int(where * len(text))
        text = text[:at] + char + text[at + 1 :]
    try:
        parse_assembly(text, "p.vasm")
    except DataError as error:
        assert str(error).startswith("p.vasm:")
