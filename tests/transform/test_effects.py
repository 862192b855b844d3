"""The passes do what they are for: kernels whose graphs must come out in a certain way."""

from __future__ import annotations

from collections import Counter

import pytest

from vliwc.ir.graph import Graph, Loop
from vliwc.language import load_kernel
from vliwc.lower import lower
from vliwc.machine import load_machine
from vliwc.source import Source
from vliwc.transform import optimize
from vliwc.transform.pipeline import TECHNIQUES

TAKEHOME = load_machine("takehome")


def compiled(
    body: str, memory: str, level: int = 2, *, prelude: str = "", disable: frozenset[str] = frozenset()
) -> Graph:
    text = f"memory {{\n{memory}\n}}\n{prelude}\nkernel k {{\n{body}\n}}\n"
    return optimize(lower(load_kernel(Source("k.vk", text), {})), TAKEHOME, level, disable=disable)


def ops(graph: Graph) -> Counter[str]:
    return Counter(graph.op[n] for n in graph.walk())


def vector_ops(graph: Graph) -> Counter[str]:
    return Counter(graph.op[n] for n in graph.walk() if graph.width[n] > 1 and graph.op[n] not in ("splat", "pack"))


XY = "x: u32[8] in\ny: u32[8] out"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("(a + 0x7ED55D16) + (a << 12)", {"muladd": 1}),
        ("3 * (a + 5) - 2 * a + 7", {"add": 1}),
        ("a * 8 - a * 7 - a", {}),
        ("((a * 33 + 9) + 4) ^ ((a * 33 + 9) << 9)", {"muladd": 2, "xor": 1}),
        ("5 - a", {"sub": 1}),
        ("a * 16", {"shl": 1}),
        ("a % 16", {"and": 1}),
        ("a // 16", {"shr": 1}),
        ("a % 2 == 0 ? 1 : 2", {"and": 1, "add": 1}),
        ("a % 2 == 0 ? b : a", {"and": 1, "select": 1}),
        ("(a & 1) < 2 ? a : b", {}),
        ("a ^ 5 ^ b ^ 5", {"xor": 1}),
        ("(a ^ 5 ^ b) ^ (b ^ 3)", {"xor": 1}),
        ("(a ^ 0x80000001) & 1 == 0 ? 5 : 9", {"and": 1, "muladd": 1}),
        ("min(a, a)", {}),
    ],
)
def test_expression_takes_these_operations(expression: str, expected: dict[str, int]) -> None:
    body = f"par i in 0..8 {{\nlet a = x[i]\nlet b = z[i]\ny[i] = {expression}\n}}"
    found = vector_ops(compiled(body, f"{XY}\nz: u32[8] in", disable=frozenset({"idle-flow"})))
    for memory in ("vload", "vstore"):
        del found[memory]
    assert found == Counter(expected)


def test_an_xor_constant_moves_into_a_small_table() -> None:
    body = "par i in 0..64 {\ny[i] = (x[i] ^ 0xABC) ^ t[x[i] & 3]\n}"
    graph = compiled(body, "t: u32[4] in\nx: u32[64] in\ny: u32[64] out")
    vectors = vector_ops(graph)
    assert vectors["gather"] < 8
    assert (
        vectors["xor"] == 8 + vectors["gather"]
    )  # where the look-up is a selection, the constant is in the four entries
    assert sum(graph.op[n] == "xor" and graph.width[n] == 1 for n in graph.walk()) == 4


def test_a_chain_of_stages_merges_across_statements() -> None:
    body = "par i in 0..8 {\nlet a = x[i] * 5 + 1\nlet b = (a + 7) + (a << 4)\ny[i] = b - 3\n}"
    assert vector_ops(compiled(body, XY))["muladd"] == 1


ROUNDS = """
for r in 0..6 {
    par i in 0..32 {
        v[i] = (v[i] ^ key[at[i]]) * 3
        at[i] = at[i] * 2 + (v[i] & 1) + 1 >= 15 ? 0 : at[i] * 2 + (v[i] & 1) + 1
    }
}
"""
ROUNDS_MEMORY = "key: u32[15] in\nat: u32[32] consumed\nv: u32[32] inout"
AT_ROOT = "assume at[_] == 0"


def test_rounds_run_in_scratch_after_interchange() -> None:
    found = ops(compiled(ROUNDS, ROUNDS_MEMORY, prelude=AT_ROOT, disable=frozenset(TECHNIQUES)))
    assert found["vload"] == found["vstore"] == 4  # one row of `v` for each of four groups, read once and written once
    assert found["for"] == 0
    without = ops(
        compiled(ROUNDS, ROUNDS_MEMORY, prelude=AT_ROOT, disable=frozenset({"interchange", "forward-vectors"}))
    )
    assert without["vstore"] > 4


def test_ranges_decide_wrap_arounds() -> None:
    assert ops(compiled(ROUNDS, ROUNDS_MEMORY, prelude=AT_ROOT))["lt"] == 0
    assert ops(compiled(ROUNDS, ROUNDS_MEMORY))["lt"] > 0  # without the assumption nothing is known


def test_a_stencil_is_not_interchanged() -> None:
    body = """
    for t in 0..3 {
        par i in 0..16 { b[i + 1] = a[i] + a[i + 2] }
        par i in 0..16 { a[i + 1] = b[i + 1] }
    }
    """
    memory = "a: u32[18] inout\nb: u32[18] consumed"
    graph = compiled(body, memory, disable=frozenset({"forward-vectors"}))
    assert ops(graph)["vstore"] >= 3 * 2  # every step goes through memory


def test_independent_words_by_stride_are_interchanged() -> None:
    body = "for k in 0..4 {\npar i in 0..8 {\na[i * 4 + k] = a[i * 4 + k] + a[i * 4]\n}\n}"
    graph = compiled(body, "a: u32[32] inout")
    assert ops(graph)["gather"] == 4  # each word is read once: the rounds of one iteration run back to back


LOOKUP = "par i in 0..64 {\nlet k = x[i]\ny[i] = t[(k & 1) + (k & 2)] * 7\n}"
LOOKUP_MEMORY = "t: u32[4] in\nx: u32[64] in\ny: u32[64] out"


def test_a_gather_from_a_small_slice_becomes_selection() -> None:
    graph = compiled(LOOKUP, LOOKUP_MEMORY)
    found = ops(graph)
    assert found["select"] + found["muladd"] > 0
    assert found["gather"] < 8
    assert (
        ops(compiled(LOOKUP, LOOKUP_MEMORY, disable=frozenset({"select", "leaf-arithmetic", "arithmetic"})))["gather"]
        == 8
    )


def test_a_written_array_is_not_selected_from() -> None:
    body = "par i in 0..64 {\ny[i] = t[x[i] & 3]\n}\nfor j in 0..2 {\nt[j] = y[j]\n}"
    assert ops(compiled(body, "t: u32[4] inout\nx: u32[64] in\ny: u32[64] out"))["gather"] == 8


def test_a_constant_table_becomes_selects_or_xors() -> None:
    crooked = ", ".join(str((k * k + 1) << 20) for k in range(16))
    linear = ", ".join(str((k & 1) * 9 ^ (k >> 1 & 1) * 5 ^ (k >> 2) * 0x10000000) for k in range(16))
    body = "par i in 0..8 {\ny[i] = T[x[i] & 15]\n}"
    assert vector_ops(compiled(body, XY, prelude=f"const T = [{crooked}]"))["select"] >= 7
    assert (
        vector_ops(compiled(body, XY, prelude=f"const T = [{linear}]", disable=frozenset({"idle-flow"})))["select"] == 0
    )


def test_a_tail_repeats_its_last_lane_and_stores_only_its_own() -> None:
    graph = compiled("par i in 0..13 {\ny[i] = x[i] + 1\n}", "x: u32[13] in\ny: u32[13] out")
    stores = [n for n in graph.walk() if graph.op[n] == "store"]
    assert [graph.const(graph.args[n][0]) for n in stores] == [13 + 8 + k for k in range(5)]
    assert [graph.attr[graph.args[n][1]] for n in stores] == [0, 1, 2, 3, 4]
    assert (ops(graph)["load"], ops(graph)["vload"], ops(graph)["vstore"]) == (0, 2, 1)
    (pack,) = [n for n in graph.walk() if graph.op[n] == "pack"]
    assert graph.args[pack][4:] == (graph.args[pack][4],) * 4


def test_many_groups_stay_a_machine_loop_of_whole_blocks() -> None:
    body = "for r in 0..20 {\npar i in 0..40000 {\nx[i] = (x[i] ^ 5) * (x[i] >> 3)\n}\n}"
    graph = compiled(body, "x: u32[40000] inout")
    loops = [attr for n in graph.walk() if isinstance(attr := graph.attr[n], Loop)]
    assert len(loops) == 1
    assert 40000 - loops[0].step < loops[0].hi <= 40000
    assert len(graph) < 100_000


def test_long_sequential_loops_stay_and_carry_values() -> None:
    body = "par i in 0..16 {\nfor r in 0..100000 {\nx[i] = (x[i] ^ 5) * (x[i] >> 3)\n}\n}"
    graph = compiled(body, "x: u32[16] inout")
    (loop,) = [attr for n in graph.walk() if isinstance(attr := graph.attr[n], Loop)]
    assert len(loop.carried) == 2  # one vector for each of two groups: memory is read and written outside the loop
    assert ops(graph)["vload"] == ops(graph)["vstore"] == 2


def test_partly_unrolled_loops_do_the_rest_after_the_loop() -> None:
    body = "for r in 0..100003 {\nx[r & 7] = x[r & 7] * 3 + r\n}"
    graph = compiled(body, "x: u32[8] inout")
    (loop,) = [attr for n in graph.walk() if isinstance(attr := graph.attr[n], Loop)]
    assert loop.step > 1
    assert 100003 - loop.hi == 100003 % loop.step


def test_stores_that_nobody_sees_are_dropped() -> None:
    body = "par i in 0..8 {\nlet t = x[i]\nscr[i] = t\ny[i] = 1\ny[i] = scr[i] + 2\n}"
    found = ops(compiled(body, f"{XY}\nscr: u32[8] consumed"))
    assert found["vstore"] == 1 and found["vload"] == 1


def test_level_0_is_scalar_and_keeps_its_loops() -> None:
    graph = compiled(ROUNDS, ROUNDS_MEMORY, level=0)
    assert all(width <= 1 for width in graph.width)
    assert ops(graph)["for"] == 2 and ops(graph)["par"] == 0
