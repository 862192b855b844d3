"""Packed rows whose words are steered by stores: what is not wanted is stored to where nobody looks.

    %r0 … %r7 = vload table[3 (%i - lo)]            %r0 … %r7 = vload table[3 (%i - lo)]
    …                                               …
    %x = xor %v, (word 1 of the rows)               store buffer + k, word 1 of row k           (for each lane k)
    %y = xor %v, (word 2 of the rows)        →      %a = select %b, buffer, elsewhere
    %w = select %b, %y, %x                          store %a + k, word 2 of row k
                                                    %w = xor %v, (vload buffer)

Where stores have time, the second word that a bit chooses between costs no vector operation (see `rows`): twice as
many stores as there are lanes and a load take its place, and the select is one of addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting
from vliwc.transform.alternatives.buffers import addresses, buffers, store_words
from vliwc.transform.alternatives.rows import Layout, Rows, conditions, load_rows, loads_of_both, row_words
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Site

_TURNS = 3
"""Groups take turns at so many buffers: while one of them waits for its words, the next ones may store theirs."""


def distance(lanes: int) -> int:
    """The words from a buffer to where nobody looks: a power of two, so that lanes are told apart by addresses modulo
    that, whichever of the two they choose."""
    return 1 << (lanes - 1).bit_length()


class Steered(Alternative):
    """Two sites, of which the second depends on the first by one bit."""

    name = "steered"
    summary = "rows, of which stores choose the second word"
    uses_memory = True

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each offer of rows with one bit."""
        prices = setting.prices
        if not prices.machine.runs("store", "store"):
            return
        for rows in Rows().offers(sites, setting):
            layout = rows.detail
            assert isinstance(layout, Layout)
            if layout.others == 2 and len(layout.bits) == 1:
                room = buffers(self.name, rows.sites, _TURNS, 2, 2 * distance(prices.lanes), prices.lanes)
                yield Offer(self, rows.sites, _price(rows, prices), (*rows.tables, room), layout)

    def delay(self, offer: Offer, site: Site, prices: Prices) -> int:
        """An address is chosen, words are stored, and loaded again."""
        if site is offer.sites[0]:
            return Rows().delay(offer, site, prices)
        machine = prices.machine
        stores = -(-prices.lanes // max(machine.slots("store"), 1)) - 1 + machine.latency("store", "store")
        return 1 + stores + machine.latency("load", "vload")

    def loads(self, offer: Offer, prices: Prices) -> Sequence[tuple[Site, Site, float]]:
        """Rows are loaded for the first site, and words again for the second."""
        return loads_of_both(offer, prices)

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """At the first site the rows are loaded; at the second, words go to the buffer or to where nobody looks."""
        layout = offer.detail
        assert isinstance(layout, Layout)
        table, room = homes
        span = emitter.old.span[site.node]
        if site is offer.sites[0]:
            load_rows(offer, site, group, table, emitter)
            return emitter.emit("pack", *row_words(offer, 0, group, emitter), span=span)
        ((weight, chosen),) = conditions(layout, group, emitter)
        number = 2 * (emitter.turn(offer, group) % _TURNS)
        buffer, elsewhere = (
            addresses(room, (number + k) * distance(emitter.lanes), 1, emitter, span) for k in range(2)
        )
        store_words(row_words(offer, 1 + layout.start, group, emitter), buffer, room, emitter, span)
        at = emitter.emit("select", chosen, buffer, elsewhere, span=span)
        store_words(row_words(offer, 1 + layout.start + weight, group, emitter), at, room, emitter, span)
        return emitter.emit("vload", emitter.emit("lane", buffer, attr=0), attr=room.access, span=span)


def _price(rows: Offer, prices: Prices) -> Loads:
    """What rows cost, without operations on two words for one."""
    lanes = prices.lanes
    less = Loads(words=-2 * lanes, vectors=int(rows.sites[1].simple), load=1, store=2 * lanes)
    return rows.price.plus(less)
