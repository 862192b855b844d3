"""From lark's parse tree to the syntax tree.

All tokens are kept in the parse tree, so that every node's span runs from its first token to its last.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lark import Token
from lark.visitors import Transformer_InPlace

from vliwc.language import syntax
from vliwc.language.diagnostics import Diagnostic
from vliwc.language.tokens import span_of
from vliwc.source import Span

if TYPE_CHECKING:
    from lark import Tree

Parts = list[Any]
"""What a rule matched: tokens and the nodes of other rules, in order."""

MAX_DIGITS = 1500
"""Longer literals are refused before they are read: constants have at most 4,096 bits."""


def build(tree: Tree[Token], problems: list[Diagnostic]) -> syntax.File:
    """The syntax tree of a parse tree. Malformed numbers, chained comparisons and crowded lines are reported."""
    result: Any = _Builder(problems).transform(tree)
    assert isinstance(result, syntax.File)
    return result


def _place(part: Any) -> Span:
    span: Span = span_of(part) if isinstance(part, Token) else part.span
    return span


def _span(parts: Parts) -> Span:
    first, last = _place(parts[0]), _place(parts[-1])
    return Span(first.line, first.column, last.end_line, last.end_column)


def _nodes(parts: Parts) -> tuple[Any, ...]:
    return tuple(p for p in parts if not isinstance(p, Token))


def _ident(token: Token) -> syntax.Ident:
    return syntax.Ident(str(token), span_of(token))


def _idents(parts: Parts) -> list[syntax.Ident]:
    return [_ident(p) for p in parts if isinstance(p, Token) and p.type == "NAME"]


class _Builder(Transformer_InPlace[Token, Any]):
    """One method a grammar rule; each gets the parts that the rule matched."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        super().__init__()
        self._problems = problems

    def _report(self, code: str, message: str, span: Span, label: str = "", help: str = "") -> None:  # noqa: A002
        self._problems.append(Diagnostic(code, message, span, label, help))

    # --- expressions

    def number(self, parts: Parts) -> syntax.Number:
        text, span = str(parts[0]), span_of(parts[0])
        digits = text.replace("_", "")
        if len(digits) > MAX_DIGITS:
            self._report("VK0204", f"a literal of {len(digits):,} digits", span)
            return syntax.Number(0, span)
        base = {"0x": 16, "0b": 2}.get(digits[:2].lower(), 10)
        try:
            return syntax.Number(int(digits[2:] if base != 10 else digits, base), span)
        except ValueError:
            what = "numbers have no fractions" if "." in text else f"not a number in base {base}"
            self._report("VK0003", f"`{text[:40]}` is not a number", span, what)
            return syntax.Number(0, span)

    def name(self, parts: Parts) -> syntax.Name:
        return syntax.Name(str(parts[0]), span_of(parts[0]))

    def address(self, parts: Parts) -> syntax.Address:
        return syntax.Address(_ident(parts[1]), _span(parts))

    def negated(self, parts: Parts) -> syntax.Unary:
        return syntax.Unary(str(parts[0]), parts[1], _span(parts))

    def binary(self, parts: Parts) -> syntax.Binary:
        a, op, b = parts
        return syntax.Binary(str(op), a, b, _span(parts))

    def comparison(self, parts: Parts) -> syntax.Binary:
        if len(parts) > 3:
            self._report("VK0006", "comparisons do not chain", _span(parts), "means nothing")
        return self.binary(parts[:3])

    def conditional(self, parts: Parts) -> syntax.Conditional:
        cond, _, a, _, b = parts
        return syntax.Conditional(cond, a, b, _span(parts))

    def parenthesised(self, parts: Parts) -> Any:
        return replace(parts[1], span=_span(parts))

    def index(self, parts: Parts) -> syntax.Index:
        return syntax.Index(_ident(parts[0]), _nodes(parts), _span(parts))

    def call(self, parts: Parts) -> syntax.Call:
        return syntax.Call(_ident(parts[0]), _nodes(parts), _span(parts))

    # --- statements

    def block(self, parts: Parts) -> syntax.Block:
        self._crowded(parts)
        return syntax.Block(_nodes(parts), _span(parts))

    def _crowded(self, parts: Parts) -> None:
        """Reports neighbours on one line without a `;`, unless the first of them ends with a brace."""
        for a, b in pairwise(parts):
            if isinstance(a, Token) or isinstance(b, Token) or a.span.end_line != b.span.line:
                continue
            if not isinstance(a, syntax.If | syntax.Loop | syntax.Memory | syntax.Function | syntax.Kernel):
                here = Span(b.span.line, b.span.column, b.span.line, b.span.column + 1)
                self._report("VK0007", "two statements on one line without a `;` between them", here, "begins here")

    def let(self, parts: Parts) -> syntax.Let:
        return syntax.Let(_ident(parts[1]), parts[3], _span(parts))

    def assign(self, parts: Parts) -> syntax.Assign:
        target, op, value = parts
        return syntax.Assign(target, str(op)[:-1], value, _span(parts))

    def branch(self, parts: Parts, static: bool = False) -> syntax.If:
        first = 2 if static else 1
        cond, then = parts[first : first + 2]
        orelse = parts[-1] if len(parts) > first + 2 else None
        if isinstance(orelse, syntax.If):
            orelse = syntax.Block((orelse,), orelse.span)
        return syntax.If(cond, then, orelse, static, _span(parts))

    def static_if(self, parts: Parts) -> syntax.If:
        return self.branch(parts, static=True)

    def loop(self, parts: Parts) -> syntax.Loop:
        span, static = _span(parts), parts[0] == "static"
        if static:
            parts = parts[1:]
        kind, name, _, lo, _, hi, *step, body = parts
        if step and step[0] != "step":
            self._report("VK0002", f"expected `step` or `{{`, found `{step[0]}`", span_of(step[0]))
        kind = "static for" if static else str(kind)
        return syntax.Loop(kind, _ident(name), lo, hi, step[1] if step else None, body, span)

    def give(self, parts: Parts) -> syntax.Return:
        return syntax.Return(parts[1], _span(parts))

    # --- declarations

    def param(self, parts: Parts) -> syntax.Param:
        return syntax.Param(_ident(parts[1]), parts[3], _span(parts))

    def const(self, parts: Parts) -> syntax.Const:
        return syntax.Const(_ident(parts[1]), parts[3], _span(parts))

    def table(self, parts: Parts) -> syntax.Table:
        return syntax.Table(_nodes(parts), _span(parts))

    def header(self, parts: Parts) -> Parts:
        return list(_nodes(parts))

    def array(self, parts: Parts) -> syntax.Array:
        name, _, element = parts[:3]
        return syntax.Array(_ident(name), _ident(element), _nodes(parts), _ident(parts[-1]), _span(parts))

    def memory(self, parts: Parts) -> syntax.Memory:
        header = next((p for p in parts if isinstance(p, list)), [])
        arrays = tuple(p for p in parts if isinstance(p, syntax.Array))
        return syntax.Memory(tuple(header), arrays, _span(parts))

    def bound(self, parts: Parts) -> syntax.Bound:
        blanks = sum(isinstance(p, Token) and p.type == "UNDERSCORE" for p in parts)
        return syntax.Bound(_ident(parts[0]), blanks, str(parts[-2]), parts[-1], _span(parts))

    def property(self, parts: Parts) -> syntax.Property:
        return syntax.Property(_ident(parts[0]), _ident(parts[2]), _span(parts))

    def assume(self, parts: Parts) -> syntax.Assume:
        return syntax.Assume(_nodes(parts), _span(parts))

    def function(self, parts: Parts) -> syntax.Function:
        name, *params = _idents(parts)
        return syntax.Function(name, tuple(params), parts[-1], _span(parts))

    def kernel(self, parts: Parts) -> syntax.Kernel:
        return syntax.Kernel(_ident(parts[1]), parts[2], _span(parts))

    def start(self, parts: Parts) -> syntax.File:
        self._crowded(parts)
        return syntax.File(_nodes(parts), _span(parts) if parts else Span(1, 1, 1, 1))
