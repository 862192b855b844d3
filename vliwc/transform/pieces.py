"""Arrays cut into pieces that no access straddles.

    array tree at 7 length 2047             array tree at 7 length 15;  array tree_15 at 22 length 2032
    %a = load tree[%i]    (%i < 15)    →    %a = load tree[%i]
    %b = load tree[%j]    (%j ≥ 15)         %b = load tree_15[%j - 15]

Accesses of different arrays never meet, and a consumed array is dead when its last access is done; both says more
about pieces than about the whole.
"""

from __future__ import annotations

from dataclasses import replace

from vliwc.analysis import ranges
from vliwc.analysis.facts import Fact
from vliwc.ir.graph import Array, Builder, Graph, Mode
from vliwc.ir.ops import Kind
from vliwc.machine.description import Machine
from vliwc.transform.independence import index_position
from vliwc.transform.rewriter import Rewriter, never_stored


def split_arrays(graph: Graph, machine: Machine) -> Graph:
    """Cuts consumed arrays where no access of a scalar graph reaches across. Pieces have at least a row of words."""
    facts = ranges.analyse(graph)
    cuts = {a.name: _cuts(graph, facts, a, machine.lanes) for a in graph.arrays.values() if a.mode is Mode.CONSUMED}
    if not any(cuts.values()):
        return graph
    return _Splitting(graph, facts, cuts).run()


def _cuts(graph: Graph, facts: list[Fact], array: Array, least: int) -> list[int]:
    """Where to cut an array: positions that lie between the reaches of its accesses."""
    reaches = sorted(_reach(graph, facts, n) for n in _accesses(graph) if graph.access(n).array == array.name)
    cuts: list[int] = []
    begin = end = 0
    for lo, hi in reaches:
        if lo >= end:  # nothing so far reaches beyond `end`
            for cut in (end, lo):
                if cut - begin >= least and array.length - cut >= least:
                    cuts.append(cut)
                    begin = cut
        end = max(end, hi + 1)
    if reaches and end - begin >= least and array.length - end >= least:
        cuts.append(end)
    return cuts


def _accesses(graph: Graph) -> list[int]:
    return [n for n in graph.walk() if graph.kind(n) in (Kind.LOAD, Kind.STORE)]


def _reach(graph: Graph, facts: list[Fact], n: int) -> tuple[int, int]:
    """The least and greatest element that access `n` may touch."""
    fact = facts[graph.args[n][index_position(graph.op[n])]]
    last = graph.arrays[graph.access(n).array].length - 1
    return (fact.lo, min(fact.hi, last)) if fact.lo <= last else (0, last)


class _Splitting(Rewriter):
    def __init__(self, graph: Graph, facts: list[Fact], cuts: dict[str, list[int]]) -> None:
        super().__init__(graph)
        self.facts = facts
        self.pieces: dict[str, list[tuple[int, str]]] = {}
        """For each array that is cut: where its pieces begin, and their names."""
        arrays: dict[str, Array] = {}
        for array in graph.arrays.values():
            starts = [0, *cuts.get(array.name, ())]
            self.pieces[array.name] = []
            for lo, end in zip(starts, [*starts[1:], array.length], strict=True):
                name = unused_name(f"{array.name}_{lo}", graph.arrays) if lo else array.name
                arrays[name] = replace(array, name=name, base=array.base + lo, length=end - lo)
                self.pieces[array.name].append((lo, name))
        frozen = never_stored(graph)
        kept = frozenset(name for array in frozen for _, name in self.pieces[array])
        self.new = Builder(replace(graph, arrays=arrays), frozen=kept)

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        old = self.old
        if old.kind(n) not in (Kind.LOAD, Kind.STORE):
            return super().pure(n, args)
        at, span, access = index_position(old.op[n]), old.span[n], old.access(n)
        lo, _ = _reach(old, self.facts, n)
        start, name = max(piece for piece in self.pieces[access.array] if piece[0] <= lo)
        index = self.emit("sub", args[at], self.new.const(start), span=span) if start else args[at]
        operands = (*args[:at], index, *args[at + 1 :])
        return self.emit(old.op[n], *operands, attr=replace(access, array=name), width=old.width[n], span=span)


def unused_name(name: str, arrays: dict[str, Array]) -> str:
    """The name, or a longer one that no array has."""
    while name in arrays:
        name += "_"
    return name
