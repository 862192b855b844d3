"""Words that one `par` stored or loaded are used by the next ones in place of memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transform.lookups import (
    MACHINES,
    assert_graph_right,
    assert_program_right,
    kernel_of,
    ops,
    switched,
    text,
)
from vliwc.driver import Options, compile_source
from vliwc.lower import lower
from vliwc.transform import optimize

PASS = "forward-vectors"
MEMORY = "u: u32[66] inout\nw: u32[66] {mode}\nx: u32[66] in"
SWEEPS = """for s in 0..4 {
par i in 1..65 { w[i] = u[i - 1] + u[i] * 2 + u[i + 1] }
par i in 1..65 { u[i] = w[i - 1] ^ w[i] ^ w[i + 1] }
}"""
SORTING = """static for s in 0..5 {
par i in 0..32 {
let lo = (i >> s << (s + 1)) | (i & (2 ** s - 1))
let a = u[lo]
let b = u[lo + 2 ** s]
u[lo] = min(a, b)
u[lo + 2 ** s] = max(a, b)
}
}"""


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("body", [SWEEPS, SORTING], ids=["sweeps", "sorting"])
def test_several_pars_in_a_row(body: str, machine: str) -> None:
    kernel, on, off = switched(PASS, MEMORY.format(mode="inout"), body, machine)
    assert_graph_right(kernel, on)
    assert_program_right(kernel, on, MACHINES[machine])
    loads = [sum(ops(graph)[op] for op in ("load", "vload", "gather")) for graph in (on, off)]
    assert loads[0] < 0.8 * loads[1]


@pytest.mark.parametrize("body", [SWEEPS, SORTING], ids=["sweeps", "sorting"])
def test_programs_get_shorter(body: str) -> None:
    source = kernel_of(text(MEMORY.format(mode="inout"), body)).source
    on, off = (compile_source(source, Options(disable=frozenset(names))).generated.cycles for names in ((), (PASS,)))
    assert on < 0.8 * off


@pytest.mark.parametrize(("mode", "stores"), [("consumed", 0), ("inout", 8)])
def test_words_that_nobody_reads_again_are_not_stored(mode: str, stores: int) -> None:
    body = "par i in 0..64 { w[i] = x[i] + 1 }\npar i in 0..64 { u[i] = w[i] * 3 }"
    kernel, on, _ = switched(PASS, MEMORY.format(mode=mode), body)
    assert_graph_right(kernel, on)
    assert ops(on)["vload"] == 8
    assert ops(on)["vstore"] == 8 + stores


def test_words_that_are_stored_again_are_stored_once() -> None:
    body = "par i in 0..64 { w[i] = x[i] + 1 }\npar i in 0..64 { u[i] = w[i] * 3 }\npar i in 0..66 { w[i] = 5 }"
    kernel, on, _ = switched(PASS, MEMORY.format(mode="inout"), body)
    assert_graph_right(kernel, on)
    assert ops(on)["vstore"] == 8 + 8


BETWEEN = {
    "a store that may go anywhere": "w[u[3] % 66] = 9",
    "stores that may go anywhere": "par i in 0..8 { w[(x[i] & 7) * 8 + i] = i }",
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
def test_what_stands_in_between_counts(between: str) -> None:
    body = f"par i in 0..64 {{ w[i] = x[i] + 1 }}\n{between}\npar i in 0..64 {{ u[i] = w[i] * 3 }}"
    kernel, on, off = switched(PASS, MEMORY.format(mode="inout"), body)
    assert_graph_right(kernel, on)
    assert ops(on)["vload"] == ops(off)["vload"]


def test_what_does_not_fit_into_scratch_goes_through_memory() -> None:
    memory = "x: u32[4000] in\ny: u32[4000] inout\nz: u32[4000] out"
    body = "par i in 0..4000 { y[i] = x[i] + 1 }\npar i in 1..3999 { z[i] = y[i] * y[i - 1] * y[i + 1] }"
    _, on, off = switched(PASS, memory, body)
    assert ops(on) == ops(off)


indices = st.sampled_from(["i", "i + 1", "i + 8", "2 * i", "31 - i", "(i * 5) & 31", "(i & 3)", "x[i] & 31", "7"])
arrays = st.sampled_from("uw")


@st.composite
def pars(draw: st.DrawFn) -> str:
    """Iterations that touch only words of their own in the array that they store to."""
    target, source, trips = draw(arrays), draw(arrays), draw(st.sampled_from([3, 8, 16, 21, 32]))
    own = draw(st.sampled_from(["i", "i + 1", "2 * i", "31 - i", "(i * 5) & 31"]))
    other = own if source == target else draw(indices)
    return f"par i in 0..{trips} {{ {target}[{own}] = {source}[{other}] * 3 + x[{draw(indices)}] }}"


words = st.builds("{}[{}] = {}[{}] + 1".format, arrays, st.integers(0, 65), arrays, st.integers(0, 65))
unknown = st.builds("{}[x[{}] & 63] = {}[{}] + 1".format, arrays, st.integers(0, 65), arrays, st.integers(0, 65))


@settings(max_examples=60)
@given(
    st.lists(st.one_of(pars(), pars(), words, unknown), min_size=2, max_size=6),
    st.sampled_from(["inout", "consumed"]),
    st.sampled_from(sorted(MACHINES)),
)
def test_random_pars_in_a_row(statements: list[str], mode: str, machine: str) -> None:
    kernel = kernel_of(text(MEMORY.format(mode=mode), "\n".join(statements)))
    graph = optimize(lower(kernel), MACHINES[machine])
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES[machine])
