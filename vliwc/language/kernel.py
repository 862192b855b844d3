"""A checked kernel: what the checker promises to the interpreter and to lowering.

Names are resolved, sizes are numbers, static `if` and `for` are expanded, constant expressions are folded, every array
access has as many indices as the array has dimensions. All values are u32 words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from vliwc.ir.graph import Mode
from vliwc.source import Source, Span


@dataclass(frozen=True, slots=True)
class Const:
    """A word known at compile time: 0 <= value < 2^32."""

    value: int
    span: Span


@dataclass(frozen=True, slots=True)
class Local:
    """A local variable, function parameter or loop variable. `id` is unique in its kernel or function."""

    name: str
    id: int
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`op` is one of "-" "~" "!"."""

    op: str
    a: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`op` is one of + - * // cdiv % & | ^ << >> < <= > >= == != && || min max.

    `&&` and `||` give 0 or 1 and do not evaluate their right side when the left decides.
    """

    op: str
    a: Expr
    b: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Select:
    """`cond ? a : b`; only the chosen arm is evaluated."""

    cond: Expr
    a: Expr
    b: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Load:
    """A word of an array; one index for each dimension."""

    array: str
    indices: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Lookup:
    """An entry of a constant table."""

    table: str
    index: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a pure function."""

    function: str
    args: tuple[Expr, ...]
    span: Span


Expr = Const | Local | Unary | Binary | Select | Load | Lookup | Call


@dataclass(frozen=True, slots=True)
class Assign:
    """`let x = e` and `x = e` alike: after it, local `target` is `value`."""

    target: int
    name: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Store:
    """`array[indices] = value`."""

    array: str
    indices: tuple[Expr, ...]
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """`if cond { … } else { … }` on a word: not 0 is true."""

    cond: Expr
    then: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class For:
    """`for var in lo..hi step s`, or `par` when `parallel`. The checker drops loops without an iteration."""

    var: int
    name: str
    lo: int
    hi: int
    step: int
    body: tuple[Stmt, ...]
    parallel: bool
    span: Span


Stmt = Assign | Store | If | For


@dataclass(frozen=True, slots=True)
class Function:
    """A pure function: parameters (local ids), statements without stores or `par`, and the value at the end."""

    name: str
    params: tuple[int, ...]
    body: tuple[Stmt, ...]
    result: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class ArrayDecl:
    """An array of the memory image. `lo`..`hi` is what `assume` says each word holds at the start.

    `sorted` tells that an `assume sorted(a)` asks for non-decreasing contents (it only steers generated inputs and is
    checked on given ones).
    """

    name: str
    base: int
    shape: tuple[int, ...]
    mode: Mode
    lo: int
    hi: int
    sorted: bool
    span: Span

    @property
    def length(self) -> int:
        """The number of words."""
        n = 1
        for d in self.shape:
            n *= d
        return n


@dataclass(frozen=True)
class Kernel:
    """A checked kernel with its sizes filled in."""

    name: str
    source: Source
    params: dict[str, int]
    tables: dict[str, tuple[int, ...]]
    header: tuple[int, ...]
    """The constant words at the start of the image."""
    arrays: dict[str, ArrayDecl]
    functions: dict[str, Function]
    body: tuple[Stmt, ...]
    span: Span

    @cached_property
    def image_words(self) -> int:
        """The size of the memory image in words."""
        return len(self.header) + sum(a.length for a in self.arrays.values())
