"""Packed rows: one row load a lane for two look-ups."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import ALTERNATIVES, MACHINES, assert_program_right, on_all_groups, ops, prepare
from vliwc.transform.alternatives.rows import Layout

KERNELS = {
    "two levels": (1, Layout(3, 1, 2, 0, (), -1)),
    "digits": (1, Layout(4, 2, 3, 0, (), -1)),
    "automaton": (3, Layout(2, 0, 2, 0, (), -1)),
    "trie": (2, Layout(2, 0, 2, 0, (), -1)),
    "box and pair": (1, Layout(2, 3, 2, 0, (), -1)),
    "strides": (1, Layout(1, 1, 2, 0, (), -1)),
}
"""How many pairs of sites there are, and how the second index follows from the first (but for the nodes)."""


@pytest.mark.parametrize("name", KERNELS)
def test_the_second_index_follows_from_the_first(name: str) -> None:
    pairs, expected = KERNELS[name]
    offers = prepare(lookup(name)).offers(ALTERNATIVES["rows"])
    assert len(offers) == pairs
    for offer in offers:
        found = offer.detail
        assert isinstance(found, Layout)
        assert (found.factor, found.least, found.others) == (expected.factor, expected.least, expected.others)
        assert (found.offset >= 0) is (name == "digits")


@pytest.mark.parametrize("name", KERNELS)
def test_a_row_a_lane_takes_the_place_of_two_gathers(name: str) -> None:
    case, graph = on_all_groups("rows", lookup(name))
    plain, found = ops(on_all_groups("gather", lookup(name))[1]), ops(graph)
    used = {offer for offer in case.forced("rows").ways.values() if offer.name == "rows"}
    pairs = len(used)
    assert found["gather"] == plain["gather"] - 2 * pairs * case.groups
    rows = [n for n in graph.walk() if graph.op[n] == "vload" and graph.const(graph.args[n][0]) is None]
    assert len(rows) == 8 * pairs * case.groups
    others = sum(offer.detail.others - 1 for offer in used if isinstance(offer.detail, Layout))
    assert found["select"] - plain["select"] == others * case.groups
    assert all(offer.price.load == 8 for offer in used)


def test_words_of_rows_are_used_lane_by_lane() -> None:
    _, graph = on_all_groups("rows", lookup("two levels"))
    words = ops(graph, vectors=False)
    assert words["xor"] == 64  # `t[b] ^ v` for each iteration; no word is copied into a vector first


@pytest.mark.parametrize("name", ["two levels", "digits", "trie", "strides"])
@pytest.mark.parametrize("machine", MACHINES)
def test_programs_are_right(name: str, machine: str) -> None:
    case, graph = on_all_groups("rows", lookup(name, 21), machine)
    assert_program_right(case.kernel, graph, case.machine)


def test_rows_are_no_longer_than_a_vector() -> None:
    # Seven words and the first fit into the eight lanes of takehome, but not into the four of narrow.
    source = lookup("digits").replace("u % 3", "u % 6")
    assert prepare(source).offers(ALTERNATIVES["rows"])
    assert not prepare(source, "narrow").offers(ALTERNATIVES["rows"])
    assert not prepare(lookup("digits").replace("u % 3", "u % 8")).offers(ALTERNATIVES["rows"])


def test_indices_that_have_nothing_in_common_share_no_rows() -> None:
    assert not prepare(lookup("boxes")).offers(ALTERNATIVES["rows"])


@pytest.mark.parametrize("machine", MACHINES)
def test_words_that_nobody_reaches_may_lie_beyond_the_array(machine: str) -> None:
    # `b` is 0 or 1, but all that the compiler knows is that it is below 16: of most rows the other words do not exist.
    source = (
        lookup("two levels", 21)
        .replace("u32[48]", "u32[20]")
        .replace("let b = v & 15", "let b = min((v & 7) - (v & 6), 15)")
    )
    case, graph = on_all_groups("rows", source, machine)
    assert case.sites[0].count == 16
    assert_program_right(case.kernel, graph, case.machine)
