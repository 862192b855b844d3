"""Where the search begins: the list schedule, or a better one where scratch is tight."""

from __future__ import annotations

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import listing
from vliwc.backend.schedulers.urgency import Settings, Urgency

_WINDOWS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_MOST_OPERATIONS = 5_000
"""In larger problems the windows cost more time than they are worth."""


def start(problem: Problem, found: Schedule) -> Schedule:
    """The best of `found` and of list schedules that stay within windows of the program order.

    The list scheduler takes the first of its settings that finds room. Which window is best depends on how fast the
    problem frees its words.
    """
    if not _may_run_out(problem) or len(problem.operations) > _MOST_OPERATIONS:
        return found
    shapes, urgency = listing.Shapes(problem), Urgency(problem)
    tried = [listing.run(problem, shapes, urgency, Settings(stagger=0.0, window=window)) for window in _WINDOWS]
    return min([found, *(schedule for schedule in tried if schedule)], key=lambda schedule: schedule.cycles)


def _may_run_out(problem: Problem) -> bool:
    """Would there be too little scratch if all values were alive at once?"""
    written = {o.writes for o in problem.operations if o.writes >= 0} - problem.tied.keys()
    taken = sum(words for _, words in problem.occupied())
    return taken + sum(problem.widths[v] for v in written) > problem.machine.scratch_words
