"""Every rule of the verifier, broken one at a time."""

from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests.ir.strategies import graphs
from vliwc.ir.graph import Access, Array, Builder, Gathering, Graph, Loop, Mode
from vliwc.ir.verifier import MalformedGraph, verify
from vliwc.source import Span

ARRAYS = {
    "kept": Array("kept", 1, 8, Mode.IN),
    "a": Array("a", 9, 16, Mode.INOUT),
}


def vector_graph() -> tuple[Graph, dict[str, int]]:
    """A graph with every kind of node but `par`, and its nodes by name."""
    b = Builder(Graph("good", dict(ARRAYS), 25, (7,), 4), share=False)
    n = {"five": b.const(5, span=Span(1, 2, 1, 3)), "two": b.const(2)}
    n["splat"] = b.emit("splat", n["five"])
    n["pack"] = b.emit("pack", n["five"], n["two"], n["five"], n["two"])
    n["add"] = b.emit("add", n["splat"], n["pack"])
    n["lane"] = b.emit("lane", n["add"], attr=3)
    n["table"] = b.emit("table", n["two"], attr=(1, 2, 3))
    n["load"] = b.emit("load", n["two"], attr=Access("kept"))
    n["vload"] = b.emit("vload", n["two"], attr=Access("kept"))
    n["gather"] = b.emit("gather", n["pack"], attr=Access("kept"))
    n["store"] = b.emit("store", n["two"], n["five"], attr=Access("a"))
    n["store_if"] = b.emit("store_if", n["two"], n["two"], n["five"], attr=Access("a"))
    n["vstore"] = b.emit("vstore", n["two"], n["add"], attr=Access("a"))
    n["scatter"] = b.emit("scatter", n["pack"], n["add"], attr=Access("a", 2))
    n["index"], (n["carried"],) = b.begin_loop((4,))
    n["inner"] = b.emit("add", n["carried"], n["splat"])
    n["last"] = b.emit("add", n["index"], n["two"])
    (n["result"],) = b.end_loop("for", (0, 4, 1), n["index"], (n["carried"],), (n["add"],), (n["inner"],))
    n["for"] = n["result"] - 1
    n["end"] = b.emit("xor", n["result"], n["splat"])
    return b.finish(), n


def change(column, name, value):
    """A mutation: entry `name` of a column becomes `value` (a function of the named nodes, or plain)."""

    def mutate(graph, nodes):
        getattr(graph, column)[nodes[name]] = value(nodes) if callable(value) else value

    return mutate


def change_loop(**fields):
    """A mutation of the loop's attribute; values are functions of the named nodes, or plain."""

    def mutate(graph, nodes):
        made = {k: v(nodes) if callable(v) else v for k, v in fields.items()}
        graph.attr[nodes["for"]] = replace(graph.attr[nodes["for"]], **made)

    return mutate


def change_graph(**fields):
    def mutate(graph, nodes):
        for name, value in fields.items():
            setattr(graph, name, value(graph, nodes) if callable(value) else value)

    return mutate


def change_array(which, **fields):
    def mutate(graph, nodes):
        graph.arrays[which] = replace(graph.arrays[which], **fields)

    return mutate


MUTATIONS = {
    # the graph as a whole
    "ragged columns": (change_graph(span=lambda g, n: g.span[1:]), "columns .* different lengths"),
    "no lanes": (change_graph(lanes=0), "at least one lane, not 0"),
    "header not a word": (change_graph(header=(-1,)), "header word"),
    "wrong file name": (change_array("a", name="b"), "array b is filed under the name a"),
    "empty array": (change_array("a", length=0), "array a overlaps"),
    "array in the header": (change_array("kept", base=0), "array kept overlaps"),
    "arrays overlap": (change_array("kept", length=9), "array a overlaps"),
    "array leaves the image": (change_array("a", length=17), "leaves the image"),
    "bounds turned": (change_array("a", lo=2, hi=1), "impossible bounds 2..1"),
    "bounds too high": (change_array("a", hi=1 << 32), "impossible bounds"),
    # blocks and scopes
    "no such node": (change_graph(body=lambda g, n: (*g.body, 999)), "lists node 999"),
    "twice in a block": (change_graph(body=lambda g, n: (*g.body, n["five"])), "more than once"),
    "inner node outside too": (change_graph(body=lambda g, n: (*g.body, n["last"])), "not defined there"),
    "use before definition": (change("args", "splat", lambda n: (n["add"],)), "is not defined there"),
    "use of itself": (change("args", "splat", lambda n: (n["splat"],)), "is not defined there"),
    "no such operand": (change("args", "splat", (-1,)), "uses node -1"),
    "inner value used outside": (change("args", "end", lambda n: (n["inner"], n["splat"])), "is not defined there"),
    "carried value used outside": (change("args", "end", lambda n: (n["carried"], n["splat"])), "not defined there"),
    "loop variable used outside": (change("args", "lane", lambda n: (n["index"],)), "is not defined there"),
    "store used as a value": (change("args", "last", lambda n: (n["store"], n["two"])), "has no value"),
    "loop used as a value": (change("args", "end", lambda n: (n["for"], n["splat"])), "has no value"),
    # operations, arities, widths
    "unknown operation": (change("op", "add", "plus"), "no such operation"),
    "too few operands": (change("args", "add", lambda n: (n["splat"],)), "takes 2 operands, not 1"),
    "pack of too few": (change("args", "pack", lambda n: (n["five"],)), "takes 4 operands, not 1"),
    "width neither word nor vector": (change("width", "add", 3), "is 3 words wide; only 1 and 4"),
    "mixed widths": (change("args", "add", lambda n: (n["splat"], n["five"])), "its operand 0 is 1"),
    "word add of vectors": (change("width", "add", 1), "is 1 words wide, but its operand"),
    "splat of a vector": (change("args", "add", lambda n: (n["splat"], n["two"])), "its operand"),
    "splat too narrow": (change("width", "splat", 1), "is 1 words wide instead of 4"),
    "vector const": (change("width", "five", 4), "is 4 words wide instead of 1"),
    "store with a width": (change("width", "store", 1), "is 1 words wide instead of 0"),
    "lane of a word": (change("args", "lane", lambda n: (n["five"],)), "needs a vector of 4 words"),
    "gather by a word": (change("args", "gather", lambda n: (n["five"],)), "needs a vector of 4 words"),
    "vload by a vector": (change("args", "vload", lambda n: (n["pack"],)), "needs a word of 1 words"),
    "vstore of a word": (change("args", "vstore", lambda n: (n["two"], n["two"])), "needs a vector"),
    # attributes
    "const not a word": (change("attr", "five", 1 << 32), "cannot have the attribute 4294967296"),
    "const without a word": (change("attr", "five", None), "cannot have the attribute None"),
    "lane too high": (change("attr", "lane", 4), "cannot have the attribute 4"),
    "table empty": (change("attr", "table", ()), r"cannot have the attribute \(\)"),
    "table of more than words": (change("attr", "table", (-1,)), "cannot have the attribute"),
    "add with an attribute": (change("attr", "add", 1), "cannot have the attribute 1"),
    "load without an access": (change("attr", "load", None), "does not say which array"),
    "load of an unknown array": (change("attr", "load", Access("b")), "array b, which does not exist"),
    "store to a kept array": (change("attr", "store", Access("kept")), "stores to kept"),
    "store with active lanes": (change("attr", "store", Access("a", 1)), "1 active lanes"),
    "scatter of nothing": (change("attr", "scatter", Access("a")), "0 active lanes"),
    "scatter of too many": (change("attr", "scatter", Access("a", 5)), "5 active lanes"),
    # loops
    "no loop attribute": (change("attr", "for", 3), "has no loop"),
    "loop with a width": (change("width", "for", 1), "its width is 0"),
    "no iteration": (change_loop(lo=4), "bounds without an iteration: 4..4 step 1"),
    "no step": (change_loop(step=0), "bounds without an iteration"),
    "negative start": (change_loop(lo=-1), "bounds without an iteration"),
    "end beyond the words": (change_loop(hi=(1 << 32) + 1), "bounds without an iteration"),
    "init missing": (change("args", "for", ()), "starts 0, carries 1 and yields 1"),
    "yield missing": (change_loop(yields=()), "starts 1, carries 1 and yields 0"),
    "yield out of scope": (change_loop(yields=lambda n: (n["end"],)), "is not defined there"),
    "yield of another width": (change_loop(yields=lambda n: (n["last"],)), "but yields 1"),
    "init of another width": (change("args", "for", lambda n: (n["two"],)), "but starts with 1"),
    "variable does not exist": (change_loop(index=999), "has parameter 999"),
    "variable is something else": (change("op", "index", "const"), "which is no index"),
    "variable is a vector": (change("width", "index", 4), "which is no index"),
    "variable with an attribute": (change("attr", "index", 0), "which is no index"),
    "variable with operands": (change("args", "index", lambda n: (n["two"],)), "which is no index"),
    "carried is something else": (change("op", "carried", "add"), "carried value 0, which is something else"),
    "carried at another position": (change("attr", "carried", 1), "which is something else"),
    "carried with operands": (change("args", "carried", lambda n: (n["add"],)), "which is something else"),
    "parameter in a block": (change_loop(body=lambda n: (n["index"], n["inner"])), "belongs to a loop"),
    "par among vectors": (change("op", "for", "par"), "stands among vectors|operands"),
    "result of no loop": (change("args", "result", lambda n: (n["store"],)), "names no carried value"),
    "result at no position": (change("attr", "result", 1), "names no carried value"),
    "result of another width": (change("width", "result", 1), "but the loop carries 4"),
}


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_accepts_random_graphs(graph):
    verify(graph)


def test_accepts_the_graph_that_is_mutated_below():
    graph, _ = vector_graph()
    verify(graph)


@pytest.mark.parametrize("name", MUTATIONS)
def test_rejects(name):
    mutate, message = MUTATIONS[name]
    graph, nodes = vector_graph()
    graph = deepcopy(graph)
    mutate(graph, nodes)
    with pytest.raises(MalformedGraph, match=message) as error:
        verify(graph)
    assert error.value.exit_code == 70
    assert "compiler" in error.value.help


def test_names_the_node_and_its_place():
    graph, nodes = vector_graph()
    graph.attr[nodes["five"]] = None
    with pytest.raises(MalformedGraph, match=r"node 0 \(const at 1:2\)") as error:
        verify(graph)
    assert error.value.node == nodes["five"]


def par_graph(lanes: int, body) -> Graph:
    b = Builder(Graph("par", dict(ARRAYS), 25, (7,), lanes), share=False)
    index, _ = b.begin_loop()
    body(b, index)
    b.end_loop("par", (0, 4, 1), index)
    return b.finish()


def test_par_only_before_vectorisation():
    verify(par_graph(1, lambda b, i: b.emit("add", i, i)))
    with pytest.raises(MalformedGraph, match="stands among vectors"):
        verify(par_graph(4, lambda b, i: b.emit("add", i, i)))


def test_no_vectors_in_par():
    with pytest.raises(MalformedGraph, match="a vector operation in a par loop"):
        verify(par_graph(1, lambda b, i: b.emit("splat", i)))


def test_par_carries_nothing():
    b = Builder(Graph("par", {}, 0), share=False)
    one = b.const(1)
    index, carried = b.begin_loop((1,))
    b.end_loop("par", (0, 4, 1), index, carried, (one,), carried)
    with pytest.raises(MalformedGraph, match="carries 1 values and gathers 0"):
        verify(b.finish())


GATHERED = [
    (Gathering("sub"), "cannot gather by sub"),
    (Gathering("xor", 3), "cannot gather by xor with the factor 3"),
    (Gathering("add", 1 << 32), "cannot gather by add"),
]


@pytest.mark.parametrize(("how", "rule"), GATHERED)
def test_not_everything_can_be_gathered(how: Gathering, rule: str):
    b = Builder(Graph("par", {}, 0), share=False)
    one = b.const(1)
    index, carried = b.begin_loop((1,))
    b.end_loop("par", (0, 4, 1), index, carried, (one,), (index,), None, (how,))
    with pytest.raises(MalformedGraph, match=rule):
        verify(b.finish())


def test_no_iteration_of_a_par_reads_what_is_gathered():
    b = Builder(Graph("par", {}, 0), share=False)
    one = b.const(1)
    index, carried = b.begin_loop((1,))
    b.end_loop("par", (0, 4, 1), index, carried, (one,), carried, None, (Gathering("add"),))
    with pytest.raises(MalformedGraph, match="is not defined there"):
        verify(b.finish())


def test_a_for_loop_gathers_nothing():
    b = Builder(Graph("for", {}, 0), share=False)
    one = b.const(1)
    index, carried = b.begin_loop((1,))
    b.end_loop("for", (0, 4, 1), index, carried, (one,), (index,), None, (Gathering("add"),))
    with pytest.raises(MalformedGraph, match="carries 1 values and gathers 1"):
        verify(b.finish())


def test_a_par_loop_may_not_hide_what_it_carries():
    b = Builder(Graph("par", {}, 0), share=False)
    index, _ = b.begin_loop()
    b.end_loop("par", (0, 4, 1), index)
    graph = b.finish()
    loop = graph.loop(graph.body[-1])
    graph.attr[graph.body[-1]] = Loop(0, 4, 1, index, (), loop.body, (index,))
    with pytest.raises(MalformedGraph, match="yields 1 values"):
        verify(graph)
