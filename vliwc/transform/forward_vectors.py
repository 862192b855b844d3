"""Values instead of memory, word by word: what one `par` stored or loaded as vectors, the next one need not load.

    vstore a[8], %v                         vstore a[8], %v
    %w = vload a[8]                    →    … %v in place of %w
    %g = gather a[pack 9, 8, 11, 10]        %g = pack (lane 1 of %v), (lane 0 of %v), (lane 3 of %v), (lane 2 of %v)

Addresses have to be known. A run that stands in one vector costs nothing; a pack of lanes takes copies, so that it is
only made if the engines have less to do then. Stores that are overwritten before any read, or go into a consumed array
that is not read again, are dropped. Values live for longer than memory would let them, so nothing is done where the
words that wait fill more than a part of scratch.
"""

from __future__ import annotations

from collections.abc import Iterator

from vliwc.analysis.known import known_words
from vliwc.ir.graph import Graph, Loop, Mode
from vliwc.ir.ops import Kind
from vliwc.machine.description import Machine
from vliwc.transform.combine_loads import combine_loads
from vliwc.transform.independence import accesses, index_operand
from vliwc.transform.lanewise import lanewise
from vliwc.transform.loads import effort
from vliwc.transform.rewriter import Rewriter
from vliwc.transform.simplify import simplify

_PART = 0.5
"""The part of scratch that words may fill which wait to be used again."""


def forward_vectors(graph: Graph, machine: Machine) -> Graph:
    """Forwards words from stores and loads to loads, outside of loops, and drops dead stores."""
    plain = without_dead_stores(graph)
    candidates = []
    for packs in (frozenset[str](), frozenset({"gather"}), frozenset({"gather", "vload"})):
        rewriter = _Forwarding(graph, packs)
        candidate = rewriter.run()
        if rewriter.forwarded and rewriter.waiting() <= _PART * machine.scratch_words:
            candidates.append(simplify(without_dead_stores(candidate)))
    return min((plain, *candidates), key=lambda g: _effort(g, machine)) if candidates else plain


def without_dead_stores(graph: Graph) -> Graph:
    """The graph without the stores that nobody sees; itself, if there are none."""
    rewriter = _DeadStores(graph)
    return rewriter.run() if rewriter.dead else graph


def _effort(graph: Graph, machine: Machine) -> tuple[float, float]:
    """What the engines have to do once the loads that are left are combined."""
    return effort(lanewise(combine_loads(graph, machine), machine), machine)


def _addresses(graph: Graph, known: dict[int, tuple[int, ...]], n: int) -> tuple[int, ...] | None:
    """The addresses that memory operation `n` touches, in the order of lanes; None where they are not known."""
    indices = known.get(index_operand(graph, n))
    access = graph.access(n)
    if indices is None or graph.op[n] == "store_if":
        return None
    if graph.op[n] in ("vload", "vstore"):
        indices = tuple(indices[0] + k for k in range(graph.lanes))
    base = 0 if access.absolute else graph.arrays[access.array].base
    return tuple(base + k for k in indices[: access.active or len(indices)])


def _touched(graph: Graph, nodes: list[int]) -> Iterator[int]:
    """All addresses of the arrays that memory operations name."""
    for array in {graph.access(n).array for n in nodes}:
        yield from range(graph.arrays[array].base, graph.arrays[array].end)


class _Forwarding(Rewriter):
    """`packs` names the operations in whose place lanes of several vectors may be packed."""

    def __init__(self, graph: Graph, packs: frozenset[str]) -> None:
        super().__init__(graph)
        self.packs = packs
        self.addresses = known_words(graph)
        self.words: dict[int, tuple[int, int]] = {}
        """For each address whose word is known, the (new) node that it is in, and its lane."""
        self.inside = 0
        self.forwarded: dict[int, tuple[int, int]] = {}
        """For each new node that is used again in place of a load, the first and last time, in nodes."""

    def waiting(self) -> int:
        """How many words wait at the same time to be used in place of loads, at most."""
        graph = self.new.graph
        events = sorted(
            event
            for n, (first, last) in self.forwarded.items()
            for event in ((first, graph.width[n]), (last, -graph.width[n]))
        )
        most = now = 0
        for _, words in events:
            now += words
            most = max(most, now)
        return most

    def loop(self, n: int, loop: Loop) -> None:
        touched = [m for m in accesses(self.old, loop.body) if self.old.kind(m) is Kind.STORE]
        self.inside += 1
        super().loop(n, loop)
        self.inside -= 1
        for address in _touched(self.old, touched):
            self.words.pop(address, None)

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        kind = self.old.kind(n)
        if self.inside or kind not in (Kind.LOAD, Kind.STORE):
            return super().pure(n, args)
        addresses = _addresses(self.old, self.addresses, n)
        if kind is Kind.STORE:
            self.store(n, args[-1], addresses)
            return super().pure(n, args)
        if addresses is None:
            return super().pure(n, args)
        found = self.found(n, [self.words.get(address, (-1, 0)) for address in addresses])
        value = super().pure(n, args) if found is None else found
        if found is None:
            for k, address in enumerate(addresses):
                self.words.setdefault(address, (value, k))
        return value

    def store(self, n: int, value: int, addresses: tuple[int, ...] | None) -> None:
        for address in _touched(self.old, [n]) if addresses is None else addresses:
            self.words.pop(address, None)
        for k, address in enumerate(addresses or ()):
            self.words[address] = value, k

    def found(self, n: int, sources: list[tuple[int, int]]) -> int | None:
        """What a load gives, if it need not be done."""
        nodes, graph = [node for node, _ in sources], self.new.graph
        if -1 in nodes:
            return None
        whole = nodes[0] if len(set(nodes)) == 1 else -1
        if whole >= 0 and graph.width[whole] == len(sources) and [k for _, k in sources] == list(range(len(sources))):
            self.use(whole)
            return whole
        if len(sources) > 1 and self.old.op[n] not in self.packs:
            return None
        for node in set(nodes):
            self.use(node)
        words = [
            node if graph.width[node] == 1 else self.emit("lane", node, attr=k, span=self.old.span[n])
            for node, k in sources
        ]
        return words[0] if len(words) == 1 else self.emit("pack", *words, span=self.old.span[n])

    def use(self, node: int) -> None:
        now = len(self.new.graph)
        self.forwarded[node] = self.forwarded.get(node, (node, now))[0], now


class _DeadStores(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        known = known_words(graph)
        unread = {k for a in graph.arrays.values() if a.mode is Mode.CONSUMED for k in range(a.base, a.end)}
        self.dead: set[int] = set()
        for n in reversed(graph.body):
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                unread.difference_update(_touched(graph, accesses(graph, attr.body)))
            elif graph.kind(n) in (Kind.LOAD, Kind.STORE):
                addresses = _addresses(graph, known, n)
                if graph.kind(n) is Kind.LOAD:
                    unread.difference_update(_touched(graph, [n]) if addresses is None else addresses)
                elif addresses is not None:
                    self.dead.update((n,) if unread.issuperset(addresses) else ())
                    unread.update(addresses)

    def node(self, n: int) -> None:
        if n not in self.dead:
            super().node(n)
