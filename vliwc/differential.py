"""Differential testing: the interpreter's result for an input against that of the graph and of the program.

The interpreter is the oracle. All words that a kernel promises are compared: the header, arrays that are kept (`in`)
and those that hold results (`inout`, `out`). What was consumed may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vliwc.ir.evaluator import evaluate
from vliwc.ir.ops import Lanes
from vliwc.language import Kernel, interpret, make_image, results
from vliwc.language.image import STYLES, element_name

if TYPE_CHECKING:
    from vliwc.machine.fast import FastSimulator, Outcomes

BATCH_WORDS = 1 << 22
"""Words in the images that are made and run together."""

if TYPE_CHECKING:
    from vliwc.driver import Compilation


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first word in which a result differs from the interpreter's."""

    subject: str
    """What was wrong: "graph" or "program"."""
    place: str
    """The word, as the kernel would name it: `a[3]`, `header[0]`."""
    expected: int
    found: int
    words: int
    """How many words differ in all."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One input and what came of it."""

    number: int
    style: str
    """How the input was made: a style of `vliwc.language.image`."""
    cycles: int
    mismatches: tuple[Mismatch, ...]


def find_mismatch(kernel: Kernel, subject: str, expected: Lanes, found: Lanes) -> Mismatch | None:
    """Compares two final images, 1-D u32 arrays of `kernel.image_words` words, where the kernel promises a result."""
    wrong = [
        (region.name, region.start, int(offset))
        for region in results(kernel)
        for offset in np.flatnonzero(expected[region.start : region.end] != found[region.start : region.end])
    ]
    if not wrong:
        return None
    name, start, offset = wrong[0]
    place = element_name(kernel.arrays[name], offset) if name in kernel.arrays else f"{name}[{offset}]"
    return Mismatch(subject, place, int(expected[start + offset]), int(found[start + offset]), len(wrong))


def try_input(compilation: Compilation, image: Lanes, number: int = 0, style: str = "given") -> Trial:
    """Runs interpreter, graph and program on `image` (1-D, u32), and compares.

    Raises KernelFault if the kernel itself has no meaning on this input, SimulationFault if only the program faults.
    """
    return _compare(compilation, image, _simulator(compilation).run(image[np.newaxis]), 0, number, style)


def _simulator(compilation: Compilation) -> FastSimulator:
    from vliwc.machine.fast import FastSimulator  # noqa: PLC0415 - imports numba, which is slow

    return FastSimulator(compilation.program, compilation.front.machine)


def _compare(compilation: Compilation, image: Lanes, outcomes: Outcomes, run: int, number: int, style: str) -> Trial:
    """One trial, of a program that was run on `image` already."""
    front = compilation.front
    expected = interpret(front.kernel, image)
    result = outcomes.result(run)
    found = {"graph": evaluate(front.graph, image), "program": result.memory}
    mismatches = (find_mismatch(front.kernel, subject, expected, memory) for subject, memory in found.items())
    return Trial(number, style, result.cycles, tuple(m for m in mismatches if m is not None))


def style_of(number: int) -> str:
    """The kind of input of the trial of this number: random and adversarial ones take turns."""
    return STYLES[number % len(STYLES)]


def trials(compilation: Compilation, runs: int, seed: int) -> Iterator[Trial]:
    """`runs` trials on generated inputs. Raises as `try_input`."""
    kernel, simulator = compilation.front.kernel, _simulator(compilation)
    size = max(1, min(runs, BATCH_WORDS // max(1, kernel.image_words)))
    for first in range(0, runs, size):
        numbers = range(first, min(first + size, runs))
        images = [make_image(kernel, np.random.default_rng([seed, number]), style_of(number)) for number in numbers]
        outcomes = simulator.run(np.array(images))
        for run, (number, image) in enumerate(zip(numbers, images, strict=True)):
            yield _compare(compilation, image, outcomes, run, number, style_of(number))
