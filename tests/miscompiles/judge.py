"""Who catches a damaged program: reader, validator or certifier. None of them runs it on data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

import numpy as np

from tests.backend.harness import image_of
from tests.miscompiles import arithmetic, constants, control, emission, form, memory, registers, timing
from tests.miscompiles.flow import Flow
from tests.miscompiles.kinds import Damaged, Kind
from tests.miscompiles.subjects import Subject
from vliwc.backend.certifier import ProofFailed, certify
from vliwc.errors import DataError
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Mode
from vliwc.machine import Program, ProgramError, SimulationFault, parse_assembly, program_from_json, simulate, validate

GROUPS = {
    "operations": arithmetic.KINDS,
    "constants": constants.KINDS,
    "registers": registers.KINDS,
    "schedule": timing.KINDS,
    "memory": memory.KINDS,
    "control": control.KINDS,
    "form": form.KINDS,
    "texts": emission.KINDS,
}
KINDS = {kind.name: kind for group in GROUPS.values() for kind in map(Kind, group)}
"""All kinds of miscompiles by name."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who refuses a damaged program, each of them asked by itself. A text that cannot be read is asked nothing more."""

    reader: bool = False
    validator: bool = False
    certifier: bool = False

    @property
    def caught(self) -> bool:
        """Does anyone refuse it?"""
        return self.reader or self.validator or self.certifier


def judge(subject: Subject, damaged: Damaged) -> Verdict:
    """Asks reader, validator and certifier."""
    program = damaged
    if isinstance(program, str):
        try:
            program = (
                parse_assembly(program)
                if program.startswith("machine")
                else program_from_json(program, subject.machine)
            )
        except DataError:
            return Verdict(reader=True)
        except ProgramError:
            return Verdict(validator=True)
    try:
        validate(program, subject.machine)
        valid = True
    except ProgramError:
        valid = False
    try:
        certify(subject.graph, program, subject.machine, subject.witness)
        proven = True
    except ProofFailed:
        proven = False
    return Verdict(validator=not valid, certifier=not proven)


def damages(subject: Subject, flow: Flow, kind: Kind, count: int, seed: int = 0) -> Iterator[Damaged]:
    """Up to `count` damaged programs of one kind, different from the original; equal arguments give equal ones."""
    return islice(kind.mutate(flow, Random(f"{subject.name} {kind.name} {seed}")), count)


def wrong_in_a_run(subject: Subject, program: Program, images: int = 2) -> bool:
    """Does the program fault, or leave other words than the graph says, on some random memory image?

    This catches nothing: it tells whether a program that nobody refuses is wrong.
    """
    graph = subject.graph
    kept = np.ones(graph.image_words, dtype=bool)
    for array in graph.arrays.values():
        kept[array.base : array.end] = array.mode is not Mode.CONSUMED
    for seed in range(images):
        image = image_of(graph, seed)
        try:
            final = simulate(program, subject.machine, image, max_cycles=20_000).memory
        except (ProgramError, SimulationFault):
            return True
        if not np.array_equal(final[kept], evaluate(graph, image)[kept]):
            return True
    return False
