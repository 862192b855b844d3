"""Every example, run by the interpreter, against its numpy reference: random sizes, random and extreme contents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tests.examples.references import EXAMPLES, Params, murmur3, takehome_hash
from tests.examples.workload import arrays, assert_right, kernel_of, source
from vliwc.language import interpret, make_image
from vliwc.language.image import STYLES
from vliwc.resources import data_path


def sizes(name: str) -> st.SearchStrategy[Params]:
    """The parameters of one example."""
    return st.fixed_dictionaries({p: st.integers(lo, hi) for p, (lo, hi) in EXAMPLES[name].sizes.items()})


def test_every_example_has_a_reference() -> None:
    assert set(EXAMPLES) == {path.stem for path in data_path("examples").glob("*.vk")}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_says_what_it_computes(name: str) -> None:
    comment = [line for line in source(name).lines if line.startswith("#")]
    assert any("interesting" in line for line in comment)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("style", STYLES)
def test_at_its_own_sizes(name: str, style: str) -> None:
    kernel = kernel_of(name, {})
    image = make_image(kernel, np.random.default_rng(7), style)
    assert_right(name, kernel, image, interpret(kernel, image))


@pytest.mark.parametrize("name", EXAMPLES)
def test_at_any_size(name: str) -> None:
    @seed(1)
    @settings(max_examples=15, deadline=None, database=None)
    @given(sizes(name), st.sampled_from(STYLES), st.integers(0, 2**32))
    def agrees(params: Params, style: str, number: int) -> None:
        kernel = kernel_of(name, params)
        image = make_image(kernel, np.random.default_rng(number), style)
        assert_right(name, kernel, image, interpret(kernel, image))

    agrees()


@pytest.mark.parametrize("name", ["tree_walk", "tree_walk_indices", "tree_walk_any"])
def test_layout_is_the_public_benchmarks(name: str) -> None:
    kernel = kernel_of(name, {"height": 3, "rounds": 5, "batch": 6})
    assert kernel.header == (5, 15, 6, 3, 7, 7 + 15, 7 + 15 + 6)
    assert [(a.name, a.base, a.length) for a in kernel.arrays.values()] == [
        ("tree", 7, 15),
        ("indices", 22, 6),
        ("values", 28, 6),
    ]
    assert kernel.image_words == 34


# Known answers, so that the references do not merely agree with kernels written by the same hand.


def test_murmur3_known_answers() -> None:
    """Published test vectors of MurmurHash3_x86_32: key "test" under two seeds, and the word 0xFFFFFFFF."""
    key = np.array([[int.from_bytes(b"test", "little")]], dtype=np.uint32)
    assert murmur3({"seed": 0}, {"keys": key})["hashes"] == 0xBA6BD213
    assert murmur3({"seed": 0x9747B28C}, {"keys": key})["hashes"] == 0x704B81DC
    assert murmur3({"seed": 0}, {"keys": key | np.uint32(0xFFFFFFFF)})["hashes"] == 0x76293B50


def test_xorshift_known_answer() -> None:
    """Marsaglia's paper starts from 2463534242, whose successor is 723471715."""
    kernel = kernel_of("xorshift", {"n": 1, "steps": 1})
    assert interpret(kernel, np.array([2463534242], dtype=np.uint32)).tolist() == [723471715]


def test_crc_and_adler_known_answers() -> None:
    kernel = kernel_of("crc32", {"n": 1, "length": 2})
    words = np.frombuffer(b"12345678", dtype="<u4")
    image = np.array([*words, 0], dtype=np.uint32)
    assert arrays(kernel, interpret(kernel, image))["checksums"].tolist() == [0x9AE0DAAF]
    kernel = kernel_of("adler32", {"n": 9})
    image = np.array([*b"Wikipedia", 0], dtype=np.uint32)
    assert arrays(kernel, interpret(kernel, image))["checksum"].tolist() == [0x11E60398]


def test_hash_of_the_walk_known_answers() -> None:
    """What the public reference gives for three words."""
    with np.errstate(over="ignore"):
        hashed = takehome_hash(np.array([0, 1, 0xFFFFFFFF], dtype=np.uint32))
    assert hashed.tolist() == [0x6B4ED927, 0xB48681B6, 0xFE64C182]
