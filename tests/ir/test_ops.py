"""The one table of operations: its two meanings agree, its properties hold, and there is no second table."""

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vliwc
from tests.ir.strategies import EDGES, words
from vliwc.ir.ops import BINARY, MASK, OPS, PURE, Kind
from vliwc.machine.slots import FORMATS

EDGE_PAIRS = [(a, b) for a in EDGES for b in EDGES]


def both_meanings(op, operands):
    """The results of `word` and of `lanes` on lists of operands, None for a fault."""
    try:
        expected = [op.word(*row) for row in operands]
    except ZeroDivisionError:
        expected = None
    columns = [np.array(column, np.uint32) for column in zip(*operands, strict=True)]
    try:
        found = op.lanes(*columns)
        assert found.dtype == np.uint32
        result = found.tolist()
    except ZeroDivisionError:
        result = None
    return expected, result


@pytest.mark.parametrize("op", PURE.values(), ids=PURE)
def test_word_and_lanes_agree_on_edges(op):
    for pair in EDGE_PAIRS:
        for third in EDGES if op.arity == 3 else (0,):
            expected, found = both_meanings(op, [(*pair, third)[: op.arity]])
            assert expected == found
            assert expected is None or 0 <= expected[0] <= MASK
            assert (expected is None) == (op.can_fault and pair[1] == 0)


@pytest.mark.parametrize("op", PURE.values(), ids=PURE)
@given(data=st.data())
def test_word_and_lanes_agree_on_random_words(op, data):
    rows = data.draw(st.lists(st.tuples(*[words] * op.arity), min_size=1, max_size=16))
    expected, found = both_meanings(op, rows)
    assert expected == found


@pytest.mark.parametrize("op", PURE.values(), ids=PURE)
@given(a=words, b=words, c=words)
def test_algebraic_properties(op, a, b, c):
    if op.commutative:
        assert op.word(a, b) == op.word(b, a)
    if op.associative:
        assert op.word(op.word(a, b), c) == op.word(a, op.word(b, c))


@pytest.mark.parametrize("op", PURE.values(), ids=PURE)
def test_what_is_not_said_to_commute_does_not(op):
    if op.arity == 2 and not op.commutative:
        assert any(op.word(a, b) != op.word(b, a) for a, b in EDGE_PAIRS if a and b)


def test_only_elementwise_operations_have_a_meaning_on_words():
    for op in OPS.values():
        assert (op.word is None) == (op.lanes is None)
        assert op.word is None or op.kind is Kind.PURE


ELSEWHERE = {
    "ir/ops.py": "the table itself",
    "language/constants.py": "compile-time constants are integers of any size, so their operators mean something else",
}


def operators_mapped(path: Path) -> Iterator[int]:
    """The lines on which a module maps half of the machine's operators or more to something."""
    symbols = set(BINARY)
    for node in ast.walk(ast.parse(path.read_text())):
        keys = node.keys if isinstance(node, ast.Dict) else []
        literals = {key.value for key in keys if isinstance(key, ast.Constant)}
        if len(literals & symbols) >= len(symbols) // 2:
            yield node.lineno


def test_there_is_no_second_table():
    root = Path(vliwc.__file__).parent
    offenders = {
        path.relative_to(root).as_posix(): lines
        for path in root.rglob("*.py")
        if (lines := list(operators_mapped(path)))
    }
    assert offenders.keys() <= ELSEWHERE.keys(), f"operators get a meaning again: {offenders}"


def test_a_second_table_would_be_found(tmp_path):
    copy = tmp_path / "copy.py"
    copy.write_text(f"MEANINGS = {{symbol: None for symbol in ()}}\nAGAIN = {dict.fromkeys(BINARY)!r}\n")
    assert list(operators_mapped(copy)) == [2]


def test_the_machine_takes_its_operators_from_the_table():
    for engine in ("alu", "valu"):
        words = {op: f.meaning for (name, op), f in FORMATS.items() if name == engine and op in BINARY}
        assert words == BINARY
