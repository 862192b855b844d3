"""The best schedule so far, and what is proved about it."""

from __future__ import annotations

from collections.abc import Callable

from vliwc.backend.bounds import Argument
from vliwc.backend.problem import Schedule
from vliwc.backend.schedulers.cpsat.placing import place
from vliwc.backend.schedulers.cpsat.timetable import Timetable


class Incumbent:
    """The schedule to better, its times, and a lower bound in cycles."""

    def __init__(
        self, schedule: Schedule, table: Timetable, bound: int, progress: Callable[[str], None] | None
    ) -> None:
        self.schedule = schedule
        self.table = table
        self.bound = bound
        self.argument: Argument | None = None
        """The best argument for a bound: see `Schedule.argument`."""
        self._progress = progress

    @property
    def cycles(self) -> int:
        """The cycles of the best schedule so far."""
        return self.schedule.cycles

    @property
    def optimal(self) -> bool:
        """Is the schedule known to be as short as any?"""
        return self.cycles <= self.bound

    def offer(self, table: Timetable) -> bool:
        """Takes a sound timetable that is no longer than the best, if its values have places; says whether it did."""
        if table.cycles > self.cycles or not table.sound():
            return False
        schedule = place(table)
        if schedule is None:
            return False
        shorter = table.cycles < self.cycles
        self.schedule, self.table = schedule, table
        if shorter:
            self.tell()
        return True

    def raise_bound(self, bound: int, argument: Argument | None = None) -> None:
        """There is no schedule with fewer cycles than this; perhaps there is an argument for that."""
        if argument is not None and (self.argument is None or argument.bound > self.argument.bound):
            self.argument = argument
        if bound > self.bound:
            self.bound = bound
            self.tell()

    def tell(self) -> None:
        """Says how far the search is."""
        if self._progress is not None:
            gap = 100 * (self.cycles / self.bound - 1) if self.bound else 0.0
            self._progress(f"cpsat: {self.cycles} cycles, bound {self.bound}, gap {gap:.1f} %")
