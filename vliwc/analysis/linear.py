"""Linear forms: a word as c0 + k1 * atom1 + k2 * atom2 + …, modulo 2^32.

Additions, subtractions, multiplications and left shifts by constants, complements and selections between
two constants by a bit are all the same thing here. An atom is any node that is none of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vliwc.analysis.facts import ANY, Fact
from vliwc.analysis.patterns import Binding, Matcher, Name, Pattern, Word, by_root
from vliwc.ir.graph import Graph
from vliwc.ir.ops import MASK

MAX_TERMS = 24
"""Longer forms are not kept: their node counts as an atom."""


@dataclass(frozen=True, slots=True)
class Form:
    """constant + sum of coefficient * node. `terms` is sorted by node; no coefficient is 0."""

    constant: int
    terms: tuple[tuple[int, int], ...] = ()

    def plus(self, other: Form, factor: int = 1) -> Form:
        """self + factor * other."""
        terms = dict(self.terms)
        for n, k in other.terms:
            terms[n] = (terms.get(n, 0) + factor * k) & MASK
        kept = tuple(sorted((n, k) for n, k in terms.items() if k))
        return Form((self.constant + factor * other.constant) & MASK, kept)

    def times(self, factor: int) -> Form:
        """factor * self."""
        return Form(0).plus(self, factor)

    def coefficient(self, n: int) -> int:
        """The coefficient of atom `n`, 0 if it does not occur."""
        return dict(self.terms).get(n, 0)


def _operands(form: Form | None) -> tuple[int, ...]:
    return tuple(n for n, _ in form.terms) if form else ()


def signed(word: int) -> int:
    """The word as a two's complement number."""
    return word - (1 << 32) if word >> 31 else word


def atom(n: int) -> Form:
    """The form that is just node `n`."""
    return Form(0, ((n, 1),))


RULES = by_root("""
x + y -> x + y
x - y -> x - y
x * C -> x * C
x << C -> x * (1 << C)
muladd(x, C, y) -> x * C + y
muladd(C, x, y) -> x * C + y
x ^ 1 -> 1 - x if bit(x)
x ^ 0xffffffff -> 0xffffffff - x
x ^ 0x80000000 -> x + 0x80000000
select(c, A, B) -> B + c * (A - B) if bit(c)
""")
"""What counts as linear arithmetic, each with the linear form that it is."""


def step(graph: Graph, facts: list[Fact] | None, n: int) -> Form | None:
    """Node `n` as a form over its own operands (constants folded in), or None if its operation is not linear.

    Without facts, bits are not known and only arithmetic counts.
    """
    value = graph.const(n)
    if value is not None:
        return Form(value)
    rules = RULES.get(graph.op[n])
    if rules is None:
        return None
    matcher = Matcher(graph, facts.__getitem__ if facts else lambda _: ANY)
    for rule in rules:
        binding = matcher.match(rule, graph.op[n], graph.args[n])
        if binding is not None:
            return _reading(rule.replacement, graph, binding)
    return None


def _reading(pattern: Pattern, graph: Graph, binding: Binding) -> Form:
    """The form that the right-hand side of a rule stands for: sums, differences, and products with a constant."""
    if isinstance(pattern, Word):
        return Form(pattern.value)
    if isinstance(pattern, Name):
        if pattern.constant:
            return Form(binding[pattern.name])
        value = graph.const(binding[pattern.name])
        return Form(value) if value is not None else atom(binding[pattern.name])
    a, b = (_reading(p, graph, binding) for p in pattern.args)
    match pattern.op:
        case "add":
            return a.plus(b)
        case "sub":
            return a.plus(b, -1)
        case "mul":
            return b.times(a.constant) if not a.terms else a.times(b.constant)
    assert pattern.op == "shl", f"not linear: {pattern.op}"
    return a.times(1 << b.constant if b.constant < 32 else 0)


class Forms:
    """Fully expanded forms of the nodes of one graph, computed on demand and remembered."""

    def __init__(self, graph: Graph, facts: list[Fact] | None = None, known: Mapping[int, Form] | None = None) -> None:
        """`known` has the forms of nodes of which more is known than their operation tells."""
        self.graph = graph
        self.facts = facts
        self._known: dict[int, Form] = dict(known or {})

    def of(self, n: int) -> Form:
        """The form of node `n` over atoms."""
        stack = [n]
        while stack:
            m = stack[-1]
            if m in self._known:
                stack.pop()
                continue
            own = step(self.graph, self.facts, m)
            choice = self._choice(m) if own is None else ()
            missing = [a for a in choice or _operands(own) if a not in self._known]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if choice:
                own = self._weighed(*choice)
            self._known[m] = self._expand(own, m) if own else atom(m)
        return self._known[n]

    def _choice(self, n: int) -> tuple[int, ...]:
        """The condition and the two values of a choice by a bit; nothing if node `n` is no such choice."""
        op, args = self.graph.op[n], self.graph.args[n]
        by_bit = op == "blend" or (op == "select" and self.facts is not None and self.facts[args[0]].is_bit)
        return args[:3] if by_bit else ()

    def _weighed(self, condition: int, taken: int, other: int) -> Form | None:
        """A choice between values that are always equally far apart: one plus the condition times the distance."""
        distance = self._known[taken].plus(self._known[other], -1)
        return None if distance.terms else atom(other).plus(atom(condition), distance.constant)

    def _expand(self, own: Form, n: int) -> Form:
        form = Form(own.constant)
        for a, k in own.terms:
            form = form.plus(self._known[a], k)
        return form if len(form.terms) <= MAX_TERMS else atom(n)

    def reach(self, n: int) -> range | None:
        """The words that node `n`, or any lane of it, may be, if they follow each other without wrapping around.

        A term of a negative factor, or one around 2^32, is a small negative number (wrapped intervals, Navas et al.
        2012).
        """
        while self.graph.op[n] in ("lane", "splat"):
            (n,) = self.graph.args[n]
        form = self.of(n)
        lo = hi = signed(form.constant)
        for a, k in form.terms:
            fact = self.facts[a] if self.facts is not None else ANY
            least, most = signed(fact.lo), signed(fact.hi)
            if least > most:
                least, most = fact.lo, fact.hi
            ends = sorted((least * signed(k), most * signed(k)))
            lo, hi = lo + ends[0], hi + ends[1]
        start = lo & MASK
        return range(start, start + hi - lo + 1) if start + hi - lo <= MASK else None

    def distance(self, a: int, b: int) -> int | None:
        """a - b modulo 2^32 where the forms tell, else None."""
        difference = self.of(a).plus(self.of(b), -1)
        return None if difference.terms else difference.constant
