"""Which cycles of a schedule are told apart.

    0  1  2 | 3 …………………………………… T - 4 | T - 3  T - 2  T - 1         ends = 3

What holds a large problem up happens in its first and last cycles, its ramps; the many cycles in between are one long
period, in which no cycle differs from another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_FEWEST = 2
"""With fewer cycles told apart at each end of a long period, nothing is found that windows do not say."""


class Place(NamedTuple):
    """Something is issued between two cycles."""

    first: int
    last: int


class Periods:
    """The periods of a schedule of so many cycles, the first and last few of which are told apart."""

    def __init__(self, cycles: int, ends: int) -> None:
        self.cycles = cycles
        self.middle = range(ends, max(ends, cycles - ends))
        """The cycles of the long period; there is none if all are told apart."""

    def bounds(self, place: Place) -> list[int]:
        """The cycles of a place by the end of which it is told what has been issued; its last one always is."""
        early = range(place.first, min(place.last, self.middle.start))
        late = range(max(place.first, self.middle.start, self.middle.stop - 1), place.last)
        return [*early, *late, place.last]

    def bound(self, cycle: int) -> int:
        """The end of the period to which a cycle belongs."""
        return self.middle.stop - 1 if cycle in self.middle else cycle

    def period(self, cycle: int) -> int:
        """The first cycle of the period to which a cycle belongs."""
        return self.middle.start if cycle in self.middle else cycle

    def inside(self, place: Place) -> bool:
        """Is all of a place in the long period?"""
        return place.first in self.middle and place.last in self.middle


def told_apart(
    cycles: int, heads: Sequence[int], tails: Sequence[int], weights: Sequence[int], most: int
) -> Periods | None:
    """The finest periods with no more than about so many variables, or None if there are none worth it.

    An operation has so many variables (`weights`) for each cycle, told apart from others, in which it may be issued.
    """
    first, last = np.array(heads, np.int64), cycles - np.array(tails, np.int64)
    weight = np.array(weights, np.int64)

    def variables(ends: int) -> int:
        start, stop = ends, max(ends, cycles - ends)
        early = np.maximum(0, np.minimum(last, start) - first)
        late = np.maximum(0, last - np.maximum(first, max(start, stop - 1)))
        some = (first < start) | (last >= stop)
        return int((weight * (early + late + 1) * some).sum())

    ends = -(-cycles // 2)
    if variables(ends) > most:
        low = 0  # fine enough, and ends is not
        while ends - low > 1:
            half = (low + ends) // 2
            low, ends = (half, ends) if variables(half) <= most else (low, half)
        ends = low
    whole = 0 < cycles <= 2 * ends
    return Periods(cycles, ends) if whole or ends >= _FEWEST else None
