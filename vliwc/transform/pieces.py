"""Arrays cut into pieces that no access straddles, and joined again.

    array data at 7 length 900              array data at 7 length 15;  array data_15 at 22 length 885
    %a = load data[%i]    (%i < 15)    →    %a = load data[%i]
    %b = load data[%j]    (%j ≥ 15)         %b = load data_15[%j - 15]

Accesses of different arrays never meet, and a consumed array is dead when its last access is done; both says more
about pieces than about the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    arrays: dict[str, Array] = {}
    pieces: dict[str, list[tuple[int, str]]] = {}
    for array in graph.arrays.values():
        starts = [0, *cuts.get(array.name, ())]
        pieces[array.name] = []
        for lo, end in zip(starts, [*starts[1:], array.length], strict=True):
            name = unused_name(f"{array.name}_{lo}", graph.arrays) if lo else array.name
            arrays[name] = replace(array, name=name, base=array.base + lo, length=end - lo)
            pieces[array.name].append((lo, name))

    def moved(name: str, lo: int) -> tuple[str, int]:
        start, piece = max(piece for piece in pieces[name] if piece[0] <= lo)
        return piece, start

    kept = frozenset(name for array in never_stored(graph) for _, name in pieces[array])
    return _Moving(graph, arrays, moved, kept).run()


def join_arrays(graph: Graph, runs: Sequence[tuple[str, ...]]) -> Graph:
    """Makes one array of each run of arrays that touch each other in memory; it has the first one's name."""
    first = {name: run[0] for run in runs for name in run}
    lengths = {run[0]: sum(graph.arrays[name].length for name in run) for run in runs}
    arrays = {
        name: replace(array, length=lengths.get(name, array.length))
        for name, array in graph.arrays.items()
        if first.get(name, name) == name
    }

    def moved(name: str, _: int) -> tuple[str, int]:
        whole = first.get(name, name)
        return whole, graph.arrays[whole].base - graph.arrays[name].base

    kept = frozenset(first.get(name, name) for name in never_stored(graph))
    return _Moving(graph, arrays, moved, kept).run()


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


class _Moving(Rewriter):
    """Gives accesses other arrays.

    `moved` maps an array and the least index that an access may touch to the new array's name, and to the index that
    its first word has in the old one. The new arrays in `kept` are never stored to.
    """

    def __init__(
        self,
        graph: Graph,
        arrays: dict[str, Array],
        moved: Callable[[str, int], tuple[str, int]],
        kept: frozenset[str],
    ) -> None:
        super().__init__(graph)
        self.facts = ranges.analyse(graph)
        self.moved = moved
        self.new = Builder(replace(graph, arrays=arrays), frozen=kept)

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        old = self.old
        if old.kind(n) not in (Kind.LOAD, Kind.STORE):
            return super().pure(n, args)
        at, span, access = index_position(old.op[n]), old.span[n], old.access(n)
        name, start = self.moved(access.array, _reach(old, self.facts, n)[0])
        index = self.emit("sub", args[at], self.new.const(start), span=span) if start else args[at]
        operands = (*args[:at], index, *args[at + 1 :])
        return self.emit(old.op[n], *operands, attr=replace(access, array=name), width=old.width[n], span=span)


def unused_name(name: str, arrays: dict[str, Array]) -> str:
    """The name, or a longer one that no array has."""
    while name in arrays:
        name += "_"
    return name
