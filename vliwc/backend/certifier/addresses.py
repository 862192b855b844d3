"""Addresses: the regions of the image, and what is known about expressions that are addresses.

The graph's own accesses are within their arrays: that is the contract of the language. So when the graph accesses
`base + index` of an array, that expression lies in the array, and a machine access of the same expression needs no
other proof. These facts hold throughout the proof, because what the graph does, it does unconditionally.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.intervals import FULL, Interval, integer_range, misses_zero, stride
from vliwc.ir.graph import Graph, Mode


@dataclass(frozen=True, slots=True)
class Region:
    """Words `base` … `end - 1` of the image: an array, or (without a mode) words that belong to none."""

    name: str
    base: int
    end: int
    mode: Mode | None
    bounds: Interval

    @property
    def kept(self) -> bool:
        """Does it matter what these words hold when the program ends?"""
        return self.mode is not Mode.CONSUMED


def regions_of(graph: Graph) -> tuple[Region, ...]:
    """All of the image, in order of address: arrays of at least one word, the header, and gaps if there are any.

    Raises ProofFailed if arrays overlap or lie outside the image: then nothing can be proven.
    """
    at = len(graph.header)
    regions = [Region("header", 0, at, None, FULL)] if at else []
    for array in sorted((a for a in graph.arrays.values() if a.length), key=lambda a: a.base):
        if array.base < at or array.end > graph.image_words:
            raise ProofFailed(f"array {array.name} of the graph overlaps the header, another array or the image's end")
        if array.base > at:
            regions.append(Region("gap", at, array.base, None, FULL))
        # what an `out` array holds at the start is arbitrary, whatever it is declared to hold
        bounds = FULL if array.mode is Mode.OUT else (array.lo, array.hi)
        regions.append(Region(array.name, array.base, array.end, array.mode, bounds))
        at = array.end
    if at < graph.image_words:
        regions.append(Region("gap", at, graph.image_words, None, FULL))
    return tuple(regions)


class Addresses:
    """What the proof knows about addresses. Regions are numbered in order of address."""

    def __init__(self, algebra: Algebra, graph: Graph) -> None:
        self.algebra = algebra
        self.regions = regions_of(graph)
        self.number = {region.name: r for r, region in enumerate(self.regions) if region.mode is not None}
        self._bases = [region.base for region in self.regions]
        self._inside: dict[int, int] = {}
        self._disjoint: dict[tuple[int, int], bool] = {}
        self.divisors: set[int] = set()
        """Expressions that the graph divides by, which are therefore not 0."""

    def kept(self) -> frozenset[int]:
        """The regions whose contents matter when the program ends."""
        return frozenset(r for r, region in enumerate(self.regions) if region.kept)

    def assume(self, address: int, region: int) -> None:
        """Notes that the graph accesses `address` in `region`."""
        self._inside[address] = region

    def bounds(self, address: int) -> Interval:
        """The least and greatest value of an address."""
        lo, hi = self.algebra.lo[address], self.algebra.hi[address]
        region = self._inside.get(address)
        if region is None:
            return lo, hi
        return max(lo, self.regions[region].base), min(hi, self.regions[region].end - 1)

    def region(self, address: int) -> int | None:
        """The region that contains the address for all values of its symbols, or None if that is not known."""
        found = self._inside.get(address)
        if found is not None:
            return found
        lo, hi = self.algebra.lo[address], self.algebra.hi[address]
        r = bisect_right(self._bases, lo) - 1
        return r if r >= 0 and hi < self.regions[r].end else None

    def disjoint(self, a: int, b: int) -> bool:
        """Do these addresses differ for all values of their symbols?"""
        if a == b:
            return False
        key = (a, b) if a < b else (b, a)
        found = self._disjoint.get(key)
        if found is None:
            offset, terms = self.algebra.sum(a, b, -1)
            found = self._disjoint[key] = bool(offset) if not terms else self._differ(a, b, offset, terms)
        return found

    def _differ(self, a: int, b: int, offset: int, terms: tuple[tuple[int, int], ...]) -> bool:
        """Can a - b = offset + terms not be 0? Because of parity, the range of the difference, or both ranges."""
        if offset & (stride(terms) - 1):
            return True
        if misses_zero(*integer_range(offset, terms, self.algebra.lo, self.algebra.hi)):
            return True
        alo, ahi = self.bounds(a)
        blo, bhi = self.bounds(b)
        return ahi < blo or bhi < alo
