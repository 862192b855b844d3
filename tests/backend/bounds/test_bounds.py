"""Lower bounds: never above the optimum, as good as they ought to be, and with arguments that can be checked."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import families
from tests.backend.bounds.oracle import fits
from tests.backend.problems import problems
from vliwc.backend.bound_check import check_argument
from vliwc.backend.bounds import SegmentBound, segment_bound
from vliwc.backend.bounds import heads as heads_module
from vliwc.backend.bounds import segment as segment_module
from vliwc.backend.problem import DATA, ORDER, Form, Operation, Problem, Step
from vliwc.backend.schedulers import SCHEDULERS, cpsat
from vliwc.errors import DataError
from vliwc.machine import load_machine

MACHINE = replace(load_machine("takehome"), scratch_words=1 << 16)


def checked(problem: Problem) -> SegmentBound:
    """The bound, whose argument the checker believes after a way through JSON."""
    bound = segment_bound(problem)
    assert bound.argument is not None
    assert check_argument(problem, json.loads(json.dumps(bound.argument.as_json()))) == bound.best
    assert bound.best >= max(bound.resource, bound.critical_path)
    return bound


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=6))
def test_no_bound_is_above_the_optimum(problem: Problem) -> None:
    assert not fits(problem, checked(problem).best - 1)


@pytest.mark.parametrize("family", families.names())
def test_bounds_of_families_hold_and_are_close(family: str) -> None:
    """For small problems of every family the gap to the optimum is two cycles at most."""
    problem = families.make(family, 16, 0)
    bound = checked(problem).best
    assert not fits(problem, bound - 1)
    assert fits(problem, bound + 2)


@pytest.mark.parametrize("family", families.names())
def test_what_was_asked_before_changes_no_bound(family: str) -> None:
    """Bounds are remembered for problems that are equal as far as bounds go, and for no others."""
    problem = families.make(family, 60, 0)
    asked = segment_bound(problem, enough=0), segment_bound(problem), segment_bound(copy.deepcopy(problem), enough=0)
    looser = replace(problem, successors=[[] for _ in problem.operations])
    unordered = segment_bound(looser)
    segment_module._remembered.cache_clear()
    assert segment_bound(looser) == unordered
    assert segment_bound(problem) == asked[1]
    segment_module._remembered.cache_clear()
    assert segment_bound(problem, enough=0) == asked[0] == asked[2]


@pytest.mark.parametrize("family", families.names())
def test_arguments_of_large_problems_hold(family: str) -> None:
    problem = families.make(family, 900, 1)
    bound = checked(problem)
    found = SCHEDULERS["list"](problem, 0, None)
    assert found is not None
    assert bound.best <= found.cycles


def op(*steps: tuple[str, int], latency: int = 1) -> tuple[Form, ...]:
    """One form of steps, each an engine with a number of slots."""
    return (tuple(Step(engine, "op", (), slots, latency) for engine, slots in steps),)


def problem(forms: list[tuple[Form, ...]], edges: list[tuple[int, int, int]]) -> Problem:
    successors: list[list[tuple[int, int]]] = [[] for _ in forms]
    for source, target, kind in edges:
        successors[source].append((target, kind))
    operations = [Operation(k, f, (), -1) for k, f in enumerate(forms)]
    return Problem(MACHINE, operations, successors, [], {}, frozenset())


def test_an_empty_problem_takes_no_cycle() -> None:
    assert checked(problem([], [])).best == 0
    assert checked(problem([(), ()], [(0, 1, DATA)])).best == 0


def test_each_kind_of_argument() -> None:
    work = checked(problem([op(("load", 1))] * 9, []))
    assert (work.argument.kind, work.best) == ("resource", 5)
    chain = checked(
        problem([op(("alu", 1), latency=3), op(("load", 1)), op(("flow", 1))], [(0, 1, DATA), (1, 2, ORDER)])
    )
    assert (chain.argument.kind, chain.best) == ("critical_path", 4)
    tail = checked(problem([*[op(("load", 1))] * 8, op(("alu", 1))], [(k, 8, DATA) for k in range(8)]))
    assert (tail.argument.kind, tail.best) == ("energy", 5)


def test_work_between_joins_adds_up() -> None:
    """Three rounds of nine loads, each after the one before: five cycles a round, not 27 loads in 14."""
    forms: list[tuple[Form, ...]] = []
    edges = []
    for _ in range(3):
        first = len(forms)
        forms += [*[op(("load", 1))] * 9, ()]
        edges += [(first + k, first + 9, DATA) for k in range(9)]
        edges += [(first - 1, first + k, ORDER) for k in range(9) if first]
    bound = checked(problem(forms, edges))
    assert (bound.resource, bound.best) == (14, 15)
    assert bound.argument.lemmas


def test_many_slots_fill_the_cycles_of_a_window_in_part() -> None:
    """Two gathers of eight loads, one of which waits for a cycle: eight cycles of loads from cycle 0 on, no more; but
    six more loads in a chain behind a gather's own four cycles cannot hide."""
    forms = [op(("alu", 1)), op(("load", 8)), op(("load", 8)), *[op(("load", 1))] * 6]
    edges = [(0, 1, DATA), (1, 3, DATA), *[(k, k + 1, DATA) for k in range(3, 8)]]
    assert checked(problem(forms, edges)).best == 11
    assert fits(problem(forms, edges), 11)


def test_engines_have_windows_of_their_own() -> None:
    """30 additions on alu or flow (13 a cycle), of words loaded before, and stored behind: two cycles are lost. With
    forms of latency 1 the first addition is in cycle 1 and the last one in cycle T - 2."""
    forms = [op(("load", 1)), *[op(("alu", 1)) + op(("flow", 1))] * 30, op(("store", 1))]
    edges = [*[(0, k, DATA) for k in range(1, 31)], *[(k, 31, DATA) for k in range(1, 31)]]
    assert checked(problem(forms, edges)).best == 5


def with_needs(count: int) -> Problem:
    """Constants by load, or by alu once another one is there: loads alone in the first cycle."""
    ways = (*op(("load", 1)), *op(("alu", 1)))
    operations = [Operation(0, op(("load", 1)), (), 0)]
    operations += [Operation(k, ways, (), k, ((), (0,))) for k in range(1, count)]
    return Problem(MACHINE, operations, [[] for _ in operations], [1] * count, {}, frozenset())


@pytest.mark.parametrize(("count", "cycles"), [(2, 1), (3, 2), (16, 2), (17, 3), (29 + 1, 3), (31, 4)])
def test_forms_wait_for_what_they_need(count: int, cycles: int) -> None:
    """Two loads in the first cycle, then 14 constants a cycle: 2, 16, 30, …"""
    bound = checked(with_needs(count))
    assert bound.best == cycles
    found = cpsat.schedule(with_needs(count))
    assert found is not None
    assert found.cycles == cycles


def test_prices_balance_alternatives() -> None:
    """300 vector additions on 6 valu slots or 8 of 12 alu slots: 7.5 a cycle."""
    forms = op(("valu", 1)) + op(("alu", 8))
    bound = checked(problem([forms] * 300, []))
    assert (bound.resource, bound.best) == (40, 40)
    assert bound.slots == {"alu": 480.0, "valu": 240.0}


def test_enough_is_enough() -> None:
    """Nothing more is tried once the bound is as long as a schedule."""
    hard = families.make("memory", 300, 0)
    least = segment_bound(hard, enough=1)
    assert not least.argument.lemmas
    assert least.best < segment_bound(hard).best


def test_few_targets_are_raised_in_large_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    hard = families.make("few_strands", 300, 0)
    full = checked(hard).best
    monkeypatch.setattr(heads_module, "_MOST_TARGETS", 40)
    assert full - 6 <= checked(hard).best <= full


# -- the checker does not believe everything


def broken(record: dict[str, Any], *path: str | int, value: object) -> dict[str, Any]:
    record = copy.deepcopy(record)
    place: Any = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return record


HARD = families.make("few_strands", 300, 0)
RECORD = segment_bound(HARD).argument.as_json()
CHAIN = families.make("critical", 300, 0)
CHAIN_RECORD = segment_bound(CHAIN).argument.as_json()


@pytest.mark.parametrize(
    ("path", "value", "cause"),
    [
        (("bound",), RECORD["bound"] + 1, "the conclusion proves"),
        (("bound",), "many", "expected an integer"),
        (("window", "after"), 10**9, "there is no work"),
        (("window", "before"), True, "expected an integer"),
        (("window", "prices"), {"warp": 1}, "no engine 'warp'"),
        (("window", "prices"), {}, "there is no work"),
        (("window", "prices"), [], "expected an object"),
        (("window", "prices"), {"valu": -1}, "is not in"),
        (("window", "operations"), [[0, 3]], "the conclusion proves"),
        (("window", "operations"), [[5, 3]], "do not ascend"),
        (("window", "operations"), [[0, 3], [3, 4]], "do not ascend"),
        (("window", "operations"), [[0, 10**6]], "is not in"),
        (("window", "operations"), [7], "expected ranges"),
        (("window", "operations"), None, "expected a list"),
        (("lemmas",), [], "there is no work"),
        (("lemmas", 0, "cycles"), RECORD["lemmas"][0]["cycles"] + 1, "the window proves"),
        (("lemmas", 0, "side"), "top", "neither head nor tail"),
        (("lemmas", 0, "operation"), 10**6, "is not in"),
        (("lemmas", 0), 3, "expected an object"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refuted(path: tuple[str | int, ...], value: object, cause: str) -> None:
    assert check_argument(HARD, RECORD) == RECORD["bound"]
    with pytest.raises(DataError, match=cause):
        check_argument(HARD, broken(RECORD, *path, value=value))


NEEDY = with_needs(17)
NEEDY_RECORD = segment_bound(NEEDY).argument.as_json()


@pytest.mark.parametrize(
    ("path", "value", "cause"),
    [
        (("window", "own"), {}, "the conclusion proves 2"),
        (("window", "own"), {"alu": [2, 1]}, "operation 1 may have a slot of it outside"),
        (("window", "own"), {"alu": [1, 2]}, "operation 1 may have a slot of it outside"),
        (("window", "own"), {"load": [1, 1]}, "operation 0 may have a slot of it outside"),
        (("window", "own"), {"flow": [1, 1]}, "no price"),
        (("window", "own"), {"alu": [1]}, "expected .after, before."),
        (("window", "own"), {"alu": [1, 0]}, "expected .after, before."),
        (("window", "own"), {"alu": [1, "1"]}, "expected an integer"),
        (("window", "own"), {"alu": 1}, "expected a list"),
        (("window", "own"), 3, "expected an object"),
    ],
)
def test_wrong_windows_of_engines_are_refuted(path: tuple[str | int, ...], value: object, cause: str) -> None:
    assert NEEDY_RECORD["window"]["own"] == {"alu": [1, 1]}
    assert check_argument(NEEDY, NEEDY_RECORD) == 3
    with pytest.raises(DataError, match=cause):
        check_argument(NEEDY, broken(NEEDY_RECORD, *path, value=value))


def test_wrong_chains_are_refuted() -> None:
    operations = CHAIN_RECORD["chain"]["operations"]
    assert check_argument(CHAIN, CHAIN_RECORD) == CHAIN_RECORD["bound"]
    for value, cause in (
        ([operations[0], operations[2]], "does not wait"),
        ([], "the conclusion proves 0"),
        ([10**6], "is not in"),
    ):
        with pytest.raises(DataError, match=cause):
            check_argument(CHAIN, broken(CHAIN_RECORD, "chain", "operations", value=value))


def test_arguments_are_of_one_problem() -> None:
    with pytest.raises(DataError):
        check_argument(families.make("few_strands", 300, 1), RECORD)


@settings(max_examples=30, deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_no_record_is_a_traceback(record: object) -> None:
    with pytest.raises(DataError):
        check_argument(HARD, record)
