"""Algebra outside of the tables of rules: sums, exclusive ors, tables and selection, proven for all words by shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
import z3
from hypothesis import given
from hypothesis import strategies as st

from tests.backend.harness import builder
from vliwc.analysis import ranges
from vliwc.analysis.linear import Form, Forms
from vliwc.ir.graph import Access, Array, Builder, Graph, Mode
from vliwc.ir.ops import MASK
from vliwc.ir.printer import print_graph
from vliwc.language import load_kernel
from vliwc.lower import lower
from vliwc.machine import load_machine
from vliwc.proofs.graphs import NotEqual, prove_equal
from vliwc.proofs.words import MEANING, Term, unknown, word
from vliwc.source import Source
from vliwc.transform import sums
from vliwc.transform.addresses import absolute
from vliwc.transform.affine import affine
from vliwc.transform.alternatives import CATALOGUE, Home, Setting
from vliwc.transform.forward import forward
from vliwc.transform.fuse import fuse
from vliwc.transform.groups import Plan
from vliwc.transform.heights import reduce_heights
from vliwc.transform.linear_maps import linear_maps
from vliwc.transform.loads import Prices
from vliwc.transform.rewriter import live_nodes
from vliwc.transform.scans import split_scans
from vliwc.transform.simplify import simplify
from vliwc.transform.sites import find_sites
from vliwc.transform.tables import expand_tables
from vliwc.transform.vectorize import vectorize
from vliwc.transform.xors import xors

TAKEHOME = replace(load_machine("takehome"), lanes=2)
NARROW = replace(load_machine("narrow"), lanes=2)

# -- sums: every kind of factor stands for all factors of its kind

FACTORS = {"K": 0x9E3779B1, "L": 0x85EBCA77, "-1": MASK, "1": 1, "8": 8, "2^31": 1 << 31}
"""Factors that plans tell apart; K and L stand for any others."""
CONSTANT = 0xC2B2AE3D
"""Stands for any constant but 0."""


def meaning(graph: Graph, n: int, anything: dict[int, Term]) -> Term:
    """A node as a term, in which loads and some constants are unknown words."""
    value = graph.const(n)
    if value is not None:
        return anything.get(value, word(value))
    if graph.op[n] == "load":
        return unknown(f"x{n}")
    args = [meaning(graph, a, anything) for a in graph.args[n]]
    if graph.op[n] == "shl":  # a proven rule says so, and z3 compares polynomials well
        return args[0] * z3.simplify(word(1) << args[1])
    return MEANING[graph.op[n]](*args)


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("constant", [0, CONSTANT])
@pytest.mark.parametrize("first", FACTORS)
@pytest.mark.parametrize("bits, absorbing", [((), ()), ((0,), ()), ((0, 1), ()), ((), (1,)), ((0,), (1,))])
def test_sums_are_built_right_for_all_factors_and_words(
    bits: tuple[int, ...], absorbing: tuple[int, ...], first: str, constant: int, fused: bool
) -> None:
    anything = {FACTORS["K"]: unknown("K"), FACTORS["L"]: unknown("L"), CONSTANT: unknown("C")}
    for second in (None, *FACTORS):
        b = builder(1, a=(2, Mode.IN))
        atoms = [b.emit("load", b.const(k), attr=Access("a")) for k in range(2)]
        factors = [FACTORS[first], *([FACTORS[second]] if second else [])]
        form = Form(constant, tuple(zip(atoms, factors, strict=False)))
        made = sums.build(b, form, lambda n: n, lambda n: n in bits, lambda n: n in absorbing, 1, fused, None)
        expected = anything.get(constant, word(constant))
        for atom, factor in form.terms:
            expected = expected + unknown(f"x{atom}") * anything.get(factor, word(factor))
        difference = z3.simplify(meaning(b.graph, made, anything) - expected, som=True)
        assert z3.is_bv_value(difference) and difference.as_long() == 0, (first, second, difference)


FORMS = st.builds(
    lambda constant, factors: Form(constant, tuple((n, k) for n, k in enumerate(factors) if k)),
    st.one_of(st.just(0), st.integers(0, MASK)),
    st.lists(st.one_of(st.sampled_from([1, MASK, 2, 4, 8, 64]), st.integers(1, MASK)), min_size=1, max_size=8),
)


@given(FORMS, st.sets(st.integers(0, 7)), st.sets(st.integers(0, 7)))
def test_plans_of_any_length_compute_their_form(form: Form, bits: set[int], absorbing: set[int]) -> None:
    """Linear forms are equal for all words exactly if their factors are: no solver is needed."""
    assert sums.value(sums.plan(form, bits.__contains__, absorbing.__contains__)) == form


def test_horner_plans_compute_their_form() -> None:
    for powers in ([4, 2, 1], [12, 4, 1], [1 << 31, 2, 1], [60, 30, 6, 2, 1]):
        for constant in (0, 7):
            form = Form(constant, tuple(enumerate(powers)))
            plan = sums.plan(form, lambda _: False, lambda _: False)
            assert {s.kind for s in plan} & {"horner", "fma"}
            assert sums.value(plan) == form


def test_a_wrong_plan_does_not() -> None:
    plan = sums.plan(Form(5, ((0, 3), (1, 7))), lambda _: False, lambda _: False)
    assert sums.value(plan[:-1]) != Form(5, ((0, 3), (1, 7)))


# -- tables


@pytest.mark.parametrize("size", range(2, 18))
def test_tables_are_expanded_right(size: int) -> None:
    rng = Random(size)
    tables = [tuple(rng.randrange(1 << 32) for _ in range(size)), tuple(rng.randrange(2) for _ in range(size))]
    if size in (8, 16):
        basis = [rng.randrange(1 << 32) for _ in range(size.bit_length() - 1)]
        tables.append(tuple(_xor(basis, x) ^ 99 for x in range(size)))
    for entries in tables:
        b = builder(1, a=(1, Mode.IN), r=(1, Mode.OUT))
        index = b.emit("mod", b.emit("load", b.const(0), attr=Access("a")), b.const(size))
        b.emit("store", b.const(0), b.emit("table", index, attr=entries), attr=Access("r"))
        graph = b.finish()
        expanded = expand_tables(graph)
        assert "table" not in expanded.op
        prove_equal(graph, expanded)


def _xor(basis: list[int], x: int) -> int:
    total = 0
    for j, base in enumerate(basis):
        total ^= base if x >> j & 1 else 0
    return total


# -- gathers that become selections


def gathers(count: int, index: str, flip: int = 0) -> Graph:
    """A `par` whose iterations look up one of `count` words, by an index of bits or by a bounded word."""
    text = f"""
    memory {{
        t: u32[{count + 2}] in
        i: u32[2, 4] in
        r: u32[2] out
    }}
    assume i[_, _] < {count if index == "word" else 2}
    kernel k {{
        par p in 0..2 {{
            r[p] = t[{"i[p, 0] + 1" if index == "word" else index}] ^ {flip}
        }}
    }}
    """
    return simplify(lower(load_kernel(Source("k.vk", text), {})))


CASES = [
    *((count, "word", flip) for count in (2, 3, 4, 5, 7, 8, 13) for flip in (0, 0xDEADBEEF)),
    (8, "4 * i[p, 0] + 2 * i[p, 1] + i[p, 2]", 0),
    (8, "i[p, 0] + 2 * i[p, 1] + 4 * i[p, 2] + 1", 5),
    (7, "6 - 4 * i[p, 0] - i[p, 1] - i[p, 2]", 5),
    (4, "i[p, 0] + i[p, 1] + i[p, 2]", 0),
    (2, "1 - i[p, 0]", 1),
]


@pytest.mark.parametrize("name", [a.name for a in CATALOGUE])
@pytest.mark.parametrize(("count", "index", "flip"), CASES)
def test_alternatives_are_the_gather(count: int, index: str, flip: int, name: str) -> None:
    graph = gathers(count, index, flip)
    facts = ranges.analyse(graph)
    (par,) = [n for n in graph.walk() if graph.op[n] == "par"]
    machine = replace(NARROW, engines=TAKEHOME.engines | {"flow": NARROW.engines["flow"]})  # then all have offers
    found = find_sites(graph, facts, Forms(graph, facts), graph.loop(par))
    (site,) = [s for s in found if graph.access(s.load).array == "t"]
    setting = Setting(graph, facts, Prices(machine))
    offers = [o for a in CATALOGUE for o in a.offers([site], setting) if o.name == name]
    if not offers:  # two sites, a chain, or bits are needed
        assert (
            name in ("rows", "unpacked", "column", "parked", "steered")
            or (name == "transformed" and not flip)
            or site.bits is None
            or count == 2
        )
        return
    (offer,) = offers
    homes = {table.key: Home("table", graph.image_words, table.memory) for table in offer.in_memory}
    selected = vectorize(graph, TAKEHOME, {par: Plan({(site.node, 0): offer}, homes)})
    if homes:
        table = Array("table", graph.image_words, count + 2, Mode.CONSUMED)
        selected = replace(selected, arrays=selected.arrays | {"table": table}, image_words=table.end)
        graph = replace(graph, arrays=graph.arrays | {"table": table}, image_words=table.end)
    live = live_nodes(selected)
    direct = {selected.access(n).array for n in selected.walk() if selected.op[n] == "gather" and live[n]}
    assert ("t" in direct) == (name == "gather")
    words = graph.arrays["i"]
    by_bits = "arithmetic" in name and site.bits is not None
    used = [words.base + 4 * p + k for p in range(2) for k in range(3) if f"i[p, {k}]" in index]
    prove_equal(graph, selected, dict.fromkeys(used, (0, 1)) if by_bits else {})


# -- whole passes, on random straight-line arithmetic


def random_graph(seed: int, ops: tuple[str, ...], wide: bool = False) -> Graph:
    """Arithmetic on six unknown words, of which some are bits or small; a few of its results are stored."""
    rng = Random(seed)
    lanes = 2 if wide else 1
    arrays = {"a": (0, MASK), "b": (0, 1), "c": (0, 37)}
    placed = {name: Array(name, 2 * lanes * k, 2 * lanes, Mode.IN, *b) for k, (name, b) in enumerate(arrays.items())}
    placed["r"] = Array("r", 6 * lanes, 3 * lanes, Mode.OUT)
    b = Builder(Graph("g", placed, 9 * lanes, (), lanes))
    load, store = ("vload", "vstore") if wide else ("load", "store")
    nodes = [b.emit(load, b.const(k * lanes), attr=Access(name)) for name in arrays for k in range(2)]
    for _ in range(12):
        op = rng.choice(ops)
        constant = b.const(rng.choice((0, 1, 2, 3, 5, 8, 31, 0x1000, MASK, rng.randrange(1 << 32))), lanes)
        if op == "select":
            nodes.append(b.emit(op, *rng.choices(nodes, k=3)))
        elif op in ("mul", "shl", "shr") or rng.random() < 0.4:
            nodes.append(b.emit(op, rng.choice(nodes), constant))
        else:
            nodes.append(b.emit(op, *rng.choices(nodes, k=2)))
    for k, n in enumerate(nodes[-3:]):
        b.emit(store, b.const(k * lanes), n, attr=Access("r"))
    return b.finish()


LINEAR = ("add", "sub", "add", "mul", "shl", "xor", "select")
BITWISE = ("xor", "xor", "xor", "and", "or", "shr", "lt", "eq", "select")
SHIFTED = ("xor", "xor", "xor", "shr", "shr", "shl", "and", "or")
PASSES: dict[str, tuple[Callable[[Graph], Graph], tuple[str, ...]]] = {
    "affine": (lambda g: affine(g, TAKEHOME), LINEAR),
    "affine, lowest bits": (lambda g: affine(g, TAKEHOME), (*LINEAR, "and", "and", "and")),
    "affine, no multiply_add": (lambda g: affine(g, NARROW), LINEAR),
    "linear maps": (linear_maps, SHIFTED),
    "xors": (xors, BITWISE),
    "simplify": (simplify, BITWISE),
    "simplify sums": (simplify, LINEAR),
    "addresses": (lambda g: simplify(absolute(g)), BITWISE),
    "forward": (forward, BITWISE),
    "heights": (lambda g: reduce_heights(g, TAKEHOME), ("add", "add", "add", "xor", "xor", "and", "or")),
    "fuse": (lambda g: fuse(g, TAKEHOME), ("mul", "add")),
}


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", PASSES)
def test_passes_keep_the_meaning_for_all_words(name: str, wide: bool) -> None:
    run, ops = PASSES[name]
    changed = 0
    for seed in range(6):
        graph = random_graph(seed, ops, wide)
        after = run(graph)
        prove_equal(graph, after)
        changed += print_graph(after) != print_graph(graph)
    assert changed or (name == "fuse" and not wide)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("op", ["add", "mul", "xor", "and", "or"])
def test_scans_keep_the_meaning_for_all_words(op: str, wide: bool) -> None:
    count, lanes = 11, 2 if wide else 1
    arrays = {"a": Array("a", 0, count * lanes, Mode.IN), "r": Array("r", count * lanes, count * lanes, Mode.OUT)}
    b = Builder(Graph("g", arrays, 2 * count * lanes, (), lanes))
    load, store = ("vload", "vstore") if wide else ("load", "store")
    total = b.emit(load, b.const(0), attr=Access("a"))
    for k in range(1, count):
        total = b.emit(op, total, b.emit(load, b.const(k * lanes), attr=Access("a")))
        b.emit(store, b.const(k * lanes), total, attr=Access("r"))
    graph = b.finish()
    after = split_scans(graph, TAKEHOME)
    assert print_graph(after) != print_graph(graph)
    prove_equal(graph, after)


def test_a_wrong_pass_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    right = sums.plan

    def wrong(form: Form, is_bit: sums.Test, absorbs: sums.Test) -> list[sums.Step]:
        return [replace(s, c=s.c ^ 1) if s.kind == "fma" and s.c > 1 else s for s in right(form, is_bit, absorbs)]

    monkeypatch.setattr(sums, "plan", wrong)
    with pytest.raises((NotEqual, AssertionError)):
        for seed in range(6):
            graph = random_graph(seed, LINEAR)
            prove_equal(graph, affine(graph, TAKEHOME))
