"""How lanes gather what the iterations of a `par` yield.

    par i in 0..32 gather (%t = %t0 by add) {    →    %v = add (add (add x0, x1), x2), x3             (vectors)
        yield load x[i]                               %t = add %t0, (lane 0 of %v), …, (lane 7 of %v)
    }

Each lane gathers its own iterations, and the words of all lanes are gathered at the end. With a factor, total = total *
A + x, a lane meets every eighth word, so that it multiplies by A^8; several vectors are gathered side by side then,
since no later pass can shorten such a chain (for plain ones see `heights`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from vliwc.ir.graph import Builder, Gathering
from vliwc.ir.ops import MASK
from vliwc.source import Span
from vliwc.transform.links import combine


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Emits the code that gathers in one way."""

    new: Builder
    how: Gathering
    lanes: int
    span: Span | None

    def total(self, init: int, trips: int, vectors: list[int], words: list[int]) -> int:
        """The word gathered from `init` on: `trips` words, which are the lanes of vectors, and `words`."""
        total = self._scaled(init, trips)
        if vectors:
            vector = self.fold(vectors)
            for k in range(self.lanes):
                lane = self.new.emit("lane", vector, attr=k)
                total = self._plus(total, self._scaled(lane, len(words) + self.lanes - 1 - k))
        for k, word in enumerate(words):
            total = self._plus(total, self._scaled(word, len(words) - 1 - k))
        return total

    def fold(self, vectors: list[int]) -> int:
        """What each lane has gathered after these groups."""
        strands = 1 if self.how.factor == 1 else isqrt(len(vectors))
        size = -(-len(vectors) // strands)
        folded = [self._chain(vectors[start : start + size]) for start in range(0, len(vectors), size)]
        result = folded[0]
        for k, vector in enumerate(folded[1:], 1):
            result = self.next(result, vector, len(vectors[k * size : (k + 1) * size]))
        return result

    def next(self, before: int, vector: int, groups: int) -> int:
        """`before`, and then what the last `groups` groups have gathered."""
        return self._plus(self._scaled(before, groups * self.lanes), vector)

    def _chain(self, vectors: list[int]) -> int:
        result = vectors[0]
        for vector in vectors[1:]:
            result = self.next(result, vector, 1)
        return result

    def _plus(self, a: int, b: int) -> int:
        return combine(self.new, self.how.op, a, b, self.span)

    def _scaled(self, n: int, times: int) -> int:
        """A word or vector as it counts after so many more words."""
        factor = pow(self.how.factor, times, MASK + 1)
        if factor == 1:
            return n
        return self.new.emit("mul", n, self.new.const(factor, self.new.graph.width[n]), span=self.span)
