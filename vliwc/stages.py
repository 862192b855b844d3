"""Every stage of one compilation against the interpreter: graphs after each pass, selected operations, bundles.

    kernel ─interpret─┬─ graph after lower ─┬─ … ─┬─ graph after the last pass ─┬─ selected operations ─┬─ program

The first stage that differs names the culprit, since the one before it was still right on the same inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np

from vliwc.backend import Generated
from vliwc.backend.evaluator import Layout, Selected, evaluate_selected
from vliwc.differential import Mismatch, find_mismatch
from vliwc.errors import InternalError, VliwcError
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Graph
from vliwc.ir.ops import Lanes
from vliwc.language import Kernel, KernelFault, interpret, make_image
from vliwc.machine import Machine
from vliwc.machine.fast import FastSimulator
from vliwc.machine.program import Program

SELECTED = "selected operations"
PROGRAM = "program"

INPUTS = ("random", "edges", "small")
"""The kinds of input on which stages are compared, one of each."""


class StageDiffers(InternalError):
    """A stage computes something else than the kernel. `stage` names it; `mismatch` is None if it faulted instead."""

    def __init__(self, stage: str, style: str, cause: str, mismatch: Mismatch | None) -> None:
        super().__init__(
            f"after '{stage}' the kernel means something else: {cause} (on {style} input)",
            help="this is a bug in vliwc; `vliwc bisect` and `vliwc reduce` make it small",
        )
        self.stage = stage
        self.mismatch = mismatch


@dataclass(frozen=True, slots=True)
class _Trial:
    style: str
    image: Lanes
    expected: Lanes


class Comparison:
    """Inputs for a kernel and what the interpreter makes of them. Equal seeds give equal inputs."""

    def __init__(self, kernel: Kernel, seed: int = 0, styles: tuple[str, ...] = INPUTS) -> None:
        self.kernel = kernel
        self.seed = seed
        self.trials: list[_Trial] = []
        """One for each style on which the kernel has a meaning: it may divide by 0 on others."""
        self._right: list[Selected] = []
        for number, style in enumerate(styles):
            image = make_image(kernel, np.random.default_rng([seed, number]), style)
            try:
                self.trials.append(_Trial(style, image, interpret(kernel, image)))
            except KernelFault:
                continue

    def graph(self, stage: str, graph: Graph) -> None:
        """Raises StageDiffers unless the graph after pass `stage` computes what the kernel does."""
        self._compare(stage, lambda image: evaluate(graph, image))

    def generated(self, generated: Generated, machine: Machine) -> None:
        """Raises StageDiffers unless the selected operations, in their first forms and in random ones, and the program
        do."""
        self.selected(generated.selected)
        self.program(generated.program, machine)

    def selected(self, selected: Selected) -> None:
        """Raises StageDiffers unless the selected operations do, in their first forms and in random ones.

        Operations that were found to be right before are not run again.
        """
        if any(selected.same_work(other) for other in self._right):
            return
        layout = Layout(selected)
        self._compare(SELECTED, lambda image: evaluate_selected(selected, image, layout=layout))
        self._compare(
            f"{SELECTED}, in other forms",
            lambda image: evaluate_selected(selected, image, Random(self.seed), layout),
        )
        self._right.append(selected)

    def program(self, program: Program, machine: Machine) -> None:
        """Raises StageDiffers unless the program does; it runs on all inputs together."""
        if not self.trials:
            return
        outcomes = FastSimulator(program, machine).run(np.array([trial.image for trial in self.trials]))
        numbers = iter(range(len(self.trials)))
        self._compare(PROGRAM, lambda _: outcomes.result(next(numbers)).memory)

    def _compare(self, stage: str, run: Callable[[Lanes], Lanes]) -> None:
        for trial in self.trials:
            try:
                found = run(trial.image)
            except VliwcError as error:
                raise StageDiffers(stage, trial.style, error.message, None) from error
            mismatch = find_mismatch(self.kernel, stage, trial.expected, found)
            if mismatch is not None:
                cause = f"{mismatch.place} is {mismatch.found:#x}, not {mismatch.expected:#x}"
                raise StageDiffers(stage, trial.style, cause, mismatch)
