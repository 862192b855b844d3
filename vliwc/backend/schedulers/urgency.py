"""How urgent operations are: the list scheduler's priorities, and the portfolio of settings that it tries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from random import Random

from vliwc.backend.bounds.network import networks
from vliwc.backend.problem import DATA, Operation, Problem
from vliwc.backend.strands import SHARED, find_strands

_STAGGERS = (
    (0.04, 0.0),
    (0.0, 1.0),
    (0.06, 0.0),
    (0.025, 0.0),
    (0.0, 0.5),
    (0.1, 0.0),
    (0.0, 2.0),
    (0.0, 0.0),
    (0.2, 0.0),
    (0.0, 4.0),
)
"""Staggers and drifts for problems with several strands, the most promising first."""
_DRIFTS = ((0.0, 0.0), (0.0, 1.0), (0.0, 4.0), (0.0, 0.25), (0.0, 0.5), (0.0, 2.0), (0.0, 16.0))
"""The same for problems that are one strand, where there is nothing to stagger."""
_TAIL_DRIFTS = (0.0, 0.5)
"""Drifts that are tried with `Settings.tails`."""
RELAXED_STAGGERS = (0.01, 0.02, 0.04, 0.1)
"""Staggers for schedules from which scratch is taken away by degrees."""
_SQUEEZED_STAGGERS = (0.1, 0.05, 1.0, 0.0)
_SQUEEZED_SHARES = (2.0, 1.4, 3.0, 1.0)
"""Limits for the strands under way, as shares of those that there is room for."""
_FEWEST_SQUEEZES = 12
"""How many settings are tried at least for problems that hardly fit scratch: those that fail do so early."""
_SQUEEZED_DRIFT = 16.0
_WINDOWS = (64, 192, 32, 384, 128, 256, 96, 16)
"""Staggers, drift and windows (operations) for problems that hardly fit scratch."""
_FACTORS = (0.75, 0.87, 1.15, 1.33)
"""By how much the best of them is changed to find a better one."""
_MOST_OPERATIONS = 200_000
"""How many operations all schedules of a portfolio may have together."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One way to set priorities."""

    stagger: float = 0.1
    """How much later each strand begins than the one before, as a share of a strand's length."""
    drift: float = 0.0
    """How much later the last operation in program order is due than the first, as a share of a strand's length."""
    strands: int = 1 << 30
    """How many strands may be under way at a time."""
    reserve: int = 0
    """Free vectors that only the oldest strand under way may use."""
    window: int = 1 << 30
    """How far ahead of the most urgent operation that is not done others may begin, by urgency; with one,
    `Urgency.ranks` takes the program order."""
    tails: bool = False
    """Only the path to the end counts, from an operation's last slot on: no strands, and long operations may wait."""
    noise: int = 0
    """A seed for small disturbances of the priorities; 0 for none."""


NO_LIMITS = Settings()
"""For schedules whose priorities come from elsewhere."""


class Urgency:
    """What priorities are made of: strands, and how far each operation is from the end."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.strand = find_strands(problem)
        slots = {name: problem.machine.slots(name) for name in ("alu", "valu", "load", "store", "flow")}
        self.delay = [_delay(o, slots) for o in problem.operations]
        self.height = [0] * len(problem.operations)
        for k in range(len(problem.operations) - 1, -1, -1):
            behind = 0
            for target, kind in problem.successors[k]:
                behind = max(behind, self.height[target] + (self.delay[k] if kind == DATA else self.delay[k] - 1))
            self.height[k] = behind
        self.length = 1 + max(self.height, default=0)
        """The critical path in cycles."""

    @cached_property
    def tails(self) -> list[int]:
        """For each operation the longest path from its last slot to the end, in cycles."""
        return networks(self.problem)[1].heads()

    def ranks(self, settings: Settings) -> tuple[list[int], list[int]]:
        """For each operation its rank, lower is more urgent, and for each rank the operation.

        In a strand, the latest possible start decides, drawn towards the program order by the drift; strands are
        staggered; what several strands share is needed just before the first of them.
        """
        count = len(self.strand)
        if settings.window < count:
            return list(range(count)), list(range(count))
        random = Random(settings.noise)
        start: list[float] = [0.0] * count
        late, drift = settings.stagger * self.length, settings.drift * self.length / max(count, 1)
        for k in range(count - 1, -1, -1):
            s = self.strand[k]
            if settings.tails:
                start[k] = k * drift - self.tails[k]
            elif s != SHARED:
                start[k] = s * late + k * drift + self.length - self.height[k]
                if settings.noise:
                    start[k] += random.random() * 3
            else:
                first = min((start[t] for t, _ in self.problem.successors[k]), default=float(self.length))
                start[k] = first - self.delay[k]
        return ranks_of(sorted(range(count), key=lambda k: (start[k], k)))


def ranks_of(order: list[int]) -> tuple[list[int], list[int]]:
    """For each operation its rank, and the order that it is the rank in."""
    rank = [0] * len(order)
    for r, k in enumerate(order):
        rank[k] = r
    return rank, order


def _delay(operation: Operation, slots: dict[str, int]) -> int:
    """The fewest cycles from an operation's first slot until its result lands."""
    if not operation.forms:
        return 0
    return min(sum(-(-s.slots // slots[s.engine]) - 1 + s.latency for s in form) for form in operation.forms)


def portfolio(problem: Problem, urgency: Urgency, seed: int) -> list[Settings]:
    """The settings to try first: the larger the problem, the fewer."""
    several = max(urgency.strand, default=SHARED) > 0
    slopes = (_STAGGERS if several else _DRIFTS)[: _tries(problem)]
    settings = [Settings(stagger, drift, reserve=8 if several else 0, noise=seed) for stagger, drift in slopes]
    return settings + [Settings(0.0, drift, tails=True) for drift in _TAIL_DRIFTS]


def around(problem: Problem, best: Settings) -> list[Settings]:
    """The settings to try near the best of the portfolio."""
    if _tries(problem) < len(_STAGGERS) + len(_FACTORS) or not best.stagger + best.drift:
        return []
    return [replace(best, stagger=best.stagger * factor, drift=best.drift * factor) for factor in _FACTORS]


def _tries(problem: Problem) -> int:
    return max(2, _MOST_OPERATIONS // (len(problem.operations) + 1))


def squeezes(problem: Problem, urgency: Urgency) -> list[Settings]:
    """Settings to try where scratch is so scarce that some of the portfolio find no room: few strands at a time, about
    as many as there is room for, or a window of the program order."""
    strands = max(urgency.strand, default=SHARED) + 1
    fitting = room_for(problem, urgency.strand)
    limits = dict.fromkeys(min(strands, max(1, round(fitting * share))) for share in _SQUEEZED_SHARES)
    few = [Settings(stagger, strands=limit) for stagger in _SQUEEZED_STAGGERS for limit in limits]
    ordered = [Settings(0.0, _SQUEEZED_DRIFT), *(Settings(window=window) for window in _WINDOWS)]
    both = [setting for pair in zip_longest(few, ordered) for setting in pair if setting is not None]
    return both[: max(_FEWEST_SQUEEZES, _tries(problem) // 2)]


def room_for(problem: Problem, strand: list[int]) -> float:
    """How many strands scratch has room for at a time, if all need as much as in program order, one after the other,
    beside what several share."""
    left = problem.read_counts()
    owner: dict[int, int] = {}
    alive = [0] * (max(strand, default=SHARED) + 2)  # the last one is SHARED
    most = alive.copy()
    for operation, s in zip(problem.operations, strand, strict=True):
        value = operation.writes
        if value >= 0 and value not in owner:
            owner[value] = s
            alive[s] += problem.widths[value]
        if s != SHARED:
            most[s] = max(most[s], alive[s])
            most[SHARED] = max(most[SHARED], alive[SHARED])
        for v in operation.reads:
            left[v] -= 1
            if left[v] == 0 and v in owner:
                alive[owner[v]] -= problem.widths[v]
    *own, shared = most
    free = problem.machine.scratch_words - shared - sum(width for _, width in problem.occupied())
    return max(0, free) * len(own) / max(sum(own), 1)


def rescues(urgency: Urgency) -> list[Settings]:
    """Settings that ask for less and less scratch; the last one takes the program order as it is."""
    strands = max(urgency.strand, default=SHARED) + 1
    limits = [strands >> k for k in range(1, strands.bit_length())]
    few = [Settings(0.1, strands=limit, reserve=8) for limit in limits]
    return few + [Settings(window=window) for window in (512, 64, 8, 1)]
