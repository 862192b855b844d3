"""The condition at the end of a loop: is it nonzero exactly when another iteration follows?

With t = 0, 1, … `trips - 1` counting iterations, that is t < trips - 1. Conditions are accepted that a compiler makes
of the index or of words that run with it:

- a linear function of t that is 0 just in the last iteration: a countdown, `index + step - hi`, or their `xor`;
- `lt` of two linear functions of t of which neither wraps: `index + step < hi`, `index < hi - step`;
- a constant, if there is one iteration.
"""

from __future__ import annotations

from vliwc.backend.certifier.algebra import Algebra
from vliwc.ir.ops import MASK, WORD_BITS


def continues(algebra: Algebra, condition: int, counter: int, trips: int) -> bool:
    """Is `condition` nonzero exactly for those values 0 … trips - 1 of the symbol `counter` that are not the last?"""
    if trips == 1:
        return condition == algebra.zero
    terms, offset = algebra.terms[condition], algebra.offset[condition]
    if len(terms) != 1:
        return False
    ((atom, c),) = terms
    if atom == counter:
        # offset + c * t is 0 for t = trips - 1, and for no t that is less by a multiple of the period of c * t
        period = 1 << (WORD_BITS - ((c & -c).bit_length() - 1))
        return (offset + c * (trips - 1)) & MASK == 0 and trips <= period
    if (offset, c) == (1, MASK) and algebra.op[atom] == "eq0":
        return continues(algebra, _arguments(algebra, atom)[0], counter, trips)
    if (offset, c) != (0, 1):
        return False
    if algebra.op[atom] == "xor":
        return continues(algebra, algebra.sub(*_arguments(algebra, atom)), counter, trips)
    if algebra.op[atom] == "lt":
        a, b = _arguments(algebra, atom)
        return _turns(_values(algebra, a, counter, trips), _values(algebra, b, counter, trips))
    return False


def _arguments(algebra: Algebra, atom: int) -> list[int]:
    return [a for a in algebra.args[atom] if isinstance(a, int)]


Points = tuple[int, int]


def _values(algebra: Algebra, a: int, counter: int, trips: int) -> Points | None:
    """`a` in the last iteration but one and in the last, if it is linear in the counter and does not wrap."""
    terms = algebra.terms[a]
    start = algebra.offset[a]
    if not terms:
        return start, start
    if len(terms) != 1 or terms[0][0] != counter:
        return None
    slope = terms[0][1]
    for c in (slope, slope - MASK - 1):
        if 0 <= start + c * (trips - 1) <= MASK:
            return start + c * (trips - 2), start + c * (trips - 1)
    return None


def _turns(a: Points | None, b: Points | None) -> bool:
    """Is a < b but for the last iteration? Both are straight lines: if the last step decides, none before did."""
    if a is None or b is None:
        return False
    return a[0] < b[0] and a[1] >= b[1]
