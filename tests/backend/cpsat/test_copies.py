"""Constants and broadcasts that are made again: shorter schedules where scratch is tight, as short as can be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backend.cpsat.exhaustive import shortest
from tests.backend.cpsat.powers import powers, powers_graph
from tests.backend.harness import run, with_scratch
from tests.effort import ENOUGH
from vliwc.backend.instance import Instance
from vliwc.backend.problem import DATA, Copy, Operation, Problem, Schedule, Step, Word
from vliwc.backend.rematerialisation import recipes, with_copies
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers.cpsat.remaking import shorter_with_copies
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.effort import Meter
from vliwc.backend.solution import read_solution, solution_record, solve
from vliwc.errors import DataError
from vliwc.machine import load_machine

NARROW = load_machine("narrow")
CONST = (Step("load", "const", (Word(0),), 1, 1),)
BROADCAST = (Step("valu", "vbroadcast", (Word(1), Word(0)), 1, 1),)
LIMIT = 6
AGAIN = replace(ENOUGH, copies=1)


@st.composite
def tiny(draw: st.DrawFn) -> Problem:
    """A constant, the first operation and the last one that read it, and others in between, in two or three words."""
    operations = [Operation(0, (CONST,), (), 0)]
    successors: list[list[tuple[int, int]]] = [[]]
    last = draw(st.integers(3, 5))
    for k in range(1, last + 1):
        others = draw(st.sets(st.integers(1, k - 1), max_size=2)) if k > 1 else set()
        reads = tuple(sorted(others | {0} if k in (1, last) else others))
        for v in reads:
            successors[v].append((k, DATA))
        engine = draw(st.sampled_from(["alu", "valu", "flow"]))
        operations.append(Operation(k, ((Step(engine, "op", (), 1, draw(st.sampled_from([1, 2]))),),), reads, k))
        successors.append([])
    words = draw(st.sampled_from([2, 3]))
    widths = [1] * len(operations)
    return Problem(replace(NARROW, scratch_words=words), operations, successors, widths, {}, frozenset())


def copies_of(problem: Problem) -> Iterator[list[Copy]]:
    """No copy, and one with any of the readers, but for those that leave the constant itself without any."""
    readers = [k for k, o in enumerate(problem.operations) if 0 in o.reads]
    yield []
    for count in range(1, len(readers)):
        yield from ([Copy(0, some)] for some in combinations(readers, count))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(tiny())
def test_the_optimum_with_a_copy(problem: Problem) -> None:
    found = shorter_with_copies(problem, LIMIT + 1, 1, Solver(Meter(AGAIN), 0), None)
    if found is not None:
        check_schedule(problem, found)
    less = found.cycles - 1 if found else LIMIT
    for copies in copies_of(problem):
        assert shortest(with_copies(problem, copies), less) is None


def test_a_kernel_gets_shorter() -> None:
    """The powers of two groups have room beside each other only if the constants make room for them. The certifier
    proves the program with copies, too."""
    graph, machine = powers_graph(), with_scratch(56)
    kept = run(graph, "cpsat", machine, effort=ENOUGH)
    remade = run(graph, "cpsat", machine, effort=AGAIN)
    assert [segment.cycles for segment in kept.segments] == [20]
    assert kept.bounds.best == 20, "the shortest without copies"
    assert [segment.cycles for segment in remade.segments] == [17]
    assert remade.bounds.best <= 17
    assert len(remade.segments[0].problem.operations) > len(kept.segments[0].problem.operations)


def test_what_can_be_made_again() -> None:
    operations = [
        Operation(0, (CONST,), (), 0),
        Operation(1, (BROADCAST, CONST), (0,), 1),
        Operation(2, (CONST,), (), 2),
        Operation(3, (CONST,), (), 3),
        Operation(4, (CONST,), (), 3),
        Operation(5, (BROADCAST,), (2,), 4),
        Operation(6, (BROADCAST,), (1,), 5),
    ]
    problem = Problem(NARROW, operations, [[] for _ in operations], [1, 4, 1, 1, 4, 4], {}, frozenset({2}))
    found = recipes(problem)
    assert sorted(found) == [0, 1], "not what is held, is written twice, or is made of something that cannot be"
    first, second = found[1].forms[0]
    assert first.operands == (Word(1),)
    assert second.operands == (Word(1), Word(1))
    assert found[1].reads == ()


@pytest.fixture(scope="module")
def solved() -> tuple[Instance, Schedule]:
    """An instance whose schedule has copies."""
    instance = Instance.from_text(Instance("tight", "", powers(56)).to_text())
    found = solve(instance, "cpsat", effort=AGAIN).schedule
    assert found.copies
    return instance, found


def test_solutions_say_what_is_made_again(solved: tuple[Instance, Schedule]) -> None:
    instance, found = solved
    again = read_solution(instance, json.dumps(solution_record(found))).schedule
    assert (again.cycles, again.copies) == (found.cycles, found.copies)


@pytest.mark.parametrize(
    ("copies", "cause"),
    [
        ([[10**6, [0]]] * 3, "cannot be made again"),
        ([3], "expected .value"),
        ([["x", []]], "expected"),
        (None, "no operation|no such value|of its forms|is not issued once|step"),
    ],
)
def test_wrong_copies(solved: tuple[Instance, Schedule], copies: Any, cause: str) -> None:
    instance, found = solved
    record = {**solution_record(found), "copies": copies}
    if copies is None:
        del record["copies"]
    with pytest.raises(DataError, match=cause):
        read_solution(instance, json.dumps(record))


def test_readers_of_copies_are_checked(solved: tuple[Instance, Schedule]) -> None:
    instance, found = solved
    copy, *others = found.copies
    stranger = next(k for k, o in enumerate(instance.problem.operations) if copy.value not in o.reads)
    for wrong, cause in (
        (Copy(copy.value, (stranger,)), "no operation"),
        (Copy(copy.value, (copy.readers[0], copy.readers[0])), "two copies"),
    ):
        with pytest.raises(DataError, match=cause):
            check_schedule(instance.problem, replace(found, copies=(wrong, *others)))
    early = [i._replace(cycle=found.cycles - 1) if i.operation == 0 else i for i in found.issues]
    with pytest.raises(DataError, match=r"does not wait|slots of|step"):
        check_schedule(instance.problem, replace(found, issues=early))
