"""Models as integer programs: CP-SAT and SCIP say the same, and solutions are schedules."""

from __future__ import annotations

from threading import Timer

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from benchmarks.families import make
from tests.backend.cpsat.test_optimum import tiny
from vliwc.backend.bounds import raised, segment_bound
from vliwc.backend.problem import Problem
from vliwc.backend.schedulers.cpsat.frame import frame
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.integer import IntegerProgram
from vliwc.backend.schedulers.cpsat.model import Model
from vliwc.backend.schedulers.cpsat.room import room
from vliwc.backend.schedulers.cpsat.timetable import Timetable


def model_of(problem: Problem, cycles: int, *, split: bool = False) -> Model:
    """All operations in so many cycles."""
    operations = [k for k, operation in enumerate(problem.operations) if operation.forms]
    limits = {k: (head, cycles - tail) for k, (head, tail) in enumerate(zip(*raised(problem), strict=True))}
    instance = Instance(problem)
    opened = frame(instance, cycles, operations, Timetable(instance, [()] * len(problem.operations)), limits)
    return Model(instance, opened, room(problem, split=split))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(tiny(), st.integers(0, 3), st.booleans())
def test_both_solvers_say_the_same(problem: Problem, more: int, split: bool) -> None:
    model = model_of(problem, segment_bound(problem).best + more, split=split)
    solution, infeasible = IntegerProgram(model.cp, 0, {}).solve(60.0)
    assert infeasible == (cp_model.CpSolver().solve(model.cp) == cp_model.INFEASIBLE)
    assert infeasible == (solution is None)
    if solution is not None:
        slots = model.slots(solution)
        assert Timetable(model.instance, [slots.get(k, ()) for k in range(len(problem.operations))]).sound()


def test_literals_may_be_negative_and_variables_come_several_times() -> None:
    model = cp_model.CpModel()
    a, b, c = (model.new_bool_var("") for _ in range(3))
    n = model.new_int_var(2, 7, "")
    model.add_bool_or([~a, b, c])
    model.add_implication(~b, a)
    model.add_exactly_one([~b, ~c])
    model.add(n + n - a >= 13)
    model.add(cp_model.LinearExpr.weighted_sum([b, c, b], [1, 1, 1]) <= 1)
    solution, infeasible = IntegerProgram(model, 0, {}).solve(60.0)
    assert not infeasible
    assert solution == [1, 0, 1, 7]
    model.add(a + c <= 1)
    assert IntegerProgram(model, 0, {}).solve(60.0) == (None, True)


def test_what_others_may_need_is_branched_on_first_and_early_cycles_before_late_ones() -> None:
    problem = make("constants", 40, 0)
    model = model_of(problem, 12)
    ranks, begun = model.ranks(), model.begun
    needed = {v for o in problem.operations for need in o.needs for v in need}
    writers = {k for k, o in enumerate(problem.operations) if o.writes in needed}
    assert sorted(ranks) == sorted(v.index for rise in begun.values() for v in rise.variables)
    pool = [ranks[v.index] for k in writers for v in begun[k].variables]
    others = [ranks[v.index] for k in begun if k not in writers for v in begun[k].variables]
    assert max(pool) < min(others)
    for rise in begun.values():
        assert [ranks[v.index] for v in rise.variables] == sorted(ranks[v.index] for v in rise.variables)


def test_a_solve_ends_when_it_is_stopped() -> None:
    """There is no such schedule, but to prove that takes long."""
    program = IntegerProgram(model_of(make("constants", 100, 3), 10).cp, 0, {})
    timer = Timer(0.3, program.stop_search)
    timer.start()
    assert program.solve(600.0) == (None, False)
    timer.join()
