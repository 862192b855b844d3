"""What a kernel means: runs a checked kernel on a memory image. The oracle of every test.

All iterations of a `par` loop run in lockstep as lanes of numpy arrays; where lanes disagree about a condition, each
side runs for its lanes only. Values that are the same for all lanes stay plain integers. Since iterations are
independent, any order of them gives the same result; that they are is checked as they run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from vliwc.errors import DataError, VliwcError
from vliwc.ir.ops import BINARY, MASK
from vliwc.language import kernel as k
from vliwc.language.conflicts import Conflict, Ownership
from vliwc.source import Source, Span

Words = NDArray[np.uint32]
Value = int | Words
"""A word that all lanes share, or one word for each active lane."""

MAX_LANES = 2**18
"""At most this many iterations run at once: more run in turns, to bound the memory that is needed."""


class KernelFault(VliwcError):
    """The kernel did something that has no meaning: `span` is where, in `source`."""

    exit_code = 6

    def __init__(self, source: Source, message: str, span: Span, help: str) -> None:  # noqa: A002
        super().__init__(f"{source.name}:{span}: {message}", help=help)
        self.source = source
        self.span = span


@dataclass(frozen=True, slots=True)
class Level:
    """One execution of a `par` loop: the iteration that each lane belongs to, and the users of the arrays it writes.

    `numbers` counts the iterations of all executions that run side by side; modulo `loop.trips` they are those of one.
    """

    loop: k.For
    numbers: NDArray[np.int64]
    owners: dict[str, Ownership]

    def iteration(self, number: int) -> int:
        """The loop variable's value in iteration `number`."""
        return self.loop.lo + number % _trips(self.loop) * self.loop.step


@dataclass(slots=True)
class Frame:
    """The lanes that run together: their locals, and which of them are active (None: all).

    Locals have `width` words or are shared; `restrict` makes frames that share the same locals.
    """

    width: int
    locals: dict[int, Value]
    levels: tuple[Level, ...] = ()
    active: NDArray[np.intp] | None = None

    @property
    def count(self) -> int:
        """The number of active lanes."""
        return self.width if self.active is None else len(self.active)

    def restrict(self, mask: NDArray[np.bool_]) -> Frame:
        """The same frame with only those active lanes still active for which `mask` is true."""
        active = np.flatnonzero(mask) if self.active is None else self.active[mask]
        return Frame(self.width, self.locals, self.levels, active)

    def get(self, number: int) -> Value:
        """A local's value in the active lanes."""
        value = self.locals[number]
        return value if isinstance(value, int) or self.active is None else value[self.active]

    def set(self, number: int, value: Value) -> None:
        """Changes a local in the active lanes."""
        if self.active is not None:
            full = np.empty(self.width, dtype=np.uint32)
            full[:] = self.locals.get(number, 0)
            full[self.active] = value
            value = full
        self.locals[number] = value

    def numbers(self, level: Level) -> NDArray[np.int64]:
        """The iterations of `level` that the active lanes belong to."""
        return level.numbers if self.active is None else level.numbers[self.active]


def interpret(kernel: k.Kernel, image: Words) -> Words:
    """The memory image (`kernel.image_words` words) after the kernel has run on a copy of `image`.

    Raises KernelFault for an index out of range, a division by zero, and iterations of `par` that are not independent;
    DataError for an image of another size. A `par` loop of n iterations takes O(n) numpy work an operation.
    """
    if image.shape != (kernel.image_words,):
        message = f"the image has shape {image.shape}, but the kernel's has {kernel.image_words} words"
        raise DataError(message, help="make an image with make_image, or with the same -D values")
    run = _Run(kernel, image.astype(np.uint32))
    run.block(kernel.body, Frame(1, {}))
    return run.memory


def _trips(loop: k.For) -> int:
    return -(-(loop.hi - loop.lo) // loop.step)


def _stored(body: tuple[k.Stmt, ...]) -> set[str]:
    """The arrays that statements store to."""
    found: set[str] = set()
    for statement in body:
        match statement:
            case k.Store(array=array):
                found.add(array)
            case k.If(then=then, orelse=orelse):
                found |= _stored(then) | _stored(orelse)
            case k.For(body=inner):
                found |= _stored(inner)
    return found


@dataclass(slots=True)
class _Run:
    """One run: the memory, and the ownership tables by nesting depth and array, made when first needed."""

    kernel: k.Kernel
    memory: Words
    owners: dict[tuple[int, str], Ownership] = field(default_factory=dict)
    stored: dict[int, set[str]] = field(default_factory=dict)

    # --- statements

    def block(self, body: tuple[k.Stmt, ...], frame: Frame) -> None:
        for statement in body:
            match statement:
                case k.Assign():
                    frame.set(statement.target, self.value(statement.value, frame))
                case k.Store():
                    self._store(statement, frame)
                case k.If():
                    self._if(statement, frame)
                case k.For(parallel=False):
                    for index in range(statement.lo, statement.hi, statement.step):
                        frame.locals[statement.var] = index
                        self.block(statement.body, frame)
                case k.For():
                    self._par(statement, frame)

    def _if(self, node: k.If, frame: Frame) -> None:
        cond = self.value(node.cond, frame)
        if isinstance(cond, int):
            self.block(node.then if cond else node.orelse, frame)
            return
        mask = cond != 0
        for body, lanes in ((node.then, mask), (node.orelse, ~mask)):
            if body and lanes.any():
                self.block(body, frame if lanes.all() else frame.restrict(lanes))

    def _par(self, loop: k.For, frame: Frame) -> None:
        trips, count, depth = _trips(loop), frame.count, len(frame.levels)
        arrays = self.stored.get(id(loop))
        if arrays is None:
            arrays = self.stored[id(loop)] = _stored(loop.body)
        owners = {}
        for array in sorted(arrays):
            key = (depth, array)
            if key not in self.owners:
                self.owners[key] = Ownership(self.kernel.arrays[array].length)
            owners[array] = self.owners[key]
            owners[array].begin(count * trips)
        turn = max(1, MAX_LANES // count)
        for first in range(0, trips, turn):
            iterations = np.arange(first, min(first + turn, trips), dtype=np.int64)
            self.block(loop.body, _spread(loop, iterations, owners, frame))

    def _store(self, node: k.Store, frame: Frame) -> None:
        index = self._element(node.array, node.indices, frame)
        value = self.value(node.value, frame)
        self._use(node.array, index, frame, node.span, writes=True)
        self.memory[np.atleast_1d(index) + self.kernel.arrays[node.array].base] = value

    # --- memory

    def _element(self, array: str, indices: tuple[k.Expr, ...], frame: Frame) -> int | NDArray[np.int64]:
        """The offset in its array of an element, after checking every index."""
        offset: int | NDArray[np.int64] = 0
        for node, size in zip(indices, self.kernel.arrays[array].shape, strict=True):
            index = self.value(node, frame)
            self._check_index(index, node.span, size, f"`{array}`", frame)
            offset = offset * size + (index if isinstance(index, int) else index.astype(np.int64))
        return offset

    def _check_index(self, value: Value, span: Span, size: int, what: str, frame: Frame) -> None:
        bad = np.asarray(value) >= size
        if bad.any():
            lane = int(np.argmax(bad))
            wrong = value if isinstance(value, int) else int(value[lane])
            message = f"index {wrong} is out of range for {what}, which has 0 … {size - 1}{_where(frame, lane)}"
            self._fault(message, span, "mask or compare the index before it is used, or enlarge the array")

    def _use(self, array: str, index: int | NDArray[np.int64], frame: Frame, span: Span, *, writes: bool) -> None:
        """Notes the use of an element in every `par` loop around, and faults when iterations conflict."""
        for level in frame.levels:
            owner = level.owners.get(array)
            if owner is None:
                continue
            numbers = frame.numbers(level)
            indices = np.broadcast_to(np.asarray(index, dtype=np.int64), numbers.shape)
            conflict = (owner.write if writes else owner.read)(indices, numbers)
            if conflict is not None:
                self._conflict(array, conflict, level, span)

    def _conflict(self, array: str, conflict: Conflict, level: Level, span: Span) -> NoReturn:
        mine = level.iteration(conflict.mine)
        name = level.loop.name
        theirs = "another" if conflict.theirs < 0 else f"{name} = {level.iteration(conflict.theirs)}"
        message = (
            f"word {conflict.index} of `{array}` is written and used by two iterations of the `par` loop at "
            f"{level.loop.span}: {name} = {mine} and {theirs}"
        )
        self._fault(message, span, "iterations of `par` must be independent; use `for`")

    def _fault(self, message: str, span: Span, help: str) -> NoReturn:  # noqa: A002
        raise KernelFault(self.kernel.source, message, span, help)

    # --- expressions

    def value(self, node: k.Expr, frame: Frame) -> Value:
        match node:
            case k.Const(value=value):
                return value
            case k.Local(id=number):
                return frame.get(number)
            case k.Binary(op="&&" | "||"):
                return self._logical(node, frame)
            case k.Binary():
                return self._binary(node, frame)
            case k.Load():
                return self._load(node, frame)
            case k.Select():
                return self._select(node, frame)
            case k.Unary(op=op, a=a):
                return _unary(op, self.value(a, frame))
            case k.Lookup():
                return self._lookup(node, frame)
            case k.Call():
                return self._call(node, frame)

    def _binary(self, node: k.Binary, frame: Frame) -> Value:
        a, b = self.value(node.a, frame), self.value(node.b, frame)
        try:
            return _binary(node.op, a, b)
        except ZeroDivisionError:
            lane = int(np.argmax(np.asarray(b) == 0))
            self._fault(f"division by zero{_where(frame, lane)}", node.span, "guard the division with `if` or `? :`")

    def _load(self, node: k.Load, frame: Frame) -> Value:
        index = self._element(node.array, node.indices, frame)
        self._use(node.array, index, frame, node.span, writes=False)
        words: Words = self.memory[index + self.kernel.arrays[node.array].base]
        return int(words) if isinstance(index, int) else words

    def _lookup(self, node: k.Lookup, frame: Frame) -> Value:
        table = self.kernel.tables[node.table]
        index = self.value(node.index, frame)
        self._check_index(index, node.index.span, len(table), f"the table `{node.table}`", frame)
        return table[index] if isinstance(index, int) else np.array(table, dtype=np.uint32)[index]

    def _call(self, node: k.Call, frame: Frame) -> Value:
        function = self.kernel.functions[node.function]
        args = (self.value(a, frame) for a in node.args)
        levels = tuple(Level(lv.loop, frame.numbers(lv), lv.owners) for lv in frame.levels)
        inner = Frame(frame.count, dict(zip(function.params, args, strict=True)), levels)
        self.block(function.body, inner)
        return self.value(function.result, inner)

    def _select(self, node: k.Select, frame: Frame) -> Value:
        cond = self.value(node.cond, frame)
        if isinstance(cond, int):
            return self.value(node.a if cond else node.b, frame)
        mask = cond != 0
        if mask.all() or not mask.any():
            return self.value(node.a if mask.all() else node.b, frame)
        result = np.empty(frame.count, dtype=np.uint32)
        result[mask] = self.value(node.a, frame.restrict(mask))
        result[~mask] = self.value(node.b, frame.restrict(~mask))
        return result

    def _logical(self, node: k.Binary, frame: Frame) -> Value:
        a = self.value(node.a, frame)
        decided = node.op == "||"  # the truth of the left side that makes the right one irrelevant
        if isinstance(a, int):
            return int(decided) if bool(a) == decided else _truth(self.value(node.b, frame))
        result: Words = (a != 0).astype(np.uint32)
        open_lanes = (a != 0) != decided
        if open_lanes.any():
            result[open_lanes] = _truth(self.value(node.b, frame.restrict(open_lanes)))
        return result


def _spread(loop: k.For, iterations: NDArray[np.int64], owners: dict[str, Ownership], frame: Frame) -> Frame:
    """The lanes of some iterations of a `par` loop: for each active lane of `frame`, one for each iteration."""
    count, trips = frame.count, len(iterations)

    def repeat(value: Value) -> Value:
        if isinstance(value, int):
            return value
        return np.repeat(value if frame.active is None else value[frame.active], trips)

    inner = {number: repeat(value) for number, value in frame.locals.items()}
    inner[loop.var] = np.tile((loop.lo + iterations * loop.step).astype(np.uint32), count)
    levels = [Level(lv.loop, np.repeat(frame.numbers(lv), trips), lv.owners) for lv in frame.levels]
    numbers = np.add.outer(np.arange(count, dtype=np.int64) * _trips(loop), iterations).ravel()
    return Frame(count * trips, inner, (*levels, Level(loop, numbers, owners)))


def _where(frame: Frame, lane: int) -> str:
    """Which iteration of the innermost `par` loop an active lane is, for a message."""
    if not frame.levels:
        return ""
    level = frame.levels[-1]
    number = int(frame.numbers(level)[lane])
    return f" (in iteration {level.loop.name} = {level.iteration(number)} of the `par` loop at {level.loop.span})"


def _truth(a: Value) -> Value:
    return int(a != 0) if isinstance(a, int) else (a != 0).astype(np.uint32)


def _unary(op: str, a: Value) -> Value:
    if op == "!":
        return int(a == 0) if isinstance(a, int) else (a == 0).astype(np.uint32)
    if op == "~":
        return a ^ MASK if isinstance(a, int) else ~a
    return _binary("-", 0, a)


def _binary(op: str, a: Value, b: Value) -> Value:
    match op:
        case ">":
            return _binary("<", b, a)
        case "<=":
            return _unary("!", _binary("<", b, a))
        case ">=":
            return _unary("!", _binary("<", a, b))
        case "!=":
            return _unary("!", _binary("==", a, b))
    if isinstance(a, int) and isinstance(b, int):
        if op in ("min", "max"):
            return min(a, b) if op == "min" else max(a, b)
        word = BINARY[op].word
        assert word is not None
        return int(word(a, b))
    left, right = np.asarray(a, dtype=np.uint32), np.asarray(b, dtype=np.uint32)
    if op in ("min", "max"):
        return np.asarray(np.minimum(left, right) if op == "min" else np.maximum(left, right))
    lanes = BINARY[op].lanes
    assert lanes is not None
    result: Words = lanes(left, right)
    return result
