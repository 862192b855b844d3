"""What expressions and symbolic memories are for given words of their symbols: the tests' independent reading."""

from __future__ import annotations

from collections.abc import Mapping

from vliwc.backend.certifier.algebra import Algebra
from vliwc.ir.ops import MASK, PURE

Image = Mapping[int, int]


class Valuation:
    """Values of expressions where symbols have the words `symbols`, and unknown memory contents those of `images`."""

    def __init__(self, algebra: Algebra, symbols: Mapping[int, int], images: Mapping[int, Image] | None = None) -> None:
        self.algebra = algebra
        self.symbols = symbols
        self.images = images or {}
        self.known: dict[int, int] = {}

    def word(self, a: int) -> int:
        """The word that expression `a` is."""
        if a not in self.known:
            algebra = self.algebra
            total = algebra.offset[a] + sum(c * self._atom(x) for x, c in algebra.terms[a])
            self.known[a] = total & MASK
        return self.known[a]

    def _atom(self, x: int) -> int:
        op, args = self.algebra.op[x], [a for a in self.algebra.args[x] if isinstance(a, int)]
        if op == "symbol":
            return self.symbols[x]
        if op == "load":
            return self._load(args[0], self.word(args[1]))
        words = [self.word(a) for a in args]
        if op == "when":
            return words[1] if words[0] else 0
        if op == "eq0":
            return int(words[0] == 0)
        if op == "sum":
            return words[0]
        meaning = PURE[op].word
        assert meaning is not None
        return meaning(*words)

    def _load(self, memory: int, address: int) -> int:
        """The newest cell at the address, that is one that no other contains; else what the version holds."""
        if self.algebra.op[memory] == "memory":
            return self.images[memory][address]
        version, *cells = (a for a in self.algebra.args[memory] if isinstance(a, int))
        here = [cell for cell in cells if self._stores_to(cell, address)]
        newest = [cell for cell in here if not any(cell in self._below(other) for other in here)]
        assert len(newest) <= 1, "the order of two stores to one address is not known"
        return self.word(self._parts(newest[0])[1]) if newest else self.images[version][address]

    def _parts(self, cell: int) -> list[int]:
        return [a for a in self.algebra.args[cell] if isinstance(a, int)]

    def _stores_to(self, cell: int, address: int) -> bool:
        return self.word(self._parts(cell)[0]) == address

    def _below(self, cell: int) -> set[int]:
        direct = self._parts(cell)[2:]
        return set(direct).union(*map(self._below, direct))
