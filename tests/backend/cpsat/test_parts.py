"""Blocks that joins divide: parts take no longer than the whole, and prove what is out of reach for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import families
from tests.backend.bounds.oracle import fits
from tests.backend.problems import problems
from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import DATA, ORDER, Operation, Problem
from vliwc.backend.schedulers import cpsat
from vliwc.backend.schedulers.cpsat import search
from vliwc.backend.schedulers.cpsat.parts import parts
from vliwc.backend.schedulers.effort import Effort

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
