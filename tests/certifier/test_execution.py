"""What a program must not do, whatever it computes; and slots that the other tests do not use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.certifier.cases import SMALL, graph, program
from vliwc.backend.certifier import ProofFailed, certify
from vliwc.errors import InternalError
from vliwc.machine import Bundle, Program, Slot
from vliwc.source import Span

NOTHING = graph("")
STORE = graph("%i = const 1\n %v = const 6\n store y[%i], %v @4:5-4:9")


def _slots(*slots: Slot, empty: tuple[str, ...] = ()) -> Program:
    return Program("small", (Bundle(slots, empty),), 64, "test")


def _slot(engine: str, op: str, *operands: int | str) -> Slot:
    return Slot(engine, op, operands, Span(7, 1, 7, 2))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (_slots(_slot("alu", "sqrt", 1, 2, 3)), r"the machine has no 'sqrt' on alu"),
        (_slots(_slot("valu", "vselect", 0, 4, 8, 12)), r"the machine has no 'vselect' on valu"),
        (_slots(_slot("debug", "vcompare", 0, 4)), r"the machine has no 'vcompare' on debug"),
        (_slots(_slot("cpu", "+", 0, 4, 5)), r"1 cpu slots, but the machine has 0"),
        (_slots(_slot("alu", "+", 1, 2)), r"2 operands instead of 3"),
        (_slots(_slot("alu", "+", 1, 2, 3, 4)), r"4 operands instead of 3"),
        (_slots(_slot("alu", "+", 1, 2, "x")), r"the operand 'x' is no integer"),
        (_slots(_slot("load", "load_offset", 1, 2, "x")), r"the operand . is no integer"),
        (_slots(_slot("load", "const", 64, 2)), r"no scratch word 64"),
        (_slots(_slot("load", "const", -1, 2)), r"no scratch word -1"),
        (_slots(_slot("load", "vload", 61, 2)), r"no scratch word 64"),
        (_slots(_slot("load", "vload", -1, 2)), r"no scratch word -1"),
        (_slots(_slot("load", "load_offset", 62, 2, 3)), r"no scratch word 65"),
        (_slots(_slot("store", "vstore", 1, 61)), r"no scratch word 64"),
        (_slots(_slot("load", "const", 0, 2), empty=("load",)), r"cannot have an empty engine 'load'"),
        (_slots(empty=("cpu",)), r"cannot have an empty engine 'cpu'"),
        (_slots(_slot("flow", "halt"), _slot("flow", "pause")), r"two slots decide what comes next"),
    ],
)
def test_programs_that_no_machine_executes(bad: Program, message: str) -> None:
    with pytest.raises(ProofFailed, match=message) as caught:
        certify(NOTHING, bad, SMALL)
    assert caught.value.bundle == 0


def test_the_last_word_of_scratch_is_there() -> None:
    assert certify(NOTHING, _slots(_slot("load", "const", 63, 2)), SMALL).bundles == 1


@pytest.mark.parametrize("claim", [-1, 9, 65])
def test_wrong_claims_of_scratch(claim: int) -> None:
    used = _slots(_slot("load", "const", 9, 2))
    assert certify(NOTHING, replace(used, scratch_words=10), SMALL).bundles == 1
    with pytest.raises(ProofFailed, match=rf"claims {claim} scratch words of 64, and uses words 0 to 9"):
        certify(NOTHING, replace(used, scratch_words=claim), SMALL)


def test_failures_name_bundle_slot_and_line() -> None:
    with pytest.raises(ProofFailed) as caught:
        certify(NOTHING, _slots(_slot("alu", "+", 1, 2, 3)), SMALL)
    expected = "bundle 0, alu slot 's[1] = s[2] + s[3]' (from test, .vk line 7): reads scratch word 2"
    assert expected in caught.value.message
    assert isinstance(caught.value, InternalError)
    assert caught.value.help is not None


def test_everything_that_does_nothing() -> None:
    """Pauses, traces, debug slots, engines without a slot, the core's number, bundles behind a halt."""
    bundles = program("""
        load s[0] = 11; load s[1] = 6; flow pause; flow s[2] = coreid
        debug comment "hello"; debug compare s[9] "key"
        alu idle
        flow trace s[1]
        alu s[3] = s[1] + s[2]
        store mem[s[0]] = s[3]; flow halt
        flow jump 0; store mem[s[7]] = s[3]
    """)
    assert certify(STORE, bundles, SMALL).bundles == 7
    with pytest.raises(ProofFailed, match="reads scratch word 5"):
        certify(STORE, program("flow trace s[5]"), SMALL)


def test_expected_is_named_when_nothing_was_stored() -> None:
    with pytest.raises(
        ProofFailed,
        match=r"y\[1\] \(address 11\) is wrong when the program ends: expected 6, found y\[1\]; never stored",
    ):
        certify(STORE, program("load s[0] = 1"), SMALL)


DIVISION = graph("%i = const 0\n %a = load x[%i]\n %b = load y[%i]\n %c = div %a, %b\n store y[%i], %c")
DIVIDING = """
    load s[0] = 2; load s[1] = 10
    load s[2] = mem[s[0]]; load s[3] = mem[s[1]]
    alu s[4] = s[2] // s[3]
    store mem[s[1]] = s[4]
"""


def test_divisions_of_the_graph_may_be_done() -> None:
    assert certify(DIVISION, program(DIVIDING), SMALL).words == 18
    others = DIVIDING.replace("s[2] // s[3]", "s[2] // s[3]; alu s[5] = s[0] % s[1]; alu s[6] = s[3] cdiv s[1]")
    assert certify(DIVISION, program(others), SMALL).words == 18


def test_other_divisions_by_what_may_be_zero_may_not() -> None:
    text = DIVIDING.replace("s[2] // s[3]", "s[2] // s[3]; alu s[5] = s[0] % s[2]")
    with pytest.raises(ProofFailed, match="divides by a word that may be 0, which the graph does not"):
        certify(DIVISION, program(text), SMALL)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("%i = const 8\n %a = load y[%i]", r"graph node %1 'load' accesses array y out of its range"),
        ("%i = const 9\n %a = load y[%i]", r"accesses array y out of its range"),
        (
            "%i = const 8\n store y[%i], %i @3:1-3:2",
            r"graph node %1 'store' \(.vk line 3\) accesses array y out of its",
        ),
        ("%i = const 0xfffffffb\n %a = load y[%i]", r"accesses array y out of its range"),
    ],
)
def test_graphs_that_leave_their_arrays(body: str, message: str) -> None:
    with pytest.raises(ProofFailed, match=message):
        certify(graph(body), program("load s[0] = 1"), SMALL)


def test_arrays_without_words_cannot_be_accessed() -> None:
    of = graph("%i = const 0\n %a = load x[%i]")
    of.arrays["x"] = replace(of.arrays["x"], length=0)
    with pytest.raises(ProofFailed, match="accesses an array without words"):
        certify(of, program("load s[0] = 1"), SMALL)


def test_layout_operations_and_tables() -> None:
    body = """
        %z = const 0
        %m = const 3
        %a: v4 = vload x[%z]
        %b = lane 2 of %a
        %c: v4 = splat %m
        %d: v4 = and %a, %c
        %t: v4 = table $t[%d]
        %e = lane 1 of %t
        %p: v4 = pack %b, %e, %b, %z
        vstore y[%z], %p
    """
    of = graph(body, "array x at 2 length 8 in\n array y at 10 length 8 inout\n table $t 5 7 5 9")
    text = """
    load s[0] = 2; load s[1] = 10
    load v[4] = mem[s[0]..]; load s[9] = 1
    load s[13] = 9; load s[20] = 3
    alu s[12] = s[5] & s[20]
    alu s[8] = s[12] & s[9]; load s[10] = 5; load s[11] = 7; alu s[12] = s[12] & s[0]
    flow s[14] = s[8] ? s[11] : s[10]; flow s[15] = s[8] ? s[13] : s[10]
    flow s[17] = s[12] ? s[15] : s[14]
    alu s[16] = s[6] | s[6]; alu s[18] = s[6] & s[6]; flow s[19] = coreid
    store mem[s[1]..] = v[16]
    """
    assert certify(of, program(text), SMALL).words == 18
    with pytest.raises(ProofFailed, match=r"y\[1\]"):
        certify(of, program(text.replace("load s[13] = 9", "load s[13] = 8")), SMALL)
    with pytest.raises(ProofFailed, match=r"y\[2\]"):
        certify(of, program(text.replace("s[18] = s[6] & s[6]", "s[18] = s[5] & s[5]")), SMALL)


def test_messages_of_deep_expressions_are_short() -> None:
    lines = ["%i = const 0", "%x0 = load x[%i]"]
    lines += [f"%x{k + 1} = {('xor', 'mul')[k % 2]} %x{k}, %x{max(k - 1, 0)}" for k in range(1, 60)]
    of = graph(
        "\n".join(
            ["%i = const 0", "%a = load x[%i]", "%x0 = add %a, %a", "%x1 = shr %a, %a", *lines[2:], "store y[%i], %x60"]
        )
    )
    with pytest.raises(ProofFailed) as caught:
        certify(of, program("load s[0] = 1"), SMALL)
    assert "…" in caught.value.message
    assert len(caught.value.message) < 2000


def test_a_machine_with_other_lanes_gives_another_program() -> None:
    narrow = replace(SMALL, lanes=2)
    of = graph("%z = const 0\n %a: v4 = vload x[%z]\n vstore y[%z], %a")
    text = "load s[0] = 2; load s[1] = 10\n load v[4] = mem[s[0]..]\n store mem[s[1]..] = v[4]"
    assert certify(of, program(text), SMALL).words == 18
    with pytest.raises(ProofFailed, match=r"y\[2\]"):
        certify(of, program(text), narrow)
