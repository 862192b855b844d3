"""How much scratch a program needs, as far as this follows from its dataflow: words, and words times cycles.

A value stays in scratch from its own cycle to that of its last use. Summed up over the values of one group of lanes
and multiplied with the groups, this is the work of scratch, as slots are the work of engines: the less scratch there
is, the fewer groups can be under way at a time, and the longer the program takes (Little 1961).
"""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.ir.graph import Graph
from vliwc.ir.ops import Kind
from vliwc.machine.description import Machine
from vliwc.transform.delays import VIEWS, delay

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


def _lives(graph: Graph, machine: Machine) -> tuple[dict[int, int], dict[int, int]]:
    """The cycle from which on each value stands in scratch, and the one of its last use if it has one."""
    begin: dict[int, int] = {}
    ready: dict[int, int] = {}
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for n in graph.body:
        begin[n] = max((ready[a] for a in graph.args[n]), default=0)
        ready[n] = 0 if graph.op[n] in _SHARED else begin[n] + delay(graph, n, machine)
        for a in graph.args[n]:
            first[a] = min(first.get(a, begin[n]), begin[n])
    for n in reversed(graph.body):
        end = last.get(n, begin[n]) if graph.op[n] in VIEWS else begin[n]
        for a in graph.args[n]:
            last[a] = max(last.get(a, 0), end)
        if begin[n] == 0 and n in first:
            begin[n] = max(0, first[n] - ready[n])
    return begin, last
