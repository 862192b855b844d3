"""Words that come one by one are used one by one, instead of being packed into a vector first.

    %p = pack %w0 … %w7             %x0 = xor (lane 0 of %v), %w0
    %x = xor %v, %p           →     …                                     (each right into its lane of %x)
                                    %x = pack %x0 … %x7

A pack of words that stand somewhere else costs a copy a lane; an operation on words costs no more than a copy. Where a
select chooses between two packs and an operation takes the result, the operation is done to both arms first:

    %x = xor %v, (select %c, %p, %q)    →    %x = select %c, (xor %v, %p), (xor %v, %q)
"""

from __future__ import annotations

from vliwc.ir.graph import Graph
from vliwc.ir.ops import OPS, Kind
from vliwc.machine.description import Machine
from vliwc.transform.rewriter import Rewriter


def lanewise(graph: Graph, machine: Machine) -> Graph:
    """Does operations on packed words word by word, where the machine's `alu` has them."""
    return _Lanewise(graph, machine).run()


class _Lanewise(Rewriter):
    def __init__(self, graph: Graph, machine: Machine) -> None:
        super().__init__(graph)
        self.machine = machine
        self.uses = graph.uses()
        self.loose = {n for n in graph.walk() if graph.op[n] == "pack" and self.stands_elsewhere(n)}

    def stands_elsewhere(self, n: int) -> bool:
        """Is old node `n` a pack, used once, of words that are lanes of other vectors?"""
        return self.uses[n] == 1 and all(self.old.op[a] == "lane" for a in self.old.args[n])

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        old = self.old
        op = OPS[old.op[n]]
        fits = old.width[n] > 1 and op.kind is Kind.PURE and op.arity == 2
        if not fits or op.can_fault or not self.machine.runs("alu", op.symbol):
            return super().pure(n, args)
        for position, a in enumerate(old.args[n]):
            if a in self.loose:
                return self.spread(n, position, args[1 - position], args[position])
            if old.op[a] == "select" and self.uses[a] == 1 and self.arms(a):
                return self.both_arms(n, position, args[1 - position], args[position])
        return super().pure(n, args)

    def arms(self, select: int) -> bool:
        """Does old node `select` choose between packs, perhaps by further selects?"""
        return all(
            a in self.loose or (self.old.op[a] == "select" and self.uses[a] == 1 and self.arms(a))
            for a in self.old.args[select][1:]
        )

    def spread(self, n: int, position: int, other: int, packed: int) -> int:
        """Operation `n` of new nodes, word by word; the pack is its operand number `position`."""
        graph, op, span = self.new.graph, self.old.op[n], self.old.span[n]
        words = []
        for k, word in enumerate(graph.args[packed]):
            partner = self.word_of(other, k)
            operands = (word, partner) if position == 0 else (partner, word)
            words.append(self.emit(op, *operands, span=span))
        return self.emit("pack", *words, span=span)

    def word_of(self, vector: int, k: int) -> int:
        """Lane `k` of a new vector."""
        graph = self.new.graph
        if graph.op[vector] == "splat":
            return graph.args[vector][0]
        if graph.op[vector] == "pack":
            return graph.args[vector][k]
        return self.emit("lane", vector, attr=k)

    def both_arms(self, n: int, position: int, other: int, chosen: int) -> int:
        """Operation `n` on a tree of new selects among packs, done at the leaves."""
        graph = self.new.graph
        if graph.op[chosen] != "select":
            return self.spread(n, position, other, chosen)
        cond, a, b = graph.args[chosen]
        arms = (self.both_arms(n, position, other, arm) for arm in (a, b))
        return self.emit("select", cond, *arms, span=self.old.span[n])
