"""Stable sorts of operations by cycles, which take as long as scheduling if they compare.

numpy sorts numbers of 16 bits by counting (radix sort), others by comparing. Cycles are small, so that they have room
in 16 bits. Times between cycles are sorted by the four quarters of their 64 bits, the last one first: as stable sorts
leave alone what is equal, the first quarter decides, then the second one, and so on (Hollerith's way with cards).
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from vliwc.backend.schedulers.making import Order
from vliwc.backend.schedulers.packed import Floats, Integers

_SEVERAL, _MANY = 500, 8_000
"""From so many operations on, one sort by counting, or four, are quicker than one by comparing."""
_SMALL = np.iinfo(np.int16)
_SIGN = np.uint64(1 << 63)
_QUARTERS = range(4) if sys.byteorder == "little" else range(3, -1, -1)


def by_cycles(cycles: Integers) -> Order:
    """The operations in the order of their cycles."""
    if len(cycles) >= _SEVERAL and _SMALL.min <= cycles.min() and cycles.max() <= _SMALL.max:
        return np.argsort(cycles.astype(np.int16), kind="stable")
    return np.argsort(cycles, kind="stable")


def by_times(times: Floats) -> Order:
    """The operations in the order of their times, none of which is NaN."""
    if len(times) < _MANY:
        return np.argsort(times, kind="stable")
    bits = (times + 0.0).view(np.uint64)  # there is one zero now
    keys: npt.NDArray[np.uint64] = np.where(bits & _SIGN, ~bits, bits | _SIGN)  # in the order of the times
    quarters = keys.view(np.uint16).reshape(-1, 4)
    order = np.argsort(quarters[:, _QUARTERS[0]], kind="stable")
    for quarter in _QUARTERS[1:]:
        order = order[np.argsort(quarters[order, quarter], kind="stable")]
    return order
