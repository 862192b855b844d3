"""Tables that went through the chain once."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import SPARE, lookup
from tests.transform.lookups import ALTERNATIVES, MACHINES, assert_program_right, on_all_groups, ops, prepare

KERNELS = {"boxes": {"mul": 2, "or": 1}, "strides": {"xor": 1}, "bits": {"add": 1}}
"""The chains of each group."""


@pytest.mark.parametrize("name", KERNELS)
def test_the_chain_is_done_once_for_every_row(name: str) -> None:
    groups = 16
    case, graph = on_all_groups("transformed", lookup(name, 8 * groups))
    tables = {t.key: t for o in case.offers(ALTERNATIVES["transformed"]) for t in o.tables}
    rows = sum(-(-table.memory // 8) for table in tables.values())
    plain, found = ops(on_all_groups("gather", lookup(name, 8 * groups))[1]), ops(graph)
    assert found["gather"] == plain["gather"]
    assert found["vstore"] == groups + rows
    assert sum(table.price.store for table in tables.values()) == rows
    for op in KERNELS[name]:
        assert found[op] < plain[op]


def test_sites_with_equal_chains_share_a_table() -> None:
    offers = prepare(lookup("box and pair")).offers(ALTERNATIVES["transformed"])
    assert len(offers) == 2 and len({o.tables for o in offers}) == 1


@pytest.mark.parametrize("name", ["boxes", "strides"])
@pytest.mark.parametrize("machine", MACHINES)
def test_programs_are_right(name: str, machine: str) -> None:
    case, graph = on_all_groups("transformed", lookup(name, 21), machine)
    assert_program_right(case.kernel, graph, case.machine)


def test_there_is_nothing_to_offer_without_a_chain() -> None:
    assert not prepare(lookup("two levels")).offers(ALTERNATIVES["transformed"])


def test_a_table_stays_within_dead_memory() -> None:
    case, graph = on_all_groups("transformed", lookup("boxes"))
    spare = case.graph.arrays["spare"]
    assert spare.length == SPARE
    for n in graph.walk():
        if graph.op[n] == "vstore" and graph.access(n).array != "y":
            at = graph.const(graph.args[n][0])
            assert at is not None and spare.base <= at <= spare.end - 8
