"""How long the operations of a graph take at best on a machine."""

from __future__ import annotations

from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import OPS, Kind
from vliwc.machine.description import Machine

LATE = 1 << 30
"""The depth of a value that comes from the iteration before."""
VIEWS = frozenset({"lane", "pack", "result"})
"""Operations without a cycle of their own: their words are used where they stand."""


def look_up(words: int, machine: Machine) -> int:
    """The cycles from the first of so many loads until all of their words can be read."""
    return -(-words // max(machine.slots("load"), 1)) - 1 + machine.latency("load", "load_offset")


def delay(graph: Graph, n: int, machine: Machine) -> int:
    """The cycles from the first slot of node `n` until its result can be read, in the quickest way to do it.

    A gather has a slot for each lane, and is read when it has had them all. A `muladd` may become a vector operation.
    """
    op = graph.op[n]
    kind = OPS[op].kind
    if op in VIEWS or kind is Kind.CONTROL:
        return 0
    if op == "gather":
        return look_up(graph.width[n], machine)
    if kind is Kind.LOAD:
        return machine.latency("load", op)
    if op == "muladd":
        return machine.latency("valu", "multiply_add") if machine.runs("valu", "multiply_add") else 2
    symbol = OPS[op].symbol
    return min((machine.latency(e, symbol) for e in ("alu", "valu") if machine.runs(e, symbol)), default=1)


def depths(graph: Graph, machine: Machine) -> tuple[dict[int, int], dict[int, int]]:
    """For each node how many cycles it takes, and the cycle in which it can begin; in a loop from its beginning on."""
    takes = {n: delay(graph, n, machine) for n in graph.walk()}
    depth: dict[int, int] = {}

    def visit(block: tuple[int, ...], own: set[int]) -> None:
        for n in block:
            depth[n] = max((depth[a] + takes[a] for a in graph.args[n] if a in own), default=0)
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                depth.update(dict.fromkeys(attr.carried, LATE))
                depth[attr.index] = 0
                visit(attr.body, {*attr.body, *attr.carried})

    visit(graph.body, set(graph.body))
    return takes, depth


def longest_path(graph: Graph, takes: dict[int, int], depth: dict[int, int]) -> int:
    """The cycles of operations that wait for each other outside of loops."""
    return max((depth[n] + takes[n] for n in graph.body), default=0)
