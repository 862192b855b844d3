"""Blocks that joins divide: parts take no longer than the whole, and prove what is out of reach for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from benchmarks import families
from tests.backend.bounds.oracle import fits
from tests.backend.cpsat.exhaustive import shortest
from tests.backend.cpsat.test_optimum import LIMIT, tiny
from tests.backend.problems import problems
from tests.effort import ENOUGH, LITTLE
from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import DATA, ORDER, Operation, Problem, Schedule
from vliwc.backend.schedulers import cpsat
from vliwc.backend.schedulers.cpsat import search
from vliwc.backend.schedulers.cpsat.parts import bare, parts
from vliwc.backend.schedulers.effort import Effort
from vliwc.machine import load_machine

KINDS = st.sampled_from([DATA, DATA, ORDER])


@st.composite
def joined(draw: st.DrawFn) -> Problem:
    """Two or three random problems, each behind a join of the one before, and some of their edges left out."""
    machine = draw(problems(most=1)).machine
    whole = Problem(machine, [], [], [], {}, frozenset())
    join = -1
    for last in (False, draw(st.booleans()), True):
        block, first = draw(problems(most=4)), len(whole.operations)
        for k, operation in enumerate(block.operations):
            whole.operations.append(replace(operation, reads=(), writes=-1, needs=()))
            whole.successors.append([(first + target, kind) for target, kind in block.successors[k]])
            if join >= 0 and draw(st.integers(0, 2)):
                whole.successors[join].append((first + k, draw(KINDS)))
        if not last:
            join = len(whole.operations)
            for k in range(first, join):
                if draw(st.integers(0, 2)):
                    whole.successors[k].append((join, draw(KINDS)))
            whole.operations.append(Operation(-1, (), (), -1))
            whole.successors.append([])
    return whole


def least(problem: Problem) -> int:
    """The fewest cycles of a schedule."""
    cycles = segment_bound(problem).best
    while not fits(problem, cycles):
        cycles += 1
    return cycles


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(joined())
def test_parts_take_no_more_cycles_than_the_whole(problem: Problem) -> None:
    assert not fits(problem, sum(least(part) for part in parts(problem)) - 1)


@st.composite
def parted(draw: st.DrawFn) -> Problem:
    """A tiny problem with values and little scratch, and a join in between."""
    whole = draw(tiny())
    cut = draw(st.integers(1, len(whole.operations)))
    moved = [k + (k >= cut) for k in range(len(whole.operations))]
    successors = [[(moved[target], kind) for target, kind in edges] for edges in whole.successors]
    for edges in successors[:cut]:
        if draw(st.integers(0, 3)):
            edges.append((cut, draw(KINDS)))
    behind = [(k, draw(KINDS)) for k in moved[cut:] if draw(st.integers(0, 3))]
    return replace(
        whole,
        operations=[*whole.operations[:cut], Operation(-1, (), (), -1), *whole.operations[cut:]],
        successors=[*successors[:cut], behind, *successors[cut:]],
    )


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(parted())
def test_values_of_parts_take_no_more_room_than_in_the_whole(problem: Problem) -> None:
    cycles = shortest(problem, LIMIT)
    assume(cycles is not None)
    found = [cpsat.schedule(part, effort=LITTLE) or segment_bound(part) for part in parts(problem)]
    assert sum(some.bound if isinstance(some, Schedule) else some.best for some in found) <= (cycles or 0)


def test_scratch_counts_in_parts() -> None:
    """Three values loaded before the join and read behind it, with room for two: without values that seems possible."""
    load = families.make("memory", 30, 0).operations[0].forms
    loads = [Operation(k, load, (), k) for k in range(3)]
    uses = [Operation(4 + k, load, (k,), -1) for k in range(3)]
    successors = [*([(3, DATA), (4 + k, DATA)] for k in range(3)), [(4 + k, ORDER) for k in range(3)], [], [], []]
    machine = replace(load_machine("takehome"), scratch_words=2)
    operations = [*loads, Operation(3, (), (), -1), *uses]
    first, second = parts(Problem(machine, operations, successors, [1] * 3, {}, frozenset()))
    assert first.held == {0, 1, 2} == second.entry.keys()
    assert cpsat.schedule(first, effort=ENOUGH) is None
    without = cpsat.schedule(bare(first), effort=ENOUGH)
    assert without is not None
    assert without.cycles == 2


def test_values_are_held_only_for_what_waits_for_the_join() -> None:
    """What is read in the part, or by something that may happen at any time, is free behind its last read there."""
    load = families.make("memory", 30, 0).operations[0].forms
    forms = [load, load, (), load]
    reads, writes = [(), (0,), (), (1,)], [0, 1, -1, -1]
    operations = [Operation(k, forms[k], reads[k], writes[k]) for k in range(4)]
    successors = [[(1, DATA)], [(2, DATA), (3, DATA)], [], []]
    machine = load_machine("takehome")
    assert [part.held for part in parts(Problem(machine, operations, successors, [1, 1], {}, frozenset()))] == [
        frozenset()
    ]
    waiting = [*successors[:2], [(3, ORDER)], []]
    first, second = parts(Problem(machine, operations, waiting, [1, 1], {}, frozenset()))
    assert first.held == {1} == second.entry.keys()
    assert second.held == frozenset()


def test_rounds_over_memory_are_parts() -> None:
    """What only some rounds need, and is prepared any time before, is in none."""
    problem = families.make("memory", 100, 2)
    found = parts(problem)
    joins = sum(not operation.forms for operation in problem.operations)
    assert len(found) == 1 + sum(not o.forms and bool(problem.successors[k]) for k, o in enumerate(problem.operations))
    assert sum(len(part.operations) for part in found) <= len(problem.operations) - joins
    assert all(operation.forms for part in found for operation in part.operations)


def test_a_block_without_joins_has_no_parts() -> None:
    assert parts(families.make("layers", 100, 0)) == []


def test_a_result_that_may_land_behind_the_join_counts_in_no_part() -> None:
    """A slow operation that the join waits for only to be issued need not have landed when the next part begins."""
    problem = families.make("memory", 30, 0)
    slow = tuple(tuple(replace(step, latency=50) for step in form) for form in problem.operations[0].forms)
    late = Problem(
        problem.machine,
        [Operation(0, slow, (), -1), Operation(1, (), (), -1), replace(problem.operations[0], writes=-1)],
        [[(1, ORDER)], [(2, ORDER)], []],
        [],
        {},
        frozenset(),
    )
    assert sum(least(part) for part in parts(late)) <= least(late) == 50
    assert [len(part.operations) for part in parts(late)] == [1]


def test_parts_prove_what_is_too_large_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, effort = families.make("memory", 100, 2), Effort(seconds=None, work=2, workers=1)
    monkeypatch.setattr(search, "_MOST_VARIABLES", 500)
    found = cpsat.schedule(problem, effort=effort)
    assert found is not None
    assert segment_bound(problem).best < found.bound == found.cycles
