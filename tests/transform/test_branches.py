"""Stores in branches: made in any case if either side stores, and where an iteration may keep the word."""

from __future__ import annotations

from functools import partial

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, switched, text
from vliwc.driver import compile_source
from vliwc.ir.graph import Graph
from vliwc.lower import lower
from vliwc.transform.branches import merge_branches
from vliwc.transform.simplify import simplify

compiled = partial(switched, "branches")
"""A kernel, with the pass and without."""
MEMORY = "x: u32[40] in\np: u32[40] in\ny: u32[40] inout\nz: u32[4, 10] inout"


def merged(body: str) -> tuple[Graph, Graph]:
    """The lowered graph of a kernel body, simplified, and what the pass makes of it."""
    graph = simplify(lower(kernel_of(text(MEMORY, body))))
    return graph, merge_branches(graph)


def stores(graph: Graph) -> dict[str, int]:
    found = [graph.op[n] for n in graph.walk()]
    return {op: found.count(op) for op in ("load", "store", "store_if") if op in found}


SIDES = "if x[i] < 9 {{ y[{0}] = x[i] }} else {{ y[{0}] = 5 }}"


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    "body",
    [
        SIDES.format("i"),
        "if x[i] < 9 { y[i] = x[i] }",
        "if x[i] < 9 { y[i] = 1 } else if x[i] < 99 { y[i] = 2 } else { y[i] = y[i] + 3 }",
        "y[i] = 2 * y[i] + (x[i] & 1)\nif y[i] >= 30 { y[i] = 0 }",
        "if x[i] % 2 == 0 { y[i] = 2 * y[i] + 1 } else { y[i] = 2 * y[i] + 2 }\nif y[i] >= 30 { y[i] = 0 }",
        "if x[i] & 1 { y[i] = 7 }\nif x[i] & 2 { y[i] = y[i] ^ 9 }\nif x[i] & 1 { y[i] = 3 * y[i] }",
    ],
)
def test_programs_are_right(body: str, machine: str) -> None:
    kernel, graph, _ = compiled(MEMORY, f"for r in 0..3 {{\npar i in 0..40 {{\n{body}\n}}\n}}", machine)
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES[machine])


@pytest.mark.parametrize(
    ("body", "before", "after"),
    [
        (SIDES.format("i"), {"load": 1, "store_if": 2}, {"load": 1, "store": 1}),
        ("if x[i] < 9 { y[i] = x[i] }", {"load": 1, "store_if": 1}, {"load": 2, "store": 1}),
        (
            "if x[i] < 9 { y[i] = 1 } else { if x[i] & 1 { y[i] = 2 } else { y[i] = 3 } }",
            {"load": 1, "store_if": 3},
            {"load": 1, "store": 1},
        ),
        ("if x[i] { y[i] = 1 } else { y[39 - i] = 2 }", {"load": 1, "store_if": 2}, {"load": 1, "store_if": 2}),
    ],
)
def test_both_sides_store_one_word(body: str, before: dict[str, int], after: dict[str, int]) -> None:
    plain, graph = merged(f"par i in 0..40 {{\n{body}\n}}")
    assert stores(plain) == before
    assert stores(graph) == after


@pytest.mark.parametrize("never", ["0", "x[i] < 0", "x[i] & 0"])
def test_what_is_never_stored_is_not_the_contrary_of_anything(never: str) -> None:
    """The condition is the constant that `x[i] == 0` compares with."""
    body = f"if {never} {{ y[39 - i] = 1 }}\nif x[i] == 0 {{ y[39 - i] = 2 }}"
    graph = merged(f"par i in 0..40 {{\n{body}\n}}")[1]
    assert "store" not in stores(graph)
    kernel, graph, _ = compiled(MEMORY, f"par i in 0..40 {{\n{body}\n}}")
    assert_program_right(kernel, graph, MACHINES["takehome"])


def test_another_iterations_word_is_kept_as_it_is() -> None:
    """Two sides are one store wherever that goes; one side alone may not touch a word that others may store to."""
    plain, graph = merged("par i in 0..40 {\n" + SIDES.format("p[i] % 40") + "\n}")
    assert (stores(plain), stores(graph)) == ({"load": 2, "store_if": 2}, {"load": 2, "store": 1})
    plain, graph = merged("par i in 0..40 {\nif x[i] < 9 { y[p[i] % 40] = x[i] }\n}")
    assert stores(plain) == stores(graph) == {"load": 2, "store_if": 1}
    for body in ("for i in 0..40 {\nif x[i] < 9 { y[p[i] % 40] = x[i] }\n}", "if x[0] < 9 { y[p[0] % 40] = x[1] }"):
        assert stores(merged(body)[1])["store"] == 1  # nothing runs beside it


def test_words_outside_of_the_array_are_not_touched() -> None:
    plain, graph = merged("for i in 0..40 {\nif x[i] < 40 { y[x[i]] = 1 }\n}")
    assert stores(plain) == stores(graph)


def test_iterations_own_rows() -> None:
    """What loops around do with other words does not matter."""
    body = "par i in 0..4 {\npar j in 0..10 {\nif x[10 * i + j] < 9 { z[i, j] = 1 }\n}\n}"
    assert stores(merged(body)[1]) == {"load": 2, "store": 1}


def test_a_load_between_sees_what_was_stored() -> None:
    kernel, graph, _ = compiled(
        MEMORY, "if x[0] { y[p[0] % 40] = 1 }\ny[3] = y[p[1] % 40]\nif x[0] == 0 { y[p[0] % 40] = 2 }"
    )
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES["takehome"])


WALK = """param n = 64
memory {{ tree: u32[31] in
node: u32[n] consumed
value: u32[n] inout }}
assume node[_] == 0
kernel walk {{
for r in 0..7 {{
par i in 0..n {{
let v = (value[i] ^ tree[node[i]]) * 0x9E3779B1
value[i] = v ^ (v >> 15)
{}
}}
}}
}}"""
CHOICE = "let m = 2 * node[i] + 1 + (v >> 31)\nnode[i] = m >= 31 ? 0 : m"


@pytest.mark.parametrize(
    "step",
    [
        "let m = 2 * node[i] + 1 + (v >> 31)\nif m >= 31 { node[i] = 0 } else { node[i] = m }",
        "node[i] = 2 * node[i] + 1 + (v >> 31)\nif node[i] >= 31 { node[i] = 0 }",
        "if v >> 31 { node[i] = 2 * node[i] + 2 } else { node[i] = 2 * node[i] + 1 }\nif node[i] >= 31 { node[i] = 0 }",
    ],
)
def test_branches_are_as_good_as_choices(step: str) -> None:
    """However a step is written, the levels of the tree are known, and look-ups need not be gathers."""
    cycles = [compile_source(kernel_of(WALK.format(body)).source).program.bundles for body in (step, CHOICE)]
    assert len(cycles[0]) <= 1.02 * len(cycles[1])
