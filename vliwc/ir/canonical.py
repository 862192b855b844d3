"""Canonical numbering: live nodes only, numbered in program order.

Graphs that differ only in numbers and dead nodes become equal, and the text form names nodes by these numbers.
"""

from __future__ import annotations

from dataclasses import replace

from vliwc.ir.graph import Graph, Loop


def numbering(graph: Graph) -> dict[int, int]:
    """The canonical number of every live node, in program order: a loop, its parameters, its body."""
    return {n: k for k, n in enumerate(graph.walk())}


def canonical(graph: Graph) -> Graph:
    """The same graph, canonically numbered and without the nodes that stand in no block."""
    number = numbering(graph)

    def renumbered(nodes: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(number[n] for n in nodes)

    result = Graph(graph.name, graph.arrays, graph.image_words, graph.header, graph.lanes)
    for n in number:
        attr = graph.attr[n]
        if isinstance(attr, Loop):
            attr = replace(
                attr,
                index=number[attr.index],
                carried=renumbered(attr.carried),
                body=renumbered(attr.body),
                yields=renumbered(attr.yields),
            )
        result.op.append(graph.op[n])
        result.args.append(renumbered(graph.args[n]))
        result.attr.append(attr)
        result.width.append(graph.width[n])
        result.span.append(graph.span[n])
    result.body = renumbered(graph.body)
    return result
