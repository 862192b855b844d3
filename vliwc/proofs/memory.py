"""A memory image of unknown words: what loads and stores at known and unknown addresses do to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import z3

from vliwc.ir.graph import Graph, Mode
from vliwc.ir.ops import MASK
from vliwc.proofs.words import Term, unknown, word


class UnknownImage:
    """An image of `graph.image_words` words, as terms over the words that it holds at the start, but for `known` ones.

    `assumed` is what the kernel assumes of these; `defined` says that no access so far left its range.
    """

    def __init__(self, graph: Graph, known: Mapping[int, int] = MappingProxyType({})) -> None:
        self.words: list[Term] = [word(w) for w in graph.header]
        for k in range(len(graph.header), graph.image_words):
            self.words.append(word(known[k]) if k in known else unknown(f"mem[{k}]"))
        self.defined: list[Any] = []
        self.assumed: list[Any] = []
        for array in graph.arrays.values():
            if array.mode is not Mode.OUT and (array.lo, array.hi) != (0, MASK):
                for w in self.words[array.base : array.end]:
                    self.assumed += [z3.UGE(w, word(array.lo)), z3.ULE(w, word(array.hi))]

    def load(self, address: Term, within: range) -> Term:
        """The word at an address that must be in a range."""
        at = constant(address)
        if at is not None:
            self._require(z3.BoolVal(at in within))
            return self.words[at] if at in within else word(0)
        self._require(z3.And(z3.UGE(address, word(within.start)), z3.ULT(address, word(within.stop))))
        result = self.words[within.start]
        for k in within[1:]:
            result = z3.If(address == k, self.words[k], result)
        return result

    def store(self, address: Term, value: Term, within: range, condition: Any = True) -> None:
        """Stores a word at an address that must be in a range, where a condition holds."""
        inside = z3.And(z3.UGE(address, word(within.start)), z3.ULT(address, word(within.stop)))
        self._require(z3.Implies(condition, inside))
        for k in within:
            old = self.words[k]
            self.words[k] = z3.simplify(z3.If(z3.And(condition, address == k), value, old))

    def _require(self, claim: Any) -> None:
        claim = z3.simplify(claim)
        if not z3.is_true(claim):
            self.defined.append(claim)


def constant(term: Term) -> int | None:
    """The number that a term is, if it is one whatever the image holds."""
    value = z3.simplify(term)
    return int(value.as_long()) if z3.is_bv_value(value) else None
