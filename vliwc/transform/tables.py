"""Constant tables, which are in no memory, become arithmetic: choices, or xors where a table is linear over GF(2).

%v = table [5, 7, 9, 11], %i        →     %v = select (and %i, 2), (select (and %i, 1), 11, 9), (select …, 7, 5)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vliwc.ir.graph import Graph
from vliwc.transform.rewriter import Rewriter

T = TypeVar("T")


def choose(
    bits: list[tuple[int, int]],
    entry: Callable[[int], T],
    select: Callable[[int, T, T, bool], T],
    at: int = 0,
) -> T:
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
