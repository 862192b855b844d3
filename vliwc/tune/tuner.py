"""From a tuning to a schedule."""

from __future__ import annotations

import numpy as np

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers.compiled import Compiled, Limits, Order, Outcome
from vliwc.backend.schedulers.packed import Floats, Records
from vliwc.tune.tuning import KNOTS, Tuning


class Tuner:
    """A problem, ready to be scheduled with one tuning after the other. Threads may share it."""

    def __init__(self, problem: Problem) -> None:
        self.compiled = Compiled(problem)
        self.length = self.compiled.urgency.length
        """The critical path in cycles."""
        self.strands = len(self.compiled.packed.strands)
        self.classes = len(self.compiled.packed.kinds)
        operations = self.compiled.packed.operations
        self._class, self._strand = operations["kind"], operations["strand"]
        self._height = operations["height"] / self.length
        self._knots = np.linspace(0, 1, KNOTS)
        self._first_form = self.compiled.packed.kinds["first_choice"].tolist()
        self._forms = tuple(tuple(range(len(choices))) for choices in self.compiled.shapes.choices)

    def neutral(self, stagger: float = 0.0, drift: float = 0.0, reserve: int = 0, strands: int | None = None) -> Tuning:
        """What `urgency.Settings` with this stagger, drift, reserve and limit of strands stands for."""
        slope = stagger * self.length
        return Tuning(
            offsets=tuple(s * slope for s in range(self.strands)),
            paces=(0.0,) * self.strands,
            weights=(0.0,) * self.classes,
            curve=(0.0,) * KNOTS,
            forms=self._forms,
            strands=self.strands if strands is None else strands,
            drift=drift * self.length / max(len(self._class), 1),
            reserve=reserve,
            noise=0.0,
            noise_seed=0,
        )

    def fits(self, tuning: Tuning) -> bool:
        """Is this a tuning of a problem with as many strands, classes and forms?"""
        sizes = len(tuning.offsets), len(tuning.paces), len(tuning.weights), len(tuning.curve)
        forms = tuple(tuple(sorted(order)) for order in tuning.forms)
        return sizes == (self.strands, self.strands, self.classes, KNOTS) and forms == self._forms

    def measure(self, tuning: Tuning, target: int) -> Outcome | None:
        """How good the tuning's schedule is (see `Compiled.measure`), or None if it has none."""
        return self.compiled.measure(self._order(tuning), self._limits(tuning), self._choices(tuning), target)

    def schedule(self, tuning: Tuning) -> Schedule | None:
        """The tuning's schedule; None if there is no room in scratch."""
        return self.compiled.run(self._order(tuning), self._limits(tuning), self._choices(tuning))

    def _limits(self, tuning: Tuning) -> Limits:
        return Limits(tuning.strands, tuning.reserve)

    def _choices(self, tuning: Tuning) -> Records:
        places = [first + i for first, order in zip(self._first_form, tuning.forms, strict=True) for i in order]
        return self.compiled.packed.choices[np.array(places, np.intp)]

    def _order(self, tuning: Tuning) -> Order:
        return self.compiled.order(np.array(tuning.offsets), tuning.drift, self._extra(tuning))

    def _extra(self, tuning: Tuning) -> Floats:
        extra: Floats = np.array(tuning.weights)[self._class] if self.classes else np.zeros(len(self._class))
        extra = extra + np.interp(self._height, self._knots, tuning.curve)
        if self.strands:
            extra += np.array(tuning.paces)[self._strand] * (1 - self._height)
        if tuning.noise:  # RandomState's numbers are the same in all versions of numpy
            extra += np.random.RandomState(tuning.noise_seed).random_sample(len(extra)) * tuning.noise
        return extra
