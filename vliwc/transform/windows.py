"""What has to be done between two cycles, and so how long a program takes at least that does it in a given way.

    0 …… head ├─ loads of sites ─┤ tail …… T        T ≥ head + what the engine takes for them + tail

The counts of groups are numbers, or variables of an integer program: the sums that come out are of the same kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import floor
from typing import Any

from vliwc.transform.alternatives import Offer
from vliwc.transform.distances import Distance, least_distances
from vliwc.transform.loads import ENGINES, Loads, Prices

_WINDOWS = 16
"""At how many positions windows begin and end."""

EPSILON = 1e-6
"""Floating-point numbers may be so much too small."""

Counts = Mapping[Offer, Any]
"""How many groups take each offer."""
Needed = Callable[[Sequence[Offer]], Any]
"""Whether (1 or 0) any of some offers is taken."""


class Windows:
    """The windows and deadlines of all mixes of some offers; cycles are multiplied with `scale`, and rounded."""

    def __init__(self, offers: Sequence[Offer], prices: Prices, scale: float) -> None:
        self.offers = offers
        self.prices = prices
        self.scale = scale
        self.distances = least_distances(offers, prices)
        self.words = _words(offers)

    def look_ups(self, counts: Counts, *, surely: bool) -> Iterator[Any]:
        """For several pairs of cycles what is looked up between them, by loads or by what only flow can select, and
        what is before and behind: no look-up comes before its index can be known, nor so late that there is no time for
        what waits for it.

        The bits of an index that is no sum of bits come late; `surely`, selects count only where they cannot come
        before the index.
        """
        heads, tails = ({d[k] for d in self.distances.values()} for k in (0, 1))
        for engine in ("load", "flow"):
            one = self.prices.cycles(Loads(**{engine: 1}))[engine]
            work = [
                (distance, floor(self.scale * one * slots + EPSILON) * count)
                for offer, count in counts.items()
                if engine == "load" or not surely or _late(offer)
                for distance, slots in self._slots(offer, engine)
            ]
            widest: dict[frozenset[int], int] = {}
            for after, before in product(_some(heads), _some(tails)):
                inside = frozenset(k for k, ((head, tail), _) in enumerate(work) if head >= after and tail >= before)
                widest[inside] = max(widest.get(inside, 0), after + before)
            for inside, outside in widest.items():
                if outside and inside:
                    yield sum(work[k][1] for k in sorted(inside)) + round(self.scale * outside)

    def first_loads(self, counts: Counts, needed: Needed, own: Sequence[int], groups: int) -> Iterator[Any]:
        """For several tails what is loaded with so much or more left to do: look-ups, the words of the tables that
        these are in, each once, and what each of so many groups loads of its `own`, of which the tails are given.
        Something makes an address first."""
        lanes = self.prices.lanes
        in_rows = self.prices.machine.runs("load", "vload")
        one = self.scale * self.prices.cycles(Loads(load=1))["load"]
        tails = [self._of(offer).tail for offer in self.offers]
        for tail in _some(set(tails)):
            begun = sum(other >= tail for other in own) * (1 if in_rows else lanes)
            cycles: Any = floor(one * begun + EPSILON) * groups
            for offer, count in counts.items():
                early = sum(slots for distance, slots in self._slots(offer, "load") if distance.tail >= tail)
                cycles += floor(one * early + EPSILON) * count
            words: Counter[frozenset[int]] = Counter()
            for readers, several in self.words.items():
                words[frozenset(k for k in readers if tails[k] >= tail)] += several
            for readers, several in words.items():
                if readers:
                    loads = several / lanes if in_rows else several
                    cycles += floor(one * loads + EPSILON) * needed([self.offers[k] for k in sorted(readers)])
            yield cycles + round(self.scale * (tail + 1))

    def deadlines(self, counts: Counts, needed: Needed) -> Iterator[Any]:
        """For several tails what it takes to make the tables in memory that are looked up with so much or more left to
        do, and to look up what is then looked up, and what is left to do: a table is there before its first look-up."""
        users = [o for o in self.offers if o.in_memory]
        for tail in _some({self._of(o).tail for o in users}):
            early: dict[tuple[object, ...], list[Offer]] = {}
            prices = {}
            for o in users:
                for table in o.tables if self._of(o).tail >= tail else ():
                    early.setdefault(table.key, []).append(o)
                    prices[table.key] = self.prices.cycles(table.price)
            made = [(prices[key], needed(several)) for key, several in early.items()]
            made += [
                ({**dict.fromkeys(ENGINES, 0.0), "load": self.prices.cycles(o.price)["load"]}, count)
                for o, count in counts.items()
                if o.price.load > 0 and self._of(o).tail >= tail
            ]
            for engine in ENGINES:
                work = sum(round(self.scale * cycles[engine]) * times for cycles, times in made)
                yield work + round(self.scale * tail)

    def _of(self, offer: Offer) -> Distance:
        """When an offer's look-ups begin: at the first of its sites."""
        return self.distances[offer.sites[0].node]

    def _slots(self, offer: Offer, engine: str) -> Iterator[tuple[Distance, float]]:
        """The slots of load or flow that one group's look-ups take, and when."""
        if engine == "load":
            for first, last, loads in offer.alternative.loads(offer, self.prices):
                if loads > 0:
                    yield Distance(self.distances[first.node].head, self.distances[last.node].tail), loads
        elif offer.price.flow > 0:
            yield self._of(offer), offer.price.flow


def _words(offers: Sequence[Offer]) -> Counter[frozenset[int]]:
    """How many words are read for the tables of just these of the offers."""
    readers: dict[tuple[str, int], set[int]] = {}
    for k, offer in enumerate(offers):
        for table in offer.tables:
            for array, words in table.reads:
                for word in words:
                    readers.setdefault((array, word), set()).add(k)
    return Counter(map(frozenset, readers.values()))


def _late(offer: Offer) -> bool:
    """Do all selects of an offer come between the head and the tail of its first site?"""
    return len(offer.sites) == 1 and offer.sites[0].whole


def _some(positions: set[int]) -> list[int]:
    """No more than a few of the positions, evenly, with 0."""
    ordered = sorted(positions | {0})
    return ordered[:: -(-len(ordered) // _WINDOWS)]
