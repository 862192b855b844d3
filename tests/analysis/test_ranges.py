"""Ranges through selects, loops and memory."""

from __future__ import annotations

from vliwc.analysis import ranges
from vliwc.analysis.facts import ANY, within
from vliwc.ir.graph import Access, Array, Builder, Graph, Mode

LIKE = Graph("g", {"a": Array("a", 0, 16, Mode.INOUT, 0, 9), "b": Array("b", 16, 16, Mode.OUT)}, 32)


def test_a_wrapping_select_bounds_a_loop_carried_index() -> None:
    """i' = (2 i + 1 < 15) ? 2 i + 1 : 0 stays below 15 for ever; widening alone would lose that."""
    b = Builder(LIKE)
    limit, two, one, zero = b.const(15), b.const(2), b.const(1), b.const(0)
    index, (i,) = b.begin_loop((1,))
    n = b.emit("add", b.emit("mul", i, two), one)
    wrapped = b.emit("select", b.emit("lt", n, limit), n, zero)
    (result,) = b.end_loop("for", (0, 1000, 1), index, (i,), (zero,), (wrapped,))
    b.emit("store", b.const(0), result, attr=Access("b"))
    facts = ranges.analyse(b.finish())
    assert facts[i].hi == 14
    assert facts[result].hi == 14
    assert facts[index] == within(0, 999)


def test_an_unbounded_carried_value_is_any_word() -> None:
    b = Builder(LIKE)
    one = b.const(1)
    index, (i,) = b.begin_loop((1,))
    (result,) = b.end_loop("for", (0, 10, 1), index, (i,), (one,), (b.emit("mul", i, b.const(3)),))
    b.emit("store", b.const(0), result, attr=Access("b"))
    assert ranges.analyse(b.finish())[i] == ANY


def test_a_select_refines_its_arms_by_its_condition() -> None:
    b = Builder(LIKE)
    x = b.emit("load", b.const(0), attr=Access("b"))
    below = b.emit("lt", x, b.const(10))
    taken = b.emit("select", below, x, b.const(3))
    flipped = b.emit("select", b.emit("xor", below, b.const(1)), b.const(3), x)
    b.emit("store", b.const(0), b.emit("add", taken, flipped), attr=Access("b"))
    facts = ranges.analyse(b.finish())
    assert facts[taken].hi == facts[flipped].hi == 9


def test_an_assumption_holds_until_a_store_breaks_it() -> None:
    b = Builder(LIKE)
    before = b.emit("load", b.const(0), attr=Access("a"))
    b.emit("store", b.const(1), b.const(100), attr=Access("a"))
    after = b.emit("load", b.const(2), attr=Access("a"))
    facts = ranges.analyse(b.finish())
    assert facts[before] == within(0, 9)
    assert facts[after] == ANY


def test_an_assumption_that_all_stores_keep_holds_for_ever() -> None:
    b = Builder(LIKE)
    x = b.emit("load", b.const(0), attr=Access("a"))
    index, _ = b.begin_loop()
    y = b.emit("load", index, attr=Access("a"))
    b.emit("store", b.emit("and", y, b.const(7)), b.emit("shr", b.emit("add", x, y), b.const(1)), attr=Access("a"))
    b.end_loop("for", (0, 5, 1), index)
    assert ranges.analyse(b.finish())[y] == within(0, 9)


def test_iterations_of_a_par_do_not_see_each_others_stores_but_those_of_a_for_do() -> None:
    def loaded(kind: str) -> object:
        b = Builder(LIKE)
        index, _ = b.begin_loop()
        x = b.emit("load", index, attr=Access("a"))
        b.emit("store", index, b.const(100), attr=Access("a"))
        b.end_loop(kind, (0, 16, 1), index)
        return ranges.analyse(b.finish())[x]

    assert loaded("par") == within(0, 9)
    assert loaded("for") == ANY


def test_a_table_is_bounded_by_the_entries_in_reach() -> None:
    b = Builder(LIKE)
    x = b.emit("and", b.emit("load", b.const(0), attr=Access("b")), b.const(1))
    y = b.emit("table", x, attr=(4, 6, 99))
    b.emit("store", b.const(0), y, attr=Access("b"))
    facts = ranges.analyse(b.finish())
    assert (facts[y].lo, facts[y].hi) == (4, 6)
