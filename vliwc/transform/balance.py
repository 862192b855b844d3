"""Which gathers become selections: the mix that keeps every engine equally busy.

The load of the busiest engine bounds the cycles from below. A gather keeps the load engine busy, selection the flow
engine or, as multiply-adds, the vector units; an integer program decides how many groups treat each gather
in which way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import OPS, Kind
from vliwc.machine.description import Machine
from vliwc.transform.tables import Site

_SCALE = 1000
"""The integer program counts in thousandths of a cycle."""

_RAMP_SHARE = 0.5
"""How much of the ramps counts: the groups at the ends may use the idle engine where the others do not."""


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
        self.load = Loads(load=1 / max(machine.slots("load"), 0.1))
        self.word = Loads(compute=1 / max(machine.slots("alu") + lanes * machine.slots("valu"), 0.1))

    def node(self, op: str, vector: bool) -> Loads | None:
        """The price of a graph node; None for what costs these engines nothing."""
        if op == "gather":
            return self.gather
        if op in ("load", "vload", "const"):
            return self.load
        if op == "select":
            return self.select
        if op == "splat":
            return self.op
        if OPS[op].kind is Kind.PURE:
            return self.op if vector else self.word
        return None

    def table(self, site: Site) -> Loads:
        """The price of having a site's words at hand in every lane, once for all groups."""
        return Loads().plus(self.op, site.count).plus(self.load, -(-site.count // self.machine.lanes))

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


def measure(graph: Graph, prices: Prices) -> Loads:
    """The engine loads of a vectorised graph, set-up included. Loops count their trips."""
    total = Loads()

    def count(block: tuple[int, ...], times: int) -> None:
        nonlocal total
        for n in block:
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                count(attr.body, times * attr.trips)
                continue
            price = prices.node(graph.op[n], graph.width[n] > 1)
            if price is not None:
                total = total.plus(price, times)

    count(graph.body, 1)
    return total


def ramps(graph: Graph) -> Loads:
    """For how many cycles the flow and load engines of one group cannot work: before the first and after the last use.

    Every operation counts one cycle. Constants and rows are not counted as uses of the load engine: they come at once.
    """
    early = {"gather": len(graph), "select": len(graph)}
    late = dict(early)
    depth = [0] * len(graph)
    height = [0] * len(graph)
    nodes = list(graph.walk())
    for n in nodes:
        depth[n] = max((depth[a] + 1 for a in graph.args[n]), default=0)
        if graph.op[n] in early:
            early[graph.op[n]] = min(early[graph.op[n]], depth[n])
    for n in reversed(nodes):
        for a in graph.args[n]:
            height[a] = max(height[a], height[n] + 1)
        if graph.op[n] in late:
            late[graph.op[n]] = min(late[graph.op[n]], height[n])
    idle = {op: early[op] + late[op] if early[op] < len(graph) else 0 for op in early}
    return Loads(flow=idle["select"], load=idle["gather"])


Ways = dict[tuple[int, int], Way]
"""The way of each (gather node, group) pair; a plain gather where none is named."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured when every group treats each site as `main` says.

    `setup` is the load of what all groups share, `group` that of one group, `ramp` for how long engines must be idle.
    """

    main: dict[int, Way]
    setup: Loads
    group: Loads
    ramp: Loads


def balance(trial: Trial, found: list[Site], prices: Prices, groups: int) -> tuple[Ways, dict[int, Way]]:
    """Chooses the way for each site and group, and tells each site's most frequent one.

    An integer program: how many groups treat each site in each way, so that the busiest engine
    has the least to do; among such mixes, one with little work in all. Deterministic.
    """
    options = [(s, w, p) for s in found for w in Way if (p := prices.way(s, w)) is not None]
    fixed = trial.setup.plus(trial.group, groups).plus(trial.ramp, _RAMP_SHARE)
    fixed.load -= min(_RAMP_SHARE * trial.ramp.load, trial.setup.load)  # set-up is done while no gather can be
    for site in found:
        price = prices.way(site, trial.main[site.node])
        assert price is not None, "a main way is an open one"
        fixed = fixed.plus(price, -groups)
        if trial.main[site.node] is not Way.GATHER:
            fixed = fixed.plus(prices.table(site), -1)
    counts = _solve(fixed, options, prices, groups)
    ways: Ways = {}
    most = {}
    for position, site in enumerate(found):
        own = [(count, way) for (s, way, _), count in zip(options, counts, strict=True) if s is site]
        most[site.node] = max(own, key=lambda pair: pair[0])[1]
        # The load engine is idle when the first groups do their first rounds and the last groups their last ones:
        # there gathers are best placed.
        ordered = [way for count, way in own for _ in range(count)]
        if 2 * position >= len(found):
            ordered.reverse()
        ways.update({(site.node, k): way for k, way in enumerate(ordered) if way is not Way.GATHER})
    return ways, most


def _solve(fixed: Loads, options: list[tuple[Site, Way, Loads]], prices: Prices, groups: int) -> list[int]:
    """How many groups take each option (CP-SAT, one worker)."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 -- slow to import, and most kernels need no plan

    model = cp_model.CpModel()
    counts = [model.new_int_var(0, groups, f"{way.name}_{site.node}") for site, way, _ in options]
    priced = [(price, count) for (_, _, price), count in zip(options, counts, strict=True)]
    for site in dict.fromkeys(site for site, _, _ in options):
        own = [(way, c) for (s, way, _), c in zip(options, counts, strict=True) if s is site]
        model.add(sum(c for _, c in own) == groups)
        table = model.new_bool_var(f"table_{site.node}")
        model.add(sum(c for way, c in own if way is not Way.GATHER) <= groups * table)
        priced.append((prices.table(site), table))
    busiest = model.new_int_var(0, 1 << 40, "busiest")
    work = 0
    for engine in ("compute", "flow", "load"):
        load = round(_SCALE * getattr(fixed, engine))
        load += sum(round(_SCALE * getattr(price, engine)) * c for price, c in priced)
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
