"""A loop body as a cyclic scheduling problem: operations, and dependences that may reach into later iterations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from vliwc.analysis.linear import Form as Linear
from vliwc.analysis.linear import Forms, signed
from vliwc.backend.dependences import Known, touches_memory
from vliwc.backend.problem import DATA, ORDER, Form, Operation
from vliwc.backend.regions import Span
from vliwc.backend.selection import Body, Selector
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import MASK, Kind
from vliwc.machine.description import Machine


class Edge(NamedTuple):
    """Operation `target` waits for `source` of `distance` iterations before; `kind` is DATA or ORDER."""

    source: int
    target: int
    kind: int
    distance: int


@dataclass(frozen=True, slots=True)
class Cyclic:
    """One iteration's operations and their dependences.

    `condition` is the operation that decides whether the loop goes on: the jump, which takes a slot of flow in the last
    cycle of the kernel, waits for it. Operations without forms only order others.
    """

    machine: Machine
    operations: tuple[Operation, ...]
    edges: tuple[Edge, ...]
    condition: int
    widths: Sequence[int]
    """The words of each value."""
    words: int
    """The words of scratch that are left for what the body computes."""
    trips: int
    """How many iterations may overlap: those for which what the loop carries comes from inside of it."""


class Unsuitable(Exception):
    """Why a loop cannot be software-pipelined, in a few words."""


def cyclic_problem(selector: Selector, number: int) -> Cyclic:
    """The problem of the innermost loop whose body is segment `number`.

    Raises Unsuitable where carried values only change places, or a condition guards a store.
    """
    plan, legal = selector.plan, selector.legal
    span = plan.loops[plan.segments[number].loop]
    body = selector.body(number)
    edges = [Edge(k, target, kind, 0) for k, out in enumerate(body.problem.successors) for target, kind in out]
    edges += _carried(selector, span, body)
    edges += _memory(selector.graph, selector.known, span, body)
    writers = body.writers.get(selector.placement.place[legal.continues[span.node]].value, [])
    if len(writers) != 1:
        raise Unsuitable("its condition is no operation of its own")
    operations = tuple(body.problem.operations)
    widths = selector.placement.widths
    return Cyclic(
        selector.machine,
        operations,
        _unique(edges),
        writers[0],
        widths,
        _room(selector, number, span, widths),
        selector.graph.loop(span.node).trips - history(selector.graph, span.node),
    )


def _room(selector: Selector, number: int, span: Span, widths: Sequence[int]) -> int:
    """The words of scratch that hold nothing from outside of the loop."""
    place = selector.placement.place
    carried = {place[c].value for c in selector.graph.loop(span.node).carried if c in place}
    kept = {v for v in selector.placement.alive_before(number) if v not in carried}
    return selector.machine.scratch_words - sum(widths[v] for v in kept)


def _unique(edges: list[Edge]) -> tuple[Edge, ...]:
    """The edges without those that another one of less distance implies."""
    nearest: dict[tuple[int, int, int], int] = {}
    for e in edges:
        key = e.source, e.target, e.kind
        nearest[key] = min(nearest.get(key, e.distance), e.distance)
    return tuple(Edge(s, t, kind, distance) for (s, t, kind), distance in nearest.items())


def source_of(graph: Graph, node: int, n: int) -> tuple[int, int]:
    """The node whose value node `n` in the body of loop `node` is, and how many iterations before.

    Looks through carried values and lanes; a carried value that never changes is its initial value. Raises Unsuitable
    if carried values only change places.
    """
    loop, distance = graph.loop(node), 0
    position = {c: k for k, c in enumerate(loop.carried)}
    while True:
        if n in position:
            following = loop.yields[position[n]]
            if following == n:
                return graph.args[node][position[n]], 0
            n, distance = following, distance + 1
            if distance > len(position):
                raise Unsuitable("its carried values only change places")
        elif graph.op[n] == "lane" and n in loop.body:
            n = graph.args[n][0]
        else:
            return n, distance


def history(graph: Graph, node: int) -> int:
    """For how many iterations a loop's carried values come from outside of it, in part."""
    return max((source_of(graph, node, c)[1] for c in graph.loop(node).carried), default=0)


def _carried(selector: Selector, span: Span, body: Body) -> Iterator[Edge]:
    """Readers of carried values wait for the iteration that makes them."""
    graph, place = selector.graph, selector.placement.place
    loop = graph.loop(span.node)
    sources = {place[c].value: source_of(graph, span.node, c) for c in loop.carried if c in place}
    for k, operation in enumerate(body.problem.operations):
        for value in operation.reads:
            if value in sources:
                n, distance = sources[value]
                for writer in body.writers.get(place[n].value, ()):
                    yield Edge(writer, k, DATA, distance)


# -- memory


class _Touch(NamedTuple):
    """What a memory operation touches: `width` words from an address, or (None) words that are not understood."""

    operation: int
    store: bool
    address: Linear | None
    width: int


def _memory(graph: Graph, known: Known, span: Span, body: Body) -> Iterator[Edge]:
    """Accesses of one array that may meet in different iterations keep their order."""
    loop = graph.loop(span.node)
    inside = {*loop.body, *loop.carried}
    arrays: dict[str, list[_Touch]] = {}
    forms = Forms(graph)
    for k, operation in enumerate(body.problem.operations):
        if operation.node >= 0 and touches_memory(graph, operation.node):
            touch = _touch(graph, forms, known, k, operation.node, inside - {loop.carried[-1]})
            arrays.setdefault(graph.access(operation.node).array, []).append(touch)
    for touches in arrays.values():
        for a in touches:
            for b in touches:
                if a.store or b.store:
                    distance = _meeting(a, b, loop)
                    if distance:
                        yield Edge(a.operation, b.operation, DATA if a.store else ORDER, distance)


def _touch(graph: Graph, forms: Forms, known: Known, k: int, n: int, changing: set[int]) -> _Touch:
    """Addresses are understood if they depend on the index and on nothing else that changes in the loop."""
    store = graph.kind(n) is Kind.STORE
    address, op = graph.args[n][0], graph.op[n]
    if op in ("gather", "scatter"):
        words = known.get(address)
        if words is None or any(b != a + 1 for a, b in pairwise(words)):
            return _Touch(k, store, None, 0)
        return _Touch(k, store, Linear(words[0]), graph.access(n).active or len(words))
    form = forms.of(address)
    understood = all(m not in changing for m, _ in form.terms)
    return _Touch(k, store, form if understood else None, graph.lanes if op in ("vload", "vstore") else 1)


def _meeting(a: _Touch, b: _Touch, loop: Loop) -> int:
    """The least d > 0 for which `a` in an iteration may touch a word of `b` d iterations later; 0 if there is none."""
    if a.address is None or b.address is None:
        return 1
    index = loop.carried[-1]
    step, other = signed(a.address.coefficient(index)), signed(b.address.coefficient(index))
    difference = b.address.plus(a.address, -1)
    if step != other or difference.terms or abs(step) * loop.step * loop.trips > MASK >> 1:
        return 1
    # b of d iterations later begins `offset + stride * d` words after a: they meet if -b.width < that < a.width
    offset, stride = signed(difference.constant), step * loop.step
    if stride == 0:
        return int(-b.width < offset < a.width)
    if stride < 0:
        offset, stride = -offset, -stride
        low, high = -a.width, b.width
    else:
        low, high = -b.width, a.width
    distance = max(1, (low - offset) // stride + 1)
    return distance if offset + stride * distance < high and distance < loop.trips else 0


# -- times


def fastest(operation: Operation, machine: Machine) -> tuple[int, int]:
    """The fewest cycles from an operation's first slot to its last, and to the landing of its results."""
    if not operation.forms:
        return 0, 0
    times = [_times(form, machine) for form in operation.forms]
    return min(last for last, _ in times), min(landed for _, landed in times)


def _times(form: Form, machine: Machine) -> tuple[int, int]:
    last = landed = 0
    for step in form:
        last = landed + -(-step.slots // machine.slots(step.engine)) - 1
        landed = last + step.latency
    return last, landed
