"""What the balance of engines starts from, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vliwc.transform.alternatives import Home, Offer
from vliwc.transform.loads import NO_LOADS, Loads
from vliwc.transform.rooms import Room
from vliwc.transform.sites import Site

Main = dict[int, Offer]
"""For each site (by its node) the offer that most groups take."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured when every group treats each site as `main` says.

    `setup` is the load of what all groups share, `group` that of one group, `ramp` for how many cycles engines must be
    idle at the beginning and at the end; `movable` is how many of a group's vector operations may become one select,
    and two (see `vliwc.transform.engines`).
    """

    main: Main
    setup: Loads
    group: Loads
    ramp: Mapping[str, tuple[int, int]]
    movable: tuple[int, int]
    constants: tuple[int, int] = (0, 0)
    """How many loads of what all groups share, and of one group, make constants: other engines may make them."""
    rest: Loads = NO_LOADS
    """What a last group that is not full takes at least, beside what its sites cost."""
    share: float = 0.0
    """The share of its lanes that count, or 0 if there is none."""
    own_loads: tuple[int, ...] = ()
    """For each load of words that belong to a group (of one for each lane), how much is left to do at least."""
    constant_words: int = 0
    """The words of scratch in which constants stand in all lanes, for all groups (with all groups doing the same)."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How many groups take each offer, where tables in memory are, and the rooms in use.

    `busiest` is how long the busiest engine takes, in cycles.
    """

    counts: Mapping[Offer, int]
    homes: Mapping[tuple[object, ...], Home]
    rooms: tuple[Room, ...]
    busiest: float
    crowded: bool = False
    """Was scratch counted as an engine, as it might hold the program up?"""

    def main(self, found: Sequence[Site]) -> Main:
        """Each site's most frequent offer, as far as offers for several sites can be had for all of them."""
        main: Main = {}
        for offer in sorted(self.counts, key=lambda o: (-self.counts[o], len(o.sites))):
            if not any(s.node in main for s in offer.sites):
                main.update((s.node, offer) for s in offer.sites)
        return {s.node: main[s.node] for s in found}
