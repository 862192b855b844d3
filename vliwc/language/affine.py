"""Affine forms of index expressions: a constant plus multiples of locals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vliwc.ir.ops import MASK
from vliwc.language import kernel as k


@dataclass(frozen=True, slots=True)
class Affine:
    """`constant` + the sum of factor · local over `terms`, by the locals' ids. Factors are not 0."""

    constant: int
    terms: tuple[tuple[int, int], ...] = ()

    def plus(self, other: Affine, factor: int = 1) -> Affine:
        """self + factor · other."""
        terms = dict(self.terms)
        for local, times in other.terms:
            terms[local] = terms.get(local, 0) + factor * times
        kept = tuple(sorted((local, times) for local, times in terms.items() if times))
        return Affine(self.constant + factor * other.constant, kept)


ZERO = Affine(0)


def affine(node: k.Expr, known: Mapping[int, Affine]) -> Affine | None:
    """The affine form of an expression, or None if it has none that can be seen; `known` has those of locals.

    Words from 2^31 on count as negative, so that the form is right modulo 2^32.
    """
    match node:
        case k.Const(value=value):
            return Affine(value if value < 2**31 else value - MASK - 1)
        case k.Local(id=local):
            return known.get(local)
        case k.Unary(op="-", a=a):
            inner = affine(a, known)
            return None if inner is None else ZERO.plus(inner, -1)
        case k.Binary(op="+" | "-" | "*" | "<<"):
            left, right = affine(node.a, known), affine(node.b, known)
            if left is None or right is None:
                return None
            return _combine(node.op, left, right)
    return None


def _combine(op: str, left: Affine, right: Affine) -> Affine | None:
    match op:
        case "+":
            return left.plus(right)
        case "-":
            return left.plus(right, -1)
        case "<<":
            return ZERO.plus(left, 1 << right.constant) if not right.terms and 0 <= right.constant < 32 else None
    if left.terms and right.terms:
        return None
    return ZERO.plus(left, right.constant) if left.terms else ZERO.plus(right, left.constant)
