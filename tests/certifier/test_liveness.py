"""Which arrays a graph still loads from, and which a loop stores to."""

from __future__ import annotations

import pytest

from tests.certifier.cases import fors, graph
from vliwc.backend.certifier.liveness import Liveness
from vliwc.ir.graph import Graph

ARRAYS = "\n".join(f"array {name} at {2 + 3 * k} length 3 inout" for k, name in enumerate("abcde"))


@pytest.fixture
def of() -> Graph:
    """Three loops, one in another, and one behind both."""
    return graph(
        """
        %z = const 0
        %u = load e[%z]
        for %i in 0..2 {
            %p = load a[%i]
            for %j in 0..2 {
                %q = load b[%j]
                store c[%j], %q
            }
            %r = load c[%i]
        }
        %s = load d[%z]
        for %k in 0..2 {
            store_if %z, e[%k], %z
        }
        %t = load a[%z]
        """,
        ARRAYS,
    )


def test_what_loops_load_and_store(of: Graph) -> None:
    liveness = Liveness(of)
    outer, inner, last = _loops(of)
    assert [liveness.loaded(n) for n in (outer, inner, last)] == [{"a", "b", "c"}, {"b"}, {"e"}]
    assert [liveness.stored(n) for n in (outer, inner, last)] == [{"c"}, {"c"}, {"e"}]
    assert liveness.loaded(outer) is liveness.loaded(outer)


def test_what_is_loaded_behind_a_loop(of: Graph) -> None:
    outer, inner, last = _loops(of)
    liveness = Liveness(of)
    assert liveness.after(of.body) == {outer: {"a", "d", "e"}, last: {"a"}}
    assert liveness.after(of.loop(outer).body) == {inner: {"c"}}
    assert liveness.after(of.loop(inner).body) == {}


def _loops(of: Graph) -> list[int]:
    """The outer loop, the one in it, and the one behind them."""
    outer, last = (n for n in of.body if n in fors(of))
    (inner,) = (n for n in of.loop(outer).body if n in fors(of))
    return [outer, inner, last]


def test_stores_of_vectors_load_nothing() -> None:
    of = graph("for %i in 0..8 step 4 {\n %a: v4 = vload x[%i]\n vstore y[%i], %a\n }")
    (loop,) = fors(of)
    assert (Liveness(of).loaded(loop), Liveness(of).stored(loop)) == ({"x"}, {"y"})
