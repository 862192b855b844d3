"""Running totals in blocks: lower, of the same value, and only where the program waits for them."""

from __future__ import annotations

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, ops, text
from tests.transform.test_heights import cycles, height
from vliwc.ir.graph import Graph
from vliwc.language import Kernel
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.scans import split_scans

MEMORY = "x: u32[{n}] in\ny: u32[{n}] out"
TOTALS = "let t = {first}\nfor i in 0..{n} {{\nt = {step}\ny[i] = t\n}}"


def graphs(memory: str, body: str, machine: str = "takehome") -> tuple[Kernel, Graph, Graph]:
    kernel = kernel_of(text(memory, body))
    before = optimize(lower(kernel), MACHINES[machine], 2, disable=frozenset({"scans"}))
    return kernel, before, split_scans(before, MACHINES[machine])


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "step", ["t + (x[i] ^ 5)", "t * x[i]", "x[i] ^ t", "max(t, x[i])", "x[i] < t ? x[i] : t", "t | x[i]"]
)
def test_totals_are_made_in_blocks(step: str, machine: str) -> None:
    """The blocks are small where the engines have little time for operations, as `flow` has for selects."""
    kernel, before, after = graphs(MEMORY.format(n=300), TOTALS.format(first=7, step=step, n=300), machine)
    assert height(before) >= 300
    assert height(after) <= 0.55 * height(before)
    assert_graph_right(kernel, after)
    assert_program_right(kernel, after, MACHINES[machine])


@pytest.mark.parametrize("n", [8, 9, 15, 16, 17, 31, 33, 100])
def test_blocks_of_any_size(n: int) -> None:
    kernel, before, after = graphs(MEMORY.format(n=n), TOTALS.format(first=0, step="t + x[i] * x[i]", n=n))
    assert height(after) <= height(before)
    assert_graph_right(kernel, after)


def test_a_total_of_vectors() -> None:
    """Sums over the rows of a matrix, one below the other; the columns are lanes."""
    body = "par j in 0..8 {\nlet t = 0\nfor i in 0..40 {\nt += x[i, j]\ny[i, j] = t\n}\n}"
    kernel, before, after = graphs("x: u32[40, 8] in\ny: u32[40, 8] out", body)
    assert height(before) > 40
    assert height(after) < 20
    assert_graph_right(kernel, after)


def test_each_total_takes_two_operations() -> None:
    _, before, after = graphs(MEMORY.format(n=256), TOTALS.format(first=0, step="t + x[i]", n=256))
    assert 0 < ops(after)["add"] - ops(before)["add"] < 256


def test_a_program_gets_shorter_by_it() -> None:
    kernel = MEMORY.format(n=256), TOTALS.format(first=0, step="t + x[i]", n=256)
    assert cycles(*kernel) < 60
    assert cycles(*kernel, "scans") > 256


@pytest.mark.parametrize(
    ("memory", "body"),
    [
        ("x: u32[40] in\ny: u32[2] out", "let t = 0\nfor i in 0..40 {\nt += x[i]\n}\ny[0] = t"),
        (MEMORY.format(n=40), TOTALS.format(first=0, step="t * 3 + x[i]", n=40)),
        ("x: u32[2048] in\ny: u32[2048] out", "par i in 0..2048 {\ny[i] = x[i] + (x[i] >> 1) + (x[i] >> 2)\n}"),
    ],
    ids=["nobody looks", "not associative", "no chain"],
)
def test_other_chains_stay(memory: str, body: str) -> None:
    _, before, after = graphs(memory, body)
    assert after is before
