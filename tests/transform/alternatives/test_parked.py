"""Rows that wait in memory between two look-ups."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import ALTERNATIVES, MACHINES, assert_program_right, on_all_groups, ops, prepare
from vliwc.transform.occupancy import occupancy

FETCHES = {"two levels": (1, 3), "digits": (1, 4), "automaton": (3, 3), "trie": (2, 3), "strides": (1, 3)}
"""How many pairs of sites there are, and how many vectors hold the words of eight rows for the second one."""


@pytest.mark.parametrize("name", FETCHES)
def test_rows_are_stored_and_fetched(name: str) -> None:
    pairs, fetches = FETCHES[name]
    case, graph = on_all_groups("parked", lookup(name))
    rows, found = ops(on_all_groups("rows", lookup(name))[1]), ops(graph)
    assert found["vstore"] - rows["vstore"] == 8 * pairs * case.groups
    assert found["vload"] - rows["vload"] == fetches * pairs * case.groups
    assert (found["select"], found["gather"]) == (rows["select"], rows["gather"])


@pytest.mark.parametrize("name", ["automaton", "trie"])
def test_they_hold_less_scratch(name: str) -> None:
    between = "h = (h ^ (h >> 7)) * 5\nh = h ^ (h >> 9)\n"
    later = lookup(name).replace("s = goes", f"{between}s = goes").replace("let b = child", f"{between}let b = child")
    areas = {}
    for alternative in ("rows", "parked"):
        case, graph = on_all_groups(alternative, later)
        areas[alternative] = occupancy(graph, case.machine).area
        (price,) = {o.price.area for o in prepare(later).offers(ALTERNATIVES[alternative])[:1]}
        areas[alternative, "price"] = price
    assert areas["parked"] < areas["rows"]
    assert areas["parked", "price"] < areas["rows", "price"]


@pytest.mark.parametrize("name", ["two levels", "digits", "trie"])
@pytest.mark.parametrize("machine", MACHINES)
def test_programs_are_right(name: str, machine: str) -> None:
    case, graph = on_all_groups("parked", lookup(name, 53), machine)
    assert_program_right(case.kernel, graph, case.machine)
