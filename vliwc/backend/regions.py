"""Cuts a legal graph into straight segments and loops, and finds out how long values live across them.

Segments are numbered in program order. Before every loop and after it stands a segment (which may be empty), and a
loop's body is a run of segments: it begins with one, and its last one, the latch, ends with the jump back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vliwc.backend.legalise import Legal
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import Kind


@dataclass(slots=True)
class Segment:
    """Nodes without a loop among them. `loop` is the innermost loop around, or -1 (a position in `Plan.loops`).

    `enters` is the loop that begins after this segment, `latches` the one whose last segment this is; -1 if none.
    """

    nodes: list[int]
    loop: int
    enters: int = -1
    latches: int = -1


@dataclass(slots=True)
class Span:
    """A machine loop: its `for` node, the loop around it (or -1), and its body's segments first … last."""

    node: int
    outer: int
    first: int
    last: int


@dataclass(slots=True)
class Plan:
    """A graph as a sequence of segments and the loops that they form."""

    segments: list[Segment] = field(default_factory=list)
    loops: list[Span] = field(default_factory=list)

    def last_moment(self, defined: int, used: int) -> int:
        """Until when a value must live that segment `defined` makes and segment `used` reads.

        2s: until its last read in segment s; 2s + 1: until the end of segment s. The latter is for loops around the
        use but not around the definition: the next iteration wants to find the value again.
        """
        last = 2 * used
        loop = self.segments[used].loop
        while loop >= 0:
            span = self.loops[loop]
            if not span.first <= defined <= span.last:
                last = 2 * span.last + 1
            loop = span.outer
        return last


def plan(legal: Legal) -> Plan:
    """The segments and loops of a legal graph, without what nothing needs.

    Constants and their splats stand in the last segment of their block that precedes all of their uses.
    """
    cutter = _Cutter(legal)
    cutter.block(legal.graph.body, -1)
    return cutter.plan


class _Cutter:
    def __init__(self, legal: Legal) -> None:
        self.legal = legal
        self.graph = legal.graph
        self.live = _live(legal)
        self.plan = Plan()

    def block(self, block: tuple[int, ...], loop: int) -> int:
        """Cuts a block; returns the number of its last segment."""
        graph, segments = self.graph, self.plan.segments
        waiting: set[int] = set()
        segments.append(Segment([], loop))
        for n in block:
            attr = graph.attr[n]
            if not self.live[n] or graph.op[n] == "result":
                continue
            if floats(graph, n):
                waiting.add(n)
            elif isinstance(attr, Loop):
                self._place(sorted(waiting & self._reads(n)), waiting)
                self._loop(n, attr, loop)
            else:
                self._place(sorted(waiting.intersection(graph.args[n])), waiting)
                segments[-1].nodes.append(n)
        if loop >= 0:
            needed = {*graph.loop(self.plan.loops[loop].node).yields, self.legal.continues[self.plan.loops[loop].node]}
            self._place(sorted(waiting & needed), waiting)
        return len(segments) - 1

    def _place(self, nodes: list[int], waiting: set[int]) -> None:
        """Puts floating nodes and what they need into the current segment."""
        for n in nodes:
            if n in waiting:
                waiting.discard(n)
                self._place(sorted(waiting.intersection(self.graph.args[n])), waiting)
                self.plan.segments[-1].nodes.append(n)

    def _loop(self, n: int, loop: Loop, outer: int) -> None:
        plan = self.plan
        number = len(plan.loops)
        plan.segments[-1].enters = number
        span = Span(n, outer, len(plan.segments), -1)
        plan.loops.append(span)
        span.last = self.block(loop.body, number)
        plan.segments[span.last].latches = number
        plan.segments.append(Segment([], outer))

    def _reads(self, n: int) -> frozenset[int]:
        """All nodes that a loop refers to, inside or as initial values."""
        graph = self.graph
        loop = graph.loop(n)
        found: set[int] = {*graph.args[n], *loop.yields, self.legal.continues[n]}
        for m in graph.walk(loop.body):
            if self.live[m]:
                found.update(graph.args[m])
            attr = graph.attr[m]
            if isinstance(attr, Loop):
                found.update((*attr.yields, self.legal.continues[m]))
        return frozenset(found)


def floats(graph: Graph, n: int) -> bool:
    """Can node n be made at any time, from nothing? Constants, their splats and packs."""
    op = graph.op[n]
    return op == "const" or (op in ("splat", "pack") and all(graph.op[a] == "const" for a in graph.args[n]))


def _live(legal: Legal) -> list[bool]:
    """Which nodes a store or the control of a live loop depends on. Everything in `for` is taken to be needed."""
    graph = legal.graph
    live = [False] * len(graph)
    work = [n for n in graph.walk() if graph.kind(n) is Kind.STORE or graph.op[n] == "for"]
    while work:
        n = work.pop()
        if live[n]:
            continue
        live[n] = True
        work += graph.args[n]
        attr = graph.attr[n]
        if isinstance(attr, Loop):
            work += (*attr.yields, legal.continues[n])
    return live
