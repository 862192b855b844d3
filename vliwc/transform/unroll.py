"""Unrolls sequential loops, and `par`s around others, while the program stays within a budget.

    for k in 0..3 (%a = %a0) { yield f %a, k }    →    f (f (f %a0, 0), 1), 2

A loop that is too long stays a machine loop; a short body is repeated in it a few times, which gives the scheduler
something to overlap.
"""

from __future__ import annotations

from vliwc.ir.graph import Graph, Loop
from vliwc.transform.rewriter import Rewriter

BUDGET = 20_000
"""Vector-wide nodes that a whole program may come to, before simplification."""

_JAM = 12
"""About how many groups of lanes must run side by side to fill the engines: a `par` counts at most this often."""

_PARTIAL = 400
"""The size to which the body of a loop that stays is repeated."""

_MAX_FACTOR = 8


def unroll(graph: Graph, *, lanes: int, budget: int = BUDGET) -> Graph:
    """Unrolls from the inside out; `lanes` tells how many iterations of a `par` make one group."""
    return _Unroller(graph, lanes, budget).run()


class _Unroller(Rewriter):
    def __init__(self, graph: Graph, lanes: int, budget: int) -> None:
        super().__init__(graph)
        self.group = lanes
        self.full: set[int] = set()
        self.size: dict[int, int] = {}
        self.measure(graph.body, budget)

    def measure(self, block: tuple[int, ...], budget: int) -> int:
        """The size of a block in nodes; decides on the way which loops unroll fully within `budget`."""
        total = 0
        for n in block:
            attr = self.old.attr[n]
            if not isinstance(attr, Loop):
                total += self.live[n]
                continue
            lanewise = self.lanewise(n, attr)
            copies = min(-(-attr.trips // self.group), _JAM) if lanewise else 1
            size = self.measure(attr.body, budget // copies) * copies
            self.size[n] = size
            if not (lanewise or attr.gathers) and size * attr.trips <= budget - total:
                self.full.add(n)
                size *= attr.trips
            total += size
        return total

    def lanewise(self, n: int, loop: Loop) -> bool:
        """Is this loop a `par` whose iterations become lanes? One around another `par` is executed in order."""
        return self.old.op[n] == "par" and all(self.old.op[m] != "par" for m in self.old.walk(loop.body))

    def loop(self, n: int, loop: Loop) -> None:
        if n in self.full:
            state = self.iterations(loop, loop.lo, loop.trips, self.inits(n, loop))
            self.bind_results(n, state)
        elif self.old.op[n] == "par":
            super().loop(n, loop)
        else:
            self.partial(n, loop)

    def inits(self, n: int, loop: Loop) -> dict[int, int]:
        return {k: self.value[self.old.args[n][k]] for k, c in enumerate(loop.carried) if self.live[c]}

    def iterations(self, loop: Loop, start: int, count: int, state: dict[int, int]) -> dict[int, int]:
        """Emits `count` iterations from the constant index `start` on."""
        for trip in range(count):
            state = self.iteration(loop, self.new.const(start + trip * loop.step), state)
        return state

    def iteration(self, loop: Loop, index: int, state: dict[int, int]) -> dict[int, int]:
        self.value[loop.index] = index
        for k, v in state.items():
            self.value[loop.carried[k]] = v
        self.block(loop.body)
        return {k: self.value[loop.yields[k]] for k in state}

    def partial(self, n: int, loop: Loop) -> None:
        """A loop of `factor` iterations at a time, then what is left over."""
        factor = max(1, min(_MAX_FACTOR, _PARTIAL // max(1, self.size[n]), loop.trips))
        rounds, rest = divmod(loop.trips, factor)
        if rounds == 1:
            factor, rounds, rest = 1, loop.trips, 0
        inits = self.inits(n, loop)
        widths = tuple(self.new.graph.width[v] for v in inits.values())
        index, carried = self.new.begin_loop(widths, self.old.span[n])
        state = dict(zip(inits, carried, strict=True))
        for trip in range(factor):
            at = self.emit("add", index, self.new.const(trip * loop.step)) if trip else index
            state = self.iteration(loop, at, state)
        end = loop.lo + rounds * factor * loop.step
        bounds = (loop.lo, end, factor * loop.step)
        yields = tuple(state.values())
        results = self.new.end_loop("for", bounds, index, carried, tuple(inits.values()), yields, self.old.span[n])
        self.bind_results(n, self.iterations(loop, end, rest, dict(zip(inits, results, strict=True))))
