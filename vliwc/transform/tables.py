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
from vliwc.analysis.linear import Form, Forms, signed
from vliwc.ir.graph import Graph, Loop
from vliwc.transform.rewriter import Rewriter, never_stored

MAX_ENTRIES = 32
"""Above this a gather is never replaced: the selects would cost more than any load."""


@dataclass(frozen=True, slots=True)
class Site:
    """A gather with few reachable words: `lo` … `lo + count - 1` of an array that keeps its initial contents.

    `node` is the load itself or the one exclusive or with the constant `flip` that uses it: that may as well be done
    once to the table. `bits` are (weight, node) pairs with index = `start` + sum of weight * node, in the order in
    which the nodes become known; weights may be negative. None if the index is no such sum.
    """

    node: int
    load: int
    flip: int
    lo: int
    count: int
    start: int
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
    uses = graph.uses()
    flips: dict[int, int] = {}
    for n in graph.walk(loop.body):
        if graph.op[n] == "xor" and graph.const(graph.args[n][1]) is not None and uses[graph.args[n][0]] == 1:
            flips[graph.args[n][0]] = n
        elif graph.op[n] == "xor" and graph.const(graph.args[n][0]) is not None and uses[graph.args[n][1]] == 1:
            flips[graph.args[n][1]] = n
    found = []
    for n in graph.walk(loop.body):
        slice_ = reach(graph, facts, n, frozen) if graph.op[n] == "load" else None
        if slice_ is not None and len(slice_) > 1:
            lo, hi = slice_[0], slice_[-1]
            node = flips.get(n, n)
            flip = next((c for a in graph.args[node] if (c := graph.const(a)) is not None), 0) if node != n else 0
            form = forms.of(graph.args[n][0])
            found.append(Site(node, n, flip, lo, hi - lo + 1, form.constant, _bits(form, facts, lo, hi)))
    return found


def reach(graph: Graph, facts: list[Fact], n: int, frozen: frozenset[str]) -> range | None:
    """The indices that load `n` can have, if they are few and the array (one of `frozen`) keeps its contents."""
    array, index = graph.access(n).array, graph.args[n][0]
    lo, hi = facts[index].lo, min(facts[index].hi, graph.arrays[array].length - 1)
    return range(lo, hi + 1) if array in frozen and 0 <= hi - lo < MAX_ENTRIES else None


def _bits(form: Form, facts: list[Fact], lo: int, hi: int) -> tuple[tuple[int, int], ...] | None:
    """The signed weights and single-bit words that the index is a sum of, if it is such a sum within lo..hi."""
    weights = [(signed(k), n) for n, k in form.terms]
    if not all(facts[n].is_bit for _, n in weights) or len(weights) > (hi - lo).bit_length():
        return None
    least = form.constant + sum(min(k, 0) for k, _ in weights)
    most = form.constant + sum(max(k, 0) for k, _ in weights)
    return tuple(weights) if lo <= least and most <= hi else None


def choose(
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
    clear = choose(rest, entry, select, at)
    taken = choose(rest, entry, select, at + weight)
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
