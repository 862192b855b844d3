"""Choices by arithmetic: a bit b chooses as b * (a - b') + b', for which vector units have multiply_add.

    %v = select b, %t8, %t7      →      %d = sub %t8, %t7   (once);   %v = muladd b, %d, %t7

Between two shared words the difference is shared as well, and the choice costs one operation; above, it costs two. So
there are two alternatives: arithmetic for the shared words only, with selects above, and arithmetic throughout.
"""

from __future__ import annotations

from vliwc.transform.alternatives.base import Emitter
from vliwc.transform.alternatives.choice import Choice, Word
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Site


def _blend(cond: int, a: Word, b: Word, leaf: bool, emitter: Emitter, site: Site) -> Word:
    span = emitter.old.span[site.node]
    if leaf:
        difference = emitter.new.widen(emitter.emit("sub", a.word, b.word, span=span), emitter.lanes)
    else:
        difference = emitter.emit("sub", a.vector, b.vector, span=span)
    return Word(emitter.emit("muladd", cond, difference, b.vector, span=span))


class LeafArithmetic(Choice):
    """Multiply-adds between shared words, selects above."""

    name = "leaf-arithmetic"
    summary = "multiply-adds between words held in scratch, selects above"

    def price(self, site: Site, prices: Prices) -> Loads | None:
        """Needs single bits, and multiply_add; where there are vector selects, they become multiply-adds by need."""
        if site.bits is None or prices.on_flow or not prices.machine.runs("valu", "multiply_add"):
            return None
        return Loads(fused=site.leaf_selects).plus(prices.select, site.selects - site.leaf_selects)

    def choice(self, cond: int, a: Word, b: Word, leaf: bool, emitter: Emitter, site: Site) -> Word:
        """A multiply-add, or a select."""
        if leaf:
            return _blend(cond, a, b, leaf, emitter, site)
        return Word(emitter.emit("select", cond, a.vector, b.vector, span=emitter.old.span[site.node]))


class Arithmetic(Choice):
    """Multiply-adds throughout."""

    name = "arithmetic"
    summary = "multiply-adds among words held in scratch"

    def price(self, site: Site, prices: Prices) -> Loads | None:
        """Needs single bits, and multiply_add. Where both arms differ by lane, the difference costs one more."""
        if site.bits is None or not prices.machine.runs("valu", "multiply_add"):
            return None
        others = site.selects - site.leaf_selects
        return Loads(fused=site.selects, vectors=others) if others else None

    def choice(self, cond: int, a: Word, b: Word, leaf: bool, emitter: Emitter, site: Site) -> Word:
        """A multiply-add."""
        return _blend(cond, a, b, leaf, emitter, site)
