"""Packed rows that are unpacked at the first look-up: nothing but vectors waits for the second one."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import ALTERNATIVES, MACHINES, assert_program_right, on_all_groups, ops, prepare
from vliwc.ir.graph import Graph


def readers_of_rows(graph: Graph) -> set[str]:
    """The operations that read lanes of rows at addresses that differ by lane."""
    rows = {n for n in graph.walk() if graph.op[n] == "vload" and graph.const(graph.args[n][0]) is None}
    lanes = {n for n in graph.walk() if graph.op[n] == "lane" and graph.args[n][0] in rows}
    return {graph.op[n] for n in graph.walk() if any(a in lanes for a in graph.args[n])}


@pytest.mark.parametrize("name", ["two levels", "digits", "trie", "box and pair"])
def test_a_choice_between_two_words_is_a_multiply_add(name: str) -> None:
    case, rows = on_all_groups("rows", lookup(name))
    _, graph = on_all_groups("unpacked", lookup(name))
    used = {offer for offer in case.forced("rows").ways.values() if offer.name == "rows"}
    kept, unpacked = ops(rows), ops(graph)
    assert unpacked["gather"] == kept["gather"]
    assert kept["select"] - unpacked["select"] == len(used) * case.groups
    assert readers_of_rows(graph) >= {"sub", "pack"}, "differences, and copies, are made of the rows"


def test_the_table_is_that_of_rows() -> None:
    case = prepare(lookup("trie"))
    rows, unpacked = (case.offers(ALTERNATIVES[name]) for name in ("rows", "unpacked"))
    assert [o.tables for o in rows] == [o.tables for o in unpacked]
    assert all(a.price.area > b.price.area for a, b in zip(rows, unpacked, strict=True))
    assert all(a.sites == b.sites and a.price.load == b.price.load for a, b in zip(rows, unpacked, strict=True))


@pytest.mark.parametrize("name", ["two levels", "digits", "trie", "strides"])
@pytest.mark.parametrize("machine", MACHINES)
def test_programs_are_right(name: str, machine: str) -> None:
    case, graph = on_all_groups("unpacked", lookup(name, 21), machine)
    assert_program_right(case.kernel, graph, case.machine)
