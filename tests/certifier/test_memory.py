"""Symbolic memory: what loads give, what may be reordered, and that the two agree with real memory."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.certifier.cases import Case, graph
from tests.certifier.values import Valuation
from vliwc.backend.certifier import ProofFailed
from vliwc.backend.certifier.addresses import Addresses, regions_of
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.memory import MAX_EXACT, Memory
from vliwc.ir.graph import Array, Graph, Mode


class Bench:
    """A memory with one array of 200 words at 10, and a few symbols to make addresses of."""

    def __init__(self) -> None:
        arrays = {"a": Array("a", 10, 200, Mode.INOUT, 0, 9), "b": Array("b", 210, 90, Mode.CONSUMED)}
        self.graph = Graph("test", arrays, 300, (1, 2, 3))
        self.algebra = Algebra()
        self.addresses = Addresses(self.algebra, self.graph)
        self.memory = Memory.initial(self.algebra, self.addresses, self.graph)
        self.r = self.addresses.number["a"]
        self.symbols = [self.algebra.symbol(f"s{k}", (0, hi)) for k, hi in enumerate((1, 7, 40, 199))]

    def address(self, k: int, scale: int, offset: int) -> int:
        """The word 10 + scale * symbol k + offset; a constant without a symbol."""
        algebra = self.algebra
        scaled = algebra.scale(self.symbols[k], scale) if scale else algebra.zero
        found = algebra.add(scaled, algebra.constant(10 + offset))
        self.addresses.assume(found, self.r)
        return found

    def random(self, rng: Random) -> int:
        """A random address in the array."""
        k = rng.randrange(4)
        if rng.random() < 0.3:
            return self.address(k, 0, rng.randrange(30))
        scale = rng.choice((1, 1, 2, 4)) if k < 3 else 1
        top = (1, 7, 40, 199)[k] * scale
        return self.address(k, scale, rng.randrange(200 - top) % 6)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_loads_are_what_a_real_memory_holds(seed: int) -> None:
    rng, bench = Random(seed), Bench()
    values = [rng.randrange(hi + 1) for hi in (1, 7, 40, 199)]
    words = dict(zip(bench.symbols, values, strict=True))
    image = {address: rng.randrange(10) for address in range(300)}
    versions = {bench.memory.contents[bench.r].version: image}
    real, loads = dict(image), []
    for _ in range(30):
        address = bench.random(rng)
        at = Valuation(bench.algebra, words).word(address)
        kind = rng.random()
        if kind < 0.5:
            loads.append((bench.memory.load(bench.r, address), real[at]))
        else:
            value, word = rng.choice(loads or [(bench.algebra.constant(77), 77)])
            bench.memory.store(bench.r, address, bench.algebra.add(value, bench.algebra.one))
            real[at] = word + 1
    valuation = Valuation(bench.algebra, words, versions)
    for load, word in loads:
        assert valuation.word(load) == word
        assert bench.algebra.lo[load] <= word <= bench.algebra.hi[load]


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_disjoint_accesses_may_be_reordered(seed: int) -> None:
    """Neighbours that are provably disjoint, or both loads, are exchanged at random: everything stays the same."""
    rng, bench = Random(seed), Bench()
    accesses = [(number, rng.random() < 0.5, bench.random(rng)) for number in range(25)]
    moved = list(accesses)
    for _ in range(200):
        k = rng.randrange(len(moved) - 1)
        (_, first_stores, a), (_, second_stores, b) = moved[k : k + 2]
        if not (first_stores or second_stores) or bench.addresses.disjoint(a, b):
            moved[k], moved[k + 1] = moved[k + 1], moved[k]
    loads = []
    memories = []
    for order in (accesses, moved):
        memory, loaded = bench.memory.copy(), {}
        for number, stores, address in order:
            if stores:
                memory.store(bench.r, address, bench.algebra.constant(1000 + number))
            else:
                loaded[number] = memory.load(bench.r, address)
        loads.append(loaded)
        memories.append(memory)
    assert loads[0] == loads[1]
    assert not list(memories[0].differences(memories[1], bench.r))


def test_stores_that_may_alias_keep_their_order() -> None:
    bench = Bench()
    a, b = bench.address(3, 1, 0), bench.address(2, 1, 0)
    one, two = bench.algebra.constant(1), bench.algebra.constant(2)
    memories = []
    for order in (((a, one), (b, two)), ((b, two), (a, one))):
        memory = bench.memory.copy()
        for address, value in order:
            memory.store(bench.r, address, value)
        memories.append(memory)
    assert {address for address, _, _ in memories[0].differences(memories[1], bench.r)} == {a, b}


def test_differences_are_told_at_known_addresses_first_and_these_in_order() -> None:
    bench = Bench()
    other = bench.memory.copy()
    addresses = [bench.address(3, 1, 0), bench.address(0, 0, 7), bench.address(2, 4, 4), bench.address(0, 0, 2)]
    for address in addresses:
        bench.memory.store(bench.r, address, bench.algebra.constant(5))
    told = [address for address, _, _ in bench.memory.differences(other, bench.r)]
    assert told == [addresses[3], addresses[1], addresses[0], addresses[2]]


@pytest.mark.parametrize("floating", [False, True])
@pytest.mark.parametrize(("count", "precise"), [(MAX_EXACT, True), (MAX_EXACT + 1, False)])
def test_so_many_constant_addresses_are_compared_one_by_one(floating: bool, count: int, precise: bool) -> None:
    """Beyond that, a store to an odd word of the range counts for a load from even ones, too."""
    bench = Bench()
    even, one = bench.address(2, 4, 4), bench.algebra.one
    if floating:
        bench.memory.store(bench.r, bench.address(0, 1, 180), one)
    for k in range(4 + count):  # the first four are below the range
        bench.memory.store(bench.r, bench.address(3, 0, k), bench.algebra.constant(k % 5))
    before = bench.memory.load(bench.r, even)
    bench.memory.store(bench.r, bench.address(3, 0, 5), bench.algebra.constant(9))
    assert (bench.memory.load(bench.r, even) == before) is precise


def test_the_newest_store_is_loaded_whatever_older_ones_may_have_been_there() -> None:
    bench = Bench()
    a, b = bench.address(3, 1, 0), bench.address(2, 1, 0)
    one, two = bench.algebra.constant(1), bench.algebra.constant(2)
    bench.memory.store(bench.r, a, one)
    bench.memory.store(bench.r, b, two)
    assert bench.memory.load(bench.r, b) == two
    assert bench.memory.load(bench.r, a) != one
    bench.memory.store(bench.r, bench.address(3, 0, 7), one)
    assert bench.memory.load(bench.r, b) != two


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((3, 0, 5), (3, 0, 6), True),  # constants
        ((3, 1, 0), (3, 1, 1), True),  # the same index, next to each other
        ((2, 2, 0), (1, 2, 1), True),  # even and odd
        ((2, 4, 1), (1, 2, 0), True),
        ((1, 1, 0), (1, 0, 8), True),  # beyond the range of the index
        ((1, 1, 0), (1, 0, 7), False),
        ((2, 1, 0), (1, 1, 0), False),
        ((2, 2, 0), (1, 1, 0), False),
        ((3, 1, 0), (3, 1, 0), False),
    ],
)
def test_addresses_are_disjoint(first: tuple[int, int, int], second: tuple[int, int, int], expected: bool) -> None:
    bench = Bench()
    assert bench.addresses.disjoint(bench.address(*first), bench.address(*second)) is expected
    assert bench.addresses.disjoint(bench.address(*second), bench.address(*first)) is expected


def test_what_is_known_of_an_access_separates_it_from_other_words() -> None:
    bench = Bench()
    unknown = bench.algebra.symbol("u")
    assert bench.addresses.region(unknown) is None
    assert not bench.addresses.disjoint(unknown, bench.algebra.constant(5))
    known = bench.algebra.symbol("v")
    bench.addresses.assume(known, bench.r)
    assert bench.addresses.region(known) == bench.r
    assert bench.addresses.disjoint(known, bench.algebra.constant(5))


def test_a_load_from_many_words_sees_those_in_its_range() -> None:
    """More constant addresses than are compared one by one: only the range counts, but it does."""
    bench = Bench()
    wide = bench.address(3, 1, 0)
    narrow = bench.address(1, 1, 0)
    for k in range(MAX_EXACT + 20):
        bench.memory.store(bench.r, bench.address(3, 0, k), bench.algebra.constant(k % 5))
    before = bench.memory.load(bench.r, wide), bench.memory.load(bench.r, narrow)
    assert before == (bench.memory.load(bench.r, wide), bench.memory.load(bench.r, narrow))
    bench.memory.store(bench.r, bench.address(3, 0, 60), bench.algebra.constant(3))
    assert bench.memory.load(bench.r, wide) != before[0]
    assert bench.memory.load(bench.r, narrow) == before[1]
    assert bench.algebra.hi[before[0]] == 9


def test_the_header_and_declared_bounds_are_known() -> None:
    bench = Bench()
    header = bench.addresses.region(bench.algebra.constant(1))
    assert header is not None
    assert bench.memory.load(header, bench.algebra.constant(1)) == bench.algebra.constant(2)
    assert bench.algebra.hi[bench.memory.load(bench.r, bench.algebra.constant(12))] == 9


def test_regions_cover_the_image() -> None:
    arrays = {
        "b": Array("b", 12, 4, Mode.OUT, 1, 2),
        "none": Array("none", 12, 0, Mode.IN),
        "a": Array("a", 4, 6, Mode.CONSUMED, 1, 2),
    }
    regions = regions_of(Graph("g", arrays, 20, (5, 6)))
    assert [(r.name, r.base, r.end) for r in regions] == [
        ("header", 0, 2),
        ("gap", 2, 4),
        ("a", 4, 10),
        ("gap", 10, 12),
        ("b", 12, 16),
        ("gap", 16, 20),
    ]
    assert [r.name for r in regions if not r.kept] == ["a"]
    assert {r.name: r.bounds for r in regions}["a"] == (1, 2)
    assert {r.name: r.bounds for r in regions}["b"] == (0, 2**32 - 1)  # `out`: anything at the start


@pytest.mark.parametrize("array", [Array("b", 5, 4, Mode.IN), Array("b", 1, 3, Mode.IN), Array("b", 18, 3, Mode.IN)])
def test_images_that_overlap_are_rejected(array: Array) -> None:
    arrays = {"a": Array("a", 4, 6, Mode.IN), "b": array}
    with pytest.raises(ProofFailed, match=r"array [ab] of the graph overlaps"):
        regions_of(Graph("g", arrays, 20, (5, 6)))


COUNTS = Case(
    graph(
        """
        %i = const 0
        %j = const 1
        %one = const 1
        %a = load x[%i]
        %b = load x[%j]
        %p = load y[%a]
        %q = add %p, %one
        store y[%a], %q
        %r = load y[%b]
        %s = add %r, %one
        store y[%b], %s
    """
    ),
    """
    load s[0] = 2; load s[1] = 3
    load s[2] = mem[s[0]]; load s[3] = mem[s[1]]
    load s[4] = 10; load s[5] = 1
    alu s[2] = s[2] + s[4]; alu s[3] = s[4] + s[3]
    load s[6] = mem[s[2]]
    alu s[6] = s[5] + s[6]
    store mem[s[2]] = s[6]
    load s[7] = mem[s[3]]
    alu s[7] = s[5] + s[7]
    store mem[s[3]] = s[7]
    """,
)


def test_a_histogram_is_proven() -> None:
    assert COUNTS.prove().words == 18


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("load s[6] = mem[s[2]]", "load s[6] = mem[s[2]]; load s[8] = mem[s[3]]\n alu s[7] = s[8] | s[8]"),
        ("store mem[s[2]] = s[6]\n", "load s[9] = 0\n"),
        ("store mem[s[3]] = s[7]", "store mem[s[3]] = s[7]\n store mem[s[2]] = s[6]"),
        ("store mem[s[2]] = s[6]\n    load s[7] = mem[s[3]]", "store mem[s[2]] = s[6]; load s[7] = mem[s[3]]"),
    ],
)
def test_aliasing_accesses_in_another_order_are_found(old: str, new: str) -> None:
    text = COUNTS.text
    if "alu s[7] = s[8]" in new:
        text = text.replace("load s[7] = mem[s[3]]", "load s[9] = 1")
    case = Case(COUNTS.graph, text)
    with pytest.raises(ProofFailed, match="is wrong when the program ends"):
        case.prove(old, new)


CONDITIONAL = """
    %z = const 0
    %a = load x[%z]
    %k = const 5
    %c = lt %a, %k
    %i = const 1
    %j = load x[%i]
    store_if %c, y[%j], %a
"""
CONDITIONAL_PROGRAM = """
    load s[0] = 2; load s[1] = 3
    load s[2] = mem[s[0]]; load s[3] = mem[s[1]]
    load s[4] = 5; load s[5] = 10
    alu s[6] = s[2] < s[4]; alu s[7] = s[3] + s[5]
    flow s[8] = s[6] ? s[7] : s[5]
    load s[9] = mem[s[8]]
    flow s[9] = s[6] ? s[2] : s[9]
    store mem[s[8]] = s[9]
"""


def test_conditional_stores_by_a_harmless_address() -> None:
    """The index may be out of range unless the condition holds, so the machine stores somewhere else then."""
    case = Case(graph(CONDITIONAL), CONDITIONAL_PROGRAM)
    assert case.prove().words == 18
    for old, new in [
        ("s[6] ? s[7] : s[5]", "s[6] ? s[5] : s[7]"),
        ("s[6] ? s[2] : s[9]", "s[6] ? s[9] : s[2]"),
        ("s[6] ? s[2] : s[9]", "s[4] ? s[2] : s[9]"),
        ("load s[9] = mem[s[8]]", "load s[9] = mem[s[5]]; flow s[9] = s[6] ? s[5] : s[5]"),
        ("flow s[8] = s[6] ? s[7] : s[5]", "alu s[8] = s[7] | s[7]"),
    ]:
        with pytest.raises(ProofFailed):
            case.prove(old, new)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (0, "load s[0] = 10\n load s[1] = mem[s[0]]\n store mem[s[0]] = s[1]"),
        (1, "load s[0] = 12\n store mem[s[0]] = s[0]"),
    ],
)
def test_conditional_stores_that_are_decided(condition: int, text: str) -> None:
    body = f"%c = const {condition}\n %i = const 2\n %v = const 12\n store_if %c, y[%i], %v"
    assert Case(graph(body), text).prove().words == 18


SPILL = Case(
    graph(
        "%z = const 0\n %a = load x[%z]\n store y[%z], %a",
        "array x at 2 length 8 in\n array y at 10 length 4 inout\n array d at 14 length 4 consumed",
    ),
    """
    load s[0] = 2; load s[1] = 15
    load s[2] = mem[s[0]]
    store mem[s[1]] = s[2]
    load s[2] = 16
    store mem[s[2]] = s[0]
    load s[2] = mem[s[1]]
    load s[1] = 10
    store mem[s[1]] = s[2]
    """,
)


def test_spills_to_dead_memory_are_proven() -> None:
    assert SPILL.prove().words == 14


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("s[2] = 16", "s[2] = 15", r"y\[0\] .* expected x\[0\], found 2"),
        ("load s[0] = 2; load s[1] = 15", "load s[0] = 2; load s[1] = 8", r"x\[6\] .* is wrong"),
        ("store mem[s[1]] = s[2]\n    load s[2] = 16", "load s[2] = 16", r"found d\[1\]"),
    ],
)
def test_wrong_spills_are_found(old: str, new: str, message: str) -> None:
    with pytest.raises(ProofFailed, match=message):
        SPILL.prove(old, new)
