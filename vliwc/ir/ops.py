"""The one table of operations.

Every room that must know what an operation means (interpreter, evaluator, simplifier, selector, simulator,
assembler, documentation) reads it here. A leaf module: it imports nothing of vliwc.

Words are unsigned 32-bit; all arithmetic is modulo 2^32. `word` is the meaning on Python integers, `lanes` the
same on numpy uint32 arrays; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD_BITS = 32
MASK = 0xFFFF_FFFF

Lanes = NDArray[np.uint32]


class Kind(Enum):
    """What a node of this operation may do."""

    PURE = "pure"  # elementwise word arithmetic: has `word` and `lanes`
    LAYOUT = "layout"  # moves words between lanes, computes nothing
    LOAD = "load"  # reads memory
    STORE = "store"  # writes memory, has no result
    CONTROL = "control"  # loops, their parameters and results


@dataclass(frozen=True, slots=True)
class Op:
    """One operation of the dataflow graph.

    `arity` is the number of value operands (-1: any number). `symbol` is how the machine and, where it has the
    operation, the language spell it. `can_fault` marks operations that stop the machine on some operands.
    """

    name: str
    arity: int
    kind: Kind
    doc: str
    symbol: str = ""
    word: Callable[..., int] | None = None
    lanes: Callable[..., Any] | None = None
    commutative: bool = False
    associative: bool = False
    can_fault: bool = False


def _u32(x: Any) -> Lanes:
    result: Lanes = np.asarray(x, dtype=np.uint64).astype(np.uint32)
    return result


def _wide(x: Lanes) -> NDArray[np.uint64]:
    return np.asarray(x).astype(np.uint64)


def _nonzero(b: Lanes) -> None:
    if np.any(np.asarray(b) == 0):
        raise ZeroDivisionError


def _div_lanes(a: Lanes, b: Lanes) -> Lanes:
    _nonzero(b)
    return _u32(_wide(a) // _wide(b))


def _cdiv_lanes(a: Lanes, b: Lanes) -> Lanes:
    _nonzero(b)
    return _u32((_wide(a) + _wide(b) - np.uint64(1)) // _wide(b))


def _mod_lanes(a: Lanes, b: Lanes) -> Lanes:
    _nonzero(b)
    return _u32(_wide(a) % _wide(b))


def _shl_lanes(a: Lanes, b: Lanes) -> Lanes:
    return _u32(np.where(b < 32, (_wide(a) << _wide(b & np.uint32(31))) & np.uint64(MASK), 0))


def _shr_lanes(a: Lanes, b: Lanes) -> Lanes:
    return _u32(np.where(b < 32, _wide(a) >> _wide(b & np.uint32(31)), 0))


def _pure(name: str, symbol: str, doc: str, word: Callable[..., int], lanes: Callable[..., Any], **more: Any) -> Op:
    arity = more.pop("arity", 2)
    return Op(name, arity, Kind.PURE, doc, symbol, word, lanes, **more)


def _m(x: Any) -> Lanes:
    return _u32(np.asarray(x, dtype=np.uint64) & np.uint64(MASK))


_TABLE: tuple[Op, ...] = (
    _pure(
        "add",
        "+",
        "a + b",
        lambda a, b: (a + b) & MASK,
        lambda a, b: _m(_wide(a) + _wide(b)),
        commutative=True,
        associative=True,
    ),
    _pure("sub", "-", "a - b", lambda a, b: (a - b) & MASK, lambda a, b: _m(_wide(a) - _wide(b))),
    _pure(
        "mul",
        "*",
        "a * b",
        lambda a, b: (a * b) & MASK,
        lambda a, b: _m(_wide(a) * _wide(b)),
        commutative=True,
        associative=True,
    ),
    _pure("div", "//", "a divided by b, rounded down", lambda a, b: a // b, _div_lanes, can_fault=True),
    _pure(
        "cdiv",
        "cdiv",
        "a divided by b, rounded up",
        lambda a, b: (a + b - 1) // b,
        _cdiv_lanes,
        can_fault=True,
    ),
    _pure("mod", "%", "the remainder of a divided by b", lambda a, b: a % b, _mod_lanes, can_fault=True),
    _pure("and", "&", "bitwise and", lambda a, b: a & b, lambda a, b: a & b, commutative=True, associative=True),
    _pure("or", "|", "bitwise or", lambda a, b: a | b, lambda a, b: a | b, commutative=True, associative=True),
    _pure(
        "xor",
        "^",
        "bitwise exclusive or",
        lambda a, b: a ^ b,
        lambda a, b: a ^ b,
        commutative=True,
        associative=True,
    ),
    _pure("shl", "<<", "a shifted left; 0 from 32 on", lambda a, b: (a << b) & MASK if b < 32 else 0, _shl_lanes),
    _pure("shr", ">>", "a shifted right; 0 from 32 on", lambda a, b: a >> b if b < 32 else 0, _shr_lanes),
    _pure("lt", "<", "1 if a < b, else 0", lambda a, b: int(a < b), lambda a, b: _u32(a < b)),
    _pure(
        "eq",
        "==",
        "1 if a = b, else 0",
        lambda a, b: int(a == b),
        lambda a, b: _u32(a == b),
        commutative=True,
    ),
    _pure(
        "muladd",
        "multiply_add",
        "a * b + c",
        lambda a, b, c: (a * b + c) & MASK,
        lambda a, b, c: _m(((_wide(a) * _wide(b)) & np.uint64(MASK)) + _wide(c)),
        arity=3,
    ),
    _pure(
        "select",
        "select",
        "a if c is not 0, else b; operands c, a, b",
        lambda c, a, b: a if c else b,
        lambda c, a, b: _u32(np.where(np.asarray(c) != 0, a, b)),
        arity=3,
    ),
    Op(
        "blend",
        4,
        Kind.PURE,
        "a if c is 1, else b; operands c, a, b, d. For the backend only, which promises that c is a bit and d = a - b",
    ),
    Op("const", 0, Kind.LAYOUT, "the word in its attribute"),
    Op("splat", 1, Kind.LAYOUT, "a vector with the word in every lane"),
    Op("pack", -1, Kind.LAYOUT, "a vector of one word for each lane"),
    Op("lane", 1, Kind.LAYOUT, "the word in lane `attribute` of a vector"),
    Op("table", 1, Kind.PURE, "entry `index` of the constant table in its attribute; the index is in range"),
    Op("load", 1, Kind.LOAD, "array[index]: one word"),
    Op("vload", 1, Kind.LOAD, "array[index] … array[index + lanes - 1] for one scalar index: a vector"),
    Op("gather", 1, Kind.LOAD, "array[index] for each lane of a vector of indices"),
    Op("store", 2, Kind.STORE, "array[index] = value: one word"),
    Op(
        "store_if",
        3,
        Kind.STORE,
        "if condition then array[index] = value; operands condition, index, value",
    ),
    Op("vstore", 2, Kind.STORE, "array[index …] = the vector, for one scalar index"),
    Op("scatter", 2, Kind.STORE, "array[index] = value for each of the first `active` lanes, in lane order"),
    Op("for", -1, Kind.CONTROL, "a sequential loop; operands are the initial values of what it carries"),
    Op("par", -1, Kind.CONTROL, "a loop of independent iterations, which may gather what they yield"),
    Op("index", 0, Kind.CONTROL, "the loop variable of the enclosing loop"),
    Op("carried", 0, Kind.CONTROL, "a value that the enclosing `for` carries from iteration to iteration"),
    Op(
        "result",
        1,
        Kind.CONTROL,
        "what a `for` carried out: its `attribute`-th carried value after the last iteration",
    ),
)

OPS: dict[str, Op] = {op.name: op for op in _TABLE}
"""All operations by name, in table order."""

PURE: dict[str, Op] = {op.name: op for op in _TABLE if op.word is not None}
"""The elementwise word operations: those with a meaning on words."""

BINARY: dict[str, Op] = {op.symbol: op for op in PURE.values() if op.arity == 2}
"""Two-operand word operations by symbol: exactly what the machine's `alu` offers."""
