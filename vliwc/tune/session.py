"""A search inside a compilation, segment by segment, or the replay of an earlier one."""

from __future__ import annotations

from collections.abc import Callable

from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import Problem, Schedule
from vliwc.errors import DataError
from vliwc.transform.attempts import Attempt
from vliwc.tune.budget import Budget
from vliwc.tune.ledger import Entry, Ledger, fingerprint
from vliwc.tune.search import search
from vliwc.tune.tuner import Tuner

Scheduler = Callable[[Problem], Schedule | None]
Progress = Callable[[str], None]

_LEAST_SHARE = 0.02
"""Segments with a smaller share of the run are not searched."""


class Searching:
    """Schedules segments with a search, and keeps a record of it. `attempt` is how the kernel was optimised."""

    def __init__(self, budget: Budget, seed: int, progress: Progress | None, attempt: Attempt | None = None) -> None:
        self.ledger = Ledger(attempt=attempt)
        self._budget = budget
        self._seed = seed
        self._progress = progress

    def begin(self) -> None:
        """Forgets what belongs to an earlier attempt at the same graph."""
        self.ledger.entries.clear()

    def schedule(self, number: int, share: float, problem: Problem, scheduler: Scheduler) -> Schedule | None:
        """The better of the scheduler's schedule for segment `number` and what a search finds with this share of the
        budget; None if the scheduler finds no room in scratch."""
        found = scheduler(problem)
        budget = self._budget.part(share) if share >= _LEAST_SHARE else None
        if found is None or budget is None:
            return found
        bound = segment_bound(problem)
        target = bound.best
        if found.cycles <= target:
            return found
        better = search(problem, budget, seed=self._seed, target=target, progress=self._progress)
        won = better is not None and better.schedule.cycles < found.cycles
        evals = better.evals if better else 0
        if better is not None and won:
            found = better.schedule
        self.ledger.entries[number] = Entry(
            fingerprint(problem), found.cycles, evals, better.tuning if better and won else None
        )
        return found


class Replaying:
    """Schedules segments as a record says."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def begin(self) -> None:
        """Nothing to prepare: every segment is looked up."""

    def schedule(self, number: int, share: float, problem: Problem, scheduler: Scheduler) -> Schedule | None:
        """The recorded schedule of segment `number`, or the scheduler's if the record has none.

        Raises DataError if the record is of another problem.
        """
        entry = self.ledger.entries.get(number)
        if entry is None or entry.tuning is None:
            return scheduler(problem)
        if entry.problem != fingerprint(problem):
            found = scheduler(problem)
            if found is not None:
                raise _mismatch(number)
            return None  # what was searched is the problem with values spilled, which comes next
        tuner = Tuner(problem)
        schedule = tuner.schedule(entry.tuning) if tuner.fits(entry.tuning) else None
        if schedule is None or schedule.cycles != entry.cycles:
            raise _mismatch(number)
        return schedule


def _mismatch(number: int) -> DataError:
    return DataError(
        f"the search record does not fit: segment {number} is another problem",
        help="replay with the kernel, options and compiler version that the record was made with",
    )
