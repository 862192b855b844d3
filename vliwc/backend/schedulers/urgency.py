"""How urgent operations are: the list scheduler's priorities, and the portfolio of settings that it tries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from vliwc.backend.problem import DATA, Operation, Problem
from vliwc.backend.strands import SHARED, find_strands


@dataclass(frozen=True, slots=True)
class Settings:
    """One way to set priorities. `rescue` settings are tried only if the others find no room in scratch."""

    stagger: float = 0.1
    """How much later each strand begins than the one before, as a share of a strand's length."""
    strands: int = 1 << 30
    """How many strands may be under way at a time."""
    reserve: int = 0
    """Free vectors that only the oldest strand under way may use."""
    window: int = 1 << 30
    """How far ahead of the first operation that is not done others may begin, in program order."""
    noise: int = 0
    """A seed for small disturbances of the priorities; 0 for none."""
    rescue: bool = False


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

    def ranks(self, settings: Settings) -> tuple[list[int], list[int]]:
        """For each operation its rank, lower is more urgent, and for each rank the operation.

        In a strand, the latest possible start decides; strands are staggered; what several strands share is needed
        just before the first of them.
        """
        count = len(self.strand)
        if settings.window < count:
            return list(range(count)), list(range(count))
        random = Random(settings.noise)
        start: list[float] = [0.0] * count
        late = settings.stagger * self.length
        for k in range(count - 1, -1, -1):
            s = self.strand[k]
            if s != SHARED:
                start[k] = s * late + self.length - self.height[k]
                if settings.noise:
                    start[k] += random.random() * 3
            else:
                first = min((start[t] for t, _ in self.problem.successors[k]), default=float(self.length))
                start[k] = first - self.delay[k]
        order = sorted(range(count), key=lambda k: (start[k], k))
        rank = [0] * count
        for r, k in enumerate(order):
            rank[k] = r
        return rank, order


def _delay(operation: Operation, slots: dict[str, int]) -> int:
    """The fewest cycles from an operation's first slot until its result lands."""
    if not operation.forms:
        return 0
    return min(sum(-(-s.slots // slots[s.engine]) - 1 + s.latency for s in form) for form in operation.forms)


def portfolio(problem: Problem, urgency: Urgency, seed: int) -> Iterator[Settings]:
    """The settings to try: the larger the problem, the fewer; last those that ask for ever less scratch."""
    strands = max(urgency.strand, default=SHARED) + 1
    tries = max(2, min(12, 120_000 // (len(problem.operations) + 1)))
    slopes: tuple[float, ...] = (0.06, 0.03, 0.1, 0.045, 0.08, 0.15, 0.02, 0.01, 0.25, 0.0, 0.5, 1.0)
    if strands <= 1:
        slopes, tries = (0.0,), min(tries, 1)
    for stagger in slopes[:tries]:
        yield Settings(stagger, reserve=8 if strands > 1 else 0, noise=seed)
    limit = strands
    while limit > 1:
        limit //= 2
        yield Settings(0.1, strands=limit, reserve=8, rescue=True)
    for window in (512, 64, 8, 1):
        yield Settings(window=window, rescue=True)
