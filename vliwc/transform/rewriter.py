"""The frame of every pass: read a graph in program order, build the next one."""

from __future__ import annotations

from vliwc.ir.graph import Attr, Builder, Graph, Loop
from vliwc.ir.ops import Kind
from vliwc.source import Span


class Rewriter:
    """Copies a graph node by node; a pass overrides what it changes.

    `value[n]` is the new node that stands for the old node `n`. Nodes that are not live are not copied, so every pass
    also removes dead code (Cytron et al. 1991).
    """

    def __init__(self, graph: Graph, *, share: bool = True, lanes: int | None = None) -> None:
        self.old = graph
        self.new = Builder(graph, lanes=lanes, share=share, frozen=never_stored(graph))
        self.value: dict[int, int] = {}
        self.live = live_nodes(graph)
        self.results = results_of(graph)

    def live_users(self) -> dict[int, list[int]]:
        """For each node the live ones that it is an operand or, for loops, a yield of: each as often as it is."""
        users: dict[int, list[int]] = {}
        for n in self.old.walk():
            attr = self.old.attr[n]
            yields = attr.yields if isinstance(attr, Loop) else ()
            for a in (*self.old.args[n], *yields) if self.live[n] else ():
                users.setdefault(a, []).append(n)
        return users

    def run(self) -> Graph:
        """The rewritten graph."""
        self.block(self.old.body)
        return self.new.finish()

    def block(self, block: tuple[int, ...]) -> None:
        """Rewrites the nodes of a block in order."""
        for n in block:
            if self.live[n]:
                self.node(n)

    def node(self, n: int) -> None:
        """Rewrites one live node."""
        old = self.old
        attr = old.attr[n]
        if isinstance(attr, Loop):
            self.loop(n, attr)
        elif old.op[n] != "result":
            self.value[n] = self.pure(n, tuple(self.value[a] for a in old.args[n]))

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        """The new node for old node `n` with its new operands. Override this for peephole rewrites."""
        old = self.old
        return self.emit(old.op[n], *args, attr=old.attr[n], width=old.width[n], span=old.span[n])

    def emit(self, op: str, *args: int, attr: Attr = None, width: int | None = None, span: Span | None = None) -> int:
        """Adds a node to the new graph."""
        return self.new.emit(op, *args, attr=attr, width=width, span=span)

    def loop(self, n: int, loop: Loop) -> None:
        """Copies a loop, dropping what it carries in vain."""
        old, new = self.old, self.new
        kept = [k for k, c in enumerate(loop.carried) if self.live[c]]
        inits = tuple(self.value[old.args[n][k]] for k in kept)
        widths = tuple(new.graph.width[i] for i in inits)
        index, carried = new.begin_loop(widths, old.span[n])
        self.value[loop.index] = index
        for k, c in zip(kept, carried, strict=True):
            self.value[loop.carried[k]] = c
        self.block(loop.body)
        yields = tuple(self.value[loop.yields[k]] for k in kept)
        bounds = (loop.lo, loop.hi, loop.step)
        gathers = tuple(loop.gathers[k] for k in kept) if loop.gathers else ()
        results = new.end_loop(old.op[n], bounds, index, carried, inits, yields, old.span[n], gathers)
        self.bind_results(n, dict(zip(kept, results, strict=True)))

    def bind_results(self, n: int, results: dict[int, int]) -> None:
        """Makes the old `result` nodes of loop `n` stand for new nodes, by position."""
        for k, m in self.results.get(n, ()):
            if k in results:
                self.value[m] = results[k]


def never_stored(graph: Graph) -> frozenset[str]:
    """The arrays that keep their initial contents."""
    stored = {graph.access(n).array for n in graph.walk() if graph.kind(n) is Kind.STORE}
    return frozenset(graph.arrays) - stored


def results_of(graph: Graph) -> dict[int, list[tuple[int, int]]]:
    """For each loop the (position, node) of its results."""
    results: dict[int, list[tuple[int, int]]] = {}
    for m, op in enumerate(graph.op):
        k = graph.attr[m]
        if op == "result" and isinstance(k, int):
            results.setdefault(graph.args[m][0], []).append((k, m))
    return results


def live_nodes(graph: Graph) -> list[bool]:
    """Which nodes a store may depend on. A loop is live if it holds a live node or gives a live result."""
    parent: dict[int, int] = {}
    carrier: dict[int, tuple[int, int]] = {}
    work = []
    for n in graph.walk():
        attr = graph.attr[n]
        if isinstance(attr, Loop):
            parent.update(dict.fromkeys((*attr.body, *attr.carried, attr.index), n))
            carrier.update({c: (n, k) for k, c in enumerate(attr.carried)})
        if graph.kind(n) is Kind.STORE:
            work.append(n)
    live = [False] * len(graph)
    while work:
        n = work.pop()
        if live[n]:
            continue
        live[n] = True
        if n in parent:
            work.append(parent[n])
        if n in carrier:
            loop, k = carrier[n]
            work += (graph.args[loop][k], graph.loop(loop).yields[k])
        elif graph.op[n] == "result":
            loop, position = graph.args[n][0], graph.attr[n]
            assert isinstance(position, int)
            work += (loop, graph.loop(loop).carried[position])
        elif not isinstance(graph.attr[n], Loop):
            work += graph.args[n]
    return live
