"""Words that are stored together: known, each stored once, in an array that nothing loads from, and only if it pays."""

from __future__ import annotations

from functools import partial

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, ops, switched

TRANSPOSE = "par i in 0..{n} {{\npar j in 0..{m} {{\nb[j, i] = a[i, j] ^ 5\n}}\n}}"


compiled = partial(switched, "combine-stores")
"""A kernel, with the pass and without."""


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("n", "m"), [(16, 16), (11, 9), (3, 20)])
def test_a_matrix_is_transposed_by_vectors(n: int, m: int, machine: str) -> None:
    memory, body = f"a: u32[{n}, {m}] in\nb: u32[{m}, {n}] out", TRANSPOSE.format(n=n, m=m)
    kernel, graph, before = compiled(memory, body, machine)
    if machine == "takehome":
        words, rest = divmod(n * m, 8)
        assert ops(before)["scatter"] > 0
        assert ops(graph)["vstore"] == words
        scattered = sum(graph.access(k).active for k in graph.walk() if graph.op[k] == "scatter")
        assert ops(graph)["store"] + scattered == rest
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES[machine])


def test_words_between_others_are_stored_by_themselves() -> None:
    """Two vectors of neighbours, and a word to either side of a gap."""
    places = [*range(1, 9), 10, *range(12, 20), 22]
    body = "\n".join(f"y[{k}] = x[{3 * k % 23}]" for k in reversed(places))
    kernel, graph, _ = compiled("x: u32[23] in\ny: u32[23] inout", body)
    at: dict[str, list[int]] = {"store": [], "vstore": []}
    for n in graph.walk():
        if graph.op[n] in at:
            at[graph.op[n]].append(graph.const(graph.args[n][0]) or 0)
    base = graph.arrays["y"].base
    assert sorted(at["vstore"]) == [base + 1, base + 12]
    assert sorted(at["store"]) == [base + 10, base + 22]
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES["takehome"])


@pytest.mark.parametrize(
    "more",
    [
        "z[0] = y[x[0] & 15]",  # loaded from
        "y[x[0] & 15] = 7",  # at an index that is not known
    ],
)
def test_where_the_order_matters_it_stays(more: str) -> None:
    body = "\n".join(f"y[{k}] = x[{15 - k}]" for k in range(16))
    kernel, graph, before = compiled("x: u32[16] in\ny: u32[16] inout\nz: u32[1] out", f"{more}\n{body}\n{more}")
    assert ops(graph) == ops(before)
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES["takehome"])


def test_nothing_changes_where_another_engine_is_busier() -> None:
    heavy = "let h = x[i]\nfor r in 0..100 {\nh = (h ^ (h >> 3)) + (h & 77)\n}\n"
    stores = "\n".join(f"{a}[2 * i] = h + {k}\n{a}[2 * i + 1] = h ^ {k}" for k, a in enumerate("stuv", 3))
    arrays = "\n".join(f"{a}: u32[32] out" for a in "stuv")
    kernel, graph, before = compiled(f"x: u32[16] in\n{arrays}", f"par i in 0..16 {{\n{heavy}{stores}\n}}")
    assert ops(graph)["scatter"] == ops(before)["scatter"] == 16
    assert_graph_right(kernel, graph)
