"""Words that stand near each other are loaded together, as vectors, and used as lanes of these.

    %a = load x[3]                                   %v = vload x[3 … 10]
    %b = load x[5]                            →      lane 0 of %v, lane 2 of %v
    %g = gather x[pack 4, 14, 24, …]                 pack (lane 1 of %v), (lane 1 of %w), …

A lane costs nothing where a word is wanted. A pack of lanes may cost a copy each (see `lanewise`), so gathers are left
as they are, or all of this is, unless the engines have less to do then. Nothing may store to the array, and the
addresses have to be known; in a loop it will do if as many words follow each other as there are lanes.
"""

from __future__ import annotations

from vliwc.analysis.known import known_words
from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Access, Graph, Loop
from vliwc.machine.description import Machine
from vliwc.transform.lanewise import lanewise
from vliwc.transform.loads import effort
from vliwc.transform.rewriter import Rewriter, never_stored
from vliwc.transform.simplify import simplify


def combine_loads(graph: Graph, machine: Machine) -> Graph:
    """Loads words of unchanged arrays by vectors, as far as that is less work for the engines of the machine."""
    if not machine.runs("load", "vload"):
        return graph
    best = plain = simplify(graph)
    for combined in _Combiner(plain, ("load", "gather")), _Combiner(plain, ("load",)):
        if combined.windows or combined.rows:
            candidate = simplify(combined.run())
            best = candidate if pays(candidate, best, machine) else best
    return graph if best is plain else best


def pays(combined: Graph, plain: Graph, machine: Machine) -> bool:
    """Is there less to do for the busiest engine, or as much for it and less for all together?

    Packs count as used word by word where they can be.
    """
    return effort(lanewise(combined, machine), machine) < effort(lanewise(plain, machine), machine)


class _Combiner(Rewriter):
    def __init__(self, graph: Graph, kinds: tuple[str, ...]) -> None:
        super().__init__(graph)
        self.kinds = kinds
        self.windows: dict[tuple[str, int], int] = {}
        """For each word (array, index) the index of the first word of the vector that it is loaded with."""
        self.known = known_words(graph)
        frozen = never_stored(graph)
        wanted: dict[str, set[int]] = {}
        for n in graph.walk():
            indices = self.indices(n)
            if indices and graph.access(n).array in frozen:
                wanted.setdefault(graph.access(n).array, set()).update(indices)
        for name, words in wanted.items():
            self.cover(name, sorted(words))
        self.rows: dict[int, tuple[int, int, int]] = {}
        """For loads in loops the earliest one of their vector, its lane, and their own."""
        forms = Forms(graph)
        for n in graph.walk():
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                self.find_rows(attr.body, forms, frozen)

    def indices(self, n: int) -> tuple[int, ...]:
        """The indices that old node `n`, of a kind that is combined, takes words from, if all are known."""
        graph = self.old
        if not self.live[n] or graph.op[n] not in self.kinds:
            return ()
        indices = self.known.get(graph.args[n][0])
        length = graph.arrays[graph.access(n).array].length
        return indices if indices is not None and max(indices) < length else ()

    def cover(self, name: str, indices: list[int]) -> None:
        """Covers indices by as few vectors within the array as possible: from the left (each as late as can be)."""
        lanes, length = self.old.lanes, self.old.arrays[name].length
        while indices and length >= lanes:
            first = min(indices[0], length - lanes)
            together = [k for k in indices if k < first + lanes]
            if len(together) > 1:
                self.windows.update({(name, k): first for k in together})
            indices = indices[len(together) :]

    def find_rows(self, block: tuple[int, ...], forms: Forms, frozen: frozenset[str]) -> None:
        """Finds loads of as many consecutive words as there are lanes in a loop's body, wherever these may be."""
        graph, position = self.old, {n: k for k, n in enumerate(block)}
        alike: dict[tuple[str, tuple[tuple[int, int], ...]], dict[int, int]] = {}
        for n in block:
            if graph.op[n] == "load" and self.live[n] and graph.access(n).array in frozen:
                form = forms.of(graph.args[n][0])
                alike.setdefault((graph.access(n).array, form.terms), {})[form.constant] = n
        for loads in alike.values():
            for at in sorted(loads):
                row = [loads.get(at + k, -1) for k in range(graph.lanes)]
                if -1 not in row and not any(n in self.rows for n in row):
                    _, earliest = min((position[n], k) for k, n in enumerate(row))
                    self.rows.update({n: (row[earliest], earliest, k) for k, n in enumerate(row)})

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        if n in self.rows:
            earliest, before, lane = self.rows[n]
            index, span = self.value[self.old.args[earliest][0]], self.old.span[n]
            first = self.emit("sub", index, self.new.const(before), span=span) if before else index
            return self.emit("lane", self.emit("vload", first, attr=self.old.attr[n], span=span), attr=lane)
        indices = self.indices(n)
        name = self.old.access(n).array if indices else ""
        if not any((name, k) in self.windows for k in indices):
            return super().pure(n, args)
        words = [self.word(n, name, k) for k in indices]
        return words[0] if self.old.op[n] == "load" else self.emit("pack", *words, span=self.old.span[n])

    def word(self, n: int, name: str, index: int) -> int:
        """The word of an array, for old node `n`."""
        access, span = Access(name), self.old.span[n]
        first = self.windows.get((name, index))
        if first is None:
            return self.emit("load", self.new.const(index), attr=access, span=span)
        return self.emit("lane", self.emit("vload", self.new.const(first), attr=access, span=span), attr=index - first)
