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
from typing import TYPE_CHECKING

from vliwc.backend.pipelining.cyclic import Cyclic, fastest
from vliwc.backend.pipelining.intervals import JUMP
from vliwc.backend.pipelining.modulo import Modulo, Part, Placed
from vliwc.backend.problem import DATA, Form
from vliwc.machine.description import Machine
from vliwc.solving import new_solver, solve

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

EFFORT = 1.0
"""The most of the solver's deterministic time for one interval; some seconds."""


@dataclass(frozen=True, slots=True)
class _Profile:
    """A form's slots from its first cycle on, its last slot and its landing, counted from there."""

    parts: tuple[Part, ...]
    engines: tuple[str, ...]
    last: int
    landed: int


def schedules(problem: Cyclic, interval: int, work: float = EFFORT) -> Iterator[Modulo]:
    """A modulo schedule of this interval with short live ranges; none if there is none, or none is found in time."""
    model = _Model(problem, interval)
    for k in range(len(problem.operations)):
        model.operation(k)
    model.resources()
    model.dependences()
    found = model.solve(work)
    if found is not None:
        yield found


class _Model:
    """The constraint model of one interval. Lists are indexed by operation."""

    def __init__(self, problem: Cyclic, interval: int) -> None:
        from ortools.sat.python import cp_model  # noqa: PLC0415 - heavy, and only a compilation needs it

        self.problem = problem
        self.interval = interval
        self.profiles = [[_profile(form, problem.machine) for form in o.forms] for o in problem.operations]
        self.model = cp_model.CpModel()
        self.solved = (cp_model.OPTIMAL, cp_model.FEASIBLE)
        self.most_stages = _most_stages(problem, interval)
        self.starts: list[cp_model.IntVar] = []
        self.lasts: list[cp_model.LinearExprT] = []
        self.landings: list[cp_model.LinearExprT] = []
        self.choices: list[dict[tuple[int, int], cp_model.IntVar]] = []
        """Whether an operation takes this form in this row."""
        self.load: dict[tuple[str, int], list[cp_model.LinearExprT]] = {(e, interval - 1): [n] for e, n in JUMP}
        """The slots taken of an engine in a row."""

    def operation(self, k: int) -> None:
        """The variables of operation k: one row and form, and the cycles that follow from them and its stage."""
        model, forms = self.model, self.profiles[k]
        stage = model.new_int_var(0, self.most_stages, "")
        start = model.new_int_var(0, self.interval * (self.most_stages + 1), "")
        choice = {}
        for f, profile in enumerate(forms):
            for row in range(self.interval - profile.last):
                if k == self.problem.condition and self.interval > 1 and row + profile.landed >= self.interval:
                    continue  # the jump could not read it
                choice[f, row] = taken = model.new_bool_var("")
                for part, engine in zip(profile.parts, profile.engines, strict=True):
                    self.load.setdefault((engine, row + part.cycle), []).append(part.slots * taken)
        if forms:
            model.add_exactly_one(choice.values())
            model.add(start == self.interval * stage + sum(row * x for (_, row), x in choice.items()))
        self.starts.append(start)
        self.lasts.append(start + sum(forms[f].last * x for (f, _), x in choice.items()))
        self.landings.append(start + sum(forms[f].landed * x for (f, _), x in choice.items()))
        self.choices.append(choice)

    def resources(self) -> None:
        """No row has more slots of an engine than there are."""
        for (engine, _), terms in self.load.items():
            self.model.add(sum(terms) <= self.problem.machine.slots(engine))

    def dependences(self) -> None:
        """Every operation waits for those before it, and not for long: the sum of all distances is least."""
        distances = []
        for e in self.problem.edges:
            done = self.landings[e.source] if e.kind == DATA else self.lasts[e.source]
            self.model.add(self.starts[e.target] + e.distance * self.interval >= done)
            if e.kind == DATA:
                distances.append(self.starts[e.target] - self.starts[e.source])
        self.model.minimize(sum(distances))

    def solve(self, work: float) -> Modulo | None:
        """The best schedule that is found in time, if any."""
        solver = new_solver(work)
        if solve(solver, self.model) not in self.solved:
            return None
        placed = []
        for start, forms, choice in zip(self.starts, self.profiles, self.choices, strict=True):
            number = next((f for (f, _), x in choice.items() if solver.value(x)), -1)
            found = forms[number] if forms else _Profile((), (), 0, 0)
            placed.append(Placed(number, found.parts, 0, found.last, found.landed).at(solver.value(start)))
        return Modulo(self.interval, tuple(placed))


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
