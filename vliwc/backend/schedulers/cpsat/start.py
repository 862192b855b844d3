"""Where the search begins: the list schedule, or a better one that costs little."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.iterated import iterated, partitions
from vliwc.backend.schedulers.justify import latest_starts
from vliwc.backend.schedulers.making import Made, Maker, maker
from vliwc.backend.schedulers.ordered import ordered
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency

_WINDOWS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
_OPERATIONS = 450_000
"""How many operations all schedules may have together, for each second or unit of work of the effort: they take about
an eighth of it …"""
_EACH = 300
"""… as what each schedule takes for itself counts like so many."""
_STATES = 10_000
"""How many states plans may take for each of these (see `ordered`): a tenth of the effort at most, where one engine
decides and its jobs are few."""
_MOST_RUNS = 30_000
"""What so many schedules do not find, seven times as many hardly find either."""


def start(
    instance: Instance,
    found: Schedule,
    seed: int,
    effort: float,
    bound: int,
    tell: Callable[[Made], None] | None = None,
) -> Schedule:
    """The best of `found`, of list schedules that stay within windows of the program order, of those made of plans, and
    of many around these.

    `effort` is in seconds or units of work; nothing shorter than `bound` is looked for. `tell` is told of each schedule
    that is shorter than all before, but for those within windows.
    """
    problem = instance.problem
    runs = min(_MOST_RUNS, int(effort * _OPERATIONS / (len(problem.operations) + _EACH)))
    urgency, shapes = Urgency(problem), Shapes(problem)
    making = maker(problem, urgency, shapes, runs)
    if runs > len(_WINDOWS) and may_run_out(problem):
        found = _in_windows(making, len(problem.operations), found)
    parts = partitions(urgency, shapes)
    states = round(effort * _STATES)
    in_order = ordered(problem, making, shapes.forms, parts, found.cycles, bound, states, seed=seed, tell=tell)
    if in_order is not None:
        found = in_order.schedule()
    late = np.array(latest_starts(problem, found), np.int32)
    shorter = iterated(making, late, found.cycles, shapes.forms, runs, parts, seed=seed, enough=bound, tell=tell)
    return shorter.schedule() if shorter else found


def _in_windows(making: Maker, operations: int, found: Schedule) -> Schedule:
    """The list scheduler takes the first of its settings that finds room where scratch is tight. Which window is best
    depends on how fast the problem frees its words."""
    tried = [making.make(np.arange(operations), Settings(window=window)) for window in _WINDOWS]
    best = min((made for made in tried if made), key=lambda made: made.cycles, default=None)
    return best.schedule() if best and best.cycles < found.cycles else found


def may_run_out(problem: Problem) -> bool:
    """Would there be too little scratch if all values were alive at once?"""
    written = {o.writes for o in problem.operations if o.writes >= 0} - problem.tied.keys()
    taken = sum(words for _, words in problem.occupied())
    return taken + sum(problem.widths[v] for v in written) > problem.machine.scratch_words
