"""Images: made as assumed, checked as assumed, and what counts at the end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vliwc.errors import DataError, UsageError
from vliwc.language import Kernel, check_image, load_kernel, make_image, results
from vliwc.language.image import STYLES, Region, Words, element_name
from vliwc.source import Source

TEXT = """
memory {
    header 7, &bounded
    bounded: u32[40] in
    free: u32[5, 6] inout
    ordered: u32[40] consumed
    result: u32[40] out
}
assume bounded[_] >= 100 && bounded[_] <= 103
assume ordered[_] < 2 ** 31 && sorted(ordered)
kernel k { result[0] = 1 }
"""
KERNEL: Kernel = load_kernel(Source("k.vk", TEXT), {})
BOUNDED, FREE, ORDERED, RESULT = (slice(a.base, a.base + a.length) for a in KERNEL.arrays.values())


@given(st.sampled_from(STYLES), st.integers(0, 2**32))
def test_made_images_obey_the_kernel(style: str, seed: int) -> None:
    image = make_image(KERNEL, np.random.default_rng(seed), style)
    assert image.dtype == np.uint32
    assert image[:2].tolist() == [7, 2]
    assert set(image[BOUNDED].tolist()) <= {100, 101, 102, 103}
    assert (np.diff(image[ORDERED].astype(np.int64)) >= 0).all()
    assert image[ORDERED].max() < 2**31
    check_image(KERNEL, image)


def contents(style: str) -> Words:
    return make_image(KERNEL, np.random.default_rng(5), style)


def test_styles() -> None:
    assert set(contents("zeros")[FREE]) == {0}
    assert set(contents("zeros")[BOUNDED]) == {100}
    assert set(contents("ones")[FREE]) == {2**32 - 1}
    assert set(contents("ones")[ORDERED]) == {2**31 - 1}
    assert set(contents("small")[FREE]) <= {0, 1, 2, 3}
    assert len(set(contents("equal")[FREE])) == 1
    assert contents("ramp")[FREE].tolist() == list(range(30))
    assert contents("ramp")[BOUNDED][:6].tolist() == [100, 101, 102, 103, 100, 101]
    assert len(set(contents("random")[FREE])) == 30
    assert {100, 103} <= set(contents("edges")[BOUNDED]) <= {100, 101, 102, 103}
    assert max(contents("edges")[FREE]) > 2**31 - 2
    for style in STYLES:
        assert len(set(contents(style)[RESULT])) == 40, "nobody may rely on what `out` arrays hold"


def test_images_depend_on_the_generator_only() -> None:
    first, second, other = (make_image(KERNEL, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).any()


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown style of input `odd`"):
        make_image(KERNEL, np.random.default_rng(0), "odd")


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, 8, "word 0 of the image is 8, but the header of `k` has 7 there"),
        (5, 99, r"bounded\[3\] \(word 5 of the image\) is 99, but is assumed to be in 100 … 103"),
        (41, 104, r"bounded\[39\] \(word 41 of the image\) is 104"),
        (72, 2**31, r"ordered\[0\] \(word 72 of the image\) is 2147483648"),
        (73, 0, r"ordered\[1\] \(word 73 of the image\) is 0, after \d+, but is assumed to be sorted"),
    ],
)
def test_the_first_wrong_word_is_named(at: int, value: int, message: str) -> None:
    image = contents("random")
    image[at] = value
    with pytest.raises(DataError, match=message) as caught:
        check_image(KERNEL, image)
    assert caught.value.help


def test_a_wrong_size_is_refused() -> None:
    with pytest.raises(DataError, match="the image has 3 words, but `k` needs 152") as caught:
        check_image(KERNEL, np.zeros(3, dtype=np.uint32))
    assert caught.value.help == "in this order: header 2, bounded 40, free 30, ordered 40, result 40 words"


def test_results_are_all_but_what_is_consumed() -> None:
    assert results(KERNEL) == (
        Region("header", 0, 2),
        Region("bounded", 2, 42),
        Region("free", 42, 72),
        Region("result", 112, 152),
    )
    bare = load_kernel(Source("k.vk", "memory { a: u32[2] inout }\nkernel k { a[0] = 1 }"), {})
    assert results(bare) == (Region("a", 0, 2),)


def test_elements_are_named_as_in_the_kernel() -> None:
    assert element_name(KERNEL.arrays["free"], 13) == "free[2, 1]"
    assert element_name(KERNEL.arrays["bounded"], 13) == "bounded[13]"
