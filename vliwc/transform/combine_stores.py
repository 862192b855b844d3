"""Words that are stored next to each other are stored together, as vectors.

    scatter y[pack 0, 4, 8, …], %a               %p = pack (lane 0 of %a), (lane 0 of %b), …
    scatter y[pack 1, 5, 9, …], %b        →      vstore y[0 … 7], %p
    …                                            …

That is a transposition: packs cost copies, scatters a slot of the store engine for each word. It is done where the
busiest engine has less to do then, and only for arrays that nothing loads from, all of whose stores go to known words,
no two to the same one: their order is of no consequence.
"""

from __future__ import annotations

from collections import Counter

from vliwc.analysis.known import known_words
from vliwc.ir.graph import Access, Graph
from vliwc.ir.ops import Kind
from vliwc.machine.description import Machine
from vliwc.transform.combine_loads import pays
from vliwc.transform.rewriter import Rewriter
from vliwc.transform.simplify import simplify


def combine_stores(graph: Graph, machine: Machine) -> Graph:
    """Stores words by vectors where they fill some, if that is less work for the busiest engine of the machine."""
    if not machine.runs("store", "vstore"):
        return graph
    combiner = _Combiner(graph)
    if not combiner.windows:
        return graph
    combined = simplify(combiner.run())
    return combined if pays(combined, simplify(graph), machine) else graph


class _Combiner(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.known = known_words(graph)
        self.windows: dict[tuple[str, int], int] = {}
        """For each word (array, index) the index of the first word of the vector that it is stored with."""
        self.waiting: dict[tuple[str, int], dict[int, int]] = {}
        """For each vector that is not stored yet the words that are there: new nodes, by their indices."""
        self.top = set(graph.body)
        accesses: dict[str, list[int]] = {}
        for n in graph.walk():
            if graph.kind(n) in (Kind.LOAD, Kind.STORE) and self.live[n]:
                accesses.setdefault(graph.access(n).array, []).append(n)
        for name, nodes in accesses.items():
            self.cover(name, sorted(self.single_words(nodes)))

    def single_words(self, accesses: list[int]) -> set[int]:
        """The words of an array that are stored one by one; none if the order of its stores might matter."""
        graph = self.old
        stored: Counter[int] = Counter()
        single: set[int] = set()
        for n in accesses:
            words = self.indices(n) if n in self.top and graph.kind(n) is Kind.STORE else ()
            if not words:
                return set()
            stored.update(words)
            if graph.op[n] != "vstore":
                single.update(words)
        return single if all(times == 1 for times in stored.values()) else set()

    def indices(self, n: int) -> tuple[int, ...]:
        """The indices of the words that a store writes to, if all are known."""
        graph = self.old
        op, access, words = graph.op[n], graph.access(n), self.known.get(graph.args[n][0])
        if words is None or op not in ("store", "scatter", "vstore"):
            return ()
        words = {"store": words, "scatter": words[: access.active]}.get(op) or tuple(
            words[0] + k for k in range(graph.lanes)
        )
        return words if max(words) < graph.arrays[access.array].length else ()

    def cover(self, name: str, words: list[int]) -> None:
        """Finds vectors all of whose words are stored one by one, from the left."""
        lanes, k = self.old.lanes, 0
        while k + lanes <= len(words):
            if words[k + lanes - 1] - words[k] == lanes - 1:
                self.windows.update({(name, word): words[k] for word in words[k : k + lanes]})
                k += lanes
            else:
                k += 1

    def node(self, n: int) -> None:
        old = self.old
        name = old.access(n).array if old.op[n] in ("store", "scatter") else ""
        indices = self.indices(n) if name else ()
        if not any((name, index) in self.windows for index in indices):
            super().node(n)
            return
        value = self.value[old.args[n][1]]
        for k, index in enumerate(indices):
            word = self.emit("lane", value, attr=k) if old.op[n] == "scatter" else value
            self.store(n, name, index, word)

    def store(self, n: int, name: str, index: int, word: int) -> None:
        """Stores a word, for old node `n`: by itself, or with the others of its vector when all of them are there."""
        span, access = self.old.span[n], Access(name)
        first = self.windows.get((name, index))
        if first is None:
            self.emit("store", self.new.const(index), word, attr=access, span=span)
            return
        together = self.waiting.setdefault((name, first), {})
        together[index] = word
        if len(together) == self.old.lanes:
            pack = self.emit("pack", *(together[first + k] for k in range(self.old.lanes)), span=span)
            self.emit("vstore", self.new.const(first), pack, attr=access, span=span)
