"""The evaluator against the plain one, and its faults."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ir.plain import PlainFault, evaluate_plainly
from tests.ir.strategies import graphs, images
from vliwc.errors import DataError
from vliwc.ir.evaluator import EvaluationFault, evaluate
from vliwc.ir.graph import Access, Array, Builder, Graph, Mode
from vliwc.ir.verifier import verify
from vliwc.source import Span

ARRAY = Array("a", 1, 8, Mode.INOUT)
HERE = Span(3, 5, 3, 9)


def builder(lanes: int = 1) -> Builder:
    return Builder(Graph("small", {"a": ARRAY}, 10, (99,), lanes))


def image() -> np.ndarray:
    return np.arange(100, 110, dtype=np.uint32)


@settings(max_examples=200, deadline=None)
@given(st.data(), graphs())
def test_agrees_with_the_plain_evaluator(data, graph):
    verify(graph)
    start = data.draw(images(graph))
    kept = start.copy()
    assert evaluate(graph, start).tolist() == evaluate_plainly(graph, start.tolist())
    assert np.array_equal(start, kept)


@settings(max_examples=200, deadline=None)
@given(st.data(), graphs(faulty=True))
def test_faults_where_the_plain_evaluator_does(data, graph):
    start = data.draw(images(graph))
    try:
        expected = evaluate_plainly(graph, start.tolist())
    except PlainFault:
        with pytest.raises(EvaluationFault):
            evaluate(graph, start)
    else:
        assert evaluate(graph, start).tolist() == expected


@pytest.mark.parametrize("index", [8, 0xFFFFFFFF])
@pytest.mark.parametrize("op", ["load", "store"])
def test_index_out_of_range(op, index):
    b = builder()
    i = b.const(index)
    operands = (i,) if op == "load" else (i, i)
    n = b.emit(op, *operands, attr=Access("a"), span=HERE)
    with pytest.raises(EvaluationFault, match=rf"index {index} .* a has 8 words \(node {n}, {op} at 3:5\)") as fault:
        evaluate(b.finish(), image())
    assert (fault.value.node, fault.value.span, fault.value.exit_code) == (n, HERE, 6)


@pytest.mark.parametrize(("address", "index"), [(0, 0xFFFFFFFF), (9, 8)])
def test_address_outside_of_the_array(address, index):
    b = builder()
    b.emit("load", b.const(address), attr=Access("a", absolute=True))
    with pytest.raises(EvaluationFault, match=f"index {index} is out of range: a has 8 words"):
        evaluate(b.finish(), image())


def test_vector_access_beyond_the_end():
    b = builder(lanes=4)
    b.emit("vload", b.const(5), attr=Access("a"))
    with pytest.raises(EvaluationFault, match="index 8 is out of range"):
        evaluate(b.finish(), image())


def test_table_index_out_of_range():
    b = builder()
    b.emit("table", b.const(2), attr=(7, 8))
    with pytest.raises(EvaluationFault, match="index 2 is out of range: a table has 2 words"):
        evaluate(b.finish(), image())


@pytest.mark.parametrize("op", ["div", "cdiv", "mod"])
@pytest.mark.parametrize("lanes", [1, 4])
def test_division_by_zero(op, lanes):
    b = builder(lanes)
    n = b.emit(op, b.const(5, lanes), b.const(0, lanes), span=HERE)
    with pytest.raises(EvaluationFault, match=rf"division by zero \(node {n}, {op} at 3:5\)"):
        evaluate(b.finish(), image())


def test_one_bad_iteration_of_par_is_enough():
    b = builder()
    one = b.const(1)
    i, _ = b.begin_loop()
    b.emit("div", one, i)
    b.end_loop("par", (0, 4, 1), i)
    with pytest.raises(EvaluationFault, match="division by zero"):
        evaluate(b.finish(), image())


def test_a_store_not_made_needs_no_index():
    b = builder()
    b.emit("store_if", b.const(0), b.const(1000), b.const(7), attr=Access("a"))
    assert np.array_equal(evaluate(b.finish(), image()), image())


def test_scatter_stores_in_lane_order_up_to_active():
    b = builder(lanes=4)
    where = b.emit("pack", b.const(2), b.const(3), b.const(2), b.const(5))
    what = b.emit("pack", b.const(10), b.const(11), b.const(12), b.const(13))
    b.emit("scatter", where, what, attr=Access("a", active=3))
    assert evaluate(b.finish(), image())[1:9].tolist() == [101, 102, 12, 11, 105, 106, 107, 108]


def test_image_of_the_wrong_size():
    with pytest.raises(DataError, match=r"shape \(9,\), but small needs 10 words"):
        evaluate(builder().finish(), image()[:9])


def nested_pars(outer: int, inner: int) -> Graph:
    """Adds 0, 1, 2, … to the words of an array, three times."""
    n = outer * inner
    b = Builder(Graph("many", {"a": Array("a", 0, n, Mode.INOUT)}, n))
    rounds, _ = b.begin_loop()
    i, _ = b.begin_loop()
    row = b.emit("mul", i, b.const(inner))
    j, _ = b.begin_loop()
    at = b.emit("add", row, j)
    b.emit("store", at, b.emit("add", b.emit("load", at, attr=Access("a")), at), attr=Access("a"))
    b.end_loop("par", (0, inner, 1), j)
    b.end_loop("par", (0, outer, 1), i)
    b.end_loop("for", (0, 3, 1), rounds)
    return b.finish()


@pytest.mark.parametrize(("outer", "inner"), [(1, 200_000), (200_000, 1), (400, 500), (7, 3)])
def test_many_iterations_run_in_batches(outer, inner):
    graph = nested_pars(outer, inner)
    verify(graph)
    n = outer * inner
    assert np.array_equal(evaluate(graph, np.zeros(n, np.uint32)), 3 * np.arange(n, dtype=np.uint32))
