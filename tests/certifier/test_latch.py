"""Loop conditions: accepted only if they are right for every iteration, and the usual ones are accepted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.certifier.values import Valuation
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.latch import continues
from vliwc.ir.ops import MASK

small = st.integers(-40, 40)
steep = st.one_of(st.integers(-5, 5), st.sampled_from((2**31, 2**30, 2**29, 2**31 + 1, MASK, 3 * 2**28)))


def _bench(trips: int) -> tuple[Algebra, int]:
    algebra = Algebra()
    return algebra, algebra.symbol("t", (0, trips - 1))


@settings(max_examples=400, deadline=None)
@given(
    trips=st.integers(1, 12),
    op=st.sampled_from(("lt", "sub", "xor", "eq")),
    a=st.tuples(small, steep),
    b=st.tuples(small, steep),
    negate=st.booleans(),
)
def test_accepted_conditions_hold_in_all_iterations_but_the_last(
    trips: int, op: str, a: tuple[int, int], b: tuple[int, int], negate: bool
) -> None:
    algebra, counter = _bench(trips)
    sides = [algebra.add(algebra.scale(counter, slope), algebra.constant(start)) for start, slope in (a, b)]
    condition = algebra.apply[op](*sides)
    if negate:
        condition = algebra.apply["eq"](condition, algebra.zero)
    taken = [bool(Valuation(algebra, {counter: t}).word(condition)) for t in range(trips)]
    if continues(algebra, condition, counter, trips):
        assert taken == [True] * (trips - 1) + [False]


@settings(max_examples=60, deadline=None)
@given(lo=st.integers(0, 1000), trips=st.integers(1, 1000), step=st.integers(1, 9), slack=st.integers(0, 8))
def test_usual_conditions_are_accepted(lo: int, trips: int, step: int, slack: int) -> None:
    algebra, counter = _bench(trips)
    index = algebra.add(algebra.constant(lo), algebra.scale(counter, step))
    following = algebra.add(index, algebra.constant(step))
    hi = lo + trips * step - slack % step
    end = lo + trips * step
    apply, word = algebra.apply, algebra.constant
    conditions = [
        apply["lt"](following, word(hi)),
        apply["sub"](word(end), following),
        apply["xor"](following, word(end)),
        apply["sub"](following, word(end)),
        apply["eq"](apply["eq"](following, word(end)), algebra.zero),
        apply["lt"](algebra.zero, apply["sub"](word(end), following)),
        apply["xor"](apply["eq"](following, word(end)), algebra.one),
        apply["lt"](index, word(end - step)),
    ]
    assert all(continues(algebra, c, counter, trips) for c in conditions)


@pytest.mark.parametrize("bit", [24, 28, 29, 30, 31])
@pytest.mark.parametrize("odd", [1, 3, -1])
def test_steep_countdowns_must_not_come_round(bit: int, odd: int) -> None:
    """Multiples of 2^k are 0 again after 2^(32 - k) steps."""
    for trips, right in ((1 << (32 - bit), True), ((1 << (32 - bit)) + 1, False)):
        algebra, counter = _bench(trips)
        down = algebra.scale(algebra.sub(counter, algebra.constant(trips - 1)), odd << bit)
        assert continues(algebra, down, counter, trips) is right


@pytest.mark.parametrize(("trips", "right"), [(6, True), (7, False)])
def test_straight_lines_must_not_wrap(trips: int, right: bool) -> None:
    """`5 * t < hi` and `hi - 5 * t`, up to the last word and down to 0, and a step further."""
    algebra, counter = _bench(trips)
    up = algebra.add(algebra.scale(counter, 5), algebra.constant(MASK - 25))
    down = algebra.add(algebra.scale(counter, -5), algebra.constant(25))
    for a, b in (
        (up, algebra.constant(MASK - 25 + 5 * (trips - 1))),
        (algebra.constant(25 - 5 * (trips - 1)), down),
    ):
        assert continues(algebra, algebra.node("lt", (a, b), (0, 1)), counter, trips) is right


@pytest.mark.parametrize("trips", [2, 3, 6])
def test_comparisons_of_straight_lines_are_accepted_just_if_they_are_right(trips: int) -> None:
    """All of a few starts and slopes. A line that falls below 0 is none, unless two points are all that there is."""
    algebra, counter = _bench(trips)
    lines = [(start, slope) for start in (0, 1, 2, 5, 6) for slope in (-2, -1, 0, 1, 2)]
    made = [algebra.add(algebra.constant(start), algebra.scale(counter, slope)) for start, slope in lines]
    values = [[start + slope * t for t in range(trips)] for start, slope in lines]
    accepted = 0
    for a, x in zip(made, values, strict=True):
        for b, y in zip(made, values, strict=True):
            straight = trips == 2 or min(x + y) >= 0
            taken = [p & MASK < q & MASK for p, q in zip(x, y, strict=True)]
            right = straight and taken == [True] * (trips - 1) + [False]
            assert continues(algebra, algebra.node("lt", (a, b), (0, 1)), counter, trips) is right
            accepted += right
    assert accepted > 5


def test_wrong_conditions_are_rejected() -> None:
    algebra, counter = _bench(10)
    apply, word = algebra.apply, algebra.constant
    other = algebra.symbol("other")
    following = algebra.add(counter, algebra.one)
    wrong = [
        algebra.one,
        algebra.zero,
        other,
        counter,
        algebra.add(counter, other),
        apply["lt"](following, word(9)),
        apply["lt"](following, word(11)),
        apply["lt"](following, other),
        apply["lt"](other, word(10)),
        apply["lt"](counter, word(10)),
        apply["lt"](word(10), following),
        apply["eq"](following, word(10)),
        apply["sub"](counter, word(10)),
        apply["or"](following, word(10)),
        apply["lt"](apply["mul"](counter, word(2**29)), word(2**31)),  # wraps
        apply["mul"](apply["sub"](counter, word(9)), word(2**31)),  # is 0 in every second iteration
        algebra.add(apply["lt"](following, word(10)), apply["lt"](following, word(10))),
    ]
    assert not any(continues(algebra, c, counter, 10) for c in wrong)
