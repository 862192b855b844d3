"""Orders of an engine's jobs: exact where that engine is all that counts, and never above the optimum."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import families
from tests.backend.bounds.oracle import fits
from tests.backend.problems import problems
from vliwc.backend import orders_check
from vliwc.backend.bound_check import check_argument
from vliwc.backend.bounds import LARGE_TARIFF, Argument, Orders, busiest_jobs, jobs, orders_bound, segment_bound
from vliwc.backend.bounds.jobs import Jobs, jobs_of
from vliwc.backend.bounds.network import networks
from vliwc.backend.bounds.orders import Plan, plan, refuted
from vliwc.backend.problem import DATA, ORDER, Form, Operation, Problem, Step
from vliwc.backend.schedulers import multistart
from vliwc.errors import DataError
from vliwc.machine import load_machine

PLENTY = 50_000


@st.composite
def loads(draw: st.DrawFn) -> Problem:
    """Loads of one slot or more, and other operations between them that never lack a slot."""
    random = Random(draw(st.integers(0, 1 << 32)))
    count = random.randint(2, 9)

    def forms(k: int) -> tuple[Form, ...]:
        if k == 0 or random.random() < 0.6:
            return ((Step("load", "load", (), random.choice([1, 1, 3, 5]), random.randint(1, 3)),),)
        return ((Step("alu", "+", (), 1, random.choice([1, 1, 4])),),) if random.random() < 0.8 else ()

    edges = [
        [(later, random.choice([DATA, DATA, ORDER])) for later in range(k + 1, count) if random.random() < 0.3]
        for k in range(count)
    ]
    operations = [Operation(k, forms(k), (), -1) for k in range(count)]
    return Problem(replace(load_machine("takehome"), scratch_words=64), operations, edges, [], {}, frozenset())


def load_jobs(problem: Problem) -> Jobs:
    """What has to be loaded, with heads and tails from paths alone."""
    network, from_end = networks(problem)
    found = jobs_of(problem, "load", network, network.heads(), from_end.heads())
    assert found is not None
    return found


def claim(cycles: int, changes: Mapping[str, Any] = {}) -> dict[str, Any]:
    """A claim about loads as it stands in a report, without lemmas."""
    return {"bound": cycles + 1, "lemmas": [], "orders": {"engine": "load", "cycles": cycles, **changes}}


def follow(found: Jobs, planned: Plan, cycles: int) -> None:
    """Fails unless jobs that have priority as they end in the plan end no later than there, and in time."""
    free: dict[int, int] = {}
    for job in sorted(range(len(found.slots)), key=lambda j: (planned.end[j], j)):
        waits = [planned.end[i] + away for i, of in enumerate(found.behind) for j, away in of if j == job]
        assert planned.begin[job] >= max([found.heads[job], *waits])
        left, cycle = found.slots[job], planned.begin[job]
        while True:
            taken = min(left, free.setdefault(cycle, found.capacity))
            free[cycle] -= taken
            left -= taken
            if not left:
                break
            cycle += 1
        assert cycle <= planned.end[job] <= cycles - found.tails[job]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(loads())
def test_they_are_exact_where_nothing_else_counts(problem: Problem) -> None:
    """Nothing but the longest path, on which there may be no job."""
    found, path = load_jobs(problem), segment_bound(problem).critical_path
    for cycles in range(path, 60):
        outcome, narrow = plan(found, cycles, PLENTY), plan(found, cycles, PLENTY, width=1)
        assert not narrow.refuted or outcome.refuted
        if outcome.plan is not None:
            break
        assert outcome.refuted
        assert not fits(problem, cycles)
        assert check_argument(problem, claim(cycles)) == cycles + 1
    assert fits(problem, cycles)
    with pytest.raises(DataError, match="there is an order"):
        check_argument(problem, claim(cycles))
    assert outcome.plan is not None
    follow(found, outcome.plan, cycles)
    assert refuted(found, path, 60, PLENTY) == cycles - 1


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=6))
def test_no_bound_is_above_the_optimum(problem: Problem) -> None:
    """Forms of several steps and engines, and values that forms need; up to what the oracle is quick at."""
    network, from_end = networks(problem)
    for engine in ("alu", "valu", "load", "store", "flow"):
        found = jobs_of(problem, engine, network, network.heads(), from_end.heads())
        if found is not None:
            cycles = refuted(found, 0, 40, PLENTY)
            assert not fits(problem, cycles)
            assert check_argument(problem, claim(cycles, {"engine": engine})) == cycles + 1


@pytest.mark.parametrize(
    ("operations", "seed", "otherwise", "cycles"), [(300, 0, 113, 115), (300, 1, 104, 107), (300, 3, 136, 142)]
)
def test_few_strands_that_share_an_engine(operations: int, seed: int, otherwise: int, cycles: int) -> None:
    problem = families.make("few_strands", operations, seed)
    assert segment_bound(problem).best == otherwise
    argument = orders_bound(problem, otherwise, 200, PLENTY)
    assert argument is not None and argument.kind == "orders"
    assert argument.bound == cycles
    record = json.loads(json.dumps(argument.as_json()))
    assert check_argument(problem, record) == cycles
    record["bound"] += 1
    record["orders"]["cycles"] += 1
    with pytest.raises(DataError, match=f"an order of the operations on load that keeps to {cycles} cycles"):
        check_argument(problem, record)
    bound = segment_bound(problem, variables=LARGE_TARIFF)
    assert bound.argument == argument
    assert bound.best == cycles


def test_with_few_states_they_say_less_but_nothing_wrong() -> None:
    problem = families.make("few_strands", 300, 3)
    found = busiest_jobs(problem)
    assert found is not None
    by_states = [refuted(found, 136, 200, states) for states in (0, 10, 2_000, 4_000, PLENTY)]
    assert by_states == sorted(by_states)
    assert by_states[:2] == [135, 135]
    assert 135 < by_states[2] <= by_states[-1] == 141
    assert refuted(found, 136, 138, PLENTY) == 138


def test_a_narrow_search_finds_plans_and_refutes_nothing() -> None:
    problem = families.make("few_strands", 1_000, 1)
    found = busiest_jobs(problem)
    assert found is not None
    hopeless = plan(found, 262, PLENTY, width=20)
    assert hopeless.plan is None and not hopeless.refuted
    good = plan(found, 266, PLENTY, width=20)
    assert good.plan is not None
    follow(found, good.plan, 266)


def test_they_give_up_where_the_graph_is_wide_or_no_engine_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = families.make("layers", 300, 0)
    found = busiest_jobs(problem)
    assert found is not None
    wide = plan(found, 94, 3_000)
    assert wide.plan is None and not wide.refuted
    monkeypatch.setattr(jobs, "_MOST_JOBS", len(found.slots) - 1)
    network, from_end = networks(problem)
    assert jobs_of(problem, found.engine, network, network.heads(), from_end.heads()) is None
    assert busiest_jobs(families.make("strands", 1_000, 2)) is None


def test_waits_that_others_imply_are_left_out() -> None:
    """A long operation between two jobs counts, a shorter way beside a third job does not."""

    def load(k: int, slots: int) -> Operation:
        return Operation(k, ((Step("load", "load", (), slots, 1),),), (), -1)

    def add(k: int, latency: int) -> Operation:
        return Operation(k, ((Step("alu", "+", (), 1, latency),),), (), -1)

    operations = [load(0, 1), load(1, 8), add(2, 2), load(3, 1), add(4, 9), load(5, 1)]
    edges = [[(1, DATA), (2, DATA), (4, DATA)], [(3, DATA)], [(3, DATA)], [(5, DATA)], [(5, DATA)], []]
    problem = Problem(replace(load_machine("takehome"), scratch_words=8), operations, edges, [], {}, frozenset())
    found = load_jobs(problem)
    assert found.operations == (0, 1, 3, 5)
    assert found.slots == (1, 8, 1, 1)
    assert found.behind == (((1, 1), (3, 10)), ((2, 1),), ((3, 1),), ())
    assert found.before == (0, 1, 2, 5)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"engine": "tape"}, "the machine has no engine 'tape'"),
        ({"engine": 3}, "engine"),
        ({"cycles": -1}, "cycles"),
        ({"cycles": 1 << 40}, "cycles"),
        ({"cycles": 9}, "there is an order of the operations on load that keeps to 9 cycles"),
    ],
)
def test_wrong_claims_are_refused(changes: dict[str, Any], cause: str) -> None:
    operations = [Operation(k, ((Step("load", "load", (), 4, 1),),), (), -1) for k in range(3)]
    problem = Problem(replace(load_machine("takehome"), scratch_words=8), operations, [[]] * 3, [], {}, frozenset())
    assert check_argument(problem, claim(5)) == 6
    with pytest.raises(DataError, match=cause):
        check_argument(problem, claim(5, changes))


@pytest.mark.parametrize("limit", ["_MOST_JOBS", "_MOST_WAITS", "_MOST_STATES"])
def test_there_may_be_too_many_orders_to_check(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = families.make("few_strands", 100, 3)
    argument = orders_bound(problem, 40, 60, PLENTY)
    assert argument is not None
    assert check_argument(problem, argument.as_json()) == argument.bound
    monkeypatch.setattr(orders_check, limit, 10)
    with pytest.raises(DataError, match="the operations on load have too many orders to check them all"):
        check_argument(problem, argument.as_json())


@pytest.mark.parametrize("kind", ["chain", "window", "tariff", "circuit"])
def test_an_argument_has_one_conclusion(kind: str) -> None:
    """Or it would not be clear which of them is verified."""
    operations = [Operation(0, ((Step("load", "load", (), 4, 1),),), (), -1)]
    problem = Problem(replace(load_machine("takehome"), scratch_words=8), operations, [[]], [], {}, frozenset())
    with pytest.raises(DataError, match="an argument has one conclusion"):
        check_argument(problem, claim(1) | {kind: {}})


def test_a_claim_must_reach_the_bound() -> None:
    operations = [Operation(0, ((Step("load", "load", (), 4, 1),),), (), -1)]
    problem = Problem(replace(load_machine("takehome"), scratch_words=8), operations, [[]], [], {}, frozenset())
    with pytest.raises(DataError, match="proves 2 cycles, not 3"):
        check_argument(problem, claim(1) | {"bound": 3})


def test_the_schedule_may_come_with_the_argument() -> None:
    problem = families.make("few_strands", 300, 3)
    found = multistart.schedule(problem)
    assert found is not None
    bound = segment_bound(problem, found.cycles)
    better = bound.with_argument(Argument(bound.best + 1, (), Orders("load", bound.best)))
    assert better.best == bound.best + 1
    assert better.with_argument(bound.argument) is better
    assert better.with_argument(None) is better
