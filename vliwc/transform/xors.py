"""Exclusive ors as sets of terms and one constant: linear algebra over GF(2).

    %1 = xor %a, 5              %1 = load t[%i]      (i reaches few words)
    %2 = xor %1, %b        →    %2 = xor %1, 6       (becomes part of the table, see `vectorize`)
    %3 = load t[%i]             %3 = xor %a, %b
    %4 = xor %2, %3             %4 = xor %3, %2
    %5 = xor %4, 3

Equal terms cancel, constants merge, and a constant goes to a term that absorbs it for nothing, if there is one: a word
that all lanes share, or a look-up in a small table, whose entries can be changed once instead of every value looked up.
Terms that come from the same such word are added up by themselves, so that their sum becomes part of the table too.
"""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.analysis import ranges
from vliwc.ir.graph import Graph
from vliwc.transform.rewriter import Rewriter, never_stored
from vliwc.transform.sites import few_words, origins


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
        self.uses = graph.uses()
        self.forms: dict[int, _Form] = {}
        self.facts = ranges.analyse(graph)
        self.frozen = never_stored(graph)
        self.origin = origins(graph, self.facts, self.frozen)
        self.soft = self.soft_nodes()

    def soft_nodes(self) -> set[int]:
        """Exclusive ors that only another one uses, and once, or that only differ from a node by a constant."""
        old = self.old
        outer: dict[int, int] = {}
        for n in old.walk():
            if self.live[n] and old.op[n] == "xor":
                for a in old.args[n]:
                    outer[a] = outer.get(a, 0) + 1
        soft = set()
        for n, count in outer.items():
            by_constant = any(old.const(a) is not None for a in old.args[n])
            if old.op[n] == "xor" and count == self.uses[n] and (count == 1 or by_constant):
                soft.add(n)
        return soft

    def node(self, n: int) -> None:
        old = self.old
        if old.op[n] != "xor" or old.const(n) is not None:
            super().node(n)
            return
        a, b = (self.form(m) for m in old.args[n])
        self.forms[n] = a ^ b
        if n not in self.soft:
            self.value[n] = self.build(n, self.forms[n])

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
        total = addends[0]
        for value in addends[1:]:
            total = self.emit("xor", total, value, span=span)
        return total

    def absorber(self, form: _Form) -> int | None:
        """The term at which a constant costs least, if there is one: a shared word, or one from an array that keeps its
        contents, as the array's words can be changed once instead of every word that is looked up."""
        words = {t: few_words(self.old, self.facts, t, self.frozen) for t in form.terms}
        return min((t for t, several in words.items() if several), key=lambda t: words[t] or 0, default=None)
