"""Dives: whatever they find is a schedule of so many cycles, and what they refute has none."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import families
from tests.backend.bounds.oracle import fits
from tests.backend.problems import problems
from vliwc.backend.bounds import raised, segment_bound
from vliwc.backend.problem import Issue, Operation, Problem, Step
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import multistart
from vliwc.backend.schedulers.cpsat.diving import Diver
from vliwc.backend.schedulers.cpsat.fixing import State
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.placing import place
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.timetable import Timetable
from vliwc.backend.schedulers.effort import Effort, Meter
from vliwc.machine import load_machine

PLENTY = 1 << 20


def diver(problem: Problem, effort: Effort | None = None) -> Diver:
    """A diver with all the time in the world, if there is no other effort."""
    meter = Meter(effort or Effort(seconds=1000.0, workers=1))
    return Diver(Instance(problem), *raised(problem), Solver(meter, 0), seed=0)


def checked(problem: Problem, found: Timetable) -> int:
    """The cycles of a timetable whose values have places, according to the checker."""
    schedule = place(found)
    assert schedule is not None
    check_schedule(problem, schedule)
    return schedule.cycles


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=25), st.integers(0, 4))
def test_whatever_is_found_is_a_schedule(problem: Problem, more: int) -> None:
    problem = families.with_scratch(problem, PLENTY)
    cycles = segment_bound(problem).best + more
    if cycles:
        found = diver(problem).find(cycles, 5.0)
        assert found is None or checked(problem, found) <= cycles


@pytest.mark.parametrize("family", families.names())
def test_schedules_of_families(family: str) -> None:
    """They are no longer than the list scheduler's, with operations of several steps and joins among them."""
    problem = families.make(family, 30, 1)
    listed = multistart.schedule(problem, 0)
    assert listed is not None
    found = diver(problem).find(listed.cycles, 500.0)
    assert found is not None
    assert checked(problem, found) <= listed.cycles


def test_they_find_what_local_search_does_not() -> None:
    problem = families.make("strands", 150, 0)
    least = segment_bound(problem, variables=8000).best
    listed = multistart.schedule(problem, 0)
    assert listed is not None and listed.cycles > least
    found = diver(problem).find(least, 500.0)
    assert found is not None and checked(problem, found) == least


def test_equal_seeds_find_the_same() -> None:
    problem = families.make("critical", 80, 0)
    cycles = segment_bound(problem).best + 1
    first, second = (diver(problem).find(cycles, 500.0) for _ in range(2))
    assert first is not None and second is not None
    assert first.slots == second.slots


def test_several_workers_dive_side_by_side() -> None:
    problem = families.make("critical", 80, 0)
    cycles = segment_bound(problem).best + 1
    found = diver(problem, Effort(seconds=1000.0, workers=3)).find(cycles, 500.0)
    assert found is not None and checked(problem, found) <= cycles


def test_dives_end_when_the_effort_does_or_all_is_stopped() -> None:
    problem = families.make("critical", 80, 0)
    cycles = segment_bound(problem).best + 1
    assert diver(problem).find(cycles, 0.0) is None
    solver = Solver(Meter(Effort(seconds=1000.0, workers=1)), 0)
    solver.stop()
    assert Diver(Instance(problem), *raised(problem), solver, seed=0).find(cycles, 500.0) is None


def test_too_few_cycles_lead_nowhere() -> None:
    problem = families.make("strands", 60, 0)
    asked = diver(problem)
    assert asked.find(segment_bound(problem).best - 1, 500.0) is None
    assert asked.hopeless
    assert asked.find(segment_bound(problem).best + 2, 500.0) is not None
    assert not asked.hopeless


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=6), st.integers(-2, 1))
def test_nothing_is_refuted_that_has_a_schedule(problem: Problem, more: int) -> None:
    problem = families.with_scratch(problem, PLENTY)
    cycles = segment_bound(problem).best + more
    if cycles >= segment_bound(problem).critical_path and cycles > 0:
        asked = diver(problem, Effort(seconds=60.0, workers=2))
        assert not (asked.refutes(cycles, 10.0) and fits(problem, cycles))


def test_whole_operations_refute_what_divided_ones_do_not() -> None:
    problem = families.make("strands", 1000, 0)
    least = segment_bound(problem, variables=2000).best
    assert diver(problem, Effort(seconds=120.0, workers=2)).refutes(least, 60.0)
    assert not diver(problem, Effort(seconds=120.0, workers=1)).refutes(least, 60.0)  # there is no worker to spare


INTERRUPTED = """
import signal
from threading import Timer
from benchmarks import families
from tests.backend.cpsat.test_diving import diver
from vliwc.backend.schedulers.effort import Effort

asked = diver(families.make("strands", 1000, 0), Effort(seconds=120.0, workers=2))
Timer(3.0, signal.raise_signal, [signal.SIGINT]).start()
try:
    asked.refutes(130, 60.0)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_gets_through_while_an_integer_program_is_solved() -> None:
    """It would not if SCIP had its own handler."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=True)
    assert done.stdout == "interrupted\n"


def test_slots_are_as_early_or_as_late_as_there_is_room() -> None:
    machine = load_machine("takehome")
    gather, then = Step("load", "op", (), 5, 2), Step("valu", "op", (), 1, 1)
    operations = [Operation(0, ((gather, then),), (), -1), Operation(1, ((Step("load", "op", (), 3, 1),),), (), -1)]
    state = State(
        Instance(Problem(machine, operations, [[], []], [], {}, frozenset())), 12, 0, 12, {}, {}, Counter(), {}
    )
    state.fix(state.issues(1, 0, 1, late=False))
    assert state.slots[1] == (Issue(1, 1, 0, 0, 0, 2), Issue(2, 1, 0, 0, 2, 1))
    early = [Issue(2, 0, 0, 0, 0, 1), Issue(3, 0, 0, 0, 1, 2), Issue(4, 0, 0, 0, 3, 2), Issue(6, 0, 0, 1, 0, 1)]
    assert list(state.issues(0, 0, 2, late=False)) == early
    assert state.issues(0, 0, 1, late=False) == ()
    late = [Issue(7, 0, 0, 0, 0, 1), Issue(8, 0, 0, 0, 1, 2), Issue(9, 0, 0, 0, 3, 2), Issue(11, 0, 0, 1, 0, 1)]
    assert list(state.issues(0, 0, 11, late=True)) == late
    assert state.closed == 0
    state.close(late=True)
    assert (state.front, state.back) == (0, 11)
