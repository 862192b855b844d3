"""Edits that take a name out of a tree: its value stands where the name stood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, cast

from vliwc.language import syntax
from vliwc.language.syntax import Expr, Node
from vliwc.triage.edits import Path, at, put


def inlined(file: syntax.File, path: Path) -> syntax.File | None:
    """The file without the declaration at a place: a variable, a constant, or a function that only returns.

    None if there is none. Scopes are not looked at: whoever asks has to check what the result means.
    """
    node = at(file, path)
    match node:
        case syntax.Let() | syntax.Const() | syntax.Param() if isinstance(node.value, Expr):
            without = put(file, path, ())
            return cast("syntax.File", _substituted(without, {node.name.text: node.value}))
        case syntax.Function(body=syntax.Block(statements=(syntax.Return(value=value),))):
            without = put(file, path, ())
            return cast("syntax.File", _rewritten(without, lambda n: _expanded(n, node, value)))
    return None


def _expanded(node: Node, function: syntax.Function, value: Expr) -> Node:
    """What stands in place of a node when calls of a function that returns `value` are expanded."""
    if not isinstance(node, syntax.Call) or node.name.text != function.name.text:
        return node
    return _substituted(value, {p.text: arg for p, arg in zip(function.params, node.args, strict=False)})


def _substituted(node: Node, values: Mapping[str, Expr]) -> Node:
    return _rewritten(node, lambda n: values.get(n.name, n) if isinstance(n, syntax.Name) else n)


def _rewritten(node: Node, change: Callable[[Node], Node]) -> Node:
    """A tree with `change` done to every node, inner ones first."""

    def rewritten(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(rewritten(item) for item in value)
        return _rewritten(value, change) if isinstance(value, Node) else value

    parts = {field.name: rewritten(getattr(node, field.name)) for field in fields(node)}
    return change(replace(cast("Any", node), **parts))
