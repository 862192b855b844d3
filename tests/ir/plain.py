"""A second evaluator, as plain as can be: one iteration after the other, one lane after the other, Python integers."""

from __future__ import annotations

from vliwc.ir.graph import Gathering, Graph
from vliwc.ir.ops import MASK, PURE


class PlainFault(Exception):
    """A division by zero or an index out of range."""


def evaluate_plainly(graph: Graph, image: list[int]) -> list[int]:
    """The image after the graph ran on it. Raises PlainFault."""
    memory = list(image)
    values: dict[int, tuple[int, ...]] = {}
    for n in graph.body:
        _node(graph, n, values, memory)
    return memory


def _node(graph: Graph, n: int, values: dict[int, tuple[int, ...]], memory: list[int]) -> None:
    op, attr, args = graph.op[n], graph.attr[n], [values[a] for a in graph.args[n] if graph.op[n] != "result"]

    def address(index: int) -> int:
        array = graph.arrays[attr.array]
        index -= array.base * attr.absolute
        if not 0 <= index < array.length:
            raise PlainFault
        return array.base + index

    def run(start: int) -> range:
        address(start + graph.lanes - 1)
        return range(address(start), address(start) + graph.lanes)

    if op in PURE:
        try:
            values[n] = tuple(PURE[op].word(*words) for words in zip(*args, strict=True))
        except ZeroDivisionError:
            raise PlainFault from None
    elif op in ("for", "par"):
        carried = args
        for i in range(attr.lo, attr.hi, attr.step):
            values[attr.index] = (i & MASK,)
            values.update(zip(attr.carried, carried, strict=True))
            for m in attr.body:
                _node(graph, m, values, memory)
            yields = [values[y] for y in attr.yields]
            gathers = zip(attr.gathers, carried, yields, strict=True)
            carried = [_gather(*one) for one in gathers] if attr.gathers else yields
        for c, value in zip(attr.carried, carried, strict=True):
            values[c] = value
    elif op == "result":
        values[n] = values[graph.attr[graph.args[n][0]].carried[attr]]
    elif op == "const":
        values[n] = (attr,)
    elif op == "table":
        if any(i >= len(attr) for i in args[0]):
            raise PlainFault
        values[n] = tuple(attr[i] for i in args[0])
    elif op == "splat":
        values[n] = args[0] * graph.lanes
    elif op == "pack":
        values[n] = tuple(a[0] for a in args)
    elif op == "lane":
        values[n] = (args[0][attr],)
    elif op in ("load", "gather"):
        values[n] = tuple(memory[address(i)] for i in args[0])
    elif op == "vload":
        values[n] = tuple(memory[a] for a in run(args[0][0]))
    elif op == "store":
        memory[address(args[0][0])] = args[1][0]
    elif op == "store_if":
        if args[0][0]:
            memory[address(args[1][0])] = args[2][0]
    elif op == "vstore":
        for a, word in zip(run(args[0][0]), args[1], strict=True):
            memory[a] = word
    elif op == "scatter":
        for k in range(attr.active):
            memory[address(args[0][k])] = args[1][k]
    else:
        raise AssertionError(op)


def _gather(how: Gathering, total: tuple[int, ...], word: tuple[int, ...]) -> tuple[int, ...]:
    if how.op in ("min", "max"):
        return min(total, word) if how.op == "min" else max(total, word)
    return (PURE[how.op].word(total[0] * how.factor & MASK, word[0]),)
