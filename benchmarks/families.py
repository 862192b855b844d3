"""Random scheduling problems by family and seed: what schedulers and bounds are measured on.

The problems are made of the operations of a machine description, not from any kernel. Equal arguments give equal
problems in every version of Python (only `Random.random` is drawn from).

================  =====================================================================================
family            what it looks like
================  =====================================================================================
`layers`          a wide random graph: work of all kinds, far more of it than the critical path is long
`critical`        the same, so narrow that the critical path is about as long as the resources need
`strands`         many groups of lanes that share constants: load, a long chain, gathers, store
`few_strands`     two to six long strands, whose critical path is about as long as the resources need
`phases`          strands of a load-heavy part and a compute-heavy part, which a schedule has to overlap
`reduction`       many loads, combined in a tree: little to do at the end, and all of it waits
`constants`       a table of constants made by `const`, `add_imm` or arithmetic, then words and vectors
`memory`          loads and stores of arrays whose order has to be kept, joined and anti-dependent
================  =====================================================================================

Every family has a variant whose scratch is tight: see `tighten`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from vliwc.backend.pressure import peak
from vliwc.backend.problem import DATA, ORDER, Form, Operation, Problem, Step
from vliwc.backend.schedulers import listing
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency
from vliwc.machine import Machine, load_machine

_TIGHT = 0.7
"""Words that a tight problem has, relative to what a schedule takes that does not care for scratch."""
_RECENT = 24
"""From how many of the last values an operation of a random graph reads."""


def names() -> tuple[str, ...]:
    """The names of all families."""
    return tuple(_FAMILIES)


def make(family: str, operations: int, seed: int, *, tight: bool = False, machine: str = "takehome") -> Problem:
    """The problem of a family with about so many operations (at least 10).

    Without `tight`, scratch has room for everything at once. Raises KeyError for a family that does not exist.
    """
    build = _Build(load_machine(machine), Random(f"{family}/{operations}/{seed}/{machine}"))
    _FAMILIES[family](build, operations)
    problem = with_scratch(build.problem(), sum(build.widths) + build.machine.lanes)
    return tighten(problem) if tight else problem


def with_scratch(problem: Problem, words: int) -> Problem:
    """The same problem on a machine with so many words of scratch."""
    return replace(problem, machine=replace(problem.machine, scratch_words=words))


def tighten(problem: Problem) -> Problem:
    """The same problem with so little scratch that it binds.

    That is seven tenths of what critical-path list scheduling takes where scratch is plenty; but no less than what the
    program order needs, and two vectors more for words that are lost where single words break vectors up, so that a
    schedule exists: one operation after the other in program order.
    """
    greedy = listing.run(problem, Shapes(problem), Urgency(problem), Settings(stagger=0.0))
    assert greedy is not None, "scratch is plenty"
    least = peak(problem)[0] + 2 * problem.machine.lanes
    return with_scratch(problem, max(least, int(greedy.peak * _TIGHT)))


class _Build:
    """A problem under construction; operations are added in program order."""

    def __init__(self, machine: Machine, random: Random) -> None:
        self.machine = machine
        self.random = random
        self.operations: list[Operation] = []
        self.successors: list[list[tuple[int, int]]] = []
        self.widths: list[int] = []
        self.writer: list[int] = []
        self.unread: dict[int, None] = {}
        self.held: set[int] = set()

    def below(self, limit: int) -> int:
        """A random number from 0 to limit - 1."""
        return int(self.random.random() * limit)

    def between(self, low: int, high: int) -> int:
        """A random number from low to high."""
        return low + self.below(high - low + 1)

    def step(self, engine: str, op: str, slots: int = 1) -> Form:
        """A form of one step, with the machine's latency."""
        return (Step(engine, op, (), slots, self.machine.latency(engine, op)),)

    def emit(
        self,
        forms: tuple[Form, ...],
        reads: list[int],
        width: int,
        needs: tuple[tuple[int, ...], ...] = (),
    ) -> int:
        """Adds an operation that reads values; its new value of `width` words, or -1 if the width is 0."""
        number = len(self.operations)
        unique = tuple(dict.fromkeys(reads))
        for value in unique:
            self.successors[self.writer[value]].append((number, DATA))
            self.unread.pop(value, None)
        target = -1
        if width:
            target = len(self.widths)
            self.widths.append(width)
            self.writer.append(number)
            self.unread[target] = None
        self.operations.append(Operation(number, forms, unique, target, needs))
        self.successors.append([])
        return target

    def order(self, earlier: int, later: int) -> None:
        """Operation `later` must not come before `earlier`."""
        self.successors[earlier].append((later, ORDER))

    # -- the kinds of operations

    def const(self) -> int:
        """A word that is a constant."""
        return self.emit((self.step("load", "const"),), [], 1)

    def splat(self, word: int) -> int:
        """A vector of one word."""
        forms = self.step("valu", "vbroadcast"), self.step("alu", "|", self.machine.lanes)
        return self.emit(forms, [word], self.machine.lanes)

    def load(self, address: int, vector: bool = True) -> int:
        """A vector or a word from memory."""
        op, width = ("vload", self.machine.lanes) if vector else ("load", 1)
        return self.emit((self.step("load", op),), [address], width)

    def gather(self, index: int) -> int:
        """A vector of words from memory, a slot a lane."""
        return self.emit((self.step("load", "load_offset", self.machine.lanes),), [index], self.machine.lanes)

    def store(self, address: int, value: int) -> int:
        """Stores a value; the number of the operation."""
        op = "vstore" if self.widths[value] > 1 else "store"
        self.emit((self.step("store", op),), [address, value], 0)
        return len(self.operations) - 1

    def vector(self, *sources: int) -> int:
        """A vector of vectors: on `valu` or lane by lane on `alu`, or, of three, a `multiply_add`."""
        if len(set(sources)) == 3:
            return self.emit((self.step("valu", "multiply_add"),), list(sources), self.machine.lanes)
        forms = self.step("valu", "+"), self.step("alu", "+", self.machine.lanes)
        return self.emit(forms, list(sources), self.machine.lanes)

    def word(self, *sources: int) -> int:
        """A word of words, on `alu`."""
        return self.emit((self.step("alu", "+"),), list(sources), 1)

    def select(self, condition: int, a: int, b: int) -> int:
        """A vector select: on `flow`, or as a subtraction and a `multiply_add`."""
        blend = (*self.step("valu", "-"), *self.step("valu", "multiply_add"))
        return self.emit((self.step("flow", "vselect"), blend), [condition, a, b], self.machine.lanes)

    def mixed(self, *sources: int) -> int:
        """A vector operation of any kind, most of them plain."""
        chance = self.random.random()
        if chance < 0.08:
            return self.gather(sources[0])
        if chance < 0.18:
            return self.select(sources[0], sources[-1], sources[len(sources) // 2])
        return self.vector(*sources)

    # -- the end

    def problem(self) -> Problem:
        """The finished problem: values that nobody reads stay in scratch, as results."""
        self.held.update(self.unread)
        return Problem(self.machine, self.operations, self.successors, self.widths, {}, frozenset(self.held), {}, ())

    def finish(self, address: int, keep: tuple[int, ...] = ()) -> None:
        """Stores all vectors that nobody has read yet, but for those in `keep`."""
        for value in list(self.unread):
            if self.widths[value] > 1 and value not in keep:
                self.store(address, value)


def _setup(build: _Build, constants: int) -> tuple[int, list[int]]:
    """An address, and vectors of constants that all share."""
    address = build.const()
    return address, [build.splat(build.const()) for _ in range(constants)]


def _graph(build: _Build, operations: int, width: int) -> None:
    """A random graph whose layers have about `width` operations, each of which reads the layer before."""
    address, shared = _setup(build, 4)
    layer = [build.load(address) for _ in range(max(2, width))]
    while len(build.operations) + len(build.unread) < operations:
        build.finish(address, keep=(*layer, *shared))
        following = []
        for _ in range(max(1, build.between(width // 2, width + width // 2))):
            sources = [layer[build.below(len(layer))]]
            if build.random.random() < 0.5:
                sources.append(layer[build.below(len(layer))])
            if build.random.random() < 0.4:
                sources.append(shared[build.below(len(shared))])
            following.append(build.mixed(*sources))
        layer = (following + layer)[: max(width, _RECENT)] if width > 8 else following
    build.finish(address)


def _layers(build: _Build, operations: int) -> None:
    _graph(build, operations, max(12, operations // 30))


def _critical(build: _Build, operations: int) -> None:
    _graph(build, operations, build.between(3, 5))


def _chain(build: _Build, value: int, shared: list[int], length: int, gathers: float) -> int:
    """A chain of operations on one vector: short detours that come back to it, gathers now and then."""
    last = len(build.operations) + length
    while len(build.operations) < last:
        chance = build.random.random()
        constant = shared[build.below(len(shared))]
        if chance < gathers:
            value = build.vector(value, build.gather(value))
        elif chance < gathers + 0.4:
            value = build.vector(build.vector(value, constant), build.vector(value, shared[0]))
        elif chance < gathers + 0.5:
            value = build.select(value, constant, build.vector(value, constant))
        else:
            value = build.vector(value, constant, shared[build.below(len(shared))])
    return value


def _strands(build: _Build, operations: int) -> None:
    address, shared = _setup(build, 6)
    length = max(8, min(120, operations // 16))
    while len(build.operations) < operations:
        value = _chain(build, build.load(address), shared, length, 0.04)
        build.store(address, value)


def _few_strands(build: _Build, operations: int) -> None:
    """Strands side by side, of two or three operations abreast each, so that path and resources are about equal."""
    address, shared = _setup(build, 4)
    strands = [[build.load(address) for _ in range(build.between(1, 3))] for _ in range(build.between(2, 4))]
    while len(build.operations) + 3 * len(strands) < operations:
        for strand in strands:
            constant = shared[build.below(len(shared))]
            strand[:] = [build.mixed(value, strand[k - 1], constant) for k, value in enumerate(strand)]
    for strand in strands:
        for value in strand:
            build.store(address, value)


def _phases(build: _Build, operations: int) -> None:
    address, shared = _setup(build, 4)
    part = max(3, min(40, operations // 40))
    while len(build.operations) < operations:
        value = build.load(address)
        for _ in range(max(1, part // 4)):
            value = build.vector(value, build.gather(value))
        for _ in range(2 * part):
            value = build.vector(value, shared[build.below(len(shared))])
        build.store(address, value)


def _reduction(build: _Build, operations: int) -> None:
    address, shared = _setup(build, 2)
    leaves = []
    while len(build.operations) < operations * 0.72:
        value = build.load(address)
        for _ in range(build.below(4)):
            value = build.vector(value, shared[build.below(2)])
        leaves.append(value)
    while len(leaves) > 1:
        pairs = zip(leaves[::2], leaves[1::2], strict=False)
        leaves = [build.vector(a, b) for a, b in pairs] + (leaves[-1:] if len(leaves) % 2 else [])
    build.store(address, leaves[0])


def _constants(build: _Build, operations: int) -> None:
    """Constants that may be made from a few that stay in scratch; each is a word or a vector of a short chain."""
    pool = [build.const() for _ in range(6)]
    build.held.update(pool)
    rows = [build.splat(pool[0])]
    while len(build.operations) + len(build.unread) < operations:
        a, b = pool[build.below(6)], pool[build.below(6)]
        forms = build.step("load", "const"), build.step("alu", "-"), build.step("flow", "add_imm")
        constant = build.emit(forms, [], 1, ((), (a, b), (pool[0],)))
        chance = build.random.random()
        if chance < 0.5:
            rows.append(build.splat(constant))
        elif chance < 0.8:
            rows[-1] = build.vector(rows[-1], build.splat(constant))
        else:
            build.store(constant, build.word(constant, pool[0]))
        if len(rows) > 6:
            build.store(constant, build.vector(*rows[:3]))
            rows = rows[3:]
    build.finish(pool[0])


def _memory(build: _Build, operations: int) -> None:
    """Rounds over a few rows: each is loaded, worked on and stored back, by way of joins that keep rounds in order."""
    address, shared = _setup(build, 3)
    rows = max(2, min(64, operations // 24))
    join = -1
    while len(build.operations) + 6 * rows < operations or join < 0:
        stores = []
        for _ in range(rows):
            value = build.load(address)
            load = len(build.operations) - 1
            if join >= 0:
                build.order(join, load)
            value = _chain(build, value, shared, build.between(1, 6), 0.1)
            store = build.store(address, value)
            build.order(load, store)
            stores.append(store)
        build.emit((), [], 0)
        join = len(build.operations) - 1
        for store in stores:
            build.successors[store].append((join, DATA))


_FAMILIES: dict[str, Callable[[_Build, int], None]] = {
    "layers": _layers,
    "critical": _critical,
    "strands": _strands,
    "few_strands": _few_strands,
    "phases": _phases,
    "reduction": _reduction,
    "constants": _constants,
    "memory": _memory,
}
