"""What compiled code works on: a program as flat arrays, and the state of a group of runs.

Records stand for objects. All slots of a program stand one behind the other, those of a bundle in the order in which
their effects land; a list is the range `first … end` of such an array.

The runs of a group execute the same bundle at the same time. Whatever may differ from run to run has one word for each
of them, side by side: word w of run i stands at `w * runs + i`. So a vector in scratch is one stretch of words, too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[Any]
"""An array of one of the record types below."""
Record = Any
"""One of them."""
Words = npt.NDArray[np.uint32]
Integers = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]


def record(*names: str, of: type = np.int32) -> np.dtype[Any]:
    """The type of records with these fields, all integers of one type."""
    return np.dtype([(name, of) for name in names])


SLOT = np.dtype([*record("op", "dest", "a", "b", "c", "width", "at", "delay").descr, ("immediate", np.uint32)])
"""A slot with a result, or a store. `op` is one of `native`'s operations on `width` words each of scratch from `a`, `b`
and `c` on, of which the operation uses as many as it has sources. The result stands at `at` among the bundle's results
until it lands, `delay` cycles after the end of the bundle's own, in the scratch words from `dest` on."""

BUNDLE = np.dtype(
    [
        *record("first", "late", "store", "end", "read", "read_end", "trace", "trace_end").descr,
        *record("cost", "control", "condition").descr,
        ("target", np.int64),
    ]
)
"""A bundle. Its slots: from `first` on those whose results land at the end of the cycle, from `late` on those that
land later, from `store` to `end` the stores; from `read` to `read_end` what it reads, from `trace` to `trace_end` the
scratch words that it appends to the trace. `cost` in cycles; `control` is one of `native`'s ways to go on, `condition`
the scratch word that it looks at."""

WORDS = record("first", "end")
"""The scratch words `first … end`."""

PENDING = np.dtype([("due", np.int64), *record("dest", "width").descr])
"""A late result: it lands at the end of cycle `due`."""

STATE = record(
    "runs", "image_words", "limit", "strict", "checked", "stride", "pc", "cycle", "executed", "pending", "traced",
    of=np.int64,
)  # fmt: skip
"""The scalars of a group: how many runs, on images of how many words, for how many cycles at most; whether the strict
checks are on, and before which bundle none has to look for words that were never written; the words that a late
result has room for; the next bundle, the cycles and the bundles executed so far; the entries in the lists `pending` and
`trace`."""


class Group(NamedTuple):
    """A program and a group of runs. The arrays marked with * have one word for each run."""

    state: Records
    slots: Records
    bundles: Records
    reads: Records
    """The scratch words that bundles read."""
    traces: Integers
    """The scratch words that bundles trace."""
    results: Words
    """* Room for the results of one bundle."""
    pending: Records
    late: Words
    """* The words of the late results."""
    trace: Words
    """* What was traced since the list was emptied."""
    written: Flags
    """Whether each scratch word was ever written."""
    seen: Flags
    """Whether each bundle was reached before."""
    landed: Counts
    """The last cycle, counted from 1, in which each scratch word was found to be written, for `native._collides`."""
    scratch: Words
    """*"""
    memory: Words
    """*"""
