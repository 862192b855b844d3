"""Forward-backward improvement: schedules squeezed to the right, then to the left again (Li and Willis 1992).

Backwards from the end, every operation of a schedule goes as late as its successors and the engines let it. How late
that is, is how urgent it is: a priority that knows about resources, which the critical path does not. The list
scheduler makes the next schedule by it (Valls, Ballestin and Quintanilla 2005 call that justification).
"""

from __future__ import annotations

from collections import Counter
from heapq import heapify, heappop, heappush
from random import Random

import numpy as np

from vliwc.backend.problem import DATA, Schedule
from vliwc.backend.schedulers.compiled import Compiled
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.timetable import Timetable, timetable

_NOISE = (0.0, 1.0, 2.0, 4.0)
"""By how many cycles priorities are disturbed, in turn."""


def justify(instance: Instance, found: Schedule, rounds: int, seed: int) -> Schedule:
    """The shortest schedule of so many rounds, or `found`."""
    compiled, random = Compiled(instance.problem), Random(seed)
    best = now = found
    for turn in range(rounds):
        noise = _NOISE[turn % len(_NOISE)]
        late = [start + noise * random.random() for start in _latest(timetable(instance, now))]
        following = compiled.run(np.argsort(np.array(late), kind="stable"))
        if following is not None and following.cycles <= best.cycles:
            best = following
        now = following if following is not None and following.cycles <= best.cycles + 1 else best
    return best


def _latest(table: Timetable) -> list[int]:
    """For each operation the cycle of its first slot if all are as late as can be, in the same number of cycles.

    Operations are taken in the order of their results, the last first. Scratch is not looked at.
    """
    problem = table.instance.problem
    open_edges = [len(edges) for edges in problem.successors]
    start = [0] * len(open_edges)
    used: Counter[tuple[str, int]] = Counter()

    def key(k: int) -> tuple[int, int, int]:
        return -table.spans[k].landed, -table.spans[k].start, -k

    heap = [key(k) for k, count in enumerate(open_edges) if count == 0]
    heapify(heap)
    while heap:
        k = -heappop(heap)[2]
        latency = table.spans[k].landed - table.spans[k].end
        waiting = [start[t] if kind == DATA else start[t] + latency for t, kind in problem.successors[k]]
        start[k] = _go_late(table, k, min(waiting, default=table.cycles) - latency, used)
        for before, _ in table.instance.predecessors[k]:
            open_edges[before] -= 1
            if open_edges[before] == 0:
                heappush(heap, key(before))
    return start


def _go_late(table: Timetable, k: int, last: int, used: Counter[tuple[str, int]]) -> int:
    """Takes the latest free slots for operation k in its form, up to a cycle; the cycle of the first of them.

    There may be none left at the end of a narrow schedule: then cycles before its beginning are used.
    """
    problem = table.instance.problem
    form = problem.operations[k].forms[table.form(k)] if table.slots[k] else ()
    cycle = last
    for number, step in reversed(list(enumerate(form))):
        left = step.slots
        while left:
            count = min(left, problem.machine.slots(step.engine) - used[step.engine, cycle])
            used[step.engine, cycle] += count
            left -= count
            cycle -= left > 0
        if number:
            cycle -= form[number - 1].latency
    return cycle
