"""The networkx view, Graphviz text, and counts."""

import re

import networkx as nx
from hypothesis import given, settings

from tests.ir.strategies import graphs
from vliwc.ir.graph import Graph
from vliwc.ir.parser import parse_graph
from vliwc.ir.view import as_networkx, executed_counts, op_counts, to_dot
from vliwc.source import Span

GRAPH = parse_graph("""
graph small {
  lanes 1
  image 8
  array a at 0 length 8 inout
  table $0 1 2 3 4 5
  %0 = const 7 @1:2-1:3
  %1 = mul %0, %0
  %2 = for %3 in 0..5 step 2 carry (%4 = %1) {
    par %6 in 0..8 {
      %7 = load a[%6]
      %8 = table $0[%7]
      store a[%6], %8
    }
    %10 = add %4, %3
    yield %10
  }
  %11 = result 0 of %2
}
""")


def test_nodes_and_edges():
    view = as_networkx(GRAPH)
    assert view.nodes[0] == {"op": "const", "attr": 7, "width": 1, "span": Span(1, 2, 1, 3), "loop": None}
    assert [view.nodes[n]["loop"] for n in (3, 4, 5, 6, 8, 10, 11)] == [2, 2, 2, 5, 5, 2, None]
    assert view.edges[0, 1] == {"kind": "operand", "positions": (0, 1)}
    assert view.edges[1, 2] == {"kind": "operand", "positions": (0,)}
    assert view.edges[2, 4] == {"kind": "parameter"}
    assert view.edges[10, 4] == {"kind": "yield"}


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_the_view_is_the_graph(graph: Graph):
    view = as_networkx(graph)
    assert list(view) == list(graph.walk())
    for n in graph.walk():
        filled = {}
        for a, _, edge in view.in_edges(n, data=True):
            filled |= dict.fromkeys(edge.get("positions", ()), a)
        assert tuple(filled[k] for k in range(len(filled))) == graph.args[n]
    view.remove_edges_from([(a, b) for a, b, kind in view.edges(data="kind") if kind == "yield"])
    assert nx.is_directed_acyclic_graph(view)


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_dot_declares_every_node_once_and_balances(graph: Graph):
    text = to_dot(graph)
    assert sorted(map(int, re.findall(r"^ *n(\d+) \[label=", text, re.M))) == sorted(graph.walk())
    statement = re.compile(
        r' *(digraph "\w+" \{|subgraph cluster_\d+ \{|\}|node \[.*\];|label="[^"]*";|n\d+ \[label="[^"]*"\];'
        r"|n\d+ -> n\d+( \[style=dashed, constraint=false\])?;)"
    )
    assert all(statement.fullmatch(line) for line in text.splitlines())
    assert text.count("{") == text.count("}")


def test_dot_labels():
    text = to_dot(GRAPH)
    assert 'n0 [label="const 7"];' in text
    assert '    label="for 0..5 step 2";' in text
    assert 'n7 [label="load a"];' in text
    assert 'n8 [label="table 1 2 3 4 …"];' in text
    assert "n10 -> n4 [style=dashed, constraint=false];" in text


def test_dot_labels_of_vectors():
    text = to_dot(
        parse_graph("""
graph v {
  lanes 4
  image 8
  array a at 0 length 8 inout
  table $0 1 2
  %0 = const 7
  %1: v4 = splat %0
  scatter a@0[%1], %1 active 3
}
""")
    )
    assert 'label="splat v4"' in text and 'label="scatter a@0 active 3"' in text


def test_dot_quotes_the_name():
    assert 'digraph "odd\\\\ \\"name\\"" {' in to_dot(Graph('odd\\ "name"', {}, 0))


def test_counts():
    assert op_counts(GRAPH) == {
        "index": 2, "add": 1, "carried": 1, "const": 1, "for": 1, "load": 1, "mul": 1, "par": 1, "result": 1,
        "store": 1, "table": 1,
    }  # fmt: skip
    assert next(iter(op_counts(GRAPH))) == "index"
    assert executed_counts(GRAPH) == {"load": 24, "store": 24, "table": 24, "add": 3, "const": 1, "mul": 1}
