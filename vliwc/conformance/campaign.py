"""A campaign: thousands of random programs and the compiled examples, on our simulators and on the public one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from types import ModuleType

import numpy as np

from vliwc.conformance.compare import Difference, Ending, Run, compare
from vliwc.conformance.programs import Maker
from vliwc.driver import Options, compile_source
from vliwc.language import make_image
from vliwc.language.image import STYLES
from vliwc.machine import Program, load_machine
from vliwc.machine.slots import FORMATS
from vliwc.machine.takehome import MACHINE
from vliwc.resources import data_path
from vliwc.source import Source

LIMIT = 200
"""Cycles after which random programs, many of which never end, are cut off."""
LENGTH = 25
"""The most bundles of a random program, after those that set it up."""
NO_LIMIT = 1 << 62


@dataclass(frozen=True, slots=True)
class Report:
    """One comparison: how the run ended, or in what the simulators differ."""

    name: str
    ending: Ending | None
    cause: str = ""
    bundles: int = 0


@dataclass(slots=True)
class Tally:
    """What a campaign has come to so far."""

    endings: Counter[Ending] = field(default_factory=Counter)
    slots: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each kind of slot was in a program."""
    differences: list[Report] = field(default_factory=list)
    bundles: int = 0

    @property
    def runs(self) -> int:
        """How many comparisons there were."""
        return self.endings.total() + len(self.differences)

    @property
    def missing(self) -> list[str]:
        """The kinds of slots that no program had."""
        return [f"{engine} {op}" for engine, op in FORMATS if not self.slots[engine, op]]

    def add(self, program: Program, report: Report) -> None:
        """Counts one comparison."""
        self.slots.update((slot.engine, slot.op) for bundle in program.bundles for slot in bundle.slots)
        self.bundles += len(program.bundles)
        if report.ending is None:
            self.differences.append(report)
        else:
            self.endings[report.ending] += 1


def random_runs(programs: int, seed: int) -> Iterator[tuple[str, Run]]:
    """Random programs, each from a seed of its own, so that one of them can be run again: `seed`, `seed` + 1, …

    Half of them write no word twice in a bundle; half have pauses, and half checked debug slots, some of which fail.
    """
    machine = load_machine(MACHINE)
    for number in range(seed, seed + programs):
        maker = Maker(Random(number), machine, legal=number % 2 == 0)
        program, image = maker.program(maker.rng.randint(0, LENGTH)), maker.image()
        pauses = maker.rng.random() < 0.5
        reference = maker.reference() if maker.rng.random() < 0.5 else None
        yield f"program {number}", Run(program, image, LIMIT, pauses, reference)


def example_names() -> list[str]:
    """The shipped examples, by name."""
    return sorted(path.stem for path in data_path("examples").glob("*.vk"))


def example_runs(name: str, inputs: int, seed: int) -> Iterator[tuple[str, Run]]:
    """A shipped example, compiled, on inputs of all styles in turn."""
    path = data_path("examples") / f"{name}.vk"
    compilation = compile_source(Source(path.name, path.read_text(encoding="utf-8")), Options(machine=MACHINE))
    for number in range(inputs):
        image = make_image(
            compilation.front.kernel, np.random.default_rng([seed, number]), STYLES[number % len(STYLES)]
        )
        yield f"{name}, input {number}", Run(compilation.program, image.tolist(), NO_LIMIT)


def perform(public: ModuleType, runs: Iterator[tuple[str, Run]], tally: Tally) -> Iterator[Report]:
    """Compares run by run, and yields each comparison when it is counted."""
    machine = load_machine(MACHINE)
    for name, run in runs:
        try:
            report = Report(name, compare(public, run, machine))
        except Difference as difference:
            report = Report(name, None, str(difference))
        tally.add(run.program, report)
        yield report
