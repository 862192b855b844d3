"""Where constants of exclusive ors go: into tables, and from bits that are taken to how these are used."""

from __future__ import annotations

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, ops, text, vector_ops
from vliwc.ir.graph import Graph
from vliwc.lower import lower
from vliwc.transform import optimize

MEMORY = "x: u32[64] in\nt: u32[15] in\ny: u32[64] out"
WALK = """
par i in 0..64 {{
    let v = x[i]
    let n = 0
    for r in 0..4 {{
        v = v ^ t[n]
        v = {step}
        n = 2 * n + 1 + ({bit})
    }}
    y[i] = v
}}
"""


def walk(bit: str, step: str) -> Graph:
    """The graph of a walk that takes one bit a round, after a check that graph and program are right."""
    kernel = kernel_of(text(MEMORY, WALK.format(bit=bit, step=step)))
    graph = optimize(lower(kernel), MACHINES["takehome"], 2)
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES["takehome"])
    return graph


@pytest.mark.parametrize(
    "bit", ["v & 1", "(v >> 5) & 1", "v >> 31", "v < 0x80000000 ? 0 : 1", "v < 0x80000000 ? 1 : 0"]
)
@pytest.mark.parametrize("constant", [0xA5A5A5A5, 0x5A5A5A5A])
def test_a_constant_behind_a_hash_becomes_part_of_the_table(bit: str, constant: int) -> None:
    """Of the exclusive ors with it in four rounds, that of the last one is left in each group, for its word is stored;
    two rows of the table have one."""
    with_constant, without = (ops(walk(bit, f"v * 9 ^ {c}"), vectors=True) for c in (constant, 0))
    assert 8 <= with_constant["xor"] - without["xor"] <= 10


def test_a_word_that_is_needed_keeps_its_constant() -> None:
    """The shifted word is used as such, too."""
    kernel = kernel_of(
        text(MEMORY, "par i in 0..64 {\nlet v = (x[i] * 9) ^ 77\ny[i] = (v >> 5) + ((v >> 5) & 1) * 9\n}")
    )
    graph = optimize(lower(kernel), MACHINES["takehome"], 2)
    assert_graph_right(kernel, graph)
    assert ops(graph, vectors=True)["xor"] == 8


@pytest.mark.parametrize(("constant", "lost"), [(61, True), (0xFFFF, True), (0x1FFFF, False)])
def test_a_constant_that_a_shift_loses_goes_to_the_table(constant: int, lost: bool) -> None:
    """As in (v ^ 61) ^ (v >> 16): the word that is looked up may as well have it from the start."""
    with_constant, without = (
        sum(ops(walk("v & 1", f"(v ^ {c} ^ (v >> 16)) * 9"), vectors=True).values()) for c in (constant, 0)
    )
    assert (with_constant - without < 8) == lost


OTHERS = {
    "another sum": "let a = w ^ 61\nlet b = (a ^ (w >> 16)) * 9\ny[i] = b ^ (a ^ (v * 3))",
    "a bit": "let a = w ^ 61\nlet b = (a ^ (w >> 16)) * 9\ny[i] = b + ((a >> 4) & 1)",
    "a shift that keeps some of it": "y[i] = ((w ^ 61) ^ (w >> 16)) * 9 + (w >> 3)",
    "the word": "y[i] = ((w ^ 61) ^ (w >> 16)) * 9 + w",
    "a shift to the left": "y[i] = (w ^ 0xFFFF0000 ^ (w << 16)) * 9",
}


@pytest.mark.parametrize("other", OTHERS)
def test_other_uses_of_a_word_keep_their_meaning(other: str) -> None:
    assert vector_ops(MEMORY, f"let v = x[i]\nlet w = v ^ t[v & 7]\n{OTHERS[other]}")["xor"] >= 1
