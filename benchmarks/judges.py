"""Who says whether a compiled tree walk is right, and how many cycles it takes.

Two judges with one interface: our own interpreter and simulator, and the public benchmark's, from a checkout that the
user has at hand. Nothing of the public code is kept here: its module is loaded from the path, and asked.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from vliwc.conformance.public import load_public, public_instructions
from vliwc.ir.ops import Lanes
from vliwc.language import Kernel, interpret, make_image
from vliwc.language.image import STYLES
from vliwc.machine import Machine, Program
from vliwc.machine.fast import FastSimulator


@dataclass(frozen=True, slots=True)
class Case:
    """A memory image at the start, and what it has to become: 1-D u32 arrays of the kernel's size."""

    start: Lanes
    expected: Lanes


class Judge(Protocol):
    """A source of inputs with their results, and a simulator."""

    name: str

    def cases(self, kernel: Kernel, count: int, seed: int) -> Iterator[Case]:
        """`count` inputs for a tree walk, always the same for one seed."""

    def run(self, program: Program, machine: Machine, starts: Sequence[Lanes]) -> Iterator[tuple[Lanes, int]]:
        """For each of `starts` the memory after the program has run on it, and the cycles that it took."""


class OwnJudge:
    """Our interpreter and our fast simulator, with the strict checks."""

    name = "vliwc's own simulator"

    def cases(self, kernel: Kernel, count: int, seed: int) -> Iterator[Case]:
        """Inputs of all styles in turn."""
        for number in range(count):
            start = make_image(kernel, np.random.default_rng([seed, number]), STYLES[number % len(STYLES)])
            yield Case(start, interpret(kernel, start))

    def run(self, program: Program, machine: Machine, starts: Sequence[Lanes]) -> Iterator[tuple[Lanes, int]]:
        """Raises SimulationFault for whatever a compiler must not emit."""
        outcomes = FastSimulator(program, machine, strict=True).run(np.array(starts))
        for result in map(outcomes.result, range(len(starts))):
            yield result.memory, result.cycles


class PublicJudge:
    """The public benchmark's frozen simulator and reference. Only for its machine (`takehome`) and its kernel."""

    name = "the public frozen simulator"

    def __init__(self, checkout: Path) -> None:
        """Raises UsageError if `checkout` does not hold the public repository."""
        self._public = load_public(checkout)

    def cases(self, kernel: Kernel, count: int, seed: int) -> Iterator[Case]:
        """Inputs as the public tests make them; with random start nodes where the kernel allows any."""
        public = self._public
        indices = kernel.arrays["indices"]
        random.seed(seed)
        for _ in range(count):
            tree = public.Tree.generate(kernel.params["height"])
            walkers = public.Input.generate(tree, kernel.params["batch"], kernel.params["rounds"])
            walkers.indices = [random.randint(indices.lo, indices.hi) for _ in walkers.indices]
            memory = public.build_mem_image(tree, walkers)
            start = np.array(memory, dtype=np.uint32)
            *_, final = public.reference_kernel2(memory)
            yield Case(start, np.array(final, dtype=np.uint32))

    def run(self, program: Program, machine: Machine, starts: Sequence[Lanes]) -> Iterator[tuple[Lanes, int]]:
        """Runs as the public submission tests do: pauses and debug slots are off."""
        instructions = public_instructions(program)
        for start in starts:
            core = self._public.Machine(start.tolist(), instructions, self._public.DebugInfo({}))
            core.enable_pause = False
            core.enable_debug = False
            core.run()
            yield np.array(core.mem, dtype=np.uint32), core.cycle
