"""Dives for schedules of a number of cycles, several at a time and each its own way, until one finds one (see `dive`).

Where they hardly begin, there may well be no schedule: that is asked of a program like theirs, in which operations of
one slot may not be divided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from random import Random

from vliwc.backend.bounds.divided import WholeProgram, periods_of
from vliwc.backend.schedulers.cpsat.dive import Block, Dive, Manner
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.timetable import Timetable

_VARIABLES = (1_000, 1_500)
_LATE = (0.15, 0.3, 0.5)
"""The manners of dives, by turns: larger programs find no more, and take more time."""
_PROGRAMS = 1.5
"""So many linear programs for each cycle a dive may solve in the first round of all manners, twice as many in the
second, and so on."""
_WHOLE_VARIABLES = 4_000
"""About how many variables an integer program may have."""
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
        self._found: Timetable | None = None
        self._deepest = 0.0
        """What share of the cycles any of the last dives has closed at most."""

    @property
    def hopeless(self) -> bool:
        """Have the last dives hardly begun?"""
        return self._deepest < _HOPELESS

    def find(self, cycles: int, most: float) -> Timetable | None:
        """A timetable of so many cycles, or None if none is found within so many seconds or units of work, or if dives
        do not get far."""
        workers = self._solver.meter.effort.workers
        self._found, self._deepest = None, 0.0
        until, numbers = self._solver.meter.left() - most, count()
        self._solver.together([partial(self._some_dives, cycles, numbers, until, most)] * workers)
        return self._found

    def _some_dives(self, cycles: int, numbers: Iterator[int], until: float, most: float) -> None:
        """Dives one after the other, as long as more effort is left than `until` and there is hope."""
        for number in numbers:
            over = self._solver.stopped or self._solver.meter.left() <= until
            if self._found is not None or over or (number >= len(_LATE) and self._deepest <= _HOPEFUL):
                return
            found = self._dive(cycles, number, until, most)
            self._found = self._found or found

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
            return self._found is not None or self._solver.stopped or left <= until or slow

        programs = round(_PROGRAMS * cycles * (1 + number // (len(_VARIABLES) * len(_LATE))))
        manner = Manner(_VARIABLES[number % len(_VARIABLES)], _LATE[number % len(_LATE)], programs)
        slots = Dive(self._block, self._solver, cycles, manner, Random(f"dive/{self._seed}/{number}"), stop).run()
        if slots is None:
            return None
        table = Timetable(instance, [slots.get(k, ()) for k in range(len(instance.problem.operations))])
        if table.cycles > cycles or not table.sound():  # windows hold for the quickest forms
            return None
        return table

    def refutes(self, cycles: int, most: float) -> bool:
        """Is there certainly no schedule of so many cycles, as far as that is known in so many seconds?"""
        block, problem = self._block, self._block.instance.problem
        everything = range(len(problem.operations))
        periods = periods_of(problem, everything, block.heads, block.tails, cycles, _WHOLE_VARIABLES)
        if periods is None:
            return False
        program = WholeProgram(problem, everything, block.heads, block.tails, periods, block.waits)
        return self._solver.refutes(program, most=most)
