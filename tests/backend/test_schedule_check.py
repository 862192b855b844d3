"""The checker of schedules believes right ones and no wrong ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import families
from tests.backend.problems import problems
from tests.effort import little
from vliwc.backend.problem import DATA, ORDER, Issue, Operation, Problem, Schedule, Step
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import SCHEDULERS, scheduler
from vliwc.backend.schedulers.effort import Effort
from vliwc.errors import DataError
from vliwc.machine import load_machine

MACHINE = replace(load_machine("takehome"), scratch_words=16)
LOAD, ADD = (Step("load", "const", (), 1, 2),), (Step("alu", "+", (), 8, 1), Step("flow", "select", (), 1, 1))


def small() -> tuple[Problem, Schedule]:
    """Two constants, one of them for a moment only; a sum of two steps that takes its place; an entry, a tied value."""
    operations = [
        Operation(0, (LOAD,), (), 0),
        Operation(1, (LOAD,), (), 1),
        Operation(2, (ADD, LOAD), (0, 3), 2, ((), (1,))),
        Operation(3, (), (), -1),
        Operation(4, ((Step("alu", "+", (), 1, 1),),), (1,), 4),
    ]
    successors = [[(2, DATA)], [(4, DATA)], [(3, DATA), (4, ORDER)], [], []]
    problem = Problem(MACHINE, operations, successors, [1, 1, 8, 1, 1], {3: 15}, frozenset({3}), {4: 3}, ((12, 2),))
    issues = [
        Issue(0, 0, 0, 0, 0, 1),
        Issue(0, 1, 0, 0, 0, 1),
        Issue(2, 2, 0, 0, 0, 5),
        Issue(3, 2, 0, 0, 5, 3),
        Issue(4, 2, 0, 1, 0, 1),
        Issue(4, 4, 0, 0, 0, 1),
    ]
    return problem, Schedule(issues, 5, {0: 8, 1: 9, 2: 0, 3: 15, 4: 15}, 16)


def test_a_right_schedule() -> None:
    problem, schedule = small()
    check_schedule(problem, schedule)
    check_schedule(problem, replace(schedule, issues=schedule.issues[::-1], cycles=9))


@pytest.mark.parametrize(
    ("number", "issue", "cause"),
    [
        (0, Issue(0, 9, 0, 0, 0, 1), "no operation 9"),
        (0, Issue(-1, 0, 0, 0, 0, 1), "no cycle -1"),
        (0, Issue(0, 0, 1, 0, 0, 1), "no step 0 of a form 1"),
        (0, Issue(1, 0, 0, 0, 0, 1), "operation 2 does not wait for operation 0"),
        (2, Issue(3, 2, 0, 0, 0, 50), "cycle 3 has 53 slots of alu"),
        (2, Issue(2, 2, 0, 0, 1, 4), "slot 0 of step 0"),
        (2, Issue(2, 2, 0, 0, 0, 4), "slot 4 of step 0"),
        (3, Issue(3, 2, 0, 0, 5, 2), "has 8 slots, 7 are issued"),
        (3, Issue(4, 2, 0, 0, 5, 3), "does not wait for the step before"),
        (3, Issue(3, 2, 1, 0, 0, 1), "takes 2 of its forms"),
        (4, Issue(5, 2, 0, 1, 0, 1), "operation 4 does not wait for operation 2"),
        (5, Issue(3, 4, 0, 0, 0, 1), "operation 4 does not wait for operation 2"),
        (5, Issue(5, 4, 0, 0, 0, 1), "takes 6 cycles, not 5"),
    ],
)  # fmt: skip
def test_wrong_issues(number: int, issue: Issue, cause: str) -> None:
    problem, schedule = small()
    schedule.issues[number] = issue
    with pytest.raises(DataError, match=cause):
        check_schedule(problem, schedule)


def test_missing_issues() -> None:
    problem, schedule = small()
    del schedule.issues[0]
    with pytest.raises(DataError, match="takes 0 of its forms"):
        check_schedule(problem, schedule)


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ({2: 4}, "value 0 and value 2 share word 8"),
        ({1: 13}, "value 1 and a blocked range share|a blocked range and value 1 share word 13"),
        ({1: 8}, "value 0 and value 1 share word 8"),
        ({3: 14}, "has to be at 15"),
        ({4: 14}, "has to be at 15"),
        ({2: 9}, "outside of scratch"),
        ({7: 0}, "no value 7"),
    ],
)
def test_wrong_addresses(address: dict[int, int], cause: str) -> None:
    problem, schedule = small()
    with pytest.raises(DataError, match=cause):
        check_schedule(problem, replace(schedule, address=schedule.address | address))


def test_values_need_places_and_writers() -> None:
    problem, schedule = small()
    without = {v: a for v, a in schedule.address.items() if v != 2}
    with pytest.raises(DataError, match="value 2 has no place"):
        check_schedule(problem, replace(schedule, address=without))
    problem.operations[0] = replace(problem.operations[0], writes=-1)
    with pytest.raises(DataError, match="value 0 is read and never written"):
        check_schedule(problem, schedule)


def test_a_form_finds_what_it_needs() -> None:
    """The other form of operation 2 needs value 1, which lands in cycle 2."""
    problem, schedule = small()
    problem.successors[0] = []
    issues = [i for i in schedule.issues if i.operation != 2] + [Issue(1, 2, 1, 0, 0, 1)]
    with pytest.raises(DataError, match="needs value 1, which is not there yet"):
        check_schedule(problem, replace(schedule, issues=issues))


def test_tied_values_wait_for_readers() -> None:
    """Value 4 is written over value 3, which operation 2 reads until cycle 4."""
    problem, schedule = small()
    problem.successors[2] = [(3, DATA)]
    issues = [*schedule.issues[:5], Issue(3, 4, 0, 0, 0, 1)]
    with pytest.raises(DataError, match="written over value 3 before operation 2"):
        check_schedule(problem, replace(schedule, issues=issues))
    problem.operations[2] = replace(problem.operations[2], reads=(0,), needs=((3,),))
    with pytest.raises(DataError, match="written over value 3 before operation 2"):
        check_schedule(problem, replace(schedule, issues=issues))


@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("family", families.names())
def test_schedulers_make_right_schedules(family: str, tight: bool) -> None:
    problem = families.make(family, 150, 3, tight=tight)
    for name in SCHEDULERS:
        found = scheduler(name, little(name) or Effort())(problem, 0, None)
        assert found is not None
        check_schedule(problem, found)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(), st.data())
def test_moved_slots_are_noticed(problem: Problem, data: st.DataObject) -> None:
    """Without values: a schedule that is moved to one cycle earlier breaks a rule, or takes no longer than it says."""
    operations = [replace(o, reads=(), writes=-1, needs=()) for o in problem.operations]
    problem = replace(problem, operations=operations, entry={}, tied={}, held=frozenset())
    found = SCHEDULERS["naive"](problem, 0, None)
    assert found is not None
    check_schedule(problem, found)
    if found.issues:
        with pytest.raises(DataError):
            check_schedule(problem, replace(found, cycles=max(i.cycle for i in found.issues)))
        victim = data.draw(st.integers(0, len(found.issues) - 1))
        issues = found.issues[:victim] + found.issues[victim + 1 :]
        with pytest.raises(DataError):
            check_schedule(problem, replace(found, issues=issues))
