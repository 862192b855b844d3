"""Every rewrite rule that the compiler declares is proven for all words; wrong ones are refuted."""

from __future__ import annotations

import pytest

from vliwc.analysis import linear
from vliwc.analysis.patterns import parse_rule
from vliwc.proofs.registry import declared_rules
from vliwc.proofs.rules import Unproven, prove
from vliwc.transform.rules import RULES

DECLARED = declared_rules()


@pytest.mark.parametrize("name", DECLARED)
def test_rule_holds_for_all_words(name: str) -> None:
    prove(DECLARED[name])


def test_no_table_of_rules_is_overlooked() -> None:
    for table in (RULES, linear.RULES):
        for rules in table.values():
            assert set(rules) <= set(DECLARED.values())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(x ^ y) & D -> x & D if zero(y, 1)", "the sides differ"),
        ("x % C -> x & (C - 1)", "the sides differ"),
        ("x // C -> x >> log2(C)", "the sides differ"),
        ("x % C -> x if high(x) <= C", "the sides differ"),
        ("(x >> C) >> D -> x >> (C + D)", "the sides differ"),  # the sum of counts may wrap
        ("x < y -> 1 if low(x) < high(y)", "the sides differ"),
        ("select(c, 1, 0) -> c", "the sides differ"),
        ("x ^ y -> x - y if disjoint(x, y)", "the sides differ"),
        ("(x + y) & D -> x & D if zero(y, D)", "the sides differ"),  # what is carried may reach D
        ("(x + C) < D -> x < (D - C)", "the sides differ"),
        ("x << C -> x * (1 << (C & 31))", "the sides differ"),
        ("x & y -> x // y if high(x) < 1", "the replacement divides by 0"),
        ("x >> C -> 0 if high(x) < (1 << C)", "its condition overflows"),
        ("x & C -> x if C < 0", "its condition never holds"),
        ("x + C -> x if power(C) and C == 3", "its condition never holds"),
    ],
)
def test_wrong_rules_are_refuted(text: str, why: str) -> None:
    with pytest.raises(Unproven, match=why):
        prove(parse_rule(text))


def test_a_refutation_names_words() -> None:
    with pytest.raises(Unproven) as refuted:
        prove(parse_rule("x & C -> x if high(x) <= C"))
    x, c = refuted.value.example["x"], refuted.value.example["C"]
    assert x <= c and x & c != x


@pytest.mark.parametrize(
    "text",
    [
        "x + C -> x + C if not C == 0 or power(C)",
        "x - C -> x + (0 - C) if C * 2 > 4 and C - 1 >= 1 and C | 1 != 0 and C ^ 1 != 0 and C >> 1 <= C and C + 1 > C",
    ],
)
def test_conditions_may_use_the_whole_notation(text: str) -> None:
    prove(parse_rule(text))


@pytest.mark.parametrize("condition", ["likely(x)", "x[0]", "low(3) < 2"])
def test_what_cannot_be_read_is_refused(condition: str) -> None:
    with pytest.raises(ValueError, match="not part of a condition"):
        prove(parse_rule(f"x + 0 -> x if {condition}"))
