"""A gather of the first words of packed rows that are there for other sites.

    %g = gather data[%i]
    %v = xor %g, C               →        %v = gather table[3 (%i - lo)]

The words have been through the chain already, as in a transformed table, but need no memory of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting
from vliwc.transform.alternatives.rows import Layout, Rows
from vliwc.transform.loads import Loads
from vliwc.transform.sites import Site


class Column(Alternative):
    """One load a lane from rows that were packed for other sites."""

    name = "column"
    summary = "one load a lane from rows packed for other sites"
    uses_memory = True

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each table of rows that begin with a site's words, if these go through a chain."""
        for rows in Rows().offers(sites, setting):
            for site in sites:
                if site.chain and site.words == rows.sites[0].words:
                    yield Offer(self, (site,), Loads(load=setting.prices.lanes), rows.tables, rows.detail)

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """The gather, at the rows' stride."""
        layout = offer.detail
        assert isinstance(layout, Layout)
        (home,) = homes
        new, lanes, span = emitter.new, emitter.lanes, emitter.old.span[site.node]
        index = emitter.vector(group, emitter.old.args[site.load][0])
        scaled = emitter.emit("mul", index, new.const(layout.stride, lanes), span=span)
        address = emitter.emit("add", scaled, new.const(home.base - site.lo * layout.stride, lanes), span=span)
        return emitter.emit("gather", address, attr=home.access, span=span)
