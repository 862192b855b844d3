"""Packed rows: words that are looked up one after the other stand side by side, so one `vload` a lane serves two sites.

    %u = gather data[%i]                      (once)  table[3 r …] = data[lo + r], data[2 (lo + r) + 1], data[… + 2]
    …                                         %r0 … %r7 = vload table[3 (%i - lo)]       (a row for each lane)
    %j = 2 %i + 1 + %b                  →     %u = word 0 of the rows
    %v = gather data[%j]                      …
                                              %v = select %b, word 2 of the rows, word 1 of the rows

The second index is a multiple of the first plus a few bits, which tell the row's words apart. A word of eight rows is
used where it stands, lane by lane (see `vliwc.transform.lanewise`). Any stride will do, since a later index is
recovered from the row's address by an exact inverse (see `vliwc.transform.affine`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from vliwc.analysis.facts import Fact
from vliwc.analysis.linear import Form, signed
from vliwc.transform.alternatives.base import Alternative, Emitter, Group, Home, Offer, Setting, Table
from vliwc.transform.alternatives.words import all_words, chain_price, reader
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Bits, Site
from vliwc.transform.tables import choose

_STREAM = 4
"""For so many cycles a row stands in scratch at least, while others are being loaded."""
_TURNS = 3
"""How many groups load their rows at about the same time."""
MAX_ROWS = 1024
"""Tables of more rows are not considered."""
_MAX_DISTANCE = 4
"""The second site is one of so many that follow the first."""
_MAX_FACTOR = 16
"""The second index is at most so many times the first."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the second site's index follows from the first's: `factor` * first + `least` + (0 … `others` - 1).

    What is added in the end is `start` + the sum of the `bits`, or the word `offset` (without bits).
    """

    factor: int
    least: int
    others: int
    start: int
    bits: Bits
    offset: int

    @property
    def stride(self) -> int:
        """The words of a row."""
        return 1 + self.others


class Rows(Alternative):
    """Two sites, the second of which depends on the first by few bits."""

    name = "rows"
    summary = "one row load a lane for two look-ups"
    uses_memory = True

    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """One for each site and the next such site after it in the same block."""
        machine, lanes = setting.prices.machine, setting.prices.lanes
        if not (machine.runs("load", "vload") and machine.runs("store", "vstore")):
            return
        for k, first in enumerate(sites):
            if first.count > MAX_ROWS:
                continue
            for second in sites[k + 1 : k + 1 + _MAX_DISTANCE]:
                layout = lay_out(first, second, setting.facts, lanes) if first.block == second.block else None
                if layout is not None and lanes <= first.count * layout.stride:
                    price = _price(first, second, layout, setting.prices)
                    yield Offer(self, (first, second), price, (_table(first, second, layout, setting.prices),), layout)
                    break

    def delay(self, offer: Offer, site: Site, prices: Prices) -> int:
        """All rows are loaded for the first site; what uses a word of the second may be done before the choice."""
        return super().delay(offer, site, prices) if site is offer.sites[0] else site.least

    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """At the first site the rows are loaded; each site takes its words from them."""
        (home,) = homes
        layout = offer.detail
        assert isinstance(layout, Layout)
        span = emitter.old.span[site.node]

        def column(k: int) -> int:
            return emitter.emit("pack", *row_words(offer, k, group, emitter), span=span)

        if site is offer.sites[0]:
            load_rows(offer, site, group, home, emitter)
            return column(0)
        return choose(
            conditions(layout, group, emitter),
            lambda k: column(1 + min(k, layout.others - 1)),
            lambda cond, a, b, _: emitter.emit("select", cond, a, b, span=span),
            layout.start,
        )


def load_rows(offer: Offer, site: Site, group: Group, home: Home, emitter: Emitter) -> None:
    """Loads a row for each lane; they are the group's `rows`."""
    layout = offer.detail
    assert isinstance(layout, Layout)
    new, lanes, span = emitter.new, emitter.lanes, emitter.old.span[site.node]
    index = emitter.vector(group, emitter.old.args[site.load][0])
    scaled = emitter.emit("mul", index, new.const(layout.stride, lanes), span=span)
    base = new.const(home.base - site.lo * layout.stride, lanes)
    address = emitter.emit("add", scaled, base, span=span)
    group.rows[offer] = tuple(
        emitter.emit("vload", emitter.emit("lane", address, attr=k), attr=home.access, span=span) for k in range(lanes)
    )


def loads_of_both(offer: Offer, prices: Prices) -> Sequence[tuple[Site, Site, float]]:
    """The loads of rows, and those by which words come back from where they were stored for the second site."""
    first, second = offer.sites
    return ((first, first, prices.lanes), (first, second, offer.price.load - prices.lanes))


def row_words(offer: Offer, k: int, group: Group, emitter: Emitter) -> list[int]:
    """Word k of each of the group's rows."""
    return [emitter.emit("lane", row, attr=k) for row in group.rows[offer]]


def lay_out(first: Site, second: Site, facts: list[Fact], lanes: int) -> Layout | None:
    """The rows that serve two sites, or None if their indices are not related in this way or a row has no room."""
    for factor in range(1, _MAX_FACTOR + 1):
        rest = second.form.plus(first.form, -factor)
        if len(rest.terms) > (lanes - 1).bit_length():
            continue
        found = _few(rest, factor, facts, lanes)
        if found is not None:
            return found
    return None


def _few(rest: Form, factor: int, facts: list[Fact], lanes: int) -> Layout | None:
    weights = [(signed(k), n) for n, k in rest.terms]
    constant = signed(rest.constant)
    if all(facts[n].is_bit for _, n in weights):
        low = sum(min(k, 0) for k, _ in weights)
        others = sum(abs(k) for k, _ in weights) + 1
        if 1 < others < lanes:
            return Layout(factor, constant + low, others, -low, tuple(weights), -1)
    elif len(weights) == 1 and weights[0][0] == 1 and facts[weights[0][1]].hi < lanes - 1:
        offset = weights[0][1]
        return Layout(factor, constant, facts[offset].hi + 1, 0, (), offset)
    return None


def conditions(layout: Layout, group: Group, emitter: Emitter) -> list[tuple[int, int]]:
    """(weight, condition) pairs that choose among the words of a row."""
    if layout.offset < 0:
        return [(weight, emitter.vector(group, n)) for weight, n in layout.bits]
    offset = emitter.vector(group, layout.offset)
    masks = [1 << j for j in range((layout.others - 1).bit_length())]
    return [(m, emitter.emit("and", offset, emitter.new.const(m, emitter.lanes))) for m in masks]


def _price(first: Site, second: Site, layout: Layout, prices: Prices) -> Loads:
    """Rows instead of gathers; what uses the words does so lane by lane, once for each word that is chosen among."""
    lanes = prices.lanes
    # All rows stay until the second site is through; several groups take turns at the load engine.
    between = max(1, min(second.head - first.head, first.tail - second.tail))
    turn = -(-lanes // max(prices.machine.slots("load"), 1))
    area = lanes * lanes * (between + _TURNS * turn)
    price = Loads(load=lanes, words=(1 + layout.others) * lanes, vectors=-first.simple - second.simple, area=area)
    choices = layout.others - 1
    if layout.offset >= 0:
        price = price.plus(prices.op, choices.bit_length())
    return price.plus(prices.select, choices)


def _table(first: Site, second: Site, layout: Layout, prices: Prices) -> Table:
    lanes = prices.lanes
    words = first.count * layout.stride
    rows = -(-words // lanes)
    price = Loads(words=rows, load=rows + 2, store=rows)
    for site, taken in ((first, first.count), (second, first.count * layout.others)):  # each is moved to its place
        price = price.plus(chain_price(site, prices, taken) if site.chain else Loads(words=taken))
    return Table(
        key=("rows", first.words, second.words, layout.factor, layout.least, layout.others),
        price=price,
        scratch=lanes * min(lanes, _STREAM * max(prices.machine.slots("load"), 1)),
        memory=(first.count - 1) * layout.stride + lanes,
        build=partial(_build, first, second, layout),
        reads=(*all_words(first), *_seconds(first, second, layout)),
    )


def _seconds(first: Site, second: Site, layout: Layout) -> Sequence[tuple[str, range]]:
    """The words of the second site in the rows, if these follow each other."""
    if layout.others < layout.factor:
        return ()
    least = layout.factor * first.lo + layout.least
    most = layout.factor * (first.lo + first.count - 1) + layout.least + layout.others - 1
    return ((second.array, range(max(second.lo, least), min(second.lo + second.count, most + 1))),)


def _build(first: Site, second: Site, layout: Layout, emitter: Emitter, home: Home | None) -> list[tuple[int, int]]:
    """The words of all rows one after the other, a vector at a time; the last may overlap the one before it."""
    assert home is not None, "the table is in memory"
    lanes, span = emitter.lanes, emitter.old.span[first.node]
    word_of_first, word_of_second = reader(first, emitter), reader(second, emitter)

    def word(k: int) -> int:
        row, position = divmod(k, layout.stride)
        at = first.lo + row
        return word_of_first(at) if position == 0 else word_of_second(layout.factor * at + layout.least + position - 1)

    total = first.count * layout.stride
    starts = [min(k, total - lanes) for k in range(0, total, lanes)]
    return [(home.base + at, emitter.emit("pack", *(word(at + j) for j in range(lanes)), span=span)) for at in starts]
