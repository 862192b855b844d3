"""Reads a site's words at set-up time: each once, for all groups."""

from __future__ import annotations

from collections.abc import Callable

from vliwc.ir.graph import Access
from vliwc.ir.ops import MASK
from vliwc.machine.description import Machine
from vliwc.transform.alternatives.base import Emitter
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Site, repeat, through


def all_words(site: Site) -> tuple[tuple[str, range]]:
    """All words that a site looks up, by their array."""
    return ((site.array, range(site.lo, site.lo + site.count)),)


def by_rows(site: Site, machine: Machine) -> bool:
    """Is a site's chain done to whole rows, but for its last operation? Then the words do not wait for `alu` alone."""
    return len(site.chain) > 1 and site.count >= machine.lanes and machine.runs("load", "vload")


def chain_price(site: Site, prices: Prices, words: int) -> Loads:
    """What it costs to take so many words of a site through its chain, each to where it is wanted."""
    length = len(site.chain)
    if not by_rows(site, prices.machine):
        return Loads(words=words * length)
    rows = -(-site.count // prices.lanes)
    return Loads(words=words, vectors=rows * (length - 1))


def reader(site: Site, emitter: Emitter) -> Callable[[int], int]:
    """Gives the words of a site's array by index, as they come out of the site's chain; no index is out of range.

    Words are taken from rows, since a row takes no more of the load engine than a word.
    """
    old, new, lanes, emit = emitter.old, emitter.new, emitter.lanes, emitter.emit
    span, access = old.span[site.node], Access(site.array)
    length = old.arrays[site.array].length
    in_rows = length >= lanes and emitter.machine.runs("load", "vload")
    early = site.chain[:-1] if in_rows and by_rows(site, emitter.machine) else ()

    def read(index: int) -> int:
        at = min(index & MASK, length - 1)
        if not in_rows:
            return through(old, site, emit("load", new.const(at), attr=access, span=span), emit, new.const)
        start = min(max(at - (at - site.lo) % lanes, 0), length - lanes)
        rows = {site.load: emit("vload", new.const(start), attr=access, span=span)}
        for n in early:
            repeat(old, n, rows, emit, lambda word: new.const(word, lanes))
        made = {n: emit("lane", row, attr=at - start, span=span) for n, row in rows.items()}
        for n in site.chain[len(early) :]:
            repeat(old, n, made, emit, new.const)
        return made[site.node]

    return read
