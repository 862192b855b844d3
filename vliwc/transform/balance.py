"""Which gathers become selections: a first, greedy answer to "keep every engine equally busy".

The load of the busiest engine bounds the cycles from below, so a gather moves from the load engine to flow (selects) or
to the vector units (multiply-adds) as long as that lowers the maximum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import Kind
from vliwc.machine.description import Machine
from vliwc.transform.tables import Site


class Way(Enum):
    """How a gather is carried out."""

    GATHER = "one load a lane"
    SELECT = "selects"
    LEAF_ARITHMETIC = "multiply-adds between shared words, selects above"
    ARITHMETIC = "multiply-adds between shared words and lane arithmetic above"


@dataclass(slots=True)
class Loads:
    """Engine loads of a program part, in cycles if that engine were alone."""

    compute: float = 0.0
    flow: float = 0.0
    load: float = 0.0

    def plus(self, other: Loads, times: float = 1.0) -> Loads:
        """self + times * other."""
        return Loads(
            self.compute + times * other.compute, self.flow + times * other.flow, self.load + times * other.load
        )

    @property
    def worst(self) -> tuple[float, float]:
        """The busiest engine first; the sum breaks ties in favour of less work."""
        return max(self.compute, self.flow, self.load), self.compute + self.flow + self.load


class Prices:
    """What one operation on all lanes costs each engine of a machine, in cycles."""

    def __init__(self, machine: Machine) -> None:
        lanes = machine.lanes
        self.machine = machine
        vector_slots = machine.slots("valu") + machine.slots("alu") / lanes
        self.op = Loads(compute=1 / max(vector_slots, 0.1))
        has_vselect = machine.runs("flow", "vselect")
        self.select = Loads(flow=1 / machine.slots("flow")) if has_vselect else self.op.plus(self.op, 2)
        self.gather = Loads(load=lanes / max(machine.slots("load"), 0.1))
        self.vload = Loads(load=1 / max(machine.slots("load"), 0.1))

    def way(self, site: Site, way: Way) -> Loads | None:
        """The price of carrying out a gather in some way, or None where that way is not open."""
        if way is Way.GATHER:
            return self.gather
        leaves, others = site.leaf_selects, site.selects - site.leaf_selects
        total = Loads().plus(self.op, site.bit_ops)
        if way is Way.SELECT:
            return total.plus(self.select, site.selects)
        if site.bits is None or not self.machine.runs("valu", "multiply_add"):
            return None
        if way is Way.LEAF_ARITHMETIC:
            return total.plus(self.op, leaves).plus(self.select, others)
        return total.plus(self.op, leaves + 2 * others)


def body_loads(graph: Graph, loop: Loop, prices: Prices, chosen: set[int]) -> Loads:
    """The engine loads of one group's body without the gathers in `chosen`. Inner loops count their trips."""
    total = Loads()

    def count(block: tuple[int, ...], times: int) -> None:
        nonlocal total
        for n in block:
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                count(attr.body, times * attr.trips)
            elif graph.kind(n) is Kind.LOAD and n not in chosen:
                total = total.plus(prices.vload, times)
            elif graph.op[n] == "select":
                total = total.plus(prices.select, times)
            elif graph.kind(n) is Kind.PURE:
                total = total.plus(prices.op, times)

    count(loop.body, 1)
    return total


def balance(graph: Graph, loop: Loop, found: list[Site], machine: Machine, groups: int) -> dict[tuple[int, int], Way]:
    """The way for each (gather node, group) pair that is not a plain gather.

    Greedy: the move that lowers the busiest engine's load most, until none does. Sites with fewer words come first.
    """
    prices = Prices(machine)
    total = Loads().plus(body_loads(graph, loop, prices, {s.node for s in found}), groups)
    plan: dict[tuple[int, int], Way] = {}
    total = total.plus(prices.gather, groups * len(found))
    pending = {site.node: 0 for site in found}
    while True:
        best: tuple[tuple[float, float], Site, Way, Loads] | None = None
        for site in found:
            if pending[site.node] >= groups:
                continue
            for way in (Way.SELECT, Way.LEAF_ARITHMETIC, Way.ARITHMETIC):
                price = prices.way(site, way)
                if price is None:
                    continue
                after = total.plus(prices.gather, -1).plus(price)
                if best is None or after.worst < best[0]:
                    best = (after.worst, site, way, after)
        if best is None or best[0] >= total.worst:
            return plan
        _, site, way, total = best
        # Spread over the groups, so that neighbours in time differ in what they ask of the engines.
        group = _spread(pending[site.node], groups)
        plan[site.node, group] = way
        pending[site.node] += 1


def _spread(k: int, groups: int) -> int:
    """The k-th group in an order that scatters: strides coprime to the number of groups."""
    stride = max(1, round(groups * 0.618))
    while math.gcd(stride, groups) != 1:
        stride += 1
    return (k * stride) % groups
