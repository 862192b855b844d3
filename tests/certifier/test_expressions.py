"""The table of expressions by itself: what is interned, its normal forms and its bounds."""

from __future__ import annotations

import pytest

from vliwc.backend.certifier.expressions import MAX_TERMS, UNDEFINED, Expressions
from vliwc.ir.ops import MASK

HALF = 2**31


def symbols(table: Expressions, count: int, *bounds: int) -> list[int]:
    return [table.symbol(f"x{k}", bounds or (0, MASK)) for k in range(count)]  # type: ignore[arg-type]


def total(table: Expressions, atoms: list[int]) -> int:
    """The sum of some atoms, without `add`."""
    return table.linear(0, tuple((x, 1) for x in atoms))


def test_constants() -> None:
    table = Expressions()
    assert len(table) == 1
    seven = table.constant(7)
    assert seven != UNDEFINED
    assert table.constant(7 + 2**32) == seven
    assert table.constant(-1) == table.constant(MASK)
    assert len(table) == 3
    assert (table.op[seven], table.args[seven], table.offset[seven], table.terms[seven]) == ("const", (), 7, ())
    assert (table.lo[seven], table.hi[seven], table.is_constant(seven)) == (7, 7, True)


def test_symbols_are_unknowns_within_bounds() -> None:
    table = Expressions()
    x, y = table.symbol("x", (3, 9)), table.symbol("x", (3, 9))
    assert x != y
    assert (table.op[x], table.offset[x], table.terms[x], table.names[x]) == ("symbol", 0, ((x, 1),), "x")
    assert (table.lo[x], table.hi[x]) == (3, 9)
    assert not table.is_constant(x)
    assert table.symbol("y", (4000, int("4000"))) == table.constant(4000)
    memory = table.unknown("memory", "a", (0, 5), x)
    assert (table.op[memory], table.args[memory], table.names[memory]) == ("memory", (x,), "a")


def test_atoms_are_made_once() -> None:
    table = Expressions()
    x, y = symbols(table, 2, 2, 3)
    product = table.atom("mul", x, y)
    assert table.atom("mul", x, y) == product != table.atom("mul", y, x)
    assert (table.lo[product], table.hi[product]) == (4, 9)
    assert (table.op[product], table.args[product], table.terms[product]) == ("mul", (x, y), ((product, 1),))
    load = table.atom("load", x, (1, 2), bounds=(5, 6))
    assert (table.lo[load], table.hi[load]) == (5, 6)
    assert table.atom("shr", x, table.constant(8)) == table.constant(0), "it can be one word only"
    cell = table.node("cell", (x,), (1, 1))
    assert not table.is_constant(cell)
    assert table.node("cell", (x,)) == cell


def test_booleans() -> None:
    table = Expressions()
    assert table.is_boolean(table.symbol("e", (0, 1)))
    assert not table.is_boolean(table.symbol("e", (0, 2)))
    assert table.is_boolean(table.constant(1))


def test_bounds_are_only_tightened() -> None:
    table = Expressions()
    x = table.symbol("x", (3, 9))
    table.tighten(x, 1, 20)
    assert (table.lo[x], table.hi[x]) == (3, 9)
    table.tighten(x, 5, 7)
    assert (table.lo[x], table.hi[x]) == (5, 7)


def test_linear_forms() -> None:
    table = Expressions()
    x, y = symbols(table, 2, 1, 9)
    assert table.linear(5, ()) == table.constant(5)
    assert table.linear(0, ((x, 1),)) == x
    both = table.linear(4, ((x, 2), (y, 1)))
    assert table.linear(4, ((x, 2), (y, 1))) == both
    assert (table.op[both], table.offset[both], table.terms[both]) == ("linear", 4, ((x, 2), (y, 1)))
    assert (table.lo[both], table.hi[both]) == (4 + 3, 4 + 27)
    for other in (table.linear(1, ((x, 1),)), table.linear(0, ((x, 2),)), total(table, [x, y])):
        assert other != x
        assert table.op[other] == "linear"


def test_sums() -> None:
    table = Expressions()
    x, y = symbols(table, 2)
    a = table.linear(MASK, ((x, 3), (y, HALF)))
    b = table.linear(2, ((x, MASK - 2), (y, HALF)))
    assert table.sum(a, b) == (1, ())
    assert table.sum(a, b, -1) == ((MASK - 2) & MASK, ((x, 6),))
    assert table.sum(a, table.constant(5), 3) == (14, ((x, 3), (y, HALF)))
    assert table.sum(y, x) == (0, ((x, 1), (y, 1)))
    assert table.add(a, b) == table.add(b, a) == table.constant(1)
    assert table.sub(a, a) == table.constant(0)
    assert table.sub(a, b) == table.linear((MASK - 2) & MASK, ((x, 6),))


def test_multiples() -> None:
    table = Expressions()
    x, y = symbols(table, 2)
    a = table.linear(7, ((x, 2), (y, 3)))
    assert table.scale(a, 1) == a
    assert table.scale(a, 2**32 + 1) == a
    assert table.scale(a, 0) == table.constant(0)
    assert table.scale(a, 5) == table.linear(35, ((x, 10), (y, 15)))
    assert table.scale(a, -1) == table.linear(MASK - 6, ((x, MASK - 1), (y, MASK - 2)))
    assert table.scale(a, HALF) == table.linear(HALF, ((y, HALF),))
    assert table.scale(table.constant(3), 2**31) == table.constant(HALF)


@pytest.mark.parametrize(
    ("m", "n", "expected"),
    [(8, 8, 16), (1, 15, 16), (8, 9, 9), (9, 8, 9), (9, 9, 2), (1, 16, 2), (16, 1, 2), (16, 8, 9)],
)
def test_sums_of_too_many_terms(m: int, n: int, expected: int) -> None:
    """The side that has more than half of what is allowed becomes one atom; its offset stays outside."""
    assert MAX_TERMS == 16
    table = Expressions()
    atoms = symbols(table, m + n, 0, 3)
    sides = total(table, atoms[:m]), total(table, atoms[m:])
    a, b = (table.add(side, table.constant(5)) for side in sides)
    made = table.add(a, b)
    assert len(table.terms[made]) == expected
    assert table.offset[made] == 10
    assert (table.lo[made], table.hi[made]) == (10, 10 + 3 * (m + n))
    assert table.add(b, a) == made
    for side, width in zip(sides, (m, n), strict=True):
        whole = table.atom("sum", side, bounds=(0, 3 * width))
        kept = m + n <= MAX_TERMS or width <= 8
        assert kept == ((whole, 1) not in table.terms[made])
