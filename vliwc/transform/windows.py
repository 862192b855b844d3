"""What has to be done between two cycles, and so how long a program takes at least that does it in a given way.

    0 …… head ├─ loads of sites ─┤ tail …… T        T ≥ head + what the engine takes for them + tail

The counts of groups are numbers, or variables of an integer program: the sums that come out are of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from vliwc.transform.alternatives import Offer
from vliwc.transform.distances import Distance, least_distances
from vliwc.transform.loads import ENGINES, Loads, Prices

_WINDOWS = 16
"""At how many positions windows begin and end."""

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
                (self._of(offer), round(self.scale * one * slots) * count)
                for offer, count in counts.items()
                if (slots := getattr(offer.price, engine)) > 0 and (engine == "load" or not surely or _late(offer))
            ]
            widest: dict[frozenset[int], int] = {}
            for after, before in product(_some(heads), _some(tails)):
                inside = frozenset(k for k, ((head, tail), _) in enumerate(work) if head >= after and tail >= before)
                widest[inside] = max(widest.get(inside, 0), after + before)
            for inside, outside in widest.items():
                if outside and inside:
                    yield sum(work[k][1] for k in sorted(inside)) + round(self.scale * outside)

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
        """When an offer loads: at the first of its sites."""
        return self.distances[offer.sites[0].node]


def _late(offer: Offer) -> bool:
    """Do all selects of an offer come between the head and the tail of its first site?"""
    return len(offer.sites) == 1 and offer.sites[0].whole


def _some(positions: set[int]) -> list[int]:
    """No more than a few of the positions, evenly, with 0."""
    ordered = sorted(positions | {0})
    return ordered[:: -(-len(ordered) // _WINDOWS)]
