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

from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import OPS, Kind
from vliwc.machine.description import Machine
from vliwc.transform.alternatives import Offer
from vliwc.transform.delays import delay
from vliwc.transform.loads import Prices
from vliwc.transform.sites import Site


class Distance(NamedTuple):
    """A site's head and tail in cycles: from the beginning to its index, from its value to the end."""

    head: int
    tail: int


def with_distances(graph: Graph, loop: Loop, found: list[Site], machine: Machine) -> list[Site]:
    """The sites with their heads and tails, and the longest path, if there are no loops in the `par`.

    A site is as short as the best alternative: it waits for the bits of its index only, the chain is done beforehand,
    and so is perhaps an operation that uses the value lane by lane.
    """
    if any(isinstance(graph.attr[n], Loop) for n in loop.body):
        return found
    own, uses = set(loop.body), graph.uses()
    takes = {n: delay(graph, n, machine) for n in loop.body}
    waits = {n: tuple(a for a in graph.args[n] if a in own) for n in loop.body}
    for s in found:
        takes.update(dict.fromkeys((s.load, *s.chain), 0))
        takes[s.node] = s.least
        if s.bits is not None:
            waits[s.load] = tuple(n for _, n in s.bits if n in own)
    sites = {s.load: s.node for s in found}

    def lasts(a: int, n: int) -> int:
        return 0 if a not in sites and _may_merge(graph, a, n, uses) else takes[a]

    head = {n: int(graph.kind(n) is Kind.LOAD) for n in loop.body}  # something makes an address
    before: dict[int, int] = {}
    sites_before = dict.fromkeys(loop.body, 0)
    for n in loop.body:
        for a in waits[n]:
            way = head[a] + lasts(a, n), sites_before[a] + (a in sites)
            if way >= (head[n], sites_before[n]):
                head[n], sites_before[n], before[n] = *way, a
    tail = dict.fromkeys(loop.body, 0)
    after: dict[int, int] = {}
    sites_after = dict.fromkeys(loop.body, 0)
    for n in reversed(loop.body):
        for a in waits[n]:
            way = tail[n] + takes[n] - (takes[a] - lasts(a, n)), sites_after[n] + (n in sites)
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
            before=tuple(sites[n] for n in reversed(list(_along(s.load, before))) if n in sites),
            after=tuple(sites[n] for n in _along(s.node, after) if n in sites),
        )
        for s in found
    ]


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
