"""Choices among words that are held in scratch, by the bits of the index: what selections of every kind share.

    %i = 4 + 4 b0 + 2 b1 + b2           %t4 … %t11 = load data[4] … data[11]     (once, shared by all lanes)
    %v = gather data[%i]          →     %v = select b2, (select b1, …), (select b1, …)

The bits come from the index's linear form where it is a sum of single-bit words, and are taken from the index itself
otherwise.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting, Table
from vliwc.transform.alternatives.words import all_words, chain_price, reader
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Site
from vliwc.transform.tables import choose

MAX_ENTRIES = 32
"""Above this a gather is never replaced: the choices would cost more than any load."""


class Choice(Alternative):
    """A tree of two-way choices between shared words."""

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each site with few words."""
        prices = setting.prices
        for site in sites:
            price = self.price(site, prices) if site.count <= MAX_ENTRIES else None
            if price is not None:
                yield Offer(self, (site,), price.plus(prices.op, site.bit_ops), (held_words(site, prices),))

    @abstractmethod
    def price(self, site: Site, prices: Prices) -> Loads | None:
        """What the choices cost; None if the machine or the index does not allow them."""

    def delay(self, offer: Offer, site: Site, prices: Prices) -> int:
        """The choice by the last bit is an operation by itself. Where all bits come with the index, they are taken from
        it, and there is a choice by each of them; only a single word's distance from the first one need not be added.
        """
        if not site.whole:
            return 1
        return int(len(site.form.terms) > 1) + (site.count - 1).bit_length()

    @abstractmethod
    def choice(self, cond: int, a: Word, b: Word, leaf: bool, emitter: Emitter, site: Site) -> Word:
        """`a` where the condition holds, else `b`; `leaf` if both are shared words."""

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """The tree of choices."""
        read = reader(site, emitter)

        def entry(k: int) -> Word:
            word = read(site.lo + min(k, site.count - 1))
            return Word(emitter.new.widen(word, emitter.lanes), word)

        start = 0 if site.bits is None else site.form.constant - site.lo
        return choose(
            conditions(site, group, emitter),
            entry,
            lambda cond, a, b, leaf: self.choice(cond, a, b, leaf, emitter, site),
            start,
        ).vector


class Word(NamedTuple):
    """The node of a vector, and of the word that it holds in all lanes if it does so."""

    vector: int
    word: int = -1


def held_words(site: Site, prices: Prices) -> Table:
    """The words of a site in scratch, in every lane, and where choices may become multiply-adds, the differences."""
    rows = -(-site.count // prices.lanes)
    vectors = site.count + (site.count // 2 if prices.choice != prices.select else 0)
    price = Loads(vectors=site.count, load=rows).plus(chain_price(site, prices, site.count))
    key, build = ("held", site.words), partial(_read, site)
    return Table(key, price, scratch=vectors * prices.lanes, build=build, reads=_chosen(site))


def _chosen(site: Site) -> tuple[tuple[str, range], ...]:
    """The words of a site if some sum of its bits chooses each of them."""
    sums = {0}
    for weight, _ in site.bits or ():
        sums |= {weight + other for other in sums}
    return all_words(site) if site.bits is None or len(sums) == site.count else ()


def _read(site: Site, emitter: Emitter, home: Home | None) -> list[tuple[int, int]]:
    """Reads the words; nothing is stored."""
    read = reader(site, emitter)
    for k in range(site.count):
        read(site.lo + k)
    return []


def conditions(site: Site, group: Group, emitter: Emitter) -> list[tuple[int, int]]:
    """(weight, condition) pairs whose sum is the index, but for a constant."""
    if site.bits is not None:
        return [(weight, emitter.vector(group, n)) for weight, n in site.bits]
    new, lanes, span = emitter.new, emitter.lanes, emitter.old.span[site.node]
    index = emitter.vector(group, emitter.old.args[site.load][0])
    offset = emitter.emit("sub", index, new.const(site.lo, lanes), span=span)
    masks = [1 << j for j in range((site.count - 1).bit_length())]
    return [(m, emitter.emit("and", offset, new.const(m, lanes), span=span)) for m in masks]
