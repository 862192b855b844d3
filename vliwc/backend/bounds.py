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

Demand = tuple[tuple[str, int], ...]
"""The slots that a form takes of each engine."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower bounds in cycles for a whole run; loops count as often as they run.

    `resource`: the busiest engine's work when the choice among forms is balanced best. `critical_path`: the longest
    chain of operations that wait for each other. `best`: the sum over all segments of the larger of the two. `busiest`
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
    slots: dict[str, float]


def total(machine: Machine, segments: Iterable[tuple[SegmentBound, int]]) -> Bounds:
    """The bounds of a run, from those of its segments and how often each is executed."""
    resource = path = best = 0
    slots: dict[str, float] = {}
    for bound, times in segments:
        resource += bound.resource * times
        path += bound.critical_path * times
        best += max(bound.resource, bound.critical_path) * times
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
    """
    groups = Counter(tuple(_demand(form) for form in o.forms) for o in problem.operations if o.forms)
    cycles, slots = _balance(problem.machine, groups)
    return SegmentBound(cycles, critical_path(problem), slots)


def critical_path(problem: Problem) -> int:
    """The length in cycles of the longest chain: every operation by its fastest form, with all the slots it wants."""
    machine = problem.machine
    start = [0] * len(problem.operations)
    length = 0
    for k, operation in enumerate(problem.operations):
        issued, landed = _fastest(operation, machine)
        length = max(length, start[k] + landed)
        for target, kind in problem.successors[k]:
            start[target] = max(start[target], start[k] + (landed if kind == DATA else issued))
    return length


def _fastest(operation: Operation, machine: Machine) -> tuple[int, int]:
    """The fewest cycles until an operation's last slot can be issued, and until its result can have landed."""
    if not operation.forms:
        return 0, 0
    both = [_times(form, machine) for form in operation.forms]
    return min(issued for issued, _ in both), min(landed for _, landed in both)


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
