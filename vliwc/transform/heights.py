"""Sums and other chains of an associative operation become trees, so that what comes late waits for little.

    %1 = add %a, %b                      %1 = add %a, %b
    %2 = add %1, %c            →         %2 = add %c, %d
    %3 = add %2, %d                      %3 = add %1, %2

The greatest and the least of two words are such operations, too: a comparison and a selection that only use each other.
The two operands that come first are combined first, which makes a tree as low as can be (Baer and Bovet 1969; by the
depth of the leaves, Huffman's algorithm finds it). What a loop carries from one iteration to the next comes last. It is
done where the program waits: chains of products and sums, which fuse better than trees, only where its longest path
takes more cycles than its busiest engine; other chains already where that path is a good part of the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from vliwc.ir.graph import Graph, Loop
from vliwc.machine.description import Machine
from vliwc.transform.delays import LATE, depths, longest_path
from vliwc.transform.links import Link, combine, link_of
from vliwc.transform.loads import busiest
from vliwc.transform.rewriter import Rewriter

_FUSED = frozenset({"add", "mul"})
"""Kinds of chains that multiply-adds are made of."""
_SHARE = 0.5
"""A path that takes this share of the busiest engine's cycles is a good part of the program: what several groups look
up on it at the same time takes the rest."""


@dataclass(slots=True)
class _Chain:
    """Operations of one kind, each of which only the next one uses: the last one, the others, what they combine."""

    root: int
    link: Link
    inner: list[int]
    leaves: list[int]
    """Those from outside of the block come first, then in program order."""
    outside: int
    """How many come from outside."""


_Joins = list[tuple[int, int]]
"""A tree: each join's operands, which are leaves (old nodes, 0 or more) or earlier joins k (as -1 - k)."""


def reduce_heights(graph: Graph, machine: Machine) -> Graph:
    """Makes chains of associative operations as low as can be, where the program waits for them."""
    takes, depth = depths(graph, machine)
    path, work = longest_path(graph, takes, depth), busiest(graph, machine)
    trees: dict[int, tuple[_Chain, _Joins]] = {}
    for chain in _chains(graph):
        own = chain.leaves[chain.outside :]
        ready = [0] * chain.outside + [depth[leaf] + takes[leaf] for leaf in own]
        waits = path > (work if chain.link.kind in _FUSED else _SHARE * work)
        if len(ready) > 2 and (waits or max(ready) >= LATE):
            step = takes[chain.root] + sum(takes[n] for n in chain.link.before)
            joins, end = _tree(chain.leaves, ready, step)
            if end < depth[chain.root] + takes[chain.root]:
                trees[chain.root] = chain, joins
    return _Trees(graph, trees).run() if trees else graph


def _chains(graph: Graph) -> list[_Chain]:
    """The chains of each block, with their leaves in program order."""
    uses = graph.uses()
    loops = [attr for n in graph.walk() if isinstance(attr := graph.attr[n], Loop)]
    found = []
    for block, carried in ((graph.body, ()), *((loop.body, loop.carried) for loop in loops)):
        position = {n: k for k, n in enumerate((*carried, *block))}
        links = {n: link for n in block if (link := link_of(graph, uses, n)) is not None}
        inner = {
            a
            for n, link in links.items()
            for a in (link.a, link.b)
            if a in links
            and (links[a].kind, graph.width[a], uses[a]) == (link.kind, graph.width[n], 1 + len(link.before))
            and link.a != link.b
        }
        for root, link in links.items():
            if root in inner:
                continue
            chain = _Chain(root, link, list(link.before), [], 0)
            stack = [root]
            while stack:
                last = links[stack.pop()]
                for a in (last.a, last.b):
                    if a in inner and links[a].kind == link.kind:
                        chain.inner += [a, *links[a].before]
                        stack.append(a)
                    else:
                        chain.leaves.append(a)
            chain.leaves.sort(key=lambda leaf: position.get(leaf, -1))
            chain.outside = sum(leaf not in position for leaf in chain.leaves)
            found.append(chain)
    return found


def _tree(leaves: list[int], ready: list[int], step: int) -> tuple[_Joins, int]:
    """The lowest tree of leaves that are there in these cycles, and the cycle in which its result is there."""
    heap = [(cycle, k, leaf) for k, (cycle, leaf) in enumerate(zip(ready, leaves, strict=True))]
    heapify(heap)
    joins: _Joins = []
    while len(heap) > 1:
        _, k, a = heappop(heap)
        cycle, _, b = heappop(heap)
        joins.append((a, b))
        heappush(heap, (cycle + step, k, -len(joins)))
    return joins, heap[0][0]


class _Trees(Rewriter):
    def __init__(self, graph: Graph, trees: dict[int, tuple[_Chain, _Joins]]) -> None:
        super().__init__(graph)
        self.trees = trees
        for chain, _ in trees.values():
            for n in chain.inner:
                self.live[n] = False

    def node(self, n: int) -> None:
        if n not in self.trees:
            super().node(n)
            return
        chain, joins = self.trees[n]
        made: list[int] = []
        for a, b in joins:
            left, right = (self.value[x] if x >= 0 else made[-1 - x] for x in (a, b))
            made.append(combine(self.new, chain.link.kind, left, right, self.old.span[n]))
        self.value[n] = made[-1]
