"""The schedulers by name."""

from __future__ import annotations

from collections.abc import Callable

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import listing, naive

Progress = Callable[[str], None]
"""Told from time to time, in a few words, what is going on."""

Scheduler = Callable[[Problem, int, Progress | None], Schedule | None]
"""Schedules a problem, with a seed for breaking ties; None if it finds no room in scratch for the problem."""

SCHEDULERS: dict[str, Scheduler] = {"list": listing.schedule, "naive": naive.schedule}


def schedule_names() -> tuple[str, ...]:
    """The names of the schedulers."""
    return tuple(SCHEDULERS)
