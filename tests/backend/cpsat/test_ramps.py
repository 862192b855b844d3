"""What the first and the last cycles cannot do has to be done in more cycles: never in more than a schedule takes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings

from benchmarks import families
from tests.backend.cpsat.exhaustive import shortest
from tests.backend.cpsat.test_optimum import LIMIT, tiny
from tests.effort import ENOUGH
from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import Issue, Problem
from vliwc.backend.schedulers import multistart
from vliwc.backend.schedulers.cpsat.ramps import ramped
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.timetable import Timetable
from vliwc.backend.schedulers.cpsat.turning import turned
from vliwc.backend.schedulers.effort import Meter
from vliwc.driver import Options, compile_source
from vliwc.resources import data_path
from vliwc.source import Source


def bound(problem: Problem, most: float = 1.0) -> int:
    """What ramps say beyond the bound of the problem's windows and chains."""
    return ramped(problem, segment_bound(problem, enough=0).best, Solver(Meter(ENOUGH), 0), most)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(tiny())
def test_ramps_exclude_no_schedule(problem: Problem) -> None:
    cycles = shortest(problem, LIMIT)
    assume(cycles is not None)
    assert cycles is not None
    assert bound(problem) <= cycles


@pytest.mark.parametrize("machine", ["takehome", "wide"])
@pytest.mark.parametrize("family", families.names())
def test_ramps_exclude_no_schedule_of_the_families(family: str, machine: str) -> None:
    for tight in (False, True):
        problem = families.make(family, 40, 1, tight=tight, machine=machine)
        found = multistart.schedule(problem, 0)
        assert found is not None
        assert bound(problem, most=0.2) <= found.cycles


@pytest.mark.parametrize(("family", "seed", "tight", "least"), [("constants", 0, False, 10), ("phases", 3, True, 56)])
def test_ramps_prove_what_windows_do_not(family: str, seed: int, tight: bool, least: int) -> None:
    problem = families.make(family, 100, seed, tight=tight)
    assert segment_bound(problem, enough=0).best == least - 1
    assert bound(problem) == least


@pytest.mark.parametrize("machine", ["takehome", "wide"])
@pytest.mark.parametrize("family", families.names())
def test_a_schedule_read_backwards_is_one_of_the_turned_problem(family: str, machine: str) -> None:
    problem = families.make(family, 60, 0, tight=True, machine=machine)
    found = multistart.schedule(problem, 0)
    assert found is not None
    backward, last = turned(problem), len(problem.operations) - 1
    slots: list[list[Issue]] = [[] for _ in problem.operations]
    for issue in found.issues:
        steps = len(problem.operations[issue.operation].forms[issue.form])
        at = found.cycles - 1 - issue.cycle
        turn = issue._replace(cycle=at, operation=last - issue.operation, step=steps - 1 - issue.step)
        slots[turn.operation].append(turn)
    table = Timetable(backward, [tuple(sorted(issues)) for issues in slots])
    assert table.sound()
    lives = table.lives()
    for cycle in range(found.cycles):
        alive = sum(life.value.width for life in lives if life.born <= cycle < life.last)
        assert alive <= problem.machine.scratch_words


def test_ramps_raise_the_bound_of_a_program() -> None:
    """Its segments keep their arguments, which a checker can follow; what ramps prove stands beside them."""
    source = Source("murmur3.vk", (data_path("examples") / "murmur3.vk").read_text("utf-8"))
    generated = compile_source(source, Options(certify=False)).generated
    better = generated.with_ramps(1.0)
    assert generated.bounds.best < better.bounds.best <= generated.cycles
    assert better == generated.with_ramps(1.0)
    assert [segment.bound for segment in better.segments] == [segment.bound for segment in generated.segments]
    busiest = generated.bounds.busiest
    assert better.bounds.loads[busiest] * better.bounds.best == pytest.approx(
        generated.bounds.loads[busiest] * generated.bounds.best
    )
    assert better.with_ramps(1e-6) == better  # too little work to ask anything


def test_ramps_of_an_optimal_program_are_not_asked_for() -> None:
    source = Source("saxpy.vk", (data_path("examples") / "saxpy.vk").read_text("utf-8"))
    generated = compile_source(source, Options(certify=False)).generated
    assert generated.bounds.best == generated.cycles
    assert generated.with_ramps(1.0) is generated
