"""Sequential loops become `par`s: the same meaning, lane by lane, and only where iterations are independent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, text
from vliwc.driver import Options, compile_source
from vliwc.ir.graph import Gathering, Graph, Loop
from vliwc.language import Kernel
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.branches import merge_branches
from vliwc.transform.parallelize import parallelize
from vliwc.transform.simplify import simplify

MEMORY = "x: u32[200] in\ny: u32[200] inout\nr: u32[8] inout"
TAKEHOME = MACHINES["takehome"]


def made_parallel(body: str, memory: str = MEMORY) -> tuple[Kernel, Graph]:
    kernel = kernel_of(text(memory, body))
    return kernel, parallelize(simplify(merge_branches(simplify(lower(kernel)))), TAKEHOME)


def pars(graph: Graph) -> list[Loop]:
    return [graph.loop(n) for n in graph.walk() if graph.op[n] == "par"]


GATHERED = {
    "t += x[i] * y[i]": Gathering("add"),
    "t -= x[i]": Gathering("add"),
    "t = x[i] - (5 - t)": Gathering("add"),
    "t = 31 * t + x[i]": Gathering("add", 31),
    "t = (t + x[i]) << 3": Gathering("add", 8),
    "t = x[i] - t": Gathering("add", 0xFFFFFFFF),
    "t = t * (x[i] | 1)": Gathering("mul"),
    "t = (x[i] ^ t) ^ y[i]": Gathering("xor"),
    "t |= x[i] >> 20": Gathering("or"),
    "t &= x[i] | 255": Gathering("and"),
    "t = min(x[i], t)": Gathering("min"),
    "if x[i] > t { t = x[i] }": Gathering("max"),
    "if x[i] & 1 { t += 3 }": Gathering("add"),
    "if x[i] & 1 { t = t * 3 }": Gathering("mul"),
    "if x[i] & 1 { t = t & y[i] }": Gathering("and"),
    "r[1] = r[1] ^ x[i]": Gathering("xor"),
    "if x[i] & 1 { r[1] += x[i] }": Gathering("add"),
}


@pytest.mark.parametrize("trips", [8, 37, 193])
@pytest.mark.parametrize("step", GATHERED)
def test_what_is_gathered(step: str, trips: int) -> None:
    kernel, graph = made_parallel(f"let t = r[0]\nfor i in 0..{trips} {{\n{step}\n}}\nr[0] = t")
    (loop,) = pars(graph)
    assert loop.gathers == (GATHERED[step],)
    assert_graph_right(kernel, graph)
    for machine in MACHINES.values():
        assert_program_right(kernel, optimize(lower(kernel), machine), machine)


KEPT = {
    "a running total": "t += x[i]\ny[i] = t",
    "one that decides": "t += x[i]\nif t > 9 { r[1] = i }",
    "two that need each other": "t += s\ns += x[i]",
    "another operation in between": "t = (t + x[i]) ^ y[i]",
    "itself added": "t = t + t * x[i]",
    "a loop inside": "for j in 0..3 { t = (t * 5) ^ x[j] }",
    "a word of the iteration before": "y[i + 1] = y[i] + 1",
    "a word of all": "r[2] = x[i]\ny[i] = r[x[i] & 7]",
    "a word that nobody knows": "y[x[i] & 127] = i",
}


@pytest.mark.parametrize("body", KEPT.values(), ids=KEPT)
def test_what_stays_sequential(body: str) -> None:
    kernel, graph = made_parallel(f"let t = 1\nlet s = 2\nfor i in 0..100 {{\n{body}\n}}\nr[0] = t ^ s")
    assert not pars(graph)
    assert_program_right(kernel, optimize(lower(kernel), TAKEHOME), TAKEHOME)


ROWS = "m: u32[16, 24] in\nv: u32[24] in\nr: u32[24] out"
NESTS = {
    "rows": ("for i in 0..16 {\nlet t = 0\nfor j in 0..24 { t += m[i, j] * v[j] }\nr[i] = t\n}", 24),
    "columns": ("for j in 0..24 {\nlet t = 0\nfor i in 0..16 { t += m[i, j] * v[i] }\nr[j] = t\n}", 24),
}


@pytest.mark.parametrize(("body", "trips"), NESTS.values(), ids=NESTS)
def test_of_a_nest_the_loop_along_memory(body: str, trips: int) -> None:
    kernel, graph = made_parallel(body, ROWS)
    (loop,) = pars(graph)
    assert loop.trips == trips
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, optimize(lower(kernel), TAKEHOME), TAKEHOME)


def test_few_iterations_stay() -> None:
    _, graph = made_parallel("for i in 0..7 { y[i] = x[i] * 3 }")
    assert not pars(graph)


def test_without_a_par_inside() -> None:
    body = "for k in 0..20 {\npar i in 0..10 { y[i * 20 + k] = x[i * 20 + k] }\n}"
    _, graph = made_parallel(body)
    assert [loop.trips for loop in pars(graph)] == [10]


LONG = "x: u32[60000] in\nr: u32[2] out"


@pytest.mark.parametrize("step", ["t += v", "t = 5 * t + v", "t = max(t, v)"])
def test_lanes_gather_in_a_machine_loop(step: str) -> None:
    kernel = kernel_of(text(LONG, f"let t = 7\nfor i in 0..59997 {{\nlet v = (x[i] ^ 9) & ~i\n{step}\n}}\nr[0] = t"))
    graph = optimize(lower(kernel), TAKEHOME)
    assert any(graph.op[n] == "for" for n in graph.body)
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, TAKEHOME)


@pytest.mark.parametrize(
    "step", ["s += x[i] * x[i]", "s = 31 * s + x[i]", "if x[i] > s { s = x[i] }", "y[i] = x[i] * 5"]
)
def test_programs_get_shorter(step: str) -> None:
    kernel = kernel_of(text(MEMORY.replace("200", "800"), f"let s = 0\nfor i in 0..800 {{\n{step}\n}}\nr[0] = s"))
    on, off = (
        compile_source(kernel.source, Options(disable=frozenset(names))).generated.cycles
        for names in ((), ("parallelize",))
    )
    assert on < 0.75 * off


LEAVES = ["x[i]", "y[i]", "x[i + 3]", "x[2 * i]", "x[90 - i]", "i", "7", "(x[i] >> 5)", "(x[i] ^ y[i])", "x[y[i] & 63]"]
leaves = st.sampled_from(LEAVES)
factors = st.sampled_from(["", "3 * ", "0xFFFFFFFF * ", "16 * "])
steps = st.one_of(
    st.builds("@ = {1}@ {2} {0}".format, leaves, factors, st.sampled_from("+-")),
    st.builds("@ = @ {1} {0}".format, leaves, st.sampled_from("+-*^|&")),
    st.builds("@ = {1}({0}, @)".format, leaves, st.sampled_from(["min", "max"])),
    st.builds("if {0} > {1} {{ @ = @ {2} {0} }}".format, leaves, leaves, st.sampled_from("+*^|&")),
)


@settings(max_examples=40)
@given(
    st.lists(steps, min_size=1, max_size=3),
    st.integers(1, 90),
    st.integers(0, 9),
    st.sampled_from(["", "z[i] = x[i] + 1", "z[i] = a", "z[i] = b", "z[x[i] & 63] = i"]),
    st.sampled_from(sorted(MACHINES)),
)
def test_random_loops(parts: list[str], hi: int, lo: int, store: str, machine: str) -> None:
    body = "\n".join(part.replace("@", name) for part, name in zip(parts, "abc", strict=False))
    memory = "x: u32[200] in\ny: u32[100] in\nz: u32[100] inout\nr: u32[4] out"
    lets = "let a = 1\nlet b = x[0]\nlet c = 5\n"
    source = f"{lets}for i in {min(lo, hi - 1)}..{hi} {{\n{body}\n{store}\n}}\nr[0] = a\nr[1] = b\nr[2] = c"
    kernel = kernel_of(text(memory, source))
    target = MACHINES[machine]
    assert_graph_right(kernel, parallelize(simplify(lower(kernel)), target))
    assert_program_right(kernel, optimize(lower(kernel), target), target)
