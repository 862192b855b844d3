"""Verifies the argument for a lower bound from the problem alone: `check_argument(problem, record)`, and `check_kernel`
for a trip of an overlapped loop.

Shares no code with the schedulers or with the search for bounds, and uses no arithmetic but that of integers. What a
record means is said in `vliwc.backend.bounds.argument` and docs/bounds.md; in short: *heads* (cycles before which
operations cannot begin) and *tails* (cycles from their last slots to the end) follow from the dependences, or from
lemmas, each of which says that the work in a window before (behind) an operation takes so long; the conclusion is one
more window, a chain of operations, or one of what `tariff_check` and `orders_check` verify. A record may come from
anywhere.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

from vliwc.backend.entries import Entry
from vliwc.backend.orders_check import check_orders
from vliwc.backend.pipelining.cyclic import Cyclic, Edge
from vliwc.backend.problem import DATA, ORDER, Form, Operation, Problem
from vliwc.backend.tariff_check import check_tariff
from vliwc.machine.description import Machine

_HELP = "the argument is of another problem, or it is wrong: make a new one with `vliwc bound --json`"


def check_argument(problem: Problem, record: object) -> int:
    """The bound in cycles, if the argument proves it for this problem.

    Raises DataError if the record is malformed, or if any of its steps does not hold.
    """
    entry = Entry("argument", record, _HELP)
    bound = entry.integer("bound")
    _one_conclusion(entry)
    start, end = _View(problem, from_end=False), _View(problem, from_end=True)
    heads = start.heads(_lemmas(entry, "head", problem), problem)
    tails = end.heads(_lemmas(entry, "tail", problem), problem)
    if entry.has("chain"):
        value = _chain(entry.entry("chain"), start, heads, tails)
    elif entry.has("tariff"):
        value = check_tariff(entry.entry("tariff"), problem, heads, tails)
    elif entry.has("orders"):
        value = check_orders(entry.entry("orders"), problem, heads, tails, start.earlier, start.span)
    else:
        window = entry.entry("window")
        inside = [(k, heads[k], tails[k]) for k in _ranges(window, len(problem.operations))]
        value = _window(window, problem, inside)
        if window.has("own"):
            value = _own_windows(window, problem, inside, _landings(problem, start, heads))
    if value < bound:
        raise entry.error("bound", f"the conclusion proves {value} cycles, not {bound}")
    return bound


def check_kernel(loop: Cyclic, iterations: int, trip: Problem, record: object) -> int:
    """The bound in cycles of a trip of an overlapped loop, if the argument proves it, whichever way it is overlapped.

    `loop` has the waits between operations of an iteration and of later ones, `trip` is what a trip does, which is
    `iterations` iterations. Only the work of all operations counts, or a circuit of waits. Raises DataError as
    `check_argument` does.
    """
    entry = Entry("argument", record, _HELP)
    _one_conclusion(entry)
    if not entry.has("circuit"):
        window = entry.entry("window")
        if entry.list("lemmas") or window.has("own") or (window.integer("after"), window.integer("before")) != (0, 1):
            raise entry.error("window", "of an overlapped loop, only the work of all operations counts")
        return check_argument(trip, record)
    bound, circuit = entry.integer("bound"), entry.entry("circuit")
    waits = _waits(circuit, loop)
    delay = sum(_delay(loop.operations[wait.source], loop.machine, wait.kind) for wait in waits)
    distance = sum(wait.distance for wait in waits)
    if not distance:
        raise circuit.error("waits", "none of them is for an earlier iteration")
    value = -(-iterations * delay // distance)
    if value < bound:
        raise entry.error("bound", f"the circuit proves {value} cycles for {iterations} iterations, not {bound}")
    return bound


def _one_conclusion(entry: Entry) -> None:
    """Raises DataError if an argument has several conclusions: only one of them would be verified."""
    found = [key for key in ("chain", "circuit", "orders", "tariff", "window") if entry.has(key)]
    if len(found) > 1:
        raise entry.error(found[1], f"an argument has one conclusion, and there is a {found[0]} already")


def _waits(circuit: Entry, loop: Cyclic) -> list[Edge]:
    """The waits of a circuit: of the loop, and each begins where the one before it ends."""
    known, found = frozenset(loop.edges), list[Edge]()
    for item in circuit.list("waits"):
        if not isinstance(item, list) or len(item) != 4 or item[2] not in ("data", "order"):
            raise circuit.error("waits", "expected [operation, operation, data or order, iterations] each")
        source, target, distance = (circuit.number("waits", item[part], 0, 1 << 31) for part in (0, 1, 3))
        found.append(Edge(source, target, DATA if item[2] == "data" else ORDER, distance))
        if found[-1] not in known:
            raise circuit.error("waits", f"operation {target} does not wait so for operation {source}")
    if any(wait.target != following.source for wait, following in pairwise([*found, *found[:1]])):
        raise circuit.error("waits", "one of them does not begin where the one before it ends")
    return found


def _delay(operation: Operation, machine: Machine, kind: int) -> int:
    """The fewest cycles from an operation's start to what waits for it."""
    landings = (_form_span(form, machine) + (form[-1].latency if kind == DATA else 0) for form in operation.forms)
    return min(landings, default=0)


class _View:
    """The problem's waits as seen from the start, or with all of them turned round from the end."""

    def __init__(self, problem: Problem, *, from_end: bool) -> None:
        count = len(problem.operations)
        times = [_times(operation, problem.machine) for operation in problem.operations]
        self.own = [landing if from_end else 0 for _, landing in times]
        """The head of each operation if there were no others."""
        self.span = [span for span, _ in times]
        self.order = range(count - 1, -1, -1) if from_end else range(count)
        self.earlier: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        for k, edges in enumerate(problem.successors):
            for target, kind in edges:
                wait = times[k][1] if kind == DATA else 0
                if from_end:
                    self.earlier[k].append((target, wait))
                else:
                    self.earlier[target].append((k, wait))

    def heads(self, lemmas: Mapping[int, Entry], problem: Problem) -> list[int]:
        """All heads; lemmas are verified on the way, when the heads that they speak of are known."""
        heads = self.own.copy()
        for k in self.order:
            for earlier, wait in self.earlier[k]:
                heads[k] = max(heads[k], heads[earlier] + self.span[earlier] + wait)
            if k in lemmas:
                away = self._distances(k)
                value = _window(lemmas[k].entry("window"), problem, ((j, heads[j], d) for j, d in away.items()))
                claimed = lemmas[k].integer("cycles")
                if value < claimed:
                    raise lemmas[k].error("cycles", f"the window proves {value} cycles, not {claimed}")
                heads[k] = max(heads[k], claimed)
        return heads

    def _distances(self, target: int) -> dict[int, int]:
        """For each operation that comes before `target` the cycles at least from its last slot to target's first."""
        away: dict[int, int] = {}
        todo = {target: 0}
        for k in reversed(self.order[: self.order.index(target) + 1]):
            if k in todo:
                for earlier, wait in self.earlier[k]:
                    away[earlier] = max(away.get(earlier, 0), todo[k] + wait)
                    todo[earlier] = away[earlier] + self.span[earlier]
        return away


def _times(operation: Operation, machine: Machine) -> tuple[int, int]:
    """The fewest cycles from an operation's first slot to its last one, and from there until the result is there."""
    spans, landings = [0], [0]
    if operation.forms:
        spans = [_form_span(form, machine) for form in operation.forms]
        landings = [form[-1].latency for form in operation.forms]
    return min(spans), min(landings)


def _form_span(form: Form, machine: Machine) -> int:
    cycle = 0
    for number, step in enumerate(form):
        if number:
            cycle += form[number - 1].latency
        cycle += (step.slots - 1) // machine.slots(step.engine)
    return cycle


def _chain(chain: Entry, start: _View, heads: list[int], tails: list[int]) -> int:
    """The length of a chain: each operation waits for the one before it."""
    operations = chain.integers("operations", len(heads) - 1)
    if not operations:
        return 0
    length = heads[operations[0]]
    for earlier, later in pairwise(operations):
        waits = [wait for k, wait in start.earlier[later] if k == earlier]
        if not waits:
            raise chain.error("operations", f"operation {later} does not wait for operation {earlier}")
        length += start.span[earlier] + max(waits)
    return length + start.span[operations[-1]] + tails[operations[-1]]


def _window(window: Entry, problem: Problem, operations: Iterable[tuple[int, int, int]]) -> int:
    """What a window proves, for operations with their heads and their distances from what comes behind.

    All of their work lies in the cycles from `after` on and at least `before` cycles away from what comes behind; of
    an operation whose own window is wider by some cycles, all but what those cycles may hold.
    """
    after, before = window.integer("after"), window.integer("before")
    prices = _prices(window, problem.machine)
    capacity = sum(problem.machine.slots(engine) * price for engine, price in prices.items())
    work = sum(cost for _, cost in _costs(window, problem, operations, prices))
    if not capacity or not work:
        raise window.error("prices", "there is no work at these prices")
    return after + before - 1 + -(-work // capacity)


def _costs(
    window: Entry, problem: Problem, operations: Iterable[tuple[int, int, int]], prices: Mapping[str, int]
) -> Iterable[tuple[int, int]]:
    """What each operation costs at least within a window."""
    after, before = window.integer("after"), window.integer("before")
    for k, head, distance in operations:
        outside = max(0, after - head) + max(0, before - distance)
        yield k, _least_cost(problem.operations[k], problem.machine, prices, outside)


def _own_windows(
    window: Entry, problem: Problem, operations: list[tuple[int, int, int]], landings: Mapping[int, int]
) -> int:
    """What a window proves if some engines have narrower ones of their own.

    No operation with work in the window may have a form with a slot of such an engine inside the window and outside of
    the engine's own one. Then the fewest cycles T are those in which all engines, each in T cycles but the ones that it
    lacks, offer enough.
    """
    prices, own = _prices(window, problem.machine), window.entry("own")
    after, before = window.integer("after"), window.integer("before")
    lacks = dict.fromkeys(prices, after + before - 1)
    work = 0
    places = {k: (head, distance) for k, head, distance in operations}
    spans: dict[str, tuple[int, int]] = {}
    for engine in own.data:
        if engine not in prices:
            raise own.error(engine, "the engine has no price")
        first, last = own.integers(engine)[:2] if len(own.list(engine)) == 2 else (-1, -1)
        if first < after or last < before:
            raise own.error(engine, "expected [after, before], none less than the window's")
        spans[engine], lacks[engine] = (first, last), first + last - 1
    for k, cost in _costs(window, problem, operations, prices):
        work += cost
        for engine, (early, late) in _reach(problem, k, *places[k], landings).items() if cost else ():
            first, last = spans.get(engine, (after, before))
            if (first > after and early < first) or (last > before and late < last):  # else the window cuts it off
                raise own.error(engine, f"operation {k} may have a slot of it outside of this window")
    offers = {engine: problem.machine.slots(engine) * price for engine, price in prices.items()}
    return bisect_left(
        range(work + max(lacks.values()) + 1),
        work,
        key=lambda cycles: sum(offer * max(0, cycles - lacks[engine]) for engine, offer in offers.items()),
    )


def _reach(problem: Problem, k: int, head: int, tail: int, landings: Mapping[int, int]) -> dict[str, tuple[int, int]]:
    """For each engine that an operation may use the first cycle in which it may, and the cycles left after the last."""
    operation, machine = problem.operations[k], problem.machine
    found: dict[str, tuple[int, int]] = {}
    for f, form in enumerate(operation.forms):
        needs = operation.needed(f)
        begin = max([head, *(landings.get(value, 0) for value in needs)])
        for number, step in enumerate(form):
            # what comes before a step is a form that ends with a step of one slot there; so is what comes behind it
            alone = replace(step, slots=1)
            first = begin + _form_span((*form[:number], alone), machine)
            last = tail + _form_span((alone, *form[number + 1 :]), machine)
            early, late = found.get(step.engine, (first, last))
            found[step.engine] = min(early, first), min(late, last)
    return found


def _landings(problem: Problem, start: _View, heads: list[int]) -> dict[int, int]:
    """For each value that is written the cycle before which not all of its writers' results have landed."""
    landings: dict[int, int] = {}
    for k, operation in enumerate(problem.operations):
        there = heads[k] + start.span[k] + _times(operation, problem.machine)[1]
        landings[operation.writes] = max(landings.get(operation.writes, 0), there)
    return landings


def _least_cost(operation: Operation, machine: Machine, prices: Mapping[str, int], outside: int) -> int:
    """The cost of the cheapest form, without the slots that fit into so many cycles outside of a window."""
    costs = []
    for form in operation.forms:
        if outside and len(form) > 1:
            return 0
        costs.append(sum(prices.get(s.engine, 0) * max(0, s.slots - outside * machine.slots(s.engine)) for s in form))
    return min(costs, default=0)


def _lemmas(entry: Entry, side: str, problem: Problem) -> dict[int, Entry]:
    """The lemmas of one side, by operation."""
    found: dict[int, Entry] = {}
    for lemma in entry.entries("lemmas"):
        kind = lemma.text("side")
        if kind not in ("head", "tail"):
            raise lemma.error("side", "is neither head nor tail")
        k = lemma.integer("operation", 0, len(problem.operations) - 1)
        if kind == side:
            found[k] = lemma
    return found


def _ranges(window: Entry, limit: int) -> list[int]:
    """The operations in ranges [first, last], which ascend: each is there once."""
    found: list[int] = []
    for item in window.list("operations"):
        if not isinstance(item, list) or len(item) != 2:
            raise window.error("operations", "expected ranges [first, last]")
        first, last = (window.number("operations", number, 0, limit - 1) for number in item)
        if first > last or (found and first <= found[-1]):
            raise window.error("operations", "the ranges do not ascend")
        found += range(first, last + 1)
    return found


def _prices(window: Entry, machine: Machine) -> dict[str, int]:
    prices = window.entry("prices")
    for engine in prices.data:
        if not machine.slots(engine):
            raise window.error("prices", f"the machine has no engine '{engine}'")
    return {engine: prices.integer(engine) for engine in prices.data}
