"""The linear program in which operations may be divided: so much of one in this cycle, so much in that one.

Each part comes as early and as late as heads and tails allow; no cycle has more slots than the engine offers, and by
the end of each cycle no more of an operation has begun than is there of what it waits for (Pritsker, Watters and Wolfe
1969). Of a large problem, only the first and last cycles are told apart (see `periods`). What is missing then is
counted: a schedule of so many cycles exists only if nothing is. The dual solution says why (`timed`), the solution
itself what a schedule might look like (`vliwc.backend.schedulers.cpsat.diving`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from vliwc.backend.bounds.argument import Wait
from vliwc.backend.bounds.network import offsets
from vliwc.backend.bounds.periods import Periods, Place, told_apart
from vliwc.backend.problem import DATA, Form, Operation, Problem, Step
from vliwc.solving import interruptible, new_integer_solver

_OVERDRAFT = 4.0
"""So much a cycle's slots of an engine cost that are overdrawn. A cycle more in the long period costs 1."""
OVERDRAWN = 1e-6
"""If so much is missing, in cycles, it is more than a rounding error of the solver."""
_JOIN: Form = (Step("", "", (), 1, 0),)
"""What stands for an operation without slots: one slot of an engine of which there is no end."""


Key = tuple[int, int, int]
"""An operation, one of its forms, and the number of a step."""
Places = Mapping[Key, Place]
_Forms = tuple[tuple[int, Form], ...]
"""Some of an operation's forms, with their numbers."""
Cycles = Sequence[int] | Mapping[int, int]
"""A number of cycles for each operation that counts."""


def forms_of(operation: Operation) -> Sequence[Form]:
    """The forms of an operation, or what stands for them."""
    return operation.forms or (_JOIN,)


def places_of(problem: Problem, free: Iterable[int], heads: Cycles, tails: Cycles, cycles: int) -> dict[Key, Place]:
    """Where the steps of all forms lie for which there is time, of the operations that are `free`."""
    found: dict[Key, Place] = {}
    for k in free:
        operation = problem.operations[k]
        for f, form in enumerate(forms_of(operation)):
            places = [
                Place(heads[k] + begun, cycles - tails[k] - left)
                for begun, left in (offsets(form, problem.machine) if operation.forms else [(0, 0)])
            ]
            if all(place.first <= place.last for place in places):
                found.update(((k, f, s), place) for s, place in enumerate(places))
    return found


def periods_of(
    problem: Problem, free: Collection[int], heads: Cycles, tails: Cycles, cycles: int, variables: int
) -> Periods | None:
    """The finest periods for a program of about so many variables; None if there are none worth it."""
    weights = [sum(map(len, forms_of(problem.operations[k]))) for k in free]
    return told_apart(cycles, [heads[k] for k in free], [tails[k] for k in free], weights, variables)


def waits_of(problem: Problem) -> Iterator[Wait]:
    """All waits: those of the edges, and those of forms for the values that they need."""
    writers: dict[int, list[int]] = {}
    for k, operation in enumerate(problem.operations):
        writers.setdefault(operation.writes, []).append(k)
    for k, edges in enumerate(problem.successors):
        for later, kind in edges:
            yield Wait(k, later, tuple(range(len(forms_of(problem.operations[later])))), kind == DATA)
    for k, operation in enumerate(problem.operations):
        for f, needs in enumerate(operation.needs):
            for value in needs:
                yield from (Wait(writer, k, (f,), True) for writer in writers.get(value, ()))


class DividedProgram:
    """The linear program; its variables are the shares of a step that are issued by the end of a period.

    `heads` and `tails` are known of the operations that are `free`, and leave time for a form of each. All others stand
    already: `used` has the slots that they take, by engine and cycle, and what they wait for, and what waits for them,
    is in heads and tails.
    """

    def __init__(
        self,
        problem: Problem,
        free: Collection[int],
        heads: Cycles,
        tails: Cycles,
        periods: Periods,
        waits: Iterable[Wait],
        used: Mapping[tuple[str, int], int] | None = None,
    ) -> None:
        self.problem = problem
        self.machine = problem.machine
        self.periods = periods
        self.solver = self._new_solver()
        self.most = self.solver.infinity()
        self.longer = self._lack()
        """By how many cycles the long period would have to be longer."""
        self.solver.Objective().SetCoefficient(self.longer, 1)
        self.places: Places = places_of(problem, free, heads, tails, periods.cycles)
        self.used: Counter[tuple[str, int]] = Counter()
        for (engine, cycle), slots in (used or {}).items():
            self.used[engine, periods.period(cycle)] += slots
        self.shares: dict[Key, dict[int, Any]] = {}
        """What has been issued of a step by the ends of periods."""
        self.slots: dict[tuple[str, int], Any] = {}
        self.waits: dict[tuple[Wait, int], Any] = {}
        alike: Counter[_Forms] = Counter()
        for k in free:
            all_forms = enumerate(forms_of(problem.operations[k]))
            forms = tuple((f, form) for f, form in all_forms if (k, f, 0) in self.places)
            assert forms, "the cycles are no fewer than a bound by paths"
            if all(periods.inside(self.places[k, f, s]) for f, form in forms for s in range(len(form))):
                alike[forms] += 1
            else:
                self._operation(k, forms)
        for forms, count in alike.items():
            self._operations(forms, count)
        for wait in waits:
            self._wait(wait)

    def missing(self, work: float) -> float | None:
        """How many cycles there would have to be more, as far as the program tells; None if the solver gives up after
        so much deterministic time.

        The dual simplex method may turn around in one corner; mostly not if costs are perturbed. If it does, the primal
        method is tried.
        """
        self.solver.Objective().SetMinimization()
        for method in ("use_dual_simplex: true perturb_costs_in_dual_simplex: true", "use_dual_simplex: false"):
            self.solver.SetSolverSpecificParametersAsString(f"{method} max_deterministic_time: {work}")
            if interruptible(self.solver.Solve, self.solver.InterruptSolve) == self.solver.OPTIMAL:
                return float(self.solver.Objective().Value())
        return None

    def solution(self) -> dict[Key, dict[int, float]]:
        """The shares of steps that are issued by the ends of periods, by their last cycles."""
        return {
            key: {cycle: float(share.solution_value()) for cycle, share in shares.items()}
            for key, shares in self.shares.items()
        }

    # -- what variables are

    def _new_solver(self) -> Any:
        from ortools.linear_solver import pywraplp  # noqa: PLC0415 - heavy, and only some bounds need it

        return pywraplp.Solver.CreateSolver("GLOP")

    def _lack(self) -> Any:
        """How much may be missing of something."""
        return self.solver.NumVar(0, self.most, "")

    def _share(self, slots: int) -> Any:
        """A share of something that takes so many slots."""
        return self.solver.NumVar(0, 1, "")

    # -- rows

    def _operation(self, k: int, forms: _Forms) -> None:
        """Every operation takes one form, or a part of each; those for which there is no time, it does not take."""
        whole = self.solver.Constraint(1, 1)
        for f, form in forms:
            share = self._share(1)
            whole.SetCoefficient(share, 1)
            for s, step in enumerate(form):
                self._step((k, f, s), step, share)

    def _operations(self, forms: _Forms, count: int) -> None:
        """So many operations with these forms, all of them in the long period."""
        all_of_them = self.solver.Constraint(count, count)
        for _, form in forms:
            several = self.solver.NumVar(0, count, "")
            all_of_them.SetCoefficient(several, 1)
            for step in form:
                if step.engine:
                    _add(self._row(step.engine, self.periods.middle.start), several, step.slots)

    def _step(self, key: Key, step: Step, whole: Any) -> None:
        """The shares of a step grow to that of its form, and take slots as they do."""
        place = self.places[key]
        shares = self.shares[key] = {}
        before = None
        add = _add if len(forms_of(self.problem.operations[key[0]])[key[1]]) > 1 else _set
        for cycle in self.periods.bounds(place):
            share = shares[cycle] = whole if cycle == place.last else self._share(step.slots)
            if before is not None:
                grows = self.solver.Constraint(0, self.most)
                grows.SetCoefficient(share, 1)
                grows.SetCoefficient(before, -1)
            if step.engine:
                row = self._row(step.engine, cycle)
                add(row, share, step.slots)
                if before is not None:
                    add(row, before, -step.slots)
            before = share

    def _row(self, engine: str, cycle: int) -> Any:
        """The constraint that an engine's slots are enough in a period."""
        period = self.periods.period(cycle)
        if (engine, period) not in self.slots:
            slots, middle = self.machine.slots(engine), self.periods.middle
            there = slots * (len(middle) if period in middle else 1) - self.used[engine, period]
            row = self.solver.Constraint(-self.most, there)
            if period in middle:
                row.SetCoefficient(self.longer, -slots)
            else:
                overdraft = self._lack()
                row.SetCoefficient(overdraft, -slots)
                self.solver.Objective().SetCoefficient(overdraft, _OVERDRAFT)
            self.slots[engine, period] = row
        return self.slots[engine, period]

    def _wait(self, wait: Wait) -> None:
        """By the end of each period no more of an operation has begun than is there of what it waits for."""
        later = [key for f in wait.forms if (key := (wait.later, f, 0)) in self.shares]
        ends = [(key, latency) for key, latency in ends_of(self.problem, self.places, wait) if key in self.shares]
        if not later or not ends:
            return  # the one that is not there is in the long period, so that there is time enough for the other one
        first = min(self.places[key].first for key in later)
        last = max(self.places[key].last + latency for key, latency in ends)
        last = min(last, self.periods.bound(max(self.places[key].last for key in later)) + 1)
        for cycle in self.periods.bounds(Place(first, last))[:-1] if first < last else ():
            row = self.waits[wait, cycle] = self.solver.Constraint(-self.most, 0)
            for key in later:
                if (share := self._by(key, cycle)) is not None:
                    row.SetCoefficient(share, 1)
            for key, latency in ends:
                if (share := self._by(key, cycle - latency)) is not None:
                    row.SetCoefficient(share, -1)

    def _by(self, key: Key, cycle: int) -> Any:
        """The share of a step that is issued by the end of the period of a cycle; None if that is nothing."""
        first, last = self.places[key]
        return None if cycle < first else self.shares[key][min(last, self.periods.bound(cycle))]


class WholeProgram(DividedProgram):
    """The same with operations that are divided only where they take several slots, or lie in the long period, and
    where nothing may be missing: an integer program without a solution if there is no schedule for that."""

    def refuted(self, seconds: float) -> bool:
        """Is it certain within so many seconds that there is no solution?"""
        self.solver.SetTimeLimit(max(1, int(1000 * seconds)))
        return bool(self.solver.Solve() == self.solver.INFEASIBLE)

    def stop_search(self) -> None:
        """Ends the solve under way."""
        self.solver.InterruptSolve()

    def _new_solver(self) -> Any:
        return new_integer_solver()

    def _lack(self) -> Any:
        return self.solver.NumVar(0, 0, "")

    def _share(self, slots: int) -> Any:
        return self.solver.BoolVar("") if slots == 1 else super()._share(slots)


def _set(row: Any, variable: Any, amount: int) -> None:
    row.SetCoefficient(variable, amount)


def _add(row: Any, variable: Any, amount: int) -> None:
    row.SetCoefficient(variable, row.GetCoefficient(variable) + amount)


def ends_of(problem: Problem, places: Places, wait: Wait) -> list[tuple[Key, int]]:
    """The last steps of what is waited for, and after how many cycles their slots count."""
    found = []
    for f, form in enumerate(forms_of(problem.operations[wait.earlier])):
        key = (wait.earlier, f, len(form) - 1)
        if key in places:
            found.append((key, form[-1].latency if wait.data else 0))
    return found
