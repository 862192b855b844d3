"""Short names for the nodes of the syntax tree. All stand at the same place: their text is made later."""

from __future__ import annotations

from vliwc.language import syntax
from vliwc.language.syntax import Expr, Stmt
from vliwc.source import Span

HERE = Span(1, 1, 1, 1)


def number(value: int) -> Expr:
    return syntax.Number(value, HERE)


def name_of(name: str) -> syntax.Name:
    return syntax.Name(name, HERE)


def ident(name: str) -> syntax.Ident:
    return syntax.Ident(name, HERE)


def binary(op: str, a: Expr, b: Expr) -> Expr:
    return call(op, a, b) if op in ("cdiv", "min", "max") else syntax.Binary(op, a, b, HERE)


def call(name: str, *args: Expr) -> Expr:
    return syntax.Call(ident(name), args, HERE)


def element(name: str, *indices: Expr) -> syntax.Index:
    return syntax.Index(ident(name), indices, HERE)


def choose(cond: Expr, a: Expr, b: Expr) -> Expr:
    return syntax.Conditional(cond, a, b, HERE)


def block(statements: list[Stmt]) -> syntax.Block:
    return syntax.Block(tuple(statements), HERE)
