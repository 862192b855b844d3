"""The interpreter against the scalar reference, its faults, and its speed-ups (lanes in turns, shared values)."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.kernels import kernels
from tests.language.scalar import Fault, Scalar
from vliwc.errors import DataError
from vliwc.language import Kernel, KernelFault, interpret, interpreter, load_kernel, make_image
from vliwc.language.image import STYLES
from vliwc.language.unparse import unparse
from vliwc.source import Source

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.vk"))
ORDERS: dict[str, Callable[[list[int]], list[int]]] = {
    "forwards": lambda values: values,
    "backwards": lambda values: values[::-1],
    "shuffled": lambda values: random.Random(7).sample(values, len(values)),
}


def kernel_of(text: str, **defines: int) -> Kernel:
    return load_kernel(Source("k.vk", text), defines)


def run(text: str, words: list[int], **defines: int) -> list[int]:
    """The image after the kernel has run on `words`."""
    return [int(w) for w in interpret(kernel_of(text, **defines), np.array(words, dtype=np.uint32))]


def fault_of(text: str, words: list[int]) -> KernelFault:
    with pytest.raises(KernelFault) as caught:
        run(text, words)
    assert caught.value.exit_code == 6
    return caught.value


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
@pytest.mark.parametrize("order", ORDERS)
def test_examples_agree_with_the_scalar_reference(path: Path, order: str) -> None:
    kernel = load_kernel(Source(path.name, path.read_text(encoding="utf-8")), {})
    image = make_image(kernel, np.random.default_rng(3), "random")
    expected = Scalar(kernel, image.tolist(), ORDERS[order]).memory
    assert interpret(kernel, image).tolist() == expected


@settings(
    max_examples=120,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(kernels().map(unparse), st.sampled_from(STYLES), st.integers(0, 9), st.sampled_from(sorted(ORDERS)))
def test_random_kernels_agree_with_the_scalar_reference(text: str, style: str, seed: int, order: str) -> None:
    note(text)
    kernel = kernel_of(text)
    image = make_image(kernel, np.random.default_rng(seed), style)
    assert interpret(kernel, image).tolist() == Scalar(kernel, image.tolist(), ORDERS[order]).memory


HAND = """
param n = 5
const t = [3, 1, 4, 1, 5]
memory { a: u32[n] inout; b: u32[n, 3] inout; c: u32[n] in; s: u32[1] inout }
fn gcd(x, y) {
    let p = x
    let q = y
    for k in 0..40 {
        if q != 0 {
            let r = p % q
            p = q
            q = r
        }
    }
    return p
}
kernel hand {
    let total = 0
    for i in 0..n { total += c[i] >> 3 }
    par i in 0..n {
        let x = c[i]
        let y = i
        if x & 1 {
            y = x // 2 + t[x % 5]
            if x & 2 { y ^= 0xFF } else { let z = y; y = z - 1 }
        } else if x > 1000 && 1000000 // (x - 1000) > 4 || x == 0 {
            y = cdiv(x + 7, 5)
        }
        par j in 0..3 {
            b[i, j] = min(y, x) * j + max(i, j) + (j == i ? ~x : -y)
            if j != 0 { b[i, j] <<= j }
        }
        for k in 0..n { y = y * 3 + k; a[i] = gcd(y, c[(k + i) % n] | 1) }
        a[i] -= total
    }
    if total <= a[2] && min(total, c[1]) > 3 || max(c[0], 7) >= c[2] { total = -total }
    s[0] = total && a[2] || !c[1]
}
"""


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 2000)), min_size=26, max_size=26))
def test_hand_kernel_agrees_with_the_scalar_reference(words: list[int]) -> None:
    kernel = kernel_of(HAND)
    try:
        expected = Scalar(kernel, words, ORDERS["backwards"]).memory
    except Fault:
        with pytest.raises(KernelFault):
            run(HAND, words)
        return
    assert run(HAND, words) == expected


@pytest.mark.parametrize("lanes", [1, 2, 7])
def test_iterations_may_run_in_turns(lanes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    words = list(range(100, 126))
    expected = run(HAND, words)
    monkeypatch.setattr(interpreter, "MAX_LANES", lanes)
    assert run(HAND, words) == expected


def test_conflicts_are_found_between_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "MAX_LANES", 2)
    fault_of(
        "memory { a: u32[4] in; b: u32[8] out } kernel k { par i in 0..4 { b[a[i]] = i } }", [0, 1, 2, 1] + [0] * 8
    )


def test_the_image_is_copied() -> None:
    kernel = kernel_of("memory { a: u32[1] inout } kernel k { a[0] = 2 }")
    image = np.array([1], dtype=np.uint32)
    assert interpret(kernel, image).tolist() == [2]
    assert image.tolist() == [1]


def test_an_image_of_another_size_is_refused() -> None:
    kernel = kernel_of("memory { a: u32[2] inout } kernel k { a[0] = 2 }")
    with pytest.raises(DataError, match="2 words"):
        interpret(kernel, np.zeros(3, dtype=np.uint32))


# --- faults

ONE = (
    "memory {{ a: u32[4] inout; b: u32[2, 3] inout }} const t = [1, 2]; "
    "fn f(x) {{ return 1 // (3 - x) }} kernel k {{ {} }}"
)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("a[0] = a[a[1]]", "index 4 is out of range for `a`, which has 0 … 3"),
        ("a[a[1]] = 1", "index 4 is out of range for `a`"),
        ("b[0, a[2]] = 1", "index 3 is out of range for `b`, which has 0 … 2"),
        ("a[0] = t[a[3]]", "index 2 is out of range for the table `t`, which has 0 … 1"),
        ("a[0] = a[1] // a[0]", "division by zero"),
        ("a[0] = a[1] % a[0]", "division by zero"),
        ("a[0] = cdiv(a[1], a[0])", "division by zero"),
        ("par i in 1..4 { a[i] = 7 // (i - 2) }", "division by zero (in iteration i = 2 of the `par` loop at 1:"),
        ("par i in 0..3 step 2 { b[0, i] = t[i % 4] }", "index 2 is out of range for the table `t`"),
        ("par i in 0..4 { if i > 1 { a[i] = f(i) } }", "division by zero (in iteration i = 3 of the `par` loop at 1:"),
        ("par i in 0..2 { if i == 1 { a[0] = a[4 * i] } }", "in iteration i = 1 of"),
    ],
)
def test_faults_name_the_place(statement: str, message: str) -> None:
    text = ONE.format(statement)
    fault = fault_of(text, [0, 4, 3, 2] + [0] * 6)
    assert message in fault.message
    assert fault.message.startswith(f"k.vk:{fault.span}: ")
    assert text.index("fn f") <= fault.span.column <= len(text)
    assert fault.help


@pytest.mark.parametrize(
    "statement",
    [
        "a[0] = a[0] ? 1 // a[0] : 5",
        "a[0] = a[0] != 0 && 1 // a[0] == 1",
        "a[0] = a[0] == 0 || 1 // a[0] == 1",
        "if a[0] { a[0] = 1 // a[0] }",
        "par i in 0..4 { a[i] = a[i] ? 12 // a[i] : 5 }",
        "par i in 0..4 { a[i] = a[i] != 0 && 12 // a[i] == 3 }",
        "par i in 0..4 { a[i] = a[i] == 0 || 12 // a[i] == 3 }",
        "par i in 0..4 { if a[i] { a[i] = 12 // a[i] } else { a[i] = 1 } }",
        "par i in 0..4 { a[i] = a[i] < 2 ? t[a[i]] : 0 }",
    ],
)
def test_what_is_not_taken_does_not_fault(statement: str) -> None:
    words = [0, 4, 3, 2] + [0] * 6
    kernel = kernel_of(ONE.format(statement))
    assert run(ONE.format(statement), words) == Scalar(kernel, words, ORDERS["forwards"]).memory


PAR = "memory {{ a: u32[8] inout; p: u32[8] in; q: u32[8, 2] inout }} kernel k {{ {} }}"


@pytest.mark.parametrize(
    "statement",
    [
        "par i in 0..8 { a[p[i]] = i }",
        "par i in 0..8 { a[i] = a[p[i]] }",
        "par i in 0..8 { let x = a[p[i]]; a[i] = x }",
        "par i in 0..8 { if p[i] == 3 { a[5] = i } }",
        "par i in 0..8 { let x = a[0]; if i == 7 { a[0] = 1 } }",
        "par i in 0..8 { if i == 7 { a[0] = 1 } else { let x = a[0] } }",
        "par i in 0..8 { for j in 0..2 { a[p[i] + j] = 1 } }",
        "par i in 0..4 { par j in 0..2 { q[p[i] % 2, j] = i } }",
        "par i in 0..4 { par j in 0..2 { q[i, p[j] % 2] = j } }",
        "par i in 0..4 { par j in 0..2 { q[i, j] = 1 } par j in 0..2 { q[p[i], j] += 1 } }",
        "par i in 0..4 { a[i] = 1; if i == 3 { let x = a[p[0]] } }",
    ],
)
def test_dependent_iterations_are_found(statement: str) -> None:
    fault = fault_of(PAR.format(statement), [0] * 8 + [1, 3, 3, 2, 1, 0, 4, 5] + [0] * 16)
    assert "two iterations of the `par` loop at 1:" in fault.message


@pytest.mark.parametrize(
    "statement",
    [
        "par i in 0..8 { a[p[i]] = i }",
        "par i in 0..8 { a[p[i]] += a[p[i]] }",
        "par i in 0..8 { let x = p[0] + p[i]; a[i] = x + a[i] }",
        "par i in 0..8 { if i == 7 { a[0] = a[0] + a[1] } }",
        "for r in 0..3 { par i in 0..8 { a[(p[i] + r) % 8] += r } }",
        "par i in 0..8 { for r in 0..3 { q[i, r % 2] += p[(i + r) % 8] } }",
        "par i in 0..8 { par j in 0..2 { q[i, j] += q[i, j] } par j in 0..2 { q[i, 1 - j] += 1 } }",
        "par i in 0..4 { for r in 0..2 { par j in 0..2 { q[2 * i + r, j] = a[0] } } }",
    ],
)
def test_independent_iterations_are_not_disturbed(statement: str) -> None:
    words = list(range(8)) + [1, 3, 0, 2, 7, 6, 4, 5] + [0] * 16
    kernel = kernel_of(PAR.format(statement))
    assert run(PAR.format(statement), words) == Scalar(kernel, words, ORDERS["shuffled"]).memory


def test_conflicts_name_both_iterations() -> None:
    fault = fault_of(PAR.format("par i in 2..8 step 2 { a[p[i]] = i }"), [0] * 8 + [0, 0, 5, 0, 6, 0, 5, 0] + [0] * 16)
    assert "word 5 of `a`" in fault.message
    assert "i = 2 and i = 6" in fault.message or "i = 6 and i = 2" in fault.message


def test_a_word_that_several_iterations_read() -> None:
    fault = fault_of(PAR.format("par i in 0..8 { let x = a[i // 4]; if i == 7 { a[0] = x } }"), [0] * 32)
    assert "i = 7 and another" in fault.message


def test_many_lanes() -> None:
    path = next(p for p in EXAMPLES if p.stem == "tree_walk")
    kernel = load_kernel(Source(path.name, path.read_text(encoding="utf-8")), {"batch": 65536, "rounds": 2})
    image = make_image(kernel, np.random.default_rng(0))
    result = interpret(kernel, image)
    small = load_kernel(Source(path.name, path.read_text(encoding="utf-8")), {"batch": 16, "rounds": 2})
    tree, values = kernel.arrays["tree"], kernel.arrays["values"]
    cut = np.concatenate(
        [small.header, image[tree.base : tree.base + tree.length], np.zeros(16), image[values.base : values.base + 16]]
    ).astype(np.uint32)
    assert interpret(small, cut)[-16:].tolist() == result[values.base : values.base + 16].tolist()
