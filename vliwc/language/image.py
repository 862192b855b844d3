"""Memory images for a kernel: made to obey what it assumes, checked against that, and what must come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vliwc.errors import DataError, UsageError
from vliwc.ir.graph import Mode
from vliwc.ir.ops import MASK
from vliwc.language.kernel import ArrayDecl, Kernel

Words = NDArray[np.uint32]

STYLES = ("random", "zeros", "ones", "edges", "small", "equal", "ramp")
"""The kinds of contents that `make_image` knows; docs/language.md describes them."""

_EDGES = (0, 1, 2, 3, 0x7FFF_FFFE, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, MASK - 1, MASK, 0x5555_5555, 0xAAAA_AAAA)


@dataclass(frozen=True, slots=True)
class Region:
    """A named range of addresses, in words: `start` … `end` - 1."""

    name: str
    start: int
    end: int


def make_image(kernel: Kernel, rng: np.random.Generator, style: str = "random") -> Words:
    """An image of `kernel.image_words` words with the kernel's header and contents that obey its assumptions.

    The styles: "random" words; "zeros" and "ones" (all bits 0, all bits 1); the "edges" of the range and of signs;
    "small" numbers; "equal", one random word everywhere; "ramp", counting up. Each is cut to what is assumed. Arrays of
    mode `out` always hold random words: nobody may rely on them. Raises UsageError for an unknown style.
    """
    if style not in STYLES:
        raise UsageError(f"unknown style of input `{style}`", help=f"styles are {', '.join(STYLES)}")
    image = np.empty(kernel.image_words, dtype=np.uint32)
    image[: len(kernel.header)] = kernel.header
    for array in kernel.arrays.values():
        words = _contents(array, rng, "random" if array.mode is Mode.OUT else style)
        image[array.base : array.base + array.length] = np.sort(words) if array.sorted else words
    return image


def _contents(array: ArrayDecl, rng: np.random.Generator, style: str) -> Words:
    lo, hi, n = array.lo, array.hi, array.length
    match style:
        case "zeros":
            words = np.full(n, lo, dtype=np.uint64)
        case "ones":
            words = np.full(n, hi, dtype=np.uint64)
        case "edges":
            edges = sorted({lo, min(lo + 1, hi), max(hi - 1, lo), hi} | {e for e in _EDGES if lo <= e <= hi})
            words = rng.choice(np.array(edges, dtype=np.uint64), n)
        case "small":
            words = rng.integers(lo, min(lo + 3, hi), n, dtype=np.uint64, endpoint=True)
        case "equal":
            words = np.full(n, rng.integers(lo, hi, endpoint=True, dtype=np.uint64), dtype=np.uint64)
        case "ramp":
            words = lo + np.arange(n, dtype=np.uint64) % np.uint64(hi - lo + 1)
        case _:
            words = rng.integers(lo, hi, n, dtype=np.uint64, endpoint=True)
    return words.astype(np.uint32)


def check_image(kernel: Kernel, image: Words) -> None:
    """Raises DataError naming the first word of `image` that the kernel cannot have: size, header, assumptions."""
    if image.shape != (kernel.image_words,):
        message = f"the image has {image.size:,} words, but `{kernel.name}` needs {kernel.image_words:,}"
        raise DataError(message, help=_layout(kernel))
    wrong = np.flatnonzero(image[: len(kernel.header)] != np.array(kernel.header, dtype=np.uint32))
    if wrong.size:
        at = int(wrong[0])
        message = (
            f"word {at} of the image is {image[at]}, but the header of `{kernel.name}` has {kernel.header[at]} there"
        )
        raise DataError(message, help="the image was made for other parameters, or another kernel: check the -D values")
    for array in kernel.arrays.values():
        if array.mode is not Mode.OUT:
            _check_array(array, image[array.base : array.base + array.length])


def _check_array(array: ArrayDecl, words: Words) -> None:
    outside = np.flatnonzero((words < np.uint32(array.lo)) | (words > np.uint32(array.hi)))
    if outside.size:
        at = int(outside[0])
        message = f"{element_name(array, at)} (word {array.base + at} of the image) is {words[at]}"
        raise DataError(f"{message}, but is assumed to be in {array.lo} … {array.hi}", help=_ASSUMED)
    if array.sorted:
        falls = np.flatnonzero(words[1:] < words[:-1])
        if falls.size:
            at = int(falls[0]) + 1
            message = f"{element_name(array, at)} (word {array.base + at} of the image) is {words[at]}"
            raise DataError(f"{message}, after {words[at - 1]}, but is assumed to be sorted", help=_ASSUMED)


_ASSUMED = "correct the input, or weaken the kernel's `assume`"


def element_name(array: ArrayDecl, offset: int) -> str:
    """How the kernel calls the word at `offset` in an array: `a[3]`, `b[1, 2]`."""
    indices = np.unravel_index(offset, array.shape)
    return f"{array.name}[{', '.join(str(i) for i in indices)}]"


def _layout(kernel: Kernel) -> str:
    parts = [f"header {len(kernel.header)}"] if kernel.header else []
    parts += [f"{a.name} {a.length:,}" for a in kernel.arrays.values()]
    return f"in this order: {', '.join(parts)} words"


def results(kernel: Kernel) -> tuple[Region, ...]:
    """The address ranges that every correct program leaves as the interpreter does: the header and all arrays but
    those that are `consumed`, in order."""
    regions = [Region("header", 0, len(kernel.header))] if kernel.header else []
    for array in kernel.arrays.values():
        if array.mode is not Mode.CONSUMED:
            regions.append(Region(array.name, array.base, array.base + array.length))
    return tuple(regions)
