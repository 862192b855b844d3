"""Dives for schedules of a number of cycles, several at a time and each its own way, until one finds one (see `dive`).

Where they hardly begin, there may well be no schedule: that is asked of a program like theirs, in which operations of
one slot may not be divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random

from vliwc.backend.bounds.divided import WholeProgram, periods_of
from vliwc.backend.schedulers.cpsat.dive import VARIABLES, Block, Dive
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.timetable import Timetable

_LATE = (0.3, 0.0, 0.5, 0.15)
"""What share of the cycles is fixed from the end, by turns."""
_DELAY = 0.2
"""Dives may be late by such a share of what they may take."""
_HOPEFUL, _HOPELESS = 0.5, 0.2
"""If no dive has closed such a share of the cycles, others will hardly find anything; or not even begin."""


class Diver:
    """Dives for schedules of one problem, without regard to scratch. Operations keep to their `heads` and `tails`."""

    def __init__(
        self, instance: Instance, heads: Sequence[int], tails: Sequence[int], solver: Solver, seed: int
    ) -> None:
        self._block = Block(instance, heads, tails)
        self._solver = solver
        self._seed = seed
        self._found = False
        self._deepest = 0.0
        """What share of the cycles any of the last dives has closed at most."""

    @property
    def hopeless(self) -> bool:
        """Have the last dives hardly begun?"""
        return self._deepest < _HOPELESS

    def find(self, cycles: int, most: float) -> Timetable | None:
        """A timetable of so many cycles, or None if none is found within so many seconds or units of work, or if dives
        do not get far."""
        meter, workers = self._solver.meter, self._solver.meter.effort.workers
        until, number = meter.left() - most, 0
        self._found, self._deepest = False, 0.0
        while meter.left() > until and not self._solver.stopped and (not number or self._deepest > _HOPEFUL):
            dives = [partial(self._dive, cycles, number + i, until, most) for i in range(workers)]
            for found in self._solver.together(dives):
                if found is not None:
                    return found
            number += workers
        return None

    def _dive(self, cycles: int, number: int, until: float, most: float) -> Timetable | None:
        """What one dive finds as long as more effort is left than `until`, and before another dive does.

        It is given up if it would take more than `most` at its pace.
        """
        meter, instance = self._solver.meter, self._block.instance
        begun = meter.left()

        def stop(closed: float) -> bool:
            self._deepest = max(self._deepest, closed)
            left = meter.left()
            slow = closed < (begun - left) / most - _DELAY
            return self._found or self._solver.stopped or left <= until or slow

        late, random = _LATE[number % len(_LATE)], Random(f"dive/{self._seed}/{number}")
        slots = Dive(self._block, self._solver, cycles, late, random, stop).run()
        if slots is None:
            return None
        table = Timetable(instance, [slots.get(k, ()) for k in range(len(instance.problem.operations))])
        if table.cycles > cycles or not table.sound():  # windows hold for the quickest forms
            return None
        self._found = True
        return table

    def refutes(self, cycles: int, most: float) -> bool:
        """Is there certainly no schedule of so many cycles, as far as that is known in so many seconds?"""
        block, problem = self._block, self._block.instance.problem
        everything = range(len(problem.operations))
        periods = periods_of(problem, everything, block.heads, block.tails, cycles, VARIABLES)
        if periods is None:
            return False
        program = WholeProgram(problem, everything, block.heads, block.tails, periods, block.waits)
        return self._solver.refutes(program, most=most)
