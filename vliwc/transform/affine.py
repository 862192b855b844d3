"""Linear arithmetic rebuilt with the fewest operations.

    %1 = add %x, 5              %4 = muladd %x, 4097, 5
    %2 = shl %x, 12       →
    %4 = add %1, %2

Every node that something other than linear arithmetic uses is rebuilt from its linear form (see `analysis.linear`)
over atoms and over other nodes that must exist anyway, whichever takes fewer operations. Forms that differ only by a
constant count as one value, so an index and the address made from it do not both survive. A form may also begin with a
multiple of what exists: modulo 2^32 every odd factor has an inverse, so the index can be had back from an address at
any stride. With equal cost the longer expansion wins, since it makes a chain shorter, and then what is known earlier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from vliwc.analysis import ranges
from vliwc.analysis.linear import Form, Forms, atom, signed, step
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import MASK, WORD_BITS
from vliwc.machine.description import Machine
from vliwc.transform import sums
from vliwc.transform.delays import depths, longest_path
from vliwc.transform.loads import busiest
from vliwc.transform.rewriter import Rewriter, never_stored
from vliwc.transform.sites import few_words

_MOST_TERMS = 64
"""A longer sum is made in parts: all that is said of a sum costs time for each of its terms."""
_MAX_BASE_TERMS = 12
"""Forms with more atoms are not compared by their full expansion."""


def affine(graph: Graph, machine: Machine, early: bool = False) -> Graph:
    """Rebuilds all linear arithmetic for a machine (which may lack multiply_add).

    With equal costs, `early` takes the terms that are known first. Where the program then waits for its longest path,
    and not for an engine, constants do not go with single bits, either, which are known last.
    """
    waits = early and longest_path(graph, *depths(graph, machine)) > busiest(graph, machine)
    return _Affine(graph, machine.runs("valu", "multiply_add"), early, waits).run()


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is known of one old node: `base` its form over atoms alone, `best` the form it is built from."""

    base: Form | None
    best: Form


_Terms = tuple[tuple[int, int], ...]
_Key = tuple[int, _Terms]
"""The width of a value and the direction of its terms."""


class _Known(NamedTuple):
    """A value that exists: `scale` times its direction, plus a constant."""

    node: int
    constant: int
    scale: int


def direction(terms: _Terms) -> tuple[_Terms, int]:
    """Terms as a scale times a direction, which is the same for all multiples: one of its coefficients is 1."""
    factors = [signed(k) for _, k in terms]
    shift = min((f & -f).bit_length() - 1 for f in factors)
    odd = next(f >> shift for f in factors if (f >> shift) & 1)
    inverse = pow(odd, -1, 1 << WORD_BITS)
    return tuple((n, (f >> shift) * inverse & MASK) for (n, _), f in zip(terms, factors, strict=True)), odd << shift


class _Affine(Rewriter):
    def __init__(self, graph: Graph, fused: bool, early: bool, waits: bool) -> None:
        super().__init__(graph)
        self.fused = fused
        self.early = early
        self.waits = waits
        self.facts = ranges.analyse(graph)
        self.frozen = never_stored(graph)
        self.forms = Forms(graph, self.facts)
        self.steps = {n: self.linear_step(n) for n in graph.walk() if self.live[n]}
        self.leave_complements()
        self.lowest = self.lowest_bits()
        self.needed = self.hard_uses()
        self.shape: dict[int, _Shape] = {}
        self.scopes: list[dict[_Key, _Known]] = [{}]
        """For the direction of each value that exists, what it is. One table for each open block."""
        self.depth: dict[int, int] = {}
        """About how many operations each old node waits for, in its block."""

    def linear_step(self, n: int) -> Form | None:
        """A node as a form over its operands; None for atoms and constants.

        Of two words that are always equally far apart, a bit chooses by a product. (On vectors, flow may have time.)"""
        old = self.old
        if old.const(n) is not None:
            return None
        own = step(old, self.facts, n)
        if own is None and old.op[n] == "select" and old.lanes == 1 and self.facts[old.args[n][0]].is_bit:
            condition, taken, other = old.args[n]
            distance = self.forms.distance(taken, other)
            if distance is not None:
                return self.operand(other).plus(atom(condition), distance)
        return own

    def leave_complements(self) -> None:
        """Complements of words stay exclusive ors, which `xors` merges with others, if they are no part of a sum."""
        summed = {a for n, own in self.steps.items() if own is not None for a in self.old.args[n]}
        for n, own in self.steps.items():
            if own is None or self.old.op[n] != "xor" or self.facts[n].is_bit or n in summed:
                continue
            if all(self.steps.get(a) is None for a in self.old.args[n]):
                self.steps[n] = None

    def lowest_bits(self) -> dict[int, int]:
        """For each node that takes the lowest bits of linear arithmetic that are those of one of its atoms, that atom:
        odd factors leave the lowest bit as it is, and what is shifted left is of no account. (On vectors, an index is
        there anyway, and its bits are not known sooner without need: they would only live longer.)"""
        found: dict[int, int] = {}
        if self.old.lanes > 1:
            return found
        for n, own in self.steps.items():
            masked = self.old.with_constant(n)
            if own is not None or self.old.op[n] != "and" or masked is None:
                continue
            a, kept = masked
            if self.steps.get(a) is not None and kept & (kept + 1) == 0:
                form = self.forms.of(a)
                terms = [(x, k & kept) for x, k in form.terms if k & kept]
                if not form.constant & kept and len(terms) == 1 and terms[0][1] == 1:
                    found[n] = terms[0][0]
        return found

    def hard_uses(self) -> set[int]:
        """Nodes that something other than linear arithmetic uses: these must exist as they are."""
        hard: set[int] = set()
        for n in self.old.walk():
            if not self.live[n]:
                continue
            if n in self.lowest:
                hard.add(self.lowest[n])
            elif self.steps.get(n) is None:
                hard.update(self.old.args[n])
            attr = self.old.attr[n]
            if isinstance(attr, Loop):
                hard.update(attr.yields)
        return hard

    def block(self, block: tuple[int, ...]) -> None:
        self.scopes.append({})
        super().block(block)
        self.scopes.pop()

    def node(self, n: int) -> None:
        own = self.steps.get(n)
        if n in self.lowest:
            atom_, (mask,) = self.lowest[n], (a for a in self.old.args[n] if self.old.const(a) is not None)
            self.depth[n] = 1 + self.depth.get(atom_, 0)
            self.value[n] = self.emit("and", self.value[atom_], self.value[mask], span=self.old.span[n])
            return
        if own is None:
            self.depth[n] = 1 + max((self.depth.get(a, 0) for a in self.old.args[n]), default=-1)
            super().node(n)
            return
        candidates = [self.expand(own)]
        base = self.base(own)
        if base is not None:
            candidates.append(base)
            candidates += self.relatives(n, base)
        best = min(candidates, key=lambda form: self.cost(n, form))
        self.depth[n] = 1 + self.known(best)
        self.shape[n] = _Shape(base, best)
        if n in self.needed or len(best.terms) > _MOST_TERMS:
            width, span = self.old.width[n], self.old.span[n]
            self.value[n] = sums.build(
                self.new, best, self.value.__getitem__, self.is_bit, self.absorbs, width, self.fuses(n), span
            )
            self.shape[n] = _Shape(base, atom(n))
            if base is not None and base.terms:
                towards, scale = direction(base.terms)
                self.scopes[-1].setdefault((self.old.width[n], towards), _Known(n, base.constant, scale))

    def base(self, own: Form) -> Form | None:
        """The form over atoms alone, unless it grows too long."""
        total = Form(own.constant)
        for a, k in own.terms:
            known = self.shape.get(a)
            part = known.base if known else self.operand(a)
            if part is None:
                return None
            total = total.plus(part, k)
        return total if len(total.terms) <= _MAX_BASE_TERMS else None

    def operand(self, n: int) -> Form:
        value = self.old.const(n)
        return Form(value) if value is not None else atom(n)

    def relatives(self, n: int, base: Form) -> Iterator[Form]:
        """The form as a multiple of a value that exists, plus what is left of its terms; the longest first.

        Terms are in the order in which they become known, so what exists has the first of them.
        """
        for length in range(len(base.terms), 0, -1):
            towards, scale = direction(base.terms[:length])
            for scope in reversed(self.scopes):
                found = scope.get((self.old.width[n], towards))
                if found is not None and scale % (found.scale & -found.scale) == 0:
                    factor = _quotient(scale, found.scale)
                    constant = (base.constant - factor * found.constant) & MASK
                    yield Form(constant, base.terms[length:]).plus(Form(0, ((found.node, factor),)))
                    break

    def twin(self, n: int, base: Form) -> Form | None:
        """A value that exists and differs from this form by a constant only, plus that constant."""
        first = next(self.relatives(n, base), None)
        return first if first is not None and [k for _, k in first.terms] == [1] else None

    def expand(self, own: Form) -> Form:
        """The form over values that exist, each operand in its best shape or as a relative of what exists."""
        total = Form(own.constant)
        for a, k in own.terms:
            known = self.shape.get(a)
            if known is None:
                part = self.operand(a)
            else:
                relative = self.twin(a, known.base) if known.base is not None and known.base.terms else None
                part = relative or known.best
            total = total.plus(part, k)
        return total

    def cost(self, n: int, form: Form) -> tuple[int, int, int]:
        """Operations to build a form at node `n`; ties go to the one with more terms, which makes a shorter chain, and
        then to the one whose terms are known first."""
        return sums.cost(form, self.fuses(n), self.is_bit, self.absorbs), -len(form.terms), self.known(form)

    def known(self, form: Form) -> int:
        """The depth of the last term of a form."""
        if not self.early:
            return 0
        return max((self.depth.get(a, 0) for a, _ in form.terms), default=0)

    def is_bit(self, n: int) -> bool:
        """Whether old node `n` is 0 or 1, and a constant had better go with it."""
        return self.facts[n].is_bit and not self.waits

    def absorbs(self, n: int) -> bool:
        """Whether old node `n` is a word of a small table, which may be changed once. Groups have their own words."""
        return self.old.lanes == 1 and few_words(self.old, self.facts, n, self.frozen) is not None

    def fuses(self, n: int) -> bool:
        """Whether node `n` can be computed with multiply_add: vectors only, and what may still become one."""
        return self.fused and self.old.width[n] == self.old.lanes


def _quotient(scale: int, by: int) -> int:
    """The word k with k * by = scale modulo 2^32, where the powers of two in `by` divide `scale`."""
    low = by & -by
    return (scale // low) * pow(by // low, -1, 1 << WORD_BITS) & MASK
