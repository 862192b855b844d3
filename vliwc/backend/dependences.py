"""Which memory operations of a segment must keep their order.

Accesses of different arrays never meet. Within an array, an address is a symbol (the terms of its linear form, none for
a constant) plus an offset: accesses with the same symbol are compared word by word. Others may meet where the words
that they can reach overlap, as may gathers and scatters unless their addresses are known. The work is about linear in
the number of accesses: groups that may meet a later access are gathered into one joining operation, and a store that
had to wait for other groups stands for them afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vliwc.analysis.linear import Form, Forms
from vliwc.backend.problem import DATA, ORDER
from vliwc.ir.graph import Graph
from vliwc.ir.ops import MASK, OPS, Kind

Make = Callable[[list[tuple[int, int]]], int]
"""Makes an operation that waits for others, given as (operation, kind of edge), and returns its number."""

Known = Mapping[int, tuple[int, ...]]
"""Vectors and words that are known when the program is compiled (`vliwc.analysis.known`)."""

Symbol = tuple[tuple[int, int], ...]
"""The terms of a linear form; none for constant addresses."""

_ANYWHERE: Symbol = ((-1, 0),)
"""The symbol of accesses whose addresses are not understood."""
_EVERY_WORD = range(1 << 32)
_MOST_PARTS = 64
"""Into no more than so many parts are stores of known words gathered, by who may load them."""


@dataclass(slots=True)
class _Group:
    """The accesses of one symbol: by word, and all of them with the operations that join them; which words they may
    reach, and the operations that join the stores to those words of it that others may reach."""

    store_at: dict[int, int] = field(default_factory=dict)
    loads_at: dict[int, list[int]] = field(default_factory=dict)
    stores: list[int] = field(default_factory=list)
    loads: list[int] = field(default_factory=list)
    reach: range = range(0)
    parts: dict[range, list[int]] = field(default_factory=dict)

    def extend(self, reach: range) -> None:
        """Accesses reach these words, too."""
        both = [r for r in (self.reach, reach) if r]
        self.reach = range(min(r.start for r in both), max(r.stop for r in both))


class MemoryOrder:
    """Fed with a segment's memory operations in program order, says what each has to wait for.

    `forms` are those of the graph, `known` its known words, `join` makes an operation without slots.
    """

    def __init__(self, graph: Graph, forms: Forms, known: Known, join: Make) -> None:
        self._graph = graph
        self._forms = forms
        self._known = known
        self._join = join
        self._arrays: dict[str, _ArrayOrder] = {}

    def add(self, node: int, make: Make) -> None:
        """Calls `make` once, for the operation that performs memory node `node`."""
        graph = self._graph
        order = self._arrays.setdefault(graph.access(node).array, _ArrayOrder(self._join))
        symbol, words = _footprint(graph, self._forms, self._known, node)
        reach = range(min(words), max(words) + 1) if words and not symbol else self._reach(node)
        if graph.kind(node) is Kind.STORE:
            order.store(symbol, words, reach, make)
        else:
            order.load(symbol, words, reach, make)

    def _reach(self, node: int) -> range:
        """The words that a memory node may touch."""
        graph = self._graph
        starts = self._forms.reach(graph.args[node][0])
        width = graph.lanes if graph.op[node] in ("vload", "vstore") else 1
        return range(starts.start, starts.stop + width - 1) if starts else _EVERY_WORD


class _ArrayOrder:
    def __init__(self, join: Make) -> None:
        self._join = join
        self._groups: dict[Symbol, _Group] = {}
        self._barrier: list[tuple[int, int]] = []

    def load(self, symbol: Symbol, words: tuple[int, ...], reach: range, make: Make) -> None:
        before = set(self._barrier)
        for other, group in self._groups.items():
            if group.stores and (other != symbol or symbol == _ANYWHERE) and _overlap(reach, group.reach):
                stores = group.stores if other else self._part(group, reach)
                if stores:
                    before.add((self._joined(stores), DATA))
        group = self._groups.setdefault(symbol, _Group())
        group.extend(reach)
        before.update((group.store_at[w], DATA) for w in words if w in group.store_at)
        operation = make(sorted(before))
        for w in words:
            group.loads_at.setdefault(w, []).append(operation)
        group.loads.append(operation)

    def store(self, symbol: Symbol, words: tuple[int, ...], reach: range, make: Make) -> None:
        before = set(self._barrier)
        others = [s for s in self._groups if s != symbol or symbol == _ANYWHERE]
        met = [s for s in others if _overlap(reach, self._groups[s].reach)]
        for s in met:
            group = self._groups.pop(s)
            before.update((earlier, DATA) for earlier in group.stores)
            before.update((earlier, ORDER) for earlier in group.loads)
        group = self._groups.setdefault(symbol, _Group())
        group.extend(reach)
        group.parts.clear()
        before.update((group.store_at[w], DATA) for w in words if w in group.store_at)
        before.update((load, ORDER) for w in words for load in group.loads_at.pop(w, ()))
        operation = make(sorted(before))
        if met or symbol == _ANYWHERE:
            self._barrier = [(operation, DATA)]
        group.store_at.update(dict.fromkeys(words, operation))
        if symbol != _ANYWHERE:
            group.stores.append(operation)

    def _part(self, group: _Group, reach: range) -> list[int]:
        """The stores of known words that reach some of these words."""
        if len(group.parts) >= _MOST_PARTS and reach not in group.parts:
            return group.stores
        if reach not in group.parts:
            inside = reach if len(reach) < len(group.store_at) else group.store_at
            found = {group.store_at[w] for w in inside if w in reach and w in group.store_at}
            group.parts[reach] = sorted(found)
        return group.parts[reach]

    def _joined(self, stores: list[int]) -> int:
        """One operation that waits for all of these stores; it takes their place."""
        if len(stores) > 1:
            stores[:] = [self._join([(s, DATA) for s in stores])]
        return stores[0]


def _overlap(a: range, b: range) -> bool:
    return a.start < b.stop and b.start < a.stop


def _footprint(graph: Graph, forms: Forms, known: Known, node: int) -> tuple[Symbol, tuple[int, ...]]:
    """What a memory node with an absolute address touches: a symbol, and offsets from it in words."""
    address, access = graph.args[node][0], graph.access(node)
    op = graph.op[node]
    if op in ("gather", "scatter"):
        if address not in known:
            return _ANYWHERE, ()
        words = known[address]
        return (), words[: access.active] if op == "scatter" else words
    form = Form(known[address][0]) if address in known else forms.of(address)
    either = _either(graph, known, address) if op in ("load", "store") else ()
    if either:
        return (), either
    width = graph.lanes if op in ("vload", "vstore") else 1
    return form.terms, tuple((form.constant + k) & MASK for k in range(width))


def _either(graph: Graph, known: Known, n: int) -> tuple[int, ...]:
    """The words that node n may be, if it is a lane of a selection between known vectors."""
    if graph.op[n] != "lane":
        return ()
    (chosen,), lane = graph.args[n], graph.attr[n]
    if graph.op[chosen] not in ("select", "blend") or not isinstance(lane, int):
        return ()
    arms = graph.args[chosen][1:3]
    return tuple({known[a][lane] for a in arms}) if all(a in known for a in arms) else ()


def lanes_differ(graph: Graph, known: Known, n: int, active: int) -> bool:
    """Are the first `active` words of vector n certainly different from each other?"""
    if n not in known and graph.op[n] in ("add", "xor", "sub"):
        a, b = graph.args[n]
        return (graph.op[a] == "splat" and lanes_differ(graph, known, b, active)) or (
            graph.op[b] == "splat" and lanes_differ(graph, known, a, active)
        )
    return n in known and len(set(known[n][:active])) == active


def touches_memory(graph: Graph, n: int) -> bool:
    """Is node n a memory operation?"""
    return OPS[graph.op[n]].kind in (Kind.LOAD, Kind.STORE)
