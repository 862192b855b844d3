"""Which gathers become selections: the mix that keeps every engine equally busy.

The load of the busiest engine bounds the cycles from below. A gather keeps the load engine busy, selection the flow
engine or, as multiply-adds, the vector units; an integer program decides how many groups treat each gather
in which way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import Kind
from vliwc.machine.description import Machine
from vliwc.transform.tables import Site

_SCALE = 1000
"""The integer program counts in thousandths of a cycle."""


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
            return self.gather.plus(self.op, site.flip != 0)
        leaves, others = site.leaf_selects, site.selects - site.leaf_selects
        total = Loads().plus(self.op, site.bit_ops)
        if way is Way.SELECT:
            return total.plus(self.select, site.selects)
        if site.bits is None or not self.machine.runs("valu", "multiply_add"):
            return None
        if way is Way.LEAF_ARITHMETIC:
            return total.plus(self.op, leaves).plus(self.select, others)
        return total.plus(self.op, leaves + 2 * others)


def group_loads(graph: Graph, loop: Loop, prices: Prices, own: set[int], rows: set[int]) -> Loads:
    """The engine loads of one group of a `par`, with every gather a plain one. Inner loops count their trips.

    `own` are the nodes that each group has for itself, `rows` the loads of consecutive words.
    """
    total = Loads()

    def count(block: tuple[int, ...], times: int) -> None:
        nonlocal total
        for n in block:
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                count(attr.body, times * attr.trips)
            elif n not in own:
                continue
            elif graph.kind(n) is Kind.LOAD:
                total = total.plus(prices.vload if n in rows else prices.gather, times)
            elif graph.op[n] == "select":
                total = total.plus(prices.select, times)
            elif graph.kind(n) is Kind.PURE:
                total = total.plus(prices.op, times)

    count(loop.body, 1)
    return total


def balance(loads: Loads, found: list[Site], prices: Prices, groups: int) -> dict[tuple[int, int], Way]:
    """The way for each (gather node, group) pair that is not a plain gather; `loads` are those of one group.

    An integer program: how many groups treat each site in each way, so that the busiest engine has the least to do;
    among such mixes, one with little work in all. Deterministic.
    """
    options = [(s, w, p) for s in found for w in Way if (p := prices.way(s, w)) is not None]
    if not options or not groups:
        return {}
    total = Loads().plus(loads, groups)
    for site in found:
        plain = prices.way(site, Way.GATHER)
        assert plain is not None
        total = total.plus(plain, -groups)
    counts = _solve(total, options, groups)
    plan: dict[tuple[int, int], Way] = {}
    used = dict.fromkeys((s.node for s in found), 0)
    for (site, way, _), count in zip(options, counts, strict=True):
        for _ in range(count):
            # Spread over the groups, so that neighbours in time differ in what they ask of the engines.
            if way is not Way.GATHER:
                plan[site.node, _spread(used[site.node], groups)] = way
            used[site.node] += 1
    return plan


def _solve(fixed: Loads, options: list[tuple[Site, Way, Loads]], groups: int) -> list[int]:
    """How many groups take each option (CP-SAT, one worker)."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 -- slow to import, and most kernels need no plan

    model = cp_model.CpModel()
    counts = [model.new_int_var(0, groups, f"{way.name}_{site.node}") for site, way, _ in options]
    for node in dict.fromkeys(site.node for site, _, _ in options):
        model.add(sum(c for c, o in zip(counts, options, strict=True) if o[0].node == node) == groups)
    busiest = model.new_int_var(0, 1 << 40, "busiest")
    work = 0
    for engine in ("compute", "flow", "load"):
        load = round(_SCALE * getattr(fixed, engine))
        load += sum(round(_SCALE * getattr(o[2], engine)) * c for c, o in zip(counts, options, strict=True))
        model.add(busiest >= load)
        work += load
    # A little work is worth less than any cycle, but of two equal mixes the lighter leaves the scheduler more room.
    model.minimize(20 * busiest + work)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 2.0
    solver.parameters.relative_gap_limit = 1e-4
    solver.parameters.catch_sigint_signal = False  # its handler would outlive the solve and take Ctrl-C from Python
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE), "plain gathers are always feasible"
    return [solver.value(c) for c in counts]


def _spread(k: int, groups: int) -> int:
    """The k-th group in an order that scatters: strides coprime to the number of groups."""
    stride = max(1, round(groups * 0.618))
    while math.gcd(stride, groups) != 1:
        stride += 1
    return (k * stride) % groups
