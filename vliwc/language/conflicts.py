"""Which iteration of a `par` loop used which word: finds iterations that are not independent.

Used on real addresses by the interpreter and on affine ones by the checker.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Word `index` of an array is used by iteration `mine` and by another one (`theirs`, -1 if there are several)."""

    index: int
    mine: int
    theirs: int


class Ownership:
    """The users of each word of one array during one execution of a loop.

    Every use is stamped with `base` + the iteration's number; `begin` moves `base` up past all stamps given so far,
    which forgets them at no cost.
    """

    def __init__(self, length: int) -> None:
        self._writer: Indices = np.full(length, -1, dtype=np.int64)
        self._reader: Indices = np.full(length, -1, dtype=np.int64)
        self._base = 0
        self._shared = 0

    def begin(self, iterations: int) -> None:
        """Starts a new execution of the loop, with iterations 0 … iterations - 1."""
        self._base = self._shared + 1
        self._shared = self._base + iterations

    def read(self, indices: Indices, iterations: Indices) -> Conflict | None:
        """Notes that each of `iterations` reads the word at the same place in `indices`."""
        stamps = iterations + self._base
        conflict = self._clash(self._writer, indices, stamps)
        if conflict is not None:
            return conflict
        fresh = self._reader[indices] < self._base
        self._reader[indices[fresh]] = stamps[fresh]
        others = self._reader[indices] != stamps
        self._reader[indices[others]] = self._shared
        return None

    def write(self, indices: Indices, iterations: Indices) -> Conflict | None:
        """Notes that each of `iterations` writes the word at the same place in `indices`."""
        stamps = iterations + self._base
        conflict = self._clash(self._writer, indices, stamps) or self._clash(self._reader, indices, stamps)
        if conflict is not None:
            return conflict
        self._writer[indices] = stamps
        return self._clash(self._writer, indices, stamps)

    def _clash(self, users: Indices, indices: Indices, stamps: Indices) -> Conflict | None:
        theirs = users[indices]
        bad = (theirs >= self._base) & (theirs != stamps)
        if not bad.any():
            return None
        k = int(np.argmax(bad))
        other = int(theirs[k])
        return Conflict(
            index=int(indices[k]),
            mine=int(stamps[k]) - self._base,
            theirs=-1 if other == self._shared else other - self._base,
        )
