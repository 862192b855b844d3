"""Hash-consed symbolic words. Equal numbers mean equal words, for all values of the symbols.

An expression is a number. Its normal form is a linear combination of *atoms* modulo 2^32:

    offset + c1 * atom1 + c2 * atom2 + …

A constant has no terms; an atom is itself. Atoms are symbols, loads, and operations that are not linear, with
expressions as arguments. So all ways to compute an address, to split a `multiply_add` or to make a constant end in
the same number. Each expression has an interval, which is found when it is made.

The table only interns; `vliwc.backend.certifier.algebra` says which operation becomes which normal form.
"""

from __future__ import annotations

from collections.abc import Collection

from vliwc.backend.certifier.intervals import FULL, Interval, integer_range, of_operation, signed, wrap
from vliwc.ir.ops import MASK

Terms = tuple[tuple[int, int], ...]
"""Sorted pairs of atom and coefficient; coefficients are nonzero words."""

Argument = int | tuple[int, ...]

UNDEFINED = 0
"""The number that is no expression: a word that was never written."""

MAX_TERMS = 16
"""Sums of more terms are treated as one atom, so that long chains of additions stay cheap …"""
PATIENT_TERMS = 1024
"""… unless that leaves a program unproven: atoms of long sums depend on the order in which these are added up."""


class Expressions:
    """The table of all expressions of one proof. All lists are indexed by expression number."""

    def __init__(self, max_terms: int = MAX_TERMS) -> None:
        self._max_terms = max_terms
        self.op: list[str] = ["undefined"]
        self.args: list[tuple[Argument, ...]] = [()]
        self.offset: list[int] = [0]
        self.terms: list[Terms] = [()]
        self.lo: list[int] = [0]
        self.hi: list[int] = [MASK]
        self.names: dict[int, str] = {}
        self._constants: dict[int, int] = {}
        self._linear: dict[tuple[int, Terms], int] = {}
        self._atoms: dict[tuple[str, tuple[Argument, ...]], int] = {}
        self._added: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self.op)

    def _new(self, op: str, args: tuple[Argument, ...], offset: int, terms: Terms | None, bounds: Interval) -> int:
        n = len(self.op)
        self.op.append(op)
        self.args.append(args)
        self.offset.append(offset)
        self.terms.append(((n, 1),) if terms is None else terms)
        self.lo.append(bounds[0])
        self.hi.append(bounds[1])
        return n

    def constant(self, word: int) -> int:
        """The expression of a word (any integer, taken modulo 2^32)."""
        word &= MASK
        found = self._constants.get(word)
        if found is None:
            found = self._constants[word] = self._new("const", (), word, (), (word, word))
        return found

    def symbol(self, name: str, bounds: Interval = FULL) -> int:
        """A new unknown word within `bounds`. `name` is for messages; two symbols of one name are two unknowns."""
        return self.constant(bounds[0]) if bounds[0] == bounds[1] else self.unknown("symbol", name, bounds)

    def unknown(self, kind: str, name: str, bounds: Interval = FULL, *args: int) -> int:
        """A new atom that nothing is known of but its bounds: a word, or the contents of a whole array."""
        n = self._new(kind, args, 0, None, bounds)
        self.names[n] = name
        return n

    def atom(self, op: str, *args: Argument, bounds: Interval | None = None) -> int:
        """The word that an operation makes that is not linear. `bounds` default to what the arguments imply."""
        if bounds is None:
            bounds = of_operation(op, [(self.lo[a], self.hi[a]) for a in args if isinstance(a, int)])
        return self.constant(bounds[0]) if bounds[0] == bounds[1] else self.node(op, args, bounds)

    def node(self, op: str, args: tuple[Argument, ...], bounds: Interval = FULL) -> int:
        """The atom with these arguments. Unlike `atom` it stays one whatever its bounds: it may be no word."""
        found = self._atoms.get((op, args))
        if found is None:
            found = self._atoms[op, args] = self._new(op, args, 0, None, bounds)
        return found

    def linear(self, offset: int, terms: Terms) -> int:
        """The expression of a normal form: `terms` sorted, without zero coefficients."""
        if not terms:
            return self.constant(offset)
        if offset == 0 and len(terms) == 1 and terms[0][1] == 1:
            return terms[0][0]
        key = offset, terms
        found = self._linear.get(key)
        if found is None:
            found = self._linear[key] = self._new("linear", (), offset, terms, wrap(*self.range_of(offset, terms)))
        return found

    def range_of(self, offset: int, terms: Terms) -> Interval:
        """Bounds of the integer that a normal form is before it is taken modulo 2^32.

        A boolean c and a word `when` it are bounded together: c - (c ? y : 0) is "c and not y" if y is a boolean.
        """
        low, high = integer_range(offset, terms, self.lo, self.hi)
        alone = {x: signed(k) for x, k in terms}
        for x, _ in terms:
            c, y = self._condition(x, alone) if self.op[x] == "when" and x in alone else (0, 0)
            if c:
                weight, factor = alone.pop(c), alone.pop(x)
                apart = sorted((factor * self.lo[x], factor * self.hi[x]))
                both = sorted((weight + factor * self.lo[y], weight + factor * self.hi[y]))
                low += min(0, both[0]) - min(0, weight) - apart[0]
                high += max(0, both[1]) - max(0, weight) - apart[1]
        return low, high

    def _condition(self, x: int, among: Collection[int]) -> tuple[int, int]:
        """The boolean among some expressions that is the condition of a `when`, and the word; (0, 0) if none is."""
        c, y = self.args[x]
        assert isinstance(c, int)
        assert isinstance(y, int)
        if c in among:
            return c, y
        return (y, c) if y in among and self.is_boolean(y) else (0, 0)

    def tighten(self, a: int, lo: int, hi: int) -> None:
        """Notes that `a` is from `lo` to `hi`, which its normal form does not show."""
        self.lo[a] = max(self.lo[a], lo)
        self.hi[a] = min(self.hi[a], hi)

    def is_constant(self, a: int) -> bool:
        """Is `a` a known word, `offset[a]`?"""
        return not self.terms[a]

    def is_boolean(self, a: int) -> bool:
        """Is `a` known to be 0 or 1?"""
        return self.hi[a] <= 1

    def add(self, a: int, b: int) -> int:
        """a + b"""
        key = (a, b) if a < b else (b, a)
        found = self._added.get(key)
        if found is None:
            offset, terms = self.sum(*key)
            if len(terms) > self._max_terms:
                offset, terms = self.sum(self._short(key[0]), self._short(key[1]))
            found = self._added[key] = self.linear(offset, terms)
            self._confine(found, self.lo[a] + self.lo[b], self.hi[a] + self.hi[b])
        return found

    def sum(self, a: int, b: int, factor: int = 1) -> tuple[int, Terms]:
        """The normal form of a + factor * b, without making an expression of it."""
        offset = (self.offset[a] + factor * self.offset[b]) & MASK
        added = self.terms[b]
        if not added:
            return offset, self.terms[a]
        result = dict(self.terms[a])
        for x, c in added:
            total = (result.get(x, 0) + factor * c) & MASK
            if total:
                result[x] = total
            else:
                result.pop(x, None)
        return offset, tuple(sorted(result.items()))

    def _short(self, a: int) -> int:
        """`a` itself if it has few terms, else its offset plus one atom that stands for all its terms."""
        if len(self.terms[a]) <= self._max_terms // 2:
            return a
        whole = self.linear(0, self.terms[a])
        atom = self.atom("sum", whole, bounds=(self.lo[whole], self.hi[whole]))
        return self.add(self.constant(self.offset[a]), atom)

    def scale(self, a: int, factor: int) -> int:
        """factor * a, for a constant factor (any integer)."""
        factor &= MASK
        if factor == 1:
            return a
        scaled = ((x, (c * factor) & MASK) for x, c in self.terms[a])
        found = self.linear((self.offset[a] * factor) & MASK, tuple((x, c) for x, c in scaled if c))
        self._confine(found, *sorted((self.lo[a] * signed(factor), self.hi[a] * signed(factor))))
        return found

    def sub(self, a: int, b: int) -> int:
        """a - b"""
        if a == b:
            return self.constant(0)
        found = self.add(a, self.scale(b, MASK))
        self._confine(found, self.lo[a] - self.hi[b], self.hi[a] - self.lo[b])
        return found

    def _confine(self, a: int, low: int, high: int) -> None:
        """Notes that `a` is an integer from `low` to `high`, modulo 2^32: an operand's bounds may be closer than those
        of its terms tell, as are those of a selection."""
        lo, hi = wrap(low, high)
        if lo > self.lo[a] or hi < self.hi[a]:
            self.tighten(a, lo, hi)
