"""Runs solvers in threads, so that Ctrl-C gets through and a limit of work is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from threading import Lock
from typing import Any, Protocol, TypeVar

from ortools.sat.python import cp_model

from vliwc.backend.schedulers.cpsat.integer import IntegerProgram
from vliwc.backend.schedulers.effort import Meter

Result = TypeVar("Result")

_FOUND = (cp_model.OPTIMAL, cp_model.FEASIBLE)
_NEAR = 0.005
"""How near to the optimum is near enough, relative to it, where something is optimised."""
_BUILDING = 1e-5
"""The work of building a model, for each constraint."""
_POLL = 0.1
"""Seconds between looks at whether the user wants to stop."""
_MOST_BRANCHED = 10_000
"""Integer programs with more variables are hopeless."""


class _Running(Protocol):
    """A solver at work."""

    def stop_search(self) -> None:
        """Ends it."""


class Refuting(_Running, Protocol):
    """A program that may have no solution."""

    def refuted(self, seconds: float) -> bool:
        """Is it certain within so many seconds that there is none?"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solve says: a solution with a value for each variable, that there is none, or neither."""

    solution: Sequence[int] | None
    infeasible: bool
    finished: bool
    """Is the solution known to be the best?"""
    bound: int = 1 << 60
    """What no solution is worth more than, where something is maximised."""

    @property
    def conclusive(self) -> bool:
        """Is it known whether there is a solution?"""
        return self.infeasible or self.solution is not None


class Way(Enum):
    """How several workers decide a model. For some proofs one way takes ten times as long as another one, for others
    it is the other way round."""

    BOTH = auto()
    """One worker that learns clauses, beside an integer program."""
    CLAUSES = auto()
    """The same worker, beside CP-SAT's portfolio."""
    RELAXATIONS = auto()
    """CP-SAT with the whole linear relaxation, beside an integer program."""


@dataclass(slots=True)
class _Race:
    """Solvers of one model, of which the first answer counts."""

    solvers: list[_Running] = field(default_factory=list)
    over: bool = False

    def stop(self) -> None:
        """Ends those that are still at it."""
        for solver in self.solvers:
            solver.stop_search()


class Solver:
    """Solves models within what is left of an effort."""

    def __init__(self, meter: Meter, seed: int) -> None:
        self.meter = meter
        self._seed = seed
        self._lock = Lock()
        self._running: set[_Running] = set()
        self._stopped = False

    @property
    def branches(self) -> bool:
        """Is there a worker for integer programs? They cannot count work, where that is limited in place of time."""
        return self.meter.effort.workers > 1 and self.meter.effort.work is None

    def decide(
        self, model: cp_model.CpModel, *, most: float, workers: int, way: Way, ranks: Mapping[int, int]
    ) -> Answer:
        """Solves one model by one worker, or by several in this way, of which the first answer counts.

        Integer programs branch on variables in order of their `ranks`. There are none where the solver may not (see
        `branches`) or where they are too large. For `most` see `solve`.
        """
        if workers == 1:
            return self.together([partial(self.solve, model, most=most, linear=way is Way.RELAXATIONS)])[0]
        race = _Race()
        first = partial(self.solve, model, most=most, race=race)
        second = partial(self.solve, model, most=most, workers=workers, linear=way is Way.RELAXATIONS, race=race)
        if way is not Way.CLAUSES and self.branches and len(model.proto.variables) <= _MOST_BRANCHED:
            if way is Way.RELAXATIONS:
                first = partial(self.solve, model, most=most, workers=workers - 1, linear=True, race=race)
            second = partial(self._branch, model, ranks, most, race)
        answers = self.together([first, second], race)
        return next((answer for answer in answers if answer.conclusive), answers[0])

    def optimise(self, model: cp_model.CpModel, *, most: float) -> Answer:
        """Solves one model that has an objective: one worker, whose bound is that of the whole linear relaxation.

        That takes less work than the portfolio of several workers, which has the optimum soon, and proves it late.
        """
        return self.together([partial(self.solve, model, most=most, linear=True)])[0]

    def solve(
        self,
        model: cp_model.CpModel,
        *,
        most: float,
        workers: int = 1,
        linear: bool = False,
        race: _Race | None = None,
    ) -> Answer:
        """Solves one model, with no more than `most` seconds or units of work.

        One worker leaves out CP-SAT's presolve: windows leave it little to find, for several times the time of a proof.
        `linear`: one of the workers has all constraints in its linear relaxation, with cuts. That is slower, and finds
        some schedules that are far out of reach without. Others in the `race` are stopped if there is an answer.
        """
        solver = cp_model.CpSolver()
        seconds, work = self.meter.limits(most)
        parameters = solver.parameters
        parameters.num_workers, parameters.random_seed = workers, self._seed
        parameters.max_time_in_seconds, parameters.max_deterministic_time = seconds, work
        parameters.catch_sigint_signal = False
        parameters.cp_model_presolve = workers > 1
        parameters.cp_model_probing_level = 0
        parameters.relative_gap_limit = _NEAR
        if linear and workers == 1:
            parameters.linearization_level = 2
        elif linear:
            parameters.extra_subsolvers.append("max_lp")
        if not self._begin(solver, race):
            return Answer(None, infeasible=False, finished=False)
        status = solver.solve(model)
        response: Any = solver.response_proto
        with self._lock:
            self._running.discard(solver)
        self.count(response.deterministic_time + _BUILDING * len(model.proto.constraints))
        solution = list(response.solution) if status in _FOUND else None
        answer = Answer(solution, status == cp_model.INFEASIBLE, status == cp_model.OPTIMAL)
        if solution is not None and model.has_objective():
            answer = replace(answer, bound=round(response.best_objective_bound))
        if race is not None and answer.conclusive:
            race.over = True
        return answer

    def _branch(self, model: cp_model.CpModel, ranks: Mapping[int, int], most: float, race: _Race) -> Answer:
        """Solves one model as an integer program, within so many seconds."""
        program = IntegerProgram(model, self._seed, ranks)
        if not self._begin(program, race):
            return Answer(None, infeasible=False, finished=False)
        solution, infeasible = program.solve(self.meter.limits(most)[0])
        with self._lock:
            self._running.discard(program)
        race.over |= infeasible or solution is not None
        return Answer(solution, infeasible, finished=solution is not None)

    def refutes(self, program: Refuting, *, most: float) -> bool:
        """Whether a program certainly has no solution, as far as that is known in so many seconds; only if it
        `branches`."""
        if not self.branches or not self._begin(program, None):
            return False
        refuted = self.together([partial(program.refuted, self.meter.limits(most)[0])])[0]
        with self._lock:
            self._running.discard(program)
        return refuted

    def _begin(self, solver: _Running, race: _Race | None) -> bool:
        """Notes that a solver begins; False if nothing is to be solved any more."""
        with self._lock:
            if self._stopped or (race is not None and race.over):
                return False
            self._running.add(solver)
        if race is not None:
            race.solvers.append(solver)
        return True

    def together(self, tasks: Sequence[Callable[[], Result]], race: _Race | None = None) -> list[Result]:
        """What comes of tasks that run side by side. On KeyboardInterrupt, what is being solved is stopped."""
        with ThreadPoolExecutor(len(tasks)) as threads:
            futures: list[Future[Result]] = [threads.submit(task) for task in tasks]
            try:
                while wait(futures, timeout=_POLL).not_done:
                    if race is not None and race.over:
                        race.stop()
            except KeyboardInterrupt:
                self.stop()
                while wait(futures, timeout=_POLL).not_done:
                    self.stop()  # once more: a solver that had hardly begun did not hear
                raise
        return [future.result() for future in futures]

    def count(self, work: float) -> None:
        """Counts work that is done."""
        with self._lock:
            self.meter.work += work

    @property
    def stopped(self) -> bool:
        """Is nothing to be solved any more?"""
        return self._stopped

    def stop(self) -> None:
        """Ends what is being solved; nothing will be solved any more."""
        with self._lock:
            self._stopped = True
            for solver in self._running:
                solver.stop_search()
