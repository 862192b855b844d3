"""Reads a site's words at set-up time: each once, for all groups."""

from __future__ import annotations

from collections.abc import Callable

from vliwc.ir.graph import Access
from vliwc.ir.ops import MASK
from vliwc.transform.alternatives.base import Emitter
from vliwc.transform.sites import Site, through


def all_words(site: Site) -> tuple[tuple[str, range]]:
    """All words that a site looks up, by their array."""
    return ((site.array, range(site.lo, site.lo + site.count)),)


def reader(site: Site, emitter: Emitter) -> Callable[[int], int]:
    """Gives the words of a site's array by index, as they come out of the site's chain; no index is out of range.

    Words are taken from rows, since a row takes no more of the load engine than a word.
    """
    old, new, lanes = emitter.old, emitter.new, emitter.lanes
    span, access = old.span[site.node], Access(site.array)
    length = old.arrays[site.array].length
    in_rows = length >= lanes and emitter.machine.runs("load", "vload")

    def read(index: int) -> int:
        at = min(index & MASK, length - 1)
        if not in_rows:
            loaded = emitter.emit("load", new.const(at), attr=access, span=span)
        else:
            start = min(max(at - (at - site.lo) % lanes, 0), length - lanes)
            row = emitter.emit("vload", new.const(start), attr=access, span=span)
            loaded = emitter.emit("lane", row, attr=at - start, span=span)
        return through(old, site, loaded, emitter.emit, new.const)

    return read
