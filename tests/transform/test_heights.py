"""Trees in place of chains: lower, of the same value, and only where the program waits for them."""

from __future__ import annotations

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, ops, text
from vliwc.driver import Options, compile_source
from vliwc.ir.graph import Graph
from vliwc.language import Kernel
from vliwc.lower import lower
from vliwc.source import Source
from vliwc.transform import optimize
from vliwc.transform.heights import reduce_heights

MEMORY = "x: u32[{n}] in\ny: u32[2] out"
CHAIN = "let t = {first}\nfor i in 0..{n} {{\nt = t {op} (x[i] ^ 5)\n}}\ny[0] = t"
TAKEHOME = MACHINES["takehome"]


def graphs(memory: str, body: str, machine: str = "takehome") -> tuple[Kernel, Graph, Graph]:
    kernel = kernel_of(text(memory, body))
    before = optimize(lower(kernel), MACHINES[machine], 2, disable=frozenset({"heights", "scans", "parallelize"}))
    return kernel, before, reduce_heights(before, MACHINES[machine])


def height(graph: Graph) -> int:
    depth: dict[int, int] = {}
    for n in graph.body:
        depth[n] = 1 + max((depth.get(a, 0) for a in graph.args[n]), default=0)
    return max(depth.values())


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("op", ["+", "*", "^", "&", "|"])
def test_a_chain_becomes_a_tree(op: str, machine: str) -> None:
    kernel, before, after = graphs(MEMORY.format(n=64), CHAIN.format(first=7, op=op, n=64), machine)
    assert height(before) >= 64
    assert height(after) <= 12
    assert sum(ops(before).values()) == sum(ops(after).values())
    assert_graph_right(kernel, after)
    assert_program_right(kernel, after, MACHINES[machine])


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("step", ["max(t, x[i])", "min(x[i], t)", "x[i] < t ? t : x[i]"])
def test_the_greatest_and_the_least(step: str, machine: str) -> None:
    kernel, before, after = graphs(
        MEMORY.format(n=64), f"let t = x[0]\nfor i in 0..64 {{\nt = {step}\n}}\ny[0] = t", machine
    )
    assert height(before) >= 120
    assert height(after) <= 20
    assert ops(before)["lt"] == ops(after)["lt"] == ops(after)["select"] >= 63
    assert_graph_right(kernel, after)
    assert_program_right(kernel, after, MACHINES[machine])


def test_a_comparison_that_something_else_uses_stays() -> None:
    body = "let t = 0\nlet c = 0\nfor i in 0..40 {\nc = c * 2 + (t < x[i])\nt = max(t, x[i])\n}\ny[0] = t\ny[1] = c"
    kernel, before, after = graphs(MEMORY.format(n=40), body)
    assert height(after) >= 40
    assert ops(before)["select"] == ops(after)["select"]
    assert_graph_right(kernel, after)


def cycles(memory: str, body: str, *disable: str) -> int:
    """Of the program, by the default options but for some passes."""
    options = Options(disable=frozenset({"parallelize", *disable}))
    return compile_source(Source("k.vk", text(memory, body)), options).generated.cycles


def test_a_program_gets_shorter_by_it() -> None:
    kernel = MEMORY.format(n=256), CHAIN.format(first=0, op="+", n=256)
    assert cycles(*kernel) < 60
    assert cycles(*kernel, "heights") > 256


def test_what_comes_late_is_combined_last() -> None:
    late = "let z = x[0]\nfor r in 0..20 {\nz = (z * 3) ^ (z >> 1)\n}\n"
    kernel, before, after = graphs(MEMORY.format(n=8), late + "y[0] = z + x[1] * x[2] + x[3] * x[4] + x[5] * x[6]")
    assert height(after) == height(before) - 2
    assert_graph_right(kernel, after)


def test_a_value_that_something_else_uses_stays() -> None:
    body = "let t = 0\nfor i in 0..40 {\nt += x[i]\nz[i] = t\n}"
    kernel, before, after = graphs("x: u32[40] in\nz: u32[40] out", body)
    assert ops(before) == ops(after)
    assert height(before) == height(after)
    assert_graph_right(kernel, after)


def test_nothing_changes_where_an_engine_is_busy_anyway() -> None:
    body = "par i in 0..2048 {\nz[i] = x[i] + (x[i] >> 1) + (x[i] >> 2) + (x[i] >> 3) + (x[i] >> 4)\n}"
    _, before, after = graphs("x: u32[2048] in\nz: u32[2048] out", body)
    assert after is before


@pytest.mark.parametrize(("op", "n", "lower"), [("+", 16, True), ("+", 64, False), ("^", 64, True), ("^", 192, False)])
def test_chains_that_never_fuse_become_trees_sooner(op: str, n: int, lower: bool) -> None:
    """A path of nine or ten cycles; of the engines' work, there are 6 cycles in 16 iterations and 15 in 64."""
    terms = f" {op} ".join(["h", *(f"(h >> {k})" for k in range(1, 6)), "(h << 6)"])
    body = f"par i in 0..{n} {{\nlet h = x[i] >> 9\nz[i] = {terms}\n}}"
    kernel, before, after = graphs(f"x: u32[{n}] in\nz: u32[{n}] out", body)
    assert (height(after) < height(before)) is lower
    assert_graph_right(kernel, after)


def test_what_a_loop_carries_comes_last() -> None:
    """The recurrence is one addition for all the iterations that a trip has."""
    body = CHAIN.format(first=1, op="+", n=50000)
    kernel = kernel_of(text(MEMORY.format(n=50000), body))
    on, off = (
        compile_source(kernel.source, Options(disable=frozenset({"parallelize", *names}))).generated.cycles
        for names in ((), ("heights",))
    )
    assert off > 50000
    assert on < 0.6 * off


@pytest.mark.parametrize("op", ["+", "^", "|"])
@pytest.mark.parametrize("sides", ["if x[i] > 9 {{ {} }}", "if x[i] > 9 {{ }} else {{ {} }}"])
def test_what_is_gathered_on_a_condition_becomes_a_tree(op: str, sides: str) -> None:
    """Not a chain of choices, of two operations each: something is added in any case, if only 0."""
    step = sides.format(f"h = h {op} y[i]")
    memory = "x: u32[100] in\ny: u32[100] in\nz: u32[1] out"
    kernel = kernel_of(text(memory, f"let h = 0\nfor i in 0..100 {{\n{step}\n}}\nz[0] = h"))
    chain = 100  # and as many choices, were they not one after the other
    assert len(compile_source(kernel.source).program.bundles) < 1.2 * chain
    assert_program_right(kernel, optimize(lower(kernel), MACHINES["takehome"]), MACHINES["takehome"])
