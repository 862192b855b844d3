"""The syntax tree: what the parser found, before any name is looked up. Every node has the span of its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from vliwc.source import Span


@dataclass(frozen=True, slots=True)
class Ident:
    """A name where it is declared or referred to."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """An integer literal."""

    value: int
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """A name used as a value (or assigned to)."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Address:
    """`&array`: the array's base address."""

    name: Ident
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`op` is one of "-" "~" "!"."""

    op: str
    a: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`op` is one of + - * // % ** & | ^ << >> < <= > >= == != && ||."""

    op: str
    a: Expr
    b: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional:
    """`cond ? a : b`."""

    cond: Expr
    a: Expr
    b: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """`name[indices]`: a word of an array, or an entry of a table."""

    name: Ident
    indices: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`name(args)`."""

    name: Ident
    args: tuple[Expr, ...]
    span: Span


Expr = Number | Name | Address | Unary | Binary | Conditional | Index | Call


@dataclass(frozen=True, slots=True)
class Block:
    """Statements between braces."""

    statements: tuple[Stmt, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    """`let name = value`."""

    name: Ident
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = value`, or `target op= value` when `op` is not empty."""

    target: Name | Index
    op: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """`if` and `static if`. An `else if` is a block of one statement."""

    cond: Expr
    then: Block
    orelse: Block | None
    static: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Loop:
    """`kind` is "for", "par" or "static for"."""

    kind: str
    name: Ident
    lo: Expr
    hi: Expr
    step: Expr | None
    body: Block
    span: Span


@dataclass(frozen=True, slots=True)
class Return:
    """`return value`."""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Param:
    """`param name = value`: a constant that the command line may override."""

    name: Ident
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Table:
    """`[entries]`: only as the value of a `const`."""

    entries: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Const:
    """`const name = value`, at the top or in a block."""

    name: Ident
    value: Expr | Table
    span: Span


Stmt = Let | Const | Assign | If | Loop | Return


@dataclass(frozen=True, slots=True)
class Array:
    """`name: type[sizes] mode` in a memory block."""

    name: Ident
    type: Ident
    sizes: tuple[Expr, ...]
    mode: Ident
    span: Span


@dataclass(frozen=True, slots=True)
class Memory:
    """`memory { header …; arrays }`."""

    header: tuple[Expr, ...]
    arrays: tuple[Array, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Bound:
    """`array[_] relation value`; `blanks` is how many `_` there are."""

    array: Ident
    blanks: int
    relation: str
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Property:
    """`name(array)`, such as `sorted(keys)`."""

    name: Ident
    array: Ident
    span: Span


@dataclass(frozen=True, slots=True)
class Assume:
    """`assume fact && fact …`."""

    facts: tuple[Bound | Property, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Function:
    """`fn name(params) { … }`."""

    name: Ident
    params: tuple[Ident, ...]
    body: Block
    span: Span


@dataclass(frozen=True, slots=True)
class Kernel:
    """`kernel name { … }`."""

    name: Ident
    body: Block
    span: Span


Declaration = Param | Const | Memory | Assume | Function | Kernel


@dataclass(frozen=True, slots=True)
class File:
    """A whole source text."""

    declarations: tuple[Declaration, ...]
    span: Span


Node = (
    Ident
    | Expr
    | Block
    | Let
    | Assign
    | If
    | Loop
    | Return
    | Param
    | Table
    | Const
    | Array
    | Memory
    | Bound
    | Property
    | Assume
    | Function
    | Kernel
    | File
)


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below `node`, in source order."""
    for field in fields(node):
        value = getattr(node, field.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Node):
                yield item


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """All nodes below and with `node`, parents first, each with its depth (0 for `node`). Any depth is fine."""
    stack = [(node, 0)]
    while stack:
        current, depth = stack.pop()
        yield current, depth
        stack.extend((child, depth + 1) for child in reversed(list(children(current))))
