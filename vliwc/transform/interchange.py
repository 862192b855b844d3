"""Brings `par` loops outward, so that one iteration runs through all its rounds with everything in scratch.

    for r { par i { A } par i { B } }    →    par i { for r { A B } }

Fusion joins neighbouring `par`s with the same bounds, interchange swaps a `for` with the only `par` in it. Both need
that an iteration owns the words it stores (see `independence`). Source: Allen & Kennedy 1984, loop interchange.
"""

from __future__ import annotations

from vliwc.analysis import ranges
from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import Kind
from vliwc.transform.independence import owns_its_words
from vliwc.transform.rewriter import Rewriter


def interchange(graph: Graph) -> Graph:
    """Fuses and interchanges until nothing changes: one round for each level of nesting."""
    while True:
        for step in (_Fusion, _Interchange):
            rewriter = step(graph)
            graph = rewriter.run()
            if rewriter.changed:
                break
        else:
            return graph


class _ParRewriter(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.facts = ranges.analyse(graph)
        self.forms = Forms(graph, self.facts)
        self.changed = False

    def has_effects(self, n: int) -> bool:
        """Whether node `n` must stay where it is relative to memory operations."""
        return self.old.kind(n) in (Kind.LOAD, Kind.STORE) or isinstance(self.old.attr[n], Loop)

    def effects(self, block: tuple[int, ...]) -> list[int]:
        return [n for n in block if self.live[n] and self.has_effects(n)]


class _Fusion(_ParRewriter):
    """par i { A } par i { B } → par i { A B }."""

    def block(self, block: tuple[int, ...]) -> None:
        nodes = [n for n in block if self.live[n]]
        while nodes:
            run = self.run_of_pars(nodes)
            if len(run) < 2:
                self.node(nodes.pop(0))
                continue
            last = nodes.index(run[-1])
            for n in nodes[:last]:
                if n not in run:
                    self.node(n)  # what stands between is pure, and these give no value: it may go first
            self.fuse([self.old.loop(n) for n in run], run[0])
            del nodes[: last + 1]

    def run_of_pars(self, nodes: list[int]) -> list[int]:
        """The longest fusible run of `par`s that starts at the first node."""
        if self.old.op[nodes[0]] != "par":
            return []
        first = self.old.loop(nodes[0])
        run = [nodes[0]]
        for n in nodes[1:]:
            if not self.has_effects(n):
                continue
            attr = self.old.attr[n]
            if self.old.op[n] != "par" or not isinstance(attr, Loop):
                break
            if (attr.lo, attr.hi, attr.step) != (first.lo, first.hi, first.step) or attr.carried or first.carried:
                break
            if not owns_its_words(self.old, self.facts, self.forms, [self.old.loop(m) for m in (*run, n)]):
                break
            run.append(n)
        return run

    def fuse(self, loops: list[Loop], at: int) -> None:
        self.changed = True
        index, _ = self.new.begin_loop(span=self.old.span[at])
        for loop in loops:
            self.value[loop.index] = index
            self.block(loop.body)
        first = loops[0]
        self.new.end_loop("par", (first.lo, first.hi, first.step), index, span=self.old.span[at])


class _Interchange(_ParRewriter):
    """for r { par i { A } } → par i { for r { A } }."""

    def loop(self, n: int, loop: Loop) -> None:
        effects = self.effects(loop.body)
        if self.old.op[n] != "for" or loop.carried or len(effects) != 1 or self.old.op[effects[0]] != "par":
            super().loop(n, loop)
            return
        par = self.old.loop(effects[0])
        if par.carried or not owns_its_words(self.old, self.facts, self.forms, [par]):
            super().loop(n, loop)
            return
        self.changed = True
        outer, _ = self.new.begin_loop(span=self.old.span[effects[0]])
        inner, _ = self.new.begin_loop(span=self.old.span[n])
        self.value[par.index], self.value[loop.index] = outer, inner
        self.block(tuple(m for m in loop.body if m != effects[0]))
        self.block(par.body)
        self.new.end_loop("for", (loop.lo, loop.hi, loop.step), inner, span=self.old.span[n])
        self.new.end_loop("par", (par.lo, par.hi, par.step), outer, span=self.old.span[effects[0]])
