"""What messages say of places, slots and words that are none of the choices."""

from __future__ import annotations

import pytest

from vliwc.machine import Program, ProgramError, Slot
from vliwc.machine.faults import CycleLimitReached, SimulationFault, operand_text, place, slot_text, suggest
from vliwc.machine.program import Operand
from vliwc.source import Span


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("lod", ["store", "load"], "did you mean 'load'?"),
        ("loadd", ["loads", "load"], "did you mean 'load'?"),
        ("x", ["store", "load"], "expected one of: load, store"),
        ("x", [], "expected one of: nothing at all"),
    ],
)
def test_suggestions(word: str, choices: list[str], expected: str) -> None:
    assert suggest(word, choices) == expected


@pytest.mark.parametrize(
    ("operand", "expected"), [(-7, "-7"), ("a b", '"a b"'), (("lane", 3, ("x",)), '["lane", 3, ["x"]]')]
)
def test_operands(operand: Operand, expected: str) -> None:
    assert operand_text(operand) == expected


@pytest.mark.parametrize(
    ("slot", "expected"),
    [
        (Slot("alu", "+", (1, 2, 3)), "s[1] = s[2] + s[3]"),
        (Slot("flow", "halt", ()), "halt"),
        (Slot("debug", "compare", (4, "key")), 'compare s[4] "key"'),
        (Slot("alu", "+", (1, 2)), "+ 1 2"),
        (Slot("alu", "+", (1, 2, 3, 4)), "+ 1 2 3 4"),
        (Slot("alu", "load", (1, 2)), "load 1 2"),
    ],
)
def test_slots(slot: Slot, expected: str) -> None:
    assert slot_text(slot) == expected


def test_places() -> None:
    halt = Slot("flow", "halt", (), Span(7, 1, 7, 5))
    named, unnamed = Program("takehome", (), 0, "saxpy"), Program("takehome", (), 0)
    assert place(named, 3) == "bundle 3"
    assert place(named, 3, Slot("flow", "halt", ())) == "bundle 3, flow slot 'halt'"
    assert place(named, 3, halt) == "bundle 3, flow slot 'halt' (from saxpy, .vk line 7)"
    assert place(unnamed, 3, halt) == "bundle 3, flow slot 'halt' (from kernel, .vk line 7)"


def test_errors_know_their_place() -> None:
    wrong = ProgramError("message", bundle=4, help="advice")
    assert (wrong.message, wrong.bundle, wrong.help) == ("message", 4, "advice")
    for kind in (SimulationFault, CycleLimitReached):
        fault = kind("message", bundle=4, cycle=9, help="advice")
        assert (fault.message, fault.bundle, fault.cycle, fault.help) == ("message", 4, 9, "advice")
        assert fault.exit_code == 6
        with pytest.raises(TypeError):
            kind("message", 4, 9)  # type: ignore[misc]  # which number is which must be said
    with pytest.raises(TypeError):
        ProgramError("message", "advice")  # type: ignore[misc]
