"""Conditions become bits where flow has too much to do: by a bit the vector units can select, too.

    %c = and %x, 32                     %c = lt 0, (and %x, 32)
    %v = select %c, %a, %b       →      %v = select %c, %a, %b            (flow, or b + c * (a - b))

A condition that any other word than 0 meets is for flow alone. To compare it takes an operation, which is worth it if
many selects depend on it, or flow is all that the program waits for.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

from vliwc.analysis import ranges
from vliwc.ir.graph import Graph, Loop
from vliwc.machine.description import Machine
from vliwc.transform.loads import NO_LOADS, Loads, Prices, measure
from vliwc.transform.rewriter import Rewriter

_EPSILON = 1e-6


def relieve_flow(graph: Graph, machine: Machine) -> Graph:
    """Makes bits of as many conditions as lets the busiest one of flow and the vector units end first."""
    prices = Prices(machine)
    if not (prices.on_flow and machine.runs("valu", "multiply_add") and machine.runs("valu", "<")):
        return graph
    selects = _selects_by_word(graph, prices)
    if not selects:
        return graph
    work = measure(graph, prices)
    order = sorted(selects, key=lambda c: -selects[c][0] / selects[c][1])
    best, count = _cycles(work, prices), 0
    for k, c in enumerate(order, 1):
        times, amount = selects[c][1], selects[c][2]
        work = work.plus(Loads(flow=-selects[c][0])).plus(amount).plus(prices.op, times)
        cycles = _cycles(work, prices)
        if cycles < best:
            best, count = cycles, k
    return _Compared(graph, frozenset(order[:count])).run() if count else graph


def _selects_by_word(graph: Graph, prices: Prices) -> dict[int, tuple[int, int, Loads]]:
    """For each vector that is a condition and no bit: how many selects by it are carried out, how often it is made, and
    what the selects are for prices if it is one."""
    facts = ranges.analyse(graph)
    found: dict[int, tuple[int, int, Loads]] = {}
    made: dict[int, int] = {}

    def visit(block: Iterable[int], times: int) -> None:
        for n in block:
            attr = graph.attr[n]
            made[n] = times
            if isinstance(attr, Loop):
                made.update(dict.fromkeys(attr.carried, times * attr.trips))
                visit(attr.body, times * attr.trips)
            elif graph.op[n] == "select" and graph.width[n] > 1 and prices.node(graph, n) == prices.by_mask:
                c = graph.args[n][0]
                if not facts[c].is_bit:
                    count, _, loads = found.get(c, (0, 0, NO_LOADS))
                    found[c] = count + times, made[c], loads.plus(prices.by_bit(graph, n), times)

    visit(graph.body, 1)
    return found


def _cycles(work: Loads, prices: Prices) -> int:
    """How many cycles flow and the vector units take at best, where selects by bits go to either."""
    kinds = sorted(prices.ways, key=lambda kind: prices.cycles(prices.ways[kind][1])["compute"])
    left = {kind: getattr(work, kind) for kind in kinds}
    cycles = prices.cycles(work)
    flow, compute = cycles["flow"], cycles["compute"]
    for kind in kinds:
        by_flow, otherwise = (prices.cycles(way) for way in prices.ways[kind])
        step = by_flow["flow"] + otherwise["compute"]
        moved = min(left[kind], max(0.0, (flow - compute) / step))
        flow, compute = flow - moved * by_flow["flow"], compute + moved * otherwise["compute"]
    return ceil(max(flow, compute) - _EPSILON)


class _Compared(Rewriter):
    def __init__(self, graph: Graph, conditions: frozenset[int]) -> None:
        super().__init__(graph)
        self.conditions = conditions

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        if self.old.op[n] == "select" and self.old.args[n][0] in self.conditions:
            zero = self.new.const(0, self.old.width[n])
            args = (self.emit("lt", zero, args[0], span=self.old.span[n]), *args[1:])
        return super().pure(n, args)
