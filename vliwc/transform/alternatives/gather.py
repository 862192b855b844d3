"""One load a lane, as the kernel says.

%v = gather data[%i]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vliwc.ir.graph import Access
from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting
from vliwc.transform.loads import Loads
from vliwc.transform.sites import Site, through


class Gather(Alternative):
    """Always possible."""

    name = "gather"
    summary = "one load a lane"
    direct = True

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each site."""
        for site in sites:
            yield Offer(self, (site,), Loads(load=setting.prices.lanes, vectors=len(site.chain)))

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """The gather and its chain."""
        old, new = emitter.old, emitter.new
        index = emitter.vector(group, old.args[site.load][0])
        loaded = emitter.emit("gather", index, attr=Access(site.array), span=old.span[site.load])
        return through(old, site, loaded, emitter.emit, lambda c: new.const(c, emitter.lanes))
