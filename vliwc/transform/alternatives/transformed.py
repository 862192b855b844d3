"""A transformed table: what every gathered word would go through is done once to the words of the table.

    %g = gather data[%i]                  (once)  %r = vload data[…]; %s = xor %r, C; vstore table[…], %s
    %v = xor %g, C               →        %v = gather table[%i - …]

It pays where the table has fewer words than are gathered from it. The table stands in dead memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from vliwc.ir.graph import Access
from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting, Table
from vliwc.transform.alternatives.words import all_words
from vliwc.transform.loads import Loads
from vliwc.transform.sites import Site, through


class Transformed(Alternative):
    """A gather from a table that has been through the site's chain."""

    name = "transformed"
    summary = "one load a lane from a table that was transformed once"
    uses_memory = True

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each site with a chain, of at least a row of words."""
        lanes = setting.prices.lanes
        for site in sites:
            if site.chain and site.count >= lanes:
                rows = -(-site.count // lanes)
                price = Loads(load=rows, vectors=rows * len(site.chain), store=rows, words=2 * rows)
                key = ("transformed", site.words)
                table = Table(key, price, memory=site.count, build=partial(_build, site), reads=all_words(site))
                yield Offer(self, (site,), Loads(load=lanes), (table,))

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """The gather, with the index moved."""
        (home,) = homes
        span = emitter.old.span[site.node]
        index = emitter.vector(group, emitter.old.args[site.load][0])
        address = emitter.emit("add", index, emitter.new.const(home.base - site.lo, emitter.lanes), span=span)
        return emitter.emit("gather", address, attr=home.access, span=span)


def _build(site: Site, emitter: Emitter, home: Home | None) -> list[tuple[int, int]]:
    """Row by row; the last one may overlap the one before it."""
    assert home is not None, "the table is in memory"
    new, lanes, old = emitter.new, emitter.lanes, emitter.old
    rows = []
    for k in range(0, site.count, lanes):
        at = min(k, site.count - lanes)
        row = emitter.emit("vload", new.const(site.lo + at), attr=Access(site.array), span=old.span[site.node])
        rows.append((home.base + at, through(old, site, row, emitter.emit, lambda c: new.const(c, lanes))))
    return rows
