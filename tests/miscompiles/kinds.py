"""What a kind of miscompile is, and how its mutator yields damaged programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from tests.miscompiles.edits import put
from tests.miscompiles.flow import Flow, Step
from vliwc.machine import Program, Slot

Damaged = Program | str
"""A program, or the text of one: assembly, or the interchange form."""

Mutator = Callable[[Flow, Random], Iterator[Damaged]]
"""Yields damaged programs in a random order. Each of them does something else than the program that it was made of."""


@dataclass(frozen=True)
class Kind:
    """One kind of wrong output."""

    mutate: Mutator

    @property
    def name(self) -> str:
        """The mutator's name, in words."""
        return self.mutate.__name__.replace("_", " ")

    @property
    def wrong(self) -> str:
        """What the compiler did wrong: the mutator's docstring."""
        return " ".join((self.mutate.__doc__ or "").split())


def shuffled(steps: Iterable[Step], rng: Random) -> list[Step]:
    """The steps in a random order."""
    found = list(steps)
    rng.shuffle(found)
    return found


def replaced(
    flow: Flow, rng: Random, steps: Iterable[Step], damage: Callable[[Step], Iterable[Slot]]
) -> Iterator[Program]:
    """For each step the first damaged slot that changes what it does, in place of its own."""
    for step in shuffled(steps, rng):
        for slot in damage(step):
            if flow.changes(step, slot):
                yield put(flow.program, step.site, slot)
                break
