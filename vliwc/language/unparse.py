"""From syntax tree to text, with no more parentheses than needed: the inverse of the parser, up to spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vliwc.language import syntax

_CONDITIONAL, _COMPARISON, _UNARY, _POWER, _ATOM = 0, 3, 10, 11, 12
_LEVEL = {"||": 1, "&&": 2, "|": 4, "^": 5, "&": 6, "**": _POWER}
_LEVEL |= dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _COMPARISON)
_LEVEL |= dict.fromkeys(("<<", ">>"), 7) | dict.fromkeys(("+", "-"), 8) | dict.fromkeys(("*", "//", "%"), 9)


def unparse(file: syntax.File) -> str:
    """The text of a whole file, one declaration or statement a line."""
    return "\n".join(line for declaration in file.declarations for line in _declaration(declaration)) + "\n"


def with_parameters(file: syntax.File, values: Mapping[str, int]) -> syntax.File:
    """A file whose parameters have other values, as `-D` gives them."""
    declarations = (
        replace(d, value=syntax.Number(values[d.name.text], d.span))
        if isinstance(d, syntax.Param) and d.name.text in values
        else d
        for d in file.declarations
    )
    return replace(file, declarations=tuple(declarations))


def _declaration(node: syntax.Declaration) -> list[str]:
    match node:
        case syntax.Param():
            return [f"param {node.name.text} = {expression(node.value)}"]
        case syntax.Const():
            return [_const(node)]
        case syntax.Memory():
            header = ["    header " + _list(node.header)] if node.header else []
            arrays = [f"    {a.name.text}: {a.type.text}[{_list(a.sizes)}] {a.mode.text}" for a in node.arrays]
            return ["memory {", *header, *arrays, "}"]
        case syntax.Assume():
            return ["assume " + " && ".join(_fact(f) for f in node.facts)]
        case syntax.Function():
            parameters = ", ".join(p.text for p in node.params)
            return [f"fn {node.name.text}({parameters}) {{", *_block(node.body), "}"]
        case syntax.Kernel():
            return [f"kernel {node.name.text} {{", *_block(node.body), "}"]


def _fact(node: syntax.Bound | syntax.Property) -> str:
    if isinstance(node, syntax.Property):
        return f"{node.name.text}({node.array.text})"
    blanks = ", ".join("_" * node.blanks)
    return f"{node.array.text}[{blanks}] {node.relation} {expression(node.value, _COMPARISON + 1)}"


def _const(node: syntax.Const) -> str:
    value = f"[{_list(node.value.entries)}]" if isinstance(node.value, syntax.Table) else expression(node.value)
    return f"const {node.name.text} = {value}"


def _block(block: syntax.Block) -> list[str]:
    return ["    " + line for statement in block.statements for line in _statement(statement)]


def _statement(node: syntax.Stmt) -> list[str]:
    match node:
        case syntax.Let():
            return [f"let {node.name.text} = {expression(node.value)}"]
        case syntax.Const():
            return [_const(node)]
        case syntax.Assign():
            return [f"{expression(node.target)} {node.op}= {expression(node.value)}"]
        case syntax.If():
            return _branch(node)
        case syntax.Loop():
            step = f" step {expression(node.step)}" if node.step else ""
            head = f"{node.kind} {node.name.text} in {expression(node.lo)}..{expression(node.hi)}{step} {{"
            return [head, *_block(node.body), "}"]
        case syntax.Return():
            return [f"return {expression(node.value)}"]


def _branch(node: syntax.If) -> list[str]:
    lines = [f"{'static ' if node.static else ''}if {expression(node.cond)} {{", *_block(node.then)]
    if node.orelse is None:
        return [*lines, "}"]
    inner = node.orelse.statements
    if len(inner) == 1 and isinstance(inner[0], syntax.If):
        first, *rest = _branch(inner[0])
        return [*lines, "} else " + first, *rest]
    return [*lines, "} else {", *_block(node.orelse), "}"]


def _list(nodes: tuple[syntax.Expr, ...]) -> str:
    return ", ".join(expression(n) for n in nodes)


def expression(node: syntax.Expr, level: int = _CONDITIONAL) -> str:
    """The text of an expression where the grammar asks for one that binds at least as tightly as `level`."""
    text, own = _expression(node)
    return text if own >= level else f"({text})"


def _expression(node: syntax.Expr) -> tuple[str, int]:
    """The text and how tightly its outermost operator binds."""
    match node:
        case syntax.Number():
            return str(node.value), _ATOM
        case syntax.Name():
            return node.name, _ATOM
        case syntax.Address():
            return f"&{node.name.text}", _UNARY
        case syntax.Index():
            return f"{node.name.text}[{_list(node.indices)}]", _ATOM
        case syntax.Call():
            return f"{node.name.text}({_list(node.args)})", _ATOM
        case syntax.Unary():
            return node.op + expression(node.a, _UNARY), _UNARY
        case syntax.Conditional():
            arms = f"{expression(node.a)} : {expression(node.b)}"
            return f"{expression(node.cond, 1)} ? {arms}", _CONDITIONAL
        case syntax.Binary():
            own = _LEVEL[node.op]
            left, right = own, own + 1
            if own == _COMPARISON:
                left = right
            elif own == _POWER:
                left, right = _ATOM, _UNARY
            return f"{expression(node.a, left)} {node.op} {expression(node.b, right)}", own
