"""cpsat finds the optimum of tiny problems, and proves it; what it finds for any problem is a schedule."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.backend.cpsat.exhaustive import shortest
from tests.backend.problems import problems
from tests.effort import ENOUGH, LITTLE
from vliwc.backend.problem import DATA, ORDER, Operation, Problem, Step
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import cpsat, multistart
from vliwc.machine import load_machine

MACHINE = load_machine("narrow")
LIMIT = 6
"""Cycles within which tiny problems have a schedule, or count for nothing."""


@st.composite
def tiny(draw: st.DrawFn) -> Problem:
    """Up to four operations for engines with one or two slots, with alternatives, and with little scratch."""
    step = st.builds(
        Step,
        st.sampled_from(["valu", "load", "store", "flow"]),
        st.just("op"),
        st.just(()),
        st.sampled_from([1, 1, 1, 2]),
        st.sampled_from([1, 1, 2]),
    )
    forms = st.lists(st.lists(step, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2).map(tuple)
    words = draw(st.sampled_from([4, 5, 8, 9, 512]))
    widths, entry = ([1], {0: draw(st.integers(0, 3))}) if draw(st.booleans()) else ([], {})
    operations: list[Operation] = []
    successors: list[list[tuple[int, int]]] = []
    writer: dict[int, int] = {}
    for k in range(draw(st.integers(1, 4))):
        readable = [*entry, *writer]
        reads = tuple(sorted(draw(st.sets(st.sampled_from(readable), max_size=2)))) if readable else ()
        ways = draw(forms)
        needs: tuple[tuple[int, ...], ...] = ()
        if len(ways) > 1 and readable and draw(st.booleans()):
            needs = ((), (draw(st.sampled_from(readable)),))
        writes = -1
        if draw(st.integers(0, 3)):
            writes = len(widths)
            widths.append(draw(st.sampled_from([1, 1, MACHINE.lanes])))
        for v in reads:
            if v in writer:
                successors[writer[v]].append((k, DATA))
        if k and draw(st.booleans()):
            successors[draw(st.integers(0, k - 1))].append((k, ORDER))
        operations.append(Operation(k, ways, reads, writes, needs))
        successors.append([])
        if writes >= 0:
            writer[writes] = k
    held = frozenset(draw(st.sets(st.sampled_from(range(len(widths))), max_size=2))) if widths else frozenset()
    return Problem(replace(MACHINE, scratch_words=words), operations, successors, widths, entry, held)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tiny())
def test_the_optimum_of_tiny_problems(problem: Problem) -> None:
    found = cpsat.schedule(problem, effort=ENOUGH)
    assume(found is not None)
    assert found is not None
    check_schedule(problem, found)
    assume(found.cycles <= LIMIT)
    assert found.cycles == shortest(problem, LIMIT)
    assert found.bound == found.cycles


@settings(
    max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
@given(problems())
def test_whatever_is_found_is_a_schedule(problem: Problem) -> None:
    plain, found = multistart.schedule(problem), cpsat.schedule(problem, effort=LITTLE)
    assert (plain is None) == (found is None)
    if plain is not None and found is not None:
        assert found.bound <= found.cycles <= plain.cycles
        if found.cycles < plain.cycles:
            check_schedule(problem, found)


def _form(engine: str, latency: int = 1) -> tuple[Step, ...]:
    return (Step(engine, "op", (), 1, latency),)


def test_a_form_waits_for_what_it_needs() -> None:
    """One load a cycle: the second constant comes a cycle later, by load or from the first one."""
    first = Operation(0, (_form("load"),), (), 0)
    second = Operation(1, (_form("load"), _form("alu")), (), 1, ((), (0,)))
    problem = Problem(MACHINE, [first, second], [[], []], [1, 1], {}, frozenset({0, 1}))
    found = cpsat.schedule(problem, effort=ENOUGH)
    assert found is not None
    check_schedule(problem, found)
    assert found.cycles == found.bound == 2
