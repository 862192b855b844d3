"""What the backend makes of a graph: a program, and all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vliwc.backend.bounds import Bounds, SegmentBound, segment_bound
from vliwc.backend.certifier.witness import Witness
from vliwc.backend.evaluator import Selected
from vliwc.backend.pipelining.choice import LoopReport
from vliwc.backend.pipelining.pipeliner import Kernel
from vliwc.backend.problem import Problem
from vliwc.machine.program import Program

_NEAR = 1.3
"""A schedule that takes so many times its bound is not held up by what a tariff may show."""
_LEAST_SHARE = 0.25
"""What a segment may have of the variables, however small its share of the run is."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How much there was to do."""

    segments: int
    loops: int
    operations: int
    """Machine operations, with their alternatives open."""
    slots: dict[str, int]
    """Slots in the program, by engine."""
    peak_words: int
    """The most scratch words in use at a time."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight segment as it was scheduled: its problem, the bound for that, its cycles, and how often it runs."""

    problem: Problem
    bound: SegmentBound
    cycles: int
    times: int
    kernel: Kernel | None = None
    """How its loop was overlapped, if it is the kernel of one."""

    @property
    def near(self) -> bool:
        """Might a better bound be close to the schedule?"""
        return self.kernel is None and self.bound.best < self.cycles <= _NEAR * self.bound.best

    def with_tariff(self, variables: int) -> Segment:
        """The same with a higher bound if a linear program of about so many variables proves one, or if orders do."""
        if not self.near:
            return self
        bound = segment_bound(self.problem, self.cycles, variables)
        return replace(self, bound=bound) if bound.best > self.bound.best else self


@dataclass(frozen=True, slots=True)
class Generated:
    """A program, what the certifier needs to know of it, and how good it is."""

    program: Program
    witness: Witness
    bounds: Bounds
    stats: Stats
    segments: tuple[Segment, ...]
    selected: Selected
    """What was scheduled, for comparison."""
    loops: tuple[LoopReport, ...] = ()
    """What came of software pipelining, for each innermost machine loop."""
    unproven: str = ""
    """Why this is a cautious program: what could not be proven of one that was not."""

    @property
    def cycles(self) -> int:
        """How long a run takes, but for jumps that found no room in another bundle."""
        return sum(segment.cycles * segment.times for segment in self.segments)

    def with_tariffs(self, variables: int) -> Generated:
        """The same with higher bounds where linear programs of about so many variables prove them (see `bounds.timed`),
        or fewer for each where there are several segments, or where orders do (see `bounds.orders`)."""
        weights = [len(segment.problem.operations) * segment.times for segment in self.segments]
        shares = [max(_LEAST_SHARE, weight / max(1, sum(weights))) for weight in weights]
        segments = tuple(
            segment.with_tariff(round(share * variables)) for segment, share in zip(self.segments, shares, strict=True)
        )
        if segments == self.segments:
            return self
        old = self.bounds.best
        best = max(old, sum(segment.bound.best * segment.times for segment in segments))
        loads = {engine: load * old / best for engine, load in self.bounds.loads.items()}
        return replace(self, segments=segments, bounds=replace(self.bounds, best=best, loads=loads))
