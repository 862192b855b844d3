"""When operations may be issued: the cycles of forms, and the windows that dependences leave (Carlier 1982)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from vliwc.backend.problem import DATA, Form, Operation
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.machine.description import Machine


class Span(NamedTuple):
    """The cycles of an operation's first and last slot, and the cycle in which its result is there."""

    start: int
    end: int
    landed: int


class Reach(NamedTuple):
    """How quick an operation can be: cycles from its first slot to its last, and from the last to its result."""

    issued: int
    latency: int


@dataclass(frozen=True, slots=True)
class Windows:
    """For each free operation the earliest cycles of its slots and result, and the latest ones."""

    earliest: dict[int, Span]
    latest: dict[int, Span]

    def empty(self) -> bool:
        """Is there an operation that fits nowhere?"""
        return any(self.earliest[k].end > last.end for k, last in self.latest.items())


def length(form: Form, machine: Machine) -> int:
    """The fewest cycles from the first slot of a form to its last."""
    return sum(-(-step.slots // machine.slots(step.engine)) - 1 + step.latency for step in form) - form[-1].latency


def reach(operation: Operation, machine: Machine) -> Reach:
    """The best of all forms, in either respect."""
    if not operation.forms:
        return Reach(0, 0)
    return Reach(min(length(f, machine) for f in operation.forms), min(f[-1].latency for f in operation.forms))


def windows(
    instance: Instance,
    cycles: int,
    free: Iterable[int],
    fixed: Mapping[int, Span],
    due: Mapping[int, int],
    within: Mapping[int, tuple[int, int]],
) -> Windows:
    """The windows of the `free` operations in a schedule of so many cycles, beside the `fixed` ones.

    Results that are in `due` must be there by that cycle; operations in `within` keep to a range of cycles.
    """
    problem, order = instance.problem, sorted(free)
    quick = {k: reach(problem.operations[k], problem.machine) for k in order}
    earliest: dict[int, Span] = {}
    for k in order:
        start = within[k][0] if k in within else 0
        for source, kind in instance.predecessors[k]:
            span = fixed[source] if source in fixed else earliest[source]
            start = max(start, span.landed if kind == DATA else span.end)
        end = start + quick[k].issued
        earliest[k] = Span(start, end, end + quick[k].latency)
    latest: dict[int, Span] = {}
    for k in reversed(order):
        issued, latency = quick[k]
        landed = min(cycles, due.get(k, cycles), within[k][1] + latency if k in within else cycles)
        for target, kind in problem.successors[k]:
            first = (fixed[target] if target in fixed else latest[target]).start
            landed = min(landed, first if kind == DATA else first + latency)
        latest[k] = Span(landed - latency - issued, landed - latency, landed)
    return Windows(earliest, latest)
