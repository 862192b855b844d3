"""How much a search may cost: a time, or a number of schedules."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from math import inf
from threading import Event

from vliwc.errors import UsageError


@dataclass(frozen=True, slots=True)
class Budget:
    """Wall-clock seconds, or a number of schedules to try (evaluations): exactly one of them, and more than nothing.

    Raises UsageError for anything else. A search with a number of evaluations has the same result every time.

    KeyboardInterrupt goes through a search, unless there is an event `interrupted`: then it ends the search, which
    keeps what it has, and sets the event; nothing is left of the budget then.
    """

    seconds: float | None = None
    evals: int | None = None
    interrupted: Event | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if (self.seconds is None) == (self.evals is None):
            raise UsageError(
                "a search's budget is a time or a number of evaluations",
                help="give one of --budget and --budget-evals",
            )
        if not 0 < (self.seconds or self.evals or 0) < inf:  # nor is NaN a budget
            raise UsageError("a search's budget must be more than 0, and finite")

    def part(self, share: float) -> Budget | None:
        """This share (0 … 1) of the budget; None if nothing is left of it."""
        if self.interrupted is not None and self.interrupted.is_set():
            return None
        if self.evals is None:
            return replace(self, seconds=(self.seconds or 0) * share) if share > 0 else None
        evals = int(self.evals * share)
        return replace(self, evals=evals) if evals else None


class Clock:
    """Runs from the moment it is made until a budget is used up."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.evals = 0
        self._began = time.monotonic()

    def used(self) -> float:
        """The share of the budget that is used up, 0 … 1."""
        if self.budget.evals is not None:
            return min(1.0, self.evals / self.budget.evals)
        return min(1.0, (time.monotonic() - self._began) / (self.budget.seconds or 1.0))
