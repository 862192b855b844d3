"""The harder problem: its schedules are those of the problem itself that take quick forms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import families
from tests.effort import ENOUGH
from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import Issue
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import SCHEDULERS, listing
from vliwc.backend.schedulers.cpsat.exact import Exact, Verdict
from vliwc.backend.schedulers.cpsat.incumbent import Incumbent
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.restriction import restricted
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.timetable import timetable
from vliwc.backend.schedulers.effort import Meter
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency


@pytest.mark.parametrize("family", families.names())
def test_a_schedule_of_the_harder_problem_is_one_of_the_problem(family: str) -> None:
    problem = families.make(family, 100, 0)
    harder = restricted(problem)
    assert harder is not None
    few = harder.problem
    assert segment_bound(few).best >= segment_bound(problem).best
    found = listing.run(few, Shapes(few), Urgency(few), Settings())
    assert found is not None
    slots: dict[int, tuple[Issue, ...]] = {}
    for issue in sorted(found.issues):
        slots[issue.operation] = (*slots.get(issue.operation, ()), issue)
    issues = sorted(issue for some in harder.original(slots).values() for issue in some)
    check_schedule(problem, replace(found, issues=issues))


def test_nothing_is_harder_where_all_forms_are_quick() -> None:
    problem = families.make("memory", 30, 0)
    harder = restricted(problem)
    assert harder is not None
    assert restricted(harder.problem) is None


def test_quick_forms_alone_find_the_optimum() -> None:
    """From one operation after the other to as few cycles as any schedule takes; fewer are not found."""
    problem, meter = families.make("few_strands", 30, 0), Meter(ENOUGH)
    plain, best = SCHEDULERS["naive"](problem, 0, None), SCHEDULERS["list"](problem, 0, None)
    assert plain is not None
    assert best is not None
    assert best.cycles == segment_bound(problem).best < plain.cycles
    incumbent = Incumbent(plain, timetable(Instance(problem), plain), best.cycles, None)
    exact = Exact(incumbent, Solver(meter, seed=0), workers=1, largest=10_000)
    assert exact.find(best.cycles - 1, 1.0) is Verdict.OPEN
    assert exact.find(best.cycles, 1.0) is Verdict.FOUND
    check_schedule(problem, incumbent.schedule)
    assert incumbent.cycles == best.cycles
