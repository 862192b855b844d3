"""How much work a scheduler may put into a problem."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from threading import Event

from vliwc.errors import UsageError

DEFAULT_SECONDS = 60.0
_FOR_A_LOOP = 0.1
_HARDLY_ANY = 0.01
"""The seconds of an effort of which nothing is left: it is no effort without any."""
_EVENLY = 0.1
"""The share of an effort that is divided evenly, however little some of its parts seem to need."""


@dataclass(frozen=True, slots=True)
class Effort:
    """Limits for schedulers that search: seconds, or units of work that do not depend on the computer's speed.

    A unit of work takes about three seconds for large models. With `work` in place of seconds, and one worker, equal
    problems and seeds have equal results. `workers` is the number of threads. Raises UsageError for limits that leave
    nothing to do with.

    KeyboardInterrupt goes through a search, unless there is an event `interrupted`: then it ends the search, which
    keeps what it has, and sets the event. No part of such an effort is of use any more.
    """

    seconds: float | None = DEFAULT_SECONDS
    work: float | None = None
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    interrupted: Event | None = field(default=None, compare=False)
    copies: int = 0
    """How often each constant, or broadcast of one, may be made again."""

    def __post_init__(self) -> None:
        if (self.seconds is None) == (self.work is None):
            raise UsageError("a time limit and a limit of work exclude each other", help="give one of them")
        if not (self.seconds or self.work or 0) > 0:
            raise UsageError("a limit of time or work must be more than 0")
        if self.workers < 1:
            raise UsageError("there must be at least one worker")

    @property
    def amount(self) -> float:
        """The limit: units of work, or seconds."""
        return self.work or self.seconds or 0.0

    def part(self, share: float, parts: int) -> Effort:
        """What one of several parts gets that needs this share (0 … 1)."""
        share = (1 - _EVENLY) * share + _EVENLY / parts
        if self.work is not None:
            return replace(self, work=self.work * share)
        return replace(self, seconds=(self.seconds or 0) * share)

    def over(self) -> bool:
        """Whether an interrupt has ended it."""
        return self.interrupted is not None and self.interrupted.is_set()

    def for_one_loop(self) -> float:
        """What one exact modulo schedule may take, in units of work: a small part of it all."""
        return min(1.0, _FOR_A_LOOP * self.amount)


@dataclass(slots=True)
class Meter:
    """Counts what is used up of an effort, from the moment it is made."""

    effort: Effort
    work: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """The seconds or units of work that are left."""
        if self.effort.over():
            return 0.0
        if self.effort.work is not None:
            return max(0.0, self.effort.work - self.work)
        return max(0.0, (self.effort.seconds or 0) - (time.monotonic() - self._began))

    def rest(self) -> Effort:
        """The same effort with what is left of its seconds, and hardly any if none are."""
        if self.effort.seconds is None:
            return self.effort
        return replace(self.effort, seconds=max(_HARDLY_ANY, self.left()))

    def limits(self, most: float) -> tuple[float, float]:
        """The seconds and the work that one solve may take, if it is not worth more than `most` of either."""
        if self.effort.work is not None:
            return float("inf"), min(most, self.left())
        return min(most, self.left()), float("inf")
