"""Solves an instance, or reads somebody else's solution of it; either is verified before anyone sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vliwc.backend.bound_check import check_argument
from vliwc.backend.bounds import LARGE_TARIFF, SMALL_TARIFF, SegmentBound, segment_bound
from vliwc.backend.entries import Entry, parse
from vliwc.backend.instance import Instance
from vliwc.backend.problem import Copy, Issue, Schedule
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import scheduler, searches
from vliwc.backend.schedulers.effort import Effort
from vliwc.errors import DataError, DoesNotFit, InternalError

_HELP = "the format is described in docs/instances.md, under solutions"
_MOST_CYCLES = 1 << 31


@dataclass(frozen=True, slots=True)
class Solution:
    """A verified schedule of an instance, and what is proved of it."""

    instance: Instance
    how: str
    """The scheduler's name, or where the schedule comes from."""
    schedule: Schedule
    bound: SegmentBound
    proved: int
    """The best lower bound in cycles: ours, the scheduler's, or the instance's if it comes with an argument."""
    seconds: float

    @property
    def optimal(self) -> bool:
        """Is it proved that there is no shorter schedule?"""
        return self.schedule.cycles <= self.proved

    @property
    def gap(self) -> float:
        """How far the cycles are above the bound, relative to the bound; 0 is optimal."""
        return self.schedule.cycles / self.proved - 1 if self.proved else 0.0


def solve(
    instance: Instance,
    how: str = "list",
    seed: int = 0,
    effort: Effort | None = None,
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """Schedules an instance and verifies the result.

    Raises DoesNotFit if the scheduler finds no room in scratch, InternalError if its schedule is wrong, and DataError
    if the argument for the instance's bound is.
    """
    began = time.perf_counter()
    found = scheduler(how, effort or Effort())(instance.problem, seed, progress)
    seconds = time.perf_counter() - began
    if found is None:
        raise DoesNotFit(
            f"the {how} scheduler finds no room for instance {instance.name} in "
            f"{instance.problem.machine.scratch_words} words of scratch",
            help="try another scheduler",
        )
    try:
        check_schedule(instance.problem, found)
    except DataError as error:
        raise InternalError(f"the {how} scheduler made a wrong schedule: {error.message}") from error
    return _solution(instance, how, found, seconds, LARGE_TARIFF if searches(how) else SMALL_TARIFF)


def read_solution(instance: Instance, text: str) -> Solution:
    """The solution in a JSON text, verified. Raises DataError if it is none, or is wrong."""
    entry = parse(text, "solution", _HELP)
    operations = len(instance.problem.operations)
    copies = tuple(_copy(entry, row) for row in entry.list("copies")) if "copies" in entry.data else ()
    issues = [_issue(entry, row, operations + len(copies)) for row in entry.list("issues")]
    addresses = entry.entry("addresses")
    values = len(instance.problem.widths) + len(copies)
    places = {_value(addresses, v, values): addresses.integer(v) for v in addresses.data}
    schedule = Schedule(issues, entry.integer("cycles", 0, _MOST_CYCLES), places, 0, copies=copies)
    check_schedule(instance.problem, schedule)
    return _solution(instance, entry.text("how", "file"), schedule, 0.0, LARGE_TARIFF)


def solution_record(schedule: Schedule) -> dict[str, Any]:
    """A schedule as JSON-able data: issues [cycle, operation, form, step, first slot, slots], values' addresses, and
    copies [value, readers], if it has any."""
    copies = {"copies": [[copy.value, list(copy.readers)] for copy in schedule.copies]} if schedule.copies else {}
    return {
        **copies,
        "cycles": schedule.cycles,
        "issues": [list(issue) for issue in sorted(schedule.issues)],
        "addresses": {str(v): a for v, a in sorted(schedule.address.items())},
    }


def _solution(instance: Instance, how: str, schedule: Schedule, seconds: float, variables: int) -> Solution:
    bound = segment_bound(instance.problem, schedule.cycles, variables).with_argument(schedule.argument)
    claimed = instance.bound.argument if instance.bound else None
    known = check_argument(instance.problem, claimed) if claimed else 0
    return Solution(instance, how, schedule, bound, max(bound.best, schedule.bound, known), seconds)


def _issue(entry: Entry, row: object, operations: int) -> Issue:
    if not isinstance(row, list) or len(row) != len(Issue._fields):
        raise entry.error("issues", f"expected [{', '.join(Issue._fields)}]")
    cycle, operation, form, step, first, slots = (entry.number("issues", x, 0, _MOST_CYCLES) for x in row)
    if operation >= operations:
        raise entry.error("issues", f"there is no operation {operation}")
    return Issue(cycle, operation, form, step, first, slots)


def _copy(entry: Entry, row: object) -> Copy:
    if not isinstance(row, list) or len(row) != 2 or not isinstance(row[1], list):
        raise entry.error("copies", "expected [value, [operation, …]]")
    return Copy(
        entry.number("copies", row[0], 0, _MOST_CYCLES),
        tuple(entry.number("copies", k, 0, _MOST_CYCLES) for k in row[1]),
    )


def _value(addresses: Entry, text: str, values: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) < values):
        raise addresses.error(text[:40], "there is no such value")
    return int(text)
