"""How much scratch a program needs, as far as this follows from its dataflow: words, and words times cycles.

A value stays in scratch from its own cycle to that of its last use. Summed up over the values of one group of lanes
and multiplied with the groups, this is the work of scratch, as slots are the work of engines: the less scratch there
is, the fewer groups can be under way at a time, and the longer the program takes (Little 1961).
"""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.ir.graph import Graph, Mode
from vliwc.ir.ops import Kind
from vliwc.machine.description import Machine
from vliwc.transform.delays import VIEWS, delay
from vliwc.transform.loads import LONGEST_LIVES

_SHARED = frozenset({"const", "splat"})
"""What all groups share: it is there when it is needed."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """`constants` words are taken throughout, by constants in all lanes; all other values together take `area` words
    times cycles."""

    constants: int
    area: int


def occupancy(graph: Graph, machine: Machine) -> Occupancy:
    """What the values of a vectorised graph, outside of loops, occupy if every operation comes as early as it can, and
    what waits for no other operation as late as it may."""
    begin, last = _lives(graph, machine)
    constants = sum(graph.width[n] for n in graph.body if graph.op[n] == "splat" and graph.const(n) is not None)
    values = (n for n in last if graph.op[n] not in {*_SHARED, *VIEWS} and graph.kind(n) is not Kind.STORE)
    return Occupancy(constants, sum(graph.width[n] * (last[n] - begin[n]) for n in values))


def crowded(graph: Graph, machine: Machine, cycles: float) -> bool:
    """May scratch hold a vectorised graph up that takes so many cycles?"""
    found = occupancy(graph, machine)
    tables = sum(graph.width[n] for n in graph.body if graph.op[n] == "splat" and graph.const(n) is None)
    return found.constants + tables + LONGEST_LIVES * found.area / max(cycles, 1) > machine.scratch_words


def _lives(graph: Graph, machine: Machine) -> tuple[dict[int, int], dict[int, int]]:
    """The cycle from which on each value stands in scratch, and the one of its last use if it has one."""
    begin: dict[int, int] = {}
    ready: dict[int, int] = {}
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    stored: dict[str, int] = {}
    for n in graph.body:
        begin[n] = max((ready[a] for a in graph.args[n]), default=0)
        if (
            graph.kind(n) in (Kind.LOAD, Kind.STORE)
            and (array := graph.arrays[graph.access(n).array]).mode is Mode.CONSUMED
        ):
            if graph.kind(n) is Kind.LOAD:
                begin[n] = max(begin[n], stored.get(array.name, 0))
            else:
                stored[array.name] = max(stored.get(array.name, 0), begin[n] + 1)
        ready[n] = 0 if graph.op[n] in _SHARED else begin[n] + delay(graph, n, machine)
    for n in reversed(graph.body):
        if n in first and not any(ready[a] for a in graph.args[n]):
            begin[n] = max(begin[n], first[n] - (ready[n] - begin[n]))
        start = end = begin[n]
        if graph.op[n] in VIEWS:  # used when what uses it is done
            start, end = first.get(n, start), last.get(n, end)
        for a in graph.args[n]:
            first[a] = min(first.get(a, start), start)
            last[a] = max(last.get(a, 0), end)
    return begin, last
