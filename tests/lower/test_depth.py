"""Nesting far beyond Python's recursion limit."""

import sys

import numpy as np
import pytest

from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Mode
from vliwc.ir.verifier import verify
from vliwc.language.kernel import (
    ArrayDecl,
    Assign,
    Binary,
    Call,
    Const,
    Expr,
    Function,
    If,
    Kernel,
    Load,
    Local,
    Select,
    Stmt,
    Store,
    Unary,
)
from vliwc.lower import lower
from vliwc.lower.trampoline import Task, run
from vliwc.source import Source, Span

DEPTH = 20_000
HERE = Span(1, 1, 1, 2)
X = Local("x", 0, HERE)


def word(value: int) -> Const:
    return Const(value, HERE)


def kernel(*body: Stmt, functions: tuple[Function, ...] = ()) -> Kernel:
    """Stores local 0 after `body`, which finds 5 in it."""
    array = ArrayDecl("r", 0, (4,), Mode.INOUT, 0, 0, False, HERE)
    start, end = Assign(0, "x", word(5), HERE), Store("r", (word(0),), X, HERE)
    table = {f.name: f for f in functions}
    return Kernel("deep", Source("deep.vk", ""), {}, {}, (), {"r": array}, table, (start, *body, end), HERE)


def result(k: Kernel) -> int:
    graph = lower(k)
    verify(graph)
    return int(evaluate(graph, np.zeros(4, np.uint32))[0])


def chained(make: object) -> Expr:
    e: Expr = X
    for _ in range(DEPTH):
        e = make(e)
    return e


CHAINS = {
    "left": (lambda e: Binary("+", e, word(1), HERE), 5 + DEPTH),
    "right": (lambda e: Binary("+", word(1), e, HERE), 5 + DEPTH),
    "unary": (lambda e: Unary("-", e, HERE), 5),
    "and": (lambda e: Binary("&&", word(1), e, HERE), 1),
    "or": (lambda e: Binary("||", e, word(0), HERE), 1),
    "condition": (lambda e: Select(e, word(6), word(7), HERE), 6),
    "arm": (lambda e: Select(word(0), word(6), e, HERE), 5),
    "index": (lambda e: Load("r", (Binary("&", e, word(3), HERE),), HERE), 0),
    "argument": (lambda e: Call("f", (e,), HERE), 5 + DEPTH),
}


@pytest.mark.parametrize("name", CHAINS)
def test_expressions(name):
    make, expected = CHAINS[name]
    plus_one = Function("f", (9,), (), Binary("+", Local("y", 9, HERE), word(1), HERE), HERE)
    assert sys.getrecursionlimit() < DEPTH
    assert result(kernel(Assign(0, "x", chained(make), HERE), functions=(plus_one,))) == expected


def test_else_if():
    depth = 3 * sys.getrecursionlimit()
    chain: tuple[Stmt, ...] = (Assign(0, "x", word(77), HERE),)
    for k in range(depth):
        chain = (If(Binary("==", X, word(k + 6), HERE), (Assign(0, "x", word(k), HERE),), chain, HERE),)
    assert result(kernel(*chain)) == 77


def test_calls():
    depth = 3 * sys.getrecursionlimit()
    functions = [Function("f0", (1,), (), Local("y", 1, HERE), HERE)]
    for k in range(1, depth):
        call = Call(f"f{k - 1}", (Binary("+", Local("y", 1, HERE), word(1), HERE),), HERE)
        functions.append(Function(f"f{k}", (1,), (), call, HERE))
    call = Call(f"f{depth - 1}", (X,), HERE)
    assert result(kernel(Assign(0, "x", call, HERE), functions=tuple(functions))) == 5 + depth - 1


def test_errors_pass_through_the_trampoline():
    def failing() -> Task[int]:
        raise KeyError("lost")
        yield

    def outer() -> Task[int]:
        n: int = yield failing()
        return n

    with pytest.raises(KeyError, match="lost"):
        run(outer())
