"""The rules of a well-formed graph.

- Blocks are in order: an operand is defined before it is used, in the same block or in one around it.
- Every node has the operands, the attribute and the width that its operation asks for. An elementwise operation has
  operands of one width, and that is the width of its result.
- Memory operations name an array; nothing is stored to an array that the kernel promised to keep.
- Arrays lie in the image one after the other without overlap, behind the header.
- A graph with vectors has no `par` any more, and there are no vectors in a `par`.
"""

from __future__ import annotations

from typing import NoReturn

from vliwc.errors import InternalError
from vliwc.ir.graph import GATHERINGS, Access, Attr, Graph, Loop, Mode
from vliwc.ir.ops import MASK, OPS, PURE, Kind

WORD = "word"
VECTOR = "vector"

MOVES: dict[str, tuple[tuple[str, ...], str | None]] = {
    "splat": ((WORD,), VECTOR),
    "lane": ((VECTOR,), WORD),
    "const": ((), WORD),
    "load": ((WORD,), WORD),
    "vload": ((WORD,), VECTOR),
    "gather": ((VECTOR,), VECTOR),
    "store": ((WORD, WORD), None),
    "store_if": ((WORD, WORD, WORD), None),
    "vstore": ((WORD, VECTOR), None),
    "scatter": ((VECTOR, VECTOR), None),
}
"""The operand and result shapes of the operations that are not elementwise."""


class MalformedGraph(InternalError):
    """A graph that breaks a rule. `node` is the offender, None where it is the graph as a whole."""

    def __init__(self, rule: str, node: int | None = None) -> None:
        super().__init__(rule, help="this is a defect of the compiler: the pass that made the graph broke a rule")
        self.node = node


def verify(graph: Graph) -> None:
    """Raises `MalformedGraph` for the first rule that `graph` breaks; linear in the number of nodes."""
    _check_layout(graph)
    _Verifier(graph).run()


def _check_layout(graph: Graph) -> None:
    if len({len(column) for column in (graph.op, graph.args, graph.attr, graph.width, graph.span)}) != 1:
        raise MalformedGraph("the columns of the graph have different lengths")
    if graph.lanes < 1:
        raise MalformedGraph(f"a vector has at least one lane, not {graph.lanes}")
    if not all(0 <= w <= MASK for w in graph.header):
        raise MalformedGraph("a header word is no 32-bit word")
    end = len(graph.header)
    for name, array in sorted(graph.arrays.items(), key=lambda item: item[1].base):
        if array.name != name:
            raise MalformedGraph(f"array {array.name} is filed under the name {name}")
        if array.length < 1 or array.base < end or array.end > graph.image_words:
            raise MalformedGraph(f"array {name} overlaps what stands before it or leaves the image")
        if not 0 <= array.lo <= array.hi <= MASK:
            raise MalformedGraph(f"array {name} has impossible bounds {array.lo}..{array.hi}")
        end = array.end


class _Verifier:
    """The walk over all blocks. `defined` and `visible` are the nodes seen so far and those still in scope."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.defined = bytearray(len(graph))
        self.visible = bytearray(len(graph))
        self.in_par = False

    def run(self) -> None:
        self._block(self.graph.body)

    def _fail(self, n: int, rule: str) -> NoReturn:
        span = self.graph.span[n]
        place = f" at {span}" if span else ""
        raise MalformedGraph(f"node {n} ({self.graph.op[n]}{place}): {rule}", n)

    def _block(self, nodes: tuple[int, ...]) -> None:
        for n in nodes:
            if not 0 <= n < len(self.graph):
                raise MalformedGraph(f"a block lists node {n}, which does not exist")
            self._node(n)
            self._define(n)

    def _define(self, n: int) -> None:
        if self.defined[n]:
            self._fail(n, "stands in blocks more than once")
        self.defined[n] = self.visible[n] = 1

    def _node(self, n: int) -> None:
        graph = self.graph
        op = OPS.get(graph.op[n])
        if op is None:
            self._fail(n, "there is no such operation")
        args = graph.args[n]
        if op.arity not in (-1, len(args)):
            self._fail(n, f"takes {op.arity} operands, not {len(args)}")
        for a in args:
            self._check_visible(n, a)
        if op.name in PURE or op.name == "table":
            self._check_elementwise(n)
        elif op.kind is Kind.CONTROL:
            self._check_control(n)
        elif op.name == "pack":
            self._check_shapes(n, (WORD,) * graph.lanes, VECTOR)
        else:
            self._check_shapes(n, *MOVES[op.name])
        self._check_attribute(n)

    def _check_visible(self, n: int, a: int) -> None:
        if not 0 <= a < len(self.graph) or not self.visible[a]:
            self._fail(n, f"uses node {a}, which is not defined there")
        if not self.graph.width[a] and self.graph.op[n] != "result":
            self._fail(n, f"uses node {a}, which has no value")

    def _check_elementwise(self, n: int) -> None:
        width = self.graph.width[n]
        if width not in (1, self.graph.lanes):
            self._fail(n, f"is {width} words wide; only 1 and {self.graph.lanes} are possible")
        for a in self.graph.args[n]:
            if self.graph.width[a] != width:
                self._fail(n, f"is {width} words wide, but its operand {a} is {self.graph.width[a]}")

    def _check_shapes(self, n: int, operands: tuple[str, ...], result: str | None) -> None:
        graph = self.graph
        words = {WORD: 1, VECTOR: graph.lanes, None: 0}
        if self.in_par and (VECTOR in operands or result == VECTOR):
            self._fail(n, "is a vector operation in a par loop")
        if len(graph.args[n]) != len(operands):
            self._fail(n, f"takes {len(operands)} operands, not {len(graph.args[n])}")
        if graph.width[n] != words[result]:
            self._fail(n, f"is {graph.width[n]} words wide instead of {words[result]}")
        for a, shape in zip(graph.args[n], operands, strict=True):
            if graph.width[a] != words[shape]:
                self._fail(n, f"needs a {shape} of {words[shape]} words, but its operand {a} has {graph.width[a]}")

    def _check_attribute(self, n: int) -> None:
        graph, attr = self.graph, self.graph.attr[n]
        kind = OPS[graph.op[n]].kind
        match graph.op[n]:
            case "const":
                good = isinstance(attr, int) and 0 <= attr <= MASK
            case "lane":
                good = isinstance(attr, int) and 0 <= attr < graph.lanes
            case "table":
                good = isinstance(attr, tuple) and len(attr) > 0 and all(0 <= w <= MASK for w in attr)
            case "for" | "par" | "result":
                return  # checked with the loop
            case _ if kind in (Kind.LOAD, Kind.STORE):
                self._check_access(n)
                return
            case _:
                good = attr is None
        if not good:
            self._fail(n, f"cannot have the attribute {attr!r}")

    def _check_access(self, n: int) -> None:
        graph, access = self.graph, self.graph.attr[n]
        if not isinstance(access, Access):
            self._fail(n, "does not say which array it accesses")
        array = graph.arrays.get(access.array)
        if array is None:
            self._fail(n, f"accesses array {access.array}, which does not exist")
        if graph.kind(n) is Kind.STORE and array.mode is Mode.IN:
            self._fail(n, f"stores to {access.array}, which is to be kept")
        if access.active not in (range(1, graph.lanes + 1) if graph.op[n] == "scatter" else (0,)):
            self._fail(n, f"cannot have {access.active} active lanes")

    def _check_control(self, n: int) -> None:
        match self.graph.op[n]:
            case "for" | "par":
                self._check_loop(n)
            case "result":
                self._check_result(n)
            case _:
                self._fail(n, "stands in a block, but belongs to a loop")

    def _check_result(self, n: int) -> None:
        graph = self.graph
        loop, k = graph.attr[graph.args[n][0]], graph.attr[n]
        if not isinstance(loop, Loop) or not isinstance(k, int) or not 0 <= k < len(loop.yields):
            self._fail(n, "names no carried value of a loop")
        if graph.width[n] != graph.width[loop.yields[k]]:
            self._fail(n, f"is {graph.width[n]} words wide, but the loop carries {graph.width[loop.yields[k]]}")

    def _check_loop(self, n: int) -> None:
        graph, loop = self.graph, self.graph.attr[n]
        if not isinstance(loop, Loop):
            self._fail(n, "has no loop")
        if graph.width[n]:
            self._fail(n, "has no value of its own, so its width is 0")
        if loop.step < 1 or not 0 <= loop.lo < loop.hi <= MASK + 1:
            self._fail(n, f"has bounds without an iteration: {loop.lo}..{loop.hi} step {loop.step}")
        inits = graph.args[n]
        if not len(inits) == len(loop.carried) == len(loop.yields):
            self._fail(n, f"starts {len(inits)}, carries {len(loop.carried)} and yields {len(loop.yields)} values")
        if graph.op[n] == "par" and graph.lanes > 1:
            self._fail(n, "is a par loop and stands among vectors")
        if len(loop.gathers) != (len(loop.carried) if graph.op[n] == "par" else 0):
            self._fail(n, f"carries {len(loop.carried)} values and gathers {len(loop.gathers)}")
        for how in loop.gathers:
            if how.op not in GATHERINGS or not 0 <= how.factor <= MASK or (how.factor != 1 and how.op != "add"):
                self._fail(n, f"cannot gather by {how.op} with the factor {how.factor}")
        self._check_parameters(n, loop)
        if graph.op[n] == "par":
            for c in loop.carried:
                self.visible[c] = 0
        around, self.in_par = self.in_par, self.in_par or graph.op[n] == "par"
        self._block(loop.body)
        self.in_par = around
        for y, c in zip(loop.yields, loop.carried, strict=True):
            self._check_visible(n, y)
            if graph.width[y] != graph.width[c]:
                self._fail(n, f"carries {graph.width[c]} words in node {c}, but yields {graph.width[y]}")
        for inner in (loop.index, *loop.carried, *loop.body):
            self.visible[inner] = 0

    def _check_parameters(self, n: int, loop: Loop) -> None:
        """The loop variable and the carried values at the start of an iteration."""
        graph = self.graph
        for p in (loop.index, *loop.carried):
            if not 0 <= p < len(graph):
                self._fail(n, f"has parameter {p}, which does not exist")
            self._define(p)
        if _parameter(graph, loop.index) != ("index", (), None) or graph.width[loop.index] != 1:
            self._fail(n, f"has node {loop.index} for its variable, which is no index")
        for k, (c, init) in enumerate(zip(loop.carried, graph.args[n], strict=True)):
            if _parameter(graph, c) != ("carried", (), k):
                self._fail(n, f"has node {c} for its carried value {k}, which is something else")
            if graph.width[c] != graph.width[init]:
                self._fail(n, f"carries {graph.width[c]} words in node {c}, but starts with {graph.width[init]}")


def _parameter(graph: Graph, n: int) -> tuple[str, tuple[int, ...], Attr]:
    """What makes a node a certain parameter of its loop."""
    return graph.op[n], graph.args[n], graph.attr[n]
