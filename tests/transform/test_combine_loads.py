"""Words that are loaded together: known indices, within the array, and only if it pays."""

from __future__ import annotations

from functools import partial

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, ops, switched, text
from vliwc.analysis.known import known_words
from vliwc.ir.graph import Loop
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.combine_loads import combine_loads

DOTS = "par r in 0..{rows} {{\nlet s = 0\nfor k in 0..{columns} {{\ns += a[r, k] * b[r, k]\n}}\ny[r] = s\n}}"
DOT_MEMORY = "a: u32[{rows}, {columns}] in\nb: u32[{rows}, {columns}] in\ny: u32[{rows}] out"


compiled = partial(switched, "combine-loads")
"""A kernel, with the pass and without."""


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("rows", "columns"), [(16, 12), (11, 5), (9, 3)])
def test_rows_are_loaded_as_vectors(rows: int, columns: int, machine: str) -> None:
    memory, body = (t.format(rows=rows, columns=columns) for t in (DOT_MEMORY, DOTS))
    kernel, graph, before = compiled(memory, body, machine)
    lanes = MACHINES[machine].lanes
    assert ops(before)["gather"] > 0
    if machine == "takehome":
        assert ops(graph)["gather"] == 0
        assert ops(graph)["vload"] <= 2 * -(-rows * columns // lanes)
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES[machine])


def test_a_vector_never_leaves_its_array() -> None:
    """The last words come with those before them; an array shorter than a vector is loaded word by word."""
    words = " + ".join(f"a[{k}]" for k in (0, 5, 13, 18))
    kernel, graph, _ = compiled("a: u32[19] in\ns: u32[3] in\ny: u32[2] out", f"y[0] = {words}\ny[1] = s[0] ^ s[2]")
    starts = sorted(graph.const(graph.args[n][0]) or 0 for n in graph.walk() if graph.op[n] == "vload")
    assert starts == [0, 11]
    assert ops(graph)["load"] == 2
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES["takehome"])


@pytest.mark.parametrize(
    "body",
    [
        "let p = a[3]\na[3] = p + 1\ny[0] = a[2] + a[3] + p",  # stored to
        "y[0] = a[y0[0] & 15] + a[y0[1] & 15]",  # indices that are not known
    ],
)
def test_what_may_change_or_is_not_known_is_loaded_by_itself(body: str) -> None:
    mode = "inout" if "a[3] =" in body else "in"
    kernel, graph, before = compiled(f"a: u32[16] {mode}\ny0: u32[16] in\ny: u32[1] out", body)
    access = [graph.access(n).array for n in graph.walk() if graph.op[n] == "vload"]
    assert "a" not in access
    assert ops(graph)["load"] >= 2 and ops(before)["load"] >= 2
    assert_graph_right(kernel, graph)


def test_nothing_changes_where_another_engine_is_busier() -> None:
    """Few words, and `alu` has no time for copies."""
    loads = "\n".join(f"let {a} = {a}{a}[5 * i]\nh = (h ^ {a}) + {a}" for a in "abc")
    heavy = f"let h = x[i]\nfor r in 0..40 {{\nh = (h ^ (h >> 3)) + (h & 77)\n}}\n{loads}\ny[i] = h"
    arrays = "\n".join(f"{a}{a}: u32[80] in" for a in "abc")
    kernel, graph, before = compiled(f"{arrays}\nx: u32[16] in\ny: u32[16] out", f"par i in 0..16 {{\n{heavy}\n}}")
    assert ops(graph) == ops(before)
    assert ops(graph)["gather"] == 6
    machine = MACHINES["takehome"]
    vectors = optimize(lower(kernel), machine, 2, stop_after="vectorize")
    assert combine_loads(vectors, machine) is vectors
    assert_graph_right(kernel, graph)


def test_words_that_all_lanes_share_come_together_whatever_gathers_do() -> None:
    """Other engines are busier, so that gathers stay; but a lane of a vector costs no engine anything."""
    heavy = "let h = x[i]\nfor r in 0..40 {\nh = (h ^ (h >> 3)) + (h & 77)\n}"
    shared = "h = h * k[0] + k[1]\nh = h * k[2] + k[3]"
    gathers = "\n".join(f"let {a} = {a}{a}[5 * i]\nh = (h ^ {a}) + {a}" for a in "abc")
    arrays = "\n".join(f"{a}{a}: u32[80] in" for a in "abc")
    kernel, graph, before = compiled(
        f"{arrays}\nk: u32[8] in\nx: u32[16] in\ny: u32[16] out",
        f"par i in 0..16 {{\n{heavy}\n{shared}\n{gathers}\ny[i] = h\n}}",
    )
    assert (ops(before)["load"], ops(before)["gather"]) == (4, 6)
    assert (ops(graph)["load"], ops(graph)["gather"]) == (0, 6)
    assert ops(graph)["vload"] == ops(before)["vload"] + 1
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES["takehome"])


def test_known_words_are_computed_lane_by_lane() -> None:
    kernel = kernel_of(text("a: u32[80] in\ny: u32[16] out", "par i in 0..16 {\ny[i] = a[5 * i + 2]\n}"))
    graph = optimize(lower(kernel), MACHINES["takehome"], 1, stop_after="vectorize")
    known = known_words(graph)
    gathered = [known[graph.args[n][0]] for n in graph.walk() if graph.op[n] == "gather"]
    assert gathered == [tuple(5 * k + 2 for k in range(8)), tuple(5 * k + 2 for k in range(8, 16))]
    assert not any(graph.op[n] == "gather" for n in known)


@pytest.mark.parametrize(
    ("index", "row"),
    [("i", True), ("i + 3", True), ("49999 - i", True), ("2 * i", False), ("i & 1023", False)],
)
def test_in_a_loop_whole_rows_are_loaded(index: str, row: bool) -> None:
    """Iterations that stand side by side in the body of a machine loop load neighbouring words."""
    body = f"let t = 0\nfor i in 0..50000 {{\nt = (t ^ a[{index}]) + 1\n}}\ny[0] = t"
    kernel, graph, before = compiled("a: u32[100000] in\ny: u32[1] out", body)
    loops = [attr for n in graph.walk() if isinstance(attr := graph.attr[n], Loop)]
    found = [graph.op[n] for loop in loops for n in loop.body if graph.op[n] in ("load", "vload")]
    assert found == (["vload"] if row else ["load"] * 8)
    assert ops(before)["vload"] == 0
    small = kernel_of(kernel.source.text.replace("50000", "5000").replace("49999", "4999"))
    graph = optimize(lower(small), MACHINES["takehome"], 1)
    assert_program_right(small, graph, MACHINES["takehome"])
