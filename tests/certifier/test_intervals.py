"""Intervals: exactly these, neither wider nor narrower."""

from __future__ import annotations

import pytest

from vliwc.backend.certifier.intervals import (
    BOOL,
    FULL,
    Interval,
    integer_range,
    misses_zero,
    of_operation,
    signed,
    wrap,
)

TOP = 0xFFFF_FFFF
WORD = TOP + 1


@pytest.mark.parametrize(("word", "expected"), [(0, 0), (7, 7), (2**31 - 1, 2**31 - 1), (2**31, -(2**31)), (TOP, -1)])
def test_signed(word: int, expected: int) -> None:
    assert signed(word) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, TOP, FULL),
        (3, 9, (3, 9)),
        (3, WORD, FULL),
        (WORD, WORD + 5, (0, 5)),
        (-5, -1, (WORD - 5, TOP)),
        (-5, 0, FULL),
        (WORD - 1, 2 * WORD, FULL),
        (5 * WORD + 1, 6 * WORD - 1, (1, TOP)),
    ],
)
def test_wrap(low: int, high: int, expected: Interval) -> None:
    assert wrap(low, high) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 0, False),
        (1, TOP, True),
        (1, WORD, False),
        (0, 5, False),
        (-5, -1, True),
        (-5, 0, False),
        (-WORD, -1, False),
        (1 - WORD, -1, True),
        (WORD, WORD, False),
        (WORD + 1, 2 * WORD - 1, True),
        (WORD + 1, 2 * WORD, False),
    ],
)
def test_misses_zero(low: int, high: int, expected: bool) -> None:
    assert misses_zero(low, high) is expected


def test_the_range_of_a_sum() -> None:
    """By hand: 7 + 3 * x - 2 * y + 0 * z, for x from 4 to 10 and y from 2 to 5."""
    assert integer_range(7, ((0, 3), (1, WORD - 2), (2, 0)), [4, 2, 3], [10, 5, 4]) == (7 + 12 - 10, 7 + 30 - 4)
    assert integer_range(9, (), [], []) == (9, 9)
    assert integer_range(0, ((0, 2**31),), [0], [1]) == (-(2**31), 0)


@pytest.mark.parametrize(
    ("op", "bounds", "expected"),
    [
        ("lt", [FULL, FULL], BOOL),
        ("eq", [FULL, FULL], BOOL),
        ("eq0", [FULL], BOOL),
        ("mul", [(3, 5), (7, 11)], (21, 55)),
        ("mul", [(3, 2**31), (1, 2)], FULL),
        ("mul", [(2**31, 2**31 + 1), (2, 2)], (0, 2)),
        ("and", [(3, 12), (5, 9)], (0, 9)),
        ("and", [(3, 6), (5, 9)], (0, 6)),
        ("or", [(3, 4), (8, 9)], (8, 15)),
        ("or", [(9, 16), (8, 9)], (9, 31)),
        ("or", [(1, 1), (2, 6)], (2, 7)),
        ("or", [(0, 0), (0, 0)], (0, 0)),
        ("xor", [(3, 4), (8, 9)], (0, 15)),
        ("xor", [(3, 7), (2, 3)], (0, 7)),
        ("shr", [(16, 255), (2, 3)], (2, 63)),
        ("shr", [(16, 255), (0, TOP)], (0, 255)),
        ("shr", [(2**31, TOP), (31, 31)], (1, 1)),
        ("shr", [(2**31, TOP), (32, 40)], (0, 0)),
        ("shl", [(1, 3), (2, 4)], (4, 48)),
        ("shl", [(1, 1), (0, 31)], (1, 2**31)),
        ("shl", [(1, 1), (0, 32)], FULL),
        ("shl", [(1, 3), (0, 31)], FULL),
        ("shl", [(0, TOP), (0, 0)], FULL),
        ("shl", [(0, 0), (0, 31)], (0, 0)),
        ("shl", [(0, 2**16), (0, 16)], FULL),
        ("shl", [(5, 2**16 - 1), (1, 16)], (10, 2**32 - 2**16)),
        ("div", [(20, 47), (3, 5)], (4, 15)),
        ("div", [(20, 47), (1, 1)], (20, 47)),
        ("div", [(20, 47), (0, 5)], FULL),
        ("cdiv", [(21, 47), (3, 5)], (5, 16)),
        ("cdiv", [(21, 47), (1, 5)], (5, 47)),
        ("cdiv", [(21, 47), (0, 5)], FULL),
        ("mod", [(20, 47), (3, 5)], (0, 4)),
        ("mod", [(2, 4), (1, 9)], (0, 4)),
        ("mod", [(2, 4), (0, 9)], FULL),
        ("when", [(0, 1), (3, 5)], (0, 5)),
        ("load", [(0, 1), (3, 5)], FULL),
    ],
)
def test_bounds_of_operations(op: str, bounds: list[Interval], expected: Interval) -> None:
    assert of_operation(op, bounds) == expected
