"""From a tuning to a schedule."""

from __future__ import annotations

import numpy as np

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers.compiled import Compiled, Limits, Outcome
from vliwc.backend.schedulers.making import Order
from vliwc.backend.schedulers.packed import Floats
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
        every = self.compiled.shapes
        self.forms = tuple(tuple(range(len(choices))) for choices in every.choices)
        """All forms of each class, as positions among those that `Shapes` offers."""
        self.thrifty = tuple(
            tuple(i for i, choice in enumerate(choices) if choice in kept)
            for choices, kept in zip(every.choices, every.thrifty(problem).choices, strict=True)
        )
        """The same without those that cost too much, which are spare then."""

    def neutral(
        self,
        stagger: float = 0.0,
        drift: float = 0.0,
        reserve: int = 0,
        strands: int | None = None,
        *,
        thrifty: bool = True,
    ) -> Tuning:
        """What `urgency.Settings` with this stagger, drift, reserve and limit of strands stands for."""
        slope = stagger * self.length
        return Tuning(
            offsets=tuple(s * slope for s in range(self.strands)),
            paces=(0.0,) * self.strands,
            weights=(0.0,) * self.classes,
            curve=(0.0,) * KNOTS,
            forms=self.thrifty if thrifty else self.forms,
            strands=self.strands if strands is None else strands,
            drift=drift * self.length / max(len(self._class), 1),
            reserve=reserve,
            noise=0.0,
            noise_seed=0,
            passes=0,
        )

    def fits(self, tuning: Tuning) -> bool:
        """Is this a tuning of a problem with as many strands, classes and forms?"""
        sizes = len(tuning.offsets), len(tuning.paces), len(tuning.weights), len(tuning.curve)
        if sizes != (self.strands, self.strands, self.classes, KNOTS) or len(tuning.forms) != self.classes:
            return False
        return all(
            order and len(set(order)) == len(order) and set(order) <= set(known)
            for order, known in zip(tuning.forms, self.forms, strict=True)
            if known
        )

    def measure(self, tuning: Tuning, target: int) -> Outcome | None:
        """How good the tuning's schedule is (see `Compiled.measure`), or None if it has none."""
        menu = self.compiled.menu(tuning.forms)
        return self.compiled.measure(self._order(tuning), self._limits(tuning), menu, target, tuning.passes)

    def schedule(self, tuning: Tuning) -> Schedule | None:
        """The tuning's schedule; None if there is no room in scratch."""
        menu = self.compiled.menu(tuning.forms)
        return self.compiled.run(self._order(tuning), self._limits(tuning), menu, tuning.passes)

    def _limits(self, tuning: Tuning) -> Limits:
        return Limits(tuning.strands, tuning.reserve)

    def _order(self, tuning: Tuning) -> Order:
        return self.compiled.staggered(np.array(tuning.offsets), tuning.drift, self._extra(tuning))

    def _extra(self, tuning: Tuning) -> Floats:
        extra: Floats = np.array(tuning.weights)[self._class] if self.classes else np.zeros(len(self._class))
        extra = extra + np.interp(self._height, self._knots, tuning.curve)
        if self.strands:
            extra += np.array(tuning.paces)[self._strand] * (1 - self._height)
        if tuning.noise:  # RandomState's numbers are the same in all versions of numpy
            extra += np.random.RandomState(tuning.noise_seed).random_sample(len(extra)) * tuning.noise
        return extra
