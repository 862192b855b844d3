"""Schedulers on random problems of all families: `python -m benchmarks.schedulers [--size N …] [--schedule NAME …]`.

For each size and scheduler: the mean and the worst gap to the best lower bound that any scheduler of the run has
proved, how many schedules are optimal by that, and the time of scheduling (CPU time; wall-clock time of schedulers that
use several cores) and of bounding. Machine code is loaded before the clock starts. Every schedule is verified by the
checker, and every argument of `bounds` too. `benchmarks/families.py` makes the problems from a seed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from statistics import mean

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import families
from vliwc.backend.bound_check import check_argument
from vliwc.backend.bounds import SMALL_TARIFF, segment_bound
from vliwc.backend.problem import Schedule
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import schedule_names, scheduler, searches
from vliwc.backend.schedulers.compiled import Compiled
from vliwc.backend.schedulers.effort import Effort
from vliwc.report.layout import plain_table, plain_text

SIZES = (100, 300, 1000, 10_000)


@dataclass(frozen=True, slots=True)
class Figure:
    """One problem scheduled: cycles, the best bound that a scheduler of the run has proved, and CPU seconds."""

    family: str
    operations: int
    seed: int
    tight: bool
    schedule: str
    cycles: int
    bound: int
    seconds: float
    bound_seconds: float

    @property
    def gap(self) -> float:
        """How far the cycles are above the bound, relative to the bound."""
        return self.cycles / self.bound - 1


def figures(
    sizes: Iterable[int], kinds: Iterable[str], names: Iterable[str], seeds: int, tight: bool, effort: Effort | None
) -> Iterator[Figure]:
    """Schedules all problems of some families with all schedulers, one after the other."""
    chosen, drawn = tuple(names), tuple(kinds)
    _load()
    for size in sizes:
        for family in drawn:
            for seed in range(seeds):
                problem = families.make(family, size, seed, tight=tight)
                began = time.process_time()
                bound = segment_bound(problem, variables=SMALL_TARIFF)
                spent = time.process_time() - began
                assert bound.argument is not None
                check_argument(problem, bound.argument.as_json())
                tried: list[tuple[str, Schedule, float]] = []
                for name in chosen:
                    began = time.perf_counter() if searches(name) else time.process_time()
                    found = scheduler(name, effort or Effort())(problem, 0, None)
                    ended = time.perf_counter() if searches(name) else time.process_time()
                    assert found is not None, "a schedule in program order exists"
                    check_schedule(problem, found)
                    tried.append((name, found, ended - began))
                best = max(bound.best, *(found.bound for _, found, _ in tried))
                for name, found, seconds in tried:
                    yield Figure(family, size, seed, tight, name, found.cycles, best, seconds, spent)


def _load() -> None:
    """Loads what is compiled, which takes a second once a process."""
    problem = families.make("layers", 30, 0)
    made = Compiled(problem).make(np.arange(len(problem.operations)))
    assert made is not None and made.late() is not None


@click.command()
@click.option("--size", "sizes", type=click.IntRange(10), multiple=True, help="Operations (repeatable). Default: all.")
@click.option("--schedule", "names", type=click.Choice(schedule_names()), multiple=True, help="Default: list.")
@click.option("--family", "kinds", type=click.Choice(families.names()), multiple=True, help="Repeatable. Default: all.")
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Problems a family and size.")
@click.option("--tight", is_flag=True, help="Scratch that binds.")
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), help="Seconds for schedulers that search.")
@click.option("--families", "by_family", is_flag=True, help="One row for each family.")
@click.option("--json", "as_json", is_flag=True, help="Print every figure as JSON.")
def main(
    sizes: tuple[int, ...],
    kinds: tuple[str, ...],
    names: tuple[str, ...],
    seeds: int,
    tight: bool,
    time_limit: float | None,
    by_family: bool,
    as_json: bool,
) -> None:
    """Measure schedulers against lower bounds on random problems."""
    effort = Effort(seconds=time_limit) if time_limit else None
    found: list[Figure] = []
    with Console(stderr=True).status("scheduling …") as status:
        for figure in figures(sizes or SIZES, kinds or families.names(), names or ("list",), seeds, tight, effort):
            found.append(figure)
            status.update(f"{figure.family} {figure.operations}: {figure.schedule} {figure.cycles} / {figure.bound}")
    if as_json:
        click.echo(json.dumps([asdict(figure) for figure in found], indent=1))
    else:
        click.echo(plain_text(_table(found, by_family)), nl=False)


def _table(found: list[Figure], by_family: bool) -> Table:
    numbers = ("operations", "problems", "mean gap", "worst gap", "optimal", "s", "worst s", "bound s")
    table = plain_table("operations", "family", "schedule", *numbers[1:], right=numbers)
    groups: dict[tuple[int, str, str], list[Figure]] = {}
    for figure in found:
        key = figure.operations, figure.family if by_family else "all", figure.schedule
        groups.setdefault(key, []).append(figure)
    for (size, family, name), group in groups.items():
        gaps = [figure.gap for figure in group]
        table.add_row(
            f"{size:,}",
            family,
            name,
            str(len(group)),
            f"{mean(gaps):.2%}",
            f"{max(gaps):.1%}",
            f"{sum(gap <= 0 for gap in gaps) / len(gaps):.0%}",
            f"{mean(f.seconds for f in group):.3f}",
            f"{max(f.seconds for f in group):.3f}",
            f"{mean(f.bound_seconds for f in group):.3f}",
        )
    return table


if __name__ == "__main__":
    main()
