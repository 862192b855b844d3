"""Stores in branches become stores of a choice.

    %n = xor %c, 1                      %m = load a[%i]
    store_if %c, a[%i], %x              %v = select %c, %x, %y
    store_if %n, a[%i], %y       →      store a[%i], %v
    store_if %d, a[%i], %z              %w = select %d, %z, %v       (the load is dead here)
                                        store a[%i], %w

Either side of an `if` stores, or only one of them: a word that is stored in any case need not be known; one that may
keep what it has is loaded and stored again, if it is in the array and no other iteration of a `par` touches it. The
passes after this one see plain loads and stores, and keep the word in a value (`promote`, `forward`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vliwc.analysis import ranges
from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Access, Graph, Loop
from vliwc.ir.ops import Kind
from vliwc.source import Span
from vliwc.transform.independence import accesses, index_operand, keeps_to_itself
from vliwc.transform.rewriter import Rewriter

_ALWAYS = None
"""The condition of what happens in any case."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A value that is stored on a condition, which is a 0/1 word."""

    condition: int | None
    """A node of the old graph, or `_ALWAYS`."""
    value: int
    """A node of the new one."""
    span: Span | None


@dataclass(slots=True)
class _Word:
    """A word of memory with conditional stores that are still to be made, one after the other."""

    array: str
    index: int
    """The node of the old graph."""
    cases: list[_Case]


def merge_branches(graph: Graph) -> Graph:
    """Makes plain stores of conditional ones where it can."""
    return _Branches(graph).run()


class _Branches(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.facts = ranges.analyse(graph)
        self.forms = Forms(graph, self.facts)
        self.words: list[_Word] = []
        self.pars: list[Loop] = []
        self.own: dict[tuple[int, str], bool] = {}

    def block(self, block: tuple[int, ...]) -> None:
        super().block(block)
        self.make(list(self.words))

    def loop(self, n: int, loop: Loop) -> None:
        self.make(list(self.words))
        around = self.pars
        if self.old.op[n] == "par":
            self.pars = [*around, loop]
        super().loop(n, loop)
        self.pars = around

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        if self.old.kind(n) not in (Kind.LOAD, Kind.STORE):
            return super().pure(n, args)
        array, index = self.old.access(n).array, index_operand(self.old, n)
        distances = [(word, self.forms.distance(word.index, index)) for word in self.words if word.array == array]
        same = next((word for word, distance in distances if distance == 0), None)
        conditional = self.old.op[n] == "store_if"
        self.make([word for word, distance in distances if not distance and not (conditional and word is same)])
        if not conditional:
            return super().pure(n, args)
        if same is None:
            same = _Word(array, index, [])
            self.words.append(same)
        same.cases = self.joined([*same.cases, _Case(self.old.args[n][0], args[2], self.old.span[n])])
        if same.cases[0].condition is _ALWAYS:
            self.make([same])
        return -1  # nobody reads a store

    # -- cases

    def joined(self, cases: list[_Case]) -> list[_Case]:
        """The same cases with the last ones made one as long as that is possible."""
        while len(cases) > 1:
            before, after = cases[-2:]
            assert before.condition is not None
            assert after.condition is not None
            whole = self.either(before.condition, after.condition)
            if not whole:
                return cases
            value = self.emit("select", self.value[after.condition], after.value, before.value, span=after.span)
            joined = _Case(whole[0], value, after.span)
            if joined.condition is _ALWAYS:
                return [joined]
            cases = [*cases[:-2], joined]
        return cases

    def either(self, p: int, q: int) -> tuple[int | None] | None:
        """The condition that one of two conditions holds, or `_ALWAYS`; None if it would have to be computed."""
        if p == q:
            return (p,)
        if self.opposite(p, q) or self.opposite(q, p):
            return (_ALWAYS,)
        for common, one in self.factors(p):
            for other, two in self.factors(q):
                if common == other and (self.opposite(one, two) or self.opposite(two, one)):
                    return (common,)
        return None

    def factors(self, n: int) -> Iterator[tuple[int, int]]:
        """The 0/1 words of which a condition says that both hold, either way round."""
        if self.old.op[n] == "and" and all(self.facts[a].is_bit for a in self.old.args[n]):
            a, b = self.old.args[n]
            yield a, b
            yield b, a

    def opposite(self, p: int, q: int) -> bool:
        """Does q hold where p does not, and only there, by the form of q?"""
        old = self.old
        match old.op[q]:
            case "xor":
                return self.facts[p].is_bit and self.compares(q, p, 1)
            case "eq":
                return self.compares(q, p, 0)
            case "lt" if old.op[p] == "lt":  # x < C, and C - 1 < x
                (x, most), (less, y) = (old.args[p], old.args[q])
                c, d = old.const(most), old.const(less)
                return x == y and c is not None and d is not None and d + 1 == c
        return False

    def compares(self, n: int, p: int, word: int) -> bool:
        """Is one operand of a node p, and the other one this constant?"""
        a, b = self.old.args[n]
        return (a == p and self.old.const(b) == word) or (b == p and self.old.const(a) == word)

    # -- stores

    def make(self, words: list[_Word]) -> None:
        """Makes the stores of some words."""
        for word in words:
            self.words.remove(word)
            index, access = self.value[word.index], Access(word.array)
            last = word.cases[-1]
            if word.cases[0].condition is _ALWAYS:
                self.emit("store", index, last.value, attr=access, span=last.span)
            elif self.may_touch(word):
                value = self.emit("load", index, attr=access, span=last.span)
                for case in word.cases:
                    assert case.condition is not None
                    value = self.emit("select", self.value[case.condition], case.value, value, span=case.span)
                self.emit("store", index, value, attr=access, span=last.span)
            else:
                for case in word.cases:
                    assert case.condition is not None
                    condition = self.value[case.condition]
                    self.emit("store_if", condition, index, case.value, attr=access, span=case.span)

    def may_touch(self, word: _Word) -> bool:
        """May the word be loaded and stored, whatever the conditions say?"""
        if self.facts[word.index].hi >= self.old.arrays[word.array].length:
            return False
        return all(self.keeps(par, word.array) for par in self.pars)

    def keeps(self, par: Loop, array: str) -> bool:
        """Does each iteration of a `par` touch only its own words of an array?"""
        key = par.index, array
        if key not in self.own:
            touching = [m for m in accesses(self.old, par.body) if self.old.access(m).array == array]
            self.own[key] = keeps_to_itself(self.old, self.facts, self.forms, par, touching)
        return self.own[key]
