"""Schedules from priorities, made plainly or by machine code: equal ones, so that only the time tells which it was.

Machine code is fifty times as fast, but to load it takes a second. So a search is worth it if it would take that long
without, or if it has been loaded already.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import listing
from vliwc.backend.schedulers.justify import MARGIN, latest_starts
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import NO_LIMITS, Settings, Urgency

Order = npt.NDArray[np.intp]
"""The operations, the most urgent first."""
Starts = npt.NDArray[np.int32]
"""For each operation a cycle."""
Forms = Sequence[Sequence[int]]
"""For each class of operations the forms in the order in which they are tried, as positions in `Shapes.choices`. Those
that are missing are *spare*: operations take them in slots that are left over at the end of a cycle."""

_COMPILED = "vliwc.backend.schedulers.compiled"
_PLAIN_WORK = 30_000
"""How many operations are scheduled plainly in about the time in which machine code is loaded."""


class Made(Protocol):
    """A schedule as it comes from a `Maker`."""

    @property
    def cycles(self) -> int:
        """Its length."""

    @property
    def peak(self) -> int:
        """The most words of scratch that are taken at a time."""

    def late(self, *, by_paths: bool = False) -> Starts | None:
        """`justify.latest_starts`; None in the odd case that slots fit much worse on the way back."""

    def schedule(self) -> Schedule:
        """The schedule itself."""


class Maker(Protocol):
    """Makes list schedules of one problem."""

    @property
    def problem(self) -> Problem:
        """The problem."""

    def with_scratch(self, words: int) -> Maker:
        """The same for a machine with so many words of scratch."""

    def order(self, settings: Settings) -> Order:
        """`Urgency.ranks` of these settings."""

    def make(self, order: Order, settings: Settings = NO_LIMITS, forms: Forms | None = None) -> Made | None:
        """The schedule with these priorities and the limits of these settings; None if there is no room in scratch.

        `forms` are those that `Shapes` offers, if they are not to be tried in its order.
        """


def maker(problem: Problem, urgency: Urgency, shapes: Shapes, runs: int) -> Maker:
    """The faster way to make about so many schedules."""
    if len(problem.operations) * runs <= _PLAIN_WORK and _COMPILED not in sys.modules:
        return Plain(problem, urgency, shapes)
    from vliwc.backend.schedulers.compiled import Compiled  # noqa: PLC0415 - imports numba, which is slow

    return Compiled(problem, urgency, shapes)


def for_runs(making: Maker, runs: int) -> Maker:
    """The same, or a faster one if there is one for about so many schedules."""
    if isinstance(making, Plain):
        return maker(making.problem, making.urgency, making.shapes, runs)
    return making


@dataclass(frozen=True, slots=True)
class Plain:
    """Makes schedules by `listing.run`."""

    problem: Problem
    urgency: Urgency
    shapes: Shapes

    def order(self, settings: Settings) -> Order:
        """See `Maker`."""
        return np.array(self.urgency.ranks(settings)[1], np.intp)

    def make(self, order: Order, settings: Settings = NO_LIMITS, forms: Forms | None = None) -> Made | None:
        """See `Maker`."""
        shapes = self.shapes
        if forms is not None:
            shapes = copy(shapes)
            tried = list(zip(self.shapes.choices, forms, strict=True))
            shapes.choices = [[choices[form] for form in positions] for choices, positions in tried]
            shapes.spare = [[c for i, c in enumerate(choices) if i not in positions] for choices, positions in tried]
        found = listing.run(self.problem, shapes, self.urgency, settings, order.tolist())
        return None if found is None else _Made(self.problem, found)

    def with_scratch(self, words: int) -> Plain:
        """See `Maker`."""
        return replace(self, problem=self.problem.with_scratch(words))


@dataclass(frozen=True, slots=True)
class _Made:
    problem: Problem
    found: Schedule

    @property
    def cycles(self) -> int:
        return self.found.cycles

    @property
    def peak(self) -> int:
        return self.found.peak

    def late(self, *, by_paths: bool = False) -> Starts | None:
        starts = latest_starts(self.problem, self.found, by_paths=by_paths)
        issued = (start for start, operation in zip(starts, self.problem.operations, strict=True) if operation.forms)
        return None if min(issued, default=0) < -MARGIN else np.array(starts, np.int32)

    def schedule(self) -> Schedule:
        return self.found
