"""Constant folding, peephole rules and decisions by ranges.

    %3 = and %x, 1          %3 = and %x, 1
    %4 = eq %3, 0      →    (gone)
    %5 = select %4, %a, %b  %5 = select %3, %b, %a

Common subexpressions and loop-invariant code need no pass: the builder shares equal nodes and floats them out.
"""

from __future__ import annotations

from collections.abc import Callable

from vliwc.analysis import ranges
from vliwc.analysis.facts import Fact, exact, join, transfer
from vliwc.analysis.patterns import FUNCTIONS, Apply, Binding, Matcher, Name, Pattern
from vliwc.ir.graph import Graph
from vliwc.ir.ops import OPS, PURE, Kind
from vliwc.transform.rewriter import Rewriter
from vliwc.transform.rules import RULES

_DEEP = 4
"""How many operations deep the arms of a choice are searched for other choices by its condition."""


def simplify(graph: Graph) -> Graph:
    """Applies the rules bottom-up once, with facts from the whole graph."""
    return _Simplifier(graph).run()


class _Simplifier(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.old_facts = ranges.analyse(graph)
        self.facts: dict[int, Fact] = {}
        self.matcher = Matcher(self.new.graph, self.fact)

    def fact(self, n: int) -> Fact:
        """The fact about new node `n`, derived from its operands if no old node told it."""
        known = self.facts.get(n)
        if known is None:
            g = self.new.graph
            value = g.const(n)
            if value is not None:
                known = exact(value)
            elif g.op[n] in ("splat", "lane"):
                known = self.fact(g.args[n][0])
            else:
                known = transfer(g.op[n], tuple(self.fact(a) for a in g.args[n]))
            self.facts[n] = known
        return known

    def learn(self, n: int, fact: Fact) -> None:
        """Two old nodes may share one new node: then both facts hold, and the tighter one is kept."""
        known = self.facts.get(n)
        if known is None or (join(known, fact) == known):
            self.facts[n] = fact

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        op, width = self.old.op[n], self.old.width[n]
        fact = self.old_facts[n]
        known = op in PURE or self.old.kind(n) is Kind.LOAD
        if known and fact.value is not None and not OPS[op].can_fault:
            return self.new.const(fact.value, width, self.old.span[n])
        self._operand_facts(n, args)
        new = self.build(op, args, width, n) if op in PURE else super().pure(n, args)
        if width:
            self.learn(new, fact)
        return new

    def _operand_facts(self, n: int, args: tuple[int, ...]) -> None:
        for old, new in zip(self.old.args[n], args, strict=True):
            self.learn(new, self.old_facts[old])

    def build(self, op: str, args: tuple[int, ...], width: int, n: int, fuel: int = 8) -> int:
        """`op(args)` after folding and rules; `fuel` bounds how often a result is rewritten again."""
        words = [w for a in args if (w := self.new.graph.const(a)) is not None]
        word = OPS[op].word
        if word and len(words) == len(args) and not (OPS[op].can_fault and words[1] == 0):
            return self.new.const(word(*words), width, self.old.span[n])
        for rule in RULES.get(op, ()) if fuel else ():
            binding = self.matcher.match(rule, op, args)
            if binding is not None:
                return self.replace(rule.replacement, binding, width, n, fuel - 1)
        if op == "select" and fuel:
            arms = tuple(self.given(args[0], arm, args[arm], n) for arm in (1, 2))
            if arms != args[1:]:
                return self.build(op, (args[0], *arms), width, n, fuel - 1)
        return self.emit(op, *args, width=width, span=self.old.span[n])

    def given(self, condition: int, arm: int, new: int, n: int, depth: int = _DEEP) -> int:
        """A new node for what node `new` is where a choice by this condition takes its operand `arm`, 1 or 2."""
        g = self.new.graph
        op, args = g.op[new], g.args[new]
        if new == condition and (arm == 2 or self.fact(new).is_bit):
            return self.new.const(2 - arm, g.width[new], self.old.span[n])
        if op == "select" and args[0] == condition:
            return args[arm]
        if op not in PURE or not depth or OPS[op].can_fault:
            return new
        given = tuple(self.given(condition, arm, a, n, depth - 1) for a in args)
        return new if given == args else self.build(op, given, g.width[new], n)

    def replace(self, pattern: Pattern, binding: Binding, width: int, n: int, fuel: int) -> int:
        """The replacement as new nodes."""
        if isinstance(pattern, Name) and not pattern.constant:
            return binding[pattern.name]
        value = constant_value(pattern, binding)
        if value is not None:
            return self.new.const(value, width, self.old.span[n])
        assert isinstance(pattern, Apply)
        args = tuple(self.replace(p, binding, width, n, fuel) for p in pattern.args)
        return self.build(pattern.op, args, width, n, fuel)


def constant_value(pattern: Pattern, binding: Binding) -> int | None:
    """The word that a pattern of constants alone comes to, else None."""
    if isinstance(pattern, Name):
        return binding[pattern.name] if pattern.constant else None
    if not isinstance(pattern, Apply):
        return pattern.value
    args = [w for p in pattern.args if (w := constant_value(p, binding)) is not None]
    if len(args) < len(pattern.args):
        return None
    word: Callable[..., int] | None = FUNCTIONS.get(pattern.op) or OPS[pattern.op].word
    assert word is not None
    return word(*args)
