"""Schedules where scratch is scarce: it is taken away by degrees, and each schedule tells the next one its order.

A list scheduler starts whatever is ready, so that scratch fills with what is not needed for long, until nothing can go
on. With plenty of scratch that does no harm; and pushed to the right (see `justify`), such a schedule says how late
everything may begin, which is how short values may live. In that order the list scheduler gets along with a little less
scratch, if it looks ahead no further than some operations (a window, as in in-order processors). So it goes on from
schedule to schedule, each with less scratch, as long as there is room.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from vliwc.backend.problem import Operation, Problem
from vliwc.backend.schedulers.making import Forms, Made, Maker, Order, Starts
from vliwc.backend.schedulers.sorting import by_cycles
from vliwc.backend.schedulers.urgency import NO_LIMITS, Settings

_STEP = 0.05
"""How much less scratch the next schedule may use, as a share; half as much where there is no room for that."""
_LEAST_STEP = 0.02
_WINDOWS = (*(Settings(window=window) for window in (10, 20, 40, 80, 160, 320, 640, 1280)), NO_LIMITS)
_PASS_WINDOWS = (Settings(window=200), Settings(window=800))
_PASSES = 3
"""How often a schedule is pushed to the right and back before more scratch is taken away."""


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A schedule within the machine's scratch, and the limits that it was made with."""

    made: Made
    limits: Settings


class Squeezer:
    """Takes scratch away from schedules of one problem."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.limit = maker.problem.machine.scratch_words
        self._waits = np.array(_releasing_waits(maker.problem), np.intp).reshape(-1, 2)

    def run(self, order: Order, forms: Forms | None = None) -> Squeezed | None:
        """The schedule that comes of an order (operations, the most urgent first); None if there is no room for any."""
        words = self.limit + sum(self.maker.problem.widths)
        made = self.maker.with_scratch(words).make(order, NO_LIMITS, forms)
        if made is None:
            return None
        best, step = Squeezed(made, NO_LIMITS), _STEP
        # What takes few words at a time may still stand anywhere: it has to be made again with the machine's.
        while words > self.limit and step > _LEAST_STEP:
            following = self._following(best.made)
            less = max(self.limit, int((1 - step) * min(words, best.made.peak)))
            found = None if following is None else self._within(self.maker.with_scratch(less), following, forms)
            if found is None:
                step /= 2
            else:
                best, words = found, less
        return best if words <= self.limit else None

    def _within(self, maker: Maker, order: Order, forms: Forms | None) -> Squeezed | None:
        """The shortest schedule in this order, or in the orders that come of it."""
        tried = (Squeezed(made, window) for window in _WINDOWS if (made := maker.make(order, window, forms)))
        best = min(tried, key=lambda f: f.made.cycles, default=None)
        if best is None:
            return None
        for number in range(_PASSES):
            following = self._following(best.made, by_paths=number % 2 == 1)
            if following is None:
                continue
            for window in _PASS_WINDOWS:
                made = maker.make(following, window, forms)
                if made is not None and made.cycles <= best.made.cycles:
                    best = Squeezed(made, window)
        return best

    def _following(self, made: Made, *, by_paths: bool = False) -> Order | None:
        late = self.late(made, by_paths)
        return None if late is None else by_cycles(late)

    def late(self, made: Made, by_paths: bool = False) -> Starts | None:
        """How late operations may begin (cycles); those that free scratch, as soon as what they wait for has begun."""
        late = made.late(by_paths=by_paths)
        if late is None:
            return None
        reader, writer = self._waits.T
        soon = late.copy()
        soon[reader] = np.iinfo(np.int32).min
        np.maximum.at(soon, reader, late[writer] + 1)
        return np.minimum(late, soon)


def _releasing_waits(problem: Problem) -> list[tuple[int, int]]:
    """For each operation that frees more words than it takes, what it waits for: (operation, other) pairs.

    A value that several operations read is freed by each of them in part, as it is taken in part by each writer.
    """
    readers, writers = problem.read_counts(), Counter(o.writes for o in problem.operations)
    held = problem.held | frozenset(problem.tied)

    def releases(o: Operation) -> bool:
        freed = sum(problem.widths[v] / readers[v] for v in o.reads if v not in held)
        return o.writes >= 0 and freed > problem.widths[o.writes] / writers[o.writes]

    releasing = [releases(o) for o in problem.operations]
    return [(k, p) for p, edges in enumerate(problem.successors) for k, _ in edges if releasing[k]]
