"""Shorter schedules of small blocks, in which constants and broadcasts of constants are made again.

What is proved about schedules without copies by counting words of scratch does not hold for these; the bounds of
`vliwc.backend.bounds` do. For each schedule with copies, leave these out, and let their readers read the value itself:
it has landed before. That is a schedule of the problem, if scratch does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from vliwc.backend.bounds import raised
from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.rematerialisation import with_copies
from vliwc.backend.schedulers.cpsat.copies import CopyInstance, CopyModel, Offer
from vliwc.backend.schedulers.cpsat.frame import frame
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.placing import place
from vliwc.backend.schedulers.cpsat.restriction import Restricted, restricted
from vliwc.backend.schedulers.cpsat.room import room
from vliwc.backend.schedulers.cpsat.solving import Solver, Way
from vliwc.backend.schedulers.cpsat.start import may_run_out
from vliwc.backend.schedulers.cpsat.timetable import Timetable

_MOST_OPERATIONS = 400
_QUESTION = 0.3
"""What one question may take of the effort that is left."""


def worth_remaking(problem: Problem, copies: int) -> bool:
    """May so many copies of values make a schedule shorter, and is the problem small enough to find out?"""
    return (
        copies > 0
        and len(problem.operations) <= _MOST_OPERATIONS
        and may_run_out(problem)
        and bool(Offer(problem, copies).copies)
    )


def shorter_with_copies(
    problem: Problem, cycles: int, bound: int, solver: Solver, progress: Callable[[str], None] | None
) -> Schedule | None:
    """A schedule of less than so many cycles, with as many copies of a value as the solver's effort says; None if none
    is found. No schedule with copies takes fewer cycles than `bound`."""
    return _Remaking(problem, cycles, bound, solver, progress).run()


class _Remaking:
    def __init__(
        self, problem: Problem, cycles: int, bound: int, solver: Solver, progress: Callable[[str], None] | None
    ) -> None:
        self.problem = problem
        self.cycles = cycles
        self.bound = bound
        self.solver = solver
        self.meter = solver.meter
        self.progress = progress
        self.offer = Offer(problem, self.meter.effort.copies)
        self.heads, self.tails = raised(problem)
        self.best: Schedule | None = None

    def run(self) -> Schedule | None:
        """Asks for fewer and fewer cycles, first with quick forms only. Steps double as long as the answer is yes."""
        for harder in (restricted(self.offer.problem), None):
            step = 1
            while self.bound < self.cycles and self.meter.left() > 0:
                if self._find(max(self.bound, self.cycles - step), harder):
                    step *= 2
                elif step == 1:
                    break
                else:
                    step = 1
        return self.best

    def _find(self, cycles: int, harder: Restricted | None) -> bool:
        """Is there a schedule of so many cycles, of the harder problem if there is one?"""
        problem = harder.problem if harder else self.offer.problem
        instance = CopyInstance(problem, self.offer)
        free = [k for k, o in enumerate(problem.operations) if o.forms]
        within = self.offer.within(self.heads, self.tails, cycles)
        opened = frame(instance, cycles, free, Timetable(instance, [()] * len(problem.operations)), within)
        if opened.windows.empty():
            return False
        model = CopyModel(instance, self.offer, opened, room(problem, split=True))
        most = self.meter.left() * _QUESTION
        workers = self.meter.effort.workers
        answer = self.solver.decide(model.cp, most=most, workers=workers, way=Way.RELAXATIONS, ranks=model.ranks())
        return answer.solution is not None and self._take(model, answer.solution, harder)

    def _take(self, model: CopyModel, solution: Sequence[int], harder: Restricted | None) -> bool:
        """Keeps the schedule that a solution stands for, if it is one."""
        slots, readers = model.solution(solution)
        copies, slots = self.offer.taken(harder.original(slots) if harder else slots, readers)
        problem = with_copies(self.problem, copies)
        table = Timetable(Instance(problem), [slots.get(k, ()) for k in range(len(problem.operations))])
        made = place(table) if table.sound() and table.cycles < self.cycles else None
        if made is None:
            return False
        self.best, self.cycles = replace(made, copies=copies), made.cycles
        if self.progress is not None:
            self.progress(f"cpsat: {made.cycles} cycles, bound {self.bound}, {len(copies)} values made again")
        return True
