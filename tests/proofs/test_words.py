"""z3's reading of the operations is the table's."""

from __future__ import annotations

import z3
from hypothesis import given
from hypothesis import strategies as st

from tests.ir.strategies import words
from vliwc.ir.ops import OPS, PURE
from vliwc.proofs.words import MEANING, is_power, log2, word


def test_every_word_operation_has_a_reading() -> None:
    assert set(MEANING) == set(PURE)


@given(st.sampled_from(sorted(PURE)), words, words, words)
def test_readings_agree_with_the_table(op: str, a: int, b: int, c: int) -> None:
    args = (a, b, c)[: OPS[op].arity]
    if OPS[op].can_fault and b == 0:
        return
    meaning = PURE[op].word
    assert meaning is not None
    assert z3.simplify(MEANING[op](*map(word, args))).as_long() == meaning(*args)


@given(words)
def test_functions_of_constants(a: int) -> None:
    assert z3.is_true(z3.simplify(is_power(word(a)))) == (a.bit_count() == 1)
    if a:
        assert z3.simplify(log2(word(a))).as_long() == a.bit_length() - 1


def test_the_algebra_that_the_table_claims_holds_for_all_words() -> None:
    a, b, c = z3.BitVecs("a b c", 32)
    for op, entry in PURE.items():
        f = MEANING[op]
        if entry.commutative:
            _valid(f(a, b) == f(b, a))
        if entry.associative:
            _valid(f(f(a, b), c) == f(a, f(b, c)))


def _valid(claim: object) -> None:
    solver = z3.Solver()
    solver.add(z3.Not(claim))
    assert solver.check() == z3.unsat, claim
