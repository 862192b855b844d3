"""Intervals of words: the least and greatest value that an operation's result can have.

Every function takes and returns inclusive unsigned bounds; `FULL` says nothing. All of them hold for all words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vliwc.ir.ops import MASK

Interval = tuple[int, int]

FULL: Interval = (0, MASK)
BOOL: Interval = (0, 1)

_MODULUS = MASK + 1
_HALF = _MODULUS >> 1


def signed(word: int) -> int:
    """The representative of a word nearest 0, so that sums with "negative" coefficients stay narrow."""
    return word - _MODULUS if word >= _HALF else word


def integer_range(offset: int, terms: Iterable[tuple[int, int]], lo: Sequence[int], hi: Sequence[int]) -> Interval:
    """Bounds of the integer `offset + Σ signed(c) * x` over `terms` (x, c), not reduced modulo 2^32."""
    low = high = offset
    for x, word in terms:
        c = signed(word)
        if c >= 0:
            low += c * lo[x]
            high += c * hi[x]
        else:
            low += c * hi[x]
            high += c * lo[x]
    return low, high


def wrap(low: int, high: int) -> Interval:
    """The words that integers from `low` to `high` are modulo 2^32."""
    if low // _MODULUS != high // _MODULUS:
        return FULL
    return low & MASK, high & MASK


def stride(terms: Iterable[tuple[int, int]]) -> int:
    """The greatest power of two that divides all coefficients, of which there is one at least."""
    common = 0
    for _, c in terms:
        common |= c
    return common & -common


def misses_zero(low: int, high: int) -> bool:
    """Is no integer from `low` to `high` a multiple of 2^32?"""
    return high // _MODULUS * _MODULUS < low


def _ones(word: int) -> int:
    """The least 2^k - 1 that is at least `word`."""
    return (1 << word.bit_length()) - 1


def of_operation(op: str, bounds: Sequence[Interval]) -> Interval:
    """Bounds of a pure operation's result from those of its operands."""
    match op, bounds:
        case (("lt" | "eq" | "eq0"), _):
            return BOOL
        case "mul", ((alo, ahi), (blo, bhi)):
            return wrap(alo * blo, ahi * bhi)
        case "and", ((_, ahi), (_, bhi)):
            return 0, min(ahi, bhi)
        case "or", ((alo, ahi), (blo, bhi)):
            return max(alo, blo), _ones(ahi | bhi)
        case "xor", ((_, ahi), (_, bhi)):
            return 0, _ones(ahi | bhi)
        case "shr", ((alo, ahi), (blo, bhi)):
            return alo >> min(bhi, 32), ahi >> min(blo, 32)
        case "shl", ((alo, ahi), (blo, bhi)) if bhi < 32 and ahi << bhi <= MASK:
            return alo << blo, ahi << bhi
        case "div", ((alo, ahi), (blo, bhi)) if blo > 0:
            return alo // bhi, ahi // blo
        case "cdiv", ((alo, ahi), (blo, bhi)) if blo > 0:
            return -(-alo // bhi), -(-ahi // blo)
        case "mod", ((_, ahi), (blo, bhi)) if blo > 0:
            return 0, min(ahi, bhi - 1)
        case "when", (_, (_, yhi)):
            return 0, yhi
    return FULL
