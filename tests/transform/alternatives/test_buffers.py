"""Buffers that groups take turns at."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import ALTERNATIVES, assert_graph_right, assert_program_right, prepare
from vliwc.transform.alternatives import Home
from vliwc.transform.groups import Plan
from vliwc.transform.rooms import Death


@pytest.mark.parametrize("name", ["parked", "steered"])
def test_they_may_stand_where_words_were_read_before(name: str) -> None:
    """All words of `t` are read before the first is stored to; after that, no load may be taken for an earlier one."""
    case = prepare(lookup("two levels").replace("t: u32[48] in", "t: u32[96] consumed").replace("v & 15", "v & 31"))
    (offer,) = case.offers(ALTERNATIVES[name])
    table, buffer = offer.in_memory
    rooms = {room.arrays: room for room in case.rooms}
    assert rooms["t",].death is Death.READ
    homes = {table.key: Home("rows", rooms["spare",].base, table.memory)}
    homes[buffer.key] = Home("t", rooms["t",].base, buffer.memory)
    assert buffer.memory <= rooms["t",].words
    graph = case.planned(Plan({(s.node, k): offer for s in offer.sites for k in range(case.groups)}, homes))
    assert_graph_right(case.kernel, graph)
    assert_program_right(case.kernel, graph, case.machine)
