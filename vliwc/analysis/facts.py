"""What is known about a word: an interval and the bits that are surely 0 or surely 1.

Intervals (Cousot & Cousot 1977) and known bits (as in LLVM's KnownBits) run together and tighten each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vliwc.ir.ops import MASK, OPS


@dataclass(frozen=True, slots=True)
class Fact:
    """lo <= word <= hi; bits of `zeros` are 0 and bits of `ones` are 1 in it."""

    lo: int
    hi: int
    zeros: int
    ones: int

    @property
    def value(self) -> int | None:
        """The word, if only one is possible."""
        return self.lo if self.lo == self.hi else None

    @property
    def is_bit(self) -> bool:
        """Whether the word is 0 or 1."""
        return self.hi <= 1


def exact(value: int) -> Fact:
    """The fact about one known word."""
    return Fact(value, value, ~value & MASK, value)


ANY = Fact(0, MASK, 0, 0)


def within(lo: int, hi: int, zeros: int = 0, ones: int = 0) -> Fact:
    """The tightest fact for lo <= word <= hi with known bits."""
    zeros |= ~((1 << hi.bit_length()) - 1) & MASK
    common = MASK >> (lo ^ hi).bit_length() << (lo ^ hi).bit_length()  # the leading bits that lo and hi share
    ones |= lo & common
    zeros |= ~lo & common & MASK
    lo, hi = max(lo, ones), min(hi, ~zeros & MASK)
    return Fact(lo, hi, zeros, ones) if lo <= hi and not zeros & ones else ANY  # contradiction: unreachable code


BIT = within(0, 1)


def join(a: Fact, b: Fact) -> Fact:
    """What holds when either fact may hold."""
    if a == b:
        return a
    return Fact(min(a.lo, b.lo), max(a.hi, b.hi), a.zeros & b.zeros, a.ones & b.ones)


def contains(outer: Fact, inner: Fact) -> bool:
    """Whether every word that `inner` allows is allowed by `outer`."""
    return join(outer, inner) == outer


def transfer(op: str, args: tuple[Fact, ...]) -> Fact:
    """The fact about a pure operation's result. Sound for all words the operand facts allow."""
    values = [v for a in args if (v := a.value) is not None]
    word = OPS[op].word
    if word is not None and len(values) == len(args) and not (OPS[op].can_fault and values[1] == 0):
        return exact(word(*values))
    rule = _TRANSFER.get(op)
    return rule(*args) if rule else ANY


def _sum(lo: int, hi: int, zeros: int = 0, ones: int = 0) -> Fact:
    """lo..hi as plain integers, reduced modulo 2^32 where no wrap splits the interval."""
    if lo >> 32 == hi >> 32:
        return within(lo & MASK, hi & MASK, zeros, ones)
    return within(0, MASK, zeros, ones)


def _low_zeros(a: Fact) -> int:
    """How many low bits are surely 0."""
    return ((~a.zeros & MASK) & -(~a.zeros & MASK)).bit_length() - 1 if a.zeros != MASK else 32


def _low_known(a: Fact) -> int:
    """How many low bits are surely known."""
    unknown = ~(a.zeros | a.ones) & MASK
    return (unknown & -unknown).bit_length() - 1 if unknown else 32


def _low_bits(value: int, count: int) -> tuple[int, int]:
    """Known zeros and ones when the low `count` bits are those of `value`."""
    mask = (1 << count) - 1
    return ~value & mask, value & mask


def _add(a: Fact, b: Fact) -> Fact:
    if a.zeros | b.zeros == MASK:  # nothing is carried
        return _sum(a.lo + b.lo, a.hi + b.hi, a.zeros & b.zeros, a.ones | b.ones)
    known = min(_low_known(a), _low_known(b))
    return _sum(a.lo + b.lo, a.hi + b.hi, *_low_bits(a.ones + b.ones, known))


def _sub(a: Fact, b: Fact) -> Fact:
    known = min(_low_known(a), _low_known(b))
    return _sum(a.lo - b.hi, a.hi - b.lo, *_low_bits(a.ones - b.ones, known))


def _mul(a: Fact, b: Fact) -> Fact:
    trailing = min(32, _low_zeros(a) + _low_zeros(b))
    return _sum(a.lo * b.lo, a.hi * b.hi, (1 << trailing) - 1)


def _muladd(a: Fact, b: Fact, c: Fact) -> Fact:
    product = _mul(a, b)
    if product.hi < MASK or a.hi * b.hi <= MASK or product.zeros | c.zeros == MASK:
        return _add(product, c)
    return _sum(a.lo * b.lo + c.lo, a.hi * b.hi + c.hi)


def _div(a: Fact, b: Fact) -> Fact:
    return within(a.lo // max(b.hi, 1), a.hi // max(b.lo, 1))


def _cdiv(a: Fact, b: Fact) -> Fact:
    return within(-(-a.lo // max(b.hi, 1)), -(-a.hi // max(b.lo, 1)))


def _mod(a: Fact, b: Fact) -> Fact:
    if a.hi < b.lo:
        return a
    return within(0, min(a.hi, max(b.hi, 1) - 1))


def _and(a: Fact, b: Fact) -> Fact:
    return within(0, min(a.hi, b.hi), a.zeros | b.zeros, a.ones & b.ones)


def _or(a: Fact, b: Fact) -> Fact:
    return within(max(a.lo, b.lo), MASK, a.zeros & b.zeros, a.ones | b.ones)


def _xor(a: Fact, b: Fact) -> Fact:
    return within(0, MASK, (a.zeros & b.zeros) | (a.ones & b.ones), (a.zeros & b.ones) | (a.ones & b.zeros))


def _shl(a: Fact, b: Fact) -> Fact:
    k = b.value
    if k is None:
        return ANY
    if k >= 32:
        return exact(0)
    low = (1 << k) - 1
    return _sum(a.lo << k, a.hi << k, ((a.zeros << k) | low) & MASK, (a.ones << k) & MASK)


def _shr(a: Fact, b: Fact) -> Fact:
    k = b.value
    if k is None:
        return within(0, a.hi >> min(b.lo, 32))
    high = MASK ^ (MASK >> k)
    return within(a.lo >> k, a.hi >> k, (a.zeros >> k) | high, a.ones >> k)


def _lt(a: Fact, b: Fact) -> Fact:
    if a.hi < b.lo:
        return exact(1)
    return exact(0) if a.lo >= b.hi else BIT


def _eq(a: Fact, b: Fact) -> Fact:
    if a.hi < b.lo or b.hi < a.lo or a.ones & b.zeros or a.zeros & b.ones:
        return exact(0)
    return BIT


def _select(c: Fact, a: Fact, b: Fact) -> Fact:
    if c.lo > 0:
        return a
    return b if c.hi == 0 else join(a, b)


_TRANSFER: dict[str, Callable[..., Fact]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "muladd": _muladd,
    "div": _div,
    "cdiv": _cdiv,
    "mod": _mod,
    "and": _and,
    "or": _or,
    "xor": _xor,
    "shl": _shl,
    "shr": _shr,
    "lt": _lt,
    "eq": _eq,
    "select": _select,
}
