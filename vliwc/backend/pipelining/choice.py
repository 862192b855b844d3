"""Which loops of a program are overlapped: those for which the whole run takes fewer cycles, tried one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from vliwc.backend.legalise import Legal
from vliwc.backend.pipelining.cyclic import Unsuitable
from vliwc.backend.pipelining.pipeliner import Kernel, Minimum, Overlap, minimum, overlap
from vliwc.backend.selection import Selector
from vliwc.ir.graph import Graph, Loop

_WORTH = 0.002
"""The share of a run's cycles that must be at stake for an attempt."""

_MORE = 4
"""The most beats of a kernel that are tried, for each one that is needed."""


@dataclass(frozen=True, slots=True)
class LoopReport:
    """An innermost machine loop, and what came of the attempt to overlap its iterations.

    `before` are the cycles of an iteration by itself, `after` those of an iteration in the kernel (`interval`, unless
    results must land before the jump); 0 if the loop is not overlapped, and `reason` says why.
    """

    node: int
    """The `for` node of the graph."""
    line: int
    """The line of the kernel, 0 if it is not known."""
    trips: int
    before: int
    minimum: Minimum | None = None
    interval: int = 0
    stages: int = 0
    copies: int = 0
    after: float = 0.0
    reason: str = ""

    @property
    def overlapped(self) -> bool:
        """Is the loop software-pipelined?"""
        return self.interval > 0

    def refused(self, reason: str) -> LoopReport:
        """The report of the same loop if it is not overlapped after all."""
        if not self.overlapped:
            return self
        return LoopReport(self.node, self.line, self.trips, self.before, self.minimum, reason=reason)


class Attempt(Protocol):
    """A program that was generated from the legal form of a graph with these kernels."""

    graph: Graph
    legal: Legal
    selector: Selector
    kernels: Mapping[int, Kernel]
    total: int
    """The cycles of a run."""

    def length(self, node: int) -> int:
        """The cycles of a trip of a loop."""

    def times(self, node: int) -> int:
        """How often a loop's body is executed in a run."""

    def order(self, node: int) -> Mapping[int, int]:
        """The cycle of a trip in which each node of a loop begins."""


A = TypeVar("A", bound=Attempt)

Try = Callable[[Legal, Mapping[int, Kernel]], A | None]
"""Generates a program; None if there is no room in scratch for it."""


def choose(plain: A, attempt: Try[A], exact_work: float | None) -> tuple[A, tuple[LoopReport, ...]]:
    """The best attempt, which is never worse than `plain`, and a report for each innermost loop.

    Loops in which more cycles are spent come first. `exact_work` is what an exact modulo schedule of one interval may
    take, in the solver's deterministic time, if such schedules are asked for.
    """
    best = plain
    reports: list[LoopReport] = []
    for number, node in _innermost(plain):
        best, report = _try(plain, best, number, node, attempt, exact_work)
        reports.append(report)
    return best, tuple(sorted(reports, key=lambda report: report.node))


def _innermost(plain: Attempt) -> list[tuple[int, int]]:
    """The body segment and the node of each innermost loop. One with another loop in it of which nothing is left,
    because it did nothing, is none: the proof goes by the graph as it was."""
    plan, graph = plain.selector.plan, plain.graph
    single = [(span.first, span.node) for span in plan.loops if span.first == span.last]
    bodies = {node: graph.loop(plain.legal.origin[node]).body for _, node in single}
    found = [(s, node) for s, node in single if not any(isinstance(graph.attr[m], Loop) for m in bodies[node])]
    return sorted(found, key=lambda loop: (-plain.length(loop[1]) * plain.legal.graph.loop(loop[1]).trips, loop))


def _try(plain: A, best: A, number: int, node: int, attempt: Try[A], exact_work: float | None) -> tuple[A, LoopReport]:
    """The best attempt with or without this loop overlapped, and the report."""
    graph, before = plain.legal.graph, plain.length(node)
    span = graph.span[node]
    origin, line, trips = plain.legal.origin[node], span.line if span else 0, graph.loop(node).trips
    bounds = None
    try:
        cyclic, bounds = minimum(plain.selector, number)
        if bounds.interval >= before:
            raise Unsuitable("it takes the minimum interval as it is")
        times = plain.times(node)
        if (before - bounds.interval) * times < _WORTH * plain.total:
            raise Unsuitable("there is next to nothing to gain")
        found = overlap(node, cyclic, bounds, before, plain.order(node), times, exact_work)
        tried, made, copies = _shortest(best, found, attempt)
    except Unsuitable as why:
        return best, LoopReport(origin, line, trips, before, bounds, reason=str(why))
    stages = max(found.stage.values()) + 1
    after = tried.length(made) / copies
    interval = found.modulo.interval
    return tried, LoopReport(origin, line, trips, before, bounds, interval, stages, copies, after)


def _shortest(best: A, found: Overlap, attempt: Try[A]) -> tuple[A, int, int]:
    """The best program with a loop overlapped, the loop's new node, and the beats of its kernel.

    More beats than are needed can be better: they are if values would change places within a cycle, which takes copies,
    and if results must land before the jump. Raises Unsuitable if no program is better than `best`.
    """
    shortest: tuple[A, int, int] | None = None
    reason = Unsuitable("there is not enough scratch")
    for copies in (found.copies, found.copies + 1, _MORE * found.copies):
        try:
            legal, made, kernel = found.apply(best.legal, copies)
        except Unsuitable as why:
            reason = why
            continue
        tried = attempt(legal, {**best.kernels, made: kernel})
        if tried is None:
            continue
        if tried.total < (shortest[0] if shortest else best).total:
            shortest = tried, made, copies
        reason = Unsuitable("the run would not be shorter")
        if tried.length(made) == copies * found.modulo.interval:
            break
    if shortest is None:
        raise reason
    return shortest
