"""The relaxed problem never needs more cycles than the problem, and has smaller models."""

from __future__ import annotations

import pytest

from benchmarks import families
from tests.effort import ENOUGH
from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import Problem
from vliwc.backend.schedulers import cpsat
from vliwc.backend.schedulers.cpsat.relaxation import relaxed


def _relaxed(problem: Problem) -> Problem | None:
    return relaxed(problem, segment_bound(problem, enough=0).slots)


@pytest.mark.parametrize("family", ["few_strands", "memory", "constants"])
def test_the_relaxed_problem_is_easier(family: str) -> None:
    problem = families.make(family, 30, 0)
    easier = _relaxed(problem)
    assert easier is not None
    assert sum(len(o.forms) for o in easier.operations) < sum(len(o.forms) for o in problem.operations)
    found, hard = cpsat.schedule(easier, 0, None, ENOUGH), cpsat.schedule(problem, 0, None, ENOUGH)
    assert found is not None
    assert hard is not None
    assert found.bound <= hard.cycles


def test_scarce_engines_keep_their_slots() -> None:
    problem = families.make("few_strands", 100, 1)
    easier = _relaxed(problem)
    assert easier is not None
    assert easier.machine.slots("load") == problem.machine.slots("load")
    assert easier.machine.slots("valu") >= len(problem.operations)
