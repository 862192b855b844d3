"""Exclusive ors as sets of terms and one constant: linear algebra over GF(2).

    %1 = xor %a, 5              %1 = load t[%i]      (i reaches few words)
    %2 = xor %1, %b        →    %2 = xor %1, 6       (becomes part of the table, see `vectorize`)
    %3 = load t[%i]             %3 = xor %a, %b
    %4 = xor %2, %3             %4 = xor %3, %2
    %5 = xor %4, 3

Equal terms cancel, constants merge, and a constant goes to a term that absorbs it for nothing, if there is one: a word
that all lanes share, or a look-up in a small table, whose entries can be changed once instead of every value looked up.
So does a constant that the word loses again in all that else is made of it, as 61 in (x ^ 61) ^ (x >> 16).
The lowest bit of a word that was shifted, if nothing else of it is used, becomes the other one instead of the word.
Terms that come from the same such word are added up by themselves, so that their sum becomes part of the table too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from vliwc.analysis import ranges
from vliwc.analysis.diagonals import shift, total_of
from vliwc.ir.graph import Graph
from vliwc.ir.ops import WORD_BITS
from vliwc.transform.rewriter import Rewriter, never_stored
from vliwc.transform.sites import few_words, origins

_TOP = WORD_BITS - 1
"""The number of a word's highest bit."""


def xors(graph: Graph) -> Graph:
    """Rebuilds every exclusive or that something else uses from its normal form."""
    return _Xors(graph).run()


@dataclass(frozen=True, slots=True)
class _Form:
    """The exclusive or of `terms` (old nodes, sorted) and a constant."""

    terms: tuple[int, ...]
    constant: int = 0

    def __xor__(self, other: _Form) -> _Form:
        terms = tuple(sorted(set(self.terms) ^ set(other.terms)))
        return _Form(terms, self.constant ^ other.constant)


class _Xors(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.users = self.live_users()
        self.uses = Counter({a: len(users) for a, users in self.users.items()})
        self.forms: dict[int, _Form] = {}
        self.facts = ranges.analyse(graph)
        self.frozen = never_stored(graph)
        self.origin = origins(graph, self.facts, self.frozen)
        self.shifts = self.bit_shifts()
        self.soft = self.soft_nodes()
        for n in graph.walk():
            if self.live[n] and graph.op[n] == "xor" and graph.const(n) is None:
                a, b = (self.form(m) for m in graph.args[n])
                self.forms[n] = a ^ b
        self.hand_over()
        self.flipped: set[int] = set()
        """Shifts that have the other bit in their lowest place."""

    def soft_nodes(self) -> set[int]:
        """Exclusive ors that only another one uses, and once, or that only differ from a node by a constant, and of
        which others at most take a bit."""
        old = self.old
        outer, bits = Counter[int](), Counter[int]()
        for n in old.walk():
            if self.live[n] and old.op[n] == "xor":
                outer.update(old.args[n])
            elif n in self.shifts:
                bits[old.args[n][0]] += 1
        soft = set()
        for n, count in outer.items():
            by_constant = any(old.const(a) is not None for a in old.args[n])
            alone = count + bits[n] == self.uses[n] if by_constant else count == self.uses[n] == 1
            if old.op[n] == "xor" and alone:
                soft.add(n)
        return soft

    def bit_shifts(self) -> dict[int, int]:
        """The shifts to the right that leave one bit, or of which only the lowest one is used, with their distances."""
        old = self.old
        masked = (old.with_constant(n) for n in old.walk() if self.live[n] and old.op[n] == "and")
        taken = Counter(by[0] for by in masked if by is not None and by[1] == 1)
        shifts = {n: old.const(old.args[n][1]) for n in old.walk() if self.live[n] and old.op[n] == "shr"}
        return {
            n: distance
            for n, distance in shifts.items()
            if distance == _TOP or (distance is not None and distance < _TOP and taken[n] == self.uses[n])
        }

    def node(self, n: int) -> None:
        old = self.old
        if n in self.shifts and old.args[n][0] in self.soft:
            self.shift(n)
            return
        if old.op[n] == "and" and any(a in self.flipped for a in old.args[n]):
            super().node(n)
            self.invert(n)
            return
        if n not in self.forms:
            super().node(n)
        elif n not in self.soft:
            self.value[n] = self.build(n, self.forms[n])

    def hand_over(self) -> None:
        """Moves constants from where nothing absorbs them to a term that does, if its other uses do not notice."""
        having: dict[int, list[int]] = {}
        """The nodes in whose forms each node is a term."""
        for n, form in self.forms.items():
            for t in form.terms:
                having.setdefault(t, []).append(n)
        for n in self.forms:
            form = self.forms[n]
            if n in self.soft or not form.constant or self.absorber(form) is not None:
                continue
            for t in form.terms:
                own = self.forms.get(t)
                if own is None or self.absorber(own) is None:
                    continue
                others = [user for user in self.users[t] if self.old.op[user] != "xor"]
                alone = [m for m in having[t] if m not in self.soft] == [n]
                if alone and all(self.unnoticed(user, t, form.constant) for user in others):
                    for m in (t, *having[t]):
                        self.forms[m] ^= _Form((), form.constant)
                    break

    def unnoticed(self, n: int, operand: int, constant: int) -> bool:
        """Is node `n` a shift by which nothing is left of the constant that its operand changes by?"""
        op, (first, *others) = self.old.op[n], self.old.args[n]
        distance = self.old.const(others[0]) if op in ("shl", "shr") and first == operand else None
        return distance is not None and not shift(constant, distance if op == "shl" else -distance)

    def shift(self, n: int) -> None:
        """Shifts what a soft node differs from by a constant: the bit behind it may be the other one."""
        old, (a, _) = self.old, self.old.args[n]
        form, distance = self.forms[a], self.shifts[n]
        base = self.build(a, _Form(form.terms))
        self.value[n] = self.emit("shr", base, self.new.const(distance, old.width[n]), span=old.span[n])
        if form.constant >> distance & 1:
            if distance < _TOP:
                self.flipped.add(n)
            else:
                self.invert(n)

    def invert(self, n: int) -> None:
        """Makes the other bit of one."""
        one = self.new.const(1, self.old.width[n])
        self.value[n] = self.emit("xor", self.value[n], one, span=self.old.span[n])

    def form(self, n: int) -> _Form:
        """The form of an operand: its own if it is soft, else the operand as one term."""
        word = self.old.const(n)
        if word is not None:
            return _Form((), word)
        return self.forms[n] if n in self.soft else _Form((n,))

    def build(self, n: int, form: _Form) -> int:
        """Emits a form, its terms in the order in which they become known."""
        width, span = self.old.width[n], self.old.span[n]
        if not form.terms:
            return self.new.const(form.constant, width, span)
        absorber = self.absorber(form) if form.constant else None
        sums: dict[int, int] = {}
        """By where terms come from, those so far."""
        for t in form.terms:
            value = self.value[t]
            if t == absorber:
                value = self.emit("xor", value, self.new.const(form.constant, width, span), span=span)
            origin = self.origin.get(t, t)
            sums[origin] = self.emit("xor", sums[origin], value, span=span) if origin in sums else value
        addends = list(sums.values())
        if absorber is None and form.constant:
            addends.insert(2, self.new.const(form.constant, width, span))
        return total_of(addends, lambda op, a, b: self.emit(op, a, b, span=span))

    def absorber(self, form: _Form) -> int | None:
        """The term at which a constant costs least, if there is one: a shared word, or one from an array that keeps its
        contents, as the array's words can be changed once instead of every word that is looked up."""
        words = {t: few_words(self.old, self.facts, t, self.frozen) for t in form.terms}
        return min((t for t, several in words.items() if several), key=lambda t: words[t] or 0, default=None)
