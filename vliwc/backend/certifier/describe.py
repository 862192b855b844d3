"""Expressions as text, abbreviated, for the messages of failed proofs."""

from __future__ import annotations

from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.intervals import signed
from vliwc.ir.ops import PURE

MAX_TERMS = 4
_DEPTH = 4


def describe(algebra: Algebra, a: int, depth: int = _DEPTH) -> str:
    """An expression, with `…` for what is nested deeper than `depth`."""
    terms = algebra.terms[a]
    if not terms:
        return _word(algebra.offset[a])
    parts = [_term(algebra, x, signed(c), depth) for x, c in terms[:MAX_TERMS]]
    if len(terms) > MAX_TERMS:
        parts.append("…")
    if algebra.offset[a]:
        parts.append(_word(algebra.offset[a]))
    return " + ".join(parts).replace("+ -", "- ")


def _word(word: int) -> str:
    return str(signed(word)) if abs(signed(word)) < 10_000 else hex(word)


def _term(algebra: Algebra, x: int, coefficient: int, depth: int) -> str:
    text = _atom(algebra, x, depth)
    if coefficient == 1:
        return text
    return f"-{text}" if coefficient == -1 else f"{_word(coefficient)}*{text}"


def _atom(algebra: Algebra, x: int, depth: int) -> str:
    if x in algebra.names:
        return algebra.names[x]
    if depth == 0:
        return "…"
    op = algebra.op[x]
    args = _word_arguments(algebra, x)
    if op == "load":
        return _load(algebra, args[0], args[1], depth)
    inner = [describe(algebra, a, depth - 1) for a in args]
    match op:
        case "eq0":
            return f"({inner[0]} == 0)"
        case "sum":
            return f"({inner[0]})"
        case "when":
            return f"({inner[0]} ? {inner[1]} : 0)"
    return f"({f' {PURE[op].symbol} '.join(inner)})" if op in PURE else f"{op}(…)"


def _load(algebra: Algebra, memory: int, address: int, depth: int) -> str:
    """`array[index]`, with a prime if there were stores before that may count."""
    stores = ""
    if algebra.op[memory] == "overlay":
        memory, stores = _word_arguments(algebra, memory)[0], "'"
    base = _word_arguments(algebra, memory)[0]
    return f"{algebra.names[memory]}{stores}[{describe(algebra, algebra.sub(address, base), depth - 1)}]"


def _word_arguments(algebra: Algebra, atom: int) -> list[int]:
    return [a for a in algebra.args[atom] if isinstance(a, int)]


def first_difference(algebra: Algebra, a: int, b: int) -> tuple[int, int]:
    """The innermost pair of subexpressions that alone make `a` and `b` different."""
    while True:
        inner = _one_difference(algebra, a, b)
        if inner is None:
            return a, b
        a, b = inner


def _one_difference(algebra: Algebra, a: int, b: int) -> tuple[int, int] | None:
    mine, theirs = algebra.terms[a], algebra.terms[b]
    if (algebra.offset[a], len(mine)) != (algebra.offset[b], len(theirs)):
        return None
    only_mine, only_theirs = set(mine) - set(theirs), set(theirs) - set(mine)
    if len(only_mine) != 1 or len(only_theirs) != 1:
        return None
    (x, c), (y, d) = only_mine.pop(), only_theirs.pop()
    if c != d or algebra.op[x] != algebra.op[y] or algebra.op[x] in ("overlay", "cell"):
        return None
    pairs = [
        (p, q)
        for p, q in zip(algebra.args[x], algebra.args[y], strict=False)
        if p != q and isinstance(p, int) and isinstance(q, int)
    ]
    return pairs[0] if len(pairs) == 1 and len(algebra.args[x]) == len(algebra.args[y]) else None
