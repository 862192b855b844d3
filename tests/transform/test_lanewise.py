"""Words that come one by one are used one by one."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import MACHINES, Case, assert_graph_right, ops, prepare, without
from vliwc.ir.graph import Graph
from vliwc.machine import Machine
from vliwc.transform.lanewise import lanewise
from vliwc.transform.vectorize import vectorize


def _packed(
    name: str, machine: Machine = MACHINES["takehome"], change: tuple[str, str] = ("", "")
) -> tuple[Case, Graph]:
    """A kernel with rows, right after the vectoriser: words of rows stand in packs."""
    case = prepare(lookup(name).replace(*change) if change[0] else lookup(name), machine)
    return case, vectorize(case.graph, machine, {case.par: case.forced("rows")})


@pytest.mark.parametrize(
    ("name", "op", "words"),
    [("two levels", "xor", 64), ("digits", "xor", 3 * 64), ("trie", "or", 64), ("box and pair", "xor", 3 * 64)],
)
def test_operations_on_packs_are_done_word_by_word(name: str, op: str, words: int) -> None:
    case, before = _packed(name)
    after = lanewise(before, case.machine)
    assert ops(after, vectors=False)[op] - ops(before, vectors=False)[op] == words
    assert ops(after)["select"] == ops(before)["select"]
    assert_graph_right(case.kernel, after)


def test_both_arms_of_a_selection_are_combined_first() -> None:
    # Three packs, two selects between them, and an xor with the result: it is done to the words of all three.
    case, before = _packed("digits")
    after = lanewise(before, case.machine)
    assert ops(before, vectors=True)["xor"] == case.groups
    assert ops(after, vectors=True)["xor"] == 0


@pytest.mark.parametrize("name", ["two levels", "trie"])
def test_what_alu_cannot_do_stays_a_vector_operation(name: str) -> None:
    poor = without(MACHINES["takehome"], "alu", "^", "|")
    case, before = _packed(name, poor)
    after = lanewise(before, poor)
    for op in ("xor", "or"):
        assert ops(after, vectors=True)[op] == ops(before, vectors=True)[op]
    assert_graph_right(case.kernel, after)


def test_words_that_are_needed_twice_stay_packed() -> None:
    case, before = _packed("two levels", change=("let u = t[b] ^ v", "let w = t[b]\nlet u = (w ^ v) + (w >> 1)"))
    after = lanewise(before, case.machine)
    assert ops(after, vectors=True)["xor"] == ops(before, vectors=True)["xor"]
    assert_graph_right(case.kernel, after)
