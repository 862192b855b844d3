"""The scalar program: every `par` becomes a sequential loop.

par i in 0..n { A }                                →    for i in 0..n { A }
par i in 0..n gather (%t = %t0 by add) { yield x }  →    for i in 0..n (%t = %t0) { yield add %t, x }
"""

from __future__ import annotations

from vliwc.ir.graph import Graph, Loop
from vliwc.transform.links import combine
from vliwc.transform.rewriter import Rewriter


def sequentialize(graph: Graph, *, share: bool = True) -> Graph:
    """Every `par` as a sequential loop: the scalar program."""
    return Sequentializer(graph, share=share).run()


class Sequentializer(Rewriter):
    """Copies a graph; what is made of a `par` can be overridden."""

    def loop(self, n: int, loop: Loop) -> None:
        if self.old.op[n] == "for":
            super().loop(n, loop)
        else:
            self.sequential(n, loop)

    def sequential(self, n: int, loop: Loop) -> None:
        """A `par` as a `for`: any order of its iterations is right."""
        new, span = self.new, self.old.span[n]
        kept = [k for k, c in enumerate(loop.carried) if self.live[c]]
        inits = tuple(self.value[self.old.args[n][k]] for k in kept)
        index, carried = new.begin_loop((1,) * len(kept), span)
        self.value[loop.index] = index
        self.block(loop.body)
        yields = []
        for k, total in zip(kept, carried, strict=True):
            how = loop.gathers[k]
            scaled = new.emit("mul", total, new.const(how.factor), span=span) if how.factor != 1 else total
            yields.append(combine(new, how.op, scaled, self.value[loop.yields[k]], span))
        bounds = (loop.lo, loop.hi, loop.step)
        results = new.end_loop("for", bounds, index, carried, inits, tuple(yields), span)
        self.bind_results(n, dict(zip(kept, results, strict=True)))
