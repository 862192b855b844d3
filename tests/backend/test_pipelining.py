"""Software pipelining: overlapped loops compute the same, take no more cycles, and reach the minimum interval."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backend.harness import MACHINES, builder, cycles, image_of, run, with_scratch
from tests.backend.loops import random_loop, streaming
from tests.backend.test_loops import fibonacci
from vliwc.backend import generate
from vliwc.backend.bound_check import check_kernel
from vliwc.backend.bounds import segment_bound
from vliwc.backend.generated import Segment
from vliwc.backend.pipelining import exact, modulo, pipeliner
from vliwc.backend.pipelining.cyclic import Cyclic, Edge, fastest
from vliwc.backend.pipelining.intervals import recurrence_interval, recurrences, resource_interval, settles
from vliwc.backend.problem import DATA, ORDER, Operation, Step, Word
from vliwc.backend.schedulers.effort import Effort
from vliwc.errors import DataError
from vliwc.ir.graph import Access, Graph, Mode
from vliwc.machine import load_machine, simulate

TAKEHOME = load_machine("takehome")


@pytest.mark.parametrize("machine", MACHINES)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_random_loops(machine: str, seed: int) -> None:
    """Program and evaluator agree, the certifier accepts, and no run is longer than without overlap."""
    target = load_machine(machine)
    graph = random_loop(seed, target.lanes)
    generated = run(graph, "list", target)
    plain = generate(graph, target, pipeline=False)
    image = image_of(graph)
    before, after = (simulate(g.program, target, image).cycles for g in (plain, generated))
    assert after <= before


def test_a_stream_takes_one_cycle_an_iteration() -> None:
    generated = run(streaming(8).finish())
    (loop,) = generated.loops
    assert (loop.interval, loop.after) == (1, 1.0)
    assert loop.minimum is not None
    assert loop.minimum.interval == 1
    assert loop.copies >= 3, "a value lives from load to store"
    assert cycles(streaming(8).finish()) < 100 + 10


@pytest.mark.parametrize("machine", MACHINES)
def test_a_recurrence_sets_the_interval(machine: str) -> None:
    generated = run(fibonacci(40), "list", machine)
    (loop,) = generated.loops
    assert loop.minimum is not None
    assert loop.interval == loop.minimum.recurrence == 2


@pytest.mark.parametrize("trips", range(1, 16))
def test_every_number_of_trips(trips: int) -> None:
    run(fibonacci(trips))
    run(streaming(8, 8 * trips).finish())


def shifting(distance: int, first: int = 0) -> Graph:
    """b[i + distance] = b[i] * 3 + 1 from i = first on: a recurrence through memory."""
    out = builder(1, b=(200, Mode.INOUT))
    i, _ = out.begin_loop()
    word = out.emit("muladd", out.emit("load", i, attr=Access("b")), out.const(3), out.const(1))
    out.emit("store", out.emit("add", i, out.const(distance)), word, attr=Access("b"))
    out.end_loop("for", (first, 190, 1), i)
    return out.finish()


@pytest.mark.parametrize(("distance", "recurrence"), [(0, 1), (1, 4), (2, 2), (3, 2), (4, 1), (9, 1)])
def test_recurrences_through_memory(distance: int, recurrence: int) -> None:
    """A load, a product, a sum and a store, of which every `distance`-th iteration waits for the last."""
    (loop,) = run(shifting(distance)).loops
    assert loop.minimum is not None
    assert loop.minimum.recurrence == recurrence
    assert (loop.interval or loop.before) == loop.minimum.interval


def test_addresses_that_are_not_understood_keep_their_order() -> None:
    out = builder(1, a=(80, Mode.IN), c=(8, Mode.INOUT))
    i, _ = out.begin_loop()
    bucket = out.emit("and", out.emit("load", i, attr=Access("a")), out.const(7))
    out.emit("store", bucket, out.emit("add", out.emit("load", bucket, attr=Access("c")), i), attr=Access("c"))
    out.end_loop("for", (0, 80, 1), i)
    (loop,) = run(out.finish()).loops
    assert loop.minimum is not None
    assert loop.interval == loop.minimum.recurrence == 3


def test_only_innermost_loops_overlap() -> None:
    out = builder(1, a=(40, Mode.IN), c=(20, Mode.OUT))
    i, _ = out.begin_loop()
    j, (s,) = out.begin_loop((1,))
    word = out.emit("load", out.emit("add", i, j), attr=Access("a"))
    (total,) = out.end_loop("for", (0, 20, 1), j, (s,), (i,), (out.emit("muladd", s, word, j),))
    out.emit("store", i, total, attr=Access("c"))
    out.end_loop("for", (0, 20, 1), i)
    generated = run(out.finish())
    (loop,) = generated.loops
    assert loop.overlapped
    outer, inner = sorted(generated.witness.loops, key=lambda w: w.header)
    assert outer.pipeline is None
    assert inner.pipeline is not None


def test_loops_around_loops_that_do_nothing_do_not_overlap() -> None:
    out = builder(1, a=(40, Mode.IN), c=(20, Mode.OUT))
    i, _ = out.begin_loop()
    j, _ = out.begin_loop()
    out.emit("load", out.emit("add", i, j), attr=Access("a"))
    out.end_loop("for", (0, 20, 1), j)
    out.emit("store", i, out.emit("load", i, attr=Access("a")), attr=Access("c"))
    out.end_loop("for", (0, 20, 1), i)
    assert not run(out.finish()).loops


def rotating() -> Graph:
    """Carried values that only change places."""
    out = builder(1, a=(20, Mode.IN), c=(20, Mode.OUT))
    x, y = (out.emit("load", out.const(k), attr=Access("a")) for k in range(2))
    i, (p, q) = out.begin_loop((1, 1))
    out.emit("store", i, p, attr=Access("c"))
    out.end_loop("for", (0, 20, 1), i, (p, q), (x, y), (q, p))
    return out.finish()


def test_reasons_against_overlapping() -> None:
    (loop,) = run(rotating()).loops
    assert loop.reason == "its carried values only change places"
    (loop,) = run(fibonacci(3)).loops
    assert loop.reason == "it has too few iterations"
    (loop,) = run(streaming(8).finish(), machine=with_scratch(40)).loops
    assert not loop.overlapped
    assert not generate(fibonacci(40), TAKEHOME, schedule="naive").loops
    assert not generate(fibonacci(40), TAKEHOME, pipeline=False).loops


def test_the_effort_of_exact_schedules_is_what_the_cycles_are_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    efforts: list[float] = []

    def asked(problem: Cyclic, interval: int, work: float) -> Iterator[modulo.Modulo]:
        efforts.append(work)
        return iter(())

    monkeypatch.setattr(pipeliner, "schedules", lambda *_: iter(()))
    monkeypatch.setattr(exact, "schedules", asked)
    before = [generate(fibonacci(trips), TAKEHOME).loops[0].before for trips in (40, 80, 100_000)]
    worth = 0.0005 * 40 * (before[0] - 2)
    assert sorted(set(efforts)) == pytest.approx([worth, 2 * worth, exact.EFFORT])
    efforts.clear()
    little = Effort(seconds=None, work=0.05, workers=1)
    generate(fibonacci(100_000), TAKEHOME, schedule="cpsat", effort=little)
    assert set(efforts) == {little.for_one_loop()}


# -- the parts


def operation(number: int, op: str = "+") -> Operation:
    return Operation(number, ((Step("alu", op, (Word(number), Word(0), Word(0)), 1, 1),),), (), number)


def cyclic(count: int, *edges: Edge) -> Cyclic:
    return Cyclic(TAKEHOME, tuple(map(operation, range(count))), edges, count - 1, [1] * count, 100, 1000)


def test_resource_interval_counts_the_jump_and_balances_forms() -> None:
    wide = ((Step("valu", "+", (), 1, 1),), (Step("alu", "+", (), 8, 1),))
    select = ((Step("flow", "select", (), 1, 1),),)
    vectors = tuple(Operation(k, wide, (), k) for k in range(15))
    problem = Cyclic(TAKEHOME, (*vectors, *(Operation(9, select, (), 20 + k) for k in range(1))), (), 0, [], 0, 1000)
    found = resource_interval(problem)
    assert found.interval == 2  # 12 on valu and 3 times 8 words on alu; a select and the jump on flow
    ((_, quota), *_) = [(d, q) for d, q in found.quota.items() if len(q) == 2]
    assert sum(quota) == 15


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2), st.booleans()), max_size=14))
def test_the_recurrence_interval_is_the_least(drawn: list[tuple[int, int, int, bool]]) -> None:
    """No cycle of edges takes longer than it may; with one cycle less between iterations, one does."""
    edges = [Edge(a, b, DATA if late else ORDER, d if a < b else d + 1) for a, b, d, late in drawn]
    problem = cyclic(6, *edges)
    times = [fastest(o, problem.machine) for o in problem.operations]
    found = recurrence_interval(problem)
    for interval, right in ((found, True), (found - 1, False)):
        ways = [(e.source, e.target, times[e.source][e.kind == DATA] - interval * e.distance) for e in edges]
        assert interval == 0 or settles(dict.fromkeys(range(6), 0), ways) is right


def test_recurrence_interval() -> None:
    chain = [Edge(k, k + 1, DATA, 0) for k in range(4)]
    assert recurrence_interval(cyclic(5, *chain)) == 1
    assert recurrence_interval(cyclic(5, *chain, Edge(4, 0, DATA, 1))) == 5
    assert recurrence_interval(cyclic(5, *chain, Edge(4, 0, DATA, 2))) == 3
    assert recurrence_interval(cyclic(5, *chain, Edge(4, 0, ORDER, 2))) == 2
    both = cyclic(5, *chain, Edge(4, 0, DATA, 2))
    assert [recurrence_interval(both, iterations) for iterations in (1, 2, 3, 4)] == [3, 5, 8, 10], "5 cycles for two"
    assert recurrences(cyclic(5, *chain, Edge(2, 1, DATA, 1))) == [0, 2, 2, 0, 0]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_modulo_schedules_meet_all_constraints(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 14))
    number = st.integers(0, count - 1)
    pairs = data.draw(st.lists(st.tuples(number, number, st.integers(0, 2)), max_size=20))
    edges = [Edge(a, b, DATA, d) for a, b, d in pairs if a < b or d]
    problem = cyclic(count, *edges)
    resources = resource_interval(problem)
    least = max(resources.interval, recurrence_interval(problem))
    candidates = [
        next(modulo.schedules(problem, resources, least + 1, [0] * count, partial(recurrences, problem)), None)
    ]
    candidates += exact.schedules(problem, least)
    assert len(candidates) == 2, "the exact scheduler finds one at the minimum interval here"
    for found in candidates:
        assert found is not None
        assert all(
            found.placed[e.target].first >= modulo.after(found.placed[e.source], e, found.interval) for e in edges
        )
        rows = [p.first % found.interval for p in found.placed]
        assert all(rows.count(row) <= TAKEHOME.slots("alu") for row in rows)
        jump = found.placed[problem.condition]
        assert found.interval == 1 or jump.first % found.interval < found.interval - 1


def test_exact_schedules_say_when_there_is_none() -> None:
    problem = cyclic(3, Edge(0, 1, DATA, 0), Edge(1, 0, DATA, 1))
    assert not list(exact.schedules(problem, 1))
    assert list(exact.schedules(problem, 2))


def kernels(graph: Graph, machine: str = "takehome") -> list[Segment]:
    return [segment for segment in generate(graph, load_machine(machine)).segments if segment.kernel is not None]


def verified(segment: Segment, record: object) -> int:
    assert segment.kernel is not None
    return check_kernel(segment.kernel.cyclic, segment.kernel.rotation.copies, segment.problem, record)


@pytest.mark.parametrize("machine", MACHINES)
def test_bounds_of_kernels_are_verified(machine: str) -> None:
    """Resources for a stream (not where engines are wide), a circuit for a recurrence, one of them for random loops."""
    graphs = [streaming(8).finish(), fibonacci(40), shifting(3), *(random_loop(seed, 8) for seed in range(4))]
    kinds = set()
    for graph in graphs:
        for segment in kernels(graph, machine):
            argument = segment.bound.argument
            assert argument is not None
            assert verified(segment, json.loads(json.dumps(argument.as_json()))) == segment.bound.best
            kinds.add(argument.kind)
    assert kinds == {"recurrence"} | ({"resource"} if machine != "wide" else set())


def test_a_circuit_that_does_not_hold_is_refused() -> None:
    (segment,) = kernels(fibonacci(40))
    assert segment.bound.argument is not None
    record = segment.bound.argument.as_json()
    assert verified(segment, {**record, "bound": record["bound"] - 1}) == record["bound"] - 1
    waits = record["circuit"]["waits"]
    source, target, kind, distance = waits[0]
    wrong: list[tuple[object, str]] = [
        (waits[:-1] or [[source, target, kind, distance + 1]], "wait|begin"),
        ([[source, target, kind, distance + 1], *waits[1:]], "does not wait so"),
        ([], "none of them"),
        ([[source, target]], "expected"),
        ([[source, [target], kind, distance]], "expected"),
        ([[source, target, {}, distance]], "expected"),
    ]
    for changed, cause in wrong:
        with pytest.raises(DataError, match=cause):
            verified(segment, {**record, "circuit": {"waits": changed}})
    with pytest.raises(DataError, match="the circuit proves"):
        verified(segment, {**record, "bound": record["bound"] + 1})


def test_of_a_kernel_no_chain_and_no_part_of_its_work_counts() -> None:
    """Both hold for the straight code of a trip, but not for another overlap of the loop."""
    (segment,) = kernels(streaming(8).finish())
    argument = segment_bound(segment.problem).argument
    assert argument is not None
    window = {"after": 1, "before": 1} | argument.as_json().get("window", {})
    record = {"bound": argument.bound, "lemmas": [], "window": window | {"after": 1}}
    with pytest.raises(DataError, match="only the work of all operations"):
        verified(segment, record)
    for other in ("chain", "tariff", "orders"):
        with pytest.raises(DataError, match="an argument has one conclusion"):
            verified(segment, {**record, "window": window | {"after": 0}, other: {}})
    with pytest.raises(DataError, match="expected an object"):
        verified(segment, {"bound": 9, "lemmas": [], "chain": {"operations": []}})
