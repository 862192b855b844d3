"""Values instead of memory, in straight-line code: what was just stored or loaded need not be loaded again.

    store a[%i], %v             store a[%i], %v
    %w = load a[%i]       →
    store b[%j], %w             store b[%j], %v

and stores that nobody can see are dropped: those overwritten before any read, or into a consumed array that is
not read again.
"""

from __future__ import annotations

from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Graph, Loop, Mode
from vliwc.ir.ops import Kind
from vliwc.transform.independence import accesses, index_operand, index_position
from vliwc.transform.rewriter import Rewriter


def forward(graph: Graph) -> Graph:
    """Forwards stores to loads and loads to loads, then drops dead stores."""
    return _DeadStores(_Forwarding(graph).run()).run()


class _Forwarding(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.forms = Forms(self.new.graph)
        self.known: dict[str, dict[int, int]] = {}
        """For each array, the value of words by (new) index node."""

    def loop(self, n: int, loop: Loop) -> None:
        stored = {self.old.access(m).array for m in accesses(self.old, loop.body) if self.old.kind(m) is Kind.STORE}
        before = {array: dict(words) for array, words in self.known.items() if array not in stored}
        self.known = {array: dict(words) for array, words in before.items()}
        super().loop(n, loop)
        self.known = before

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        op = self.old.op[n]
        if op not in ("load", "store", "store_if"):
            return super().pure(n, args)
        words = self.known.setdefault(self.old.access(n).array, {})
        if op == "load":
            if args[0] not in words:
                words[args[0]] = super().pure(n, args)
            return words[args[0]]
        index = args[index_position(op)]
        for other in [i for i in words if not self.forms.distance(i, index)]:
            del words[other]
        if op == "store":
            words[index] = args[1]
        return super().pure(n, args)


class _DeadStores(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.forms = Forms(graph)
        self.dead: set[int] = set()
        self.scan(graph.body, {a.name for a in graph.arrays.values() if a.mode is not Mode.CONSUMED})

    def node(self, n: int) -> None:
        if n not in self.dead:
            super().node(n)

    def reads(self, block: tuple[int, ...]) -> set[str]:
        return {self.old.access(m).array for m in accesses(self.old, block) if self.old.kind(m) is Kind.LOAD}

    def scan(self, block: tuple[int, ...], read: set[str]) -> None:
        """Backwards through a block; `read` are the arrays that may be read after it."""
        old, read = self.old, set(read)
        overwritten: dict[str, set[int]] = {}
        for n in reversed(block):
            attr = old.attr[n]
            if isinstance(attr, Loop):
                inside = self.reads(attr.body)
                # Iterations of a `par` do not read each other's stores; those of a `for` may.
                self.scan(attr.body, read | inside if old.op[n] == "for" else read)
                read |= inside
                for array in inside:
                    overwritten.pop(array, None)
            elif old.kind(n) is Kind.LOAD:
                self.load(n, read, overwritten)
            elif old.kind(n) is Kind.STORE:
                self.store(n, read, overwritten)

    def load(self, n: int, read: set[str], overwritten: dict[str, set[int]]) -> None:
        array, index = self.old.access(n).array, index_operand(self.old, n)
        read.add(array)
        words = overwritten.get(array, set())
        overwritten[array] = {i for i in words if self.forms.distance(i, index)}

    def store(self, n: int, read: set[str], overwritten: dict[str, set[int]]) -> None:
        array, index = self.old.access(n).array, index_operand(self.old, n)
        words = overwritten.setdefault(array, set())
        if array not in read or index in words:
            self.dead.add(n)
        elif self.old.op[n] == "store":
            words.add(index)
