"""Rewrite rules as text, in the notation of the machine's operators: `x & 0 -> 0`, `x % C -> x & (C - 1) if power(C)`.

A rule is `pattern -> replacement [if condition]`. Lower-case names stand for any node, upper-case names for constants,
and a name that occurs twice stands for the same node. What consists of constants alone is computed. Conditions may use
comparisons and `and`, `or`, `not`, arithmetic on constants, and these facts about nodes:

    bit(x)       x is 0 or 1
    zero(x, M)   the bits of mask M are 0 in x
    disjoint(x, y)   no bit is 1 in both x and y
    low(x), high(x)   the bounds of x as numbers
    gathers(x)   x is what a loop carries, or that with something added (which says nothing about the word)

The declarative form is what makes each rule provable by itself: `vliwc.proofs` does, for every rule in the package.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vliwc.analysis.facts import Fact
from vliwc.ir.graph import Graph
from vliwc.ir.ops import BINARY, MASK, OPS

_SPELLING: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|",
    ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.Lt: "<", ast.Eq: "==",
}  # fmt: skip


FUNCTIONS: dict[str, Callable[[int], int]] = {
    "log2": lambda c: c.bit_length() - 1,
    "power": lambda c: int(c > 0 and c & (c - 1) == 0),
}
"""Functions of constants that rules may use beside the table of operations: floor(log2), is-a-power-of-two."""


_SUMS = ("add", "xor", "or")
_DEEP = 4
"""How many sums of one iteration are looked through for what a loop carries."""


@dataclass(frozen=True, slots=True)
class Name:
    """A variable of a rule; `constant` if it matches constants only."""

    name: str
    constant: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A literal word."""

    value: int


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation of the table applied to patterns."""

    op: str
    args: tuple[Pattern, ...]


Pattern = Name | Word | Apply
Binding = dict[str, int]
"""Node numbers by name; for constants, their words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rewrite rule. `text` is its declaration and its name in messages."""

    text: str
    pattern: Apply
    replacement: Pattern
    condition: ast.expr | None


def parse_rule(text: str) -> Rule:
    """Reads one rule.

    Raises ValueError for text that is no rule: rules are part of the compiler, not input.
    """
    body, _, condition = text.partition(" if ")
    left, arrow, right = body.partition("->")
    if not arrow:
        raise ValueError(f"no '->' in rule: {text}")
    pattern = _pattern(ast.parse(left.strip(), mode="eval").body)
    if not isinstance(pattern, Apply):
        raise ValueError(f"a pattern must start with an operation: {text}")
    replacement = _pattern(ast.parse(right.strip(), mode="eval").body)
    return Rule(text, pattern, replacement, ast.parse(condition.strip(), mode="eval").body if condition else None)


def by_root(text: str) -> dict[str, tuple[Rule, ...]]:
    """Reads rules, one a line; in order, by the operation at the root of their pattern."""
    rules: dict[str, list[Rule]] = {}
    for line in text.splitlines():
        if line:
            rule = parse_rule(line)
            rules.setdefault(rule.pattern.op, []).append(rule)
    return {op: tuple(found) for op, found in rules.items()}


def _pattern(tree: ast.expr) -> Pattern:
    match tree:
        case ast.Name(id=name):
            return Name(name, name.isupper())
        case ast.Constant(value=int(value)):
            return Word(value & MASK)
        case ast.BinOp(left=a, op=op, right=b) if type(op) in _SPELLING:
            return Apply(BINARY[_SPELLING[type(op)]].name, (_pattern(a), _pattern(b)))
        case ast.Compare(left=a, ops=[op], comparators=[b]) if type(op) in _SPELLING:
            return Apply(BINARY[_SPELLING[type(op)]].name, (_pattern(a), _pattern(b)))
        case ast.UnaryOp(op=ast.USub(), operand=a):
            return Apply("sub", (Word(0), _pattern(a)))
        case ast.Call(func=ast.Name(id=name), args=args) if name in OPS or name in FUNCTIONS:
            return Apply(name, tuple(_pattern(a) for a in args))
    raise ValueError(f"not part of a rule: {ast.unparse(tree)}")


class Matcher:
    """Matches rules at nodes of a graph under construction."""

    def __init__(self, graph: Graph, fact: Callable[[int], Fact]) -> None:
        self.graph = graph
        self.fact = fact

    def match(self, rule: Rule, op: str, args: tuple[int, ...]) -> Binding | None:
        """The binding under which `op(args)` is an instance of the rule's pattern and its condition holds."""
        for binding in self._apply(rule.pattern, op, args, {}):
            if rule.condition is None or _holds(rule.condition, _Scope(self, binding)):
                return binding
        return None

    def gathers(self, n: int, depth: int = _DEEP) -> bool:
        """Is a node what a loop carries, or what has been added to that in the same iteration?"""
        op = self.graph.op[n]
        sums = op in _SUMS and depth > 0
        return op == "carried" or (sums and any(self.gathers(a, depth - 1) for a in self.graph.args[n]))

    def _apply(self, pattern: Apply, op: str, args: tuple[int, ...], binding: Binding) -> list[Binding]:
        if pattern.op != op:
            return []
        found = self._arguments(pattern.args, args, binding)
        if OPS[op].commutative:
            found += self._arguments(pattern.args, (args[1], args[0], *args[2:]), binding)
        return found

    def _arguments(self, patterns: tuple[Pattern, ...], args: tuple[int, ...], binding: Binding) -> list[Binding]:
        found = [binding]
        for p, n in zip(patterns, args, strict=True):
            found = [more for b in found for more in self._one(p, n, b)]
            if not found:
                break
        return found

    def _one(self, pattern: Pattern, n: int, binding: Binding) -> list[Binding]:
        if isinstance(pattern, Apply):
            return self._apply(pattern, self.graph.op[n], self.graph.args[n], binding)
        word = self.graph.const(n)
        if isinstance(pattern, Word):
            return [binding] if word == pattern.value else []
        bound = word if pattern.constant else n
        if bound is None or binding.get(pattern.name, bound) != bound:
            return []
        return [{**binding, pattern.name: bound}]


@dataclass(frozen=True, slots=True)
class _Scope:
    matcher: Matcher
    binding: Mapping[str, int]


_CONDITION_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip


def _holds(tree: ast.expr, scope: _Scope) -> Any:
    """The value of a condition. Plain integers here, not words."""
    match tree:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return scope.binding[name]
        case ast.BinOp(left=a, op=op, right=b):
            return _CONDITION_OPERATORS[type(op)](_holds(a, scope), _holds(b, scope))
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            return _CONDITION_OPERATORS[type(op)](_holds(a, scope), _holds(b, scope))
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_holds(v, scope) for v in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_holds(v, scope) for v in values)
        case ast.UnaryOp(op=ast.Not(), operand=a):
            return not _holds(a, scope)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _predicate(name, [_holds(a, scope) for a in args], scope.matcher)
    raise ValueError(f"not part of a condition: {ast.unparse(tree)}")


def _predicate(name: str, args: list[int], matcher: Matcher) -> int | bool:
    fact = matcher.fact
    match name:
        case "gathers":
            return matcher.gathers(args[0])
        case "power" | "log2":
            return FUNCTIONS[name](args[0])
        case "bit":
            return fact(args[0]).is_bit
        case "zero":
            return fact(args[0]).zeros & args[1] == args[1]
        case "disjoint":
            return fact(args[0]).zeros | fact(args[1]).zeros == MASK
        case "low":
            return fact(args[0]).lo
        case "high":
            return fact(args[0]).hi
    raise ValueError(f"no such predicate: {name}")
