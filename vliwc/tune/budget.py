"""How much a search may cost: a time, a number of schedules, or an amount of work."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from math import inf
from threading import Event

from vliwc.errors import UsageError

_OVERHEAD = 500
"""An evaluation takes as long as the placement of so many operations, beside those that it places."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Wall-clock seconds, a number of schedules to try (evaluations), or of operations to place in all of them: exactly
    one of the three, and more than nothing.

    Raises UsageError for anything else. Without seconds, a search has the same result every time.

    KeyboardInterrupt goes through a search, unless there is an event `interrupted`: then it ends the search, which
    keeps what it has, and sets the event; nothing is left of the budget then.
    """

    seconds: float | None = None
    evals: int | None = None
    placements: int | None = None
    interrupted: Event | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        given = [amount for amount in (self.seconds, self.evals, self.placements) if amount is not None]
        if len(given) != 1:
            raise UsageError(
                "a search's budget is a time or a number of evaluations",
                help="give one of --budget and --budget-evals",
            )
        if not 0 < given[0] < inf:  # nor is NaN a budget
            raise UsageError("a search's budget must be more than 0, and finite")

    def part(self, share: float) -> Budget | None:
        """This share (0 … 1) of the budget; None if nothing is left of it."""
        if self.interrupted is not None and self.interrupted.is_set():
            return None
        if self.seconds is not None:
            return replace(self, seconds=self.seconds * share) if share > 0 else None
        evals, placements = int((self.evals or 0) * share), int((self.placements or 0) * share)
        return replace(self, evals=evals or None, placements=placements or None) if evals or placements else None

    def for_operations(self, count: int) -> Budget:
        """The same for a problem of so many operations: placements become evaluations, at least one."""
        if self.placements is None:
            return self
        return replace(self, evals=max(1, self.placements // (count + _OVERHEAD)), placements=None)


class Clock:
    """Runs from the moment it is made until a budget is used up."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.evals = 0
        self._began = time.monotonic()

    def used(self) -> float:
        """The share of the budget that is used up, 0 … 1."""
        if self.budget.seconds is not None:
            return min(1.0, (time.monotonic() - self._began) / self.budget.seconds)
        return min(1.0, self.evals / (self.budget.evals or 1))
