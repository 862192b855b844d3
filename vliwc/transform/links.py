"""Associative operations, which chains and trees are made of.

The greatest and the least of two words are such operations, too: a comparison and a selection that only use each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vliwc.ir.graph import Builder, Graph
from vliwc.ir.ops import PURE
from vliwc.source import Span


@dataclass(frozen=True, slots=True)
class Link:
    """An associative operation: its kind (`min` and `max` take two nodes), its operands, all its nodes but the last."""

    kind: str
    a: int
    b: int
    before: tuple[int, ...] = ()


def link_of(graph: Graph, uses: Sequence[int], n: int) -> Link | None:
    """The associative operation that ends in node `n`."""
    op, args = graph.op[n], graph.args[n]
    if op in PURE and PURE[op].associative and PURE[op].commutative:
        return Link(op, args[0], args[1])
    if op == "select" and graph.op[args[0]] == "lt" and uses[args[0]] == 1:
        a, b = graph.args[args[0]]
        if args[1:] in ((a, b), (b, a)):
            return Link("min" if args[1:] == (a, b) else "max", a, b, args[:1])
    return None


def combine(new: Builder, kind: str, a: int, b: int, span: Span | None) -> int:
    """Emits an associative operation of a kind as in `Link`."""
    if kind not in ("min", "max"):
        return new.emit(kind, a, b, span=span)
    less = new.emit("lt", a, b, span=span)
    return new.emit("select", less, *((a, b) if kind == "min" else (b, a)), span=span)
