"""Proves a rewrite rule from its declaration: for all words, where the condition holds, both sides are the same word.

What the proof assumes about `x` is what the condition says and no more: `low(x)` and `high(x)` become unknown bounds
lo ≤ x ≤ hi, `zero(x, M)` an unknown set of zero bits that contains M, `disjoint(x, y)` two such sets that are all bits
together. Conditions are about plain integers, which are wide bit-vectors here; that no shift in them leaves that width
is part of what is proven.

A division by 0 stops the machine, so a rule may do what it likes where its pattern divides by 0, but its replacement
must not divide by 0 elsewhere.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import z3

from vliwc.analysis.patterns import Name, Pattern, Rule, Word
from vliwc.ir.ops import MASK, OPS, WORD_BITS
from vliwc.proofs.words import MEANING, Term, is_power, log2, unknown, word

_INTEGER_BITS = 80
"""Enough for sums, products and (proven) small shifts of words, with a sign."""

_TIMEOUT = 60_000
"""Milliseconds for one query."""

_COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip


class Unproven(Exception):
    """A rule that does not hold, never applies, or that z3 cannot decide. `example` has words that refute it."""

    def __init__(self, rule: str, why: str, example: Mapping[str, int]) -> None:
        words = ", ".join(f"{name} = {value:#x}" for name, value in example.items())
        super().__init__(f"{rule}: {why}" + (f" for {words}" if words else ""))
        self.example = dict(example)


def prove(rule: Rule) -> None:
    """Proves a rule for all words. Raises Unproven if it is wrong, vacuous, or too hard."""
    applicable = False
    for case in _cases(rule):
        applicable |= _prove_case(rule, case)
    if not applicable:
        raise Unproven(rule.text, "its condition never holds", {})


def _cases(rule: Rule) -> list[dict[str, int]]:
    """Constants to try one after the other: a name under `power` has 32 possible words, which divisions need known."""
    trees = ast.walk(rule.condition) if rule.condition is not None else ()
    for tree in trees:
        match tree:
            case ast.Call(func=ast.Name(id="power"), args=[ast.Name(id=name)]):
                return [{name: 1 << k} for k in range(WORD_BITS)]
    return [{}]


def _prove_case(rule: Rule, known: Mapping[str, int]) -> bool:
    """Proves one case; False if the rule does not apply in it."""
    reading = _Reading(known)
    before, defined = reading.pattern(rule.pattern)
    applies = reading.condition(rule.condition, ()) if rule.condition is not None else z3.BoolVal(True)
    after, safe = reading.pattern(rule.replacement)
    assumed = [*reading.facts, applies, defined]
    if _check(rule, assumed, reading) is None:
        return False
    for unsound, why in (
        (z3.Not(z3.And(*reading.obligations)), "its condition overflows"),
        (z3.Not(safe), "the replacement divides by 0"),
        (before != after, "the sides differ"),
    ):
        # What a condition needs to be well defined must hold whether or not the condition does.
        premises = reading.facts if why == "its condition overflows" else assumed
        example = _check(rule, [*premises, unsound], reading)
        if example is not None:
            raise Unproven(rule.text, why, example)
    return True


def _check(rule: Rule, claims: list[Any], reading: _Reading) -> dict[str, int] | None:
    """Words for which all claims hold, or None if there are none. Raises Unproven if z3 does not know."""
    solver = z3.SolverFor("QF_BV")
    solver.set("timeout", _TIMEOUT)
    solver.add(*claims)
    answer = solver.check()
    if answer == z3.unsat:
        return None
    if answer != z3.sat:
        raise Unproven(rule.text, f"z3 gives up ({solver.reason_unknown()})", {})
    model = solver.model()
    return {name: model.eval(term, model_completion=True).as_long() for name, term in reading.names.items()}


@dataclass
class _Reading:
    """The parts of one rule as z3 terms."""

    known: Mapping[str, int]
    names: dict[str, Term] = field(default_factory=dict)
    bounds: dict[str, Term] = field(default_factory=dict)
    facts: list[Any] = field(default_factory=list)
    """What the analysis promises of its facts."""
    obligations: list[Any] = field(default_factory=list)
    """What must hold for the condition to mean the same on integers of any size."""

    def name(self, name: str) -> Term:
        if name not in self.names:
            self.names[name] = word(self.known[name]) if name in self.known else unknown(name)
        return self.names[name]

    def pattern(self, pattern: Pattern) -> tuple[Term, Any]:
        """The word that a pattern is, and whether no division by 0 is in it."""
        if isinstance(pattern, Name):
            return self.name(pattern.name), z3.BoolVal(True)
        if isinstance(pattern, Word):
            return word(pattern.value), z3.BoolVal(True)
        parts = [self.pattern(p) for p in pattern.args]
        terms = [term for term, _ in parts]
        defined = [d for _, d in parts]
        if pattern.op == "log2":
            return log2(terms[0]), z3.And(*defined, terms[0] != 0)
        if OPS[pattern.op].can_fault:
            defined.append(terms[1] != 0)
        return MEANING[pattern.op](*terms), z3.And(*defined)

    # -- conditions

    def condition(self, tree: ast.expr, given: tuple[Any, ...]) -> Any:
        """A condition as a z3 truth value; `given` is what was found true before it is looked at."""
        match tree:
            case ast.BoolOp(op=ast.And(), values=values):
                parts: list[Any] = []
                for value in values:
                    parts.append(self.condition(value, (*given, *parts)))
                return z3.And(*parts)
            case ast.BoolOp(op=ast.Or(), values=values):
                parts = []
                for value in values:
                    parts.append(self.condition(value, (*given, *(z3.Not(p) for p in parts))))
                return z3.Or(*parts)
            case ast.UnaryOp(op=ast.Not(), operand=a):
                return z3.Not(self.condition(a, given))
            case ast.Compare(left=a, ops=[op], comparators=[b]):
                return _COMPARISONS[type(op)](self.integer(a, given), self.integer(b, given))
            case ast.Call(func=ast.Name(id="power"), args=[a]):
                return is_power(z3.Extract(WORD_BITS - 1, 0, self.integer(a, given)))
            case ast.Call(func=ast.Name(id="bit"), args=[ast.Name(id=name)]):
                return z3.ULE(self.bound("high", name), word(1))
            case ast.Call(func=ast.Name(id="gathers")):
                return z3.BoolVal(val=True)  # says nothing about words
            case ast.Call(func=ast.Name(id="zero"), args=[ast.Name(id=name), mask]):
                zeros = _integer(self.bound("zero", name))
                wanted = self.integer(mask, given)
                return zeros & wanted == wanted
            case ast.Call(func=ast.Name(id="disjoint"), args=[ast.Name(id=x), ast.Name(id=y)]):
                return self.bound("zero", x) | self.bound("zero", y) == word(MASK)
        raise ValueError(f"not part of a condition: {ast.unparse(tree)}")

    def integer(self, tree: ast.expr, given: tuple[Any, ...]) -> Any:
        match tree:
            case ast.Constant(value=int(value)):
                return z3.BitVecVal(value, _INTEGER_BITS)
            case ast.Name(id=name):
                return _integer(self.name(name))
            case ast.Call(func=ast.Name(id="low" | "high" as what), args=[ast.Name(id=name)]):
                return _integer(self.bound(what, name))
            case ast.BinOp(left=a, op=op, right=b) if type(op) in _ARITHMETIC:
                left, right = self.integer(a, given), self.integer(b, given)
                if isinstance(op, ast.LShift | ast.RShift):
                    self.obligations.append(z3.Implies(z3.And(*given), z3.And(right >= 0, right <= WORD_BITS)))
                return _ARITHMETIC[type(op)](left, right)
        raise ValueError(f"not part of a condition: {ast.unparse(tree)}")

    def bound(self, what: str, name: str) -> Term:
        """An unknown bound of the analysis for a node, of which all that is known is that it is right."""
        key = f"{what}({name})"
        if key not in self.bounds:
            x, bound = self.name(name), unknown(key)
            self.bounds[key] = bound
            self.facts.append({"low": z3.ULE(bound, x), "high": z3.ULE(x, bound), "zero": x & bound == 0}[what])
        return self.bounds[key]


def _integer(term: Term) -> Any:
    return z3.ZeroExt(_INTEGER_BITS - WORD_BITS, term)
