"""Plain gathers: one load a lane, and the chain in every group."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import MACHINES, assert_program_right, on_all_groups, ops, prepare
from vliwc.transform.alternatives import GATHER

KERNELS = {"boxes": (2, 3), "strides": (2, 1), "weights": (1, 0), "trie": (4, 0)}
"""Gathers, and operations that only the gathered words go through, in each group."""


@pytest.mark.parametrize("name", KERNELS)
def test_every_site_takes_a_gather_and_its_chain(name: str) -> None:
    gathers, chained = KERNELS[name]
    case, graph = on_all_groups("gather", lookup(name))
    offers = case.offers(GATHER)
    assert [offer.price.load for offer in offers] == [8] * gathers
    assert sum(offer.price.vectors for offer in offers) == chained
    assert not any(offer.tables for offer in offers)
    assert ops(graph)["gather"] == gathers * case.groups


@pytest.mark.parametrize("machine", MACHINES)
def test_a_last_group_with_fewer_iterations_gathers_too(machine: str) -> None:
    source = lookup("strides", 37)
    case, graph = on_all_groups("gather", source, machine)
    assert ops(graph)["gather"] == 2 * (case.groups + 1)
    assert_program_right(case.kernel, graph, case.machine)


def test_gathers_need_no_offer_of_another_kind() -> None:
    wide_open = lookup("two levels").replace("v & 15", "v % 48").replace("3 * b + 1", "b & 1")
    assert len(prepare(wide_open).offers(GATHER)) == 2
