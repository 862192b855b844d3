"""Packed rows that are unpacked as they come, so that they stay in scratch for a few cycles only.

    %r0 … %r7 = vload table[3 (%i - lo)]            %r0 … %r7 = vload table[3 (%i - lo)]
    %u = word 0 of the rows                    →    %u = word 0 of the rows
    …                                               %q = word 1 of the rows;  %d = (word 2 of the rows) - %q
    %v = select %b, word 2, word 1                  …
                                                    %v = muladd %b, %d, %q

A row fills a vector, whatever its length. `Rows` keeps a group's rows from the first site to the second, which saves an
operation where there is scratch. Here the words for the second site go into vectors at once, lane by lane; of two that
one bit tells apart, one is copied and the other one turned into the difference, so that the choice is a multiply-add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from vliwc.transform.alternatives.base import Emitter, Group, Home, Offer, Setting
from vliwc.transform.alternatives.rows import Layout, Rows, conditions
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Site
from vliwc.transform.tables import choose


class Unpacked(Rows):
    """Two sites, the second of which depends on the first by few bits; rows are unpacked at the first one."""

    name = "unpacked"
    summary = "one row load a lane for two look-ups, unpacked at once"

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each offer of rows."""
        for offer in super().offers(sites, setting):
            first, second = offer.sites
            assert isinstance(offer.detail, Layout)
            yield replace(offer, price=_price(first, second, offer.detail, setting.prices))

    def delay(self, offer: Offer, site: Site, prices: Prices) -> int:
        """The choice by the last bit is an operation by itself."""
        return super().delay(offer, site, prices) if site is offer.sites[0] else 1

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """At the first site the rows are loaded and unpacked; the second one chooses among vectors."""
        layout = offer.detail
        assert isinstance(layout, Layout)
        span = emitter.old.span[site.node]

        def column(k: int) -> int:
            words = (emitter.emit("lane", row, attr=1 + min(k, layout.others - 1)) for row in group.rows[offer])
            return emitter.emit("pack", *words, span=span)

        def difference(a: int, b: int) -> int:
            return emitter.emit("sub", a, b, span=span)

        def blend(cond: int, a: int, b: int, leaf: bool) -> int:
            if leaf:
                return emitter.emit("muladd", cond, difference(a, b), b, span=span)
            return emitter.emit("select", cond, a, b, span=span)

        if site is offer.sites[0]:
            value = super().emit(offer, site, group, homes, emitter)
            _unpack(layout, column, difference)
            return value
        return choose(conditions(layout, group, emitter), column, blend, layout.start)


def _unpack(layout: Layout, column: Callable[[int], int], difference: Callable[[int, int], int]) -> None:
    """Emits what the second site chooses among, as far as no bit is needed for it."""
    weights = [weight for weight, _ in layout.bits] or [1 << j for j in range((layout.others - 1).bit_length())]

    def ready(_: int, a: int, b: int, leaf: bool) -> int:
        return difference(a, b) if leaf else a

    choose([(weight, 0) for weight in weights], column, ready, layout.start)


def _price(first: Site, second: Site, layout: Layout, prices: Prices) -> Loads:
    """Rows instead of gathers: an operation a word, and the choices. A group's rows are in scratch while the load
    engine works on them, the words for the second site until that is through."""
    lanes = prices.lanes
    turn = -(-lanes // max(prices.machine.slots("load"), 1))
    between = max(1, min(second.head - first.head, first.tail - second.tail))
    area = lanes * (lanes * turn + layout.others * between)
    price = Loads(load=lanes, words=(1 + layout.others) * lanes, vectors=-first.simple, area=area)
    leaves = layout.others // 2
    price = price.plus(prices.fused, leaves).plus(prices.select, layout.others - 1 - leaves)
    if layout.offset >= 0:
        price = price.plus(prices.op, (layout.others - 1).bit_length())
    return price
