"""One model of a whole block, for a given number of cycles: a schedule, a proof that there is none, or neither.

Asked for the bound's number of cycles, an answer either way is progress: a schedule is optimal, and if there is none
the bound is one higher (destructive lower bounds, Klein and Scholl 1999). Each model has the tightest windows that its
number of cycles allows, which a model that minimises cycles has not. An easier problem gives proofs, and a harder one
schedules, from models that are far smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from vliwc.backend.bounds import raised, segment_bound
from vliwc.backend.problem import Operation, Problem
from vliwc.backend.schedulers.cpsat.frame import Frame, frame
from vliwc.backend.schedulers.cpsat.incumbent import Incumbent
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.model import Model
from vliwc.backend.schedulers.cpsat.relaxation import relaxed
from vliwc.backend.schedulers.cpsat.restriction import Restricted, restricted
from vliwc.backend.schedulers.cpsat.room import Room, room
from vliwc.backend.schedulers.cpsat.solving import Answer, Solver, Way
from vliwc.backend.schedulers.cpsat.timetable import Slots, Timetable

_SMALLER = 0.8
"""How large the model of an easier or a harder problem is at most, in relation to the problem's own."""


class Verdict(Enum):
    """What is known about schedules of some number of cycles."""

    FOUND = auto()
    """There is one, and it is the incumbent now."""
    NONE = auto()
    """There is none."""
    OPEN = auto()


class Exact:
    """Decides whether schedules exist, by models of up to `largest` variables, about."""

    def __init__(self, incumbent: Incumbent, solver: Solver, workers: int, largest: float) -> None:
        self.incumbent = incumbent
        self.instance = incumbent.table.instance
        self._solver = solver
        self._workers = workers
        self._largest = largest
        problem = self.instance.problem
        self.heads, self.tails = raised(problem)
        self._everything = [k for k, o in enumerate(problem.operations) if o.forms]
        self.size = self._size(self.instance)
        """About how many variables a model has at the bound with which this begins."""
        easier = relaxed(problem, segment_bound(problem, enough=0).slots)
        self._easier = Instance(easier) if easier is not None and self._worth(Instance(easier)) else None
        self._harder = _harder(problem)
        if self._harder is not None and not self._worth(self._harder.instance):
            self._harder = None

    @property
    def small(self) -> bool:
        """Is the model small enough?"""
        return self.size <= self._largest

    def refutes(self, cycles: int, most: float) -> bool:
        """Has even the easier problem no schedule of so many cycles?

        It takes no more than `most` seconds or units of work, nor do the other questions for each of their models.
        """
        if self._easier is None:
            return False
        opened = self._frame(self._easier, cycles)
        if opened.windows.empty():
            return True
        model = Model(self._easier, opened, room(self._easier.problem, split=False))
        return self._answer(model, most, Way.BOTH).infeasible

    def find(self, cycles: int, most: float) -> Verdict:
        """Has the harder problem a schedule of so many cycles? That it has none says nothing about others."""
        if self._harder is None or self._harder.bound > cycles:
            return Verdict.OPEN
        harder = self._harder.instance
        opened = self._frame(harder, cycles)
        if opened.windows.empty():
            return Verdict.OPEN
        model = Model(harder, opened, room(harder.problem, split=True))
        answer = self._answer(model, most, Way.CLAUSES)
        if answer.solution is None:
            return Verdict.OPEN
        return self._offer(self._harder.restricted.original(model.slots(answer.solution)))

    def decide(self, cycles: int, most: float, way: Way) -> Verdict:
        """Looks for a schedule of so many cycles.

        Scratch is split first, since whatever is found has a placement then; a proof that there is nothing counts only
        the words that are alive. For `way` see `Solver.decide`.
        """
        opened = self._frame(self.instance, cycles)
        if opened.windows.empty():
            return Verdict.NONE
        verdict, counted = self._attempt(opened, room(self.instance.problem, split=True), most, way)
        if verdict is Verdict.NONE and counted:
            verdict, _ = self._attempt(opened, room(self.instance.problem, split=False), most, way)
        return verdict

    def _attempt(self, opened: Frame, limit: Room, most: float, way: Way) -> tuple[Verdict, bool]:
        """The verdict of one model, and whether scratch has a part in it."""
        model = Model(self.instance, opened, limit)
        answer = self._answer(model, most, way)
        if answer.solution is None:
            return (Verdict.NONE if answer.infeasible else Verdict.OPEN), model.limited
        return self._offer(model.slots(answer.solution)), model.limited

    def _offer(self, slots: dict[int, Slots]) -> Verdict:
        """Whether these slots of all operations are a schedule that is taken."""
        table = Timetable(self.instance, [slots.get(k, ()) for k in range(len(self.instance.problem.operations))])
        return Verdict.FOUND if self.incumbent.offer(table) else Verdict.OPEN

    def _worth(self, instance: Instance) -> bool:
        """Is the model of another problem so much smaller that its answer is worth a question of its own?"""
        return self._size(instance) <= min(self._largest, _SMALLER * self.size)

    def _size(self, instance: Instance) -> int:
        windows = self._frame(instance, self.incumbent.bound).windows
        return sum(
            (windows.latest[k].end - windows.earliest[k].start + 1) * _functions(instance.problem.operations[k])
            for k in self._everything
        )

    def _frame(self, instance: Instance, cycles: int) -> Frame:
        """All operations free, in the windows that raised heads and tails leave. These hold for the easier problem
        too: an operation's one slot there stands for its first one."""
        none = Timetable(instance, [()] * len(instance.problem.operations))
        within = {k: (head, cycles - tail) for k, (head, tail) in enumerate(zip(self.heads, self.tails, strict=True))}
        return frame(instance, cycles, self._everything, none, within)

    def _answer(self, model: Model, most: float, way: Way) -> Answer:
        return self._solver.decide(model.cp, most=most, workers=self._workers, way=way, ranks=model.ranks())


@dataclass(frozen=True, slots=True)
class _Harder:
    """A problem with fewer forms, ready for questions."""

    restricted: Restricted
    instance: Instance
    bound: int
    """No schedule of it takes fewer cycles."""


def _harder(problem: Problem) -> _Harder | None:
    found = restricted(problem)
    if found is None:
        return None
    return _Harder(found, Instance(found.problem), segment_bound(found.problem, enough=0).best)


def _functions(operation: Operation) -> int:
    """How many functions of the cycle a model has for an operation, about: one if there is nothing but a slot."""
    forms = operation.forms
    return 1 if len(forms) == 1 and sum(step.slots for step in forms[0]) == 1 else 1 + len(forms)
