"""What the optimiser has to reach, measure by measure: the target and what was measured."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.figures import Figure, compile_example, judged
from benchmarks.judges import Judge, OwnJudge
from benchmarks.walks import relatives
from vliwc.driver import Options, compile_source
from vliwc.report.measure import measure
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.tune import Budget

WALKS = (
    ("tree_walk", "values contract", 915),
    ("tree_walk_indices", "indices contract", 1000),
    ("tree_walk_any", "any start", 2150),
)
HEIGHT, ROUNDS, BATCH = (3, 12), (1, 40), (8, 2048)
_MAX_STEPS = 40_000
"""The most steps (rounds times walkers) of a sampled size, so that a simulation takes seconds."""
_LIST_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: inputs a tree walk, sampled sizes, and seconds of search (none: no search)."""

    inputs: int
    samples: int
    budget: float
    seed: int

    def searching(self) -> Options:
        """-O3, with a search where there is a budget for one."""
        return Options(optimise=3, seed=self.seed, budget=Budget(seconds=self.budget) if self.budget else None)


def targets(judge: Judge, effort: Effort) -> Iterator[Figure]:
    """All rows, each as soon as it is known."""
    plain = compile_example("tree_walk", Options(schedule="list"))
    verdict = judged(plain, judge, effort.inputs, effort.seed)
    yield verdict.figure("tree_walk, values contract, list", "right, at most 1,000 cycles", range(1001))
    seconds = plain.total_seconds
    certified = plain.certificate is not None
    measured = f"{seconds:.1f} s, {'with' if certified else 'without'} proof"
    limit = f"at most {_LIST_SECONDS} s, with proof"
    yield Figure("its compile time", limit, measured, round(seconds, 2), certified and seconds <= _LIST_SECONDS)
    for name, contract, most in WALKS:
        verdict = judged(compile_example(name, effort.searching()), judge, effort.inputs, effort.seed)
        searched = f"-O3, {effort.budget:g} s of search" if effort.budget else "-O3"
        yield verdict.figure(f"tree_walk, {contract}, {searched}", f"right, at most {most:,} cycles", range(most + 1))
    for path in sorted(data_path("examples").glob("*.vk"), key=lambda path: path.name):
        yield gap(f"{path.stem}, -O3", path.read_text(encoding="utf-8"), Options(optimise=3), 1.05)
    walk = (data_path("examples") / "tree_walk.vk").read_text(encoding="utf-8")
    for sizes in sampled(effort.samples, effort.seed):
        label = ", ".join(f"{key} {value:,}" for key, value in sizes.items())
        yield gap(label, walk, Options(optimise=3, defines=sizes), 1.10)
    for name, text in relatives().items():
        yield gap(name, text, Options(optimise=3), 1.10)


def gap(label: str, text: str, options: Options, most: float) -> Figure:
    """Cycles over the strategy bound; not reached if two inputs do not come out right.

    Without a choice of strategies it is the bound of the operations that the program is made of; that one is told, too.
    """
    compilation = compile_source(Source(label, text), options)
    verdict = judged(compilation, OwnJudge(), 2, 0)
    operations = measure(compilation).bound
    bound = max((strategy.bound for strategy in compilation.front.strategies), default=operations)
    ratio = verdict.cycles / max(bound, 1)
    right = verdict.right == verdict.runs
    measured = f"{ratio:.3f}: {verdict.cycles:,} over {bound:,}"
    if bound != operations:
        measured += f", operations {operations:,}"
    measured += "" if right else ", and WRONG"
    return Figure(
        label, f"right, at most {most:.2f} of the strategy bound", measured, round(ratio, 4), right and ratio <= most
    )


def sampled(count: int, seed: int) -> Iterator[dict[str, int]]:
    """Sizes of the tree walk, evenly on a logarithmic scale; drawn again while they come to too many steps."""
    rng = random.Random(seed)
    while count:
        rounds, batch = (int(lo * ((hi + 1) / lo) ** rng.random()) for lo, hi in (ROUNDS, BATCH))
        if rounds * batch <= _MAX_STEPS:
            count -= 1
            yield {"height": rng.randint(*HEIGHT), "rounds": rounds, "batch": batch}
