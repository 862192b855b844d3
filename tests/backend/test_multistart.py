"""The list scheduler's search: plain and compiled code make the same of it, and it shortens schedules."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import families
from tests.backend.problems import problems
from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import Problem
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import listing, multistart
from vliwc.backend.schedulers.compiled import Compiled
from vliwc.backend.schedulers.iterated import iterated, partitions
from vliwc.backend.schedulers.making import Maker, Plain, maker
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency


def searched(problem: Problem, making: Maker, runs: int, seed: int) -> tuple[object, object]:
    """The first schedule in program order, and the best of a search around it."""
    first = making.make(np.arange(len(problem.operations)))
    late = first.late() if first else None
    if first is None or late is None:
        return None, None
    shapes = Shapes(problem)
    parts = partitions(Urgency(problem), shapes)
    better = iterated(making, late, first.cycles, shapes.forms, runs, parts, seed=seed)
    return first.schedule(), better and better.schedule()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(), st.integers(0, 5))
def test_compiled_searches_are_plain_ones(problem: Problem, seed: int) -> None:
    plain = Plain(problem, Urgency(problem), Shapes(problem))
    assert searched(problem, plain, 8, seed) == searched(problem, Compiled(problem), 8, seed)


def test_machine_code_serves_large_searches_and_where_it_is_there() -> None:
    problem = families.make("strands", 100, 0)
    assert isinstance(maker(problem, Urgency(problem), Shapes(problem), 10**6), Compiled)
    assert isinstance(maker(problem, Urgency(problem), Shapes(problem), 1), Compiled), "this file has loaded it"


def test_other_forms_are_tried() -> None:
    """Without changes of the order of forms, no search of any length finds what this one does."""
    problem = families.make("constants", 100, 4)
    making = Compiled(problem)
    backwards = [forms[::-1] for forms in making.shapes.forms]
    order = np.arange(len(problem.operations))
    usual, other = making.make(order), making.make(order, Settings(), backwards)
    assert usual is not None and other is not None
    taken = [{issue.operation: issue.form for issue in made.schedule().issues} for made in (usual, other)]
    assert taken[0] != taken[1]
    check_schedule(problem, other.schedule())


def test_the_search_reaches_what_a_portfolio_does_not() -> None:
    """Few strands, of which all runs with priorities by paths and strands take three cycles more."""
    problem = families.make("few_strands", 100, 4)
    found = multistart.schedule(problem)
    assert found is not None
    check_schedule(problem, found)
    assert found.cycles == segment_bound(problem).best
    plain = listing.run(problem, Shapes(problem), Urgency(problem), Settings(stagger=0.0))
    assert plain is not None
    assert plain.cycles > found.cycles


def test_progress_tells_of_every_better_schedule() -> None:
    told: list[str] = []
    found = multistart.schedule(families.make("few_strands", 100, 4), 0, told.append)
    assert found is not None
    assert told[-1] == f"list: {found.cycles} cycles"
    assert len(set(told)) > 1
