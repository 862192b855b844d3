"""The parser: trees, spans, precedence, kinds of line ends, recovery."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from vliwc.language import KernelErrors, parse, syntax
from vliwc.language.tokens import MAX_NESTING
from vliwc.source import Source, Span

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.vk"))


def file_of(text: str) -> syntax.File:
    return parse(Source("k.vk", text))


def statements(text: str) -> tuple[syntax.Stmt, ...]:
    (kernel,) = file_of(f"kernel k {{\n{text}\n}}").declarations
    assert isinstance(kernel, syntax.Kernel)
    return kernel.body.statements


def errors(text: str) -> list[tuple[str, int, int]]:
    with pytest.raises(KernelErrors) as caught:
        file_of(text)
    return [(d.code, d.span.line, d.span.column) for d in caught.value.diagnostics]


def shape(node: syntax.Node) -> str:
    """An expression with all its parentheses."""
    match node:
        case syntax.Number(value=value):
            return str(value)
        case syntax.Name(name=name):
            return name
        case syntax.Address(name=name):
            return f"&{name.text}"
        case syntax.Unary(op=op, a=a):
            return f"({op}{shape(a)})"
        case syntax.Binary(op=op, a=a, b=b):
            return f"({shape(a)} {op} {shape(b)})"
        case syntax.Conditional(cond=c, a=a, b=b):
            return f"({shape(c)} ? {shape(a)} : {shape(b)})"
        case syntax.Index(name=name, indices=items):
            return f"{name.text}[{', '.join(map(shape, items))}]"
        case syntax.Call(name=name, args=items):
            return f"{name.text}({', '.join(map(shape, items))})"
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a // b % c * d", "(((a // b) % c) * d)"),
        ("a << b + c", "(a << (b + c))"),
        ("a << b >> c", "((a << b) >> c)"),
        ("a & b << c", "(a & (b << c))"),
        ("a ^ b & c", "(a ^ (b & c))"),
        ("a | b ^ c", "(a | (b ^ c))"),
        ("a & b == c", "((a & b) == c)"),
        ("a < b && c >= d", "((a < b) && (c >= d))"),
        ("a || b && c", "(a || (b && c))"),
        ("a || b ? c : d ? e : f", "((a || b) ? c : (d ? e : f))"),
        ("a ? b ? c : d : e", "(a ? (b ? c : d) : e)"),
        ("-a ** b", "(-(a ** b))"),
        ("a ** b ** c", "(a ** (b ** c))"),
        ("a ** -b", "(a ** (-b))"),
        ("~-!a", "(~(-(!a)))"),
        ("!a == b", "((!a) == b)"),
        ("-a * b", "((-a) * b)"),
        ("a & &b", "(a & &b)"),
        ("a&&&b", "(a && &b)"),
        ("(a < b) < c", "((a < b) < c)"),
        ("f() + g(a, b[c, d])", "(f() + g(a, b[c, d]))"),
        ("a\n  + b", "(a + b)"),
        ("0x_FF + 0b1_0 + 1_000", "((255 + 2) + 1000)"),
    ],
)
def test_precedence(text: str, expected: str) -> None:
    (let,) = statements(f"let x = {text}")
    assert isinstance(let, syntax.Let)
    assert shape(let.value) == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_children_lie_within_their_parents(path: Path) -> None:
    file = parse(Source(path.name, path.read_text(encoding="utf-8")))
    for node, _ in syntax.walk(file):
        start, end = (node.span.line, node.span.column), (node.span.end_line, node.span.end_column)
        assert start < end
        for child in syntax.children(node):
            assert start <= (child.span.line, child.span.column)
            assert (child.span.end_line, child.span.end_column) <= end


def test_spans_are_those_of_the_text() -> None:
    (store,) = statements("a[i + 1] = (b * (2))")
    assert isinstance(store, syntax.Assign)
    assert store.span == Span(2, 1, 2, 21)
    assert store.target.span == Span(2, 1, 2, 9)
    assert store.value.span == Span(2, 12, 2, 21)


def test_walk_reaches_everything() -> None:
    file = file_of("param n = 1\nmemory { header n; a: u32[n] in }\nassume a[_] < n && sorted(a)")
    kinds = {type(node).__name__ for node, _ in syntax.walk(file)}
    assert kinds >= {"File", "Param", "Memory", "Array", "Assume", "Bound", "Property", "Name", "Number", "Ident"}


def plain(node: object) -> object:
    """A tree without its spans."""
    if isinstance(node, tuple):
        return tuple(plain(n) for n in node)
    if isinstance(node, syntax.Node):
        return (type(node).__name__, *(plain(getattr(node, f.name)) for f in fields(node) if f.name != "span"))
    return node


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n", " \t\n"])
def test_line_ends_and_byte_order_marks_do_not_matter(end: str) -> None:
    text = "# hello\nparam n = 1\nkernel k {\n\tlet x = n # one\n\tx = 3\n}\n"
    assert plain(file_of("\ufeff" + text.replace("\n", end))) == plain(file_of(text))


def test_places_agree_with_the_source_for_all_line_ends() -> None:
    text = "\ufeffparam a = $\r\nparam b = 1\rparam c = $\x0bparam d = $\u2028# comment\nparam e = $"
    source = Source("k.vk", text)
    with pytest.raises(KernelErrors) as caught:
        parse(source)
    places = [d.span for d in caught.value.diagnostics if d.code == "VK0001"]
    assert [s.line for s in places] == [1, 3, 4, 6]
    assert all(source.line(s.line)[s.column - 1] == "$" for s in places)


def test_separators() -> None:
    for text in ("let x = 1; let y = 2", "let x = 1;; let y = 2;", "let x = 1\nlet y = 2", "if 1 {} let y = 2"):
        assert len(statements(text)) == 2
    for separator in (";", ",", "\n"):
        memory = f"memory {{ header 1, 2; a: u32[1] in{separator} b: u32[2] out{separator} }}"
        (node,) = file_of(memory).declarations
        assert isinstance(node, syntax.Memory)
        assert (len(node.header), len(node.arrays)) == (2, 2)


def test_contextual_words_are_names_elsewhere() -> None:
    file_of("memory { out: u32[1] out, step: u32[1] inout }\nkernel sorted_ { let inout = step[0]; let u32 = 1 }")


def test_else_if_is_a_block_of_one() -> None:
    (node,) = statements("if a { x = 1 } else if b { x = 2 } else { x = 3 }")
    assert isinstance(node, syntax.If)
    assert node.orelse is not None
    (inner,) = node.orelse.statements
    assert isinstance(inner, syntax.If)
    assert inner.orelse is not None


def test_several_errors_are_found_in_one_run() -> None:
    text = (
        "param = 1\nparam b = 2\nkernel k {\n  let = 3\n  x = 1\n  for in 0..3 {\n    y = \n  }\n  z = ]\n}\nfn f( {}\n"
    )
    assert [line for _, line, _ in errors(text)] == [1, 4, 6, 9, 11]


def test_one_line_gives_one_error() -> None:
    assert len(errors("kernel k {\n  let = = ) 3 3 $\n}")) == 1


def test_an_error_in_a_loop_head_does_not_spoil_what_follows() -> None:
    assert errors("kernel k {\n  for i in 0.. {\n    a = 1\n  }\n  b = 2\n}") == [("VK0002", 2, 16)]


def test_the_number_of_errors_is_limited() -> None:
    assert len(errors("kernel k {\n" + "let = 1\n" * 1000 + "}")) == 20


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kernel k { x = " + "(" * 100_000 + "1" + ")" * 100_000 + " }", "VK0004"),
        ("kernel k { x = " + "[" * 100_000 + " }", "VK0004"),
        ("kernel k " + "{" * 100_000, "VK0004"),
        ("kernel k { x = " + "-" * 5_000 + "1 }", "VK0004"),
        ("kernel k { x = " + "1 + " * 5_000 + "1 }", "VK0004"),
        ("kernel k { x = " + "a ? b : " * 5_000 + "1 }", "VK0004"),
        ("kernel k { x = " + "2 ** " * 5_000 + "1 }", "VK0004"),
        ("kernel k { " + "if a { } else " * 5_000 + " { } }", "VK0004"),
        ("kernel k { x = " + "9" * 100_000 + " }", "VK0204"),
        ("kernel k { x = 0x" + "f" * 100_000 + " }", "VK0204"),
        (")" * 1000, "VK0005"),
    ],
)
def test_extreme_texts_have_a_clear_error(text: str, code: str) -> None:
    assert errors(text)[0][0] == code


def test_nesting_up_to_the_limit_is_fine() -> None:
    depth = MAX_NESTING - 10
    statements("x = " + "(" * depth + "1" + ")" * depth)
    statements("x = " + "-" * (depth - 10) + "1")
