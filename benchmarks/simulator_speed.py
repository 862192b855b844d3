"""How fast the simulators are: `python -m benchmarks.simulator_speed [KERNEL.vk] [--public CHECKOUT]`.

Instances times bundles a second of CPU time on one core, after warm-up, and the ratio to a plain stepper in Python. All
have to come to the same memory and cycles. Exit code 1 if they do not, or if a target is missed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import plain_stepper
from benchmarks.first_light import VARIABLE
from vliwc.conformance.public import load_public, public_instructions
from vliwc.driver import Options, compile_source
from vliwc.errors import VliwcError
from vliwc.ir.ops import Lanes
from vliwc.language import Kernel, make_image
from vliwc.machine import Machine, Program, Simulation
from vliwc.machine.fast import FastSimulator, Outcomes
from vliwc.resources import data_path
from vliwc.source import Source

MANY, ONE = 100.0, 20.0
"""How many times the plain stepper's throughput the fast simulator has to reach, on many images and on one."""

Results = list[tuple[list[int], int]]
"""For each image the memory at the end, and the cycles."""


@dataclass(frozen=True, slots=True)
class Runner:
    """A simulator with a program. `run` takes images (n × words), and `results` what it returns."""

    name: str
    run: Callable[[Lanes], Any]
    results: Callable[[Any], Results] = list


@dataclass(frozen=True, slots=True)
class Speed:
    """One row: a simulator on some images, in instances times bundles a second."""

    simulator: str
    images: int
    bundles_a_second: float
    ratio: float
    """To the plain stepper."""
    target: float | None
    equal: bool
    """Whether memory and cycles are the plain stepper's."""

    @property
    def reached(self) -> bool:
        """Whether the results are right and the target, if there is one, is met."""
        return self.equal and (self.target is None or self.ratio >= self.target)


@click.command()
@click.argument("kernel", type=click.Path(path_type=Path), required=False)
@click.option("-O", "optimise", type=click.IntRange(0, 3), default=2, show_default=True, help="Optimisation level.")
@click.option("--images", type=click.IntRange(2), default=256, show_default=True, help="How many are many.")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=2.0, show_default=True, help="Time for each row.")
@click.option(
    "--public",
    type=click.Path(path_type=Path),
    envvar=VARIABLE,
    show_envvar=True,
    help="A checkout of anthropics/original_performance_takehome, to measure its simulator too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(kernel: Path | None, optimise: int, images: int, seconds: float, public: Path | None, as_json: bool) -> None:
    """Measure all simulators on KERNEL (default: the tree walk)."""
    path = kernel or data_path("examples") / "tree_walk.vk"
    try:
        compilation = compile_source(Source(path.name, path.read_text(encoding="utf-8")), Options(optimise=optimise))
        rows = measure(
            compilation.program, compilation.front.machine, _images(compilation.front.kernel, images), seconds, public
        )
    except VliwcError as error:
        click.echo(f"error: {error.message}\n{error.help or ''}".rstrip(), err=True)
        sys.exit(error.exit_code)
    if as_json:
        click.echo(json.dumps([asdict(row) | {"reached": row.reached} for row in rows], indent=2))
    else:
        Console().print(_table(rows, f"{path.stem}: {len(compilation.program.bundles):,} bundles"))
    sys.exit(0 if all(row.reached for row in rows) else 1)


def measure(program: Program, machine: Machine, images: Lanes, seconds: float, public: Path | None) -> list[Speed]:
    """All rows. A row takes `seconds` of CPU time, and at least one round."""
    plain = _stepper("plain stepper", plain_stepper.Machine, plain_stepper.DebugInfo, program)
    fast = Runner("fast", FastSimulator(program, machine).run, _outcomes)
    strict = Runner("strict", lambda batch: [_strictly(program, machine, image) for image in batch])
    plan = [(plain, images[:1], None), (strict, images[:1], None), (fast, images[:1], ONE), (fast, images, MANY)]
    if public is not None:
        module = load_public(public)
        plan.insert(1, (_stepper("public", module.Machine, module.DebugInfo, program), images[:1], None))
    expected = plain.results(plain.run(images))
    rows: list[Speed] = []
    for runner, batch, target in plan:
        equal = runner.results(runner.run(batch)) == expected[: len(batch)]  # this is the warm-up, too
        executed = sum(cycles for _, cycles in expected[: len(batch)])
        speed = executed * _rate(runner.run, batch, seconds)
        ratio = speed / rows[0].bundles_a_second if rows else 1.0
        rows.append(Speed(runner.name, len(batch), speed, ratio, target, equal))
    return rows


def _images(kernel: Kernel, count: int) -> Lanes:
    return np.array([make_image(kernel, np.random.default_rng([0, number])) for number in range(count)])


def _stepper(name: str, make: Callable[..., Any], debug_info: Callable[..., Any], program: Program) -> Runner:
    instructions = public_instructions(program)

    def run(images: Lanes) -> Results:
        results = []
        for image in images.tolist():
            core = make(image, instructions, debug_info({}))
            core.enable_pause = core.enable_debug = False
            core.run()
            results.append((core.mem, core.cycle))
        return results

    return Runner(name, run)


def _strictly(program: Program, machine: Machine, image: Lanes) -> tuple[list[int], int]:
    result = Simulation(program, machine, image).run()
    return result.memory.tolist(), result.cycles


def _outcomes(outcomes: Outcomes) -> Results:
    results = map(outcomes.result, range(len(outcomes.cycles)))
    return [(result.memory.tolist(), result.cycles) for result in results]


def _rate(run: Callable[[Lanes], object], images: Lanes, seconds: float) -> float:
    """Rounds per second of CPU time."""
    count, began = 0, time.process_time()
    while (spent := time.process_time() - began) < seconds:
        run(images)
        count += 1
    return count / spent


def _table(rows: list[Speed], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("simulator", "images", "instances × bundles / s", "ratio", "at least", ""):
        table.add_column(heading, justify="left" if heading in ("simulator", "") else "right")
    for row in rows:
        verdict = ("reached" if row.target else "") if row.reached else "[bold red]MISSED[/]"
        target = f"{row.target:,.0f} ×" if row.target else ""
        speed, ratio = f"{row.bundles_a_second:,.0f}", f"{row.ratio:,.1f} ×"
        table.add_row(row.simulator, str(row.images), speed, ratio, target, verdict if row.equal else "WRONG RESULT")
    return table


if __name__ == "__main__":
    main()
