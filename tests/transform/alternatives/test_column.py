"""Gathers from the first words of rows that were packed for others."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import ALTERNATIVES, MACHINES, assert_program_right, on_all_groups, ops, prepare
from vliwc.transform.groups import Plan

KERNELS = ("box and pair", "automaton", "strides")


@pytest.mark.parametrize("name", KERNELS)
def test_it_needs_no_memory_of_its_own(name: str) -> None:
    case = prepare(lookup(name))
    tables = {o.tables for o in case.offers(ALTERNATIVES["rows"])}
    offers = case.offers(ALTERNATIVES["column"])
    assert offers and all(o.tables in tables for o in offers)
    assert all(o.sites[0].chain for o in offers)


@pytest.mark.parametrize("name", KERNELS)
def test_the_chain_is_done_for_the_rows_only(name: str) -> None:
    case, graph = on_all_groups("column", lookup(name, 256))
    plain = ops(on_all_groups("gather", lookup(name, 256))[1])
    found = ops(graph, vectors=True)
    assert found["gather"] == plain["gather"]
    homes = {home.array for home in case.forced("column").homes.values()}
    from_rows = [n for n in graph.walk() if graph.op[n] == "gather" and graph.access(n).array in homes]
    assert len(from_rows) == case.groups * len({o.sites for o in case.offers(ALTERNATIVES["column"])})


@pytest.mark.parametrize("machine", MACHINES)
def test_rows_and_column_together(machine: str) -> None:
    """Half of the groups load rows, the others their first words."""
    case = prepare(lookup("box and pair", 85), machine)
    rows, column, plain = (case.forced(name) for name in ("rows", "column", "gather"))
    assert rows.homes == column.homes
    ways = {key: (rows if key[1] % 2 else column).ways[key] for key in plain.ways}
    graph = case.planned(Plan(ways, rows.homes))
    assert ops(graph)["gather"] > 0
    assert_program_right(case.kernel, graph, case.machine)


def test_a_site_without_a_chain_gathers_from_the_array_itself() -> None:
    assert not prepare(lookup("two levels")).offers(ALTERNATIVES["column"])
