"""What is known of addresses: in which region they are, and whether two of them differ."""

from __future__ import annotations

import pytest

from vliwc.backend.certifier.addresses import Addresses
from vliwc.backend.certifier.algebra import Algebra
from vliwc.ir.graph import Array, Graph, Mode
from vliwc.ir.ops import MASK


@pytest.fixture
def addresses() -> Addresses:
    """Words 0 to 2 are the header, 3 to 9 belong to none, 10 to 209 to `a`, 210 to 299 to `b`."""
    arrays = {"a": Array("a", 10, 200, Mode.INOUT), "b": Array("b", 210, 90, Mode.CONSUMED)}
    return Addresses(Algebra(), Graph("test", arrays, 300, (1, 2, 3)))


def test_regions_have_numbers(addresses: Addresses) -> None:
    assert addresses.number == {"a": 2, "b": 3}
    assert addresses.kept() == {0, 1, 2}


@pytest.mark.parametrize(
    ("lo", "hi", "expected"),
    [
        (0, 2, 0),
        (2, 2, 0),
        (2, 3, None),
        (3, 9, 1),
        (9, 10, None),
        (10, 10, 2),
        (10, 209, 2),
        (10, 210, None),
        (209, 209, 2),
        (210, 299, 3),
        (210, 300, None),
        (300, 300, None),
        (0, MASK, None),
    ],
)
def test_the_region_of_a_range(addresses: Addresses, lo: int, hi: int, expected: int | None) -> None:
    assert addresses.region(addresses.algebra.symbol("x", (lo, hi))) == expected


@pytest.mark.parametrize(
    ("lo", "hi", "expected"), [(0, MASK, (10, 209)), (12, 400, (12, 209)), (0, 208, (10, 208)), (11, 12, (11, 12))]
)
def test_what_the_graph_accesses_is_in_its_array(
    addresses: Addresses, lo: int, hi: int, expected: tuple[int, int]
) -> None:
    x = addresses.algebra.symbol("x", (lo, hi))
    assert addresses.bounds(x) == (lo, hi)
    addresses.assume(x, 2)
    assert addresses.region(x) == 2
    assert addresses.bounds(x) == expected


@pytest.mark.parametrize(
    ("terms", "offset", "differ"),
    [
        ((2,), 1, True),
        ((4,), 2, True),
        ((4,), 6, True),
        ((4,), 8, False),
        ((6,), 1, True),
        ((6,), 2, False),
        ((3,), 2, False),
        ((4, 6), 1, True),
        ((4, 6), 2, False),
        ((8, 12), 2, True),
        ((8, 12), 4, False),
        ((2**31,), 2**30, True),
        ((MASK,), 1, False),
    ],
)
def test_addresses_of_another_parity_differ(
    addresses: Addresses, terms: tuple[int, ...], offset: int, differ: bool
) -> None:
    """The multiples of unknown words that the two differ by say what else they can differ by."""
    algebra = addresses.algebra
    x = algebra.symbol("x")
    y = algebra.add(x, algebra.constant(offset))
    for factor in terms:
        y = algebra.add(y, algebra.scale(algebra.symbol("z"), factor))
    assert addresses.disjoint(x, y) is addresses.disjoint(y, x) is differ


def test_ranges_that_do_not_meet_differ(addresses: Addresses) -> None:
    algebra = addresses.algebra
    low, middle, high = (algebra.symbol("x", bounds) for bounds in ((20, 30), (30, 40), (41, 50)))
    assert not addresses.disjoint(low, middle)
    assert addresses.disjoint(middle, high)
    assert addresses.disjoint(high, low)
    assert not addresses.disjoint(low, low)
    assert addresses.disjoint(algebra.constant(5), algebra.constant(6))
    x, y, z = (algebra.symbol("x") for _ in range(3))
    addresses.assume(x, 2)
    addresses.assume(y, 3)
    assert addresses.disjoint(x, y)
    assert not addresses.disjoint(x, z)
    last, first = algebra.symbol("x", (0, 210)), algebra.symbol("x", (209, 500))
    addresses.assume(last, 2)
    assert not addresses.disjoint(last, first)
    addresses = Addresses(algebra, Graph("test", {"b": Array("b", 210, 90, Mode.IN)}, 300, ()))
    addresses.assume(first, addresses.number["b"])
    assert not addresses.disjoint(last, first), "both may be word 210"
