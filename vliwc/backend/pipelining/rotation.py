"""Rewrites a legal graph so that a loop's iterations overlap, as a modulo schedule says.

Time is counted in *beats* of one interval each. In beat b, the operations of stage s work for iteration b - s. Before →
after, with two stages (A, then B of what A made), and a kernel of one beat:

    for i { x = A i; B x }    →    x' = A 0                                          beat 0: the prologue
                                   for i { carry x' ; x = A i; B x'; yield x }       beats 1 … n - 1: the kernel
                                   B x'                                              beat n: the epilogue

The kernel is `copies` beats long: a value that is still read when the next iteration's is made would be overwritten, so
consecutive iterations use different names for it (modulo variable expansion, Lam 1988). What one trip of the kernel
leaves to the next is carried: (node, -1) is the node's value from the last beat before the trip, and so on. Trip counts
are known, so the beats that do not fill a trip stand in the prologue, and so does whatever needs initial values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from vliwc.analysis.linear import Form, Forms, atom
from vliwc.backend.legalise import Legal, extend_bits
from vliwc.backend.pipelining.cyclic import Unsuitable, history
from vliwc.ir.graph import Attr, Graph, Loop
from vliwc.ir.ops import MASK

MOST_NODES = 10_000
"""Nodes that prologue, kernel and epilogue may come to."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A loop that was rewritten. Nodes and iterations are those of the loop as it was, `node`.

    `stage` says in which beat of its iteration a node of the body is computed; nodes without operations have none.
    """

    node: int
    stage: dict[int, int]
    copies: int
    peeled: int
    """Beats before the kernel."""
    carried: tuple[tuple[int, int], ...]
    """For each carried value of the new loop the node that it is, and of which iteration, counted back from the one
    that begins in the trip's first beat."""
    instance: dict[int, tuple[int, int]]
    """For each node of the kernel the node of the body that it is a copy of, and the beat of the trip, from 0."""


def rotate(legal: Legal, n: int, stage: dict[int, int], copies: int) -> tuple[Legal, int, Rotation]:
    """The legal graph with loop `n` overlapped, its new `for` node, and what was done.

    Raises Unsuitable if the loop has too few iterations for it, or too long a body.
    """
    old = legal.graph
    graph = old.copy()
    rotator = _Rotator(graph, legal.continues[n], n, stage, copies)
    made = rotator.run()
    rotated = replace(
        legal,
        graph=graph,
        origin={**legal.origin, made: legal.origin[n]},
        continues={**legal.continues, made: rotator.goes_on},
        bits=extend_bits(graph, legal.bits.copy()),
        forms={**legal.forms, **rotator.forms(Forms(old, known=legal.forms))},
    )
    return rotated, made, rotator.rotation()


class _Rotator:
    """Appends nodes to a graph, and changes those that use the loop's results or list its block."""

    def __init__(self, graph: Graph, condition: int, n: int, stage: dict[int, int], copies: int) -> None:
        self.graph = graph
        self.condition = condition
        self.node = n
        self.stage = stage
        self.copies = copies
        self.loop = loop = graph.loop(n)
        self.inside = frozenset(loop.body)
        self.position = {c: k for k, c in enumerate(loop.carried)}
        self.order = sorted((m for m in loop.body if m in stage and m != condition), key=lambda m: -stage[m])
        """A beat's nodes: older iterations first, then as in the body (the sort is stable)."""
        self.stages = max(stage.values()) + 1
        self.peeled, self.rounds = self._counts()
        self.keys: dict[tuple[int, int], int] = {}
        """The kernel's carried nodes, by node and iteration counted back from the trip's first beat."""
        self.instance: dict[int, tuple[int, int]] = {}
        self.results: dict[tuple[int, int], int] = {}
        self.made = -1
        self.goes_on = -1

    def _counts(self) -> tuple[int, int]:
        """How many beats come before the kernel, and how many trips it makes. Raises Unsuitable if it makes no two."""
        graph, loop, copies = self.graph, self.loop, self.copies
        before = history(graph, self.node)
        rounds = (loop.trips - (self.stages - 1) - before) // copies
        if rounds < 2:
            raise Unsuitable("it has too few iterations")
        if (2 * self.stages + before + 2 * copies) * len(loop.body) > MOST_NODES:
            raise Unsuitable("its body is too long")
        if loop.lo + (loop.trips + self.stages + copies) * loop.step > MASK:
            raise Unsuitable("its index might wrap")
        return loop.trips - rounds * copies, rounds

    def rotation(self) -> Rotation:
        """What was done."""
        return Rotation(self.node, self.stage, self.copies, self.peeled, tuple(self.keys), self.instance)

    def run(self) -> int:
        """Builds the three parts and puts them in the place of the loop; returns the new `for` node."""
        graph, loop, trips = self.graph, self.loop, self.loop.trips
        made = self.made = self.append("for", (), None, 0)

        prologue = _Copies(self, self._never, initial=True)
        for beat in range(self.peeled):
            prologue.beat(beat, trips)

        kernel = _Copies(self, lambda n, i: self._carried(n, -i))
        index = self.append("index", (), None, 1)
        for beat in range(self.copies):
            kernel.beat(beat, None)
        self._close(kernel)

        epilogue = _Copies(self, lambda n, i: self._result(n, trips - i))
        for beat in range(trips, trips + self.stages - 1):
            epilogue.beat(beat, trips)
        results = [epilogue.value(c, trips) for c in loop.carried]

        graph.args[made] = tuple(prologue.value(n, self.peeled - back) for n, back in self.keys)
        yields = tuple(self._yielded(kernel, n, self.copies - back) for n, back in self.keys)
        first, last = loop.lo + self.peeled * loop.step, loop.lo + trips * loop.step
        carried, body = tuple(self.keys.values()), tuple(kernel.nodes)
        graph.attr[made] = Loop(first, last, self.copies * loop.step, index, carried, body, yields)
        self._splice([*prologue.nodes, made, *self.results.values(), *epilogue.nodes], results)
        return made

    def forms(self, before: Forms) -> dict[int, Form]:
        """The linear forms, in terms of the new index, of carried values that depend on nothing else in the loop.

        `before` are the forms of the graph as it was. The new index is the old one of the iteration that begins in the
        trip's first beat.
        """
        new, old = self.graph.loop(self.made).index, self.loop.carried[-1]
        changing = (self.inside | set(self.loop.carried)) - {old}
        found = {}
        for (n, back), carried in self.keys.items():
            form = before.of(n)
            if all(m not in changing for m, _ in form.terms):
                factor = form.coefficient(old)
                moved = Form(-factor * back * self.loop.step).plus(atom(new), factor)
                found[carried] = form.plus(atom(old), -factor).plus(moved)
        return found

    def append(self, op: str, args: tuple[int, ...], attr: Attr, width: int, like: int | None = None) -> int:
        """A new node, which stands in no block yet, with the span of node `like`."""
        graph = self.graph
        graph.op.append(op)
        graph.args.append(args)
        graph.attr.append(attr)
        graph.width.append(width)
        graph.span.append(graph.span[self.node if like is None else like])
        return len(graph) - 1

    def _never(self, n: int, i: int) -> int:
        raise AssertionError(f"%{n} of iteration {i} is used before it is made")

    def _carried(self, n: int, back: int) -> int:
        """The kernel's carried node for node n, computed before the trip."""
        key = n, back
        if key not in self.keys:
            self.keys[key] = self.append("carried", (), len(self.keys), self.graph.width[n], n)
        return self.keys[key]

    def _result(self, n: int, back: int) -> int:
        """The same after the last trip."""
        key = n, back
        if key not in self.results:
            position = self.graph.attr[self._carried(n, back)]
            self.results[key] = self.append("result", (self.made,), position, self.graph.width[n], n)
        return self.results[key]

    def _yielded(self, kernel: _Copies, n: int, i: int) -> int:
        """The value that the next trip finds. Raises Unsuitable if it is older than this trip."""
        if (n, i) not in kernel.made:
            raise Unsuitable("its values live for longer than the kernel")
        return kernel.made[n, i]

    def _close(self, kernel: _Copies) -> None:
        """The condition of the new loop, for its first beat; and which node is a copy of which."""
        following, _ = self.graph.args[self.condition]
        i = -self.stage[self.condition]
        number = self.loop.lo + self.loop.step * (self.peeled + (self.rounds - 1) * self.copies + i + 1)
        limit = self.append("const", (), number, 1)
        self.graph.body = (limit, *self.graph.body)
        self.goes_on = kernel.add(self.condition, i, (kernel.value(following, i), limit))
        self.instance = {new: (n, i + self.stage[n]) for (n, i), new in kernel.made.items() if n in self.stage}

    def _splice(self, nodes: list[int], results: list[int]) -> None:
        """Puts nodes in the place of the loop and values in the place of its results."""
        graph = self.graph
        old = {
            m: results[k]
            for m in range(len(graph))
            if graph.op[m] == "result" and graph.args[m] == (self.node,) and isinstance(k := graph.attr[m], int)
        }
        for m, args in enumerate(graph.args):
            if not old.keys().isdisjoint(args):
                graph.args[m] = tuple(old.get(a, a) for a in args)
        graph.body = self._spliced(graph.body, nodes, old)
        for m, attr in enumerate(graph.attr):
            if isinstance(attr, Loop) and m != self.node:
                yields = tuple(old.get(y, y) for y in attr.yields)
                graph.attr[m] = replace(attr, body=self._spliced(attr.body, nodes, old), yields=yields)

    def _spliced(self, block: tuple[int, ...], nodes: list[int], old: dict[int, int]) -> tuple[int, ...]:
        if self.node not in block:
            return block
        at = block.index(self.node)
        return (*block[:at], *nodes, *(m for m in block[at + 1 :] if m not in old))


class _Copies:
    """A block with copies of the body's nodes for several iterations.

    `missing` tells what stands for a node of an iteration that was computed before the block; `initial` says whether
    iteration 0 is the loop's first one, which finds the initial values.
    """

    def __init__(self, rotator: _Rotator, missing: Callable[[int, int], int], *, initial: bool = False) -> None:
        self.rotator = rotator
        self.graph = rotator.graph
        self.initial = initial
        self.missing = missing
        self.nodes: list[int] = []
        self.made: dict[tuple[int, int], int] = {}

    def beat(self, beat: int, trips: int | None) -> None:
        """Everything that one beat computes; only for iterations 0 … trips - 1 if that is given."""
        for n in self.rotator.order:
            i = beat - self.rotator.stage[n]
            if trips is None or 0 <= i < trips:
                self.add(n, i, tuple(self.value(a, i) for a in self.graph.args[n]))

    def add(self, n: int, i: int, args: tuple[int, ...]) -> int:
        """The copy of node n for iteration i."""
        new = self.rotator.append(self.graph.op[n], args, self.graph.attr[n], self.graph.width[n], n)
        self.nodes.append(new)
        self.made[n, i] = new
        return new

    def value(self, n: int, i: int) -> int:
        """What iteration i sees in place of node n of the loop as it was."""
        rotator = self.rotator
        while n in rotator.position:
            following = rotator.loop.yields[rotator.position[n]]
            if (i == 0 and self.initial) or following == n:
                return self.graph.args[rotator.node][rotator.position[n]]
            n, i = following, i - 1
        if n not in rotator.inside:
            return n
        if (n, i) not in self.made:
            if n in rotator.stage:
                return self.missing(n, i)
            return self.add(n, i, tuple(self.value(a, i) for a in self.graph.args[n]))
        return self.made[n, i]
