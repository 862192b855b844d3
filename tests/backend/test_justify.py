"""Forward-backward improvement: the way to the right, as plain and as compiled code, and what comes of it."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backend.problems import problems
from tests.backend.test_parts import groups, problem_of
from vliwc.backend.problem import DATA, Issue, Operation, Problem, Schedule, Step
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import listing
from vliwc.backend.schedulers.compiled import Compiled, Limits
from vliwc.backend.schedulers.justify import latest_starts
from vliwc.backend.schedulers.making import Plain
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency
from vliwc.machine import load_machine

SOME = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@SOME
@given(problems(), st.booleans())
def test_whatever_waits_comes_later(problem: Problem, by_paths: bool) -> None:
    compiled = Compiled(problem)
    schedule = compiled.schedule(Settings())
    if schedule is None:
        return
    starts = latest_starts(problem, schedule, by_paths=by_paths)
    form = {issue.operation: issue.form for issue in schedule.issues}
    writers: dict[int, list[int]] = {}
    for k, operation in enumerate(problem.operations):
        writers.setdefault(operation.writes, []).append(k)
    for k, operation in enumerate(problem.operations):
        for value in operation.needs[form[k]] if operation.needs else ():
            assert all(starts[writer] < starts[k] for writer in writers.get(value, ()))
    for k, edges in enumerate(problem.successors):
        for target, kind in edges:
            slots = bool(problem.operations[k].forms)
            assert starts[k] <= starts[target] - (1 if slots and kind == DATA else 0)
    assert max(starts, default=0) <= schedule.cycles


@SOME
@given(problems(), st.booleans())
def test_compiled_latest_starts_are_plain_ones(problem: Problem, by_paths: bool) -> None:
    making, plain = Compiled(problem), Plain(problem, Urgency(problem), Shapes(problem))
    order = np.arange(len(problem.operations))
    one, other = making.make(order), plain.make(order)
    if one is None or other is None:
        assert one is other
        return
    late, same = one.late(by_paths=by_paths), other.late(by_paths=by_paths)
    assert late is not None and same is not None
    assert late.tolist() == same.tolist()


@SOME
@given(problems(), st.integers(0, 3))
def test_compiled_passes_are_plain_ones(problem: Problem, passes: int) -> None:
    compiled = Compiled(problem)
    _, first = compiled.urgency.ranks(Settings())
    following = best = listing.run(problem, compiled.shapes, compiled.urgency, Settings())
    for _ in range(passes):
        if following is None:
            break
        order = np.argsort(latest_starts(problem, following), kind="stable").tolist()
        following = listing.run(problem, compiled.shapes, compiled.urgency, Settings(), order)
        if following is not None and best is not None and following.cycles < best.cycles:
            best = following
    assert compiled.run(np.array(first, np.intp), Limits(), passes=passes) == best


def test_passes_shorten_the_ragged_end_of_groups() -> None:
    problem = problem_of(groups(24))
    compiled = Compiled(problem)
    _, order = compiled.urgency.ranks(Settings(stagger=0.3))
    lengths = []
    for passes in (0, 1, 4):
        schedule = compiled.run(np.array(order, np.intp), Limits(), passes=passes)
        assert schedule is not None
        check_schedule(problem, schedule)
        lengths.append(schedule.cycles)
    assert lengths[0] > lengths[1] >= lengths[2]


def test_by_paths_what_is_near_the_start_gets_the_early_slots_of_a_busy_engine() -> None:
    """Eight stores, two a cycle, of two short chains and six long ones. In the order of this schedule, a short one's
    store comes last; by paths, the first stores are those of the short chains."""
    word = (Step("alu", "+", (), 1, 1),)
    store = (Step("store", "store", (), 1, 1),)
    operations, successors, first, stores = [], [], [], []
    for length in (5, 5, 5, 5, 5, 5, 1, 1):
        first.append(len(operations))
        for step in [word] * length + [store]:
            successors.append([(len(operations) + 1, DATA)] if step is word else [])
            operations.append(Operation(len(operations), (step,), (), -1))
        stores.append(len(operations) - 1)
    problem = Problem(load_machine("takehome"), operations, successors, [], {}, frozenset())
    cycle = dict.fromkeys(range(len(operations)), 0)
    for number, (begin, last) in enumerate(zip(first, stores, strict=True)):
        cycle |= {k: k - begin for k in range(begin, last)} | {last: 5 + number // 2}
    schedule = Schedule([Issue(c, k, 0, 0, 0, 1) for k, c in cycle.items()], 9, {}, 0)
    check_schedule(problem, schedule)
    assert max(latest_starts(problem, schedule)[k] for k in stores[-2:]) == 8
    assert [latest_starts(problem, schedule, by_paths=True)[k] for k in stores[-2:]] == [5, 5]
