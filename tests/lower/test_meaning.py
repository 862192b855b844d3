"""Lowering keeps the meaning: the graph computes what the interpreter says, on kernels with every construct."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels import kernels
from vliwc.ir.evaluator import EvaluationFault, evaluate
from vliwc.ir.ops import MASK
from vliwc.ir.parser import parse_graph
from vliwc.ir.printer import print_graph
from vliwc.ir.verifier import verify
from vliwc.language import KernelFault, interpret, load_kernel, make_image
from vliwc.language.unparse import unparse
from vliwc.lower import lower
from vliwc.source import Source

MEMORY = """\
param n = 12
const squares = [0, 1, 4, 9, 16, 25, 36, 49]
memory {
    header n, &a, &m
    a: u32[n] in
    m: u32[3, 4] inout
    c: u32[2, 3, 4] consumed
    r: u32[n] inout
}
fn step(x, k) {
    let y = x
    for i in 0..3 {
        if y % 2 == 0 { y = y // 2 } else { y = 3 * y + k }
    }
    return y
}
fn safe(x, d) {
    let q = 0
    if d != 0 { q = cdiv(x, d) }
    return q
}
"""

BODIES = {
    "operators": """
        par i in 0..n {
            let x = a[i]
            let y = r[i]
            let z = (x + y) ^ (x - y) ^ (x * y) ^ (x & y) ^ (x | y) ^ (x << y % 40) ^ (x >> (y & 63))
            z = z ^ x // (y | 1) ^ x % (y | 1) ^ cdiv(x, y | 1) ^ min(x, y) ^ max(x, y) ^ -x ^ ~y
            z = z * 256 + (x < y) + 2 * (x <= y) + 4 * (x > y) + 8 * (x >= y) + 16 * (x == y) + 32 * (x != y) + 64 * !x
            r[i] = z + 128 * (x && y) + 256 * (x % 2 || y % 2)
        }""",
    "carried values": """
        let s = 1
        let p = 2
        for i in 0..n { let t = s; s = p + a[i]; p = t * 3 }
        r[0] = s
        r[1] = p""",
    "loops with steps": """
        let s = 0
        for i in 1..n step 5 { for j in 2..3 { s = s * 7 + i + j } }
        r[0] = s""",
    "memory through for": """
        for i in 1..n { r[i] = r[i] + r[i - 1] }""",
    "par in for in par": """
        par i in 0..3 {
            for k in 0..5 {
                par j in 0..4 { m[i, j] = m[i, j] * 3 + c[k % 2, i, j] + k }
            }
        }""",
    "lookup": """
        par i in 0..n { r[i] = squares[a[i] % 8] + (r[i] < 8 ? squares[r[i]] : 5) }""",
    "lazy divisions": """
        par i in 0..n {
            let d = r[i] % 3
            r[i] = (d ? a[i] // d : 7) + (d != 0 && a[i] % d == 1) + (d == 0 || cdiv(a[i], d) > 9)
        }""",
    "lazy indices": """
        par i in 0..n {
            r[i] = (i > 0 ? a[i - 1] : 3) + (i + 1 < n && a[i + 1]) + (i < 8 ? squares[i] : 0)
        }""",
    "nested choices": """
        par i in 0..n {
            let d = r[i] % 4
            r[i] = d == 0 ? 1 : d == 1 ? a[i] // d : d - 1 ? a[i] // (d - 1) : a[i] % (2 * d)
        }""",
    "if, else if, else": """
        par i in 0..n {
            let x = a[i]
            let kind = 9
            if x % 4 == 0 { kind = 0; r[i] = x }
            else if x % 4 == 1 { kind = 1 }
            else if x % 4 == 2 { kind = squares[x % 8]; r[i] = kind } else { r[i] = x // (x % 4) }
            r[i] = r[i] ^ kind
        }""",
    "stores that are not made": """
        par i in 0..n { if i > 3 && i < 9 { r[i - 1] = a[i - 1] } }""",
    "loops under a condition": """
        for i in 0..n {
            let d = a[i] % 3
            if d {
                let s = 0
                for k in 0..4 { s = s + (k ? r[i] // d : a[i]); if k % 2 { r[i] = s } }
                r[i] = s + d
            }
        }""",
    "par under a condition": """
        for i in 0..n {
            if a[i] % 2 { par j in 0..4 { if j < 2 { m[1, j] = m[1, j] + a[i] } } }
        }""",
    "functions": """
        par i in 0..n {
            r[i] = step(a[i], step(i, 1)) + safe(a[i], r[i] % 3) + (i ? step(r[i] // i, 5) : safe(1, 0))
        }""",
}


def agree(kernel, image) -> None:
    graph = lower_and_verify(kernel)
    assert evaluate(graph, image).tolist() == interpret(kernel, image).tolist()


def lower_and_verify(kernel):
    graph = lower(kernel)
    verify(graph)
    return graph


@pytest.mark.parametrize("style", ["random", "zeros", "ones", "edges", "small"])
@pytest.mark.parametrize("name", BODIES)
def test_agrees_with_the_interpreter(name, style):
    kernel = load_kernel(Source(f"{name}.vk", f"{MEMORY}kernel test {{{BODIES[name]}\n}}\n"))
    agree(kernel, make_image(kernel, np.random.default_rng(7), style))


@settings(max_examples=120, deadline=None)
@given(kernels(), st.integers(0, MASK), st.sampled_from(["random", "edges", "small", "zeros"]))
def test_agrees_on_random_kernels(file, seed, style):
    kernel = load_kernel(Source("random.vk", unparse(file)))
    agree(kernel, make_image(kernel, np.random.default_rng(seed), style))


@settings(max_examples=40, deadline=None)
@given(kernels())
def test_random_kernels_keep_their_meaning_as_text(file):
    kernel = load_kernel(Source("random.vk", unparse(file)))
    image = make_image(kernel, np.random.default_rng(1), "edges")
    graph = lower_and_verify(kernel)
    assert np.array_equal(evaluate(parse_graph(print_graph(graph)), image), evaluate(graph, image))


@pytest.mark.parametrize(
    "body",
    ["r[0] = 1 // a[0]", "if 1 - a[0] { r[0] = 1 % a[0] }", "r[0] = r[a[0] + n]", "if !a[0] { r[n + a[0]] = 1 }"],
)
def test_faults_that_the_source_evaluates_remain(body):
    kernel = load_kernel(Source("fault.vk", f"{MEMORY}kernel test {{\n{body}\n}}\n"))
    image = make_image(kernel, np.random.default_rng(7), "zeros")
    with pytest.raises(KernelFault):
        interpret(kernel, image)
    with pytest.raises(EvaluationFault) as fault:
        evaluate(lower_and_verify(kernel), image)
    assert fault.value.span.line == MEMORY.count("\n") + 2
