"""How long values live, how much scratch that is, and when look-ups can be: on graphs with known answers."""

from __future__ import annotations

import pytest

from tests.transform.lookups import MACHINES, prepare, text
from vliwc.ir.graph import Access, Array, Builder, Graph, Mode
from vliwc.transform.delays import delay
from vliwc.transform.occupancy import Occupancy, occupancy

LOOKUPS = """
par i in 0..64 {
    let h = x[i]
    let u = t[h & 7]
    let g = ((u ^ h) * 3) ^ (h >> 5)
    let v = t[g & 7]
    y[i] = (v ^ g) + (h >> 9)
}
"""


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


@pytest.mark.parametrize(("factor", "between"), [("* 3", 4), ("* 3 + 5", 5)])
def test_heads_and_tails_of_sites(factor: str, between: int) -> None:
    """The first index takes a load of two cycles and an operation, and the second one four more, or five where a
    multiply-add takes two cycles; of these one takes the first word lane by lane. Behind the second word there are
    three."""
    source = text("t: u32[8] in\nx: u32[64] in\ny: u32[64] out", LOOKUPS.replace("* 3", factor))
    sites = [s for s in prepare(source, "wide").sites if s.array == "t"]
    assert [s.head for s in sites] == [3, 3 + between]
    assert [s.tail for s in sites] == [3 + between, 3]


def test_the_longest_path_leads_through_look_ups_that_wait_for_each_other() -> None:
    """The address, the load, three operations up to the first index, its word in no time, four operations, the second
    word in no time, two operations and the store; a look-up beside them is not on the path."""
    beside = LOOKUPS.replace("(h >> 9)", "t[h >> 29]")
    sites = prepare(text("t: u32[8] in\nx: u32[64] in\ny: u32[64] out", beside), "takehome").sites
    assert [(s.head, s.tail) for s in sites] == [(2, 7), (6, 3), (2, 2)]
    assert [s.path for s in sites] == [10, 10, 0]


@pytest.mark.parametrize(
    ("index", "head"),
    [
        ("(h * 3 + 5) & 7", 3),  # a load and two operations
        ("((h * 3 + k) * 5 + h) & 7", 3),  # linear arithmetic may all become one operation
        ("((h ^ k) ^ 5) & 7", 3),  # and so may what is associative
        ("((h ^ k) & 5) & 7", 3),
        ("((h ^ k) >> 2) & 7", 4),
        ("(((h * 3) ^ k) + 5) & 7", 5),
    ],
)
def test_heads_count_on_no_operations_that_may_merge(index: str, head: int) -> None:
    body = f"par i in 0..64 {{\nlet h = x[i]\nlet k = x[i] >> 3\ny[i] = t[{index}]\n}}".replace("x[i] >> 3", "z[i]")
    memory = "t: u32[8] in\nx: u32[64] in\nz: u32[64] in\ny: u32[64] out"
    (found,) = prepare(text(memory, body), "takehome").sites
    assert found.head == head
