"""What a plan says of itself: the mix, and a bound that no other mix beats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vliwc.driver import Options, compile_source, optimise_source
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.transform.alternatives import CATALOGUE
from vliwc.transform.attempts import IN_MEMORY


def example(name: str) -> Source:
    path = data_path("examples") / f"{name}.vk"
    return Source(path.name, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "defines"), [("ternary_tree", {"batch": 24}), ("two_trees", {"batch": 24}), ("decision_forest", {})]
)
def test_no_program_is_shorter_than_the_strategy_bound(name: str, defines: dict[str, int]) -> None:
    options = Options(defines=defines, certify=False)
    (strategy,) = optimise_source(example(name), options).strategies
    assert strategy.bound > 1
    for without in (frozenset(), IN_MEMORY, frozenset({"select"}), IN_MEMORY | {"select"}):
        compilation = compile_source(example(name), replace(options, disable=without))
        assert compilation.generated.cycles >= strategy.bound


def test_the_mix_tells_what_every_group_does() -> None:
    front = optimise_source(example("ternary_tree"))
    (strategy,) = front.strategies
    groups = front.kernel.params["batch"] // front.machine.lanes
    looked_up: dict[str, int] = {}
    for alternative, words, count in strategy.mix:
        assert alternative in {a.name for a in CATALOGUE}
        for site in words.split(" and "):
            looked_up[site] = looked_up.get(site, 0) + count
    assert looked_up
    assert all(count % groups == 0 for count in looked_up.values())


@pytest.mark.parametrize(("name", "rounds"), [("ternary_tree", 7), ("tree_walk", 6)])
def test_a_partial_group_does_what_the_others_do(name: str, rounds: int) -> None:
    defines = {"rounds": rounds}
    whole, partial = (optimise_source(example(name), Options(defines={**defines, "batch": n})) for n in (64, 61))
    (mix,), (strategy,) = whole.strategies, partial.strategies
    assert sorted(strategy.mix) == sorted(mix.mix)
    assert strategy.bound <= mix.bound
    assert sum(op == "gather" for op in whole.graph.op) >= sum(op == "gather" for op in partial.graph.op) > 0


@pytest.mark.parametrize("rounds", [10**8, 2**32 - 1])
def test_programs_that_run_for_ages_have_a_strategy(rounds: int) -> None:
    """The numbers of the integer program stay within what a solver takes."""
    options = Options(defines={"rounds": rounds, "batch": 8})
    (strategy, *_) = optimise_source(example("tree_walk"), options).strategies
    assert strategy.bound > rounds


def test_kernels_without_a_choice_have_no_strategy() -> None:
    assert optimise_source(example("saxpy")).strategies == ()
