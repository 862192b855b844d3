"""Sorts by counting order what they sort as sorts by comparing do, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vliwc.backend.schedulers import sorting
from vliwc.backend.schedulers.sorting import by_cycles, by_times

TIMES = [0.0, -0.0, -1.5, 1.5, 1e300, -1e300, 5e-324, -5e-324, float("inf"), float("-inf")]


@given(st.lists(st.integers(-(1 << 15), 1 << 15), max_size=40), st.integers(1, 20))
def test_cycles(cycles: list[int], several: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "_SEVERAL", several)
        order = by_cycles(np.array(cycles, np.int32)).tolist()
    assert order == sorted(range(len(cycles)), key=lambda k: cycles[k])


@given(st.lists(st.floats(allow_nan=False) | st.sampled_from(TIMES), max_size=40))
def test_times(times: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "_MANY", 0)
        order = by_times(np.array(times, np.float64)).tolist()
    assert order == sorted(range(len(times)), key=lambda k: times[k])


@pytest.mark.parametrize("count", [499, 500, 8_000])
def test_many(count: int) -> None:
    random = np.random.default_rng(count)
    cycles = random.integers(0, 99, count).astype(np.int32)
    times = cycles + random.integers(0, 4, count) / 4 - 50
    assert np.array_equal(by_cycles(cycles), np.argsort(cycles, kind="stable"))
    assert np.array_equal(by_times(times), np.argsort(times, kind="stable"))
