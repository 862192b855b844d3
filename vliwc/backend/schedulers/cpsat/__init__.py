"""The scheduler that proves: exact constraint models of small blocks, and large-neighbourhood search for large ones.

docs/scheduling.md describes the model.

=================================  =========================================================
`instance`, `timetable`            the problem and a schedule, as the search sees them
`timing`, `frame`                  when operations may run; what is free and what is fixed
`variables`, `model`               the constraints
`room`, `placing`                  scratch: its limit in the model, and words for the values
`exact`, `neighbourhood`           what is solved: the whole block, or a part of it
`relaxation`, `parts`              easier problems, for proofs
`restriction`                      a harder one, for schedules
`copies`, `remaking`               constants that are made again
`ranges`, `search`                 which part comes next; the search
`start`                            where the search begins
`incumbent`                        the best schedule so far
`solving`                          CP-SAT in threads
=================================  =========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import multistart
from vliwc.backend.schedulers.effort import Effort


def schedule(
    problem: Problem,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    effort: Effort | None = None,
    first: Schedule | None = None,
) -> Schedule | None:
    """The best schedule that is found within the effort, never longer than the `first` one, and with a lower bound.

    Without a first one, that is the list schedule; None if there is no room in scratch for it. Without an effort, it is
    `Effort()`.
    """
    effort = effort or Effort()
    found = first or multistart.schedule(problem, seed, progress)
    if found is None or effort.over():
        return found
    from vliwc.backend.schedulers.cpsat.search import search  # noqa: PLC0415 - imports CP-SAT, which is slow

    best, bound = search(problem, found, seed, progress, effort)
    return replace(best, bound=bound)
