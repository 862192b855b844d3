"""The three tree walks at sampled sizes (height 3–12, rounds 1–40, batch 1–1,000), on all machines, against numpy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from benchmarks.sizes import BATCH, HEIGHT, MAX_STEPS, ROUNDS, WALKS, sampled_sizes
from tests.examples.workload import assert_right, source
from vliwc.driver import Options, compile_source
from vliwc.language import make_image
from vliwc.machine import machine_names, simulate

LONG = [
    ("tree_walk", Options(defines={"height": 4, "rounds": 1000, "batch": 9})),
    ("tree_walk_indices", Options(defines={"height": 3, "rounds": 1, "batch": 65_536})),
]
SAMPLES = LONG + list(sampled_sizes(18, seed=366))
"""A seed of many heights and odd batches, and of few steps."""


@pytest.mark.parametrize(
    ("walk", "options"), SAMPLES, ids=[f"{w}-{o.machine}-{'-'.join(map(str, o.defines.values()))}" for w, o in SAMPLES]
)
def test_sampled_size(walk: str, options: Options) -> None:
    compilation = compile_source(source(walk), options)
    kernel, machine = compilation.front.kernel, compilation.front.machine
    for style in ("random", "edges"):
        start = make_image(kernel, np.random.default_rng(11), style)
        assert_right(walk, kernel, start, simulate(compilation.program, machine, start, strict=True).memory)


def test_samples_are_spread() -> None:
    many = [(walk, options.machine, options.defines) for walk, options in sampled_sizes(300)]
    assert {(walk, machine) for walk, machine, _ in many} == set(product(WALKS, machine_names()))
    for name, (least, most) in (("height", HEIGHT), ("rounds", ROUNDS), ("batch", BATCH)):
        drawn = [sizes[name] for *_, sizes in many]
        assert least <= min(drawn) <= least + 1
        assert most * 0.8 <= max(drawn) <= most
    assert all(sizes["rounds"] * sizes["batch"] <= MAX_STEPS for *_, sizes in many)
    assert any(sizes["batch"] % 8 for *_, sizes in many)
