"""Lower bounds on the cycles that any schedule of the selected operations takes.

They hold for the operations and forms that selection offers, not for the kernel: other strategies may need less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from vliwc.backend.problem import DATA, Form, Operation, Problem
from vliwc.machine.description import Machine

_EPSILON = 1e-6

_SHARES = (1, 2, 4, 7, 10, 15, 20, 30, 40, 60)
"""The shares of operations, in percent, that the energy bound leaves out at either end."""

Demand = tuple[tuple[str, int], ...]
"""The slots that a form takes of each engine."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower bounds in cycles for a whole run; loops count as often as they run.

    `resource`: the busiest engine's work when the choice among forms is balanced best. `critical_path`: the longest
    chain of operations that wait for each other. `best`: the sum over all segments of the largest of their bounds,
    the energy bound (see `segment_bound`) among them. `busiest`
    is the engine with the highest load, `loads` the share of each engine's slots that a balanced choice fills in
    `best` cycles.
    """

    resource: int
    critical_path: int
    best: int
    busiest: str
    loads: dict[str, float]


@dataclass(frozen=True, slots=True)
class SegmentBound:
    """The bounds of one straight segment, run once: cycles, and the slots of each engine in a balanced choice."""

    resource: int
    critical_path: int
    energy: int
    slots: dict[str, float]


def total(machine: Machine, segments: Iterable[tuple[SegmentBound, int]]) -> Bounds:
    """The bounds of a run, from those of its segments and how often each is executed."""
    resource = path = best = 0
    slots: dict[str, float] = {}
    for bound, times in segments:
        resource += bound.resource * times
        path += bound.critical_path * times
        best += max(bound.energy, bound.critical_path) * times
        for engine, count in bound.slots.items():
            slots[engine] = slots.get(engine, 0.0) + count * times
    loads = {engine: slots[engine] / (machine.slots(engine) * max(best, 1)) for engine in sorted(slots)}
    busiest = max(loads, key=lambda engine: loads[engine], default="")
    return Bounds(resource, path, best, busiest, loads)


def segment_bound(problem: Problem) -> SegmentBound:
    """Lower bounds for one problem.

    The resource bound is a linear program: with x[f] the (fractional) number of operations that take form f, find the
    smallest T such that every engine's slots in all chosen forms are at most T times what it offers a cycle. Every
    schedule of T cycles gives a solution, so the optimum, rounded up, is a lower bound.

    The energy bound (after Carlier's heads and tails, 1982) does the same for a part of the operations: those that
    cannot begin before cycle r and that leave at least q cycles to do after their last slot. All of their slots lie in
    a window of T - r - q cycles, so r + q + their resource bound is a lower bound too. The best of a small grid of
    (r, q) is taken.
    """
    heads, tails, path = _heads_and_tails(problem)
    operations = [(k, tuple(_demand(f) for f in o.forms)) for k, o in enumerate(problem.operations) if o.forms]
    best, slots = _balance(problem.machine, Counter(forms for _, forms in operations))
    energy = best
    for r in _thresholds([heads[k] for k, _ in operations]):
        for q in _thresholds([tails[k] for k, _ in operations]):
            inside = Counter(forms for k, forms in operations if heads[k] >= r and tails[k] >= q)
            if inside and r + q and r + q + best > energy:
                energy = max(energy, r + q + _balance(problem.machine, inside)[0])
    return SegmentBound(best, path, energy, slots)


def _thresholds(values: list[int]) -> list[int]:
    """A few of the values at which there is much to gain: 0, and such that most operations lie above."""
    ordered = sorted(values)
    return sorted({0, *(ordered[len(ordered) * share // 100] for share in _SHARES)}) if ordered else []


def _heads_and_tails(problem: Problem) -> tuple[list[int], list[int], int]:
    """For each operation the first cycle in which it can begin, and the fewest cycles after its last slot until all
    results have landed; and the length of the critical path. Every operation takes its fastest form."""
    machine, count = problem.machine, len(problem.operations)
    times = [_fastest(operation, machine) for operation in problem.operations]
    heads, rest, tails = [0] * count, [0] * count, [0] * count
    for k in range(count):
        issued, landed = times[k]
        for target, kind in problem.successors[k]:
            heads[target] = max(heads[target], heads[k] + (landed if kind == DATA else issued))
    for k in range(count - 1, -1, -1):
        issued, landed = times[k]
        after = landed - issued
        for target, kind in problem.successors[k]:
            after = max(after, rest[target] + (landed - issued if kind == DATA else 0))
        rest[k] = issued + after
        tails[k] = max(after - 1, 0)
    return heads, tails, max((heads[k] + rest[k] for k in range(count)), default=0)


def _fastest(operation: Operation, machine: Machine) -> tuple[int, int]:
    """The fewest cycles until an operation's last slot can be issued, and until its result can have landed."""
    if not operation.forms:
        return 0, 0
    both = [_times(form, machine) for form in operation.forms]
    issued = min(issued for issued, _ in both)
    return issued, issued + min(landed - issued for issued, landed in both)


def _times(form: Form, machine: Machine) -> tuple[int, int]:
    issued = landed = 0
    for step in form:
        issued = landed + -(-step.slots // machine.slots(step.engine)) - 1
        landed = issued + step.latency
    return issued, landed


def _demand(form: Form) -> Demand:
    slots: Counter[str] = Counter()
    for step in form:
        slots[step.engine] += step.slots
    return tuple(sorted(slots.items()))


def _balance(machine: Machine, groups: Counter[tuple[Demand, ...]]) -> tuple[int, dict[str, float]]:
    """The optimum in cycles, and each engine's slots there; `groups` counts operations with the same demands."""
    if not groups:
        return 0, {}
    from ortools.linear_solver import pywraplp  # noqa: PLC0415 - heavy, and only a compilation needs it

    solver = pywraplp.Solver.CreateSolver("GLOP")
    cycles = solver.NumVar(0, solver.infinity(), "cycles")
    used: dict[str, list[tuple[int, Any]]] = {}
    for forms, count in sorted(groups.items()):
        shares = [solver.NumVar(0, count, "") for _ in forms]
        solver.Add(sum(shares) == count)
        for form, share in zip(forms, shares, strict=True):
            for engine, slots in form:
                used.setdefault(engine, []).append((slots, share))
    for engine, terms in used.items():
        solver.Add(sum(slots * share for slots, share in terms) <= machine.slots(engine) * cycles)
    solver.Minimize(cycles)
    solver.Solve()
    load = {
        engine: round(sum(slots * share.solution_value() for slots, share in terms), 3)
        for engine, terms in sorted(used.items())
    }
    return ceil(cycles.solution_value() - _EPSILON), load
