"""Linear maps over GF(2): the algebra of maps against the words they stand for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vliwc.analysis.diagonals import Map
from vliwc.ir.ops import MASK, OPS

WORDS = st.integers(0, MASK)
NODES = st.integers(0, 3)
MAPS = st.recursive(
    st.one_of(NODES.map(Map.identity), WORDS.map(lambda word: Map((), word))),
    lambda inner: st.one_of(
        st.builds(lambda a, b: a ^ b, inner, inner),
        st.builds(Map.shifted, inner, st.integers(-31, 31)),
        st.builds(Map.masked, inner, WORDS),
    ),
    max_leaves=8,
)
VALUES = st.lists(WORDS, min_size=4, max_size=4)


def word_of(map_: Map, values: list[int]) -> int:
    """The word that is built for a map, on plain integers."""

    def emit(op: str, a: int, b: int) -> int:
        word = OPS[op].word
        assert word is not None
        return word(a, b)

    return map_.build(emit, values.__getitem__, lambda word: word)


def meaning(map_: Map, values: list[int]) -> int:
    """The word by definition."""
    total = map_.constant
    for n, d, mask in map_.terms:
        total ^= (values[n] << d if d >= 0 else values[n] >> -d) & mask
    return total & MASK


@given(MAPS, VALUES)
def test_what_is_built_is_what_is_meant(map_: Map, values: list[int]) -> None:
    assert word_of(map_, values) == meaning(map_, values)


@given(MAPS, MAPS, st.integers(0, 31), WORDS, VALUES)
def test_maps_of_words_are_maps_of_maps(a: Map, b: Map, distance: int, kept: int, values: list[int]) -> None:
    assert meaning(a ^ b, values) == meaning(a, values) ^ meaning(b, values)
    assert meaning(a.shifted(distance), values) == meaning(a, values) << distance & MASK
    assert meaning(a.shifted(-distance), values) == meaning(a, values) >> distance
    assert meaning(a.masked(kept), values) == meaning(a, values) & kept


@given(MAPS, MAPS, NODES, VALUES)
def test_an_expanded_node_is_what_it_was_made_of(outer: Map, inner: Map, node: int, values: list[int]) -> None:
    known = values.copy()
    known[node] = meaning(inner, values)
    assert meaning(outer.expanded(node, inner), values) == meaning(outer, known)


@given(MAPS)
def test_maps_of_the_same_bits_are_equal(map_: Map) -> None:
    assert map_ ^ map_ == Map(())
    bits = Map(())
    for k in range(32):
        bits ^= map_.masked(1 << k)
    assert bits == map_


@given(NODES, st.integers(1, 31), st.integers(0, 1), VALUES)
def test_two_bits_are_added_by_a_product(node: int, other: int, constant: int, values: list[int]) -> None:
    map_ = (Map.identity(node) ^ Map.identity(node).shifted(-other)).masked(1) ^ Map((), constant)
    ops: list[str] = []

    def emit(op: str, a: int, b: int) -> int:
        ops.append(op)
        word = OPS[op].word
        assert word is not None
        return word(a, b)

    assert map_.build(emit, values.__getitem__, lambda word: word) == meaning(map_, values)
    assert ops == ["mul", "shr", *(["xor"] if constant else [])]
