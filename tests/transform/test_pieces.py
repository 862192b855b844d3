"""Consumed arrays cut where no access reaches across."""

from __future__ import annotations

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, prepare, text
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.pieces import unused_name
from vliwc.transform.rooms import Death


def _pieces(
    array: str, length: int, body: str, more: str = "", machine: str = "takehome"
) -> dict[str, tuple[int, int]]:
    """Where the pieces of `t` begin, counted from its first word, and their lengths."""
    source = text(f"x: u32[64] in\nt: u32[{length}] {array}\ny: u32[64] out\n{more}", f"par i in 0..64 {{\n{body}\n}}")
    case = prepare(source, machine)
    assert_graph_right(case.kernel, case.graph)
    base = case.kernel.arrays["t"].base
    return {
        a.name: (a.base - base, a.length)
        for a in case.graph.arrays.values()
        if base <= a.base < base + length and a.name not in ("x", "y")
    }


LOW = "let u = t[x[i] & 15] ^ x[i]"


@pytest.mark.parametrize(
    ("length", "body", "expected"),
    [
        (100, f"{LOW}\ny[i] = u", {"t": (0, 16), "t_16": (16, 84)}),
        (
            100,
            f"{LOW}\ny[i] = u + t[40 + (u & 31)]",
            {"t": (0, 16), "t_16": (16, 24), "t_40": (40, 32), "t_72": (72, 28)},
        ),
        (100, f"{LOW}\ny[i] = u + t[10 + (u & 31)]", {"t": (0, 42), "t_42": (42, 58)}),  # they overlap
        (100, f"{LOW}\ny[i] = u + t[u % 100]", {"t": (0, 100)}),
        (20, f"{LOW}\ny[i] = u", {"t": (0, 20)}),  # less than a row would be left over
        (24, f"{LOW}\ny[i] = u", {"t": (0, 16), "t_16": (16, 8)}),
    ],
)
def test_cuts_lie_between_the_reaches(length: int, body: str, expected: dict[str, tuple[int, int]]) -> None:
    assert _pieces("consumed", length, body) == expected


def test_pieces_have_at_least_a_row_of_the_machine() -> None:
    body = f"{LOW}\ny[i] = u"
    assert set(_pieces("consumed", 28, body, machine="takehome")) == {"t", "t_16"}
    assert set(_pieces("consumed", 28, body, machine="wide")) == {"t"}
    assert set(_pieces("consumed", 20, body, machine="narrow")) == {"t", "t_16"}


@pytest.mark.parametrize("mode", ["in", "inout"])
def test_arrays_that_are_kept_are_not_cut(mode: str) -> None:
    assert _pieces(mode, 100, f"{LOW}\ny[i] = u") == {"t": (0, 100)}


def test_names_are_new() -> None:
    assert set(_pieces("consumed", 100, f"{LOW}\ny[i] = u", "t_16: u32[3] in")) == {"t", "t_16_"}
    assert unused_name("a", {"a": 1, "a_": 2}) == "a__"  # type: ignore[dict-item]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_piece_that_nobody_accesses_is_dead_memory(machine: str) -> None:
    body = "par i in 0..64 {\nlet u = (t[x[i] & 15] + 7) * 9\ny[63 - i] = u ^ t[32 + (u & 15)]\n}"
    source = text("t: u32[200] consumed\nx: u32[64] in\ny: u32[64] out", body)
    case = prepare(source, machine)
    deaths = {room.arrays[0]: room.death for room in case.rooms}
    assert deaths == {"t": Death.READ, "t_16": Death.FREE, "t_32": Death.READ, "t_48": Death.FREE}
    kernel = kernel_of(source)
    assert_program_right(kernel, optimize(lower(kernel), MACHINES[machine], 2), MACHINES[machine])


def test_stores_count_as_accesses() -> None:
    body = "t[20 + (x[i] & 1)] = 5\ny[i] = t[i & 15]"
    source = text("x: u32[8] in\nt: u32[64] consumed\ny: u32[8] out", f"for i in 0..8 {{\n{body}\n}}")
    kernel = kernel_of(source)
    assert_graph_right(kernel, optimize(lower(kernel), MACHINES["takehome"], 2))
