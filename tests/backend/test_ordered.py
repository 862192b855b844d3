"""Schedules from plans of one engine's jobs: sound, and as long as the plan where nothing else is short."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.families import make
from vliwc.backend.bounds import busiest_jobs
from vliwc.backend.bounds.orders import plan
from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import multistart
from vliwc.backend.schedulers.iterated import partitions
from vliwc.backend.schedulers.making import maker
from vliwc.backend.schedulers.ordered import latest_starts, ordered
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.sorting import by_cycles
from vliwc.backend.schedulers.urgency import NO_LIMITS, Urgency

PLENTY = 500_000


def better(problem: Problem, cycles: int, bound: int, states: int = PLENTY) -> Schedule | None:
    """What plans make of a problem for which there is a schedule of so many cycles."""
    urgency, shapes = Urgency(problem), Shapes(problem)
    making = maker(problem, urgency, shapes, 100)
    found = ordered(problem, making, shapes.forms, partitions(urgency, shapes), cycles, bound, states, seed=0)
    return None if found is None else found.schedule()


def with_room(problem: Problem) -> Problem:
    """The same where no engine but the one that loads ever lacks a slot."""
    engines = {
        name: engine if name == "load" else replace(engine, slots=1_000)
        for name, engine in problem.machine.engines.items()
    }
    return replace(problem, machine=replace(problem.machine, engines=engines))


@pytest.mark.parametrize(("operations", "seed"), [(300, 0), (300, 1), (300, 3), (1_000, 0), (1_000, 3)])
def test_a_plan_is_a_schedule_where_nothing_else_is_short(operations: int, seed: int) -> None:
    problem = with_room(make("few_strands", operations, seed))
    jobs = busiest_jobs(problem)
    assert jobs is not None and jobs.engine == "load"
    cycles = next(c for c in range(sum(jobs.slots) // jobs.capacity, 1_000) if plan(jobs, c, PLENTY, width=100).plan)
    planned = plan(jobs, cycles, PLENTY, width=100).plan
    assert planned is not None
    shapes = Shapes(problem)
    making = maker(problem, Urgency(problem), shapes, 1)
    made = making.make(by_cycles(latest_starts(problem, jobs, planned, cycles)), NO_LIMITS, shapes.forms)
    assert made is not None
    check_schedule(problem, made.schedule())
    assert made.cycles == cycles


def test_they_are_shorter_than_what_the_list_scheduler_finds() -> None:
    for operations, seed, cycles in ((300, 3, 142), (1_000, 1, 266), (1_000, 3, 372)):
        problem = make("few_strands", operations, seed)
        found = multistart.schedule(problem)
        assert found is not None and found.cycles > cycles
        shorter = better(problem, found.cycles, cycles - 2)
        assert shorter is not None
        check_schedule(problem, shorter)
        assert shorter.cycles <= cycles


def test_there_is_nothing_without_states_or_below_the_bound() -> None:
    problem = make("few_strands", 300, 3)
    assert better(problem, 143, 136, states=0) is None
    assert better(problem, 142, 142) is None
    assert better(make("strands", 1_000, 2), 133, 128) is None
