"""Finds the overlapped form of one loop: intervals from the minimum upwards, then the kernel's length in beats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain

from vliwc.backend.legalise import Legal
from vliwc.backend.pipelining import exact
from vliwc.backend.pipelining.cyclic import Cyclic, Unsuitable, cyclic_problem
from vliwc.backend.pipelining.intervals import recurrence_interval, recurrences, resource_interval
from vliwc.backend.pipelining.modulo import Modulo, schedules
from vliwc.backend.pipelining.rotation import Rotation, rotate
from vliwc.backend.problem import DATA
from vliwc.backend.selection import Selector

MOST_OPERATIONS = 1000
"""Longer bodies stay as they are: their ramps hardly count."""

_MOST_TRIED = 10
"""How many intervals are tried at most."""

_MOST_EXACT = 60
"""Up to so many operations the exact scheduler is asked where the iterative one misses the minimum interval."""

_MOST_EXACT_ASKED = 300
"""The same if exact schedules were asked for."""

_WORK_A_CYCLE = 0.0005
"""The solver's deterministic time that the exact scheduler may take for each cycle of a run that may be gained."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """The lower bounds of a loop's initiation interval, in cycles, and the operations of an iteration."""

    operations: int
    resource: int
    recurrence: int

    @property
    def interval(self) -> int:
        """MII: no two iterations can begin at a shorter distance for ever."""
        return max(self.resource, self.recurrence)


@dataclass(frozen=True, slots=True)
class Kernel:
    """How a loop was overlapped: what `kernel_schedule` needs to give the new body its cycles."""

    rotation: Rotation
    cyclic: Cyclic
    modulo: Modulo
    minimum: Minimum


@dataclass(frozen=True, slots=True)
class Overlap:
    """A modulo schedule of a loop, from which `apply` makes the overlapped loop."""

    node: int
    cyclic: Cyclic
    modulo: Modulo
    minimum: Minimum
    stage: dict[int, int]
    copies: int
    """The fewest beats of a kernel."""

    def apply(self, legal: Legal, copies: int) -> tuple[Legal, int, Kernel]:
        """A legal graph with the loop overlapped, the new `for` node, and its kernel of `copies` beats.

        Raises Unsuitable if the loop has too few iterations.
        """
        rotated, made, rotation = rotate(legal, self.node, self.stage, copies)
        return rotated, made, Kernel(rotation, self.cyclic, self.modulo, self.minimum)


def minimum(selector: Selector, number: int) -> tuple[Cyclic, Minimum]:
    """The problem of the innermost loop whose body is segment `number`, and its minimum interval.

    Raises Unsuitable if it cannot be overlapped, or need not be.
    """
    if len(selector.plan.segments[number].nodes) > MOST_OPERATIONS:
        raise Unsuitable("its body is too long")
    cyclic = cyclic_problem(selector, number)
    count = sum(bool(o.forms) for o in cyclic.operations)
    bounds = Minimum(count, resource_interval(cyclic).interval, recurrence_interval(cyclic))
    return cyclic, bounds


def overlap(
    node: int,
    cyclic: Cyclic,
    bounds: Minimum,
    below: int,
    order: Mapping[int, int],
    times: int,
    exact_work: float | None = None,
) -> Overlap:
    """A modulo schedule with the shortest interval that is found, which is less than `below` cycles.

    `order` are the cycles in which the nodes begin if iterations do not overlap; there are `times` iterations in a run.
    With `exact_work` the exact scheduler is asked for larger loops and intervals, too, and may take that much each
    time; without, as much as the cycles are worth that can be gained. Raises Unsuitable if there is none.
    """
    work = exact_work or min(exact.EFFORT, _WORK_A_CYCLE * times * (below - bounds.interval))
    resources = resource_interval(cyclic)
    asked = _MOST_EXACT if exact_work is None else _MOST_EXACT_ASKED
    hints = [order.get(o.node, 0) for o in cyclic.operations]
    tightness = cache(lambda: recurrences(cyclic))
    reason = "no shorter interval was found"
    for interval in _intervals(bounds.interval, below):
        found = schedules(cyclic, resources, interval, hints, tightness)
        if bounds.operations <= asked and (exact_work is not None or interval <= bounds.interval + 1):
            found = chain(found, exact.schedules(cyclic, interval, work))
        for modulo in found:
            if _words(cyclic, modulo) > cyclic.words:
                reason = "there is not enough scratch"
                continue
            stage, copies = _stages(cyclic, modulo), _copies(cyclic, modulo)
            if cyclic.trips - max(stage.values()) < 2 * copies:
                reason = "it has too few iterations"
            else:
                return Overlap(node, cyclic, modulo, bounds, stage, copies)
    raise Unsuitable(reason)


def _words(cyclic: Cyclic, found: Modulo) -> int:
    """The most words that are alive at a time of what the body computes, all iterations under way together."""
    begin: dict[int, int] = {}
    end: dict[int, int] = {}
    for e in cyclic.edges:
        value = cyclic.operations[e.source].writes
        if e.kind == DATA and value >= 0:
            read = found.placed[e.target].last + e.distance * found.interval
            begin[value] = min(begin.get(value, read), found.placed[e.source].first)
            end[value] = max(end.get(value, read), read)
    rows = [0] * found.interval
    for value, first in begin.items():
        whole, rest = divmod(end[value] - first, found.interval)
        for k in range(found.interval):
            rows[(first + k) % found.interval] += (whole + (k < rest)) * cyclic.widths[value]
    return max(rows)


def _intervals(least: int, below: int) -> Iterator[int]:
    """The intervals that are tried: the first few, then fewer and fewer."""
    interval = least
    for _ in range(_MOST_TRIED):
        if interval < below:
            yield interval
        interval += max(1, (interval - least) // 2)


def _stages(cyclic: Cyclic, found: Modulo) -> dict[int, int]:
    """The stage of each node. Raises Unsuitable if a node's operations lie in different ones."""
    stage: dict[int, int] = {}
    for k, operation in enumerate(cyclic.operations):
        if operation.forms and stage.setdefault(operation.node, found.stage(k)) != found.stage(k):
            raise Unsuitable("a vector is put together in different stages")
    return stage


def _copies(cyclic: Cyclic, found: Modulo) -> int:
    """How many beats the kernel must have so that no value lives for longer (modulo variable expansion, Lam 1988)."""
    longest = 1
    for e in cyclic.edges:
        if e.kind == DATA and cyclic.operations[e.source].writes >= 0:
            read = found.placed[e.target].last + e.distance * found.interval
            longest = max(longest, read - found.placed[e.source].first, e.distance * found.interval)
    return -(-longest // found.interval)
