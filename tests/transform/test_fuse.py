"""Fused products: fewer operations, as far as `valu` has time for them."""

from __future__ import annotations

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, ops, text
from vliwc.ir.graph import Graph
from vliwc.language import Kernel
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.fuse import fuse
from vliwc.transform.loads import Prices, measure

MEMORY = "x: u32[{n}] in\nc: u32[9] in\ny: u32[{n}] out"
HORNER = "let s = c[0]\nfor k in 1..9 {\ns = s * x[i] + c[k]\n}\ny[i] = s"
MIXED = "let s = c[0]\nfor k in 1..9 {\ns = (s ^ (s >> 3) ^ (s << 7) ^ c[1]) * x[i] + c[k]\n}\ny[i] = s"
SHARED = "let p = x[i] * c[0]\ny[i] = (p + c[1]) ^ p"
LOOP = "let s = c[0]\nfor k in 0..200000 {\ns = s + x[i] * (x[i] ^ k)\n}\ny[i] = s"


def graphs(body: str, machine: str = "takehome", n: int = 128) -> tuple[Kernel, Graph, Graph]:
    kernel = kernel_of(text(MEMORY.format(n=n), f"par i in 0..{n} {{\n{body}\n}}"))
    before = optimize(lower(kernel), MACHINES[machine], 2, disable=frozenset({"fuse"}))
    return kernel, before, fuse(before, MACHINES[machine])


def test_products_are_fused_as_far_as_that_evens_out_the_engines() -> None:
    kernel, before, after = graphs(HORNER)
    products = ops(before)["mul"]
    assert products == ops(before)["add"] == 16 * 8
    assert ops(before)["muladd"] == 0
    fused = ops(after)["muladd"]
    assert 0.7 * products < fused < products
    assert ops(after)["mul"] == ops(after)["add"] == products - fused
    prices = Prices(MACHINES["takehome"])
    cycles = prices.cycles(measure(after, prices))
    assert cycles["valu"] <= cycles["compute"] < 0.6 * prices.cycles(measure(before, prices))["compute"]
    assert_graph_right(kernel, after)
    assert_program_right(kernel, after, MACHINES["takehome"])


def test_where_alu_has_other_work_all_are_fused() -> None:
    kernel, before, after = graphs(MIXED)
    assert ops(after)["mul"] == ops(after)["add"] == 0
    assert ops(after)["muladd"] == ops(before)["mul"] == 16 * 8
    assert_graph_right(kernel, after)


def test_what_else_uses_a_product_keeps_it() -> None:
    kernel, before, after = graphs(SHARED)
    assert ops(before)["mul"] == ops(after)["mul"] == 16
    assert ops(after)["muladd"] == 0
    assert_graph_right(kernel, after)


@pytest.mark.parametrize(("machine", "fused"), [("takehome", True), ("narrow", False), ("wide", False)])
def test_no_loop_waits_longer_for_its_sum(machine: str, fused: bool) -> None:
    """`narrow` has no multiply_add, and that of `wide` takes longer than an addition."""
    _, before, after = graphs(LOOP, machine, n=16)
    assert ops(before)["mul"] > 0
    assert (ops(after)["muladd"] > ops(before)["muladd"]) == fused
    small = kernel_of(text(MEMORY.format(n=16), f"par i in 0..16 {{\n{LOOP.replace('200000', '20000')}\n}}"))
    graph = optimize(lower(small), MACHINES[machine], 2)
    assert_program_right(small, graph, MACHINES[machine])


def test_outside_of_loops_a_longer_latency_does_not_matter() -> None:
    _, _, after = graphs(HORNER, "wide")
    assert ops(after)["muladd"] > 0
