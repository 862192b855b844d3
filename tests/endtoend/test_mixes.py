"""The search over mixes of alternatives: what it finds, how it ends, and how its record makes the program again."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from vliwc.backend import Generated, generate
from vliwc.driver import Options, compile_source, optimise_source
from vliwc.frontend import Clock, Optimised
from vliwc.machine import Machine, load_machine
from vliwc.source import Source
from vliwc.strategies import Choice
from vliwc.transform.attempts import Attempt
from vliwc.transform.pipeline import ALTERNATIVES
from vliwc.tune import Budget, Ledger

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = {"batch": 64, "height": 3, "rounds": 5}
SEED = 6
"""One that finds a better mix soon."""


def _machine() -> Machine:
    machine = load_machine("takehome")
    flow = replace(machine.engines["flow"], slots=2)
    return replace(machine, engines={**machine.engines, "flow": flow})


@cache
def _front(name: str, **defines: int) -> Optimised:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    return optimise_source(Source(name, text), Options(machine=_machine(), defines=defines))


def _make(front: Optimised) -> Generated:
    return generate(front.graph, front.machine)


def test_it_finds_a_shorter_program() -> None:
    """The balance does not know how much of its ramps so small a kernel loses on a machine with two flow slots."""
    found = []
    for _ in range(2):
        said: list[str] = []
        choice = Choice(_front("ternary_tree.vk", **{**SMALL, "batch": 128}), _make, Clock(), said.append)
        choice.take_best()
        before = choice.generated.cycles
        said.clear()
        assert choice.search(Budget(evals=1500), seed=SEED) == 1
        assert choice.attempt is not None
        assert choice.generated.cycles < before
        assert said[-1] == f"search: {len(said)} other mixes tried, best {choice.generated.cycles} cycles"
        found.append((choice.attempt, choice.generated.program))
    assert found[0] == found[1]


def test_a_record_makes_the_program_of_a_mix_again() -> None:
    front = _front("ternary_tree.vk", **SMALL)
    source = Source("ternary_tree.vk", (EXAMPLES / "ternary_tree.vk").read_text(encoding="utf-8"))
    found = compile_source(source, replace(front.options, seed=SEED, budget=Budget(evals=5000)))
    assert found.ledger is not None and found.ledger.attempt is not None
    ledger = Ledger.from_text(found.ledger.to_text())
    assert ledger == found.ledger
    again = compile_source(source, replace(front.options, seed=SEED, replay=ledger))
    assert again.program == found.program
    assert again.front.strategies == found.front.strategies


def test_kernels_without_a_choice_are_left_alone() -> None:
    made = []

    def make(front: Optimised) -> Generated:
        made.append(front)
        return _make(front)

    choice = Choice(_front("saxpy.vk"), make, Clock(), None)
    choice.take(None)
    assert choice.search(Budget(evals=10_000), seed=0) == 0
    assert len(made) == 1


@pytest.mark.parametrize("change", [-1, 0, 1])
def test_of_equally_long_programs_the_one_with_the_lower_bound_stays(change: int) -> None:
    first = _make(_front("ternary_tree.vk", **SMALL))
    second = replace(first, bounds=replace(first.bounds, best=first.bounds.best + change))
    made = iter([first, second])
    choice = Choice(_front("ternary_tree.vk", **SMALL), lambda _: next(made), Clock(), None)
    assert choice.take(None)
    assert choice.take(Attempt(1)), "a graph of its own"
    assert choice.generated is (second if change < 0 else first)


def _interrupted_after_one(front: Optimised) -> tuple[Choice, list[Generated]]:
    """A choice that is interrupted when it makes its second program, and the programs that it has made."""
    made: list[Generated] = []

    def make(candidate: Optimised) -> Generated:
        if made:
            raise KeyboardInterrupt
        made.append(_make(candidate))
        return made[0]

    return Choice(front, make, Clock(), None), made


@pytest.mark.parametrize("kept", [True, False])
def test_an_interrupt_keeps_the_best(kept: bool) -> None:
    choice, made = _interrupted_after_one(_front("ternary_tree.vk", **SMALL))
    choice.take(None)
    budget = Budget(evals=10_000, interrupted=Event() if kept else None)
    search = partial(choice.search, budget, seed=0)
    if kept:
        assert search() < 1
        assert budget.part(0.5) is None
    else:
        with pytest.raises(KeyboardInterrupt):
            search()
    assert choice.generated is made[0]


@pytest.mark.parametrize("options", [{}, {"optimise": 3}, {"optimise": 3, "interrupted": Event()}])
def test_an_interrupt_between_attempts_keeps_the_first_program_of_a_search(options: dict[str, Any]) -> None:
    front = _front("ternary_tree.vk", **SMALL)
    choice, made = _interrupted_after_one(replace(front, options=replace(front.options, **options)))
    if "interrupted" in options:
        choice.take_best()
        assert options["interrupted"].is_set()
    else:
        with pytest.raises(KeyboardInterrupt):
            choice.take_best()
    assert choice.generated is made[0]


def test_no_program_is_made_that_cannot_be_the_best() -> None:
    """With gathers only, the load engine has more to do than the first program takes."""
    front, made = _front("ternary_tree.vk", **SMALL), []

    def make(candidate: Optimised) -> Generated:
        made.append(candidate)
        return _make(candidate)

    choice, gathers = Choice(front, make, Clock(), None), Attempt(front.options.optimise, frozenset(ALTERNATIVES))
    choice.take(None)
    assert choice.take(gathers, promising=True)
    assert len(made) == 1
    assert choice.attempt is None
    other = Choice(front, make, Clock(), None)
    other.take(None)
    assert other.take(gathers)
    assert len(made) == 3, "a search may ask for it all the same"
    assert made[-1].graph.op.count("gather") > front.graph.op.count("gather")
