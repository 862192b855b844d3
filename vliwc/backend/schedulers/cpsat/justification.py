"""Forward-backward improvement from disturbed priorities: where the search begins.

Each round pushes the schedule to the right (see `vliwc.backend.schedulers.justify`), disturbs the cycles that come of
it, in turn by more, and lets the list scheduler make the next schedule by them (Valls, Ballestin and Quintanilla 2005).
"""

from __future__ import annotations

from random import Random

import numpy as np

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers.compiled import Compiled
from vliwc.backend.schedulers.justify import latest_starts

_NOISE = (0.0, 1.0, 2.0, 4.0)
"""By how many cycles priorities are disturbed, in turn."""


def justify(problem: Problem, found: Schedule, rounds: int, seed: int) -> Schedule:
    """The shortest schedule of so many rounds, or `found`."""
    compiled, random = Compiled(problem), Random(seed)
    best = now = found
    for turn in range(rounds):
        noise = _NOISE[turn % len(_NOISE)]
        late = [start + noise * random.random() for start in latest_starts(problem, now)]
        following = compiled.run(np.argsort(np.array(late), kind="stable"))
        if following is not None and following.cycles <= best.cycles:
            best = following
        now = following if following is not None and following.cycles <= best.cycles + 1 else best
    return best
