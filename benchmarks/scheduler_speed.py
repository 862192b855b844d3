"""How many schedules a second the compiled list scheduler makes: `python -m benchmarks.scheduler_speed [KERNEL.vk]`.

On one core, after warm-up: priorities, schedule and scratch allocation, everything that one step of the search needs.
The plain scheduler makes the same schedule for comparison. Exit code 1 if it does not, or if the target is missed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from vliwc.backend.legalise import legalise
from vliwc.backend.placement import place
from vliwc.backend.problem import Problem
from vliwc.backend.regions import plan
from vliwc.backend.schedulers import listing
from vliwc.backend.schedulers.urgency import Settings
from vliwc.backend.selection import Selector
from vliwc.driver import Options, optimise_source
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.tune.tuner import Tuner

TARGET = 50.0
"""Evaluations a second and core."""
_STAGGER, _RESERVE = 0.04, 8


@click.command()
@click.argument("kernel", type=click.Path(path_type=Path), required=False)
@click.option("-O", "optimise", type=click.IntRange(0, 3), default=2, show_default=True, help="Optimisation level.")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="How long to measure.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(kernel: Path | None, optimise: int, seconds: float, as_json: bool) -> None:
    """Measure evaluations a second of CPU time, on the first segment of KERNEL (default: the tree walk)."""
    problem = _first_segment(kernel or data_path("examples") / "tree_walk.vk", optimise)
    began = time.perf_counter()
    tuner = Tuner(problem)
    tuning = tuner.neutral(stagger=_STAGGER, reserve=_RESERVE, thrifty=False)
    tuner.measure(tuning, 0)
    warm_up = time.perf_counter() - began
    fast = _rate(lambda: tuner.measure(tuning, 0), seconds)
    setting = Settings(stagger=_STAGGER, reserve=_RESERVE)

    def plainly() -> object:
        return listing.run(problem, tuner.compiled.shapes, tuner.compiled.urgency, setting)

    slow = _rate(plainly, seconds)
    figures = {
        "operations": len(problem.operations),
        "warm_up_seconds": round(warm_up, 2),
        "evaluations_a_second": round(fast, 1),
        "plain_a_second": round(slow, 2),
        "ratio": round(fast / slow, 1),
        "equal": tuner.schedule(tuning) == plainly(),
    }
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            click.echo(f"{name.replace('_', ' '):<24}{value}")
    sys.exit(0 if figures["equal"] and fast >= TARGET else 1)


def _first_segment(kernel: Path, optimise: int) -> Problem:
    front = optimise_source(Source(kernel.name, kernel.read_text(encoding="utf-8")), Options(optimise=optimise))
    legal = legalise(front.graph, front.machine)
    cut = plan(legal)
    return Selector(legal, cut, place(legal, cut), front.machine).problem(0, {})


def _rate(evaluate: Callable[[], object], seconds: float) -> float:
    """Evaluations per second of CPU time, measured for so many seconds."""
    count, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        evaluate()
        count += 1
    return count / spent


if __name__ == "__main__":
    main()
