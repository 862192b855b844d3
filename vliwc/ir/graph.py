"""The dataflow graph: SSA values in ordered blocks, with loops as nodes that own a block.

A graph is a structure of arrays: node `n` has operation `op[n]`, operands `args[n]` (node numbers), an attribute
`attr[n]`, a width `width[n]` in words (1, or the machine's lanes; 0 for nodes without a result) and a span. Numbers are
dense and a node never changes once made, so a pass reads one graph and builds the next with a `Builder`.

The order of a block matters for memory operations only: they mean what they would mean executed in that order. Pure
nodes may be computed anywhere after their operands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from vliwc.ir.ops import MASK, OPS, Kind
from vliwc.source import Span


class Mode(Enum):
    """What a kernel promises about an array."""

    IN = "in"  # read only, kept
    INOUT = "inout"  # read and written; the final contents are a result
    OUT = "out"  # written; the contents at the start are arbitrary
    CONSUMED = "consumed"  # an input that may be clobbered: dead at the end


@dataclass(frozen=True, slots=True)
class Array:
    """A named range of the memory image, in words. `lo`..`hi` bounds what each word holds at the start."""

    name: str
    base: int
    length: int
    mode: Mode
    lo: int = 0
    hi: int = MASK

    @property
    def end(self) -> int:
        """The first address after the array."""
        return self.base + self.length


@dataclass(frozen=True, slots=True)
class Access:
    """The attribute of a memory operation. `active` is how many lanes a `scatter` stores (0: not a scatter).

    The index operand counts from the array's base, or from word 0 of the image when `absolute` (see `Graph.origin`).
    The passes that reason about elements of arrays expect the former; only the last ones make the latter.
    """

    array: str
    active: int = 0
    absolute: bool = False


GATHERINGS = {"add": 0, "xor": 0, "or": 0, "max": 0, "mul": 1, "and": MASK, "min": MASK}
"""The operations that a `par` can gather with: associative, commutative; each with the word that changes nothing."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """How a `par` gathers what its iterations yield: total = total op x for each x. For sums with a factor,
    total = total * factor + x, where the order of the iterations counts."""

    op: str
    factor: int = 1


@dataclass(frozen=True, slots=True)
class Loop:
    """The attribute of `for` and `par`: for index in lo, lo + step, … while < hi; at least one iteration.

    `index` is the node of the loop variable, `carried` the nodes of the carried values at the start of an iteration,
    `body` the block, `yields` the values that the next iteration gets for them. An iteration of a `par` sees nothing of
    the others: nothing reads its `carried`, and `gathers` says for each one what becomes of the words that are yielded.
    """

    lo: int
    hi: int
    step: int
    index: int
    carried: tuple[int, ...]
    body: tuple[int, ...]
    yields: tuple[int, ...]
    gathers: tuple[Gathering, ...] = ()

    @property
    def trips(self) -> int:
        """The number of iterations."""
        return -(-(self.hi - self.lo) // self.step)


Attr = int | tuple[int, ...] | Access | Loop | None
"""const: the word; table: the entries; lane, result: a position; memory: Access; for, par: Loop; else None."""


@dataclass(slots=True)
class Graph:
    """One kernel's dataflow. Treat a finished graph as read-only; make a new one with a `Builder`."""

    name: str
    arrays: dict[str, Array]
    image_words: int
    """The size of the memory image in words: nothing outside it may be touched."""
    header: tuple[int, ...] = ()
    """The words that stand before the first array."""
    lanes: int = 1
    """The width of vectors; 1 before vectorisation."""
    op: list[str] = field(default_factory=list)
    args: list[tuple[int, ...]] = field(default_factory=list)
    attr: list[Attr] = field(default_factory=list)
    width: list[int] = field(default_factory=list)
    span: list[Span | None] = field(default_factory=list)
    body: tuple[int, ...] = ()
    """The outermost block."""

    def __len__(self) -> int:
        return len(self.op)

    def copy(self) -> Graph:
        """A graph of the same nodes that can be rewritten without a change of this one."""
        return replace(
            self,
            op=self.op.copy(),
            args=self.args.copy(),
            attr=self.attr.copy(),
            width=self.width.copy(),
            span=self.span.copy(),
        )

    def loop(self, n: int) -> Loop:
        """The loop of a `for` or `par` node."""
        attr = self.attr[n]
        assert isinstance(attr, Loop), f"%{n} is no loop"
        return attr

    def access(self, n: int) -> Access:
        """The access of a memory node."""
        attr = self.attr[n]
        assert isinstance(attr, Access), f"%{n} is no memory operation"
        return attr

    def origin(self, n: int) -> int:
        """What must be added to the index operand of memory node `n` to get an address of the image."""
        access = self.access(n)
        return 0 if access.absolute else self.arrays[access.array].base

    def const(self, n: int) -> int | None:
        """The word that node `n` is known to be (a `const`, or a `splat` of one), or None."""
        if self.op[n] == "splat":
            n = self.args[n][0]
        attr = self.attr[n]
        return attr if self.op[n] == "const" and isinstance(attr, int) else None

    def with_constant(self, n: int) -> tuple[int, int] | None:
        """The one operand of node `n`, and the word that the other one is, if it has two and one is a constant."""
        if len(self.args[n]) != 2:
            return None
        for operand, other in (self.args[n], self.args[n][::-1]):
            word = self.const(other)
            if word is not None:
                return operand, word
        return None

    def kind(self, n: int) -> Kind:
        """What node `n` may do."""
        return OPS[self.op[n]].kind

    def walk(self, block: tuple[int, ...] | None = None) -> Iterator[int]:
        """All nodes of a block (default: the whole graph) in program order, a loop before what is in it."""
        for n in self.body if block is None else block:
            yield n
            attr = self.attr[n]
            if isinstance(attr, Loop):
                yield attr.index
                yield from attr.carried
                yield from self.walk(attr.body)

    def uses(self) -> list[int]:
        """How many operands and yields refer to each node, over the live graph."""
        count = [0] * len(self.op)
        for n in self.walk():
            for a in self.args[n]:
                count[a] += 1
            attr = self.attr[n]
            if isinstance(attr, Loop):
                for y in attr.yields:
                    count[y] += 1
        return count


class Builder:
    """Builds a graph block by block.

    With `share` (the default) pure nodes are hash-consed and float out to the outermost block in which all their
    operands are known, so common subexpressions and loop invariants need no pass of their own. Operations that can
    fault stay where they are put, unless their divisor is a constant other than 0. Loads of the arrays in `frozen`,
    which must be all that the graph never stores to, count as pure.
    """

    def __init__(
        self, like: Graph, *, lanes: int | None = None, share: bool = True, frozen: frozenset[str] = frozenset()
    ) -> None:
        self.graph = Graph(like.name, like.arrays, like.image_words, like.header, lanes or like.lanes)
        self.share = share
        self.frozen = frozen
        self._blocks: list[list[int]] = [[]]
        self._seen: list[dict[tuple[object, ...], int]] = [{}]
        self._depth: list[int] = []

    def _new(self, op: str, args: tuple[int, ...], attr: Attr, width: int, span: Span | None, depth: int) -> int:
        g = self.graph
        n = len(g.op)
        g.op.append(op)
        g.args.append(args)
        g.attr.append(attr)
        g.width.append(width)
        g.span.append(span)
        self._depth.append(depth)
        return n

    @property
    def depth(self) -> int:
        """The nesting depth of the block under construction."""
        return len(self._blocks) - 1

    def emit(
        self,
        op: str,
        *args: int,
        attr: Attr = None,
        width: int | None = None,
        span: Span | None = None,
    ) -> int:
        """Adds a node and returns its number, or that of an equal node that is already there.

        `width` defaults to the widest operand (1 without operands); memory operations get the one their meaning asks.
        """
        kind = OPS[op].kind
        if width is None:
            width = self._width(op, args)
        if not (self.share and self._movable(op, kind, args, attr)):
            n = self._new(op, args, attr, width, span, self.depth)
            self._blocks[-1].append(n)
            return n
        if OPS[op].commutative and args[0] > args[1]:
            args = (args[1], args[0], *args[2:])
        depth = max((self._depth[a] for a in args), default=0)
        key = (op, args, attr, width)
        found = self._seen[depth].get(key)
        if found is not None:
            return found
        n = self._new(op, args, attr, width, span, depth)
        self._blocks[depth].append(n)
        self._seen[depth][key] = n
        return n

    def _movable(self, op: str, kind: Kind, args: tuple[int, ...], attr: Attr) -> bool:
        if kind is Kind.LOAD:
            return isinstance(attr, Access) and attr.array in self.frozen
        if OPS[op].can_fault:
            return bool(self.graph.const(args[1]))
        return kind in (Kind.PURE, Kind.LAYOUT)

    def _width(self, op: str, args: tuple[int, ...]) -> int:
        g = self.graph
        match op:
            case "splat" | "pack" | "vload" | "gather":
                return g.lanes
            case "store" | "store_if" | "vstore" | "scatter" | "for" | "par":
                return 0
            case "lane" | "const" | "load":
                return 1
        return max((g.width[a] for a in args), default=1)

    def const(self, value: int, width: int = 1, span: Span | None = None) -> int:
        """The word `value` modulo 2^32; splat when `width` is not 1."""
        n = self.emit("const", attr=value & MASK, span=span)
        return n if width == 1 else self.emit("splat", n, span=span)

    def widen(self, n: int, width: int) -> int:
        """Node `n` at `width` words: itself, or its splat."""
        return n if self.graph.width[n] == width else self.emit("splat", n, span=self.graph.span[n])

    def begin_loop(self, widths: tuple[int, ...] = (), span: Span | None = None) -> tuple[int, tuple[int, ...]]:
        """Opens a loop's block. Returns its index node and one carried node for each width."""
        self._blocks.append([])
        self._seen.append({})
        depth = self.depth
        index = self._new("index", (), None, 1, span, depth)
        carried = tuple(self._new("carried", (), k, w, span, depth) for k, w in enumerate(widths))
        return index, carried

    def end_loop(
        self,
        op: str,
        bounds: tuple[int, int, int],
        index: int,
        carried: tuple[int, ...] = (),
        inits: tuple[int, ...] = (),
        yields: tuple[int, ...] = (),
        span: Span | None = None,
        gathers: tuple[Gathering, ...] = (),
    ) -> tuple[int, ...]:
        """Closes the loop opened last: `op` is "for" or "par", `bounds` lo, hi, step. Returns the result nodes."""
        body = tuple(self._blocks.pop())
        self._seen.pop()
        lo, hi, step = bounds
        loop = Loop(lo, hi, step, index, carried, body, yields, gathers)
        n = self._new(op, inits, loop, 0, span, self.depth)
        self._blocks[-1].append(n)
        results = []
        for k, y in enumerate(yields):
            r = self._new("result", (n,), k, self.graph.width[y], span, self.depth)
            self._blocks[-1].append(r)
            results.append(r)
        return tuple(results)

    def finish(self) -> Graph:
        """The finished graph."""
        assert len(self._blocks) == 1, "a loop is still open"
        self.graph.body = tuple(self._blocks[0])
        return self.graph
