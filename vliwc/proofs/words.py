"""The table of operations over z3's bit-vectors: what each operation means for an unknown word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import z3

from vliwc.ir.ops import WORD_BITS

Term = Any
"""A z3 bit-vector of 32 bits (z3 has no type hints)."""


def word(value: int) -> Term:
    """A known word."""
    return z3.BitVecVal(value, WORD_BITS)


def unknown(name: str) -> Term:
    """Any word."""
    return z3.BitVec(name, WORD_BITS)


def _flag(condition: Any) -> Term:
    return z3.If(condition, word(1), word(0))


def _cdiv(a: Term, b: Term) -> Term:
    wide = z3.ZeroExt(1, a) + z3.ZeroExt(1, b) - 1
    return z3.Extract(WORD_BITS - 1, 0, z3.UDiv(wide, z3.ZeroExt(1, b)))


MEANING: dict[str, Callable[..., Term]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": z3.UDiv,
    "cdiv": _cdiv,
    "mod": z3.URem,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b,
    "shr": z3.LShR,
    "lt": lambda a, b: _flag(z3.ULT(a, b)),
    "eq": lambda a, b: _flag(a == b),
    "muladd": lambda a, b, c: a * b + c,
    "select": lambda c, a, b: z3.If(c != 0, a, b),
}
"""Every elementwise operation by name. Divisions are meant for divisors other than 0 only."""


def log2(a: Term) -> Term:
    """The position of the highest 1 bit of a word that is not 0."""
    result = word(0)
    for k in range(1, WORD_BITS):
        result = z3.If(z3.UGE(a, word(1 << k)), word(k), result)
    return result


def is_power(a: Term) -> Any:
    """Whether a word is a power of two."""
    return z3.And(a != 0, a & (a - 1) == 0)
