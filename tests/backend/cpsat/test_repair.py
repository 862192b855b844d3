"""Schedules squeezed into fewer cycles: dependences hold, and repairs end with what fits."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks import families
from tests.effort import ENOUGH
from vliwc.backend.problem import Problem
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import multistart
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.placing import place
from vliwc.backend.schedulers.cpsat.repair import Repair, overdrawn, squeezed
from vliwc.backend.schedulers.cpsat.room import room
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.timetable import Timetable, timetable
from vliwc.backend.schedulers.effort import Meter


def listed(problem: Problem) -> Timetable:
    """The times of the list schedule."""
    found = multistart.schedule(problem, 0)
    assert found is not None
    return timetable(Instance(problem), found)


@pytest.mark.parametrize("machine", ["takehome", "wide"])
@pytest.mark.parametrize("family", families.names())
def test_what_is_squeezed_keeps_its_order_and_is_overdrawn(family: str, machine: str) -> None:
    problem = families.make(family, 60, 0, tight=True, machine=machine)
    table, words = listed(problem), problem.machine.scratch_words
    assert not overdrawn(table, words)
    shorter = squeezed(table, table.cycles - 1)
    if shorter is not None:
        assert shorter.cycles == table.cycles - 1
        assert shorter.ordered()
        assert overdrawn(shorter, words) or place(shorter) is None or shorter.sound()


def test_dependences_may_forbid_it() -> None:
    problem = families.make("few_strands", 60, 0)
    assert squeezed(listed(problem), 5) is None


def test_words_count_as_well_as_slots() -> None:
    table = listed(families.make("strands", 60, 0, tight=True))
    assert overdrawn(table, words=10).total() > 0


def test_repairs_save_a_cycle() -> None:
    problem = families.make("strands", 100, 0, tight=True)
    table, random = listed(problem), Random(0)
    shorter = squeezed(table, table.cycles - 1)
    assert shorter is not None
    repair, solver = Repair(shorter, room(problem, split=False), random), Solver(Meter(ENOUGH), 0)
    before = repair.overdrawn.total()
    assert before > 0
    for _ in range(200):
        if not repair.overdrawn:
            break
        move = repair.pick()
        repair.apply([move], [solver.solve(move.model.cp, most=0.1)])
        assert repair.table.ordered()
        assert repair.overdrawn.total() <= before
        before = repair.overdrawn.total()
    found = place(repair.table)
    assert found is not None
    check_schedule(problem, found)
    assert found.cycles < table.cycles
