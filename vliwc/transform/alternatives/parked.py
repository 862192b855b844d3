"""Packed rows whose words for the second site are parked in memory until they are needed.

    %r0 … %r7 = vload table[3 (%i - lo)]        %r0 … %r7 = vload table[3 (%i - lo)]
    %u = word 0 of the rows                     %u = word 0 of the rows
    …                                      →    vstore buffer + 3 k, %rk             (for each lane k, in order)
    %v = select %b, word 2 of the rows,         …
                    word 1 of the rows          %p, %q, %s = vload buffer + 1, + 9, + 17
                                                %v = select %b, words 1, 4, … of these, words 0, 3, … of these

Each row is stored over what the one before it has too much, so that what is needed ends up close together. Eight rows
are sixty-four words of scratch, which `rows` holds from one site to the other; parked, they are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting
from vliwc.transform.alternatives.buffers import addresses, buffers
from vliwc.transform.alternatives.rows import Layout, Rows, conditions, load_rows, loads_of_both, row_words
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Site
from vliwc.transform.tables import choose

_TURNS = 2
"""Groups take turns at so many buffers: so many may be between the two sites at a time."""


class Parked(Alternative):
    """Two sites, the second of which depends on the first by few bits."""

    name = "parked"
    summary = "rows, parked in memory between the look-ups"
    uses_memory = True
    spares_scratch = True

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each offer of rows."""
        lanes = setting.prices.lanes
        for rows in Rows().offers(sites, setting):
            layout = rows.detail
            assert isinstance(layout, Layout)
            words = 1 + max(layout.stride * (lanes - 1) + lanes - 1, lanes * _fetches(layout, lanes))
            room = buffers(self.name, rows.sites, _TURNS, 1, words, lanes)
            yield Offer(self, rows.sites, _price(rows, setting.prices), (*rows.tables, room), layout)

    def delay(self, offer: Offer, site: Site, prices: Prices) -> int:
        """As with rows that stay in scratch: what is parked is back before it is needed."""
        return Rows().delay(offer, site, prices)

    def loads(self, offer: Offer, prices: Prices) -> Sequence[tuple[Site, Site, float]]:
        """Rows are loaded for the first site, and words again for the second."""
        return loads_of_both(offer, prices)

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """At the first site the rows are loaded and parked; at the second, their words are fetched."""
        layout = offer.detail
        assert isinstance(layout, Layout)
        table, room = homes
        new, lanes, span = emitter.new, emitter.lanes, emitter.old.span[site.node]
        start = emitter.turn(offer, group) % _TURNS * (room.length // _TURNS)
        if site is offer.sites[0]:
            load_rows(offer, site, group, table, emitter)
            at = addresses(room, start, layout.stride, emitter, span)
            for k, row in enumerate(group.rows[offer]):
                emitter.emit("vstore", emitter.emit("lane", at, attr=k), row, attr=room.access, span=span)
            return emitter.emit("pack", *row_words(offer, 0, group, emitter), span=span)
        starts = [room.base + start + 1 + lanes * k for k in range(_fetches(layout, lanes))]
        fetched = [emitter.emit("vload", new.const(at), attr=room.access, span=span) for at in starts]

        def column(k: int) -> int:
            places = (divmod(layout.stride * row + k, lanes) for row in range(lanes))
            return emitter.emit("pack", *(emitter.emit("lane", fetched[v], attr=lane) for v, lane in places), span=span)

        return choose(
            conditions(layout, group, emitter),
            lambda k: column(min(k, layout.others - 1)),
            lambda cond, a, b, _: emitter.emit("select", cond, a, b, span=span),
            layout.start,
        )


def _fetches(layout: Layout, lanes: int) -> int:
    """How many vectors it takes to fetch the words of all rows that are for the second site."""
    return -(-(layout.stride * (lanes - 1) + layout.others) // lanes)


def _price(rows: Offer, prices: Prices) -> Loads:
    """What rows cost, and stores and loads, but hardly any scratch."""
    layout = rows.detail
    assert isinstance(layout, Layout)
    lanes, fetches = prices.lanes, _fetches(layout, prices.lanes)
    turn = -(-lanes // max(prices.machine.slots("load"), 1))
    area = lanes * lanes * turn + 2 * lanes * fetches
    return rows.price.plus(Loads(load=fetches, store=lanes, area=area - rows.price.area))
