"""Simpler versions of a syntax tree: lists with parts taken out, nodes replaced by what is in them or by a number.

A place in a tree is a path of (field, position) steps from the root; position -1 stands for a field that is no list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, cast

from vliwc.language import syntax
from vliwc.language.syntax import Expr, Node

Path = tuple[tuple[str, int], ...]


def places(file: syntax.File) -> list[Path]:
    """The places of all nodes, outer ones first."""
    found: list[Path] = [()]
    for path in found:
        node = at(file, path)
        for field in fields(node):
            value = getattr(node, field.name)
            if isinstance(value, tuple):
                found += [(*path, (field.name, k)) for k, item in enumerate(value) if isinstance(item, Node)]
            elif isinstance(value, Node):
                found.append((*path, (field.name, -1)))
    return found


def at(file: syntax.File, path: Path) -> Node:
    """The node at a place."""
    node: Any = file
    for name, k in path:
        node = getattr(node, name) if k < 0 else getattr(node, name)[k]
    return cast("Node", node)


def put(node: Node, path: Path, new: tuple[Node, ...]) -> Node:
    """The tree with the node at a place replaced: by one node, or in a list by any number of them."""
    if not path:
        (only,) = new
        return only
    (name, k), rest = path[0], path[1:]
    value = getattr(node, name)
    if k < 0:
        changed: object = put(value, rest, new)
    else:
        changed = (*value[:k], *(new if not rest else (put(value[k], rest, new),)), *value[k + 1 :])
    return cast("Node", replace(cast("Any", node), **{name: changed}))


def lists(node: Node) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The fields of a node that are lists from which items may go, with their items."""
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, tuple) and value and not isinstance(node, syntax.Index):
            yield field.name, value


def simpler(node: Node) -> Iterator[tuple[Node, ...]]:
    """What may stand in place of a node, most drastic first: one node, or several where it is in a list."""
    match node:
        case syntax.Number():
            yield from (
                (syntax.Number(value, node.span),)
                for value in dict.fromkeys((0, 1, node.value // 2, node.value - 1))
                if 0 <= value < node.value
            )
        case syntax.Loop():
            first = syntax.Let(node.name, node.lo, node.span)
            yield node.body.statements
            yield (first, *node.body.statements)
            if node.step is not None:
                yield (replace(node, step=None),)
        case syntax.If():
            yield node.then.statements
            if node.orelse is not None:
                yield node.orelse.statements
                yield (replace(node, orelse=None),)
        case syntax.Assign() if node.op:
            yield (replace(node, op=""),)
        case syntax.Name():
            yield (syntax.Number(0, node.span),)
            yield (syntax.Number(1, node.span),)
        case _ if isinstance(node, Expr):
            yield (syntax.Number(0, node.span),)
            yield (syntax.Number(1, node.span),)
            yield from ((child,) for child in syntax.children(node) if isinstance(child, Expr))


def size(file: syntax.File) -> tuple[int, int]:
    """How large a tree is: its nodes (names and `op=` count twice), then the sum of its numbers."""
    nodes = [node for node, _ in syntax.walk(file)]
    twice = sum(isinstance(node, syntax.Name) or (isinstance(node, syntax.Assign) and node.op != "") for node in nodes)
    return len(nodes) + twice, sum(node.value for node in nodes if isinstance(node, syntax.Number))
