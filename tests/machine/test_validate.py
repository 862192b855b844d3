"""The validator: one message for everything that a machine cannot execute."""

from __future__ import annotations

import pytest

from vliwc.machine import Bundle, Operand, Program, ProgramError, Slot, load_machine, validate
from vliwc.source import Span

TAKEHOME, NARROW, WIDE = load_machine("takehome"), load_machine("narrow"), load_machine("wide")
SPAN = Span(7, 5, 7, 9)


def program(*bundles: Bundle, words: int = 0) -> Program:
    return Program("takehome", bundles, words, "saxpy")


def one(engine: str, op: str, *operands: Operand) -> Program:
    return program(Bundle((Slot(engine, op, operands),)))


def add(d: int) -> Slot:
    return Slot("alu", "+", (d, 0, 0))


WORDS = "scratch of takehome is words 0 to 1535"
ERRORS = [
    (one("allu", "+", 0, 0, 0), "allu slot '+ 0 0 0': there is no engine 'allu'", "did you mean 'alu'?"),
    (one("alu", "add", 0, 0, 0), "alu slot 'add 0 0 0': alu has no operation 'add'", None),
    (one("load", "vlod", 0, 0), "load slot 'vlod 0 0': load has no operation 'vlod'", "did you mean 'vload'?"),
    (one("alu", "+", 0, 0), "alu slot '+ 0 0': '+' takes 3 operands, not 2", "write it as s[$] = s[$] + s[$]"),
    (one("flow", "jump"), "flow slot 'jump': 'jump' takes 1 operand, not 0", "write it as jump $"),
    (
        one("alu", "+", 0, 1536, 0),
        f"alu slot 's[0] = s[1536] + s[0]': operand 2 (a scratch word read) is word 1536: {WORDS}",
        None,
    ),
    (
        one("valu", "vbroadcast", 1529, 0),
        "valu slot 'v[1529] = s[0]': operand 1 (the first of the scratch words written, one a lane) "
        f"is words 1529 to 1536: {WORDS}",
        None,
    ),
    (
        one("alu", "+", -1, 0, 0),
        f"alu slot 's[-1] = s[0] + s[0]': operand 1 (the scratch word written) is word -1: {WORDS}",
        None,
    ),
    (
        one("alu", "+", True, 0, 0),
        "alu slot 's[True] = s[0] + s[0]': operand 1 (the scratch word written) must be an integer",
        None,
    ),
    (
        one("load", "const", 0, "x"),
        "load slot 's[0] = \"x\"': operand 2 (an integer, taken modulo 2^32) must be an integer",
        None,
    ),
    (
        one("load", "const", 0, 1 << 32),
        "load slot 's[0] = 4294967296': operand 2 (an integer, taken modulo 2^32) "
        "must be from -4294967295 to 4294967295",
        None,
    ),
    (
        one("load", "load_offset", 1530, 0, 7),
        f"load slot 'v[1530] = mem[v[0]] lane 7': lane 7 is word 1537: {WORDS}",
        None,
    ),
    (
        one("flow", "jump", 2),
        "flow slot 'jump 2': operand 1 (the number of a bundle) leads to bundle 2: "
        "there are bundles 0 to 0, and 1 to stop",
        None,
    ),
    (
        one("flow", "cond_jump_rel", 0, -2),
        "flow slot 'if s[0] skip -2': operand 2 (a number of bundles to go forward, negative to go back) "
        "leads to bundle -1: there are bundles 0 to 0, and 1 to stop",
        None,
    ),
    (
        one("debug", "comment", 3),
        "debug slot 'comment 3': operand 1 (text) must be text",
        None,
    ),
    (
        one("debug", "compare", 0, ("a", 1 << 63)),
        "debug slot 'compare s[0] [\"a\", 9223372036854775808]': operand 2 (the key of a traced value) "
        "must be an integer, text, or a list of such",
        None,
    ),
    (
        one("debug", "vcompare", 0, ("a",)),
        "debug slot 'compare v[0] [\"a\"]': operand 2 (one key a lane) must be a list of 8 keys",
        None,
    ),
]


@pytest.mark.parametrize(("bad", "message", "help_"), ERRORS, ids=[e[1][:50] for e in ERRORS])
def test_slot_errors(bad: Program, message: str, help_: str | None) -> None:
    with pytest.raises(ProgramError) as caught:
        validate(bad, TAKEHOME)
    assert str(caught.value) == f"bundle 0, {message}"
    assert caught.value.bundle == 0
    if help_ is not None:
        assert caught.value.help == help_


def test_the_kernels_line_is_named() -> None:
    bad = program(Bundle(()), Bundle((Slot("alu", "+", (0, 0, 9999), SPAN),)))
    with pytest.raises(ProgramError, match=r"^bundle 1, alu slot '.*' \(from saxpy, .vk line 7\): operand 3"):
        validate(bad, TAKEHOME)


def test_operations_and_engines_that_the_machine_lacks() -> None:
    with pytest.raises(ProgramError, match="narrow cannot do 'vselect' on flow") as caught:
        validate(one("flow", "vselect", 0, 0, 0, 0), NARROW)
    assert caught.value.help is not None
    assert "add_imm" in caught.value.help
    without = type(NARROW)(
        "bare", "", 4, 64, 64, {name: e for name, e in NARROW.engines.items() if name != "valu"}, NARROW.latencies
    )
    with pytest.raises(ProgramError, match="bare has no valu engine"):
        validate(one("valu", "+", 0, 4, 8), without)
    with pytest.raises(ProgramError, match="bundle 0: bare has no valu engine"):
        validate(program(Bundle((), ("valu",))), without)


def test_slot_limits() -> None:
    full = Bundle(tuple(add(d) for d in range(12)))
    validate(program(full), TAKEHOME)
    with pytest.raises(ProgramError, match=r"^bundle 0: 13 alu slots, but takehome has 12$"):
        validate(program(Bundle((*full.slots, add(12)))), TAKEHOME)


def test_one_slot_decides_what_comes_next() -> None:
    both = Bundle((Slot("flow", "halt", ()), Slot("flow", "jump", (0,))))
    with pytest.raises(ProgramError, match=r"^bundle 0, flow slot 'jump 0': the bundle has a 'halt' already$"):
        validate(program(both), WIDE)


@pytest.mark.parametrize("bundle", [Bundle((add(0),), ("alu",)), Bundle((), ("alu", "alu"))])
def test_engines_named_twice(bundle: Bundle) -> None:
    with pytest.raises(ProgramError, match=r"^bundle 0: engine 'alu' is named as empty, but it is there already$"):
        validate(program(bundle), TAKEHOME)


def test_too_much_scratch() -> None:
    validate(program(words=1536), TAKEHOME)
    with pytest.raises(ProgramError, match=r"^the program claims -1 scratch words"):
        validate(program(words=-1), TAKEHOME)
    with pytest.raises(ProgramError, match=r"^the program claims 1537 scratch words; takehome has 1536$"):
        validate(program(words=1537), TAKEHOME)


def test_engines_are_compared_by_their_letters() -> None:
    """Not as objects: names that come from a file are others."""
    with pytest.raises(ProgramError, match="it is there already"):
        validate(program(Bundle((add(0),), ("".join(["a", "lu"]),))), TAKEHOME)


def _nested(depth: int) -> Operand:
    key: Operand = 7
    for _ in range(depth):
        key = (key,)
    return key


@pytest.mark.parametrize(
    ("slot", "right"),
    [
        *(
            (Slot("debug", "compare", (0, key)), True)
            for key in (0, 1, 63, (1 << 63) - 1, 1 - (1 << 63), "a", _nested(16))
        ),
        *((Slot("debug", "compare", (0, key)), False) for key in (1 << 63, -(1 << 63), 1 << 64, True, _nested(17))),
        *((Slot("load", "const", (0, word)), True) for word in (0xFFFF_FFFF, -0xFFFF_FFFF)),
        *((Slot("load", "const", (0, word)), False) for word in (1 << 32, -(1 << 32))),
        *((Slot("load", "load_offset", (1535 - k, 8, k)), True) for k in (0, 1, 7)),
        *((Slot("load", "load_offset", (1535, 8, k)), False) for k in (1, 2, 1536)),
        *((Slot("load", "load_offset", (8, 0, k)), right) for k, right in ((0, True), (-1, False), (1535, False))),
        (Slot("load", "load_offset", (8, 7, -7)), True),
    ],
)
def test_limits_of_operands(slot: Slot, right: bool) -> None:
    if right:
        validate(program(Bundle((slot,))), TAKEHOME)
    else:
        with pytest.raises(ProgramError):
            validate(program(Bundle((slot,))), TAKEHOME)


def test_double_writes_in_a_bundle() -> None:
    twice = program(Bundle((Slot("valu", "vbroadcast", (8, 0)), add(15))))
    validate(twice, TAKEHOME, strict=False)
    with pytest.raises(ProgramError) as caught:
        validate(twice, TAKEHOME)
    assert str(caught.value) == (
        "bundle 0, alu slot 's[15] = s[0] + s[0]': scratch word 15 is written twice in one cycle, "
        "also by bundle 0, valu slot 'v[8] = s[0]'"
    )


LOAD, CONST = Slot("load", "load", (5, 0)), Slot("load", "const", (5, 0))


def test_double_writes_by_latency() -> None:
    """On the wide machine a load lands one cycle later than a constant."""
    validate(program(Bundle((LOAD, CONST))), WIDE)
    validate(program(Bundle((LOAD,)), Bundle(()), Bundle((), ("alu",)), Bundle((CONST,))), WIDE)
    validate(program(Bundle((LOAD, Slot("flow", "jump", (1,)))), Bundle((CONST,))), WIDE)
    with pytest.raises(ProgramError, match=r"bundle 2, .*scratch word 5 .* also by bundle 0, load slot"):
        validate(program(Bundle((LOAD,)), Bundle(()), Bundle((CONST,))), WIDE)
    with pytest.raises(ProgramError, match="scratch word 5"):
        validate(program(Bundle((LOAD, Slot("flow", "pause", ()))), Bundle((CONST,))), WIDE)


@pytest.mark.parametrize(("distance", "right"), [(-3, False), (-2, True), (0, True), (1, True), (2, False)])
def test_distances_count_from_the_next_bundle(distance: int, right: bool) -> None:
    skip = program(Bundle(()), Bundle((Slot("flow", "cond_jump_rel", (0, distance)),)), Bundle(()))
    if right:
        validate(skip, TAKEHOME)
    else:
        with pytest.raises(ProgramError, match=f"leads to bundle {2 + distance}"):
            validate(skip, TAKEHOME)


def test_jumps_beyond_the_end_stop_a_non_strict_run() -> None:
    validate(one("flow", "jump", 1), TAKEHOME)
    validate(one("flow", "jump", 99), TAKEHOME, strict=False)
    with pytest.raises(ProgramError, match="leads to bundle -1"):
        validate(one("flow", "jump", -1), TAKEHOME, strict=False)
    with pytest.raises(ProgramError, match="leads to bundle 4294967296"):
        validate(one("flow", "jump", 1 << 32), TAKEHOME, strict=False)
