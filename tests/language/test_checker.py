"""What the checker makes of right kernels, and where it must keep quiet."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vliwc.ir.graph import Mode
from vliwc.language import Kernel, KernelErrors, interpret, load_kernel
from vliwc.language import kernel as k
from vliwc.language.constants import fold
from vliwc.source import Source

ROOT = Path(__file__).parents[2]


def kernel_of(text: str, **defines: int) -> Kernel:
    return load_kernel(Source("k.vk", text), defines)


def body_of(statements: str, top: str = "") -> tuple[k.Stmt, ...]:
    memory = "memory { a: u32[8] inout; b: u32[4, 8] inout; c: u32[8] in; o: u32[8] out }"
    return kernel_of(f"{top}\n{memory}\nkernel k {{\n{statements}\n}}").body


def codes_of(statements: str, top: str = "") -> list[str]:
    with pytest.raises(KernelErrors) as caught:
        body_of(statements, top)
    return [d.code for d in caught.value.diagnostics]


def constant(expression: str, top: str = "") -> int:
    """The value of a constant expression, as a word."""
    (store,) = body_of(f"a[0] = {expression}", top)
    assert isinstance(store, k.Store)
    assert isinstance(store.value, k.Const)
    return store.value.value


def test_layout() -> None:
    kernel = kernel_of(
        "param n = 3\nmemory { header n, &b, 2 ** 32 - 1, -1; a: u32[n] in; b: u32[n, 2] consumed; c: u32[&b] out }\n"
        "assume a[_] < 10 && a[_] >= 2 && sorted(a)\nassume b[_, _] == n\nconst end = &c + 1\n"
        "kernel k { c[0] = end }",
        n=5,
    )
    assert kernel.params == {"n": 5}
    assert kernel.header == (5, 9, 0xFFFF_FFFF, 0xFFFF_FFFF)
    assert [(a.name, a.base, a.shape, a.mode) for a in kernel.arrays.values()] == [
        ("a", 4, (5,), Mode.IN),
        ("b", 9, (5, 2), Mode.CONSUMED),
        ("c", 19, (9,), Mode.OUT),
    ]
    assert [(a.lo, a.hi, a.sorted) for a in kernel.arrays.values()] == [
        (2, 9, True),
        (5, 5, False),
        (0, 2**32 - 1, False),
    ]
    assert kernel.image_words == 28


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("== 7", (7, 7)),
        ("< 7", (0, 6)),
        ("<= 7", (0, 7)),
        ("> 7", (8, 2**32 - 1)),
        (">= 7", (7, 2**32 - 1)),
        ("< 2 ** 40", (0, 2**32 - 1)),
    ],
)
def test_assumed_ranges(relation: str, expected: tuple[int, int]) -> None:
    array = kernel_of(f"memory {{ a: u32[2] inout }}\nassume a[_] {relation}\nkernel k {{ a[0] = 7 }}").arrays["a"]
    assert (array.lo, array.hi) == expected


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 ** 10 - 1", 1023),
        ("-7 // 2 + 10", 6),
        ("-7 % 4", 1),
        ("2 ** 70 >> 60", 1024),
        ("-1", 0xFFFF_FFFF),
        ("~0 & 0xF", 15),
        ("!3 + !0", 1),
        ("cdiv(7, 2) * 10 + min(3, 4) + max(-1, 0)", 43),
        ("1 < 2 && 3 || 0", 1),
        ("0 && 1 // 0", 0),
        ("2 || 1 // 0", 1),
        ("1 ? 4 : 1 // 0", 4),
        ("0 ** 0 + (-1) ** 3 + (-1) ** 2 + 1 ** 100000 + 0 ** 5", 2),
        ("t[1] + t[n]", 7),
        ("&a * 100 + &b", 8),
        ("(1 == 1) != 0", 1),
        ("2 <= 4 ^ 7", 1),
    ],
)
def test_constants(expression: str, value: int) -> None:
    assert constant(expression, "param n = 2\nconst t = [1, 2, 5]\n") == value


@given(st.sampled_from(["+", "-", "*", "&", "|", "^", "<", "<=", ">", ">=", "==", "!="]), st.integers(), st.integers())
def test_folding_is_that_of_python(op: str, a: int, b: int) -> None:
    assert fold(op, (a, b)) == int(eval(f"a {op} b", {"a": a, "b": b}))


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30).filter(bool))
def test_folding_of_divisions(a: int, b: int) -> None:
    assert fold("//", (a, b)) * b + fold("%", (a, b)) == a
    assert fold("cdiv", (a, b)) == fold("//", (a, b)) + (fold("%", (a, b)) != 0)


def test_static_statements_are_expanded() -> None:
    body = body_of("static for i in 8..0 - 2 step 3 { a[0] = 1 }\nstatic for i in -2..3 step 2 { a[i + 2] = i }")
    stores = [s for s in body if isinstance(s, k.Store)]
    assert len(stores) == len(body) == 3
    assert [s.indices[0].value for s in stores if isinstance(s.indices[0], k.Const)] == [0, 2, 4]
    (store,) = body_of(
        "static if n > 2 { a[0] = 1 } else static if n > 1 { a[1] = 1 } else { a[2] = 1 }", "param n = 2"
    )
    assert isinstance(store, k.Store)
    assert store.indices == (k.Const(1, store.indices[0].span),)


def test_loops_without_an_iteration_are_dropped_but_checked() -> None:
    assert body_of("for i in 3..3 { a[i] = 1 }\npar i in 9..2 { a[100] = 1 }") == ()
    assert codes_of("for i in 3..3 { a[i] = nothing }") == ["VK0101"]


def test_names_are_checked_where_nothing_is_executed() -> None:
    assert codes_of("static if 0 { let x = y }") == ["VK0101"]
    assert codes_of("let x = 1 ? 2 : z") == ["VK0101"]
    assert codes_of("let x = 0 && nofunction(3)") == ["VK0101"]
    body_of("static if 0 { let x = 1; for i in 0..x { a[i] = max(x, 100 // 0) } }")


def test_local_ids_are_unique_and_scopes_end() -> None:
    body = body_of(
        "if c[0] { let x = 1 } else { let x = 2 }\nfor i in 0..2 { let x = i }\nlet x = 3\nfor i in 0..2 { a[i] = x }"
    )
    seen: list[int] = []

    def collect(statements: tuple[k.Stmt, ...]) -> None:
        for s in statements:
            if isinstance(s, k.Assign):
                seen.append(s.target)
            elif isinstance(s, k.If):
                collect(s.then + s.orelse)
            elif isinstance(s, k.For):
                seen.append(s.var)
                collect(s.body)

    collect(body)
    assert len(seen) == len(set(seen)) == 6


def test_functions_may_be_declared_later_and_use_names_of_arrays() -> None:
    functions = "fn f(x, y) { y += g(x); return y + &x }\nfn g(x) { return x * 3 }"
    text = f"memory {{ x: u32[1] inout }}\nkernel k {{ x[0] = f(x[0], 2) }}\n{functions}"
    assert interpret(kernel_of(text), np.array([5], dtype=np.uint32)).tolist() == [17]


def test_a_param_given_from_outside_needs_no_right_default() -> None:
    assert kernel_of("param n = 1 // 0\nmemory { a: u32[n] inout } kernel k { a[0] = 1 }", n=3).params == {"n": 3}


@pytest.mark.parametrize("value", [-1, 0, 2**29, 2**5000])
def test_values_from_outside_are_checked(value: int) -> None:
    with pytest.raises(KernelErrors):
        kernel_of("param n = 4\nmemory { a: u32[n] inout } kernel k { a[0] = 1 }", n=value)


def test_a_broken_declaration_is_reported_once() -> None:
    assert codes_of("let x = n + m\nlet y = x + n\na[m] = y", "param n = 1 // 0\nconst m = n + 1") == ["VK0202"]
    assert codes_of("let x = f(1) + f(2)", "fn f(x) { return zzz }") == ["VK0101"]


def test_errors_stop_at_a_hundred() -> None:
    assert len(codes_of("\n".join(f"let x{i} = y{i}" for i in range(500)))) == 100


@pytest.mark.parametrize(
    "statements",
    [
        "par i in 0..8 { a[i] = c[7 - i] }",
        "par i in 0..8 { a[i] = a[i] + c[0] }",
        "par i in 0..4 { a[2 * i] = a[2 * i + 1] }",
        "par i in 0..4 { a[i] = a[i + 4] }",
        "par i in 0..8 { if c[i] { a[0] = i } }",
        "par i in 0..8 { a[c[i]] = i }",
        "par i in 0..8 { let j = c[i]; a[j] = i }",
        "par i in 3..4 { a[0] = i }",
        "par i in 0..4 { for j in 0..8 { b[i, j] = b[i, 7 - j] } }",
        "par i in 0..4 { par j in 0..8 { b[i, j] = c[j] } }",
        "for i in 0..8 { a[0] = i }",
        "for r in 0..4 { par i in 0..8 { b[r, i] = b[(r + 1) % 4, i] } }",
        "for r in 0..4 { par i in 0..8 { b[r, i] = r } }",
        "let x = c[0]\npar i in 0..8 { b[x, i] = b[x, i] + 1 }",
        "let x = c[0]\nlet y = c[1]\npar i in 0..8 { b[x, i] = b[y, 0] }",
        "let x = 0\nx = c[0]\npar i in 0..2 { b[x + i, 0] = 1 }",
        "par i in 0..8 { o[i] = i < 7 ? c[i + 1] : 0 }",
        "par i in 0..8 { let x = c[i] < 8 && a[c[i]]; o[i] = x }",
    ],
)
def test_what_may_be_right_is_accepted(statements: str) -> None:
    body_of(statements)


@pytest.mark.parametrize(
    "statements",
    [
        "par i in 0..8 { a[i // 8] = 1; a[0] = 2 }",
        "par i in 0..8 step 4 { a[5] = 2 }",
        "par i in 0..2 { for j in 0..4 { a[i + j] = 1 } }",
        "par i in 0..4 { a[2 * i] = a[4] }",
        "par i in 0..4 { a[i << 1] = a[6 - 2 * i] }",
        "par i in 0..8 { a[7 - i] = a[i] }",
        "for r in 0..4 { par i in 0..7 { b[r, i] = b[r, i + 1] } }",
        "par i in 0..4 { par j in 0..8 { b[i, 0] = j } }",
        "par i in 0..4 { par j in 0..8 { b[0, j] = i } }",
        "par i in 0..3 { b[i, 0] = b[i + 1, 0] }",
        "let x = c[0]\npar i in 0..2 { b[x, 3] = 1 }",
        "let x = c[0]\npar i in 0..2 { let y = x + 1; a[y + i] = a[x + i] }",
        "if c[0] { par i in 0..2 { a[0] = i } }",
        "par i in 0..8 { if c[i] { par j in 0..2 { a[i] = j } } }",
        "par i in 0..8 { a[0] += c[i] }",
    ],
)
def test_certain_conflicts_are_rejected(statements: str) -> None:
    assert set(codes_of(statements)) == {"VK0702"}


@pytest.mark.parametrize(
    ("statements", "wrong"),
    [
        ("for i in 0..8 { a[i] = c[i + 1] }", True),
        ("for i in 0..7 { a[i] = c[i + 1] }", False),
        ("for i in 0..9 step 8 { a[i] = 1 }", True),
        ("for i in 0..8 step 7 { a[i] = 1 }", False),
        ("for i in 0..8 { if i < 4 { a[i + 4] = 1 } }", False),
        ("for i in 0..8 { if i < 4 { a[i + 8] = 1 } }", True),
        ("for i in 0..8 { a[7 - i] = c[i] }", False),
        ("for i in 0..8 { a[6 - i] = c[i] }", True),
        ("for i in 0..4 { for j in 0..4 { a[i + j] = 1 } }", False),
        ("for i in 0..5 { for j in 0..5 { a[i + j] = 1 } }", True),
        ("for i in 0..4 { let k = 2 * i; a[k] = 1 }", False),
        ("for i in 0..4 { let k = 3 * i; a[k] = 1 }", True),
        ("for i in 0..4 { let k = 3 * i; k = 0; a[k] = 1 }", False),
        ("for i in 0..4 { a[i - 4 + 4] = 1; a[i * 2 - i - i + 7] = 1 }", False),
        ("for i in 0..8 { a[-i + 7] = 1; a[-(i - 7)] = 1 }", False),
        ("for i in 0..8 { a[-i + 8] = 1 }", True),
        ("for i in 0..8 { a[-(c[i] & 0)] = 1 }", False),
        ("for i in 0..4 { a[i << 1] = 1 }", False),
        ("for i in 0..5 { a[i << 1] = 1 }", True),
        ("for i in 0..8 { a[1 << i & 7] = 1; a[(i << 40) + i] = 1; a[i * i % 8] = 1 }", False),
        ("if c[0] { a[8] = 1 }", True),
        ("let x = c[0] ? a[-1] : 0", True),
        ("for i in 0..2 { let x = t[i] + t[2 - i] }", True),
    ],
)
def test_affine_indices_are_bounded(statements: str, wrong: bool) -> None:
    if wrong:
        assert set(codes_of(statements, "const t = [1, 2]")) == {"VK0402"}
    else:
        body_of(statements, "const t = [1, 2]")


@pytest.mark.parametrize(
    "statements",
    [
        "a[0] = " + "(" * 195 + "c[0]" + ")" * 195,
        "a[0] = " + "-" * 190 + "c[0]",
        "a[0] = " + "c[0] + " * 190 + "1",
        "a[0] = " + "c[0] ? 1 : " * 190 + "1",
        "a[0] = " + "a[c[" * 95 + "0" + "]]" * 95,
        "a[0] = " + "max(1, " * 190 + "0" + ")" * 190,
        "a[0] = " + "c[0] && (" * 95 + "1" + ")" * 95,
        "if c[0] { " * 90 + "a[0] = 1" + " }" * 90,
        "if c[0] { } else " * 90 + "{ a[0] = 1 }",
        "".join(f"for i{n} in 0..1 {{ " for n in range(16)) + "a[0] = 1" + " }" * 16,
        "".join(f"par i{n} in 0..1 {{ " for n in range(16)) + "a[0] = 1" + " }" * 16,
        "a[0] = f60(1)",
    ],
)
def test_what_is_nested_deeply_but_not_too_deeply_works(statements: str) -> None:
    functions = "fn f0(x) { return x }\n" + "".join(f"fn f{n}(x) {{ return f{n - 1}(x) + 1 }}\n" for n in range(1, 61))
    memory = "memory { a: u32[1] inout; c: u32[1] in }"
    kernel = kernel_of(f"{functions}\n{memory}\nkernel k {{ {statements} }}")
    interpret(kernel, np.array([0, 0], dtype=np.uint32))


def test_large_loops_are_checked_fast() -> None:
    text = "param n = 2 ** 26\nmemory { a: u32[n] inout; b: u32[n] inout }\nkernel k { par i in 0..n { a[i] = b[i] } }"
    kernel_of(text)
    with pytest.raises(KernelErrors):
        kernel_of(text.replace("a[i] = b[i]", "for j in 0..2 ** 20 { a[i] = b[j]; a[j] = 1 }"))


def test_the_grammar_in_the_documentation_has_every_keyword() -> None:
    grammar = (ROOT / "vliwc" / "language" / "grammar.lark").read_text(encoding="utf-8")
    document = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    ebnf = document[document.index("```ebnf") :]
    for literal in set(re.findall(r'"([^"\n]+)"', re.sub(r"^//.*", "", grammar, flags=re.MULTILINE))):
        assert f'"{literal}"' in ebnf, literal


def test_the_examples_in_the_documentation_are_right() -> None:
    document = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    complete = [t for t in re.findall(r"```vk\n(.*?)```", document, re.DOTALL) if "kernel " in t and "memory {" in t]
    assert complete
    for text in complete:
        kernel_of(text)
