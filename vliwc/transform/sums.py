"""How to compute c + k1 * x1 + k2 * x2 + … with few operations.

The plan is a list of steps of a machine with one accumulator. Operands are taken in the order in which they become
known, so that little is left to do after the last one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from vliwc.analysis.linear import Form, atom
from vliwc.ir.graph import Builder
from vliwc.ir.ops import MASK
from vliwc.source import Span


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `take`: acc = x; `word`: acc = c; `plus`, `minus`: acc ± x; `fma`: acc = acc * k + c;
    `horner`: acc = acc * k + x; `scaled`: acc = acc + x * k."""

    kind: Literal["take", "word", "plus", "minus", "fma", "horner", "scaled"]
    x: int = -1
    k: int = 1
    c: int = 0

    def cost(self, fused: bool) -> int:
        """Operations on a machine with (`fused`) or without multiply_add."""
        match self.kind:
            case "take" | "word":
                return 0
            case "plus" | "minus":
                return 1
            case "fma":
                parts = (self.k != 1) + (self.c != 0)
                return min(parts, 1) if fused else parts
        return 1 if fused else 2


Test = Callable[[int], bool]


def plan(form: Form, is_bit: Test, absorbs: Test) -> list[Step]:
    """The steps that compute a form with at least one term. `is_bit` tells which terms are single bits, and `absorbs`
    which ones are words of small tables, where what is done to them alone can be done once.

    A constant goes with bits, if there are any: what is made of few bits and constants can also be had by selects (see
    `vliwc.transform.engines`). Else it goes with what absorbs it, as does a factor that takes an operation.
    """
    terms, c = list(form.terms), form.constant
    bits = [term for term in terms if is_bit(term[0])] if c else []
    absorbing = [term for term in terms if absorbs(term[0])]
    if _is_horner(terms) and not bits and not (c and absorbing):
        return _horner(terms, c)
    first_ones = bits or absorbing
    terms.sort(key=lambda term: term not in first_ones)
    first = 0
    if c == 0:
        plain = [j for j, (_, k) in enumerate(terms) if k == 1]
        first = plain[0] if plain else 0
    x, k = terms.pop(first)
    steps = [Step("word", c=c), Step("minus", x)] if k == MASK else [Step("take", x), Step("fma", k=k, c=c)]
    for x, k in terms:
        steps.append(Step("plus", x) if k == 1 else Step("minus", x) if k == MASK else Step("scaled", x, k))
    return steps


def _is_horner(terms: list[tuple[int, int]]) -> bool:
    """Whether each factor divides the one before it, down to 1; but what is merely subtracted needs no product."""
    factors = [k for _, k in terms]
    divides = all(a % b == 0 and a > b and a // b != MASK for a, b in pairwise(factors))
    return len(terms) > 1 and factors[-1] == 1 and divides


def _horner(terms: list[tuple[int, int]], c: int) -> list[Step]:
    steps = [Step("take", terms[0][0])]
    for (_, k), (x, factor) in pairwise(terms):
        last = factor == 1
        if last and c:
            steps += [Step("fma", k=k // factor, c=c), Step("plus", x)]
        else:
            steps.append(Step("horner", x, k // factor))
    return steps


def value(steps: list[Step]) -> Form:
    """The form that steps compute. Two forms are the same word for all words exactly if they are equal."""
    acc = Form(0)
    for s in steps:
        x = atom(s.x)
        match s.kind:
            case "take":
                acc = x
            case "word":
                acc = Form(s.c)
            case "plus":
                acc = acc.plus(x)
            case "minus":
                acc = acc.plus(x, -1)
            case "fma":
                acc = acc.times(s.k).plus(Form(s.c))
            case "horner":
                acc = acc.times(s.k).plus(x)
            case "scaled":
                acc = acc.plus(x, s.k)
    return acc


def cost(form: Form, fused: bool, is_bit: Test, absorbs: Test) -> int:
    """The number of operations that `build` emits for a form."""
    return sum(s.cost(fused) for s in plan(form, is_bit, absorbs)) if form.terms else 0


def build(
    new: Builder,
    form: Form,
    node: Callable[[int], int],
    is_bit: Test,
    absorbs: Test,
    width: int,
    fused: bool,
    span: Span | None,
) -> int:
    """Emits a form; `node(x)` is the new node of term x. Returns the node of the sum."""
    if not form.terms:
        return new.const(form.constant, width, span)

    def word(k: int) -> int:
        return new.const(k, width, span)

    def times(x: int, k: int) -> int:
        if k & (k - 1) == 0:
            return new.emit("shl", x, word(k.bit_length() - 1), span=span)
        return new.emit("mul", x, word(k), span=span)

    def multiply_add(x: int, k: int, y: int) -> int:
        if fused:
            return new.emit("muladd", x, word(k), y, span=span)
        return new.emit("add", times(x, k), y, span=span)

    steps = plan(form, is_bit, absorbs)
    assert value(steps) == form, "a plan computes its form for all words"
    acc = -1
    for s in steps:
        match s.kind:
            case "take":
                acc = node(s.x)
            case "word":
                acc = word(s.c)
            case "plus":
                acc = new.emit("add", acc, node(s.x), span=span)
            case "minus":
                acc = new.emit("sub", acc, node(s.x), span=span)
            case "fma" if s.c == 0:
                acc = times(acc, s.k) if s.k != 1 else acc
            case "fma":
                acc = multiply_add(acc, s.k, word(s.c)) if s.k != 1 else new.emit("add", acc, word(s.c), span=span)
            case "horner":
                acc = multiply_add(acc, s.k, node(s.x))
            case "scaled":
                acc = multiply_add(node(s.x), s.k, acc)
    return acc
