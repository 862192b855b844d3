"""Lower bounds on the cycles that any schedule of the selected operations takes, each with a checkable argument.

They hold for the operations and forms that selection offers, not for the kernel: other strategies may need less.

========================  ================================================================
`segment_bound(problem)`  the bounds of one problem, with an `Argument` for the best of them
`raised(problem)`         heads and tails of its operations, with all that is known
`busiest_jobs(problem)`   what the engine has to do that decides, if one does
`orders_bound(problem)`   what all orders say in which it may do that
`resource_bound(problem)` what its work alone says, the only one of these that holds for kernels of overlapped loops
`total(machine, bounds)`  the bounds of a whole run
========================  ================================================================

`vliwc.backend.bound_check` verifies arguments; it shares no code with this package.
"""

from vliwc.backend.bounds.argument import Argument, Chain, Circuit, Lemma, Orders, Tariff, Window
from vliwc.backend.bounds.segment import (
    SegmentBound,
    busiest_jobs,
    orders_bound,
    raised,
    resource_bound,
    segment_bound,
)
from vliwc.backend.bounds.timed import LARGE_TARIFF, SMALL_TARIFF
from vliwc.backend.bounds.total import Bounds, total

__all__ = [
    "LARGE_TARIFF",
    "SMALL_TARIFF",
    "Argument",
    "Bounds",
    "Chain",
    "Circuit",
    "Lemma",
    "Orders",
    "SegmentBound",
    "Tariff",
    "Window",
    "busiest_jobs",
    "orders_bound",
    "raised",
    "resource_bound",
    "segment_bound",
    "total",
]
