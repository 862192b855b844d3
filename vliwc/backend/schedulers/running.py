"""What a compiled run of the list scheduler works on: the tables of a problem, and the run's own lists and scalars."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vliwc.backend.schedulers.packed import Integers, Records, record

_SCALARS = record(
    "cycle", "landed", "left", "first_undone", "oldest", "newest", "skipped", "reserve", "window",
    "starved", "ongoing", "awake", "frames", "issued", "record",
    "lanes", "blocks", "singles", "used", "peak", "target", "spares", "spare",
)  # fmt: skip
STATE = np.dtype([*_SCALARS.descr, ("late", np.float64)])
"""A run's scalars. `starved`, `ongoing`, `frames`, `issued`, `blocks` and `singles` count the entries of the lists of
these names, `awake` the operations that wait for a cycle; issues are kept if `record` is set. `spares` says whether any
form is for slots that are left over, `spare` whether such forms are taken now. `late` adds up by
how many cycles slots are issued after cycle `target`, each as the share that it has of its engine."""
TASK = record("operation", "form", "step", "slot", "ready")
FRAME = record("operation", "position", "landed")
"""An operation that is done, and which of its edges is next; or (operation NONE) a strand that begins, and which of
its operations is next."""
ISSUE = record("cycle", "operation", "form", "step", "first", "slots")
BUCKET = record("first", "last")
"""The operations that wait for a cycle, first to last by their `next`."""


class Run(NamedTuple):
    """A schedule under construction; see `packed.Packed` for the tables."""

    state: Records
    operations: Records
    roots: Integers
    at_rank: Integers
    forms: Records
    steps: Records
    edges: Records
    reads: Integers
    needs: Integers
    values: Records
    kinds: Records
    heap: Integers
    choices: Records
    strands: Records
    capacity: Integers
    free: Integers
    blocks: Integers
    singles: Integers
    free_in: Integers
    wake: Records
    starved: Integers
    ongoing: Records
    todo: Records
    frames: Records
    issues: Records
