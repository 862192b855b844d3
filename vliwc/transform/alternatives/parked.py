"""Packed rows of which the words for the second site are parked in memory until they are needed.

    %r0 … %r7 = vload table[3 (%i - lo)]            %r0 … %r7 = vload table[3 (%i - lo)]
    %u = word 2 of the rows                         %u = word 2 of the rows
    …                                        →      vstore buffer + 2 k, %rk                (for each lane k, in order)
    %v = select %b, word 1 of the rows,             …
                    word 0 of the rows              %p = vload buffer; %q = vload buffer + 8     words 0 and 1 of all rows
                                                    %v = select %b, words 1, 3, … of %p %q, words 0, 2, … of %p %q

Each row is stored over what the one before it has too much, so that the words which are needed end up side by side. Eight rows are
sixty-four words, which `rows` holds from one site to the other; parked, they are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting, Table
from vliwc.transform.alternatives.buffers import addresses, buffers
from vliwc.transform.alternatives.rows import Layout, Rows, conditions, load_rows, row_words
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Site
from vliwc.transform.tables import choose

_TURNS = 2
"""Groups take turns at so many buffers: so many may be between the two sites at a time."""


class Parked(Alternative):
    """Two sites, the second of which depends on the first by few bits."""

    name = "parked"
    summary = "rows, parked in memory between the look-ups"

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each offer of rows."""
        prices = setting.prices
        lanes = prices.lanes
        for rows in Rows().offers(sites, setting):
            layout = rows.detail
            assert isinstance(layout, Layout)
            words = layout.others * (lanes - 1) + lanes
            room = buffers(self.name, rows.sites, _TURNS, 1, words, lanes)
            tables = (*rows.in_memory, Table(("rows",), Loads(), scratch=lanes * lanes), room)
            yield Offer(self, rows.sites, _price(rows, layout, prices), tables, layout)

    def delay(self, offer: Offer, site: Site, prices: Prices) -> int:
        """As with rows that stay in scratch: what is parked is back before it is needed."""
        return Rows().delay(offer, site, prices)

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """At the first site the rows are loaded and parked; at the second, their words are fetched."""
        layout = offer.detail
        assert isinstance(layout, Layout)
        table, room = homes
        new, lanes, span = emitter.new, emitter.lanes, emitter.old.span[site.node]
        start = emitter.turn(offer, group) % _TURNS * (room.length // _TURNS)
        if site is offer.sites[0]:
            load_rows(offer, site, group, table, emitter)
            at = addresses(room, start, layout.others, emitter, span)
            for k, row in enumerate(group.rows[offer]):
                emitter.emit("vstore", emitter.emit("lane", at, attr=k), row, attr=room.access, span=span)
            return emitter.emit("pack", *row_words(offer, layout.others, group, emitter), span=span)
        starts = [room.base + start + lanes * k for k in range(layout.others)]
        fetched = [emitter.emit("vload", new.const(at), attr=room.access, span=span) for at in starts]

        def column(k: int) -> int:
            places = (divmod(layout.others * row + k, lanes) for row in range(lanes))
            return emitter.emit("pack", *(emitter.emit("lane", fetched[v], attr=lane) for v, lane in places), span=span)

        return choose(
            conditions(layout, group, emitter),
            lambda k: column(min(k, layout.others - 1)),
            lambda cond, a, b, _: emitter.emit("select", cond, a, b, span=span),
            layout.start,
        )


def _price(rows: Offer, layout: Layout, prices: Prices) -> Loads:
    """What rows cost, and stores and loads, but hardly any scratch."""
    lanes = prices.lanes
    turn = -(-lanes // max(prices.machine.slots("load"), 1))
    area = lanes * lanes * turn + 2 * lanes * layout.others
    return rows.price.plus(Loads(load=layout.others, store=lanes, area=area - rows.price.area))
