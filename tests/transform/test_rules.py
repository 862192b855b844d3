"""Every rewrite rule, on edge and random words: where its condition holds, both sides are the same word."""

from __future__ import annotations

import random

import pytest

from tests.ir.strategies import EDGES
from vliwc.analysis.facts import exact
from vliwc.analysis.patterns import FUNCTIONS, Apply, Matcher, Name, Pattern, Rule, Word, parse_rule
from vliwc.ir.graph import Access, Array, Builder, Graph, Mode
from vliwc.ir.ops import MASK, OPS
from vliwc.transform.rules import RULES

ALL_RULES = [rule for rules in RULES.values() for rule in rules]
SMALL = (0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 27, 31, 32, 33)


def names(pattern: Pattern) -> dict[str, bool]:
    if isinstance(pattern, Name):
        return {pattern.name: pattern.constant}
    if isinstance(pattern, Apply):
        return {name: constant for a in pattern.args for name, constant in names(a).items()}
    return {}


def value(pattern: Pattern, words: dict[str, int]) -> int:
    if isinstance(pattern, Name):
        return words[pattern.name]
    if isinstance(pattern, Word):
        return pattern.value
    word = FUNCTIONS.get(pattern.op) or OPS[pattern.op].word
    assert word is not None
    return word(*(value(a, words) for a in pattern.args))


def build(b: Builder, pattern: Pattern, node: dict[str, int]) -> int:
    if isinstance(pattern, Name):
        return node[pattern.name]
    if isinstance(pattern, Word):
        return b.const(pattern.value)
    return b.emit(pattern.op, *(build(b, a, node) for a in pattern.args))


def instance(rule: Rule, words: dict[str, int]) -> dict[str, int] | None:
    """The words by name with which the rule applies, if it does (names may swap under commutative operations).

    Each node is known exactly: the weakest that the rule's condition can be.
    """
    b = Builder(Graph("g", {"a": Array("a", 0, 64, Mode.IN)}, 64))
    node, fact = {}, {}
    _, carried = b.begin_loop((1,), None)
    for position, (name, constant) in enumerate(names(rule.pattern).items()):
        if constant:
            node[name] = b.const(words[name])
        else:
            gathered = f"gathers({name})" in rule.text
            node[name] = carried[0] if gathered else b.emit("load", b.const(position), attr=Access("a"))
            fact[node[name]] = exact(words[name])
    args = tuple(build(b, a, node) for a in rule.pattern.args)
    matcher = Matcher(b.graph, lambda n: fact.get(n) or exact(b.graph.const(n) or 0))
    binding = matcher.match(rule, rule.pattern.op, args)
    if binding is None:
        return None
    constant = names(rule.pattern)
    return {name: n if constant[name] else matcher.fact(n).lo for name, n in binding.items()}


def words_for(rule: Rule, rng: random.Random) -> dict[str, int]:
    pools = (SMALL, EDGES, [1 << k for k in range(32)], [rng.randrange(MASK + 1) for _ in range(4)], (0, 1))
    return {name: rng.choice(rng.choice(pools)) for name in names(rule.pattern)}


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda r: r.text)
def test_rule_is_right(rule: Rule) -> None:
    rng = random.Random(rule.text)
    applied = 0
    for _ in range(6000):
        words = words_for(rule, rng)
        try:
            before = value(rule.pattern, words)
        except ZeroDivisionError:
            continue
        bound = instance(rule, words)
        if bound is not None:
            applied += 1
            assert value(rule.replacement, bound) == before, (rule.text, words)
        if applied == 60:
            return
    assert applied >= 5, f"the test hardly ever applies this rule: {rule.text}"


def test_the_test_would_catch_a_wrong_rule() -> None:
    wrong = parse_rule("(x ^ y) & D -> x & D if zero(y, 1)")
    bound = instance(wrong, {"x": 1, "y": 2, "D": 3})
    assert bound is not None
    assert value(wrong.pattern, bound) != value(wrong.replacement, bound)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + 0", "no '->'"),
        ("x -> x", "must start with an operation"),
        ("x + 0 -> foo(x)", "not part of a rule"),
        ("x ** 2 -> x", "not part of a rule"),
    ],
)
def test_malformed_rules_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_rule(text)


@pytest.mark.parametrize("text", ["x + 0 -> x if likely(x)", "x + 0 -> x if x[0]"])
def test_malformed_conditions_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no such predicate|not part of a condition"):
        instance(parse_rule(text), {"x": 1})
