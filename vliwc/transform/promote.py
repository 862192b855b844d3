"""Keeps a memory word in a value while a loop runs.

    for r {                         %v0 = load a[%i]
        %v = load a[%i]             for r (%v = %v0) {
        %w = f %v              →        %w = f %v
        store a[%i], %w                 yield %w
    }                               }
                                    store a[%i], (result)

Register promotion as in Cooper & Lu (1997), for words whose index the loop does not change and that no other access in
the loop can touch. A loop runs at least once, so the accesses that it adds before and after are never new ones.
"""

from __future__ import annotations

from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Access, Graph, Loop
from vliwc.ir.ops import Kind
from vliwc.transform.independence import accesses, index_operand
from vliwc.transform.rewriter import Rewriter

_Place = tuple[str, int]
"""An array and the index node of one of its words."""


def promote(graph: Graph) -> Graph:
    """Promotes in inner loops first; a round for each level of nesting."""
    while True:
        rewriter = _Promotion(graph)
        graph = rewriter.run()
        if not rewriter.changed:
            return graph


class _Promotion(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.forms = Forms(graph)
        self.changed = False
        self.current: dict[_Place, int] = {}

    def loop(self, n: int, loop: Loop) -> None:
        places = self.promotable(loop) if self.old.op[n] == "for" else []
        if not places:
            super().loop(n, loop)
            return
        self.changed = True
        outer, self.current = self.current, {}
        self.promoted_loop(n, loop, places)
        self.current = outer

    def promoted_loop(self, n: int, loop: Loop, places: list[_Place]) -> None:
        old, new, span = self.old, self.new, self.old.span[n]
        kept = [k for k, c in enumerate(loop.carried) if self.live[c]]
        inits = [self.value[old.args[n][k]] for k in kept]
        for array, i in places:
            inits.append(new.emit("load", self.value[i], attr=Access(array), span=span))
        index, carried = new.begin_loop((1,) * len(inits), span)
        self.value[loop.index] = index
        for k, c in zip(kept, carried, strict=False):
            self.value[loop.carried[k]] = c
        self.current = dict(zip(places, carried[len(kept) :], strict=True))
        self.block(loop.body)
        yields = [self.value[loop.yields[k]] for k in kept] + [self.current[p] for p in places]
        bounds = (loop.lo, loop.hi, loop.step)
        results = new.end_loop("for", bounds, index, carried, tuple(inits), tuple(yields), span)
        self.bind_results(n, dict(zip(kept, results, strict=False)))
        stored = {old.access(m).array for m in accesses(old, loop.body) if old.kind(m) is Kind.STORE}
        for (array, i), result in zip(places, results[len(kept) :], strict=True):
            if array in stored:
                new.emit("store", self.value[i], result, attr=Access(array), span=span)

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        if self.old.op[n] in ("load", "store"):
            place = (self.old.access(n).array, self.old.args[n][0])
            if place in self.current:
                if self.old.op[n] == "store":
                    self.current[place] = args[1]
                return self.current[place]
        return super().pure(n, args)

    def promotable(self, loop: Loop) -> list[_Place]:
        """The words to promote, in order of first access."""
        old = self.old
        inside = set(old.walk(loop.body)) | {loop.index, *loop.carried}
        live = [m for m in accesses(old, loop.body) if self.live[m]]
        direct = {m for m in loop.body if old.op[m] in ("load", "store")}
        places: list[_Place] = []
        for m in live:
            place = (old.access(m).array, index_operand(old, m))
            if m in direct and place not in places and place[1] not in inside and self.alone(place, live, direct):
                places.append(place)
        return places

    def alone(self, place: _Place, live: list[int], direct: set[int]) -> bool:
        """Whether every other access in the loop is to this very word, directly in the loop, or surely elsewhere."""
        for m in live:
            if self.old.access(m).array != place[0]:
                continue
            distance = self.forms.distance(index_operand(self.old, m), place[1])
            if distance is None or (distance == 0 and (m not in direct or self.old.args[m][0] != place[1])):
                return False
        return True
