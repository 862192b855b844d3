"""Scheduling problems as files: there and back, and a clear message for everything else."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import families
from benchmarks.instances.__main__ import main as make_library
from benchmarks.instances.__main__ import shared
from tests.backend.test_parts import groups, problem_of
from vliwc.backend.bound_check import check_argument
from vliwc.backend.bounds import segment_bound
from vliwc.backend.instance import Instance, Known
from vliwc.backend.problem import DATA, ORDER, Form, Issue, Operation, Problem, Schedule, Step
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import SCHEDULERS
from vliwc.backend.solution import read_solution, solution_record, solve
from vliwc.errors import DataError, DoesNotFit, InternalError
from vliwc.machine import load_machine
from vliwc.report.schema import schema_text

SCHEMA = json.loads(schema_text("instance"))


def round_trip(problem: Problem) -> Instance:
    text = Instance("name", "what it is", problem, Known(99, "guessed"), Known(1, "obvious")).to_text()
    jsonschema.validate(json.loads(text), SCHEMA)
    instance = Instance.from_text(text)
    assert instance.to_text() == text
    return instance


@pytest.mark.parametrize("family", families.names())
def test_instances_come_back(family: str) -> None:
    problem = families.make(family, 60, 0, tight=True)
    instance = round_trip(problem)
    assert (instance.name, instance.about) == ("name", "what it is")
    assert instance.best == Known(99, "guessed")
    other = instance.problem
    assert other.successors == problem.successors
    assert [replace(o, node=k) for k, o in enumerate(problem.operations)] == other.operations
    assert (other.widths, other.entry, other.held, other.tied) == (problem.widths, {}, problem.held, {})
    assert segment_bound(other).best == segment_bound(problem).best
    ours, theirs = SCHEDULERS["list"](problem, 0, None), SCHEDULERS["list"](other, 0, None)
    assert ours is not None
    assert theirs is not None
    assert ours.cycles == theirs.cycles


def test_variants_share_what_is_known() -> None:
    """What fits into little scratch fits into plenty; what is proved with plenty holds with little."""
    problem = families.make("layers", 30, 0)
    plain = Instance("a", "", problem, Known(12, "found"), Known(9, "proved"))
    tight = Instance("a-tight", "", problem, Known(11, "found"), Known(8, "proved"))
    assert shared(plain, tight) == (
        replace(plain, best=Known(11, "found, of a-tight")),
        replace(tight, bound=Known(9, "proved, of a")),
    )
    assert shared(tight, plain) == (tight, plain)


def test_problems_of_kernels_are_instances() -> None:
    """Values are numbered for the whole program there; entry, held and tied values, and blocked words stay."""
    problem = problem_of(groups(4))
    values = sorted({v for o in problem.operations for v in (*o.reads, o.writes) if v >= 0})
    first = problem.operations[0].writes
    other = round_trip(problem).problem
    assert other.widths == [problem.widths[v] for v in values]
    assert other.operations[0].writes == values.index(first)


RECORD: dict[str, Any] = json.loads(
    Instance("small", "", families.make("constants", 40, 0), Known(40, ""), Known(3, "", {"bound": 3})).to_text()
)


def changed(*path: str | int, value: object) -> str:
    record = copy.deepcopy(RECORD)
    place: Any = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(record)


@pytest.mark.parametrize(
    ("path", "value", "cause"),
    [
        (("format",), "vliwc/instance/9", "no instance"),
        (("more",), 1, "unknown key"),
        (("name",), 3, "expected a text"),
        (("machine",), [], "expected an object"),
        (("machine", "slots"), {"warp": 1}, "unknown key"),
        (("machine", "slots", "alu"), 0, "is not in 1"),
        (("machine", "lanes"), 10**9, "is not in 1"),
        (("machine", "scratch_words"), 10**30, "a huge number is not in"),
        (("kinds", 0), 7, "expected a list of forms"),
        (("kinds", 0), [[]], "expected a list of forms"),
        (("kinds", 0), [[["load", "const", 1]]], "expected steps"),
        (("kinds", 0), [[["store", "const", 10**6, 1]]], "is not in 1"),
        (("kinds", 0), [[["warp", "const", 1, 1]]], "no slots of an engine 'warp'"),
        (("operations", 0, "kind"), 99, "is not in 0"),
        (("operations", 0, "reads"), [0], "no data edge says that it waits for operation 0"),
        (("operations", 9, "reads"), [0, 0], "is there twice"),
        (("operations", 0, "writes"), 10**6, "is not in 0"),
        (("operations", 0, "needs"), [], "a list of values for each"),
        (("operations", 0, "needs"), [[10**6]], "is not in 0"),
        (("operations", 0, "more"), 1, "unknown key"),
        (("edges", 0), [0, 0, "data"], "is not in 1"),
        (("edges", 0), [0, 1, "anti"], "expected .operation, later operation"),
        (("edges", 0), [0, 1, []], "expected .operation, later operation"),
        (("edges",), None, "expected a list"),
        (("values", 0, "width"), 5, "neither 1 nor"),
        (("values", 0, "held"), 1, "expected true or false"),
        (("values", 0, "at"), 10**6, "is not in 0"),
        (("values", 0, "at"), 0, "writes value 0, which is there"),
        (("values", 0, "over"), 1, "cannot be written over"),
        (("blocked",), [[0, 4], [3, 1]], "taken twice"),
        (("blocked",), [4], "expected ranges"),
        (("blocked",), [[0, 10**7]], "is not in 1"),
        (("best", "cycles"), 2, "are more than the best known 2"),
        (("bound", "why"), 2, "unknown key"),
    ],
)  # fmt: skip
def test_wrong_instances(path: tuple[str | int, ...], value: object, cause: str) -> None:
    with pytest.raises(DataError, match=cause):
        Instance.from_text(changed(*path, value=value))


def test_needs_without_a_writer() -> None:
    record = copy.deepcopy(RECORD)
    record["values"].append({"width": 1})
    needy = next(o for o in record["operations"] if "needs" in o)
    needy["needs"][1] = [len(record["values"]) - 1]
    with pytest.raises(DataError, match="which nothing writes"):
        Instance.from_text(json.dumps(record))


@pytest.mark.parametrize("taken", ["read", "needed"])
def test_a_value_is_written_over_another_when_all_have_read_that(taken: str) -> None:
    """The one operation waits for the other by way of a third, or not."""
    word: Form = (Step("alu", "op", (), 1, 1),)
    reads, needs = ((0,), ()) if taken == "read" else ((), ((), (0,)))
    operations = [Operation(0, (word, word), reads, -1, needs), Operation(1, (), (), -1), Operation(2, (word,), (), 1)]
    machine, waits = load_machine("takehome"), [(2, ORDER)]
    problem = Problem(machine, operations, [[(1, ORDER)], waits, []], [1, 1], {0: 0}, frozenset({0, 1}), {1: 0})
    assert round_trip(problem).problem.tied == {1: 0}
    waits.clear()
    with pytest.raises(DataError, match="operation 0 takes value 0, and what writes value 1 over it does not wait"):
        round_trip(problem)


@pytest.mark.parametrize(
    ("held", "tied", "cause"),
    [
        ({0, 1, 2}, {1: 0}, None),
        ({1, 2}, {1: 0}, "value 1 is written over value 0, which is not held"),
        ({0, 1, 2}, {1: 0, 2: 0}, "value 0 is written over more than once"),
    ],
)
def test_values_are_written_over_held_ones_once(held: set[int], tied: dict[int, int], cause: str | None) -> None:
    """Others might take the old value's words otherwise; the checker of schedules does not rely on that."""
    word: Form = (Step("alu", "op", (), 1, 1),)
    operations = [Operation(0, (word,), (), 1), Operation(1, (word,), (), 2)]
    problem = Problem(load_machine("takehome"), operations, [[], []], [1, 1, 1], {0: 0}, frozenset(held), tied)
    schedule = SCHEDULERS["naive"](problem, 0)
    assert schedule is not None
    if cause is None:
        assert round_trip(problem).problem.tied == tied
        check_schedule(problem, schedule)
        return
    with pytest.raises(DataError, match=cause):
        round_trip(problem)
    with pytest.raises(DataError, match="a value is written over one that is not held"):
        check_schedule(problem, schedule)


@pytest.mark.parametrize(
    ("needs", "slots", "cause"),
    [
        (((), (0,)), 1, None),
        (((), (0,)), 2, "needs values for a form that takes more than one slot"),
        (((0,), ()), 1, "needs values for its first form"),
    ],
)
def test_forms_that_need_values(needs: tuple[tuple[int, ...], ...], slots: int, cause: str | None) -> None:
    forms: tuple[Form, ...] = tuple((Step("alu", "op", (), slots, 1),) for _ in needs)
    problem = Problem(load_machine("takehome"), [Operation(0, forms, (), -1, needs)], [[]], [1], {0: 0}, frozenset())
    if cause is None:
        assert round_trip(problem).problem.operations == problem.operations
        return
    with pytest.raises(DataError, match=cause):
        round_trip(problem)


@pytest.mark.parametrize("kind", [ORDER, DATA])
def test_readers_wait_for_the_results_of_all_writers(kind: int) -> None:
    word: Form = (Step("alu", "op", (), 1, 1),)
    operations = [Operation(0, (word,), (), 0), Operation(1, (word,), (), 0), Operation(2, (word,), (0,), -1)]
    edges = [[(2, DATA)], [(2, kind)], []]
    problem = Problem(load_machine("takehome"), operations, edges, [1], {}, frozenset())
    if kind == DATA:
        assert round_trip(problem).problem.successors == edges
        return
    with pytest.raises(
        DataError, match="operation 2 reads value 0, and no data edge says that it waits for operation 1"
    ):
        round_trip(problem)


def test_windows_may_cut_operations_off() -> None:
    """Own windows of engines need not hold what the window itself leaves out."""
    late: Form = (Step("load", "a", (), 1, 3), Step("valu", "b", (), 1, 1))
    operations = [Operation(0, (late,), (), -1), Operation(1, ((Step("valu", "c", (), 3, 1),),), (), -1)]
    machine = load_machine("takehome")
    engines = {name: replace(engine, slots=min(engine.slots, 1)) for name, engine in machine.engines.items()}
    problem = Problem(replace(machine, engines=engines), operations, [[(1, ORDER)], []], [], {}, frozenset())
    bound = segment_bound(problem)
    assert bound.argument is not None
    assert check_argument(problem, json.loads(json.dumps(bound.argument.as_json()))) == bound.best == 7


def test_all_schedulers_wait_for_joins() -> None:
    """A join is done when its results have landed, whatever kind of edge leads on."""
    word: Form = (Step("alu", "op", (), 1, 3),)
    operations = [Operation(0, (word,), (), -1), Operation(1, (), (), -1), Operation(2, (word,), (), -1)]
    problem = Problem(load_machine("takehome"), operations, [[(1, DATA)], [(2, ORDER)], []], [], {}, frozenset())
    for name in ("naive", "list"):
        schedule = SCHEDULERS[name](problem, 0)
        assert schedule is not None
        check_schedule(problem, schedule)
        assert schedule.cycles == 6


def test_joins_read_nothing() -> None:
    record = copy.deepcopy(RECORD)
    record["kinds"].append([])
    record["operations"][0]["kind"] = len(record["kinds"]) - 1
    with pytest.raises(DataError, match="without forms"):
        Instance.from_text(json.dumps(record))


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "nan", '{"format": "vliwc/instance/1"}'])
def test_texts_that_are_no_instances(text: str) -> None:
    with pytest.raises(DataError):
        Instance.from_text(text)


JSON = st.recursive(
    st.none() | st.integers() | st.text() | st.booleans(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(RECORD)), JSON)
def test_hostile_instances(key: str, value: object) -> None:
    try:
        Instance.from_text(changed(key, value=value))
    except DataError as error:
        assert error.help


# -- solutions


def test_solutions() -> None:
    instance = Instance("x", "", families.make("memory", 60, 0))
    for how in SCHEDULERS:
        solution = solve(instance, how)
        again = read_solution(instance, json.dumps({"how": "elsewhere", **solution_record(solution.schedule)}))
        assert again.schedule.cycles == solution.schedule.cycles
        assert again.how == "elsewhere"
        assert again.gap == solution.gap
        assert solution.optimal == (solution.schedule.cycles == solution.proved)


def test_bounds_of_instances_count_if_they_are_proved() -> None:
    problem = families.make("layers", 60, 0)
    argument = segment_bound(problem).argument
    assert argument is not None
    claims = Known(argument.bound + 50, "dreamt")
    assert solve(Instance("x", "", problem, None, claims)).proved == argument.bound
    wrong = replace(claims, argument=argument.as_json() | {"bound": claims.cycles})
    with pytest.raises(DataError, match="the conclusion proves"):
        solve(Instance("x", "", problem, None, wrong))


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"issues": [[0]]}, "expected .cycle, operation"),
        ({"issues": [[0, 10**6, 0, 0, 0, 1]]}, "no operation"),
        ({"issues": [[0, 0, 0, 0, 0, -1]]}, "is not in"),
        ({"issues": []}, "takes 0 of its forms"),
        ({"addresses": {"x": 1}}, "no such value"),
        ({"addresses": {"99999": 1}}, "no such value"),
        ({"addresses": []}, "expected an object"),
        ({"cycles": 1}, "the schedule is wrong"),
    ],
)
def test_wrong_solutions(change: dict[str, Any], cause: str) -> None:
    instance = Instance("x", "", families.make("memory", 60, 0))
    record = {**solution_record(solve(instance).schedule), **change}
    with pytest.raises(DataError, match=cause):
        read_solution(instance, json.dumps(record))


def test_no_room_and_wrong_schedulers(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = families.make("layers", 60, 0)
    tiny = families.with_scratch(problem, 8)
    with pytest.raises(DoesNotFit, match="finds no room"):
        solve(Instance("x", "", tiny))
    monkeypatch.setitem(SCHEDULERS, "list", lambda *_: Schedule([Issue(0, 0, 0, 0, 0, 1)], 1, {}, 0))
    with pytest.raises(InternalError, match="made a wrong schedule"):
        solve(Instance("x", "", problem))


# -- the library

LIBRARY = sorted((Path(__file__).parent.parent.parent / "benchmarks" / "instances").glob("*.json"))


def test_the_library_is_of_modest_size() -> None:
    assert len(LIBRARY) > 70
    assert sum(path.stat().st_size for path in LIBRARY) < 4_000_000


@pytest.mark.parametrize("path", [p for p in LIBRARY if p.stat().st_size < 30_000], ids=lambda path: path.stem)
def test_the_library_holds(path: Path) -> None:
    """Every instance is one by the schema, and what it says of bounds is proved; a list schedule fits in between."""
    text = path.read_text(encoding="utf-8")
    jsonschema.validate(json.loads(text), SCHEMA)
    instance = Instance.from_text(text)
    assert instance.name == path.stem
    assert instance.to_text() == text
    assert instance.best is not None
    assert instance.bound is not None
    if instance.bound.argument is not None:
        assert check_argument(instance.problem, instance.bound.argument) == instance.bound.cycles
    assert instance.bound.cycles <= instance.best.cycles <= solve(instance).schedule.cycles


def test_the_library_keeps_the_best(tmp_path: Path) -> None:
    """What a file knows stays unless it is bettered; what it knows of another problem does not count."""
    arguments = ["--only", "layers-30", "-o", str(tmp_path)]
    assert CliRunner().invoke(make_library, arguments).exit_code == 0
    path = tmp_path / "layers-30.json"
    made = Instance.from_text(path.read_text())
    assert made.best is not None
    for best, expected in ((Known(made.best.cycles, "by hand"), "by hand"), (Known(99, "by foot"), made.best.how)):
        path.write_text(replace(made, best=best).to_text())
        assert CliRunner().invoke(make_library, arguments).exit_code == 0
        kept = Instance.from_text(path.read_text()).best
        assert kept == Known(made.best.cycles, expected)
    other = replace(made, problem=families.make("layers", 40, 5), best=Known(99, "elsewhere"))
    path.write_text(replace(other, bound=None).to_text())
    assert CliRunner().invoke(make_library, arguments).exit_code == 0
    assert Instance.from_text(path.read_text()).best == made.best
