"""The bounds of a run, from those of its segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vliwc.backend.bounds.segment import SegmentBound
from vliwc.machine.description import Machine


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower bounds in cycles for a whole run; loops count as often as they run.

    `resource`: the busiest engine's work when the choice among forms is balanced best. `critical_path`: the longest
    chain of operations that wait for each other. `best`: the sum over all segments of the best bound of each. `busiest`
    is the engine with the highest load, `loads` the share of each engine's slots that a balanced choice fills in
    `best` cycles.
    """

    resource: int
    critical_path: int
    best: int
    busiest: str
    loads: dict[str, float]


def total(machine: Machine, segments: Iterable[tuple[SegmentBound, int]]) -> Bounds:
    """The bounds of a run, from those of its segments and how often each is executed."""
    resource = path = best = 0
    slots: dict[str, float] = {}
    for bound, times in segments:
        resource += bound.resource * times
        path += bound.critical_path * times
        best += bound.best * times
        for engine, count in bound.slots.items():
            slots[engine] = slots.get(engine, 0.0) + count * times
    loads = {engine: slots[engine] / (machine.slots(engine) * max(best, 1)) for engine in sorted(slots)}
    busiest = max(loads, key=lambda engine: loads[engine], default="")
    return Bounds(resource, path, best, busiest, loads)
