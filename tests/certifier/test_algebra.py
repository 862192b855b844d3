"""The normaliser: what it makes of an expression has the same value, and what should be equal is."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.certifier.values import Valuation
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.expressions import MAX_TERMS
from vliwc.ir.ops import MASK, PURE

EDGES = (0, 1, 2, 3, 7, 8, 31, 32, 33, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, MASK - 1, MASK)
BOUNDS = ((0, MASK), (0, 1), (0, 1), (1, 9), (3, 4), (100, 2**31), (2**31, MASK), (0, 32))
words = st.one_of(st.sampled_from(EDGES), st.integers(0, MASK))


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), inputs=st.lists(words, min_size=8, max_size=8))
def test_normal_forms_have_the_value_of_what_they_stand_for(seed: int, inputs: list[int]) -> None:
    rng = Random(seed)
    algebra = Algebra()
    symbols = {}
    for name, (bounds, word) in enumerate(zip(BOUNDS, inputs, strict=True)):
        lo, hi = bounds
        symbols[algebra.symbol(f"x{name}", bounds)] = lo + word % (hi - lo + 1)
    made = [*symbols.items(), *((algebra.constant(word), word) for word in rng.choices(EDGES, k=4))]
    for _ in range(40):
        op = PURE[rng.choice(list(algebra.apply))]
        operands = [rng.choice(made[-12:] if rng.random() < 0.7 else made) for _ in range(op.arity)]
        if op.can_fault and operands[1][1] == 0:
            continue
        assert op.word is not None
        made.append((algebra.apply[op.name](*(a for a, _ in operands)), op.word(*(word for _, word in operands))))
    valuation = Valuation(algebra, symbols)
    for a, word in made:
        assert valuation.word(a) == word
        assert algebra.lo[a] <= word <= algebra.hi[a]
    for a in range(1, len(algebra)):
        if algebra.op[a] not in ("div", "mod", "cdiv") and _no_zero_division(algebra, valuation, a):
            assert algebra.lo[a] <= valuation.word(a) <= algebra.hi[a]


def _no_zero_division(algebra: Algebra, valuation: Valuation, a: int) -> bool:
    """Can `a` be evaluated?"""
    try:
        valuation.word(a)
    except ZeroDivisionError:
        return False
    return True


@given(entries=st.lists(words, min_size=1, max_size=19), data=st.data())
def test_tables_give_their_entries(entries: list[int], data: st.DataObject) -> None:
    algebra = Algebra()
    index = algebra.symbol("i")
    looked_up = algebra.table(tuple(entries), index)
    k = data.draw(st.integers(0, len(entries) - 1))
    assert Valuation(algebra, {index: k}).word(looked_up) == entries[k]
    assert algebra.table(tuple(entries), algebra.constant(k)) == algebra.constant(entries[k])


def _equalities() -> dict[str, Callable[[Algebra, int, int, int, int], tuple[int, int]]]:
    """Pairs that must be equal, of two words x and y, a boolean e, and a word s from 3 to 4."""

    def c(a: Algebra, word: int) -> int:
        return a.constant(word)

    return {
        "commuted": lambda a, x, y, e, s: (a.apply["xor"](x, y), a.apply["xor"](y, x)),
        "commuted products": lambda a, x, y, e, s: (a.apply["mul"](x, y), a.apply["mul"](y, x)),
        "associated sums": lambda a, x, y, e, s: (a.add(a.add(x, y), s), a.add(x, a.add(s, y))),
        "address arithmetic": lambda a, x, y, e, s: (a.add(a.add(x, c(a, 7)), c(a, 5)), a.add(c(a, 12), x)),
        "split multiply_add": lambda a, x, y, e, s: (a.apply["muladd"](x, y, s), a.add(s, a.apply["mul"](y, x))),
        "shift as product": lambda a, x, y, e, s: (a.apply["shl"](x, c(a, 5)), a.apply["mul"](c(a, 32), x)),
        "shift far out": lambda a, x, y, e, s: (a.apply["shl"](x, c(a, 33)), a.zero),
        "mask that just covers": lambda a, x, y, e, s: (a.apply["and"](a.add(s, c(a, 3)), c(a, 7)), a.add(s, c(a, 3))),
        "shift out": lambda a, x, y, e, s: (a.apply["shl"](x, c(a, 32)), a.zero),
        "shift right out": lambda a, x, y, e, s: (a.apply["shr"](x, c(a, 32)), a.zero),
        "shift of little": lambda a, x, y, e, s: (a.apply["shr"](s, c(a, 3)), a.zero),
        "shift by 0": lambda a, x, y, e, s: (a.apply["shr"](x, a.zero), x),
        "copy by or": lambda a, x, y, e, s: (a.apply["or"](x, x), x),
        "copy by and": lambda a, x, y, e, s: (a.apply["and"](x, x), x),
        "xor with itself": lambda a, x, y, e, s: (a.apply["xor"](x, x), a.zero),
        "difference with itself": lambda a, x, y, e, s: (a.sub(x, x), a.zero),
        "equal to itself": lambda a, x, y, e, s: (a.apply["eq"](x, x), a.one),
        "not less than itself": lambda a, x, y, e, s: (a.apply["lt"](x, x), a.zero),
        "complement": lambda a, x, y, e, s: (a.apply["xor"](x, a.ones), a.sub(a.ones, x)),
        "division as shift": lambda a, x, y, e, s: (a.apply["div"](x, c(a, 8)), a.apply["shr"](x, c(a, 3))),
        "remainder as mask": lambda a, x, y, e, s: (a.apply["mod"](x, c(a, 8)), a.apply["and"](x, c(a, 7))),
        "mask that covers": lambda a, x, y, e, s: (a.apply["and"](s, c(a, 7)), s),
        "known comparison": lambda a, x, y, e, s: (a.apply["lt"](s, c(a, 5)), a.one),
        "known comparison at the edge": lambda a, x, y, e, s: (a.apply["lt"](s, c(a, 3)), a.zero),
        "not below at the edge": lambda a, x, y, e, s: (a.apply["lt"](a.add(s, a.one), s), a.zero),
        "quotient below 1": lambda a, x, y, e, s: (a.apply["div"](s, c(a, 5)), a.zero),
        "remainder of little": lambda a, x, y, e, s: (a.apply["mod"](s, c(a, 5)), s),
        "quotient by 1": lambda a, x, y, e, s: (a.apply["cdiv"](x, a.one), x),
        "product with a constant": lambda a, x, y, e, s: (a.apply["mul"](x, c(a, 3)), a.add(x, a.add(x, x))),
        "product with a boolean": lambda a, x, y, e, s: (a.apply["mul"](x, e), a.select(e, x, a.zero)),
        "or with nothing": lambda a, x, y, e, s: (a.apply["or"](x, a.zero), x),
        "or with all": lambda a, x, y, e, s: (a.apply["or"](x, a.ones), a.ones),
        "and with all": lambda a, x, y, e, s: (a.apply["and"](x, a.ones), x),
        "and with nothing": lambda a, x, y, e, s: (a.apply["and"](x, a.zero), a.zero),
        "xor with nothing": lambda a, x, y, e, s: (a.apply["xor"](x, a.zero), x),
        "nothing shifted left": lambda a, x, y, e, s: (a.apply["shl"](a.zero, x), a.zero),
        "nothing shifted right": lambda a, x, y, e, s: (a.apply["shr"](a.zero, x), a.zero),
        "shifted left by much": lambda a, x, y, e, s: (a.apply["shl"](x, a.add(s, c(a, 30))), a.zero),
        "shifted right by much": lambda a, x, y, e, s: (a.apply["shr"](x, a.add(s, c(a, 29))), a.zero),
        "known upper bits": lambda a, x, y, e, s: (a.apply["shr"](a.add(s, c(a, 5)), c(a, 1)), c(a, 4)),
        "above 0": lambda a, x, y, e, s: (a.apply["lt"](a.zero, x), a.apply["xor"](a.apply["eq"](x, a.zero), a.one)),
        "never 0": lambda a, x, y, e, s: (a.is_zero(a.sub(s, c(a, 5))), a.zero),
        "one of two words": lambda a, x, y, e, s: (a.is_zero(a.add(a.scale(e, 6), c(a, -6))), e),
        "neither of two words": lambda a, x, y, e, s: (a.is_zero(a.add(a.scale(e, 2**31), c(a, 7))), a.zero),
        "multiple of a boolean": lambda a, x, y, e, s: (a.is_zero(a.scale(e, 6)), a.sub(a.one, e)),
        "negative is 0": lambda a, x, y, e, s: (
            a.is_zero(a.scale(a.add(x, y), -3)),
            a.is_zero(a.scale(a.add(x, y), 3)),
        ),
        "contrary of a contrary": lambda a, x, y, e, s: (a.when(a.sub(a.one, a.sub(a.one, e)), x), a.when(e, x)),
        "when of the same boolean": lambda a, x, y, e, s: (a.when(e, e), e),
        "when of a multiple of a boolean": lambda a, x, y, e, s: (
            a.when(e, a.add(a.scale(a.is_zero(x), 6), c(a, 5))),
            a.add(a.scale(e, 5), a.scale(a.when(a.is_zero(x), e), 6)),
        ),
        "when of a negative": lambda a, x, y, e, s: (a.when(e, a.scale(x, -1)), a.scale(a.when(e, x), -1)),
        "known inequality": lambda a, x, y, e, s: (a.apply["eq"](s, c(a, 5)), a.zero),
        "inequality of a select": lambda a, x, y, e, s: (a.apply["eq"](a.select(e, s, c(a, 6)), c(a, 7)), a.zero),
        "equality below a select": lambda a, x, y, e, s: (a.apply["eq"](a.select(e, s, c(a, 6)), c(a, 2)), a.zero),
        "less than 1": lambda a, x, y, e, s: (a.apply["lt"](x, a.one), a.apply["eq"](a.zero, x)),
        "equal by difference": lambda a, x, y, e, s: (a.apply["eq"](x, y), a.apply["eq"](a.sub(y, x), a.zero)),
        "equal by xor": lambda a, x, y, e, s: (a.apply["eq"](x, y), a.apply["eq"](a.apply["xor"](y, x), a.zero)),
        "equal by half": lambda a, x, y, e, s: (
            a.is_zero(a.add(a.scale(x, 2**31), a.one)),
            a.is_zero(a.sub(a.scale(x, 2**31), a.one)),
        ),
        "not of a boolean": lambda a, x, y, e, s: (a.apply["xor"](e, a.one), a.apply["eq"](e, a.zero)),
        "test of a boolean": lambda a, x, y, e, s: (a.apply["eq"](a.sub(e, a.one), a.zero), e),
        "select of equals": lambda a, x, y, e, s: (a.select(x, y, y), y),
        "select by a constant": lambda a, x, y, e, s: (a.select(c(a, 2), x, y), x),
        "select by 0": lambda a, x, y, e, s: (a.select(a.zero, x, y), y),
        "select by something not 0": lambda a, x, y, e, s: (a.select(s, x, y), x),
        "select of constants": lambda a, x, y, e, s: (a.select(e, c(a, 5), c(a, 3)), a.add(a.add(e, e), c(a, 3))),
        "select by arithmetic": lambda a, x, y, e, s: (a.select(e, x, y), a.apply["muladd"](a.sub(x, y), e, y)),
        "select by the contrary": lambda a, x, y, e, s: (a.select(a.apply["eq"](e, a.zero), x, y), a.select(e, y, x)),
        "select by equality to 0": lambda a, x, y, e, s: (
            a.select(a.apply["eq"](s, x), x, y),
            a.select(a.sub(x, s), y, x),
        ),
        "select of what the condition makes 0": lambda a, x, y, e, s: (
            a.select(a.apply["eq"](x, a.zero), x, a.zero),
            a.zero,
        ),
        "select of words that the condition makes equal": lambda a, x, y, e, s: (
            a.select(a.apply["eq"](a.scale(x, 3), a.scale(y, 6)), a.add(x, e), s),
            a.select(a.sub(a.scale(x, 3), a.scale(y, 6)), s, a.add(a.scale(y, 2), e)),
        ),
        "select by a mask": lambda a, x, y, e, s: (a.select(e, x, a.zero), a.apply["and"](a.sub(a.zero, e), x)),
        "select of a boolean": lambda a, x, y, e, s: (
            a.select(e, a.apply["and"](x, a.one), a.one),
            a.apply["muladd"](a.sub(a.one, a.apply["and"](x, a.one)), a.sub(a.one, e), a.apply["and"](x, a.one)),
        ),
        "product of booleans": lambda a, x, y, e, s: (a.apply["mul"](e, e), e),
        "a bit that is 1": lambda a, x, y, e, s: (a.apply["eq"](bit_without(a, x, e), a.one), bit_without(a, x, e)),
        "a bit that is 0": lambda a, x, y, e, s: (
            a.apply["eq"](bit_without(a, x, e), a.zero),
            a.sub(a.one, bit_without(a, x, e)),
        ),
    }


def bit_without(a: Algebra, x: int, e: int) -> int:
    """The lowest bit of x, but 0 if the boolean e is 1 with it: their difference is a boolean again."""
    bit = a.apply["and"](x, a.one)
    return a.sub(bit, a.select(bit, e, a.zero))


@pytest.mark.parametrize("name", _equalities())
def test_what_a_backend_does_is_seen_through(name: str) -> None:
    algebra = Algebra()
    x, y, e, s = (algebra.symbol(n, b) for n, b in (("x", (0, MASK)), ("y", (0, MASK)), ("e", (0, 1)), ("s", (3, 4))))
    left, right = _equalities()[name](algebra, x, y, e, s)
    assert left == right


def test_different_words_are_different() -> None:
    algebra = Algebra()
    x, y = algebra.symbol("x"), algebra.symbol("x")
    apply = algebra.apply
    different = [x, y, *(apply[op](x, y) for op in apply if PURE[op].arity == 2), algebra.select(x, y, x)]
    different += [apply[op](y, x) for op in apply if PURE[op].arity == 2 and not PURE[op].commutative]
    assert len(set(different)) == len(different)


def test_division_by_constant_zero_is_no_constant() -> None:
    algebra = Algebra()
    for op in ("div", "mod", "cdiv"):
        assert not algebra.is_constant(algebra.apply[op](algebra.one, algebra.zero))


def test_long_sums_have_few_terms() -> None:
    algebra = Algebra()
    symbols = [algebra.symbol(f"x{k}") for k in range(100)]
    total = algebra.zero
    for x in symbols:
        total = algebra.add(total, x)
        assert len(algebra.terms[total]) <= MAX_TERMS
    assert Valuation(algebra, dict.fromkeys(symbols, 3)).word(total) == 300


def test_long_sums_that_cancel_are_not_lost() -> None:
    algebra = Algebra()
    total = algebra.zero
    for k in range(MAX_TERMS - 1):
        total = algebra.add(total, algebra.symbol(f"x{k}"))
    x, y = algebra.symbol("x"), algebra.symbol("y")
    assert algebra.add(algebra.sub(x, total), algebra.sub(total, y)) == algebra.sub(x, y)
    condition = algebra.atom("shr", algebra.one, x)
    selected = algebra.select(condition, total, algebra.zero)
    assert algebra.select(algebra.is_zero(condition), algebra.zero, total) == selected


def test_words_that_can_be_one_value_only_are_constants() -> None:
    algebra = Algebra()
    assert algebra.symbol("x", (5, 5)) == algebra.constant(5)
    assert algebra.atom("load", 1, 2, bounds=(0, 0)) == algebra.zero


def _clamp(a: Algebra, x: int, most: int) -> int:
    """The lesser of `x` and a constant."""
    limit = a.constant(most)
    return a.select(a.apply["lt"](x, limit), x, limit)


def _wrapped(a: Algebra, x: int, length: int) -> int:
    """`x`, or 0 where it is at least `length`."""
    return a.select(a.apply["lt"](a.constant(length - 1), x), a.zero, x)


CONFINED: dict[str, tuple[Callable[[Algebra, int, int, int, int], int], tuple[int, int]]] = {
    "min(x, 9)": (lambda a, x, y, z, w: _clamp(a, x, 9), (0, 9)),
    "min(x, 9) + 100": (lambda a, x, y, z, w: a.add(_clamp(a, x, 9), a.constant(100)), (100, 109)),
    "7 min(x, 9)": (lambda a, x, y, z, w: a.scale(_clamp(a, x, 9), 7), (0, 63)),
    "100 - 3 min(x, 9)": (lambda a, x, y, z, w: a.sub(a.constant(100), a.scale(_clamp(a, x, 9), 3)), (73, 100)),
    "min(x, 9) + 9 min(y, 2)": (lambda a, x, y, z, w: a.add(_clamp(a, x, 9), a.scale(_clamp(a, y, 2), 9)), (0, 27)),
    "x > 8 ? 0 : x": (lambda a, x, y, z, w: _wrapped(a, x, 9), (0, 8)),
    "as before, of 2 x + 2": (lambda a, x, y, z, w: _wrapped(a, a.add(a.scale(x, 2), a.constant(2)), 9), (0, 8)),
    "as before, of an odd word": (lambda a, x, y, z, w: _wrapped(a, a.add(a.scale(x, 2), a.one), 9), (0, 7)),
    "as before, of 4 x + 2": (lambda a, x, y, z, w: _wrapped(a, a.add(a.scale(x, 4), a.constant(2)), 9), (0, 6)),
    "x == 0 ? 5 : z": (lambda a, x, y, z, w: a.select(a.is_zero(x), a.constant(5), z), (3, 6)),
    "w == 0 ? 1 : w": (lambda a, x, y, z, w: a.select(a.is_zero(w), a.one, w), (1, 4)),
    "w < z ? z : 4": (lambda a, x, y, z, w: a.select(a.apply["lt"](w, z), z, a.constant(4)), (3, 6)),
    "z < w ? 3 : z": (lambda a, x, y, z, w: a.select(a.apply["lt"](z, w), a.constant(3), z), (3, 6)),
    "z < w ? w : 3": (lambda a, x, y, z, w: a.select(a.apply["lt"](z, w), w, a.constant(3)), (3, 4)),
    "x < w ? x : 1": (lambda a, x, y, z, w: a.select(a.apply["lt"](x, w), x, a.one), (0, 3)),
    "x < w ? 2 : x": (lambda a, x, y, z, w: a.select(a.apply["lt"](x, w), a.constant(2), x), (0, MASK)),
}


@pytest.mark.parametrize("name", CONFINED)
def test_conditions_and_operands_tell_bounds_that_the_terms_do_not(name: str) -> None:
    """By hand, for any words x and y, z from 3 to 6, and w from 0 to 4."""
    make, bounds = CONFINED[name]
    a = Algebra()
    made = make(a, a.symbol("x"), a.symbol("y"), a.symbol("z", (3, 6)), a.symbol("w", (0, 4)))
    assert (a.lo[made], a.hi[made]) == bounds
