"""Moves constants into the loops that use them: scratch for the price of making them in every iteration.

Before → after:

    k = const 5             loop: k' = const 5
    loop: … x * k …               … x * k' …

Only for kernels whose constants do not fit into scratch all at once.
"""

from __future__ import annotations

from dataclasses import replace

from vliwc.backend.legalise import Legal, extend_bits
from vliwc.backend.regions import floats
from vliwc.ir.graph import Graph, Loop


def sink_constants(legal: Legal) -> Legal:
    """A legal graph in which every loop body has its own constants, and splats and packs of constants."""
    old = legal.graph
    graph = old.copy()
    for n in old.body:
        if isinstance(old.attr[n], Loop):
            _Sinker(graph, legal).loop(n)
    return replace(legal, graph=graph, bits=extend_bits(graph, legal.bits.copy()))


class _Sinker:
    """Rewrites one loop body in place, those inside it first."""

    def __init__(self, graph: Graph, legal: Legal) -> None:
        self.graph = graph
        self.legal = legal
        self.copies: dict[int, int] = {}
        self.body: list[int] = []

    def loop(self, n: int) -> None:
        """Gives the body of loop n its own constants. The loop's initial values stand outside of it."""
        graph, loop = self.graph, self.graph.loop(n)
        for m in loop.body:
            if isinstance(graph.attr[m], Loop):
                _Sinker(graph, self.legal).loop(m)
            if not floats(graph, m):
                graph.args[m] = tuple(self._own(a) for a in graph.args[m])
            self.body.append(m)
        yields = tuple(self._own(y) for y in loop.yields)
        graph.attr[n] = replace(loop, body=tuple(self.body), yields=yields)

    def _own(self, n: int) -> int:
        """The body's own copy of a constant; any other node stays what it is."""
        if not floats(self.graph, n):
            return n
        if n not in self.copies:
            args = tuple(self._own(a) for a in self.graph.args[n])
            self.copies[n] = self._copy(n, args)
        return self.copies[n]

    def _copy(self, n: int, args: tuple[int, ...]) -> int:
        graph = self.graph
        graph.op.append(graph.op[n])
        graph.args.append(args)
        graph.attr.append(graph.attr[n])
        graph.width.append(graph.width[n])
        graph.span.append(graph.span[n])
        self.body.append(len(graph) - 1)
        return len(graph) - 1
