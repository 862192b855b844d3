"""Random well-formed graphs of both levels, which also are legal: they touch what they may, and `par` is independent.

The image has three arrays, whose lengths are powers of two, so that a mask brings any word into range. An iteration of
`par` stores only to its own part of `slots`, and loads from there or from `input`. With `faulty`, divisors and, outside
of `par`, some indices are left as they come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from hypothesis import strategies as st

from vliwc.ir.graph import GATHERINGS, Access, Array, Builder, Gathering, Graph, Mode
from vliwc.ir.ops import MASK, PURE
from vliwc.source import Span

LENGTH = 32
ARRAYS = (("input", Mode.IN), ("slots", Mode.INOUT), ("other", Mode.CONSUMED))
EDGES = (0, 1, 2, 3, 31, 32, 33, 0x7FFFFFFF, 0x80000000, MASK - 1, MASK)

words = st.sampled_from(EDGES) | st.integers(0, MASK)
gatherings = st.sampled_from([Gathering(op) for op in GATHERINGS] + [Gathering("add", 31), Gathering("add", 1 << 31)])
spans = st.none() | st.builds(
    lambda line, column, lines, columns: Span(line, column, line + lines, column + columns),
    st.integers(1, 99),
    st.integers(1, 99),
    st.integers(0, 3),
    st.integers(0, 30),
)


def images(graph: Graph) -> st.SearchStrategy[np.ndarray]:
    """Random memory images for `graph`."""
    return st.integers(0, MASK).map(
        lambda seed: np.random.default_rng(seed).integers(0, MASK + 1, graph.image_words).astype(np.uint32)
    )


@st.composite
def graphs(
    draw: st.DrawFn,
    *,
    lanes: int | None = None,
    faulty: bool = False,
    statements: int = 12,
    absolute: bool = True,
) -> Graph:
    """A random graph: scalar with `par` if `lanes` is 1, with vectors if it is more, either if None.

    Without `absolute` all indices count from their array's base.
    """
    if lanes is None:
        lanes = draw(st.sampled_from([1, 1, 2, 4, 8]))
    return _Maker(draw, lanes, faulty, absolute).make(statements)


class _Maker:
    def __init__(self, draw: st.DrawFn, lanes: int, faulty: bool, absolute: bool) -> None:
        self.absolute = absolute
        self.draw = draw
        self.lanes = lanes
        self.faulty = faulty
        header = tuple(draw(st.lists(words, max_size=3)))
        base, arrays = len(header), {}
        for name, mode in ARRAYS:
            lo, hi = sorted(draw(st.tuples(words, words)))
            base += draw(st.integers(0, 2))
            arrays[name] = Array(name, base, LENGTH, mode, lo, hi)
            base += LENGTH
        self.out = Builder(Graph("random", arrays, base, header, lanes), share=False)
        self.scalars: list[int] = []
        self.vectors: list[int] = []
        self.own: list[int] = []  # the loop variables of the `par` loops around

    def make(self, statements: int) -> Graph:
        self.block(statements)
        return self.out.finish()

    def block(self, statements: int) -> None:
        self.scalars.append(self.out.const(self.draw(words), span=self.draw(spans)))
        for _ in range(self.draw(st.integers(1, statements))):
            kinds = [self.elementwise, self.elementwise, self.load, self.store, self.table, self.constant]
            if self.lanes > 1:
                kinds += [self.layout, self.vector_memory, self.vector_elementwise, self.vector_elementwise]
            if statements > 3 and self.out.depth < 3:
                kinds += [lambda: self.for_loop(statements // 2)]
                if self.lanes == 1 and len(self.own) < 2:
                    kinds += [lambda: self.par_loop(statements // 2)]
            self.draw(st.sampled_from(kinds))()

    def emit(self, op: str, *args: int, **more: object) -> int:
        n = self.out.emit(op, *args, span=self.draw(spans), **more)
        pool = self.scalars if self.out.graph.width[n] == 1 else self.vectors
        if self.out.graph.width[n]:
            pool.append(n)
        return n

    def pick(self) -> int:
        return self.draw(st.sampled_from(self.scalars))

    def pick_vector(self) -> int:
        return self.draw(st.sampled_from(self.vectors)) if self.vectors else self.emit("splat", self.pick())

    def constant(self) -> None:
        self.emit("const", attr=self.draw(words))

    def wide(self, word: int, like: int) -> int:
        n = self.emit("const", attr=word)
        return n if self.out.graph.width[like] == 1 else self.emit("splat", n)

    def compute(self, pick: object) -> None:
        op = PURE[self.draw(st.sampled_from(sorted(PURE)))]
        args = [pick() for _ in range(op.arity)]
        if op.can_fault and not self.faulty:
            args[1] = self.emit("or", args[1], self.wide(1, args[1]))
        self.emit(op.name, *args)

    def elementwise(self) -> None:
        self.compute(self.pick)

    def vector_elementwise(self) -> None:
        self.compute(self.pick_vector)

    def masked(self, n: int, length: int = LENGTH) -> int:
        """A word below `length`, a power of two, made from node `n`."""
        if self.faulty and not self.own and self.draw(st.booleans()):
            return n
        return self.emit("and", n, self.wide(length - 1, n))

    def own_index(self) -> int:
        """An index into `slots` that no other iteration of the `par` loops around uses."""
        free = self.masked(self.pick(), LENGTH >> 2 * len(self.own))
        for depth, index in enumerate(self.own):
            place = self.emit("mul", index, self.wide(LENGTH >> 2 * (depth + 1), index))
            free = self.emit("add", free, place)
        return free

    def place(self, array: str, index: int, active: int = 0) -> tuple[int, Access]:
        """The operand and the attribute that name element `index` of an array, relative or absolute."""
        if not (self.absolute and self.draw(st.booleans())):
            return index, Access(array, active)
        base = self.wide(self.out.graph.arrays[array].base, index)
        return self.emit("add", index, base), Access(array, active, absolute=True)

    def load(self) -> None:
        if self.draw(st.booleans()):
            index, access = self.place("input", self.masked(self.pick()))
        else:
            index, access = self.place("slots", self.own_index())
        self.emit("load", index, attr=access)

    def store(self) -> None:
        index, access = self.place("slots", self.own_index())
        if self.draw(st.booleans()):
            self.emit("store", index, self.pick(), attr=access)
        else:
            self.emit("store_if", self.pick(), index, self.pick(), attr=access)

    def table(self) -> None:
        entries = tuple(self.draw(st.lists(words, min_size=4, max_size=4)))
        pick = self.draw(st.sampled_from([self.pick, self.pick_vector])) if self.lanes > 1 else self.pick
        self.emit("table", self.masked(pick(), 4), attr=entries)

    def layout(self) -> None:
        match self.draw(st.sampled_from(["splat", "pack", "lane"])):
            case "splat":
                self.emit("splat", self.pick())
            case "pack":
                self.emit("pack", *(self.pick() for _ in range(self.lanes)))
            case "lane":
                self.emit("lane", self.pick_vector(), attr=self.draw(st.integers(0, self.lanes - 1)))

    def vector_memory(self) -> None:
        array = self.draw(st.sampled_from(["slots", "other"]))
        op = self.draw(st.sampled_from(["vload", "gather", "vstore", "scatter"]))
        run = op in ("vload", "vstore")
        index = self.masked(self.pick(), LENGTH // 2) if run else self.masked(self.pick_vector())
        active = self.draw(st.integers(1, self.lanes)) if op == "scatter" else 0
        index, access = self.place(array, index, active)
        if op in ("vload", "gather"):
            self.emit(op, index, attr=access)
        else:
            self.emit(op, index, self.pick_vector(), attr=access)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is made inside is forgotten afterwards: it is out of scope."""
        scalars, vectors = len(self.scalars), len(self.vectors)
        yield
        del self.scalars[scalars:], self.vectors[vectors:]

    def bounds(self, most: int) -> tuple[int, int, int]:
        """Bounds whose loop variable stays below `most`."""
        lo = self.draw(st.integers(0, most - 1))
        return lo, self.draw(st.integers(lo + 1, most)), self.draw(st.integers(1, 2))

    def for_loop(self, statements: int) -> None:
        pickers = [self.pick, self.pick_vector] if self.lanes > 1 else [self.pick]
        chosen = self.draw(st.lists(st.sampled_from(pickers), max_size=3))
        inits = tuple(pick() for pick in chosen)
        widths = tuple(self.out.graph.width[i] for i in inits)
        span = self.draw(spans)
        with self.scope():
            index, carried = self.out.begin_loop(widths, self.draw(st.sampled_from([span, None])))
            self.scalars.append(index)
            for c, w in zip(carried, widths, strict=True):
                (self.scalars if w == 1 else self.vectors).append(c)
            self.block(statements)
            yields = tuple(pick() for pick in chosen)
        for r in self.out.end_loop("for", self.bounds(4), index, carried, inits, yields, span):
            (self.scalars if self.out.graph.width[r] == 1 else self.vectors).append(r)

    def par_loop(self, statements: int) -> None:
        span = self.draw(spans)
        gathers = tuple(self.draw(st.lists(gatherings, max_size=2)))
        inits = tuple(self.pick() for _ in gathers)
        with self.scope():
            index, carried = self.out.begin_loop((1,) * len(gathers), span)
            self.scalars.append(index)
            self.own.append(index)
            self.block(statements)
            self.own.pop()
            yields = tuple(self.pick() for _ in gathers)
        self.scalars += self.out.end_loop("par", self.bounds(4), index, carried, inits, yields, span, gathers)
