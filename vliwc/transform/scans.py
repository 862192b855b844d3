"""Running totals are made block by block, so that the last one need not wait for all others.

    %1 = add %a, %b                      %1 = add %a, %b
    %2 = add %1, %c            →         %2 = add %1, %c
    %3 = add %2, %d                      %3 = add %2, %d
    %4 = add %3, %e                      %p = add %d, %e            (of a block of its own, at the same time as %1)
                                         %4 = add %2, %p

Each block is added up by itself while the others are, and then to the total of all blocks before. There are ways with
lower trees (Kogge and Stone 1973), and with more operations: this one takes about two for each total, and with as many
blocks as elements in each, 2 √n steps for n of them. It is done only where the program waits for the chain and its
engines have time. Totals that nobody looks at are a matter for `heights`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from vliwc.ir.graph import Graph
from vliwc.machine.description import Machine
from vliwc.transform.delays import depths, longest_path
from vliwc.transform.links import Link, combine, link_of
from vliwc.transform.loads import NO_LOADS, Loads, Prices, measure
from vliwc.transform.rewriter import Rewriter

_SHORTEST = 8
"""Chains of fewer operations stay as they are."""
_USED = 4
"""One total in so many, at least, is used by others than the next one."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """Running totals: `totals[k]` combines the one before with `elements[k + 1]`; the first one combines the first two
    elements. `links` says how."""

    totals: tuple[int, ...]
    elements: tuple[int, ...]
    links: tuple[Link, ...]


def split_scans(graph: Graph, machine: Machine) -> Graph:
    """Splits chains of running totals into blocks, where that makes the program shorter."""
    takes, depth = depths(graph, machine)
    prices = Prices(machine)
    constants = sum(graph.op[n] == "const" for n in graph.walk())  # any engine may make them
    work, path = measure(graph, prices).plus(Loads(load=-constants)), longest_path(graph, takes, depth)
    if path <= max(prices.cycles(work).values()):
        return graph
    split: dict[int, tuple[_Chain, int, int]] = {}
    for chain in _chains(graph, depth):
        last, nodes = chain.totals[-1], (chain.totals[-1], *chain.links[-1].before)
        ready = [depth[x] + takes[x] for x in chain.elements]
        price = reduce(Loads.plus, (prices.node(graph, n) or NO_LOADS for n in nodes))
        step = sum(takes[n] for n in nodes)
        best, size = (float(depth[last] + takes[last]), 0), 0
        for block in (1 << k for k in range(1, len(ready).bit_length())):
            more = len(ready) - block - -(-(len(ready) - block) // block)
            end = _end(ready, step, block)
            cycles = max(end, *prices.cycles(work.plus(price, more)).values())
            if (cycles, end) < best:
                best, size = (cycles, end), block
        if size:
            split.update({n: (chain, k, size) for k, n in enumerate(chain.totals)})
    return _Blocks(graph, split).run() if split else graph


def _chains(graph: Graph, depth: dict[int, int]) -> list[_Chain]:
    """The chains outside of loops that are long enough, and in use."""
    uses = graph.uses()
    links = {n: link for n in graph.body if (link := link_of(graph, uses, n)) is not None and link.a != link.b}
    following: dict[int, int] = {}
    element: dict[int, int] = {}
    for n, link in links.items():
        pairs = ((link.a, link.b), (link.b, link.a))
        alike = [(depth[a], a, x) for a, x in pairs if a in links and links[a].kind == link.kind]
        _, last, x = max(alike, default=(0, -1, -1))
        if last >= 0 and last not in following and graph.width[last] == graph.width[n]:
            following[last], element[n] = n, x
    chains = []
    for first in [n for n in following if n not in element]:
        totals = [first]
        while totals[-1] in following:
            totals.append(following[totals[-1]])
        used = sum(uses[n] > 1 + len(links[n].before) for n in totals[:-1])
        if len(totals) >= _SHORTEST and used * _USED >= len(totals):
            elements = links[first].a, links[first].b, *(element[n] for n in totals[1:])
            chains.append(_Chain(tuple(totals), elements, tuple(links[n] for n in totals)))
    return chains


def _end(ready: list[int], step: int, size: int) -> int:
    """When the last total is there, with blocks of so many elements that are ready then."""
    total = 0
    for start in range(0, len(ready), size):
        first, *others = ready[start : start + size]
        own = first
        for cycle in others:
            own = max(own, cycle) + step
        total = max(total, own) + step if start else own
    return total


class _Blocks(Rewriter):
    def __init__(self, graph: Graph, split: dict[int, tuple[_Chain, int, int]]) -> None:
        super().__init__(graph)
        self.split = {n: (chain, k, size) for n, (chain, k, size) in split.items() if k + 1 >= size}
        self.own: dict[int, int] = {}
        """For each chain (by its first total) the total of the block under way, by itself."""
        for chain, k, _ in self.split.values():
            for n in chain.links[k].before:
                self.live[n] = False

    def node(self, n: int) -> None:
        if n not in self.split:
            super().node(n)
            return
        chain, k, size = self.split[n]
        kind, span, first = chain.links[k].kind, self.old.span[n], chain.totals[0]
        number, place = divmod(k + 1, size)
        element = self.value[chain.elements[k + 1]]
        self.own[first] = combine(self.new, kind, self.own[first], element, span) if place else element
        self.value[n] = combine(self.new, kind, self.value[chain.totals[number * size - 2]], self.own[first], span)
