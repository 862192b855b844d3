"""Symbolic memory: what the image holds, as far as the stores so far determine it.

Each region has a *version* (its contents at some point, unknown) and the *cells* stored since. A load from an address
that was stored to, and not since by any store that may alias, is the stored value. Any other load is the expression
`load(contents, address)`, where the contents are the version under those cells that may alias the address. A cell
in turn contains the cells that it may alias and that it came after.

So what an expression says depends on the order of stores and loads only where addresses may be equal: a program may
reorder accesses that are provably disjoint, and no others, and still come to the same expressions (they are the
normal forms of Mazurkiewicz traces, 1977).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from vliwc.backend.certifier.addresses import Addresses, Region
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.expressions import Terms
from vliwc.backend.certifier.intervals import FULL, Interval
from vliwc.ir.graph import Graph

_word = itemgetter(0)

MAX_EXACT = 64
"""Up to so many constant addresses are compared with a symbolic one each; beyond, only their range is."""


class Cell(NamedTuple):
    """A store that can still be seen. `time` orders the stores of one memory; `node` is the same for equal stores."""

    address: int
    value: int
    node: int
    time: int


@dataclass(slots=True)
class Contents:
    """One region's state."""

    version: int
    fixed: dict[int, Cell] = field(default_factory=dict)  # by address, constant ones
    floating: dict[Terms, dict[int, Cell]] = field(default_factory=dict)  # all others, by their terms and by address
    order: list[tuple[int, int]] = field(default_factory=list)  # sorted pairs: constant address, its expression
    seen: dict[tuple[int, int], int] = field(default_factory=dict)  # overlays of ranges of `order`, until a store

    def copy(self) -> Contents:
        """An independent copy."""
        floating = {terms: dict(cells) for terms, cells in self.floating.items()}
        return Contents(self.version, dict(self.fixed), floating, list(self.order))

    def addresses(self) -> set[int]:
        """All addresses that may have been stored to."""
        return {*self.fixed}.union(*self.floating.values())


class Memory:
    """The state of the whole image at one point of the graph, or of the program."""

    def __init__(self, algebra: Algebra, addresses: Addresses, contents: list[Contents], time: int = 0) -> None:
        self.algebra = algebra
        self.addresses = addresses
        self.contents = contents
        self.time = time

    @classmethod
    def initial(cls, algebra: Algebra, addresses: Addresses, graph: Graph) -> Memory:
        """The image before the program: unknown, but for the header and the declared bounds of arrays."""
        memory = cls(algebra, addresses, [])
        memory.contents = [Contents(memory.unknown(r, region.bounds)) for r, region in enumerate(addresses.regions)]
        for address, word in enumerate(graph.header):
            region = addresses.region(algebra.constant(address))
            assert region is not None, "the header is in the image"
            memory.store(region, algebra.constant(address), algebra.constant(word))
        return memory

    def copy(self) -> Memory:
        """An independent copy."""
        return Memory(self.algebra, self.addresses, [c.copy() for c in self.contents], self.time)

    def region(self, r: int) -> Region:
        """Region number `r`."""
        return self.addresses.regions[r]

    def unknown(self, r: int, bounds: Interval = FULL) -> int:
        """New contents of region `r`, of which nothing is known but bounds."""
        region = self.region(r)
        return self.algebra.unknown("memory", region.name, bounds, self.algebra.constant(region.base))

    def load(self, r: int, address: int) -> int:
        """The word at `address`, in region `r`."""
        contents = self.contents[r]
        exact = contents.fixed.get(address) or contents.floating.get(self.algebra.terms[address], {}).get(address)
        if exact is None and not contents.floating:
            memory = self._overlay_fixed(contents, address)
        else:
            cells = self._aliases(contents, address)
            if exact is not None:
                if all(cell.time < exact.time for cell in cells):
                    return exact.value
                cells.append(exact)
            memory = self._overlay(contents.version, cells)
        algebra = self.algebra
        return algebra.atom("load", memory, address, bounds=(algebra.lo[memory], algebra.hi[memory]))

    def store(self, r: int, address: int, value: int) -> None:
        """Puts `value` at `address`, in region `r`."""
        contents = self.contents[r]
        below = sorted(cell.node for cell in self._aliases(contents, address))
        node = self.algebra.node("cell", (address, value, *below))
        self.time += 1
        cell = Cell(address, value, node, self.time)
        contents.seen.clear()
        if not self.algebra.is_constant(address):
            contents.floating.setdefault(self.algebra.terms[address], {})[address] = cell
            return
        if address not in contents.fixed:
            insort(contents.order, (self.algebra.offset[address], address))
        contents.fixed[address] = cell

    def _aliases(self, contents: Contents, address: int) -> list[Cell]:
        """The cells that may be at `address`, without the one that certainly is."""
        disjoint, own = self.addresses.disjoint, self.algebra.terms[address]
        cells: list[Cell] = []
        for terms, found in contents.floating.items():
            if terms != own:  # with the same terms, addresses are equal or differ by a constant
                cells.extend(cell for a, cell in found.items() if not disjoint(a, address))
        if not self.algebra.is_constant(address):
            cells.extend(contents.fixed[a] for a in self._fixed_aliases(contents, address))
        return cells

    def _fixed_aliases(self, contents: Contents, address: int) -> list[int]:
        """The constant addresses that were stored to and that the symbolic `address` may be."""
        start, stop = self._range(contents, address)
        found = [a for _, a in contents.order[start:stop]]
        if len(found) > MAX_EXACT:
            return found
        return [a for a in found if not self.addresses.disjoint(a, address)]

    def _range(self, contents: Contents, address: int) -> tuple[int, int]:
        lo, hi = self.addresses.bounds(address)
        return bisect_left(contents.order, lo, key=_word), bisect_right(contents.order, hi, key=_word)

    def _overlay_fixed(self, contents: Contents, address: int) -> int:
        """The memory that `address` may see where all stores were to constant addresses, and not to this one."""
        start, stop = self._range(contents, address)
        if stop - start <= MAX_EXACT:
            return self._overlay(contents.version, [contents.fixed[a] for a in self._fixed_aliases(contents, address)])
        found = contents.seen.get((start, stop))
        if found is None:
            found = self._overlay(contents.version, [contents.fixed[a] for _, a in contents.order[start:stop]])
            contents.seen[start, stop] = found
        return found

    def _overlay(self, version: int, cells: list[Cell]) -> int:
        """The memory `version` with these cells on top, in the order that their own contents tell."""
        if not cells:
            return version
        lo, hi = self.algebra.lo, self.algebra.hi
        bounds = (
            min(lo[version], *(lo[cell.value] for cell in cells)),
            max(hi[version], *(hi[cell.value] for cell in cells)),
        )
        return self.algebra.node("overlay", (version, *sorted(cell.node for cell in cells)), bounds)

    def forget(self, r: int, version: int) -> None:
        """Region `r` now holds `version`, and nothing more is known of it."""
        self.contents[r] = Contents(version)

    def differences(self, other: Memory, r: int) -> Iterator[tuple[int, int, int]]:
        """Where region `r` may differ: address, the word here, the word there. Nothing if both are surely equal.

        Words to which neither stored are equal, as both start from the same version; at every address to which one
        of them stored, both must load the same.
        """
        mine, theirs = self.contents[r], other.contents[r]
        assert mine.version == theirs.version, "only states of one version can be compared"
        for address in sorted(mine.addresses() | theirs.addresses(), key=self._rank):
            expected, found = self.load(r, address), other.load(r, address)
            if expected != found:
                yield address, expected, found

    def _rank(self, address: int) -> tuple[bool, int]:
        known = self.algebra.is_constant(address)
        return not known, self.algebra.offset[address] if known else address
