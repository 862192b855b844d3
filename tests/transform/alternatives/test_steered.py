"""Rows of which stores choose the second word."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import (
    ALTERNATIVES,
    MACHINES,
    assert_program_right,
    on_all_groups,
    ops,
    prepare,
    without,
)

PAIRS = {"two levels": 1, "automaton": 3, "trie": 2, "strides": 1}
"""How many pairs of sites there are of which one bit makes the second index of the first."""


@pytest.mark.parametrize("name", PAIRS)
def test_stores_take_the_place_of_the_second_word(name: str) -> None:
    case, graph = on_all_groups("steered", lookup(name))
    rows, found = on_all_groups("rows", lookup(name))[1], ops(graph)
    times = PAIRS[name] * case.groups
    assert found["store"] - ops(rows)["store"] == 2 * 8 * times
    assert found["vload"] - ops(rows)["vload"] == times
    assert found["select"] == ops(rows)["select"]
    assert found["gather"] == ops(rows)["gather"]


def test_an_operation_is_done_to_one_word_only() -> None:
    one, both = (ops(on_all_groups(name, lookup("automaton"))[1], vectors=False) for name in ("steered", "rows"))
    assert one["mul"] + one["add"] < both["mul"] + both["add"]


def test_words_are_chosen_among_two_only() -> None:
    assert prepare(lookup("digits")).offers(ALTERNATIVES["rows"])
    assert not prepare(lookup("digits")).offers(ALTERNATIVES["steered"])


def test_a_machine_has_to_store_words() -> None:
    assert not prepare(lookup("trie"), without(MACHINES["takehome"], "store", "store")).offers(ALTERNATIVES["steered"])


@pytest.mark.parametrize("name", ["two levels", "trie"])
@pytest.mark.parametrize("machine", MACHINES)
def test_programs_are_right(name: str, machine: str) -> None:
    case, graph = on_all_groups("steered", lookup(name, 53), machine)
    assert_program_right(case.kernel, graph, case.machine)
