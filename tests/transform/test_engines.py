"""Idle flow: operations on bits and constants become selects, as many as even out the engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transform.lookups import MACHINES, SELECTLESS, assert_graph_right, assert_program_right, kernel_of, ops, text
from vliwc.analysis import ranges
from vliwc.ir.graph import Graph
from vliwc.language import Kernel
from vliwc.lower import lower
from vliwc.machine import Machine
from vliwc.transform import optimize
from vliwc.transform.engines import bit_choices, use_idle_flow
from vliwc.transform.loads import Prices, measure

MEMORY = "x: u32[{n}] in\ny: u32[{n}] out"
HEAVY = "let h = x[i]\nfor r in 0..{rounds} {{\nh = (h ^ (h >> 3)) + (h & 77)\n}}"
RESULTS = {
    "affine in two bits": "y[i] = (7 - (h & 1)) * 4 + (h >> 5 & 1)",
    "affine in one bit": "y[i] = (h & 1) * 12 + 5",
    "a choice of two steps": "y[i] = (h & 1 == 0 ? 3 : 17) + 2 * (h >> 31)",
    "an offset that is no bit": "y[i] = (h % 3) * 4 + 7",
}


def _graphs(result: str, rounds: int, machine: Machine, n: int = 64) -> tuple[Kernel, Graph, Graph]:
    body = f"par i in 0..{n} {{\n{HEAVY.format(rounds=rounds)}\n{result}\n}}"
    kernel = kernel_of(text(MEMORY.format(n=n), body))
    before = optimize(lower(kernel), machine, 2, disable=frozenset({"idle-flow"}))
    after = use_idle_flow(before, machine)
    assert_graph_right(kernel, after)
    return kernel, before, after


@pytest.mark.parametrize("name", ["affine in two bits", "affine in one bit", "a choice of two steps"])
def test_vector_operations_become_selects(name: str) -> None:
    kernel, before, after = _graphs(RESULTS[name], 12, MACHINES["takehome"])
    selects = ops(after)["select"] - ops(before)["select"]
    moved = sum(ops(before)[op] - ops(after)[op] for op in ("add", "sub", "mul", "muladd", "shl"))
    assert selects >= moved >= 8  # at least one for each group
    assert_program_right(kernel, after, MACHINES["takehome"])


def test_constants_to_select_from_have_to_have_room() -> None:
    _, before, _ = _graphs(RESULTS["affine in two bits"], 12, MACHINES["takehome"])
    changed = [
        use_idle_flow(before, replace(MACHINES["takehome"], scratch_words=words)) is not before for words in (100, 1536)
    ]
    assert changed == [False, True]


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("machine", MACHINES)
def test_flow_never_becomes_the_bottleneck(name: str, machine: str) -> None:
    target = MACHINES[machine]
    prices = Prices(target)
    for rounds in (1, 2, 3, 4, 6, 12):
        _, before, after = _graphs(RESULTS[name], rounds, target, n=37)
        old, new = (prices.cycles(measure(graph, prices)) for graph in (before, after))
        assert new["compute"] <= old["compute"]
        # Selects between constants may go back to the vector units: those that may not stay below these.
        fixed = prices.cycles(replace(measure(after, prices), choices=0, products=0))
        assert fixed["flow"] <= max(old["flow"], new["compute"])


def test_what_is_no_bit_stays() -> None:
    _, before, after = _graphs(RESULTS["an offset that is no bit"], 12, MACHINES["takehome"])
    assert ops(after) == ops(before)
    assert not bit_choices(before, ranges.analyse(before)).single


@pytest.mark.parametrize("machine", [MACHINES["narrow"], SELECTLESS])
def test_a_machine_without_vector_selects_is_left_alone(machine: Machine) -> None:
    _, before, after = _graphs(RESULTS["affine in two bits"], 12, machine)
    assert after is before


def test_a_sum_that_something_else_uses_is_not_taken_apart() -> None:
    shared = "let a = 7 - (h & 1)\ny[i] = (a * 4 + (h >> 5 & 1)) ^ (h >> a)"
    _, before, after = _graphs(shared, 12, MACHINES["takehome"])
    choices = bit_choices(before, ranges.analyse(before))
    assert not set(choices.double) & set(choices.single)
    assert ops(after)["select"] >= ops(before)["select"]


def test_only_as_many_pairs_are_selected_as_flow_has_time_for() -> None:
    pairs = " ^ ".join(f"((7 - (h >> {k} & 1)) * 4 + (h >> {k + 9} & 1))" for k in range(9))
    _, before, after = _graphs(f"y[i] = {pairs}", 1, MACHINES["takehome"])
    found = len(bit_choices(before, ranges.analyse(before)).double)
    fixed = measure(after, Prices(MACHINES["takehome"])).selects
    assert found == 9 * 8
    assert fixed < found  # selects that are no choice between constants: one for each pair that was changed
