"""Linear forms from multiples of what exists: indices from addresses at any stride, by inverses modulo 2^32."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transform.lookups import MACHINES, assert_graph_right, kernel_of, ops, text
from vliwc.ir.graph import Graph
from vliwc.ir.ops import MASK
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.affine import _quotient, direction

MEMORY = "x: u32[8] in\nz: u32[8] in\ny: u32[8] out\nw: u32[8] out"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # `second` is a multiple of `first`, plus a constant: one operation.
        ("3 * a + 5 * b + 1", "6 * a + 10 * b + 9", 3),
        ("7 * a + 21 * b", "a + 3 * b", 3),  # a seventh of it
        ("5 * a + 10 * b + 3", "3 * a + 6 * b", 3),  # three fifths
        ("4 * a + 12 * b", "8 * a + 24 * b + 1", 3),  # by a power of two
        # A half is not to be had: the upper bit is lost.
        ("6 * a + 10 * b", "3 * a + 5 * b", 4),
        ("3 * a + 5 * b", "3 * a + 7 * b", 3),  # one term more
        ("3 * a + 5 * b", "7 * a + 3 * b", 4),
    ],
)
def test_multiples_of_what_exists(first: str, second: str, expected: int) -> None:
    body = f"par i in 0..8 {{\nlet a = x[i]\nlet b = z[i]\ny[i] = {first}\nw[i] = {second}\n}}"
    kernel = kernel_of(text(MEMORY, body))
    graph = optimize(lower(kernel), MACHINES["takehome"], 2)
    found = ops(graph, vectors=True)
    assert sum(found[op] for op in ("muladd", "add", "mul", "shl", "sub")) == expected
    assert_graph_right(kernel, graph)


FACTORS = st.one_of(st.integers(-40, 40), st.integers(0, MASK), st.sampled_from([1 << k for k in range(32)]))


@given(st.lists(FACTORS.map(lambda k: k & MASK).filter(bool), min_size=1, max_size=5))
def test_a_direction_times_its_scale_is_the_form(factors: list[int]) -> None:
    terms = tuple(enumerate(factors))
    towards, scale = direction(terms)
    assert [(n, k * scale & MASK) for n, k in towards] == list(terms)
    assert 1 in dict(towards).values()


@given(
    st.lists(FACTORS.map(lambda k: k & MASK).filter(bool), min_size=1, max_size=4),
    st.integers(0, MASK).map(lambda k: k | 1),
)
def test_odd_multiples_have_the_same_direction(factors: list[int], odd: int) -> None:
    terms = tuple(enumerate(factors))
    if all(signed_small(k) for k in factors) and odd < 1 << 20:
        scaled = tuple((n, k * odd & MASK) for n, k in terms)
        assert direction(scaled)[0] == direction(terms)[0]


def signed_small(word: int) -> bool:
    """Is it so small that twenty more bits do not overflow?"""
    return word < 1 << 11 or word > MASK - (1 << 11)


@given(st.integers(-(1 << 31), (1 << 31) - 1).filter(bool), st.integers(0, 31), st.integers(0, MASK))
def test_quotients_are_exact(by: int, shift: int, k: int) -> None:
    scale = by * k  # what is a multiple by construction
    low = by & -by
    assert scale % low == 0
    assert _quotient(scale, by) * by & MASK == scale & MASK


def _linear(graph: Graph) -> list[int]:
    return [n for n in graph.walk() if graph.op[n] in ("muladd", "add", "sub", "mul", "shl") and graph.width[n] > 1]


def test_of_equal_forms_the_one_that_is_known_first_is_taken() -> None:
    """y and 512 y are both a multiply_add of x: neither waits for the other."""
    kernel = kernel_of(text(MEMORY, "par i in 0..8 {\nlet a = 33 * x[i] + 5\ny[i] = a ^ (512 * a + 7)\n}"))
    graph = optimize(lower(kernel), MACHINES["takehome"], 2)
    first, second = _linear(graph)
    assert graph.args[first][0] == graph.args[second][0]
    assert_graph_right(kernel, graph)


@pytest.mark.parametrize(("count", "last"), [(8, True), (2048, False)])
def test_where_the_program_waits_bits_come_last(count: int, last: bool) -> None:
    """With one group, only what waits for the bit takes time; with many, a constant at the bit can become a select."""
    body = (
        "let h = x[i]\nlet j = h >> 7\nfor r in 0..4 {\nh = (h ^ (h >> 9)) * 5 ^ h\n}\ny[i] = (2 * j + 9 - (h & 1)) ^ j"
    )
    kernel = kernel_of(text(f"x: u32[{count}] in\ny: u32[{count}] out", f"par i in 0..{count} {{\n{body}\n}}"))
    graph = optimize(lower(kernel), MACHINES["takehome"], 2, disable=frozenset({"idle-flow"}))
    (user, *_) = [n for n in _linear(graph) if any(graph.op[a] == "and" for a in graph.args[n])]
    (final, *_) = [n for n in graph.walk() if graph.op[n] == "xor" and user in graph.args[n]] or [-1]
    assert (final >= 0) == last
    assert_graph_right(kernel, graph)
