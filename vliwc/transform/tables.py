"""Selection instead of memory: a gather that can reach few words becomes a choice among values held in scratch.

    %i = 7 + 4 b0 + 2 b1 + b2           %t7 … %t14 = load tree[7] … tree[14]     (once, shared by all lanes)
    %v = gather tree[%i]          →     %v = select b2, (select b1, …), (select b1, …)

The bits come from the index's linear form where it is a sum of single-bit words, and are taken from the index itself
otherwise. Constant tables, which are in no memory, are always read this way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vliwc.analysis.facts import Fact
from vliwc.analysis.linear import Form, Forms
from vliwc.ir.graph import Builder, Graph, Loop
from vliwc.transform.rewriter import Rewriter, never_stored

MAX_ENTRIES = 32
"""Above this a gather is never replaced: the selects would cost more than any load."""


@dataclass(frozen=True, slots=True)
class Site:
    """A gather with few reachable words: `lo` … `lo + count - 1` of an array that keeps its initial contents.

    `bits` are the (weight, node) pairs of which index - lo is the sum, in the order in which they become known; None if
    the index is not such a sum.
    """

    node: int
    array: str
    lo: int
    count: int
    bits: tuple[tuple[int, int], ...] | None

    @property
    def selects(self) -> int:
        """The number of two-way choices among the reachable words."""
        return (1 << len(self.bits)) - 1 if self.bits is not None else self.count - 1

    @property
    def leaf_selects(self) -> int:
        """How many of the choices are between two words that all lanes share."""
        return (self.selects + 1) // 2

    @property
    def bit_ops(self) -> int:
        """The operations that take the bits from the index, if there is need."""
        return 0 if self.bits is not None else 1 + (self.count - 1).bit_length()


def sites(graph: Graph, facts: list[Fact], forms: Forms, loop: Loop) -> list[Site]:
    """All gathers in a `par` body that might be replaced by selection, in program order."""
    frozen = never_stored(graph)
    found = []
    for n in graph.walk(loop.body):
        if graph.op[n] != "load" or graph.access(n).array not in frozen:
            continue
        index = graph.args[n][0]
        lo, hi = facts[index].lo, min(facts[index].hi, graph.arrays[graph.access(n).array].length - 1)
        if 1 <= hi - lo < MAX_ENTRIES:
            found.append(Site(n, graph.access(n).array, lo, hi - lo + 1, _bits(forms.of(index), facts, lo, hi)))
    return found


def _bits(form: Form, facts: list[Fact], lo: int, hi: int) -> tuple[tuple[int, int], ...] | None:
    """The weights and single-bit words that sum up to index - lo, if it is such a sum without wrap-around."""
    if form.constant != lo or not all(facts[n].is_bit for n, _ in form.terms):
        return None
    if lo + sum(k for _, k in form.terms) > hi or len(form.terms) > (hi - lo).bit_length():
        return None
    return tuple((k, n) for n, k in form.terms)


def choose(
    new: Builder,
    bits: list[tuple[int, int]],
    entry: Callable[[int], int],
    select: Callable[[int, int, int, bool], int],
    at: int = 0,
) -> int:
    """A tree of choices by (weight, condition) pairs; the last bit decides at the root.

    `entry(k)` gives word k of the table, `select(cond, a, b, leaf)` one choice; `leaf` tells that both arms are
    entries.
    """
    if not bits:
        return entry(at)
    *rest, (weight, cond) = bits
    clear = choose(new, rest, entry, select, at)
    taken = choose(new, rest, entry, select, at + weight)
    return clear if clear == taken else select(cond, taken, clear, not rest)


def expand_tables(graph: Graph) -> Graph:
    """Turns every look-up in a constant table into arithmetic: selection, or xors where it is linear over GF(2)."""
    return _TableExpansion(graph).run()


class _TableExpansion(Rewriter):
    def pure(self, n: int, args: tuple[int, ...]) -> int:
        entries = self.old.attr[n]
        if self.old.op[n] != "table" or not isinstance(entries, tuple):
            return super().pure(n, args)
        index, new, span = args[0], self.new, self.old.span[n]
        width = (len(entries) - 1).bit_length()
        basis = _linear_basis(entries)
        if basis is not None:
            value = new.const(entries[0])
            for j, word in enumerate(basis):
                bit = self.emit("and", self.emit("shr", index, new.const(j), span=span), new.const(1), span=span)
                value = self.emit("xor", value, self.emit("mul", bit, new.const(word), span=span), span=span)
            return value
        bits = [(1 << j, self.emit("and", index, new.const(1 << j), span=span)) for j in range(width)]
        last = len(entries) - 1
        return choose(
            new,
            bits,
            lambda k: new.const(entries[min(k, last)]),
            lambda c, a, b, _: self.emit("select", c, a, b, span=span),
        )


def _linear_basis(entries: tuple[int, ...]) -> list[int] | None:
    """Words w_j with entries[x] = entries[0] ^ (xor of w_j over the bits j of x), if there are any and it pays."""
    width = (len(entries) - 1).bit_length()
    if len(entries) != 1 << width or len(entries) < 8:
        return None
    basis = [entries[1 << j] ^ entries[0] for j in range(width)]
    for x in range(1, len(entries)):
        low = x & -x
        if entries[x] != entries[x ^ low] ^ basis[low.bit_length() - 1]:
            return None
    return basis
