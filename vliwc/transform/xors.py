"""Exclusive ors as sets of terms and one constant: linear algebra over GF(2).

    %1 = xor %a, 5              %1 = load t[%i]      (i reaches few words)
    %2 = xor %1, %b        →    %2 = xor %1, 6       (becomes part of the table, see `vectorize`)
    %3 = load t[%i]             %3 = xor %a, %b
    %4 = xor %2, %3             %4 = xor %3, %2
    %5 = xor %4, 3

Equal terms cancel, constants merge, and a constant goes to a term that absorbs it for nothing, if there is one: a word
that all lanes share, or a look-up in a small table, whose entries can be changed once instead of every value looked up.
"""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.analysis import ranges
from vliwc.ir.graph import Graph
from vliwc.transform.rewriter import Rewriter, never_stored
from vliwc.transform.sites import reach

FEW_WORDS = 1 << 16
"""Arrays of more words are never changed as a whole."""


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
        absorber = min((t for t in form.terms if form.constant and self.absorbs(t)), key=self.words, default=None)
        total = -1
        for t in form.terms:
            value = self.value[t]
            if t == absorber:
                value = self.emit("xor", value, self.new.const(form.constant, width, span), span=span)
            total = value if total < 0 else self.emit("xor", total, value, span=span)
            if absorber is None and form.constant and t == form.terms[min(1, len(form.terms) - 1)]:
                total = self.emit("xor", total, self.new.const(form.constant, width, span), span=span)
        return total

    def absorbs(self, n: int) -> bool:
        """Whether a constant costs least at term `n`: a shared word, or one from an array that keeps its contents, as
        the array's words can be changed once instead of every word that is looked up."""
        return self.words(n) < FEW_WORDS

    def words(self, n: int) -> int:
        """How many words would have to be changed for a constant at term `n`."""
        if self.old.op[n] == "splat":
            return 1
        slice_ = reach(self.old, self.facts, n, self.frozen) if self.old.op[n] == "load" else None
        return FEW_WORDS if slice_ is None else len(slice_)
