"""A scheduling problem as arrays: the form that compiled code works on.

Records stand for objects, numbers of records for references, and a list of things is the range `first … end` of an
array in which the lists of all owners stand one behind the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vliwc.backend.problem import Problem
from vliwc.backend.schedulers.listing import Shapes
from vliwc.backend.schedulers.urgency import Urgency
from vliwc.backend.scratch import Lives, Scratch

Records = npt.NDArray[Any]
"""An array of one of the record types below."""


def _record(*names: str) -> np.dtype[Any]:
    return np.dtype([(name, np.int32) for name in names])


OPERATION = _record(
    "kind", "strand", "writes", "needy", "first_form", "forms", "first_read", "end_read", "first_edge", "end_edge",
    "height", "delay", "rank", "edges_left", "earliest", "next", "undone",
)  # fmt: skip
"""An operation; `kind` is its class in `Shapes`, `next` links the lists of those that wait for a cycle or a strand."""
FORM = _record("first_step", "steps", "first_need", "end_need")
STEP = _record("engine", "slots", "latency")
EDGE = _record("target", "is_data")
VALUE = _record("width", "address", "reads_left", "keep", "writers", "landed")
"""A value; `address` is -1 as long as it has none, `landed` is when the results of its writers so far are there."""
KIND = _record("first_choice", "end_choice", "indivisible", "first_rank", "waiting", "closed")
"""A class of operations, and its heap: `waiting` ranks from `first_rank` on."""
CHOICE = _record("form", "engine", "slots")
STRAND = _record("left", "first", "last")
"""A strand: how many of its operations are not done, and the list of those that wait until it may begin."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A problem, with its classes and strands, as arrays. A run copies those that it changes."""

    operations: Records
    forms: Records
    steps: Records
    edges: Records
    reads: npt.NDArray[np.int32]
    needs: npt.NDArray[np.int32]
    values: Records
    kinds: Records
    choices: Records
    strands: Records
    capacity: npt.NDArray[np.int32]
    """The slots of each engine."""
    blocks: npt.NDArray[np.int32]
    singles: npt.NDArray[np.int32]
    free_in: npt.NDArray[np.int32]
    """Free scratch: `Scratch`'s lists, the last of each the next to be taken."""
    used: int
    """The words of scratch that are taken at the start."""
    lanes: int
    longest: int
    """The longest latency in cycles."""
    issues: int
    """A schedule has no more issues than this."""


def pack(problem: Problem, shapes: Shapes, urgency: Urgency) -> Packed:
    """The arrays of a problem."""
    scratch = Scratch(problem.machine.scratch_words, problem.machine.lanes, problem.occupied())
    forms, steps, needs = _forms(problem, shapes)
    latencies = [step["latency"] for step in steps]
    return Packed(
        operations=_operations(problem, shapes, urgency),
        forms=forms,
        steps=steps,
        edges=_table(EDGE, ((t, kind) for edges in problem.successors for t, kind in edges)),
        reads=_integers(v for o in problem.operations for v in o.reads),
        needs=needs,
        values=_values(problem),
        kinds=_kinds(shapes),
        choices=_table(CHOICE, (choice for choices in shapes.choices for choice in choices)),
        strands=_strands(urgency),
        capacity=_integers(shapes.capacity),
        blocks=_integers(scratch.free_blocks()),
        singles=_integers(scratch.free_singles()),
        free_in=_integers(scratch.free_in_blocks()),
        used=scratch.used,
        lanes=scratch.lanes,
        longest=max(latencies, default=0),
        issues=sum(max((sum(s.slots for s in f) for f in o.forms), default=0) for o in problem.operations),
    )
