"""Who says whether a compiled tree walk is right, and how many cycles it takes.

Two judges with one interface: our own interpreter and simulator, and the public benchmark's, from a checkout that the
user has at hand. Nothing of the public code is kept here: its module is loaded from the path, and asked.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np

from vliwc.errors import UsageError
from vliwc.ir.ops import Lanes
from vliwc.language import Kernel, interpret, make_image
from vliwc.language.image import STYLES
from vliwc.machine import Machine, Program, simulate
from vliwc.machine.interchange import bundle_to_json

FROZEN = Path("tests") / "frozen_problem.py"


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

    def run(self, program: Program, machine: Machine, start: Lanes) -> tuple[Lanes, int]:
        """The memory after the program has run on `start`, and the cycles that it took."""


class OwnJudge:
    """Our interpreter and our strict simulator."""

    name = "vliwc's own simulator"

    def cases(self, kernel: Kernel, count: int, seed: int) -> Iterator[Case]:
        """Inputs of all styles in turn."""
        for number in range(count):
            start = make_image(kernel, np.random.default_rng([seed, number]), STYLES[number % len(STYLES)])
            yield Case(start, interpret(kernel, start))

    def run(self, program: Program, machine: Machine, start: Lanes) -> tuple[Lanes, int]:
        """Raises SimulationFault for whatever a compiler must not emit."""
        result = simulate(program, machine, start, strict=True)
        return result.memory, result.cycles


class PublicJudge:
    """The public benchmark's frozen simulator and reference. Only for its machine (`takehome`) and its kernel."""

    name = "the public frozen simulator"

    def __init__(self, checkout: Path) -> None:
        """Raises UsageError if `checkout` does not hold the public repository."""
        self._public = _load(checkout / FROZEN)

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

    def run(self, program: Program, machine: Machine, start: Lanes) -> tuple[Lanes, int]:
        """Runs as the public submission tests do: pauses and debug slots are off."""
        public = self._public
        instructions = [bundle_to_json(bundle) for bundle in program.bundles]
        core = public.Machine(start.tolist(), instructions, public.DebugInfo({}), n_cores=public.N_CORES)
        core.enable_pause = False
        core.enable_debug = False
        core.run()
        return np.array(core.mem, dtype=np.uint32), core.cycle


def _load(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(
            f"there is no public simulator at {path}",
            help="give the path of a checkout of anthropics/original_performance_takehome, or leave the option out",
        )
    spec = importlib.util.spec_from_file_location("frozen_problem", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
