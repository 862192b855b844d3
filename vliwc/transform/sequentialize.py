"""The scalar program: every `par` becomes a sequential loop.

par i in 0..n { A }    →    for i in 0..n { A }
"""

from __future__ import annotations

from vliwc.ir.graph import Graph, Loop
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
        index, _ = self.new.begin_loop(span=self.old.span[n])
        self.value[loop.index] = index
        self.block(loop.body)
        self.new.end_loop("for", (loop.lo, loop.hi, loop.step), index, span=self.old.span[n])
