"""Which value of scratch each node's result is, and how long values live.

A value is one word or one vector. Most nodes have a value of their own; words that are packed are computed right into
their lane, a `lane` is a word of its vector, and what a loop carries has one value for the carried node, the result
and, where nothing else reads it, the initial value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from vliwc.backend.legalise import Legal
from vliwc.backend.problem import Word
from vliwc.backend.regions import Plan
from vliwc.ir.graph import Graph
from vliwc.ir.ops import PURE
from vliwc.transform.rewriter import results_of

_CLAIMABLE = frozenset(PURE) | {"const", "load"}
"""Operations on words that can write any lane of a vector as well as a value of their own."""


@dataclass(slots=True)
class Placement:
    """The values of a whole program. Lists are indexed by value."""

    place: dict[int, Word] = field(default_factory=dict)
    """For each live node with a result, its first word."""
    widths: list[int] = field(default_factory=list)
    born: list[int] = field(default_factory=list)
    """The segment that writes the value first."""
    last: list[int] = field(default_factory=list)
    """The end of its life: 2s if segment s may reuse its words after the last read, 2s + 1 if only later ones may."""
    node: list[int] = field(default_factory=list)
    """A node that is computed into the value."""
    read: set[int] = field(default_factory=set)
    """Nodes that some operation reads."""

    def temporary(self, width: int, node: int) -> int:
        """A new value for use within one segment."""
        self.widths.append(width)
        self.born.append(-1)
        self.last.append(-1)
        self.node.append(node)
        return len(self.widths) - 1

    def alive_before(self, segment: int) -> Iterator[int]:
        """The values that are in scratch when a segment begins."""
        for v, (born, last) in enumerate(zip(self.born, self.last, strict=True)):
            if born < segment and last >= 2 * segment:
                yield v

    def held_after(self, segment: int) -> Iterator[int]:
        """The values whose words a segment must not reuse."""
        for v, (born, last) in enumerate(zip(self.born, self.last, strict=True)):
            if born <= segment and last > 2 * segment:
                yield v


def place(legal: Legal, plan: Plan) -> Placement:
    """Gives every live node of a planned graph its place, and every value its life."""
    placer = _Placer(legal, plan)
    for number in range(len(plan.segments)):
        placer.segment(number)
    for number in range(len(plan.segments)):
        placer.uses(number)
    return placer.made


class _Placer:
    def __init__(self, legal: Legal, plan: Plan) -> None:
        self.graph: Graph = legal.graph
        self.legal = legal
        self.plan = plan
        self.made = Placement()
        self._results = results_of(legal.graph)
        self._use_count = legal.graph.uses()
        for loop in plan.loops:
            self._use_count[legal.continues[loop.node]] += 1
        self._home: dict[int, int] = {}

    def segment(self, number: int) -> None:
        segment, graph = self.plan.segments[number], self.graph
        own = set(segment.nodes)
        for n in segment.nodes:
            self._home[n] = segment.loop
            if graph.op[n] == "pack":
                self._pack(n, number, own)
        for n in segment.nodes:
            if graph.op[n] == "lane":
                vector, k = self.made.place[graph.args[n][0]], graph.attr[n]
                assert isinstance(k, int)
                self.made.place[n] = Word(vector.value, vector.offset + k)
            elif graph.width[n] and n not in self.made.place:
                self._new(n, number)
        if segment.enters >= 0:
            self._carry(segment.enters, number)

    def _new(self, n: int, segment: int) -> int:
        made = self.made
        made.place[n] = Word(len(made.widths))
        made.widths.append(self.graph.width[n])
        made.born.append(segment)
        made.last.append(2 * segment)
        made.node.append(n)
        return len(made.widths) - 1

    def _pack(self, n: int, number: int, own: set[int]) -> None:
        """Lets the words of a pack be computed in place, each for the first pack that wants it."""
        value = self._new(n, number)
        for k, word in enumerate(self.graph.args[n]):
            if word in own and word not in self.made.place and self.graph.op[word] in _CLAIMABLE:
                self.made.place[word] = Word(value, k)

    def _carry(self, loop: int, number: int) -> None:
        graph, place = self.graph, self.made.place
        node = self.plan.loops[loop].node
        attr = graph.loop(node)
        for k, (carried, init) in enumerate(zip(attr.carried, graph.args[node], strict=True)):
            self._home[carried] = loop
            if self._passes_on(init, self.plan.loops[loop].outer, graph.width[carried]):
                place[carried] = place[init]
            else:
                self._new(carried, number)
            for position, result in self._results.get(node, ()):
                if position == k:
                    place[result] = place[carried]
                    self._home[result] = self.plan.loops[loop].outer

    def _passes_on(self, init: int, outer: int, width: int) -> bool:
        """May a loop change the initial value's own words, because only the loop reads it?"""
        word = self.made.place[init]
        return (
            self._use_count[init] == 1
            and self._home.get(init) == outer
            and self.graph.op[init] not in ("lane", "const")
            and self.made.widths[word.value] == width
        )

    def uses(self, number: int) -> None:
        """Stretches the lives of what a segment reads."""
        segment, graph, legal = self.plan.segments[number], self.graph, self.legal
        for n in segment.nodes:
            for a in graph.args[n]:
                self._use(a, number)
        if segment.enters >= 0:
            node = self.plan.loops[segment.enters].node
            for init in graph.args[node]:
                if graph.op[init] != "const":
                    self._use(init, number)
        if segment.latches >= 0:
            node = self.plan.loops[segment.latches].node
            attr = graph.loop(node)
            goes_on = legal.continues[node]
            self._use(goes_on, number)
            jumps = self.made.place[goes_on].value
            self.made.last[jumps] = max(self.made.last[jumps], 2 * number + 1)  # the jump is in the last bundle
            for carried, following in zip(attr.carried, attr.yields, strict=True):
                self._use(following, number)
                self._use(carried, number)

    def _use(self, n: int, segment: int) -> None:
        made = self.made
        made.read.add(n)
        v = made.place[n].value
        made.last[v] = max(made.last[v], self.plan.last_moment(made.born[v], segment))
