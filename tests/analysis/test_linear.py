"""Linear forms mean what their nodes mean."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ir.strategies import words
from vliwc.analysis import ranges
from vliwc.analysis.linear import Form, Forms
from vliwc.ir.graph import Access, Array, Builder, Graph, Mode
from vliwc.ir.ops import MASK, OPS

LIKE = Graph("g", {"a": Array("a", 0, 16, Mode.INOUT)}, 16)
ATOMS = 4


@st.composite
def expressions(draw: st.DrawFn) -> tuple[Graph, int, dict[int, int]]:
    """A graph of linear and other operations over some loads, a node of it, and a word for each node."""
    b = Builder(LIKE)
    value: dict[int, int] = {}
    for k in range(ATOMS):
        n = b.emit("load", b.const(k), attr=Access("a"))
        value[n] = draw(words)
        bit = b.emit("and", n, b.const(1))
        value[bit] = value[n] & 1
    nodes = sorted(value)
    for _ in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from(["add", "sub", "mul", "shl", "muladd", "xor", "select"]))
        constants = {"mul": (1,), "shl": (1,), "muladd": (1,), "select": (1, 2), "xor": (1,)}.get(op, ())
        args = []
        for position in range(OPS[op].arity):
            if position in constants:
                word = draw(st.integers(0, 40) | words)
                args.append(b.const(1 if op == "xor" else word))
            else:
                args.append(draw(st.sampled_from(nodes)))
        g = b.graph
        word = OPS[op].word
        assert word is not None
        result = word(*(g.const(a) if g.const(a) is not None else value[a] for a in args))
        n = b.emit(op, *args)
        value[n] = result
        nodes.append(n)
    return b.finish(), nodes[-1], value


@settings(max_examples=300)
@given(expressions(), st.booleans())
def test_a_form_computes_its_node(case: tuple[Graph, int, dict[int, int]], with_facts: bool) -> None:
    graph, n, value = case
    b_facts = ranges.analyse(graph) if with_facts else None
    form = Forms(graph, b_facts).of(n)
    assert (form.constant + sum(k * value[a] for a, k in form.terms)) & MASK == value[n]


@settings(max_examples=300)
@given(expressions())
def test_a_node_is_within_its_reach(case: tuple[Graph, int, dict[int, int]]) -> None:
    graph, n, value = case
    reach = Forms(graph, ranges.analyse(graph)).reach(n)
    assert reach is None or value[n] in reach


def test_negative_terms_and_choices_are_reached_exactly() -> None:
    """What becomes of an index 4 a + 2 b + c - 5 in a table at 100, with one of its sums by selections."""
    b = Builder(LIKE)
    bits = [b.emit("and", b.emit("load", b.const(k), attr=Access("a")), b.const(1)) for k in range(3)]
    low, high = (b.emit("select", bits[1], b.const(2 + k), b.const(k)) for k in range(2))
    chosen = b.emit("select", bits[2], high, low)
    n = b.emit("sub", b.const(102), b.emit("mul", bits[0], b.const(MASK - 3)))
    n = b.emit("sub", b.emit("add", n, chosen), b.const(7))
    word = b.emit("lane", b.emit("splat", n, width=8), attr=3)
    graph = b.finish()
    assert Forms(graph, ranges.analyse(graph)).reach(word) == range(95, 103)
    assert Forms(graph).reach(word) is None, "nothing is known of the bits"


def test_distance_needs_equal_terms() -> None:
    b = Builder(LIKE)
    x = b.emit("load", b.const(0), attr=Access("a"))
    y = b.emit("load", b.const(1), attr=Access("a"))
    forms = Forms(b.graph)
    assert forms.distance(b.emit("add", x, b.const(5)), b.emit("sub", x, b.const(2))) == 7
    assert forms.distance(x, y) is None


def test_forms_add_and_cancel() -> None:
    a = Form(3, ((1, 2), (4, 1)))
    assert a.plus(a, -1) == Form(0)
    assert a.times(0) == Form(0)
    assert a.coefficient(4) == 1 and a.coefficient(9) == 0


def test_long_sums_become_atoms() -> None:
    b = Builder(Graph("g", {"a": Array("a", 0, 64, Mode.IN)}, 64))
    total = b.emit("load", b.const(0), attr=Access("a"))
    for k in range(1, 40):
        total = b.emit("add", total, b.emit("load", b.const(k), attr=Access("a")))
    assert len(Forms(b.graph).of(total).terms) <= 24
