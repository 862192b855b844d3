"""Memory operations that may meet keep their order; those that cannot need not wait for each other."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backend.harness import builder
from vliwc.analysis import ranges
from vliwc.analysis.known import known_words
from vliwc.analysis.linear import Forms
from vliwc.backend.dependences import MemoryOrder
from vliwc.ir.graph import Access, Mode
from vliwc.ir.ops import MASK

A, C = Access("a"), Access("c", absolute=True)
WIDTHS = {"load": 1, "vload": 8, "store": 1, "vstore": 8}
Touch = tuple[str, int, tuple[int, ...]]
"""An operation, and its address: a constant, and the weights of three bits that are added to it."""


def order_of(accesses: list[Touch]) -> list[set[int]]:
    """For each access all earlier ones that it waits for."""
    out = builder(8, c=(64, Mode.INOUT), a=(16, Mode.IN))
    bits = [out.emit("and", out.emit("load", out.const(k), attr=A), out.const(1)) for k in range(3)]
    row = out.emit("vload", out.const(0), attr=A)
    nodes = []
    for op, constant, weights in accesses:
        at = out.const(constant)
        for bit, weight in zip(bits, weights, strict=True):
            at = out.emit("add", at, out.emit("mul", bit, out.const(weight & MASK)))
        nodes.append(out.emit(op, at, *{"store": [bits[0]], "vstore": [row]}.get(op, []), attr=C))
    graph = out.finish()
    waits: list[set[int]] = []

    def make(edges: list[tuple[int, int]]) -> int:
        before = {k for k, _ in edges}
        waits.append(before.union(*(waits[k] for k in before)))
        return len(waits) - 1

    made = {}
    order = MemoryOrder(graph, Forms(graph, ranges.analyse(graph)), known_words(graph), make)
    for k, node in enumerate(nodes):
        if node not in nodes[:k]:  # an equal load is the same one
            order.add(node, lambda edges, k=k: made.setdefault(k, make(edges)))  # type: ignore[misc]
    return [{j for j in made if made[j] in waits[made[k]]} if k in made else set() for k in range(len(nodes))]


def meet(a: Touch, b: Touch) -> bool:
    """May they touch the same word, for some bits?"""
    for bits in product((0, 1), repeat=3):
        first, second = (c + sum(w * bit for w, bit in zip(ws, bits, strict=True)) for _, c, ws in (a, b))
        if first < second + WIDTHS[b[0]] and second < first + WIDTHS[a[0]]:
            return True
    return False


touches = st.tuples(
    st.sampled_from(list(WIDTHS)), st.integers(18, 40), st.tuples(*[st.sampled_from((0, 0, 1, -2, 4, -6))] * 3)
)


@settings(max_examples=300)
@given(st.lists(touches, min_size=2, max_size=14, unique=True))
def test_what_may_meet_keeps_its_order(accesses: list[Touch]) -> None:
    waits = order_of(accesses)
    for k, b in enumerate(accesses):
        for j, a in enumerate(accesses[:k]):
            both_load = "load" in a[0] and "load" in b[0]
            assert both_load or not meet(a, b) or j in waits[k], f"{b} does not wait for {a}"


@pytest.mark.parametrize("look_up", ["load", "vload"])
def test_a_look_up_waits_for_its_own_table_only(look_up: str) -> None:
    tables = [("vstore", base + 8 * k, (0, 0, 0)) for base in (0, 24) for k in range(2)]
    width = WIDTHS[look_up]
    first, second = (look_up, 0, (1, 2, 4)), (look_up, 39 - (width - 1), (-1, -2, -4))
    *_, one, other = order_of([*tables, first, second])
    assert (one, other) == (({0, 1}, {2, 3}) if width > 1 else ({0}, {3}))


def test_a_store_to_one_of_two_words_meets_these_only() -> None:
    out = builder(8, c=(64, Mode.CONSUMED), a=(16, Mode.IN))
    row = out.emit("vload", out.const(0), attr=A)
    first, second = (out.emit("add", out.const(at, 8), out.emit("pack", *map(out.const, range(8)))) for at in (0, 8))
    chosen = out.emit("select", row, first, second)
    words = [out.emit("lane", at, attr=k) for at in (first, chosen) for k in range(8)]
    nodes = [out.emit("store", word, out.emit("lane", row, attr=0), attr=C) for word in words]
    nodes += [out.emit("vload", out.const(at), attr=C) for at in (0, 8, 16)]
    graph = out.finish()
    before = {}
    order = MemoryOrder(graph, Forms(graph, ranges.analyse(graph)), known_words(graph), lambda edges: len(before))
    for k, node in enumerate(nodes):
        order.add(node, lambda edges, k=k: (before.setdefault(k, {j for j, _ in edges}) and k) or k)  # type: ignore[misc]
    assert [before[k] for k in range(8)] == [set()] * 8
    assert [before[8 + k] for k in range(8)] == [{k} for k in range(8)], "each lane has words of its own"
    assert [before[16 + k] for k in range(3)] == [set(range(8, 16)), set(range(8, 16)), set()]


def test_a_store_waits_for_what_it_may_meet_only() -> None:
    read, write = ("load", 8, (1, 2, 4)), ("store", 28, (1, 2, -4))
    assert order_of([read, write, ("store", 9, (0, 0, 0))])[2] == {0}
    assert order_of([read, write, ("load", 31, (0, 0, 0))])[2] == {1}
    assert order_of([read, write, ("store", 7, (0, 0, 0))])[2] == set()
