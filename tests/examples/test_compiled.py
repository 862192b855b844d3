"""Every example, compiled and simulated, against its numpy reference: every scheduler, level and machine."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tests.effort import little
from tests.endtoend.pipeline import LEVELS, MACHINES
from tests.examples.references import EXAMPLES, Params
from tests.examples.test_interpreted import sizes
from tests.examples.workload import assert_right, source
from vliwc.backend import schedule_names
from vliwc.driver import Compilation, Options, compile_source, finish, optimise_source
from vliwc.language import make_image
from vliwc.language.image import STYLES
from vliwc.machine.fast import FastSimulator

LIMITS = {"tree_walk": 1363, "tree_walk_indices": 725, "tree_walk_any": 2300}
"""The cycles below which the public benchmark's kernels have to stay (with 128 walkers where `indices` are kept)."""


def assert_program_right(name: str, options: Options, styles: tuple[str, ...] = STYLES[:3]) -> int:
    """Compiles an example with the certifier on and holds the program's results against the reference.

    Returns the cycles of the last run.
    """
    return assert_runs_right(name, compile_source(source(name), options), styles)


def assert_runs_right(name: str, compilation: Compilation, styles: tuple[str, ...]) -> int:
    """Holds a program's results against the reference, and returns the cycles of the last run."""
    kernel = compilation.front.kernel
    simulator = FastSimulator(compilation.program, compilation.front.machine)
    for style in styles:
        start = make_image(kernel, np.random.default_rng(3), style)
        result = simulator.run_one(start)
        assert_right(name, kernel, start, result.memory)
    return result.cycles


def small(name: str) -> Params:
    """Sizes a little above the least: enough for a vector and a tail, unless the machine is wide."""
    return {p: lo + (hi - lo) // 3 if hi <= 10 else min(11, hi) for p, (lo, hi) in EXAMPLES[name].sizes.items()}


@pytest.mark.usefixtures("hardly_any_search")
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_scheduler_and_level(name: str) -> None:
    for level in LEVELS:
        front = optimise_source(source(name), Options(optimise=level, defines=small(name)))
        for schedule in schedule_names():
            options = replace(front.options, schedule=schedule, effort=little(schedule))
            assert_runs_right(name, finish(replace(front, options=options)), ("random", "edges"))


@pytest.mark.usefixtures("hardly_any_search")
@pytest.mark.parametrize("machine", sorted(set(MACHINES) - {"takehome"}))
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_other_machine(name: str, machine: str) -> None:
    for schedule, level in zip(cycle(schedule_names()), LEVELS, strict=False):
        effort = little(schedule)
        options = Options(optimise=level, schedule=schedule, machine=machine, defines=small(name), effort=effort)
        assert_program_right(name, options, ("random", "edges"))


@pytest.mark.usefixtures("hardly_any_search")
@pytest.mark.parametrize("name", EXAMPLES)
def test_any_size(name: str) -> None:
    @seed(2)
    @settings(max_examples=5, deadline=None, database=None)
    @given(sizes(name), st.sampled_from(schedule_names()), st.sampled_from(LEVELS), st.sampled_from(MACHINES))
    def right(params: Params, schedule: str, level: int, machine: str) -> None:
        effort = little(schedule)
        options = Options(optimise=level, schedule=schedule, machine=machine, defines=params, effort=effort)
        assert_program_right(name, options)

    right()


@pytest.mark.parametrize("name", EXAMPLES)
def test_as_shipped(name: str) -> None:
    """With the sizes that stand in the file, but for half as many walkers where that takes longest."""
    defines = {"batch": 128} if name == "tree_walk_indices" else {}
    assert assert_program_right(name, Options(defines=defines), ("random",)) < LIMITS.get(name, 100_000)
