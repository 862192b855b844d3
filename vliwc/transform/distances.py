"""When sites can be looked up: the cycles before and behind each of them, whatever the mix.

    %i → gather → … → %j → gather → … → end        distances: longest paths, in which each site takes what it takes
         site a            site b                  head of b ≥ head of a + a + …,  tail of a ≥ … + b + tail of b

Which alternative carries out a site decides how long it takes. Of two sites that one carries out together, the second
may take no time; but all sites of a path take as long as the cheapest offers that cover them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import OPS, Kind
from vliwc.machine.description import Machine
from vliwc.transform.alternatives import Offer
from vliwc.transform.delays import delay
from vliwc.transform.groups import consecutive
from vliwc.transform.loads import Prices
from vliwc.transform.sites import Site


class Distance(NamedTuple):
    """A site's head and tail in cycles: from the beginning to its index, from its value to the end."""

    head: int
    tail: int


class Paths:
    """The longest paths through one iteration of a `par` without loops, its `sites` with their heads and tails.

    A site is as short as the best alternative: it waits for the bits of its index only, the chain is done beforehand,
    and so is perhaps an operation that uses the value lane by lane.
    """

    def __init__(self, graph: Graph, loop: Loop, found: Sequence[Site], machine: Machine) -> None:
        own = set(loop.body)
        self.graph = graph
        self.loop = loop
        self.uses = graph.uses()
        self.takes = {n: delay(graph, n, machine) for n in loop.body}
        self.waits = {n: tuple(a for a in graph.args[n] if a in own) for n in loop.body}
        for s in found:
            self.takes.update(dict.fromkeys((s.load, *s.chain), 0))
            self.takes[s.node] = s.least
            if s.bits is not None:
                self.waits[s.load] = tuple(n for _, n in s.bits if n in own)
        self.nodes = {s.load: s.node for s in found}
        """The sites' nodes by their loads."""
        self.tail: dict[int, int] = {}
        """For each node how many cycles there are left from its value to the end."""
        self.sites = self._sites(found)

    def _sites(self, found: Sequence[Site]) -> list[Site]:
        takes, waits, loop, nodes = self.takes, self.waits, self.loop, self.nodes
        head = {n: int(self.graph.kind(n) is Kind.LOAD) for n in loop.body}  # something makes an address
        before: dict[int, int] = {}
        sites_before = dict.fromkeys(loop.body, 0)
        for n in loop.body:
            for a in waits[n]:
                way = head[a] + self._lasts(a, n), sites_before[a] + (a in nodes)
                if way >= (head[n], sites_before[n]):
                    head[n], sites_before[n], before[n] = *way, a
        tail = self.tail = dict.fromkeys(loop.body, 0)
        after: dict[int, int] = {}
        sites_after = dict.fromkeys(loop.body, 0)
        for n in reversed(loop.body):
            for a in waits[n]:
                way = tail[n] + takes[n] - (takes[a] - self._lasts(a, n)), sites_after[n] + (n in nodes)
                if way >= (tail[a], sites_after[a]):
                    tail[a], sites_after[a], after[a] = *way, n
        length, _, node = max((head[n] + takes[n], sites_before[n], n) for n in loop.body)
        path = {node, *_along(node, before)}
        return [
            replace(
                s,
                head=head[s.load],
                tail=tail[s.node],
                path=length if s.load in path else 0,
                before=tuple(nodes[n] for n in reversed(list(_along(s.load, before))) if n in nodes),
                after=tuple(nodes[n] for n in _along(s.node, after) if n in nodes),
            )
            for s in found
        ]

    def first_loads(self, forms: Forms, varying: set[int]) -> dict[str, int]:
        """For each array of which every iteration has a word of its own, what is left to do when that is loaded."""
        tails: dict[str, int] = {}
        stored: set[str] = set()
        for n in self.loop.body:
            if self.graph.kind(n) is Kind.STORE:
                stored.add(self.graph.access(n).array)
            elif self.graph.kind(n) is Kind.LOAD and n not in self.nodes:
                array = self.graph.access(n).array
                own = consecutive(forms.of(self.graph.args[n][0]), self.loop, varying)
                if own and array not in stored:
                    tails[array] = max(tails.get(array, 0), self.tail[n])
        return tails

    def _lasts(self, a: int, n: int) -> int:
        """How long node `a` takes for `n`, which waits for it."""
        return 0 if a not in self.nodes and _may_merge(self.graph, a, n, self.uses) else self.takes[a]


def has_paths(graph: Graph, loop: Loop) -> bool:
    """Are there operations in a `par`, and no loops?"""
    return bool(loop.body) and not any(isinstance(graph.attr[n], Loop) for n in loop.body)


def _along(node: int, following: Mapping[int, int]) -> Iterable[int]:
    """The nodes that follow a node, one after the other."""
    while node in following:
        node = following[node]
        yield node


_LINEAR = frozenset({"add", "sub", "mul", "muladd", "shl"})


def _may_merge(graph: Graph, a: int, n: int, uses: Sequence[int]) -> bool:
    """May later passes combine node `a` with node `n`, which uses it, so that both take no longer than one of them?"""
    op, other = graph.op[a], graph.op[n]
    if op in _LINEAR and other in _LINEAR:
        return True
    by_constant = any(graph.const(x) is not None for x in (*graph.args[a], *graph.args[n]))
    return op == other and OPS[op].associative and (uses[a] == 1 or by_constant)


def least_distances(offers: Sequence[Offer], prices: Prices) -> dict[int, Distance]:
    """The distances of all sites (by their nodes) that no mix of offers falls below.

    The offers that carry out the sites of a path do not overlap. Each of them takes its delays at those of its sites
    that are on the path, so no site adds less than the least mean delay, over these sites, of an offer for it.
    """
    least = {s.node: s.least for o in offers for s in o.sites}
    delays = {o: {s.node: o.alternative.delay(o, s, prices) for s in o.sites} for o in offers}
    by_site: dict[int, list[dict[int, int]]] = {}
    for offer in offers:
        for s in offer.sites:
            by_site.setdefault(s.node, []).append(delays[offer])

    def more(path: tuple[int, ...]) -> int:
        on_path = frozenset(path)
        total = Fraction(0)
        for n in path:
            means = (_mean([cycles for m, cycles in taken.items() if m in on_path]) for taken in by_site[n])
            total += min(means) - least[n]
        return ceil(total)

    sites = {s.node: s for o in offers for s in o.sites}
    return {n: Distance(s.head + more(s.before), s.tail + more(s.after)) for n, s in sites.items()}


def _mean(cycles: Sequence[int]) -> Fraction:
    return Fraction(sum(cycles), len(cycles))
