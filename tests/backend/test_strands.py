"""Strands: work for different results."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import on_all_groups
from vliwc.backend import generate
from vliwc.backend.strands import SHARED, find_strands


@pytest.mark.parametrize("name", ["parked", "steered"])
def test_buffers_that_groups_take_turns_at_do_not_tie_them_together(name: str) -> None:
    case, graph = on_all_groups(name, lookup("two levels"))
    (segment,) = generate(graph, case.machine).segments
    strands = find_strands(segment.problem)
    assert len(set(strands) - {SHARED}) == case.groups
