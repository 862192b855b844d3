"""The text form: what it looks like, that it round-trips, and what it refuses."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ir.strategies import graphs
from vliwc.ir.canonical import canonical
from vliwc.ir.graph import Access, Array, Builder, Graph, Mode
from vliwc.ir.ops import MASK
from vliwc.ir.parser import MAX_NESTING, GraphSyntaxError, parse_graph
from vliwc.ir.printer import print_graph
from vliwc.source import Span

EXAMPLE = """\
graph example {
  lanes 4
  image 42
  header 16 0x10000
  array x at 2 length 16 in
  array y at 18 length 24 inout holds 0..255
  table $0 1 2 3 0xffffffff

  %0 = const 3 @4:9-4:10
  %1: v4 = splat %0
  %2 = for %3 in 0..16 step 4 carry (%4: v4 @6:1-6:2 = %1, %5 @- = %0) @3:5-8:6 {
    %6: v4 = vload x[%3] @4:13-4:17
    %7: v4 = muladd %4, %6, %1
    vstore y@0[%3], %7
    %9: v4 = table $0[%7]
    scatter y[%9], %6 active 3
    store_if %5, y[%0], %5
    %12 = lane 2 of %9
    yield %7, %12
  }
  %13: v4 = result 0 of %2 @3:5-8:6
  for %15 in 1..2 {
  }
}
"""


def nested(depth: int) -> str:
    opening = "".join(f"for %{k} in 0..1 {{\n" for k in range(depth))
    return "graph g {\nlanes 1\nimage 0\n" + opening + "}\n" * depth + "}\n"


def with_nodes(*lines: str) -> str:
    """A small graph with these lines of nodes; the first is line 6."""
    head = ("graph g {", "  lanes 4", "  image 8", "  array a at 0 length 8 inout", "  %w = const 1")
    return "\n".join([*head, *lines, "}", ""])


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_round_trip(graph):
    text = print_graph(graph)
    again = parse_graph(text)
    assert again == canonical(graph)
    assert print_graph(again) == text


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_round_trip_without_places(graph):
    text = print_graph(graph, spans=False)
    assert text == re.sub(r" @(\d+:\d+-\d+:\d+|-)(?=\W)", "", print_graph(graph))
    assert print_graph(parse_graph(text)) == text


def test_the_example_is_canonical_text():
    assert print_graph(parse_graph(EXAMPLE)) == EXAMPLE


def test_what_the_example_means():
    g = parse_graph(EXAMPLE)
    assert (g.name, g.lanes, g.image_words, g.header) == ("example", 4, 42, (16, 0x10000))
    assert g.arrays == {"x": Array("x", 2, 16, Mode.IN), "y": Array("y", 18, 24, Mode.INOUT, 0, 255)}
    assert g.loop(2).carried == (4, 5) and g.loop(2).yields == (7, 12) and g.loop(2).step == 4
    assert (g.span[2], g.span[3], g.span[4], g.span[5]) == (Span(3, 5, 8, 6), Span(3, 5, 8, 6), Span(6, 1, 6, 2), None)
    assert g.attr[8] == Access("y", absolute=True) and g.attr[10] == Access("y", 3) and g.attr[9] == (1, 2, 3, MASK)
    assert g.op[13] == "result" and g.args[13] == (2,) and g.attr[13] == 0


def test_layout_and_comments_do_not_matter():
    loose = EXAMPLE.replace("\n  ", "\n\t \n# note\n").replace(" = ", "  =  ").replace("{\n", "{ # here\n")
    assert parse_graph(loose) == parse_graph(EXAMPLE)


def test_equal_tables_are_declared_once():
    b = Builder(Graph("g", {}, 0), share=False)
    for entries in ((1, 2), (3, 4), (1, 2)):
        b.emit("table", b.const(0), attr=entries)
    text = print_graph(b.finish())
    assert text.count("table $0 1 2\n") == 1 and text.count("table $1 3 4\n") == 1 and text.count("= table $0[") == 2


def test_dead_nodes_are_neither_printed_nor_kept():
    g = parse_graph(with_nodes("%x = add %w, %w", "%y = add %w, %w"))
    g.body = (g.body[0], g.body[2])
    assert "%1 = add %0, %0" in print_graph(g) and "%2" not in print_graph(g)
    assert len(canonical(g)) == 2


def test_printing_a_node_without_its_attribute_is_a_defect():
    b = Builder(Graph("g", {}, 0), share=False)
    b.emit("const")
    with pytest.raises(AssertionError, match="node 0 has no attribute"):
        print_graph(b.finish())


def test_a_hundred_thousand_nodes():
    b = Builder(Graph("big", {"a": Array("a", 0, 1, Mode.OUT)}, 1), share=False)
    zero = n = b.const(0)
    for _ in range(99_998):
        n = b.emit("add", n, zero)
    b.emit("store", zero, n, attr=Access("a"))
    graph = b.finish()
    assert parse_graph(print_graph(graph)) == graph


ERRORS = {
    "nothing": ("", 1, "the text ends before"),
    "no graph": ("kernel g {\n", 1, "begins with `graph NAME {`"),
    "no end": ("graph g {\n  lanes 1\n", 2, "`}` is missing"),
    "text after the end": (with_nodes() + "more\n", 7, "may stand after the graph"),
    "bad number": ("graph g {\nlanes four\n", 2, "expected a number, found `four`"),
    "huge number": ("graph g {\nimage 99999999999\n", 2, "expected a number"),
    "bad header": ("graph g {\nheader 1, 2\n", 2, "expected words with blanks"),
    "bad array": ("graph g {\narray a length 3 in\n", 2, "an array is declared as"),
    "array twice": ("graph g {\narray a at 0 length 1 in\narray a at 1 length 1 in\n", 3, "array a is declared twice"),
    "bad table": ("graph g {\ntable $0\n", 2, "a table is declared as"),
    "no node": (with_nodes("?"), 6, "`[?]` is no node"),
    "unknown operation": (with_nodes("%x = plus %w, %w"), 6, "no operation `plus`"),
    "undefined": (with_nodes("%x = add %w, %y"), 6, "%y is not defined before"),
    "defined twice": (with_nodes("%w = const 2"), 6, "%w is defined twice"),
    "parameter defined twice": (with_nodes("for %w in 0..1 {", "}"), 6, "%w is defined twice"),
    "value without a name": (with_nodes("add %w, %w"), 6, "`add` needs a name"),
    "name without a value": (with_nodes("%s = store a[%w], %w"), 6, "`store` has no value to name"),
    "brace after a node": (with_nodes("%x = add %w, %w {"), 6, "only loops, end in `{`"),
    "loop without a brace": (with_nodes("for %i in 0..1"), 6, "only loops, end in `{`"),
    "bad operands": (with_nodes("%x = add %w %w"), 6, "`%w %w` is no list of operands"),
    "bad form": (with_nodes("%x = load a %w"), 6, r"`load a %w` is not of the form `load \{array\}\[\{0\}\]`"),
    "undeclared table": (with_nodes("%x = table $1[%w]"), 6, r"table \$1 is not declared"),
    "bad loop": (with_nodes("for %i from 0 {", "}"), 6, "a loop begins with"),
    "bad carry": (with_nodes("%l = for %i in 0..1 carry (%c) {", "}"), 6, "`%c` is no list of carried values"),
    "yield outside": (with_nodes("yield %w"), 6, "may only end a loop"),
    "yield of nothing": (with_nodes("for %i in 0..1 {", "yield nothing", "}"), 7, "may only end a loop"),
    "node after yield": (with_nodes("for %i in 0..1 {", "yield %w", "%x = const 1", "}"), 8, "only `}` may stand"),
    "too deep": (nested(MAX_NESTING + 1), 4 + MAX_NESTING, "nested deeper than 200"),
    "broken rule": (with_nodes("%x = const 0", "%y: v4 = add %x, %w"), 7, "is 4 words wide, but its operand"),
    "broken rule of the whole": ("graph g {\nlanes 0\n}\n", 1, "at least one lane"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    text, line, message = ERRORS[name]
    with pytest.raises(GraphSyntaxError, match=message) as error:
        parse_graph(text)
    assert error.value.line == line
    assert error.value.message.startswith(f"line {line}: ")
    assert error.value.exit_code == 4 and error.value.help


def test_deep_but_not_too_deep():
    assert len(parse_graph(nested(MAX_NESTING))) == 2 * MAX_NESTING


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_text_never_does_worse_than_a_syntax_error(data):
    at = data.draw(st.integers(0, len(EXAMPLE)))
    to = data.draw(st.integers(at, min(len(EXAMPLE), at + 12)))
    text = EXAMPLE[:at] + data.draw(st.text("%v@-{}=,:0123456789 acdx\n$[]#", max_size=6)) + EXAMPLE[to:]
    try:
        graph = parse_graph(text)
    except GraphSyntaxError:
        return
    assert parse_graph(print_graph(graph)) == canonical(graph)


def test_numbers_may_have_leading_zeros():
    text = "graph g {\n  lanes 1\n  image 1\n  array a at 0 length 1 inout\n\n  %0 = const 007\n  store a[%0], %0\n}\n"
    graph = parse_graph(text)
    assert graph.attr[0] == 7
