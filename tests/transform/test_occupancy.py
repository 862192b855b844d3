"""How long values live, how much scratch that is, and when look-ups can be: on graphs with known answers."""

from __future__ import annotations

import pytest

from tests.transform.lookups import MACHINES
from vliwc.ir.graph import Access, Array, Builder, Graph, Mode
from vliwc.transform.delays import delay
from vliwc.transform.occupancy import Occupancy, occupancy


def _builder() -> Builder:
    return Builder(Graph("k", {"x": Array("x", 0, 64, Mode.INOUT)}, 64, (), 8))


def test_a_value_lives_until_its_last_use() -> None:
    b = _builder()
    x = b.emit("vload", b.const(0), attr=Access("x"))  # just in time: one cycle before cycle 1
    y = b.emit("add", x, x)  # from cycle 1 to cycle 4
    z = b.emit("mul", y, y)  # from cycle 2 to cycle 3, and so the next one
    w = b.emit("xor", z, z)
    b.emit("vstore", b.const(8), b.emit("sub", w, y), attr=Access("x"))  # cycles 4 and 5
    found = occupancy(b.finish(), MACHINES["takehome"])
    assert found == Occupancy(0, 8 * (1 + 3 + 1 + 1 + 1))


def test_words_of_a_row_keep_the_row() -> None:
    b = _builder()
    row = b.emit("vload", b.const(0), attr=Access("x"))  # cycle 0
    slow = b.emit("add", b.emit("add", row, row), row)  # cycles 1 and 2
    word = b.emit("lane", row, attr=3)
    b.emit("store", b.const(9), b.emit("mul", word, b.emit("lane", slow, attr=0)), attr=Access("x"))  # cycles 3 and 4
    found = occupancy(b.finish(), MACHINES["takehome"])
    assert found == Occupancy(0, 8 * (3 + 1 + 1) + 1), "the row from cycle 0 to 3, both sums, and the product"


def test_what_is_loaded_has_been_stored() -> None:
    b = Builder(Graph("k", {"c": Array("c", 0, 64, Mode.CONSUMED), "x": Array("x", 64, 64, Mode.INOUT)}, 128, (), 8))
    x = b.emit("vload", b.const(0), attr=Access("x"))
    stored = b.emit("mul", b.emit("add", x, x), x)  # from cycle 1 on, and from cycle 2 on
    b.emit("vstore", b.const(0), stored, attr=Access("c"))  # cycle 3
    back = b.emit("vload", b.const(0), attr=Access("c"))  # cycle 4
    b.emit("vstore", b.const(8), b.emit("sub", back, x), attr=Access("x"))  # cycles 5 and 6
    assert occupancy(b.finish(), MACHINES["takehome"]) == Occupancy(0, 8 * (5 + 1 + 1 + 1 + 1))


def test_constants_stand_in_all_lanes_all_the_time() -> None:
    b = _builder()
    row = b.emit("vload", b.const(0), attr=Access("x"))
    b.emit("vstore", b.const(8), b.emit("xor", b.emit("add", row, b.const(77, 8)), b.const(5, 8)), attr=Access("x"))
    assert occupancy(b.finish(), MACHINES["takehome"]) == Occupancy(16, 8 * 3)


@pytest.mark.parametrize(("machine", "gather", "muladd"), [("takehome", 4, 1), ("narrow", 8, 2), ("wide", 3, 2)])
def test_delays_are_those_of_the_quickest_form(machine: str, gather: int, muladd: int) -> None:
    b = _builder()
    row = b.emit("vload", b.const(0), attr=Access("x"))
    found = b.emit("gather", row, attr=Access("x"))
    fused = b.emit("muladd", row, row, found)
    word = b.emit("lane", fused, attr=0)
    delays = [delay(b.graph, n, MACHINES[machine]) for n in (found, fused, word, b.emit("add", row, row))]
    assert delays == [gather, muladd, 0, 1]  # eight lanes, whatever the machine has
