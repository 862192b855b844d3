"""Words whose bits do not meet are added, so that rotations and indices made bit by bit are linear arithmetic."""

from __future__ import annotations

import pytest

from tests.transform.lookups import vector_ops

MEMORY = "x: u32[16] in\nt: u32[8] in\ny: u32[16] out"


def vectors(body: str) -> dict[str, int]:
    """The operations on vectors of a loop's body (see `vector_ops`)."""
    return vector_ops(MEMORY, body)


@pytest.mark.parametrize(
    "rotated",
    ["(a << 7) | (a >> 25)", "(a >> 25) ^ (a << 7)", "(a * 128) | (a >> 25)", "(a >> 25) + (a << 7)"],
)
def test_a_rotation_takes_a_shift_and_a_multiply_add(rotated: str) -> None:
    assert vectors(f"let a = x[i]\ny[i] = {rotated}") == {"shr": 1, "muladd": 1}


def test_what_follows_a_rotation_is_fused_with_it() -> None:
    """As in MurmurHash3: rotate(a) * 5 + c = 640 a + (5 (a >> 25) + c)."""
    assert vectors("let a = x[i]\ny[i] = ((a << 7) | (a >> 25)) * 5 + 77") == {"shr": 1, "muladd": 2}


def test_an_index_made_bit_by_bit_is_a_sum_of_bits() -> None:
    index = "((a & 1) << 2) | (((a >> 4) & 1) << 1) | ((a >> 9) & 1)"
    by_bits = vectors(f"let a = x[i]\ny[i] = t[{index}]")
    by_sum = vectors(f"let a = x[i]\ny[i] = t[{index.replace('|', '+')}]")
    assert by_bits == by_sum
    assert "or" not in by_bits


@pytest.mark.parametrize("met", ["(a << 7) | (a >> 24)", "(a << 7) ^ (a >> 24)", "(a * 96) | (a & 63)"])
def test_words_that_may_meet_are_not_added(met: str) -> None:
    found = vectors(f"let a = x[i]\ny[i] = {met}")
    assert found.get("or", 0) + found.get("xor", 0) == 1
    assert "muladd" not in found
