"""Graphs as others want to see them: a networkx graph, Graphviz text, counts of operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vliwc.ir.graph import Access, Graph, Loop
from vliwc.ir.ops import Kind

if TYPE_CHECKING:
    import networkx as nx

TABLE_PREVIEW = 4
"""How many entries of a table a label shows."""


def as_networkx(graph: Graph) -> nx.DiGraph[int]:
    """The live nodes as a directed graph, for analyses and drawings.

    Nodes have the attributes `op`, `attr`, `width`, `span` and `loop`, the node of the enclosing loop or None. Edges go
    from a value to its user and have a `kind`:

    - "operand", with `positions`, the tuple of operand positions that the value fills;
    - "parameter" from a loop to its index and carried nodes;
    - "yield" from what a loop yields to the carried node of the next iteration. Without these back edges the graph is
      acyclic.
    """
    import networkx as nx  # noqa: PLC0415 - heavy, and needed by few

    result: nx.DiGraph[int] = nx.DiGraph(name=graph.name)
    for n, loop in _with_loops(graph):
        result.add_node(n, op=graph.op[n], attr=graph.attr[n], width=graph.width[n], span=graph.span[n], loop=loop)
    for source, target, kind in _edges(graph):
        positions = tuple(k for k, a in enumerate(graph.args[target]) if a == source)
        more: dict[str, Any] = {"positions": positions} if kind == "operand" else {}
        result.add_edge(source, target, kind=kind, **more)
    return result


def to_dot(graph: Graph) -> str:
    """The graph in Graphviz's language, loops as clusters, ending in a line end."""
    lines = [f"digraph {_quoted(graph.name)} {{", "  node [shape=box, fontname=monospace];"]
    lines += _cluster(graph, graph.body, "  ")
    for source, target, kind in _edges(graph):
        style = " [style=dashed, constraint=false]" if kind == "yield" else ""
        lines.append(f"  n{source} -> n{target}{style};")
    return "\n".join([*lines, "}", ""])


def op_counts(graph: Graph) -> dict[str, int]:
    """How many live nodes there are of each operation, most frequent first."""
    return _ordered(Counter(graph.op[n] for n in graph.walk()))


def executed_counts(graph: Graph) -> dict[str, int]:
    """How often each operation is executed in one run, most frequent first; loops themselves and what belongs to them
    (index, carried, result) are not counted."""
    counts: Counter[str] = Counter()
    pending = [(graph.body, 1)]
    while pending:
        block, times = pending.pop()
        for n in block:
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                pending.append((attr.body, times * attr.trips))
            elif graph.kind(n) is not Kind.CONTROL:
                counts[graph.op[n]] += times
    return _ordered(counts)


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _with_loops(graph: Graph) -> Iterator[tuple[int, int | None]]:
    """Each live node in program order with the loop that it belongs to."""
    around: dict[int, int] = {}
    for n in graph.walk():
        attr = graph.attr[n]
        if isinstance(attr, Loop):
            around.update((inner, n) for inner in (attr.index, *attr.carried, *attr.body))
        yield n, around.get(n)


def _edges(graph: Graph) -> Iterator[tuple[int, int, str]]:
    for n in graph.walk():
        for a in dict.fromkeys(graph.args[n]):
            yield a, n, "operand"
        attr = graph.attr[n]
        if isinstance(attr, Loop):
            for parameter in (attr.index, *attr.carried):
                yield n, parameter, "parameter"
            for y, c in zip(attr.yields, attr.carried, strict=True):
                yield y, c, "yield"


def _cluster(graph: Graph, block: tuple[int, ...], indent: str) -> Iterator[str]:
    for n in block:
        attr = graph.attr[n]
        yield f"{indent}n{n} [label={_quoted(_label(graph, n))}];"
        if isinstance(attr, Loop):
            yield f"{indent}subgraph cluster_{n} {{"
            yield f"{indent}  label={_quoted(_label(graph, n))};"
            for parameter in (attr.index, *attr.carried):
                yield f"{indent}  n{parameter} [label={_quoted(_label(graph, parameter))}];"
            yield from _cluster(graph, attr.body, indent + "  ")
            yield f"{indent}}}"


def _label(graph: Graph, n: int) -> str:
    op = graph.op[n] if graph.width[n] <= 1 else f"{graph.op[n]} v{graph.width[n]}"
    match graph.attr[n]:
        case Loop(lo=lo, hi=hi, step=step):
            return f"{op} {lo}..{hi} step {step}"
        case Access(array=array, active=active, absolute=absolute):
            return f"{op} {array}" + "@0" * absolute + (f" active {active}" if active else "")
        case tuple(entries):
            shown = " ".join(map(str, entries[:TABLE_PREVIEW]))
            return f"{op} {shown}" + (" …" if len(entries) > TABLE_PREVIEW else "")
        case int(value):
            return f"{op} {value}"
    return op


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
