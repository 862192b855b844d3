"""Schedules where scratch is scarce: it is taken away by degrees, and each schedule tells the next one its order.

A list scheduler starts whatever is ready, so that scratch fills with what is not needed for long, until nothing can go
on. With plenty of scratch that does no harm; and pushed to the right (see `justify`), such a schedule says how late
everything may begin, which is how short values may live. In that order the list scheduler gets along with a little less
scratch, if it looks ahead no further than some operations (a window, as in in-order processors). So it goes on from
schedule to schedule, each with less scratch, as long as there is room.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vliwc.backend.schedulers.making import Forms, Made, Maker, Order
from vliwc.backend.schedulers.urgency import NO_LIMITS, Settings

_STEP = 0.95
"""The share of scratch that the next schedule may use at most."""
_WINDOWS = (*(Settings(window=window) for window in (20, 40, 80, 160, 320, 640, 1280)), NO_LIMITS)
_PASS_WINDOWS = (Settings(window=200), Settings(window=800))
_PASSES = 3
"""How often a schedule is pushed to the right and back before more scratch is taken away."""


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A schedule within the machine's scratch, and the limits that it was made with."""

    made: Made
    limits: Settings


def by_degrees(maker: Maker, order: Order, forms: Forms | None = None) -> Squeezed | None:
    """The schedule that comes of an order (operations, the most urgent first); None if there is no room in scratch."""
    limit = maker.problem.machine.scratch_words
    words = limit + sum(maker.problem.widths)
    made = maker.with_scratch(words).make(order, NO_LIMITS, forms)
    found = None
    while made is not None and words > limit:
        late = made.late()
        order = order if late is None else np.argsort(late, kind="stable")
        words = max(limit, int(_STEP * min(words, made.peak)))
        found = _within(maker.with_scratch(words), order, forms)
        made = None if found is None else found.made
    return found


def _within(maker: Maker, order: Order, forms: Forms | None) -> Squeezed | None:
    """The shortest schedule in this order, or in the orders that come of it."""
    tried = (Squeezed(made, window) for window in _WINDOWS if (made := maker.make(order, window, forms)) is not None)
    best = min(tried, key=lambda f: f.made.cycles, default=None)
    if best is None:
        return None
    for number in range(_PASSES):
        late = best.made.late(by_paths=number % 2 == 1)
        if late is None:
            continue
        for window in _PASS_WINDOWS:
            made = maker.make(np.argsort(late, kind="stable"), window, forms)
            if made is not None and made.cycles <= best.made.cycles:
                best = Squeezed(made, window)
    return best
