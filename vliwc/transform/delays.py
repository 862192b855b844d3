"""How long the operations of a graph take at best on a machine."""

from __future__ import annotations

from vliwc.ir.graph import Graph
from vliwc.ir.ops import OPS, Kind
from vliwc.machine.description import Machine

VIEWS = frozenset({"lane", "pack", "result"})
"""Operations without a cycle of their own: their words are used where they stand."""


def delay(graph: Graph, n: int, machine: Machine) -> int:
    """The cycles from the first slot of node `n` until its result can be read, in the quickest way to do it.

    A gather has a slot for each lane, and is read when it has had them all. A `muladd` may become a vector operation.
    """
    op = graph.op[n]
    kind = OPS[op].kind
    if op in VIEWS or kind is Kind.CONTROL:
        return 0
    if op == "gather":
        return -(-graph.width[n] // max(machine.slots("load"), 1)) - 1 + machine.latency("load", "load_offset")
    if kind is Kind.LOAD:
        return machine.latency("load", op)
    if op == "muladd":
        return machine.latency("valu", "multiply_add") if machine.runs("valu", "multiply_add") else 2
    symbol = OPS[op].symbol
    return min((machine.latency(e, symbol) for e in ("alu", "valu") if machine.runs(e, symbol)), default=1)
