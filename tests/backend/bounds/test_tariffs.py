"""Tariffs: never above the optimum, above windows where these are too coarse, and refuted where they are wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks import families
from tests.backend.bounds.oracle import fits
from tests.backend.problems import problems
from vliwc.backend.bound_check import check_argument
from vliwc.backend.bounds import SMALL_TARIFF, SegmentBound, Tariff, raised, segment_bound, timed
from vliwc.backend.bounds.periods import Periods, Place, told_apart
from vliwc.backend.problem import DATA, ORDER, Operation, Problem, Step
from vliwc.backend.schedulers import multistart
from vliwc.driver import Options, compile_source
from vliwc.errors import DataError
from vliwc.machine import load_machine
from vliwc.resources import data_path
from vliwc.source import Source


def checked(problem: Problem, variables: int = SMALL_TARIFF) -> SegmentBound:
    """The bound with tariffs, whose argument the checker believes after a way through JSON."""
    bound = segment_bound(problem, variables=variables)
    assert bound.argument is not None
    assert check_argument(problem, json.loads(json.dumps(bound.argument.as_json()))) == bound.best
    return bound


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(most=6))
def test_no_tariff_is_above_the_optimum(problem: Problem) -> None:
    bound = max(checked(problem, variables).best for variables in (20, 60, SMALL_TARIFF))
    assert bound >= segment_bound(problem).best
    assert not fits(problem, bound - 1)


@pytest.mark.parametrize("family", families.names())
def test_tariffs_of_families_hold(family: str) -> None:
    problem = families.make(family, 16, 0)
    assert not fits(problem, checked(problem).best - 1)


@pytest.mark.parametrize(("family", "seed", "windows"), [("constants", 0, 9), ("memory", 2, 30)])
def test_they_see_what_windows_do_not(family: str, seed: int, windows: int) -> None:
    problem = families.make(family, 100, seed)
    assert segment_bound(problem).best == windows
    bound = checked(problem)
    assert bound.best == windows + 1
    assert bound.argument is not None and bound.argument.kind == "tariff"
    tariff = bound.argument.conclusion
    assert isinstance(tariff, Tariff)
    with pytest.raises(DataError, match="operations pay"):  # prices alone are not enough
        check_argument(problem, replace(bound.argument, conclusion=replace(tariff, tolls=())).as_json())


@pytest.mark.parametrize("family", ["strands", "memory"])
def test_with_a_long_period_in_the_middle_they_hold(family: str) -> None:
    problem = families.make(family, 150, 0)
    heads, tails = raised(problem)
    bound = checked(problem, variables=600)
    assert bound.argument is not None and bound.argument.kind == "tariff"
    assert bound.best > segment_bound(problem).best
    weights = [sum(map(len, operation.forms)) or 1 for operation in problem.operations]
    periods = told_apart(bound.best - 1, heads, tails, weights, 600)
    assert periods is not None and len(periods.middle) > 3
    found = multistart.schedule(problem, 0)
    assert found is not None
    assert bound.best <= found.cycles


def test_whatever_is_found_is_believed() -> None:
    """Results that are there late in one form, and soon in another."""
    kinds = set()
    for seed in range(150):
        problem = latencies(Random(seed))
        bound = checked(problem)
        assert bound.argument is not None
        kinds.add(bound.argument.kind)
    assert "tariff" in kinds


def latencies(random: Random) -> Problem:
    """A few operations on two engines, whose forms take from one cycle to nine."""
    machine = replace(load_machine("narrow"), scratch_words=64)
    count = random.randint(5, 12)

    def form() -> tuple[Step]:
        engine, op = random.choice([("load", "load"), ("alu", "+")])
        return (Step(engine, op, (), 1, random.choice([1, 1, 2, 5, 9])),)

    operations = [Operation(k, tuple(form() for _ in range(random.randint(1, 2))), (), -1) for k in range(count)]
    edges = [
        [(later, random.choice([DATA, ORDER])) for later in range(k + 1, count) if random.random() < 0.4]
        for k in range(count)
    ]
    return Problem(machine, operations, edges, [], {}, frozenset())


def test_very_short_schedules_are_asked_about_too() -> None:
    """One cycle, two loads, and one slot to load in."""
    machine = replace(load_machine("narrow"), scratch_words=64)
    load = ((Step("load", "load", (), 1, 1),),)
    problem = Problem(machine, [Operation(k, load, (), -1) for k in range(2)], [[], []], [], {}, frozenset())
    found = timed.refutation(problem, [0, 0], [1, 1], 1, SMALL_TARIFF)
    assert found is not None and found.cycles == 1
    assert told_apart(0, [], [], [], 9) is None


def test_a_long_period_may_lack_several_cycles() -> None:
    """All that are missing are found at once: the prices of the period serve for more cycles of it as well."""
    problem = families.make("strands", 300, 0)
    heads, tails = raised(problem)
    found = timed.refutation(problem, heads, tails, 37, SMALL_TARIFF)
    assert found is not None
    assert found.cycles == 39
    valu = found.prices["valu"]
    assert valu[15] == valu[25] != valu.get(0, 0)
    bound = checked(problem)
    assert bound.best == 40
    assert bound.argument is not None and bound.argument.conclusion == found


def test_a_linear_program_that_takes_too_long_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed, "_WORK", 1e-9)
    problem = families.make("strands", 300, 0)
    heads, tails = raised(problem)
    assert timed.refutation(problem, heads, tails, 37, SMALL_TARIFF) is None


@pytest.mark.parametrize("most", [0, 10, 60, 200])
def test_periods_are_as_fine_as_the_variables_allow(most: int) -> None:
    """Ten operations with two variables each, which may be issued in any of twenty cycles."""
    heads, tails, weights = [0] * 10, [1] * 10, [2] * 10

    def variables(ends: int) -> int:
        places = [Place(0, 19)] * 10
        periods = Periods(20, ends)
        return sum(2 * len(periods.bounds(place)) for place in places)

    periods = told_apart(20, heads, tails, weights, most)
    ends = [e for e in range(2, 11) if variables(e) <= most]
    assert (periods is None) == (not ends)
    if periods is not None:
        assert periods.middle == range(max(ends), 20 - max(ends))


def test_a_period_is_known_by_its_end() -> None:
    periods = Periods(10, 2)
    assert periods.middle == range(2, 8)
    assert periods.bounds(Place(0, 9)) == [0, 1, 7, 8, 9]
    assert periods.bounds(Place(1, 5)) == [1, 5]
    assert periods.bounds(Place(3, 8)) == [7, 8]
    assert periods.bounds(Place(4, 4)) == [4]
    assert [periods.bound(c) for c in (1, 2, 7, 8)] == [1, 7, 7, 8]
    assert [periods.period(c) for c in (1, 2, 7, 8)] == [1, 2, 2, 8]
    assert periods.inside(Place(2, 7)) and not periods.inside(Place(1, 7)) and not periods.inside(Place(2, 8))
    assert Periods(10, 5).bounds(Place(0, 9)) == list(range(10))


def test_tariffs_raise_the_bound_of_a_program() -> None:
    source = Source("murmur3.vk", (data_path("examples") / "murmur3.vk").read_text("utf-8"))
    generated = compile_source(source, Options(certify=False)).generated
    better = generated.with_tariffs(4_000)
    assert generated.bounds.best < better.bounds.best <= generated.cycles
    assert [segment.bound.argument.kind for segment in better.segments if segment.bound.argument] == ["tariff"]
    busiest = generated.bounds.busiest
    assert better.bounds.loads[busiest] * better.bounds.best == pytest.approx(
        generated.bounds.loads[busiest] * generated.bounds.best
    )


def test_an_optimal_program_needs_no_tariff() -> None:
    source = Source("saxpy.vk", (data_path("examples") / "saxpy.vk").read_text("utf-8"))
    generated = compile_source(source, Options(certify=False)).generated
    assert generated.bounds.best == generated.cycles
    assert generated.with_tariffs(4_000) is generated


def test_what_was_asked_before_changes_nothing() -> None:
    problem = families.make("constants", 100, 0)
    assert segment_bound(problem, variables=SMALL_TARIFF).best == 10
    assert segment_bound(problem).best == segment_bound(problem, variables=100).best == 9
    assert segment_bound(problem, enough=9, variables=SMALL_TARIFF).best == 9


def two_loads() -> Problem:
    """Two chains through the only load slot, with a multiplication behind each that takes three cycles: four cycles are
    too few, five are enough."""
    machine = replace(load_machine("narrow"), scratch_words=64)
    assert machine.slots("load") == 1
    load, add = ((Step("load", "load", (), 1, 1),),), ((Step("alu", "+", (), 1, 3),),)
    operations = [Operation(k, forms, (), -1) for k, forms in enumerate((load, add, load, add, ()))]
    edges = [[(1, DATA)], [(4, DATA)], [(3, DATA)], [(4, ORDER)], []]
    return Problem(machine, operations, edges, [], {}, frozenset())


def by_hand(**changes: Any) -> dict[str, Any]:
    """Why the chains take five cycles: a slot of load in cycle 0 costs 1, of which there is one, and both need it. What
    an addition pays its load by the end of cycle 1 makes no difference: they are sure to be on time."""
    tolls = [[0, 1, [0], "data", 1, 1], [2, 3, [0], "data", 1, 1]]
    tariff = {"cycles": 4, "prices": {"load": [[0, 1]]}, "tolls": tolls}
    return {"kind": "tariff", "bound": 5, "lemmas": [], "tariff": tariff | changes}


def test_a_tariff_by_hand() -> None:
    problem = two_loads()
    assert check_argument(problem, by_hand()) == 5
    heads, tails = raised(problem)
    found = timed.refutation(problem, heads, tails, 4, SMALL_TARIFF)
    assert found is not None
    assert check_argument(problem, {"bound": 5, "lemmas": [], "tariff": found.as_json()}) == 5
    assert timed.refutation(problem, heads, tails, 5, SMALL_TARIFF) is None


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"cycles": 5}, "operations pay"),
        ({"cycles": 3}, "the conclusion proves 4 cycles, not 5"),
        ({"cycles": -1}, "is not in"),
        ({"prices": {}}, "operations pay"),
        ({"prices": {"load": [[1, 1]]}}, "operations pay"),
        ({"prices": {"load": [[0, -1]]}}, "is not in"),
        ({"prices": {"load": [[4, 1]]}}, "is not in"),
        ({"prices": {"load": [[0]]}}, "expected .cycle, price."),
        ({"prices": {"warp": []}}, "no such engine"),
        ({"prices": 7}, "expected an object"),
        ({"tolls": [[0, 3, [0], "data", 1, 1]]}, "operation 3 does not wait so for operation 0"),
        ({"tolls": [[0, 1, [0, 0], "data", 1, 1]]}, "does not wait so"),
        ({"tolls": [[3, 4, [0], "data", 1, 1]]}, "does not wait so"),
        ({"tolls": [[0, 1, [1], "data", 1, 1]]}, "is not in"),
        ({"tolls": [[0, 1, [0], "data", 1, -1]]}, "is not in"),
        ({"tolls": [[0, 9, [0], "data", 1, 1]]}, "is not in"),
        ({"tolls": [[0, 1]]}, "expected .earlier"),
        ({"tolls": 7}, "expected a list"),
    ],
)
def test_wrong_tariffs_are_refuted(changes: dict[str, Any], cause: str) -> None:
    with pytest.raises(DataError, match=cause):
        check_argument(two_loads(), by_hand(**changes))


def test_no_changed_number_proves_too_much() -> None:
    """Whatever stands in a record, what it proves is true: prices and tolls changed one by one."""
    problem = families.make("constants", 100, 1)
    argument = checked(problem).argument
    assert argument is not None
    record = argument.as_json()
    tolls = record["tariff"]["tolls"]
    for k in range(0, len(tolls), 7):
        dearer = [*tolls[:k], [*tolls[k][:5], tolls[k][5] * 3], *tolls[k + 1 :]]
        try:
            assert check_argument(problem, record | {"tariff": record["tariff"] | {"tolls": dearer}}) == 10
        except DataError as error:
            assert "operations pay" in error.message
        with pytest.raises(DataError):  # ten cycles are enough
            check_argument(
                problem, record | {"bound": 11, "tariff": record["tariff"] | {"cycles": 10, "tolls": dearer}}
            )
