"""No program takes less than the strategy bound, whatever alternatives it is made of."""

from __future__ import annotations

import pytest

from vliwc.driver import Options, compile_source, optimise_source
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.transform.alternatives import CATALOGUE, GATHER
from vliwc.transform.loads import unavoidable

ALTERNATIVES = frozenset(a.name for a in CATALOGUE if a is not GATHER)
WALK = {"height": 4, "rounds": 6}
CASES = [
    ("tree_walk", "takehome", {**WALK, "batch": 8}),  # a long path, and no engine is busy
    ("tree_walk", "narrow", {**WALK, "batch": 8}),
    ("tree_walk", "wide", {**WALK, "batch": 32}),  # latencies
    ("tree_walk", "takehome", {"height": 4, "rounds": 6, "batch": 17}),  # a last group of one lane
    ("tree_walk_any", "narrow", {"height": 6, "rounds": 8, "batch": 32}),  # selects on flow, lane by lane
    ("ternary_tree", "takehome", {"batch": 16}),  # choices by bits that come together
    ("ternary_tree", "wide", {"batch": 32}),
]


@pytest.mark.parametrize(("name", "machine", "sizes"), CASES, ids=str)
def test_the_bound_holds_for_every_mix(name: str, machine: str, sizes: dict[str, int]) -> None:
    source = Source(f"{name}.vk", (data_path("examples") / f"{name}.vk").read_text("utf-8"))
    made = [
        compile_source(source, Options(machine=machine, defines=sizes, disable=without, certify=False))
        for without in (frozenset[str](), frozenset({"rows", "column", "transformed"}), ALTERNATIVES)
    ]
    (strategy,) = made[0].front.strategies
    assert 0 < strategy.bound <= min(compilation.generated.cycles for compilation in made)
    for compilation in made:
        front = compilation.front
        assert 0 < unavoidable(front.graph, front.machine) <= compilation.generated.cycles


def test_a_last_group_that_is_not_full_counts_for_what_it_takes_beside_its_sites() -> None:
    source = Source("tree_walk.vk", (data_path("examples") / "tree_walk.vk").read_text("utf-8"))
    bounds = []
    for batch in (24, 26, 32):
        sizes = {"height": 4, "rounds": 6, "batch": batch}
        (strategy,) = optimise_source(source, Options(machine="narrow", defines=sizes)).strategies
        bounds.append(strategy.bound)
    assert bounds[0] < bounds[1] <= bounds[2]
