"""Sampled sizes of the tree walk: kernels, machines and parameters that are far from the benchmark's."""

from __future__ import annotations

import random
from collections.abc import Iterator

from vliwc.driver import Options
from vliwc.machine import machine_names

WALKS = ("tree_walk", "tree_walk_indices", "tree_walk_any")
HEIGHT, ROUNDS, BATCH = (3, 12), (1, 40), (1, 1000)
MAX_STEPS = 8_000
"""The most steps (rounds times walkers) of a sample, so that a simulation takes seconds."""

_CORNERS = (
    {"height": 3, "rounds": 40, "batch": 1},
    {"height": 12, "rounds": 1, "batch": 1000},
    {"height": 3, "rounds": 1, "batch": 1},
    {"height": 12, "rounds": 40, "batch": 7},
)


def sampled_sizes(count: int, seed: int = 0) -> Iterator[tuple[str, Options]]:
    """`count` pairs of an example's name and the options to compile it with; the corners of the space come first.

    Machines and contracts take turns. Sizes are drawn evenly on a logarithmic scale, so that small and odd batches
    are as likely as large ones, and again while they come to more than `MAX_STEPS`.
    """
    rng = random.Random(seed)
    machines = machine_names()
    for number in range(count):
        sizes = _CORNERS[number] if number < len(_CORNERS) else _draw(rng)
        walk = WALKS[number // len(machines) % len(WALKS)]
        yield walk, Options(machine=machines[number % len(machines)], defines=sizes)


def _draw(rng: random.Random) -> dict[str, int]:
    while True:
        rounds, batch = _spread(rng, *ROUNDS), _spread(rng, *BATCH)
        if rounds * batch <= MAX_STEPS:
            return {"height": rng.randint(*HEIGHT), "rounds": rounds, "batch": batch}


def _spread(rng: random.Random, least: int, most: int) -> int:
    return min(most, int(least * ((most + 1) / least) ** rng.random()))
