"""Runs of examples: their text, the arrays in an image, and what the reference says of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.testing import assert_array_equal

from tests.examples.references import EXAMPLES, Arrays, Words
from vliwc.ir.graph import Mode
from vliwc.language import Kernel, load_kernel
from vliwc.resources import data_path
from vliwc.source import Source


@cache
def source(name: str) -> Source:
    """The text of one example."""
    path = data_path("examples") / f"{name}.vk"
    return Source(str(path), path.read_text(encoding="utf-8"))


def kernel_of(name: str, params: Mapping[str, int]) -> Kernel:
    """An example, checked, with some of its parameters set."""
    return load_kernel(source(name), dict(params))


def arrays(kernel: Kernel, image: Words) -> Arrays:
    """The arrays of a memory image in their shapes."""
    return {a.name: image[a.base : a.base + a.length].reshape(a.shape) for a in kernel.arrays.values()}


def assert_right(name: str, kernel: Kernel, start: Words, final: Words) -> None:
    """Asserts that `final` is what the example's reference makes of the image `start`, and that what is kept was kept.

    The reference must say something about every array that is a result, and nothing about others.
    """
    before, after = arrays(kernel, start), arrays(kernel, final)
    with np.errstate(over="ignore"):
        expected = EXAMPLES[name].reference(dict(kernel.params), {k: v.copy() for k, v in before.items()})
    assert set(expected) == {a.name for a in kernel.arrays.values() if a.mode in (Mode.INOUT, Mode.OUT)}
    for array, words in expected.items():
        assert words.dtype == np.uint32
        assert_array_equal(after[array], words, err_msg=f"{name}: {array}")
    for declared in kernel.arrays.values():
        if declared.mode is Mode.IN:
            assert_array_equal(after[declared.name], before[declared.name], err_msg=f"{name}: {declared.name} is kept")
    words_before = len(kernel.header)
    assert_array_equal(final[:words_before], start[:words_before], err_msg=f"{name}: the header is kept")
