"""The interchange form: round trips, and one message for everything that it is not."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vliwc.conformance.programs import Maker
from vliwc.errors import DataError, UsageError
from vliwc.machine import (
    Bundle,
    Program,
    ProgramError,
    Slot,
    load_machine,
    machine_names,
    program_from_json,
    program_to_json,
    takehome_module,
)
from vliwc.machine.interchange import bundle_to_json

TAKEHOME = load_machine("takehome")


def stripped(program: Program) -> tuple[Bundle, ...]:
    """The bundles as the interchange form has them: without places."""
    return tuple(
        Bundle(tuple(Slot(s.engine, s.op, s.operands) for s in b.slots), b.empty_engines) for b in program.bundles
    )


@given(seed=st.integers(0, 2**32), name=st.sampled_from(machine_names()))
@settings(max_examples=60, deadline=None)
def test_round_trip(seed: int, name: str) -> None:
    maker = Maker(Random(seed), load_machine(name), legal=True)
    program = maker.program(10)
    text = program_to_json(program)
    again = program_from_json(text, maker.machine)
    assert again.bundles == stripped(program)
    assert program_to_json(again) == text
    assert again.machine == name
    assert again.scratch_words <= maker.machine.scratch_words


def test_the_form() -> None:
    program = program_from_json('[{"valu": [["*", 4, 0, 0]], "load": [["load", 16, 17]]}, {"alu": []}]', TAKEHOME)
    first = Bundle((Slot("valu", "*", (4, 0, 0)), Slot("load", "load", (16, 17))))
    assert program == Program("takehome", (first, Bundle((), ("alu",))), 18)
    assert program_from_json(b"[]", TAKEHOME).bundles == ()


def test_double_writes_are_a_matter_of_strictness() -> None:
    program_from_json('[{"load": [["const", 1, 1], ["const", 1, 2]]}]', TAKEHOME)


ERRORS = [
    (b"\xff", "p.json: not UTF-8: invalid start byte at byte 0"),
    ("[", "p.json:1:2: not JSON: Expecting value"),
    ("[\n]]", "p.json:2:2: not JSON: Extra data"),
    ("{}", "p.json: expected a list of bundles, found an object"),
    ("null", "p.json: expected a list of bundles, found null"),
    ("true", "p.json: expected a list of bundles, found a truth value"),
    ("[[]]", "p.json: bundle 0: expected an object from engine to slots, found a list"),
    ('[{"alu": 3}]', "p.json: bundle 0, alu: expected a list of slots, found an integer"),
    ('[{}, {"alu": ["+"]}]', "p.json: bundle 1, alu slot 0: expected a list, operation first, found text"),
    ('[{"alu": [[]]}]', "p.json: bundle 0, alu slot 0: expected the operation's name first, found nothing"),
    ('[{"alu": [[1]]}]', "p.json: bundle 0, alu slot 0: expected the operation's name first, found an integer"),
    (
        '[{"alu": [["+", null]]}]',
        "p.json: bundle 0, alu slot 0: an operand is an integer, text or a list of such, not null",
    ),
    (
        '[{"alu": [["+", true]]}]',
        "p.json: bundle 0, alu slot 0: an operand is an integer, text or a list of such, not a truth value",
    ),
    (
        '[{"debug": [["compare", 0, ' + "[" * 17 + "]" * 17 + "]]}]",
        "p.json: bundle 0, debug slot 0: an operand is an integer, text or a list of such, not a list",
    ),
    ('[{"alu": [], "alu": []}]', 'p.json: the key "alu" is there twice in one object'),
    ("[NaN]", "p.json: NaN is no integer"),
    ("[-Infinity]", "p.json: -Infinity is no integer"),
    ("[1.5]", "p.json: 1.5 is no integer"),
    ("[1e400]", "p.json: 1e400 is no integer"),
    ("[" + "9" * 5000 + "]", "p.json: the number 999999999999… has 5000 digits"),
    ("[" * 100_000, "p.json: nested too deeply"),
]


@pytest.mark.parametrize(("text", "message"), ERRORS, ids=[e[1][:50] for e in ERRORS])
def test_errors(text: str | bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        program_from_json(text, TAKEHOME, "p.json")
    assert str(caught.value) == message


def test_programs_that_the_machine_cannot_execute() -> None:
    with pytest.raises(ProgramError, match="there is no engine 'alue'"):
        program_from_json('[{"alue": []}]', TAKEHOME)


@given(
    seed=st.integers(0, 2**32), cuts=st.lists(st.tuples(st.floats(0, 1), st.sampled_from('[]{},"9-.e \\')), max_size=4)
)
@settings(max_examples=150, deadline=None)
def test_mutated_programs_give_a_program_or_one_clear_error(seed: int, cuts: list[tuple[float, str]]) -> None:
    text = program_to_json(Maker(Random(seed), TAKEHOME).program(3))
    for where, char in cuts:
        at = int(where * len(text))
        text = text[:at] + char + text[at + 1 :]
    try:
        program_from_json(text, TAKEHOME)
    except DataError as error:
        assert str(error)


def test_the_takehome_module() -> None:
    program = Maker(Random(1), TAKEHOME, legal=True).program(10)
    text = takehome_module(Program("takehome", program.bundles, 100, 'odd """ {name}\\'))
    module: dict[str, object] = {}
    exec(text, module)
    builder = module["KernelBuilder"]()  # type: ignore[operator]
    assert builder.instrs == []
    builder.build_kernel(10, 2047, 256, 16)
    assert json.dumps(builder.instrs) == json.dumps([bundle_to_json(bundle) for bundle in program.bundles])
    assert all(isinstance(slot, tuple) for bundle in builder.instrs for slots in bundle.values() for slot in slots)
    assert builder.debug_info().scratch_map == {}
    assert "import" not in text.split("PROGRAM")[0]


def test_the_takehome_module_is_for_one_machine() -> None:
    with pytest.raises(UsageError, match="a program for the machine 'wide' cannot run on the public benchmark's"):
        takehome_module(Program("wide", (), 0))
