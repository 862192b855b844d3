"""Random loops for tests of software pipelining: every kind of recurrence, memory dependence and operation."""

from __future__ import annotations

import random

from tests.backend.harness import builder
from vliwc.ir.graph import Access, Builder, Graph, Mode

_BINARY = ("add", "sub", "mul", "xor", "and", "or", "shl", "shr", "lt", "eq")
LENGTH = 160


class LoopMaker:
    """Makes one graph: straight code, a loop (perhaps in another one), and stores of its results."""

    def __init__(self, seed: int, lanes: int) -> None:
        self.rng = random.Random(seed)
        self.lanes = lanes
        self.out = builder(lanes, a=(LENGTH, Mode.IN), b=(LENGTH, Mode.INOUT), c=(LENGTH, Mode.OUT))

    def graph(self) -> Graph:
        """The finished graph."""
        out, rng = self.out, self.rng
        if rng.random() < 0.3:
            outer, _ = out.begin_loop()
            self.loop(outer)
            out.end_loop("for", (0, rng.choice((2, 5)), 1), outer)
        else:
            self.loop(out.const(rng.randrange(5)))
        return out.finish()

    def loop(self, outside: int) -> None:
        """A loop of up to 40 iterations, and stores of what it carries."""
        out, rng = self.out, self.rng
        width = rng.choice((1, 1, self.lanes))
        trips, step = rng.choice((3, 9, 20, 40)), rng.choice((1, 2))
        count = rng.randrange(4)
        start = out.emit("load" if width == 1 else "vload", outside, attr=Access("a"))
        inits = tuple(rng.choice((start, out.const(rng.randrange(100), width))) for _ in range(count))
        lo = rng.randrange(8)
        index, carried = out.begin_loop((width,) * count)
        values = [*carried, out.widen(index, width), start]
        for _ in range(rng.randrange(2, 14)):
            values.append(self.step(values, index, width))
        yields = tuple(rng.choice(values[-4:] + list(carried)) for _ in range(count))
        self.store(index, rng.choice(values[-3:]), width)
        results = out.end_loop("for", (lo, lo + trips * step, step), index, carried, inits, yields)
        for k, r in enumerate(results):
            out.emit("store" if width == 1 else "vstore", out.const(k * self.lanes), r, attr=Access("c"))

    def step(self, values: list[int], index: int, width: int) -> int:
        """One more value: loaded, or computed from some that are there."""
        out, rng = self.out, self.rng
        kind = rng.random()
        if kind < 0.35:
            array, at = rng.choice("aab"), self.address(index)
            if width > 1 and rng.random() < 0.3:
                at = out.emit("and", rng.choice(values), out.const(127, width))
                return out.emit("gather", at, attr=Access(array))
            return out.emit("load" if width == 1 else "vload", at, attr=Access(array))
        if kind < 0.45:
            self.store(index, rng.choice(values), width)
        if kind < 0.55:
            return out.emit("muladd", *(rng.choice(values) for _ in range(3)))
        if kind < 0.65:
            bit = out.emit("lt", rng.choice(values), rng.choice(values))
            return out.emit("select", bit, rng.choice(values), rng.choice(values))
        if kind < 0.7:
            odd = out.emit("or", rng.choice(values), out.const(1, width))
            return out.emit(rng.choice(("div", "mod")), rng.choice(values), odd)
        return out.emit(
            rng.choice(_BINARY), rng.choice(values), rng.choice((*values, out.const(rng.randrange(40), width)))
        )

    def address(self, index: int) -> int:
        """An index within all arrays: mostly linear in the loop's."""
        out, rng = self.out, self.rng
        if rng.random() < 0.1:
            return out.emit("and", out.emit("mul", index, index), out.const(63))
        return out.emit("add", index, out.const(rng.randrange(12)))

    def store(self, index: int, value: int, width: int) -> None:
        """A store to the array that is loaded from, too."""
        op = "store" if width == 1 else "vstore"
        self.out.emit(op, self.address(index), value, attr=Access("b"))


def random_loop(seed: int, lanes: int) -> Graph:
    """A graph with a random loop, the same for the same seed."""
    return LoopMaker(seed, lanes).graph()


def streaming(lanes: int, words: int = 800) -> Builder:
    """`b = 7 * a + b`, a vector an iteration: two loads, a multiplication and a store."""
    out = builder(lanes, a=(words, Mode.IN), b=(words, Mode.INOUT))
    i, _ = out.begin_loop()
    x, y = (out.emit("vload", i, attr=Access(name)) for name in "ab")
    out.emit("vstore", i, out.emit("muladd", x, out.const(7, lanes), y), attr=Access("b"))
    out.end_loop("for", (0, words, lanes), i)
    return out
