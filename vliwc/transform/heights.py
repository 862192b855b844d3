"""Sums and other chains of an associative operation become trees, so that what comes late waits for little.

    %1 = add %a, %b                      %1 = add %a, %b
    %2 = add %1, %c            →         %2 = add %c, %d
    %3 = add %2, %d                      %3 = add %1, %2

The two operands that come first are combined first, which makes a tree as low as can be (Baer and Bovet 1969; by the
depth of the leaves, Huffman's algorithm finds it). What a loop carries from one iteration to the next comes last. It is
done where a program is longer than the work of its busiest engine, since a chain of products and sums fuses better.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import PURE
from vliwc.machine.description import Machine
from vliwc.transform.delays import delay
from vliwc.transform.loads import ENGINES, Prices, measure
from vliwc.transform.rewriter import Rewriter

_LATE = 1 << 30
"""The depth of a value that comes from the iteration before."""


@dataclass(slots=True)
class _Chain:
    """Operations of one kind, each of which only the next one uses: the last one, the others, what they combine."""

    root: int
    inner: list[int]
    leaves: list[int]


@dataclass(frozen=True, slots=True)
class _Join:
    """Two operands, each a leaf (an old node) or an earlier join of the same tree."""

    a: int | _Join
    b: int | _Join


def reduce_heights(graph: Graph, machine: Machine) -> Graph:
    """Makes chains of associative operations as low as can be, where the program waits for them."""
    takes = {n: delay(graph, n, machine) for n in graph.walk()}
    depth = _depths(graph, takes)
    work = max(Prices(machine).cycles(measure(graph, Prices(machine)))[e] for e in ENGINES)
    waits = max((depth[n] + takes[n] for n in graph.body), default=0) > work
    trees: dict[int, tuple[_Chain, list[_Join]]] = {}
    for chain in _chains(graph):
        carried = any(depth[leaf] >= _LATE for leaf in chain.leaves)
        if len(chain.leaves) > 2 and (carried or waits):
            joins, end = _tree(chain.leaves, depth, takes, takes[chain.root])
            if end < depth[chain.root] + takes[chain.root]:
                trees[chain.root] = chain, joins
    return _Trees(graph, trees).run() if trees else graph


def _depths(graph: Graph, takes: dict[int, int]) -> dict[int, int]:
    """For each node the cycle in which it can begin; within a loop from its beginning on."""
    depth: dict[int, int] = {}
    inside: set[int] = set()

    def visit(block: tuple[int, ...], own: set[int]) -> None:
        for n in block:
            depth[n] = max((depth[a] + takes[a] for a in graph.args[n] if a in own), default=0)
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                depth.update(dict.fromkeys(attr.carried, _LATE))
                depth[attr.index] = 0
                visit(attr.body, {*attr.body, *attr.carried})

    inside.update(graph.body)
    visit(graph.body, inside)
    return depth


def _chains(graph: Graph) -> list[_Chain]:
    """The chains of each block, with their leaves in program order."""
    uses = graph.uses()
    blocks = [graph.body, *(attr.body for n in graph.walk() if isinstance(attr := graph.attr[n], Loop))]
    found = []
    for block in blocks:
        position = {n: k for k, n in enumerate(block)}
        alike = {n for n in block if (op := PURE.get(graph.op[n])) and op.associative and op.commutative}

        def joins(n: int, a: int, alike: set[int] = alike) -> bool:
            same = a in alike and graph.op[a] == graph.op[n] and graph.width[a] == graph.width[n]
            return same and uses[a] == 1

        inner = {a for n in alike for a in graph.args[n] if joins(n, a)}
        for root in (n for n in block if n in alike and n not in inner):
            chain = _Chain(root, [], [])
            stack = [root]
            while stack:
                n = stack.pop()
                for a in graph.args[n]:
                    if joins(n, a):
                        chain.inner.append(a)
                        stack.append(a)
                    else:
                        chain.leaves.append(a)
            chain.leaves.sort(key=lambda leaf: position.get(leaf, -1))
            found.append(chain)
    return found


def _tree(leaves: list[int], depth: dict[int, int], takes: dict[int, int], step: int) -> tuple[list[_Join], int]:
    """The joins of the lowest tree, each after those that it uses, and the cycle in which its result is there."""
    heap: list[tuple[int, int, int | _Join]] = [
        (depth.get(leaf, 0) + takes.get(leaf, 0), k, leaf) for k, leaf in enumerate(leaves)
    ]
    heapify(heap)
    joins = []
    while len(heap) > 1:
        _, k, a = heappop(heap)
        ready, _, b = heappop(heap)
        joins.append(_Join(a, b))
        heappush(heap, (ready + step, k, joins[-1]))
    return joins, heap[0][0]


class _Trees(Rewriter):
    def __init__(self, graph: Graph, trees: dict[int, tuple[_Chain, list[_Join]]]) -> None:
        super().__init__(graph)
        self.trees = trees
        for chain, _ in trees.values():
            for n in chain.inner:
                self.live[n] = False

    def node(self, n: int) -> None:
        if n not in self.trees:
            super().node(n)
            return
        op, width, span = self.old.op[n], self.old.width[n], self.old.span[n]
        made: dict[int, int] = {}

        def value(operand: int | _Join) -> int:
            return made[id(operand)] if isinstance(operand, _Join) else self.value[operand]

        for join in self.trees[n][1]:
            made[id(join)] = self.emit(op, value(join.a), value(join.b), width=width, span=span)
        self.value[n] = made[id(self.trees[n][1][-1])]
