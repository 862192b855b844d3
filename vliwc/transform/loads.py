"""How much work a piece of vector code is for the engines of a machine."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import lcm
from operator import attrgetter

from vliwc.ir.graph import Access, Graph, Loop
from vliwc.ir.ops import OPS, PURE, Kind
from vliwc.machine.description import Machine

ENGINES = ("compute", "alu", "valu", "flow", "load", "store")
"""What can be the bottleneck. `compute` is `alu` and `valu` together, which share the vector operations."""


_FINEST = 20
"""Numbers may be so many times larger than need be, for prices that are not rounded."""
_SHARED = frozenset({"const", "select"})
"""Operations that several engines can do."""


@dataclass(frozen=True, slots=True)
class Loads:
    """Slots that something takes, by who can do it; in the balance model they may be fractions, or savings.

    `words` are operations on single words, for `alu` alone; `vectors` elementwise operations on all lanes, for one
    `valu` slot or as many `alu` slots as there are lanes; `fused` those that only `valu` can do. Selects on all lanes
    are for `flow` or for the vector units, whichever has time (see `Prices.ways`): `choices` are those between words
    that all lanes share, `products` those between a word and 0, `selects` all others. `area` is what values occupy of
    scratch, in words times cycles (see `vliwc.transform.occupancy`).
    """

    words: float = 0.0
    vectors: float = 0.0
    fused: float = 0.0
    choices: float = 0.0
    products: float = 0.0
    selects: float = 0.0
    flow: float = 0.0
    load: float = 0.0
    store: float = 0.0
    area: float = 0.0

    def plus(self, other: Loads, times: float = 1.0) -> Loads:
        """self + times * other."""
        return Loads(*(a + times * b for a, b in zip(_amounts(self), _amounts(other), strict=True)))

    def least(self, other: Loads) -> Loads:
        """The smaller one of each two amounts."""
        return Loads(*map(min, _amounts(self), _amounts(other)))

    def part(self, share: float) -> Loads:
        """What some of the lanes cost at least: that share of the amounts, and all that is saved."""
        saved = self.savings()
        return saved.plus(self.plus(saved, -1), share)

    def savings(self) -> Loads:
        """The amounts below 0, and 0 in place of the others."""
        return self.least(NO_LOADS)


_amounts = attrgetter(*(field.name for field in fields(Loads)))
NO_LOADS = Loads()


@dataclass(frozen=True, slots=True)
class Losses:
    """What a schedule is expected to lose against a perfect one, which the balance of engines allows for."""

    ramps: float = 0.5
    """How much of the ramps counts: the groups at the ends may use the idle engine where the others do not."""
    lives: float = 1.0
    """How much longer values live than they have to."""
    tables: float = 0.75
    """The share of scratch that tables may take."""
    engines: tuple[tuple[str, float], ...] = ()
    """Engines (of `ENGINES`) that are busy for longer than their work takes, and by which share of it."""
    arithmetic: float = 0.0
    """The share of the selects by any word that the vector units are expected to do, which can only if it is a bit."""


LONGEST_LIVES = 2.5
"""So many times longer than they have to, values live where scratch is plentiful."""
EXPECTED = Losses()
"""What is allowed for at first."""


class Prices:
    """What operations on all lanes cost on a machine, and how long its engines take for them.

    If conditions are to be `compared` where flow has too much to do (`vliwc.transform.conditions`), selects by any word
    count as those by bits, which they may become; what that takes is left out, as a bound needs it.
    """

    def __init__(self, machine: Machine, *, compared: bool = False) -> None:
        self.machine = machine
        self.lanes = machine.lanes
        self.op = Loads(vectors=1)
        self.fused = Loads(fused=1) if machine.runs("valu", "multiply_add") else Loads(vectors=2)
        self.on_flow = machine.runs("flow", "vselect")
        self.select, self.product = Loads(selects=1), Loads(products=1)
        self.compared = compared
        self.by_mask = Loads(flow=1) if self.on_flow and not compared else self.select
        """A select by a word that is no bit: nothing can be multiplied by that."""
        both = self.on_flow and machine.runs("valu", "multiply_add")
        self.choice = Loads(choices=1) if both else self.select
        blend = Loads(vectors=1).plus(self.fused)
        by_arithmetic = {"choices": self.fused if both else blend, "products": self.op, "selects": blend}
        self.ways = {kind: self._ways(arithmetic) for kind, arithmetic in by_arithmetic.items()}
        """For each kind of select what it costs if nothing speaks against it, and done in the other way: on `flow`, by
        lanes if there is no select of vectors, or by the condition as a factor."""
        self._capacity = {name: max(machine.slots(name), 0.1) for name in ("alu", "valu", "flow", "load", "store")}
        self._vectors = max(machine.slots("valu") + machine.slots("alu") / self.lanes, 0.1)

    def _ways(self, arithmetic: Loads) -> tuple[Loads, Loads]:
        if self.on_flow:
            return Loads(flow=1), arithmetic
        return arithmetic, Loads(flow=self.lanes) if self.machine.runs("flow", "select") else arithmetic

    def cycles(self, loads: Loads) -> dict[str, float]:
        """For each of `ENGINES`, the cycles that it needs at least for its part of the work, all selects done in their
        first way."""
        capacity = self._capacity
        for kind, (first, _) in self.ways.items():
            loads = loads.plus(first, getattr(loads, kind))
        return {
            "compute": (loads.words / self.lanes + loads.vectors + loads.fused) / self._vectors,
            "alu": loads.words / capacity["alu"],
            "valu": loads.fused / capacity["valu"],
            "flow": loads.flow / capacity["flow"],
            "load": loads.load / capacity["load"],
            "store": loads.store / capacity["store"],
        }

    def parts(self, about: int) -> int:
        """How many parts to a cycle, about so many or more, so that every engine has whole slots in them and no price
        is rounded; just so many, for prices that are, if that takes too many."""
        slots = [self.machine.slots(engine) for engine in ("alu", "valu", "flow", "load", "store")]
        step = lcm(*(several for several in slots if several), self.lanes * slots[1] + slots[0] or 1)
        if step * self.lanes <= 2 * about:  # a last group may pay for some of its lanes only
            step *= self.lanes
        return step * max(1, about // step) if step <= _FINEST * about else about

    def by_bit(self, graph: Graph, n: int) -> Loads:
        """The price of a vector select whose condition is a bit."""
        _, taken, other = graph.args[n]
        if graph.const(other) == 0:
            return self.product
        return self.choice if graph.op[taken] == graph.op[other] == "splat" else self.select

    def node(self, graph: Graph, n: int) -> Loads | None:
        """The price of a graph node; None for what costs no engine anything."""
        op, vector = graph.op[n], graph.width[n] > 1
        match op:
            case "gather":
                return Loads(load=self.lanes)
            case "load" | "vload" | "const":
                return Loads(load=1)
            case "store" | "vstore" | "store_if":
                return Loads(store=1)
            case "scatter":
                access = graph.attr[n]
                assert isinstance(access, Access)
                return Loads(store=access.active)
            case "select" if vector:
                condition = graph.args[n][0]
                masked = graph.op[condition] == "and" and any((graph.const(a) or 0) > 1 for a in graph.args[condition])
                if masked and not self.compared:
                    return self.by_mask
                return self.by_bit(graph, n)
            case "select":
                return Loads(flow=1)
            case "muladd" if vector:
                return self.fused
            case "splat":
                return self.op
            case "pack":
                return Loads(words=sum(graph.op[a] not in PURE and graph.const(a) is None for a in graph.args[n]))
        if OPS[op].kind is Kind.PURE:
            return self.op if vector else Loads(words=1)
        return None


def measure(graph: Graph, prices: Prices, without: frozenset[str] = frozenset()) -> Loads:
    """The work in a vectorised graph, set-up included, but `without` some operations. Loops count their trips."""
    total = NO_LOADS

    def count(block: tuple[int, ...], times: int) -> None:
        nonlocal total
        for n in block:
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                count(attr.body, times * attr.trips)
                continue
            price = prices.node(graph, n)
            if price is not None and graph.op[n] not in without:
                total = total.plus(price, times)

    count(graph.body, 1)
    return total


def busiest(graph: Graph, machine: Machine) -> float:
    """For how long the busiest engine of a machine works on a vectorised graph, in cycles."""
    return effort(graph, machine)[0]


def unavoidable(graph: Graph, machine: Machine) -> float:
    """For how long some engine works on a vectorised graph whatever the others do, in cycles: constants and selects are
    for more than one."""
    prices = Prices(machine)
    return max(prices.cycles(measure(graph, prices, _SHARED)).values())


def effort(graph: Graph, machine: Machine) -> tuple[float, float]:
    """For how long the busiest engine works on a vectorised graph, and all engines together, in cycles.

    Of two graphs with equal work for the busiest engine, the one with less work for the others begins and ends sooner.
    """
    prices = Prices(machine)
    cycles = prices.cycles(measure(graph, prices))
    return max(cycles.values()), sum(cycles.values())


def ramps(graph: Graph) -> dict[str, tuple[int, int]]:
    """For how many cycles the flow and load engines of one group cannot work: before the first use, and after the last.

    Every operation counts one cycle. Loads from addresses that are known beforehand are no uses: they come at once.
    """
    nodes = list(graph.walk())
    used = {n: engine for n in nodes if (engine := _waited_for(graph, n)) is not None}
    early = dict.fromkeys(("load", "flow"), len(graph))
    late = dict(early)
    depth = [0] * len(graph)
    height = [0] * len(graph)
    for n in nodes:
        depth[n] = max((depth[a] + 1 for a in graph.args[n]), default=0)
        if n in used:
            early[used[n]] = min(early[used[n]], depth[n])
    for n in reversed(nodes):
        for a in graph.args[n]:
            height[a] = max(height[a], height[n] + 1)
        if n in used:
            late[used[n]] = min(late[used[n]], height[n])
    return {engine: (early[engine], late[engine]) if engine in used.values() else (0, 0) for engine in early}


def _waited_for(graph: Graph, n: int) -> str | None:
    """The engine that has to wait until node `n` can be, if there is one."""
    match graph.op[n]:
        case "select":
            return "flow"
        case "gather":
            return "load"
        case "load" | "vload" if graph.const(graph.args[n][0]) is None:
            return "load"
    return None
