"""The body of an overlapped loop by itself: what its nodes are in each iteration, and ghosts."""

from __future__ import annotations

import pytest

from tests.certifier.cases import fors, graph
from vliwc.backend.certifier import Ghost, ProofFailed
from vliwc.backend.certifier import iterations as iterations_module
from vliwc.backend.certifier.addresses import Addresses
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.iterations import Body, Iterations
from vliwc.backend.certifier.meaning import Meaning
from vliwc.backend.certifier.order import check_equals
from vliwc.ir.graph import Graph


class Bench:
    """The only loop of a graph of `cases.graph`; what stands before it has been executed."""

    def __init__(self, text: str, arrays: str = "", ghosts: tuple[Ghost, ...] = ()) -> None:
        self.graph: Graph = graph(text, arrays) if arrays else graph(text)
        self.algebra = Algebra()
        self.meaning = Meaning(self.graph, self.algebra, Addresses(self.algebra, self.graph))
        (self.n,) = fors(self.graph)
        for n in self.graph.body[: self.graph.body.index(self.n)]:
            self.meaning.execute(n)
        self.loop = self.graph.loop(self.n)
        self.body = Body(self.graph, self.n, ghosts)

    def all(self, op: str) -> list[int]:
        """The nodes of the body with an operation."""
        return [n for n in self.loop.body if self.graph.op[n] == op]

    def one(self, op: str) -> int:
        """The only node of the body with an operation."""
        (n,) = self.all(op)
        return n

    def start(self) -> Iterations:
        """The iterations from the first one on."""
        return Iterations(self.meaning, self.body, self.algebra.constant(self.loop.lo), 0, initial=True)

    def amid(self, least: int) -> Iterations:
        """The iterations around any one from number `least` on."""
        return Iterations(self.meaning, self.body, self.algebra.symbol("index"), least)


FIBONACCI = """
    %one = const 1
    %two = const 2
    %z = const 0
    %f = for %i in 4..22 step 3 carry (%a = %one, %b = %two, %same = %two) {
        %c = add %a, %b
        %d = mul %c, %i
        store y[%z], %d
        yield %b, %c, %same
    }
"""


def test_values_from_the_first_iteration_on() -> None:
    bench = Bench(FIBONACCI)
    start, word = bench.start(), bench.algebra.constant
    a, b, same = bench.loop.carried
    numbers = [1, 2, 3, 5, 8, 13, 21]
    for i in (4, 0, 1, 2, 3):
        assert start.words(a, i) == (word(numbers[i]),)
        assert start.words(b, i) == (word(numbers[i + 1]),)
        assert start.words(same, i) == (word(2),)
        assert start.words(bench.loop.index, i) == (word(4 + 3 * i),)
        assert start.words(bench.one("mul"), i) == (word(numbers[i + 2] * (4 + 3 * i)),)


def test_values_in_the_midst() -> None:
    """Carried values are what older iterations compute; those that are assumed are not computed."""
    bench = Bench(FIBONACCI)
    around, algebra = bench.amid(5), bench.algebra
    a, b, same = bench.loop.carried
    (c,) = bench.all("add")
    x, y = algebra.symbol("x"), algebra.symbol("y")
    assert around.assume(b, -1, (x,)) == (x,)
    assert around.assume(b, -1, (y,)) == (x,), "it is known already"
    assert around.known == {(c, -2): (x,)}
    assert around.assume(a, -1, (y,)) == (y,)
    assert around.assume(same, 0, (x,)) == (algebra.constant(2),), "that stands outside of the loop"
    assert around.words(c, -1) == around.words(b, 0) == around.words(a, 1) == (algebra.add(x, y),)
    assert around.words(c, 0) == (algebra.add(algebra.add(x, y), x),)
    assert around.words(bench.loop.index, 2) == (algebra.add(around.index, algebra.constant(6)),)
    assert around.source(a, 1) == (c, -1)
    assert around.source(same, 1) is None


def test_no_value_of_an_iteration_before_the_first_is_asked_for() -> None:
    bench = Bench(FIBONACCI)
    _, b, _ = bench.loop.carried
    (c,) = bench.all("add")
    assert bench.amid(3).source(b, -2) == (c, -3)
    with pytest.raises(ProofFailed, match="is needed in an iteration before the first"):
        bench.amid(3).source(b, -3)


def test_values_that_go_round_are_not_looked_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
        %one = const 1
        %two = const 2
        %z = const 0
        %f = for %i in 0..90 carry (%a = %one, %b = %two) {
            %d = mul %a, %i
            store y[%z], %d
            yield %b, %a
        }
    """
    bench = Bench(text)
    a, _ = bench.loop.carried
    start, (one, two) = bench.start(), (bench.algebra.constant(1), bench.algebra.constant(2))
    assert [start.words(a, i) for i in range(4)] == [(one,), (two,), (one,), (two,)]
    monkeypatch.setattr(iterations_module, "_REACH", 10)
    assert start.source(a, 9) is None
    with pytest.raises(ProofFailed, match="cannot be traced back"):
        start.source(a, 10)
    power = Bench(text.replace("yield %b, %a", "yield %d, %a"))
    with pytest.raises(ProofFailed, match="depends on all iterations before"):
        power.amid(1000).words(power.one("mul"), 0)


def test_an_operation_of_memory_is_executed_not_computed() -> None:
    bench = Bench("for %i in 0..8 {\n %a = load x[%i]\n %b = add %a, %i\n store y[%i], %b\n }")
    start, load, store = bench.start(), bench.one("load"), bench.one("store")
    with pytest.raises(ProofFailed, match="'load' is needed in an iteration in which no word holds it"):
        start.words(bench.one("add"), 1)
    start.execute(load, 1)
    start.execute(store, 1)
    region, word = bench.meaning.addresses.number["y"], bench.algebra.constant
    assert start.known[load, 1] == (bench.meaning.memory.load(bench.meaning.addresses.number["x"], word(3)),)
    assert (store, 1) not in start.known
    assert bench.meaning.memory.load(region, word(11)) == bench.algebra.add(start.known[load, 1][0], word(1))
    assert bench.body.memory() == [load, store]


def test_what_a_witness_names_must_have_a_value() -> None:
    bench = Bench(FIBONACCI)
    with pytest.raises(ProofFailed, match="the witness names %-3, which has no value"):
        bench.start().words(-3, 0)


def test_divisions_have_their_time_and_steady_values_are_functions_of_the_index() -> None:
    bench = Bench("""
        %k = const 9
        %f = for %i in 1..8 carry (%s = %k) {
            %a = load x[%i]
            %b = add %i, %k
            %q = div %b, %i
            %c = add %s, %b
            %d = mul %a, %b
            store y[%i], %d
            yield %c
        }
    """)
    load, store, division = bench.one("load"), bench.one("store"), bench.one("div")
    added, carried = bench.all("add")
    assert bench.body.timed() == [load, division, store]
    assert bench.body.steady == {bench.loop.index, added, division}
    assert bench.body.is_inside(carried)
    assert not bench.body.is_inside(bench.graph.body[0])


WIDE = """
    %k = const 9
    %v: v4 = splat %k
    for %i in 0..8 step 4 {
        %a: v4 = vload x[%i]
        %b: v4 = muladd %a, %v, %a
        vstore y[%i], %b
    }
"""


def test_ghosts_compute() -> None:
    bench = Bench(WIDE)
    first, a, v = len(bench.graph), bench.one("vload"), bench.one("muladd")
    k = bench.graph.body[0]
    ghosts = (
        Ghost("const", (), 5, 1),
        Ghost("splat", (first,), None, 4),
        Ghost("add", (a, first + 1), None, 4),
        Ghost("lane", (first + 2,), 3, 1),
        Ghost("pack", (first, first + 3, k, first), None, 4),
        Ghost("lane", (first + 2,), 4, 1),
    )
    bench = Bench(WIDE, ghosts=ghosts)
    start, word, add = bench.start(), bench.algebra.constant, bench.algebra.add
    start.execute(a, 0)
    loaded = start.known[a, 0]
    assert start.words(first, 0) == (word(5),)
    assert start.words(first + 1, 1) == (word(5),) * 4
    assert start.words(first + 2, 0) == tuple(add(x, word(5)) for x in loaded)
    assert start.words(first + 3, 0) == (add(loaded[3], word(5)),)
    assert start.words(first + 4, 0) == (word(5), add(loaded[3], word(5)), word(9), word(5))
    with pytest.raises(ProofFailed, match="a ghost 'lane' that cannot be added to the graph"):
        start.words(first + 5, 0)
    assert bench.body.steady == {bench.loop.index, first, first + 1}
    assert bench.body.is_inside(first)
    assert v in bench.body.inside


@pytest.mark.parametrize(
    "ghost",
    [
        Ghost("load", (0,), None, 1),
        Ghost("mod", (0, 0), None, 1),
        Ghost("add", (0,), None, 1),
        Ghost("add", (0, 1, 1), None, 1),
        Ghost("add", (0, -1), None, 1),
        Ghost("splat", (10**6,), None, 1),
        Ghost("sqrt", (0,), None, 1),
    ],
)
def test_ghosts_that_are_none(ghost: Ghost) -> None:
    with pytest.raises(ProofFailed, match=f"a ghost '{ghost.op}' that cannot be added to the graph"):
        Bench(WIDE, ghosts=(ghost,))


def test_ghosts_refer_to_earlier_ones() -> None:
    first = len(graph(WIDE))
    Bench(WIDE, ghosts=(Ghost("const", (), 5, 1), Ghost("splat", (first,), None, 4)))
    for later in (first + 1, first + 2):
        with pytest.raises(ProofFailed, match="a ghost 'splat' that cannot be added"):
            Bench(WIDE, ghosts=(Ghost("const", (), 5, 1), Ghost("splat", (later,), None, 4)))


def _equal(n: str, ghosts: tuple[Ghost, ...], ghost: int) -> None:
    bench = Bench(WIDE)
    body = Body(bench.graph, bench.n, ghosts, ((bench.one(n), ghost),))
    check_equals(bench.meaning, body)


def test_no_ghost_stands_for_a_load() -> None:
    """Not even one that computes the same from it: what is loaded depends on when that is."""
    bench = Bench(WIDE)
    load = bench.one("vload")
    with pytest.raises(ProofFailed, match="does not compute what"):
        _equal("vload", (Ghost("or", (load, load), None, 4),), len(bench.graph))


def test_ghosts_that_stand_for_a_node() -> None:
    bench = Bench(WIDE)
    first, a, v = len(bench.graph), bench.one("vload"), bench.graph.body[1]
    product, total = Ghost("mul", (a, v), None, 4), Ghost("add", (first, a), None, 4)
    _equal("muladd", (product, total), first + 1)
    _equal("muladd", (Ghost("muladd", (a, v, a), None, 4),), first)
    with pytest.raises(ProofFailed, match="does not compute what"):
        _equal("muladd", (Ghost("add", (a, a), None, 4),), first)
    with pytest.raises(ProofFailed, match=r"a ghost that does not compute what graph node %.* 'muladd'"):
        _equal("muladd", (product, total), first)
    with pytest.raises(ProofFailed, match="does not compute what"):
        _equal("muladd", (product, total), bench.one("muladd"))
    with pytest.raises(ProofFailed, match="does not compute what"):
        _equal("vload", (Ghost("add", (a, bench.graph.body[0]), None, 4),), first)
