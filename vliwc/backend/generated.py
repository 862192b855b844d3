"""What the backend makes of a graph: a program, and all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.backend.bounds import Bounds, SegmentBound
from vliwc.backend.certifier.witness import Witness
from vliwc.backend.evaluator import Selected
from vliwc.backend.pipelining.choice import LoopReport
from vliwc.backend.pipelining.pipeliner import Kernel
from vliwc.backend.problem import Problem
from vliwc.machine.program import Program


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
