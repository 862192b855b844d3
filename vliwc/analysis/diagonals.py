"""Linear maps over GF(2) by their diagonals: words as exclusive ors of other words, each shifted and masked.

A shift by a constant, a mask and an exclusive or are linear maps of a word's bits, so that what is made of nothing else
is one too: a 32 x 32 matrix for each word that it is made of, of which most diagonals are empty. Diagonal d of a word
holds the bits that come from d places to the right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from vliwc.ir.ops import MASK

T = TypeVar("T")


class Map(NamedTuple):
    """The exclusive or of a constant and of terms.

    Each term is a node, a distance and a mask: the node's word shifted left by the distance (right if it is negative),
    of which the mask's bits are kept. Masks keep no bits that the shift fills with zeros. Terms are sorted, and have
    each node and distance once.
    """

    terms: tuple[tuple[int, int, int], ...]
    constant: int = 0

    @staticmethod
    def of(masks: Mapping[tuple[int, int], int], constant: int) -> Map:
        """The map with a mask for each node and distance."""
        return Map(tuple(sorted((n, d, mask) for (n, d), mask in masks.items() if mask)), constant)

    @staticmethod
    def identity(n: int) -> Map:
        """A node's word as it is."""
        return Map(((n, 0, MASK),))

    @property
    def nodes(self) -> tuple[int, ...]:
        """The nodes of the terms, each once, in order."""
        return tuple(dict.fromkeys(n for n, _, _ in self.terms))

    def __xor__(self, other: Map) -> Map:
        masks = {(n, d): mask for n, d, mask in self.terms}
        for n, d, mask in other.terms:
            masks[n, d] = masks.get((n, d), 0) ^ mask
        return Map.of(masks, self.constant ^ other.constant)

    def shifted(self, distance: int) -> Map:
        """The word shifted left, or right by -distance."""
        terms = ((n, d + distance, shift(mask, distance)) for n, d, mask in self.terms)
        return Map(tuple(term for term in terms if term[2]), shift(self.constant, distance))

    def masked(self, kept: int) -> Map:
        """The word with some of its bits kept, the others 0."""
        terms = ((n, d, mask & kept) for n, d, mask in self.terms)
        return Map(tuple(term for term in terms if term[2]), self.constant & kept)

    def expanded(self, node: int, inner: Map) -> Map:
        """The word by what a node is made of, in place of that node."""
        total = Map(tuple(term for term in self.terms if term[0] != node), self.constant)
        for n, d, mask in self.terms:
            if n == node:
                total ^= inner.shifted(d).masked(mask)
        return total

    def build(self, emit: Callable[[str, T, T], T], value: Callable[[int], T], const: Callable[[int], T]) -> T:
        """Emits the word: nodes that are shifted and masked alike are added up first, and a mask that all share comes
        last."""
        pair = self._two_bits()
        if pair is not None:
            node, distance = pair
            product = emit("mul", value(node), const(1 << 31 | 1 << (31 - distance)))
            bit = emit("shr", product, const(31))
            return emit("xor", bit, const(1)) if self.constant else bit
        kept = self.constant
        for _, _, mask in self.terms:
            kept |= mask
        if len(self.terms) < 2 or any(mask != shift(MASK, d) & kept for _, d, mask in self.terms):
            kept = MASK
        alike: dict[tuple[int, int], list[int]] = {}
        for n, d, mask in self.terms:
            alike.setdefault((d, mask), []).append(n)
        addends = []
        for (d, mask), nodes in sorted(alike.items(), key=lambda item: (item[1], item[0])):
            word = total_of([value(n) for n in nodes], emit)
            if d:
                word = emit("shl" if d > 0 else "shr", word, const(abs(d)))
            if mask != shift(MASK, d) & kept:
                word = emit("and", word, const(mask))
            addends.append(word)
        if self.constant or not addends:
            addends.append(const(self.constant))
        total = total_of(addends, emit)
        return total if kept == MASK else emit("and", total, const(kept))

    def _two_bits(self) -> tuple[int, int] | None:
        """If the word is the sum of a node's lowest bit and another one, modulo 2, the node and the other bit's number.

        The node's product with a word that has two bits has this sum as its highest bit: of the one addend that is all
        that is left, so that nothing carries into the other.
        """
        if len(self.terms) == 2 and self.constant <= 1:
            (n, d, mask), (m, zero, other) = self.terms
            if n == m and zero == 0 and mask == other == 1:
                return n, -d
        return None


def shift(word: int, distance: int) -> int:
    """A word shifted left by a distance, or right if it is negative."""
    return word << distance & MASK if distance >= 0 else word >> -distance


def total_of(words: Sequence[T], emit: Callable[[str, T, T], T]) -> T:
    """The exclusive or of some words, one at least."""
    total, *others = words
    for word in others:
        total = emit("xor", total, word)
    return total
