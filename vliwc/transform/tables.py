"""Constant tables, which are in no memory, become arithmetic: choices, or xors where a table is linear over GF(2).

    %v = table [5, 7, 9, 11], %i    →    %v = select (and %i, 2), (select (and %i, 1), 11, 9), (select …, 7, 5)
    %v = table [5, 7, 9, 11], %i    →    %v = and (shr 0x0B090705, (shl (and %i, 3), 3)), 15

Several entries of few bits share a word, which is chosen by the upper bits of the index and shifted by the lower ones:
words packed so are as many times fewer choices as entries go into one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from vliwc.ir.graph import Graph
from vliwc.source import Span
from vliwc.transform.rewriter import Rewriter

T = TypeVar("T")

_WORD_BITS = 32
_UNPACKING = 4
"""Operations that take an entry out of a word of several."""
_LINEAR = 4
"""Operations for each bit of the index of a linear table."""


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
        basis = _linear_basis(entries)
        packed = _best_packing(entries)
        if basis is not None and (packed.per_word == 1 or _LINEAR * len(basis) <= packed.cost):
            return self.linear(args[0], entries[0], basis, self.old.span[n])
        return self.unpacked(args[0], packed, self.old.span[n])

    def linear(self, index: int, first: int, basis: list[int], span: Span | None) -> int:
        """The entry of a linear table: the first one, and what each bit of the index changes."""
        new = self.new
        value = new.const(first)
        for j, word in enumerate(basis):
            bit = self.emit("and", self.emit("shr", index, new.const(j), span=span), new.const(1), span=span)
            value = self.emit("xor", value, self.emit("mul", bit, new.const(word), span=span), span=span)
        return value

    def unpacked(self, index: int, table: _Packing, span: Span | None) -> int:
        """The entry of a table that is packed into words."""
        new, inside = self.new, table.per_word.bit_length() - 1
        width = (len(table.words) - 1).bit_length()
        last = len(table.words) - 1
        bits = [(1 << j, self.emit("and", index, new.const(1 << (inside + j)), span=span)) for j in range(width)]
        word = choose(
            bits,
            lambda k: new.const(table.words[min(k, last)]),
            lambda c, a, b, _: self.emit("select", c, a, b, span=span),
        )
        if table.per_word == 1:
            return word
        stride = _WORD_BITS // table.per_word
        position = self.emit("and", index, new.const(table.per_word - 1), span=span)
        distance = self.emit("mul", position, new.const(stride), span=span)
        entry = self.emit("shr", word, distance, span=span)
        entry = self.emit("and", entry, new.const((1 << table.bits) - 1), span=span)
        return self.emit("add", entry, new.const(table.base), span=span)


@dataclass(frozen=True, slots=True)
class _Packing:
    """A table as words of `per_word` entries each, less `base`, of so many bits; and the operations of
    a look-up."""

    words: tuple[int, ...]
    per_word: int
    bits: int
    base: int
    cost: int


@lru_cache(maxsize=64)
def _best_packing(entries: tuple[int, ...]) -> _Packing:
    return min(_packings(entries), key=lambda packing: packing.cost)


def _packings(entries: tuple[int, ...]) -> Iterator[_Packing]:
    """The ways to pack a table: as it is, and as many entries to a word as there is room for, or half as many, …"""
    for base in sorted({0, min(entries)}):
        bits = max(1, (max(entries) - base).bit_length())
        per_word = 1
        while per_word == 1 or bits * per_word <= _WORD_BITS:
            stride = _WORD_BITS // per_word
            rows = (entries[k : k + per_word] for k in range(0, len(entries), per_word))
            words = tuple(sum(word - base << j * stride for j, word in enumerate(row)) for row in rows)
            if per_word > 1 or base == 0:
                more = _UNPACKING + (base > 0) if per_word > 1 else 0
                yield _Packing(words, per_word, bits, base, _choices(words) + more)
            per_word *= 2


def _choices(words: tuple[int, ...]) -> int:
    """How many choices it takes to look up one of these words."""
    made = set[tuple[object, object, int]]()

    def select(bit: int, taken: object, clear: object, _: bool) -> object:
        made.add((taken, clear, bit))
        return (taken, clear, bit)

    bits = [(1 << j, j) for j in range((len(words) - 1).bit_length())]
    last = len(words) - 1
    choose(bits, lambda k: words[min(k, last)], select)
    return len(made)


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
