"""The meaning of a graph, at either level: it is run on a memory image.

A value is a Python integer while all iterations of the enclosing `par` loops agree on it, else an array with one axis
for each of these loops (at the vector level there are none, and a vector is an array of `lanes` words). So the
iterations of `par` run in lockstep, which their independence allows; those of `for` run one after the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vliwc.errors import DataError, VliwcError
from vliwc.ir.graph import Gathering, Graph, Loop
from vliwc.ir.ops import MASK, OPS, PURE, Lanes
from vliwc.source import Span

Value = int | Lanes

MAX_BATCH = 1 << 16
"""At most this many iterations run in lockstep, to bound the memory that is needed."""


_GATHER: dict[str, np.ufunc] = {
    "add": np.add,
    "mul": np.multiply,
    "xor": np.bitwise_xor,
    "or": np.bitwise_or,
    "and": np.bitwise_and,
    "min": np.minimum,
    "max": np.maximum,
}


class EvaluationFault(VliwcError):
    """A graph divided by zero, or an index left its array or table. `node` and `span` say where."""

    exit_code = 6

    def __init__(self, cause: str, node: int, op: str, span: Span | None) -> None:
        place = f" at {span}" if span else ""
        super().__init__(f"{cause} (node {node}, {op}{place})", help="the kernel faults on this memory image")
        self.node = node
        self.span = span


def evaluate(graph: Graph, image: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The memory image after `graph` ran on `image`, both of `graph.image_words` words; `image` itself is kept.

    Assumes a graph that the verifier accepts. Raises `DataError` for an image of another size, `EvaluationFault` for a
    division by zero and for an index outside its array or table.
    """
    if image.shape != (graph.image_words,):
        raise DataError(
            f"the memory image has shape {image.shape}, but {graph.name} needs {graph.image_words} words",
            help="give one word for every word of the kernel's memory layout",
        )
    evaluation = _Evaluation(graph, image.astype(np.uint32))
    evaluation.block(graph.body)
    return evaluation.image


class _Evaluation:
    """One run: the image as it stands, and the value of every node computed so far."""

    def __init__(self, graph: Graph, image: NDArray[np.uint32]) -> None:
        self.graph = graph
        self.image = image
        self.values: list[Value] = [0] * len(graph)
        self.final: dict[int, list[Value]] = {}  # what each `for` carried out
        self.depth = 0  # how many `par` loops are around
        self.batch = 1  # how many of their iterations run in lockstep

    def block(self, nodes: tuple[int, ...]) -> None:
        """Runs the nodes of a block in order."""
        graph = self.graph
        for n in nodes:
            args = [self._read(a) for a in graph.args[n]]
            op = graph.op[n]
            if op in PURE:
                self.values[n] = self._elementwise(n, args)
            elif op in ("for", "par"):
                self._loop(n, graph.loop(n), args)
            elif graph.width[n]:
                self.values[n] = self._move(n, args)
            else:
                self._store(n, args)

    def _read(self, n: int) -> Value:
        """The value of an operand, with an axis for each `par` loop around its reader."""
        value = self.values[n]
        if isinstance(value, int) or value.ndim >= self.depth:
            return value
        return value.reshape(value.shape + (1,) * (self.depth - value.ndim))

    def _elementwise(self, n: int, args: list[Value]) -> Value:
        op = OPS[self.graph.op[n]]
        assert op.word is not None and op.lanes is not None
        try:
            if all(isinstance(a, int) for a in args):
                return op.word(*args)
            result: Lanes = op.lanes(*(np.asarray(a, np.uint32) for a in args))
        except ZeroDivisionError:
            raise self._fault(n, "division by zero") from None
        return result

    def _loop(self, n: int, loop: Loop, carried: list[Value]) -> None:
        iterations = range(loop.lo, loop.hi, loop.step)
        if self.graph.op[n] == "par":
            at_once = max(1, MAX_BATCH // self.batch)
            for start in range(0, len(iterations), at_once):
                carried = self._lockstep(loop, iterations[start : start + at_once], carried)
            self.final[n] = carried
            return
        for i in iterations:
            self.values[loop.index] = i
            for node, value in zip(loop.carried, carried, strict=True):
                self.values[node] = value
            self.block(loop.body)
            carried = [self.values[y] for y in loop.yields]
        self.final[n] = carried

    def _lockstep(self, loop: Loop, iterations: range, totals: list[Value]) -> list[Value]:
        """Runs iterations of a `par`; returns what it has gathered with them, from `totals` on."""
        around = self.depth, self.batch
        self.depth, self.batch = self.depth + 1, self.batch * len(iterations)
        words = np.arange(iterations.start, iterations.stop, iterations.step).astype(np.uint32)
        self.values[loop.index] = words.reshape((1,) * (self.depth - 1) + words.shape)
        self.block(loop.body)
        yields = [np.asarray(self._read(y), np.uint32) for y in loop.yields]
        self.depth, self.batch = around
        columns = [np.broadcast_to(y, (*y.shape[:-1], len(iterations))) for y in yields]
        gathers = zip(loop.gathers, totals, columns, strict=True)
        return [self._gather(how, total, column) for how, total, column in gathers]

    def _gather(self, how: Gathering, total: Value, column: Lanes) -> Value:
        """`total` with each word of the column's last axis gathered into it, one after the other."""
        for k in range(column.shape[-1]):
            if how.factor != 1:
                total = np.multiply(total, np.uint32(how.factor), dtype=np.uint32)
            total = _GATHER[how.op](np.asarray(total, np.uint32), column[..., k])
        return _word_or_lanes(np.asarray(total))

    def _move(self, n: int, args: list[Value]) -> Value:
        """Constants, layout, loads, tables and loop results: what moves words and computes none."""
        graph, attr = self.graph, self.graph.attr[n]
        match graph.op[n], attr:
            case "const", int(word):
                return word
            case "splat", _:
                return np.full(graph.lanes, args[0], np.uint32)
            case "pack", _:
                return np.array(args, np.uint32)
            case "lane", int(k):
                return int(np.asarray(args[0])[k])
            case "result", int(k):
                return self.final[graph.args[n][0]][k]
            case "table", tuple(entries):
                words = np.asarray(entries, np.uint32)
                return _word_or_lanes(words[self._in_range(n, args[0], len(entries), "a table")])
        return _word_or_lanes(self.image[self._address(n, args[0])])

    def _store(self, n: int, args: list[Value]) -> None:
        if self.graph.op[n] == "store_if":
            parts = np.broadcast_arrays(*args)
            chosen = parts[0] != 0
            args = [parts[1][chosen], parts[2][chosen]]
        index, value = args
        active = self.graph.access(n).active
        if active:
            index, value = np.asarray(index)[:active], np.asarray(value)[:active]
        # Where an address occurs twice numpy keeps the last word, as stores in order do.
        target, words = np.broadcast_arrays(self._address(n, index), value)
        self.image[target.ravel()] = words.ravel()

    def _address(self, n: int, index: Value) -> NDArray[np.int64]:
        """The address of each word that a memory operation touches."""
        array = self.graph.arrays[self.graph.access(n).array]
        first = np.asarray(index, np.int64)
        if self.graph.op[n] in ("vload", "vstore"):
            first = first + np.arange(self.graph.lanes)
        # Relative to the array, modulo 2^32: an address before its base is as far out of range as one after its end.
        inside = (first + self.graph.origin(n) - array.base) & MASK
        return self._in_range(n, inside, array.length, array.name) + array.base

    def _in_range(self, n: int, index: Value | NDArray[np.int64], length: int, what: str) -> NDArray[np.int64]:
        positions = np.asarray(index, np.int64)
        if positions.size and (worst := int(positions.max())) >= length:
            raise self._fault(n, f"index {worst} is out of range: {what} has {length} words")
        return positions

    def _fault(self, n: int, cause: str) -> EvaluationFault:
        return EvaluationFault(cause, n, self.graph.op[n], self.graph.span[n])


def _word_or_lanes(words: Lanes) -> Value:
    return words if words.ndim else int(words)
