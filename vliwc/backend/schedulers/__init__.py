"""The schedulers by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any, cast

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import cpsat, multistart, naive
from vliwc.backend.schedulers.effort import Effort

Progress = Callable[[str], None]
"""Told from time to time, in a few words, what is going on."""

Scheduler = Callable[[Problem, int, Progress | None], Schedule | None]
"""Schedules a problem, with a seed for breaking ties; None if it finds no room in scratch for the problem."""

SCHEDULERS: dict[str, Scheduler] = {"cpsat": cpsat.schedule, "list": multistart.schedule, "naive": naive.schedule}


def schedule_names() -> tuple[str, ...]:
    """The names of the schedulers."""
    return tuple(SCHEDULERS)


def scheduler(name: str, effort: Effort, first: Schedule | None = None) -> Scheduler:
    """The scheduler of this name; one that searches does so within the effort, and begins with the schedule `first`."""
    if not searches(name):
        return SCHEDULERS[name]
    return partial(cast(Callable[..., Any], SCHEDULERS[name]), effort=effort, first=first)


def searches(name: str) -> bool:
    """Does the scheduler of this name search, so that an effort means something to it?"""
    return "effort" in signature(SCHEDULERS[name]).parameters
