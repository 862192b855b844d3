"""A scheduling problem as arrays: the form that compiled code works on.

Records stand for objects, numbers of records for references, and a list of things is the range `first … end` of an
array in which the lists of all owners stand one behind the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from vliwc.backend.problem import Problem
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Urgency
from vliwc.backend.scratch import Scratch
from vliwc.backend.strands import SHARED

Records = npt.NDArray[Any]
"""An array of one of the record types below."""
Integers = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


def record(*names: str) -> np.dtype[Any]:
    """The type of records with these fields, each a 32-bit integer."""
    return np.dtype([(name, np.int32) for name in names])


OPERATION = record(
    "kind", "strand", "writes", "needy", "first_form", "end_form", "first_read", "end_read", "first_edge", "end_edge",
    "height", "delay", "edges_left", "rank", "earliest", "next", "undone",
)  # fmt: skip
"""An operation. `kind` is its class in `Shapes`; `next` links the lists of those that wait for a cycle or a strand."""
FORM = record("first_step", "end_step", "first_need", "end_need")
STEP = record("engine", "slots", "latency")
EDGE = record("target", "kind")
VALUE = record("width", "address", "reads_left", "keep", "writers", "landed", "last_read")
"""A value. `address` is -1 as long as it has none; `landed` is when the results of its writers so far are there."""
KIND = record("first_choice", "end_choice", "indivisible", "first_rank", "waiting", "closed")
"""A class of operations, and its heap: `waiting` ranks from `first_rank` on."""
CHOICE = record("form", "engine", "slots", "spare")
"""A form of a class; `spare` ones are for slots that are left over (see `making.Forms`)."""
STRAND = record("left", "first", "last")
"""A strand: how many of its operations are not done, and the list of those that wait until it may begin."""
NONE = -1
"""No record, no value, no address."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A problem with its classes and strands. A run copies what it changes."""

    operations: Records
    roots: Integers
    """The operations that wait for no other."""
    forms: Records
    steps: Records
    edges: Records
    reads: Integers
    needs: Integers
    values: Records
    kinds: Records
    choices: Records
    strands: Records
    capacity: Integers
    """The slots of each engine."""
    blocks: Integers
    """The free vectors of scratch, and behind them room for more: `free_blocks` are there."""
    singles: Integers
    """The same for single words: `free_singles` are there."""
    free_in: Integers
    """How many of the single words each block of scratch has."""
    free_blocks: int
    free_singles: int
    used: int
    """The words of scratch that are taken at the start."""
    lanes: int
    longest: int
    """The longest latency in cycles."""
    issues: int
    """A schedule has no more issues than this."""


def pack(problem: Problem, shapes: Shapes, urgency: Urgency) -> Packed:
    """The arrays of a problem."""
    operations = problem.operations
    forms = [(o, form, f) for o in operations for f, form in enumerate(o.forms)]
    needs = [o.needed(f) for o, _, f in forms]
    steps = [
        (engine, step.slots, step.latency)
        for o, engines in zip(operations, shapes.engine, strict=True)
        for form, numbers in zip(o.forms, engines, strict=True)
        for step, engine in zip(form, numbers, strict=True)
    ]
    form_records = np.zeros(len(forms), FORM)
    form_records["first_step"], form_records["end_step"] = ranges([len(form) for _, form, _ in forms])
    form_records["first_need"], form_records["end_need"] = ranges([len(n) for n in needs])
    lanes = problem.machine.lanes
    assert all(a % lanes == 0 for v, a in problem.entry.items() if problem.widths[v] == lanes), "vectors are aligned"
    return Packed(
        operations=_operations(problem, shapes, urgency),
        roots=_integers([k for k, count in enumerate(problem.predecessor_counts()) if count == 0]),
        forms=form_records,
        steps=_table(STEP, steps),
        edges=_table(EDGE, [edge for edges in problem.successors for edge in edges]),
        reads=_integers([v for o in operations for v in o.reads]),
        needs=_integers([v for n in needs for v in n]),
        values=_values(problem),
        kinds=_kinds(shapes),
        choices=_table(CHOICE, [(*choice, 0) for choices in shapes.choices for choice in choices]),
        strands=_strands(urgency),
        capacity=_integers(shapes.capacity),
        lanes=lanes,
        longest=max((latency for _, _, latency in steps), default=0),
        issues=sum(max((sum(s.slots for s in f) for f in o.forms), default=0) for o in operations),
        **_scratch(problem),
    )


def with_scratch(packed: Packed, problem: Problem) -> Packed:
    """The arrays of a problem that differs from the packed one in its machine's scratch only."""
    return replace(packed, **_scratch(problem))


def _scratch(problem: Problem) -> dict[str, Any]:
    """What is free in scratch at the start, by the names of fields."""
    scratch = Scratch(problem.machine.scratch_words, problem.machine.lanes, problem.occupied())
    blocks, singles, free_in = scratch.lists()
    return {
        "blocks": _integers(blocks + [0] * (len(free_in) - len(blocks))),
        "singles": _integers(singles + [0] * (scratch.words - len(singles))),
        "free_in": _integers(free_in),
        "free_blocks": len(blocks),
        "free_singles": len(singles),
        "used": scratch.used,
    }


def _integers(numbers: Sequence[int]) -> Integers:
    return np.array(numbers, np.int32)


def _table(of: np.dtype[Any], rows: Sequence[tuple[int, ...]]) -> Records:
    return np.array(rows, of)


def ranges(lengths: Iterable[int]) -> tuple[list[int], list[int]]:
    """Where lists of these lengths begin and end if they stand one behind the other."""
    ends = list(accumulate(lengths, initial=0))
    return ends[:-1], ends[1:]


def _operations(problem: Problem, shapes: Shapes, urgency: Urgency) -> Records:
    operations = problem.operations
    table = np.zeros(len(operations), OPERATION)
    table["kind"], table["strand"] = shapes.of, urgency.strand
    table["writes"] = [o.writes for o in operations]
    table["needy"] = [bool(o.needs) for o in operations]
    table["first_form"], table["end_form"] = ranges(len(o.forms) for o in operations)
    table["first_read"], table["end_read"] = ranges(len(o.reads) for o in operations)
    table["first_edge"], table["end_edge"] = ranges(len(edges) for edges in problem.successors)
    table["height"], table["delay"] = urgency.height, urgency.delay
    table["edges_left"] = problem.predecessor_counts()
    table["next"] = NONE
    table["undone"] = 1
    return table


def _values(problem: Problem) -> Records:
    table = np.zeros(len(problem.widths), VALUE)
    table["width"] = problem.widths
    table["address"] = table["last_read"] = NONE
    places = problem.entry | {value: problem.entry[old] for value, old in problem.tied.items()}
    for value, address in places.items():
        table["address"][value] = address
    for value, count in problem.read_counts().items():
        table["reads_left"][value] = count
    for value in problem.held | frozenset(problem.tied):
        table["keep"][value] = 1
    for o in problem.operations:
        if o.writes >= 0:
            table["writers"][o.writes] += 1
    return table


def _kinds(shapes: Shapes) -> Records:
    members = Counter(shapes.of)
    table = np.zeros(len(shapes.choices), KIND)
    table["first_choice"], table["end_choice"] = ranges(map(len, shapes.choices))
    table["first_rank"], _ = ranges(members[c] for c in range(len(shapes.choices)))
    table["indivisible"] = [c in shapes.indivisible for c in range(len(shapes.choices))]
    return table


def _strands(urgency: Urgency) -> Records:
    members = Counter(urgency.strand)
    table = np.zeros(max(urgency.strand, default=SHARED) + 1, STRAND)
    table["left"] = [members[s] for s in range(len(table))]
    table["first"] = table["last"] = NONE
    return table
