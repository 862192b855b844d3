"""One model of a whole block, for a given number of cycles: a schedule, a proof that there is none, or neither.

Asked for the bound's number of cycles, an answer either way is progress: a schedule is optimal, and if there is none
the bound is one higher (destructive lower bounds, Klein and Scholl 1999). Each model has the tightest windows that its
number of cycles allows, which a model that minimises cycles has not.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import partial

from vliwc.backend.bounds import raised, segment_bound
from vliwc.backend.schedulers.cpsat.frame import Frame, frame
from vliwc.backend.schedulers.cpsat.incumbent import Incumbent
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.model import Model
from vliwc.backend.schedulers.cpsat.relaxation import relaxed
from vliwc.backend.schedulers.cpsat.room import Room, room
from vliwc.backend.schedulers.cpsat.solving import Answer, Solver
from vliwc.backend.schedulers.cpsat.timetable import Timetable

_EASIER = 0.5
"""What the relaxed problem may take of the effort for one number of cycles."""


class Verdict(Enum):
    """What is known about schedules of some number of cycles."""

    FOUND = auto()
    """There is one, and it is the incumbent now."""
    NONE = auto()
    """There is none."""
    OPEN = auto()


class Exact:
    """Decides whether schedules exist."""

    def __init__(self, incumbent: Incumbent, solver: Solver, workers: int) -> None:
        self.incumbent = incumbent
        self.instance = incumbent.table.instance
        self._solver = solver
        self._workers = workers
        loads = segment_bound(self.instance.problem, enough=0).slots
        easier = relaxed(self.instance.problem, loads)
        self._easier = Instance(easier) if easier is not None else None
        """The relaxed problem, as long as it refutes numbers of cycles."""
        self._heads, self._tails = raised(self.instance.problem)
        self._everything = [k for k, o in enumerate(self.instance.problem.operations) if o.forms]

    def size(self) -> int:
        """About how many variables a model has at the bound."""
        windows = self._frame(self.instance, self.incumbent.bound).windows
        operations = self.instance.problem.operations
        return sum(
            (windows.latest[k].end - windows.earliest[k].start + 1) * (1 + len(operations[k].forms))
            for k in self._everything
        )

    def decide(self, cycles: int, most: float, *, linear: bool) -> Verdict:
        """Looks for a schedule of so many cycles, with no more than `most` seconds or units of work for each model.

        The relaxed problem comes first, which is quickly refuted. Then scratch is split, since whatever is found has a
        placement then; a proof that there is nothing counts only the words that are alive. For `linear` see
        `Solver.solve`.
        """
        opened = self._frame(self.instance, cycles)
        if opened.windows.empty() or self._refuted(cycles, most * _EASIER):
            return Verdict.NONE
        verdict, counted = self._attempt(opened, room(self.instance.problem, split=True), most, linear)
        if verdict is Verdict.NONE and counted:
            verdict, _ = self._attempt(opened, room(self.instance.problem, split=False), most, linear)
        return verdict

    def _refuted(self, cycles: int, most: float) -> bool:
        """Has even the relaxed problem no schedule of so many cycles? Not asked again unless the answer is yes."""
        if self._easier is None:
            return False
        model = Model(self._easier, self._frame(self._easier, cycles), room(self._easier.problem, split=False))
        refuted = self._answer(model, most).infeasible
        if not refuted:
            self._easier = None
        return refuted

    def _attempt(self, opened: Frame, limit: Room, most: float, linear: bool) -> tuple[Verdict, bool]:
        """The verdict of one model, and whether scratch has a part in it."""
        model = Model(self.instance, opened, limit)
        answer = self._answer(model, most, linear=linear)
        if answer.solution is None:
            return (Verdict.NONE if answer.infeasible else Verdict.OPEN), model.limited
        slots = model.slots(answer.solution)
        table = Timetable(self.instance, [slots.get(k, ()) for k in range(len(self.instance.problem.operations))])
        return (Verdict.FOUND if self.incumbent.offer(table) else Verdict.OPEN), model.limited

    def _frame(self, instance: Instance, cycles: int) -> Frame:
        """All operations free, in the windows that raised heads and tails leave. These hold for the relaxed problem
        too: an operation's one slot there stands for its first one."""
        none = [()] * len(instance.problem.operations)
        within = {k: (head, cycles - tail) for k, (head, tail) in enumerate(zip(self._heads, self._tails, strict=True))}
        return frame(instance, cycles, self._everything, none, within)

    def _answer(self, model: Model, most: float, *, linear: bool = False) -> Answer:
        solve = partial(self._solver.solve, model.cp, most=most, workers=self._workers, linear=linear)
        return self._solver.together([solve])[0]
