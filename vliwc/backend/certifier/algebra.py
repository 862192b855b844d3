"""What each word operation does to expressions: the normaliser of the certifier.

It knows what a backend does on its own, and little more: constants are folded; everything linear is one normal form;
commutative operands are ordered; divisions by powers of two are shifts and masks; selection is

    select(c, a, b)  =  b + when(c, a - b)        where when(c, y) = y if c else 0, for c of 0 or 1

so that a select made of arithmetic (`b + c * (a - b)`, or a mask) is the select itself; conditions are words of 0
or 1, any other word x is replaced by `x == 0` and the arms are exchanged. Every rule holds for all 32-bit words.
"""

from __future__ import annotations

from collections.abc import Callable

from vliwc.backend.certifier.expressions import MAX_TERMS, UNDEFINED, Argument, Expressions
from vliwc.backend.certifier.intervals import Interval, misses_zero, stride
from vliwc.ir.ops import MASK, PURE, WORD_BITS

_HALF = (MASK + 1) // 2


class Algebra(Expressions):
    """Expressions with operations. `apply[op]` is the memoised symbolic meaning of a pure operation of the table."""

    def __init__(self, max_terms: int = MAX_TERMS) -> None:
        super().__init__(max_terms)
        self.zero = self.constant(0)
        self.one = self.constant(1)
        self.ones = self.constant(MASK)
        rules: dict[str, Callable[..., int]] = {
            "mul": self._mul,
            "div": self._div,
            "cdiv": self._cdiv,
            "mod": self._mod,
            "and": self._and,
            "or": self._or,
            "xor": self._xor,
            "shl": self._shl,
            "shr": self._shr,
            "lt": self._lt,
            "eq": self._eq,
        }
        self.apply: dict[str, Callable[..., int]] = {op: self._memoised(op, rule) for op, rule in rules.items()}
        self.apply["add"] = self.add
        self.apply["sub"] = self.sub
        self.apply["muladd"] = self._muladd
        self.apply["select"] = self.select
        self._selected: dict[tuple[int, int, int], int] = {}

    def _memoised(self, op: str, rule: Callable[[int, int], int]) -> Callable[[int, int], int]:
        """The rule, with constants folded, operands ordered if `op` commutes, and results remembered."""
        memo: dict[tuple[int, int], int] = {}
        word, commutative, can_fault = PURE[op].word, PURE[op].commutative, PURE[op].can_fault
        assert word is not None

        def apply(a: int, b: int) -> int:
            key = (b, a) if commutative and b < a else (a, b)
            found = memo.get(key)
            if found is None:
                a, b = key
                if self.terms[a] or self.terms[b] or (can_fault and not self.offset[b]):
                    found = rule(a, b)
                else:
                    found = self.constant(word(self.offset[a], self.offset[b]))
                memo[key] = found
            return found

        return apply

    def table(self, entries: tuple[int, ...], index: int) -> int:
        """Entry `index` of constants: a tree of selects, the index's lowest bit nearest the entries.

        Only an index in range has a meaning, so any function that agrees on those will do. This is the one that
        machines without tables compute.
        """
        words = [self.constant(word) for word in entries]
        bit = 1
        while len(words) > 1:
            c = self.apply["and"](index, self.constant(bit))
            pairs = zip(words[::2], words[1::2], strict=False)
            words = [self.select(c, b, a) for a, b in pairs] + words[len(words) & ~1 :]
            bit *= 2
        (word,) = words
        return word

    def never_zero(self, a: int) -> bool:
        """Is `a` nonzero for all values of its symbols, as far as intervals tell?"""
        return self.lo[a] > 0 or misses_zero(*self.range_of(self.offset[a], self.terms[a]))

    # Products and quotients

    def _muladd(self, a: int, b: int, c: int) -> int:
        return self.add(self.apply["mul"](a, b), c)

    def _mul(self, a: int, b: int) -> int:
        if not self.terms[a]:
            return self.scale(b, self.offset[a])
        if not self.terms[b]:
            return self.scale(a, self.offset[b])
        if self.is_boolean(a):
            return self.when(a, b)
        if self.is_boolean(b):
            return self.when(b, a)
        return self.atom("mul", a, b)

    def _constant(self, a: int) -> int | None:
        return None if self.terms[a] else self.offset[a]

    def _power(self, a: int) -> int | None:
        """k if `a` is the constant 2^k."""
        word = self._constant(a)
        return word.bit_length() - 1 if word and not word & (word - 1) else None

    def _div(self, a: int, b: int) -> int:
        power = self._power(b)
        if power is not None:
            return self.apply["shr"](a, self.constant(power))
        return self.atom("div", a, b)

    def _cdiv(self, a: int, b: int) -> int:
        return a if b == self.one else self.atom("cdiv", a, b)

    def _mod(self, a: int, b: int) -> int:
        power = self._power(b)
        if power is not None:
            return self.apply["and"](a, self.constant((1 << power) - 1))
        return a if self.hi[a] < self.lo[b] else self.atom("mod", a, b)

    # Bits

    def _and(self, a: int, b: int) -> int:
        if b in (a, self.ones):
            return a
        if a == self.ones:
            return b
        if self.zero in (a, b):
            return self.zero
        for mask, x in ((a, b), (b, a)):
            word = self._constant(mask)
            if word is not None and not word & (word + 1) and self.hi[x] <= word:
                return x
            condition = self._mask_of(mask)
            if condition is not None:
                return self.when(condition, x)
        return self.atom("and", a, b)

    def _mask_of(self, a: int) -> int | None:
        """The boolean c for which `a` is all ones if c, else 0: `a` is -c."""
        if len(self.terms[a]) == 1 and self.is_boolean(negative := self.scale(a, MASK)):
            return negative
        return None

    def _or(self, a: int, b: int) -> int:
        if b in (a, self.zero):
            return a
        if a == self.zero:
            return b
        return self.ones if self.ones in (a, b) else self.atom("or", a, b)

    def _xor(self, a: int, b: int) -> int:
        if a == b:
            return self.zero
        for x, y in ((a, b), (b, a)):
            if x == self.zero:
                return y
            if x == self.ones:
                return self.sub(self.ones, y)
            if x == self.one and self.is_boolean(y):
                return self.sub(self.one, y)
        return self.atom("xor", a, b)

    def _shl(self, a: int, b: int) -> int:
        word = self._constant(b)
        if word is not None:
            return self.scale(a, 1 << word) if word < WORD_BITS else self.zero
        return self.zero if a == self.zero or self.lo[b] >= WORD_BITS else self.atom("shl", a, b)

    def _shr(self, a: int, b: int) -> int:
        return a if b == self.zero else self.atom("shr", a, b)

    # Comparisons

    def _lt(self, a: int, b: int) -> int:
        if a == b or self.lo[a] >= self.hi[b]:
            return self.zero
        if self.hi[a] < self.lo[b]:
            return self.one
        if b == self.one:
            return self.is_zero(a)
        if a == self.zero:
            return self.sub(self.one, self.is_zero(b))
        return self.atom("lt", a, b)

    def _eq(self, a: int, b: int) -> int:
        if self.hi[a] < self.lo[b] or self.hi[b] < self.lo[a]:
            return self.zero
        return self.is_zero(self.sub(a, b))

    def is_zero(self, a: int) -> int:
        """1 if `a` is 0, else 0."""
        if self.is_constant(a):
            return self.zero if self.offset[a] else self.one
        if self.is_boolean(a):
            return self.sub(self.one, a)
        if self.never_zero(a):
            return self.zero
        low, high = self.range_of(self.offset[a], self.terms[a])
        if high & MASK == 0 and high - low == 1:  # it is -1 or 0
            return self.add(a, self.one)
        if len(self.terms[a]) == 1 and self.is_boolean(self.terms[a][0][0]):
            return self._is_zero_of_boolean(a)
        a, _ = self._positive(a)
        if self.op[a] == "xor":
            x, y = self.args[a]
            assert isinstance(x, int)
            assert isinstance(y, int)
            return self.is_zero(self.sub(x, y))
        return self.atom("eq0", a)

    def _is_zero_of_boolean(self, a: int) -> int:
        """As `is_zero`, for offset + c * e with a boolean e and c not 0: one of two words."""
        ((e, c),) = self.terms[a]
        if self.offset[a] == 0:
            return self.sub(self.one, e)
        return e if (self.offset[a] + c) & MASK == 0 else self.zero

    def _positive(self, a: int) -> tuple[int, bool]:
        """One of `a` and its negative, the same for both; and whether it is the negative.

        It is the one whose first coefficient is below 2^31. If that is its own negative, the others decide.
        """
        leading = self.terms[a][0][1] if self.terms[a] else self.offset[a]
        if leading < _HALF:
            return a, False
        negative = self.scale(a, MASK)
        if leading == _HALF and (self.terms[a], self.offset[a]) <= (self.terms[negative], self.offset[negative]):
            return a, False
        return negative, True

    # Selection

    def select(self, c: int, a: int, b: int) -> int:
        """a if c is not 0, else b."""
        found = self._selected.get((c, a, b))
        if found is None:
            found = self._selected[c, a, b] = self._select(c, a, b)
        return found

    def _select(self, c: int, a: int, b: int) -> int:
        if a == b:
            return a
        if self.is_constant(c):
            return a if self.offset[c] else b
        if not self.is_boolean(c):
            return self.select(self.is_zero(c), b, a)
        negated = self._negated(c)
        if negated is not None:
            return self.select(negated, b, a)
        result = self.add(b, self.when(c, self.sub(a, b)))
        taken, other = self._where(c, True, a), self._where(c, False, b)
        self.tighten(result, min(taken[0], other[0]), max(taken[1], other[1]))
        return result

    def _where(self, c: int, holds: bool, x: int) -> Interval:
        """The bounds of `x` where the boolean `c` is 1, if it `holds`, or else 0."""
        lo, hi = self.lo[x], self.hi[x]
        match self.op[c], self.args[c]:
            case "lt", (int(a), int(b)) if x == a:
                lo, hi = (lo, min(hi, self.hi[b] - 1)) if holds else (max(lo, self.lo[b]), hi)
            case "lt", (int(a), int(b)) if x == b:
                lo, hi = (max(lo, self.lo[a] + 1), hi) if holds else (lo, min(hi, self.hi[a]))
            case "eq0", (int(a),) if x == a:
                lo, hi = (0, 0) if holds else (max(lo, 1), hi)
        if self.terms[x]:
            step = stride(self.terms[x])
            lo, hi = lo + (self.offset[x] - lo) % step, hi - (hi - self.offset[x]) % step
        return (lo, hi) if lo <= hi else (self.lo[x], self.hi[x])

    def when(self, c: int, y: int) -> int:
        """y if the boolean c is 1, else 0."""
        if self.is_constant(c):
            return y if self.offset[c] else self.zero
        negated = self._negated(c)
        if negated is not None:
            return self.sub(y, self.when(negated, y))
        if self.op[c] == "eq0":
            y = self._given_zero(self.args[c][0], y)
        if self.is_constant(y):
            return self.scale(c, self.offset[y])
        if c == y:
            return c
        if len(self.terms[y]) == 1:
            ((atom, factor),) = self.terms[y]
            if atom != y and self.is_boolean(atom):
                return self.add(self.scale(c, self.offset[y]), self.scale(self.when(c, atom), factor))
        y, negative = self._positive(y)
        atom = self.atom("when", *(sorted((c, y)) if self.is_boolean(y) else (c, y)))
        return self.scale(atom, MASK) if negative else atom

    def _given_zero(self, a: Argument, y: int) -> int:
        """`y` where `a` is 0: without the first atom of `a` that the others determine, its factor being odd."""
        assert isinstance(a, int)
        pivot, factor = next(((atom, k) for atom, k in self.terms[a] if k & 1), (UNDEFINED, 1))
        found = next((k for atom, k in self.terms[y] if atom == pivot), 0)
        return self.sub(y, self.scale(a, found * pow(factor, -1, MASK + 1))) if found else y

    def _negated(self, c: int) -> int | None:
        """The boolean d for which `c` is 1 - d, if `c` is written like that."""
        if len(self.terms[c]) != 1 or self.terms[c][0][1] != MASK:
            return None
        d = self.sub(self.one, c)
        return d if self.is_boolean(d) else None
