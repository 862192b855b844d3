"""Exact modulo scheduling by constraints: a schedule of a given interval, or the proof that there is none.

Variables: for each operation its stage, its row (the cycle modulo the interval) and its form. Constraints: one slot
table of `interval` rows for each engine; every dependence; no operation cut by the end of its interval. The formulation
is that of Eichenberger and Davidson (1997), as boolean rows; the objective is the sum of the distances that values are
carried, which keeps live ranges short.

A form's slots take the first free cycles only if there is nothing else in them, so an operation of several slots is
given a fixed profile: as many slots a cycle as its engine has. That is a restriction, so for such loops "none" is said
of these profiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vliwc.backend.pipelining.cyclic import Cyclic, fastest
from vliwc.backend.pipelining.intervals import JUMP
from vliwc.backend.pipelining.modulo import Modulo, Part, Placed
from vliwc.backend.problem import DATA, Form
from vliwc.machine.description import Machine

EFFORT = 1.0
"""The solver's deterministic time for one interval; some seconds."""


@dataclass(frozen=True, slots=True)
class _Profile:
    """A form's slots from its first cycle on, its last slot and its landing, counted from there."""

    parts: tuple[Part, ...]
    engines: tuple[str, ...]
    last: int
    landed: int


def schedules(problem: Cyclic, interval: int) -> Iterator[Modulo]:
    """A modulo schedule of this interval with short live ranges; none if there is none, or none is found in time."""
    found = _solve(problem, interval)
    if found is not None:
        yield found


def _solve(problem: Cyclic, interval: int) -> Modulo | None:
    from ortools.sat.python import cp_model  # noqa: PLC0415 - heavy, and only a compilation needs it

    machine = problem.machine
    profiles = [[_profile(form, machine) for form in o.forms] for o in problem.operations]
    model = cp_model.CpModel()
    stages = [model.new_int_var(0, _most_stages(problem, interval), "") for _ in profiles]
    starts = [model.new_int_var(0, interval * (_most_stages(problem, interval) + 1), "") for _ in profiles]
    lasts: list[cp_model.LinearExprT] = []
    landings: list[cp_model.LinearExprT] = []
    choices: list[dict[tuple[int, int], cp_model.IntVar]] = []
    load: dict[tuple[str, int], list[cp_model.LinearExprT]] = {(e, interval - 1): [slots] for e, slots in JUMP}
    for k, forms in enumerate(profiles):
        if not forms:
            choices.append({})
            lasts.append(starts[k])
            landings.append(starts[k])
            continue
        choice = {}
        for f, profile in enumerate(forms):
            for row in range(interval - profile.last):
                if k == problem.condition and interval > 1 and row + profile.landed >= interval:
                    continue
                choice[f, row] = taken = model.new_bool_var("")
                for part, engine in zip(profile.parts, profile.engines, strict=True):
                    load.setdefault((engine, row + part.cycle), []).append(part.slots * taken)
        choices.append(choice)
        model.add_exactly_one(choice.values())
        model.add(starts[k] == interval * stages[k] + sum(row * x for (_, row), x in choice.items()))
        lasts.append(starts[k] + sum(forms[f].last * x for (f, _), x in choice.items()))
        landings.append(starts[k] + sum(forms[f].landed * x for (f, _), x in choice.items()))
    for (engine, _), terms in load.items():
        model.add(sum(terms) <= machine.slots(engine))
    carried: list[cp_model.LinearExprT] = []
    for e in problem.edges:
        done = landings[e.source] if e.kind == DATA else lasts[e.source]
        model.add(starts[e.target] + e.distance * interval >= done)
        if e.kind == DATA:
            carried.append(starts[e.target] - starts[e.source])
    model.minimize(sum(carried))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = EFFORT
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    placed = []
    for k, forms in enumerate(profiles):
        start = solver.value(starts[k])
        number = next((f for (f, _), x in choices[k].items() if solver.value(x)), -1)
        found = forms[number] if forms else _Profile((), (), 0, 0)
        placed.append(Placed(number, found.parts, 0, found.last, found.landed).at(start))
    return Modulo(interval, tuple(placed))


def _most_stages(problem: Cyclic, interval: int) -> int:
    """A bound on stages, from the longest chain of an iteration: one interval more for each operation of it that is cut
    by an interval's end is plenty."""
    depth = [0] * len(problem.operations)
    for _ in range(len(depth)):
        changed = False
        for e in problem.edges:
            if e.distance == 0:
                length = depth[e.source] + fastest(problem.operations[e.source], problem.machine)[e.kind == DATA]
                if length > depth[e.target]:
                    depth[e.target], changed = length, True
        if not changed:
            break
    return max(depth, default=0) // interval + 3


def _profile(form: Form, machine: Machine) -> _Profile:
    """A form's slots as early as they can be."""
    parts: list[Part] = []
    engines: list[str] = []
    cycle = last = 0
    for s, step in enumerate(form):
        slots = machine.slots(step.engine)
        for first in range(0, step.slots, slots):
            last = cycle + first // slots
            parts.append(Part(last, s, first, min(slots, step.slots - first)))
            engines.append(step.engine)
        cycle = last + step.latency
    return _Profile(tuple(parts), tuple(engines), last, cycle)
