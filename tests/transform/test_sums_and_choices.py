"""Choices between words that are always equally far apart, complements, and lowest bits are linear arithmetic."""

from __future__ import annotations

import pytest

from tests.transform.lookups import vector_ops

MEMORY = "x: u32[16] in\nt: u32[8] in\nz: u32[16] out\ny: u32[16] out"


def vectors(body: str) -> dict[str, int]:
    """The operations on vectors of a loop's body (see `vector_ops`)."""
    return vector_ops(MEMORY, body)


@pytest.mark.parametrize("choice", ["b ? n + 1 : n", "b == 0 ? n : n + 1", "b != 0 ? 1 + n : n"])
def test_the_next_word_or_the_same_is_a_sum(choice: str) -> None:
    found = vectors(f"let b = x[i] & 1\nlet n = x[i] >> 3\ny[i] = {choice}")
    assert found == {"and": 1, "shr": 1, "add": 1}


def test_a_way_that_is_taken_or_not_is_a_product() -> None:
    assert vectors("let n = x[i] >> 3\nif x[i] & 1 { n = n + 5 }\ny[i] = n") == {"and": 1, "shr": 1, "muladd": 1}


def test_what_is_no_bit_stays_a_condition() -> None:
    found = vectors("let n = x[i] >> 3\ny[i] = x[i] & 3 ? n + 5 : n")
    assert found == {"and": 1, "shr": 1, "add": 1, "select": 1}


@pytest.mark.parametrize("sum_", ["~a + (a << 15)", "(a << 15) - a - 1", "~(a - (a << 15))"])
def test_a_complement_is_part_of_a_sum(sum_: str) -> None:
    assert vectors(f"let a = x[i]\ny[i] = {sum_}") == {"muladd": 1}


def test_the_highest_bit_is_added_or_flipped() -> None:
    assert vectors("let a = x[i]\ny[i] = ((a * 5) ^ 0x80000000) + 7") == {"muladd": 1}


def test_a_complement_that_nothing_adds_is_flipped() -> None:
    assert vectors("y[i] = ~(x[i] >> 5)") == {"shr": 1, "xor": 1}


@pytest.mark.parametrize("bits", ["(a + (a << 10)) & 1", "(a * 33) & 31", "(a + 64 * (a >> 3)) & 63"])
def test_the_lowest_bits_of_a_sum_may_be_those_of_one_word(bits: str) -> None:
    assert vectors(f"let a = x[i]\ny[i] = {bits}") == {"and": 1}


def test_other_bits_are_not() -> None:
    found = vectors("let a = x[i]\ny[i] = (a + (a << 10)) & 0x400")
    assert found.pop("and") == 1
    assert sum(found.values()) == 1
