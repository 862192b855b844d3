"""Choices by selects, on the flow engine where the machine has vector selects.

%v = select b, %t8, %t7
"""

from __future__ import annotations

from vliwc.transform.alternatives.base import Emitter
from vliwc.transform.alternatives.choice import Choice, Word
from vliwc.transform.loads import NO_LOADS, Loads, Prices
from vliwc.transform.sites import Site


class Select(Choice):
    """Every choice is a select."""

    name = "select"
    summary = "selects among words held in scratch"

    def price(self, site: Site, prices: Prices) -> Loads | None:
        """All choices are selects; those between shared words may be multiply-adds in the end."""
        above = prices.select if site.bits is not None else prices.by_mask
        return NO_LOADS.plus(prices.choice, site.leaf_selects).plus(above, site.selects - site.leaf_selects)

    def choice(self, cond: int, a: Word, b: Word, leaf: bool, emitter: Emitter, site: Site) -> Word:
        """A select."""
        return Word(emitter.emit("select", cond, a.vector, b.vector, span=emitter.old.span[site.node]))
