"""Where the search begins: the list schedule, or a better one that costs little."""

from __future__ import annotations

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import listing
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency

_WINDOWS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_MOST_OPERATIONS = 5_000
"""In larger problems the windows cost more time than they are worth."""
_FEWEST_OPERATIONS = 150
"""Smaller problems are decided as a whole before justification is worth its time."""
_ROUND_OPERATIONS = 50_000
_FEWEST_ROUNDS, _MOST_ROUNDS = 6, 40
"""How many rounds of justification: the fewer, the larger the problem."""


def start(instance: Instance, found: Schedule, seed: int) -> Schedule:
    """The best of `found`, of list schedules that stay within windows of the program order, and of justified ones."""
    problem = instance.problem
    count = len(problem.operations)
    if count <= _MOST_OPERATIONS and _may_run_out(problem):
        found = _in_windows(problem, found)
    if count < _FEWEST_OPERATIONS:
        return found
    from vliwc.backend.schedulers.cpsat.justification import justify  # noqa: PLC0415 - imports numba, which is slow

    return justify(instance.problem, found, max(_FEWEST_ROUNDS, min(_MOST_ROUNDS, _ROUND_OPERATIONS // count)), seed)


def _in_windows(problem: Problem, found: Schedule) -> Schedule:
    """The list scheduler takes the first of its settings that finds room where scratch is tight. Which window is best
    depends on how fast the problem frees its words."""
    shapes, urgency = Shapes(problem), Urgency(problem)
    tried = [listing.run(problem, shapes, urgency, Settings(stagger=0.0, window=window)) for window in _WINDOWS]
    return min([found, *(schedule for schedule in tried if schedule)], key=lambda schedule: schedule.cycles)


def _may_run_out(problem: Problem) -> bool:
    """Would there be too little scratch if all values were alive at once?"""
    written = {o.writes for o in problem.operations if o.writes >= 0} - problem.tied.keys()
    taken = sum(words for _, words in problem.occupied())
    return taken + sum(problem.widths[v] for v in written) > problem.machine.scratch_words
