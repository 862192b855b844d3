"""Which arrays the graph still reads, and which a loop writes: what a loop's invariant must speak of."""

from __future__ import annotations

from collections.abc import Iterator

from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import Kind


class Liveness:
    """Names of arrays by what a graph does to them; remembered for each loop."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._loaded: dict[int, frozenset[str]] = {}
        self._stored: dict[int, frozenset[str]] = {}

    def loaded(self, n: int) -> frozenset[str]:
        """The arrays that node `n`, or a node in its body, loads from; `store_if` may keep a word, so it loads, too."""
        if n not in self._loaded:
            self._loaded[n] = frozenset(self._arrays(n, loads=True))
        return self._loaded[n]

    def stored(self, n: int) -> frozenset[str]:
        """The arrays that node `n`, or a node in its body, stores to."""
        if n not in self._stored:
            self._stored[n] = frozenset(self._arrays(n, loads=False))
        return self._stored[n]

    def _arrays(self, n: int, loads: bool) -> Iterator[str]:
        graph = self.graph
        for m in graph.walk((n,)):
            kind = graph.kind(m)
            if (kind is Kind.LOAD or graph.op[m] == "store_if") if loads else kind is Kind.STORE:
                yield graph.access(m).array

    def after(self, block: tuple[int, ...]) -> dict[int, frozenset[str]]:
        """For each loop of a block, the arrays that are loaded from after it in the block."""
        later: frozenset[str] = frozenset()
        result = {}
        for n in reversed(block):
            if isinstance(self.graph.attr[n], Loop):
                result[n] = later
            later |= self.loaded(n)
        return result
