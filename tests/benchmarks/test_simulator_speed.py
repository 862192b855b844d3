"""The benchmark of the simulators: it must notice wrong results and missed targets. No time is asserted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.figures import compile_example
from benchmarks.simulator_speed import Speed, measure
from vliwc.driver import Compilation, Options
from vliwc.ir.ops import Lanes
from vliwc.language import make_image
from vliwc.machine.fast import FastSimulator

STEPPER = Path(__file__).parents[2] / "benchmarks" / "plain_stepper.py"


@pytest.fixture(scope="module")
def walk() -> Compilation:
    return compile_example("tree_walk", Options(defines={"height": 2, "rounds": 3, "batch": 8}))


def images(walk: Compilation) -> Lanes:
    return np.array([make_image(walk.front.kernel, np.random.default_rng(seed)) for seed in range(3)])


def rows_of(walk: Compilation) -> list[Speed]:
    return measure(walk.program, walk.front.machine, images(walk), 0.01, STEPPER)


def test_all_simulators_are_measured_and_agree(walk: Compilation) -> None:
    rows = rows_of(walk)
    assert [(row.simulator, row.images) for row in rows] == [
        ("plain stepper", 1),
        ("public", 1),
        ("strict", 1),
        ("fast", 1),
        ("fast", 3),
    ]
    assert all(row.equal and row.bundles_a_second > 0 for row in rows)


def test_a_wrong_result_is_noticed(walk: Compilation, monkeypatch: pytest.MonkeyPatch) -> None:
    right = FastSimulator.run
    monkeypatch.setattr(FastSimulator, "run", lambda self, batch, **more: right(self, batch ^ 1, **more))
    assert [row.equal for row in rows_of(walk)] == [True, True, True, False, False]


def test_targets() -> None:
    row = Speed("fast", 256, 1e7, 120.0, 100.0, equal=True)
    assert row.reached
    assert not replace(row, ratio=99.0).reached
    assert not replace(row, equal=False).reached
    assert replace(row, ratio=0.1, target=None).reached
