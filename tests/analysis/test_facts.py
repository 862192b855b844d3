"""Facts must hold: whatever words the operand facts allow, the result's fact allows the result."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ir.strategies import words
from vliwc.analysis.facts import ANY, Fact, contains, exact, join, transfer, within
from vliwc.ir.ops import MASK, PURE


def allows(fact: Fact, word: int) -> bool:
    return fact.lo <= word <= fact.hi and not word & fact.zeros and word & fact.ones == fact.ones


@st.composite
def facts_with_word(draw: st.DrawFn) -> tuple[Fact, int]:
    """A random fact and a random word that it allows."""
    word, a, b = draw(words), draw(words), draw(words)
    known = draw(words)
    shift = draw(st.sampled_from([0, 4, 20, 31]))
    lo, hi = min(word, a >> shift), max(word, min(MASK, word + (b >> shift)))
    return within(lo, hi, ~word & known & MASK, word & known), word


@given(facts_with_word())
def test_a_fact_allows_the_word_it_was_made_from(pair: tuple[Fact, int]) -> None:
    assert allows(*pair)


@pytest.mark.parametrize("op", [op for op in PURE.values() if op.word], ids=lambda op: op.name)
@given(data=st.data())
def test_transfer_is_sound(op, data: st.DataObject) -> None:
    pairs = [data.draw(facts_with_word()) for _ in range(op.arity)]
    operands = [word for _, word in pairs]
    if op.can_fault and operands[1] == 0:
        return
    fact = transfer(op.name, tuple(f for f, _ in pairs))
    assert allows(fact, op.word(*operands)), (op.name, pairs, fact)


@given(facts_with_word(), facts_with_word())
def test_join_allows_both(a: tuple[Fact, int], b: tuple[Fact, int]) -> None:
    both = join(a[0], b[0])
    assert allows(both, a[1]) and allows(both, b[1])
    assert contains(both, a[0]) and contains(ANY, both)


@pytest.mark.parametrize(
    ("op", "operands", "expected"),
    [
        ("and", (ANY, exact(1)), within(0, 1)),
        ("add", (within(3, 6), within(1, 2)), within(4, 8)),
        ("muladd", (within(3, 6), exact(2), within(1, 2)), within(7, 14)),
        ("add", (within(0, MASK, 0x0F, 0x30), within(0, 15, 0, 2)), within(0, MASK, 0, 0x32)),
        ("muladd", (ANY, exact(16), within(0, 15, 0, 2)), within(0, MASK, 0, 2)),
        ("muladd", (ANY, exact(16), within(0, 16, 0, 2)), ANY),
        ("shl", (within(0, 1), exact(3)), Fact(0, 8, MASK ^ 8, 0)),
        ("lt", (within(0, 5), within(6, 9)), exact(1)),
        ("lt", (within(6, 9), within(0, 6)), exact(0)),
        ("eq", (within(0, 3), exact(4)), exact(0)),
        ("mod", (ANY, exact(10)), within(0, 9)),
        ("shr", (ANY, exact(28)), within(0, 15)),
        ("select", (exact(0), exact(5), exact(7)), exact(7)),
        ("select", (within(0, 1), exact(5), exact(7)), Fact(5, 7, MASK ^ 7, 5)),
    ],
)
def test_transfer_is_precise_where_it_matters(op: str, operands: tuple[Fact, ...], expected: Fact) -> None:
    assert transfer(op, operands) == expected


def test_contradictory_facts_mean_nothing() -> None:
    assert within(4, 7, zeros=4) == ANY
