"""Prices that change from cycle to cycle, and tolls on waits: a bound for what ramps hold up.

The time-indexed linear program asks whether all operations fit into a number of cycles if they may be divided: so much
of an operation in this cycle, so much in that one, each part as early and as late as heads and tails allow; no cycle
has more slots than the engine offers, and by the end of each cycle no more of an operation has begun than is there of
what it waits for (Pritsker, Watters and Wolfe 1969). Of a large problem, only the first and last cycles are told apart
(see `periods`). If slots are missing, there is no schedule of so many cycles, and mostly none of a few more. The
dual says so in numbers that are easy to check: see `argument.Tariff` (Lagrangian relaxation; Fisher 1973, Möhring,
Schulz, Stork and Uetz 2003). They are rounded to integers, which may lose the proof but not its truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np

from vliwc.backend.bounds.argument import Tariff, Toll, Wait
from vliwc.backend.bounds.network import offsets
from vliwc.backend.bounds.periods import Periods, Place, told_apart
from vliwc.backend.problem import DATA, Form, Operation, Problem, Step
from vliwc.solving import interruptible

SMALL_TARIFF, LARGE_TARIFF = 2_000, 8_000
"""Programs with about so many variables are worth it in every compilation (a quarter of a second), and where more is
asked for (some seconds)."""
_WORK = 2.5e-3
"""So much deterministic time for each variable, a few times what most programs take, is the solver given: where nearly
all operations are on longest paths, it may turn around in one corner for ages."""
_SCALE = 1_000_000
"""Prices and tolls are rounded to such parts."""
_OVERDRAFT = 4.0
"""So much a cycle's slots of an engine cost that are overdrawn. A cycle more in the long period costs 1."""
_OVERDRAWN = 1e-6
"""If so much is missing, in cycles, it is more than a rounding error of the solver."""
_JOIN: Form = (Step("", "", (), 1, 0),)
"""What stands for an operation without slots: one slot of an engine of which there is no end."""


_Key = tuple[int, int, int]
"""An operation, one of its forms, and the number of a step."""
_Places = Mapping[_Key, Place]
_Forms = tuple[tuple[int, Form], ...]
"""Some of an operation's forms, with their numbers."""


def _forms_of(operation: Operation) -> Sequence[Form]:
    """The forms of an operation, or what stands for them."""
    return operation.forms or (_JOIN,)


def refutation(
    problem: Problem, heads: Sequence[int], tails: Sequence[int], cycles: int, variables: int
) -> Tariff | None:
    """Why no schedule takes so many cycles, which are no fewer than paths need, or a few more; None if no linear
    program of about so many variables says so."""
    weights = [sum(map(len, _forms_of(operation))) for operation in problem.operations]
    periods = told_apart(cycles, heads, tails, weights, variables)
    if periods is None:
        return None
    program = _Program(problem, heads, tails, periods, _WORK * variables)
    for more in range(program.solve(), 0, -1):
        tariff = program.tariff(more - 1)
        if _excess(problem, _places(problem, heads, tails, tariff.cycles), tariff) > 0:
            return tariff
    return None


def _places(problem: Problem, heads: Sequence[int], tails: Sequence[int], cycles: int) -> dict[_Key, Place]:
    """Where the steps of all forms lie for which there is time."""
    found: dict[_Key, Place] = {}
    for k, operation in enumerate(problem.operations):
        for f, form in enumerate(_forms_of(operation)):
            places = [
                Place(heads[k] + begun, cycles - tails[k] - left)
                for begun, left in (offsets(form, problem.machine) if operation.forms else [(0, 0)])
            ]
            if all(place.first <= place.last for place in places):
                found.update(((k, f, s), place) for s, place in enumerate(places))
    return found


def _waits(problem: Problem) -> Iterator[Wait]:
    """All waits: those of the edges, and those of forms for the values that they need."""
    writers: dict[int, list[int]] = {}
    for k, operation in enumerate(problem.operations):
        writers.setdefault(operation.writes, []).append(k)
    for k, edges in enumerate(problem.successors):
        for later, kind in edges:
            yield Wait(k, later, tuple(range(len(_forms_of(problem.operations[later])))), kind == DATA)
    for k, operation in enumerate(problem.operations):
        for f, needs in enumerate(operation.needs):
            for value in needs:
                yield from (Wait(writer, k, (f,), True) for writer in writers.get(value, ()))


class _Program:
    """The linear program; its variables are the shares of a step that are issued by the end of a period."""

    def __init__(
        self, problem: Problem, heads: Sequence[int], tails: Sequence[int], periods: Periods, work: float
    ) -> None:
        from ortools.linear_solver import pywraplp  # noqa: PLC0415 - heavy, and only some bounds need it

        self.problem = problem
        self.machine = problem.machine
        self.periods = periods
        self.solver = pywraplp.Solver.CreateSolver("GLOP")
        self.solver.SetSolverSpecificParametersAsString(f"use_dual_simplex: true max_deterministic_time: {work}")
        self.most = self.solver.infinity()
        self.longer = self.solver.NumVar(0, self.most, "")
        """By how many cycles the long period would have to be longer."""
        self.solver.Objective().SetCoefficient(self.longer, 1)
        self.places: _Places = _places(problem, heads, tails, periods.cycles)
        self.shares: dict[_Key, dict[int, Any]] = {}
        """What has been issued of a step by the ends of periods."""
        self.slots: dict[tuple[str, int], Any] = {}
        self.waits: dict[tuple[Wait, int], Any] = {}
        alike: Counter[_Forms] = Counter()
        for k, operation in enumerate(problem.operations):
            forms = tuple((f, form) for f, form in enumerate(_forms_of(operation)) if (k, f, 0) in self.places)
            assert forms, "the cycles are no fewer than a bound by paths"
            if all(periods.inside(self.places[k, f, s]) for f, form in forms for s in range(len(form))):
                alike[forms] += 1
            else:
                self._operation(k, forms)
        for forms, count in alike.items():
            self._operations(forms, count)
        for wait in _waits(problem):
            self._wait(wait)

    def _operation(self, k: int, forms: _Forms) -> None:
        """Every operation takes one form, or a part of each; those for which there is no time, it does not take."""
        taken = []
        for f, form in forms:
            share = self.solver.NumVar(0, 1, "")
            taken.append(share)
            for s, step in enumerate(form):
                self._step((k, f, s), step, share)
        self.solver.Add(sum(taken) == 1)

    def _operations(self, forms: _Forms, count: int) -> None:
        """So many operations with these forms, all of them in the long period."""
        taken = []
        for _, form in forms:
            several = self.solver.NumVar(0, count, "")
            taken.append(several)
            for step in form:
                if step.engine:
                    _add(self._row(step.engine, self.periods.middle.start), several, step.slots)
        self.solver.Add(sum(taken) == count)

    def _step(self, key: _Key, step: Step, whole: Any) -> None:
        """The shares of a step grow to that of its form, and take slots as they do."""
        place = self.places[key]
        shares = self.shares[key] = {}
        before = None
        for cycle in self.periods.bounds(place):
            share = shares[cycle] = whole if cycle == place.last else self.solver.NumVar(0, self.most, "")
            if before is not None:
                self.solver.Add(share >= before)
            if step.engine:
                row = self._row(step.engine, cycle)
                _add(row, share, step.slots)
                if before is not None:
                    _add(row, before, -step.slots)
            before = share

    def _row(self, engine: str, cycle: int) -> Any:
        """The constraint that an engine's slots are enough in a period."""
        period = self.periods.period(cycle)
        if (engine, period) not in self.slots:
            slots, middle = self.machine.slots(engine), self.periods.middle
            row = self.solver.Constraint(-self.most, slots * (len(middle) if period in middle else 1))
            if period in middle:
                row.SetCoefficient(self.longer, -slots)
            else:
                overdraft = self.solver.NumVar(0, self.most, "")
                row.SetCoefficient(overdraft, -slots)
                self.solver.Objective().SetCoefficient(overdraft, _OVERDRAFT)
            self.slots[engine, period] = row
        return self.slots[engine, period]

    def _wait(self, wait: Wait) -> None:
        """By the end of each period no more of an operation has begun than is there of what it waits for."""
        later = [key for f in wait.forms if (key := (wait.later, f, 0)) in self.shares]
        ends = [(key, latency) for key, latency in _ends(self.problem, self.places, wait) if key in self.shares]
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

    def _by(self, key: _Key, cycle: int) -> Any:
        """The share of a step that is issued by the end of the period of a cycle; None if that is nothing."""
        first, last = self.places[key]
        return None if cycle < first else self.shares[key][min(last, self.periods.bound(cycle))]

    def solve(self) -> int:
        """How many cycles more there would have to be, as far as the program tells; 0 if there are enough."""
        self.solver.Objective().SetMinimization()
        optimal = interruptible(self.solver.Solve, self.solver.InterruptSolve) == self.solver.OPTIMAL
        missing = self.solver.Objective().Value() if optimal else 0.0
        if missing < _OVERDRAWN:
            return 0
        return ceil(missing - _OVERDRAWN) if self.periods.middle else 1

    def tariff(self, more: int) -> Tariff:
        """The dual solution in integers, for so many cycles more in the long period."""
        middle = self.periods.middle

        def moved(cycle: int) -> int:
            return cycle + more if cycle >= middle.stop - 1 else cycle

        prices: dict[str, dict[int, int]] = {}
        for (engine, period), row in self.slots.items():
            if price := _whole(row):
                cycles = range(period, middle.stop + more) if period in middle else [moved(period)]
                prices.setdefault(engine, {}).update(dict.fromkeys(cycles, price))
        tolls = (Toll(wait, moved(cycle), toll) for (wait, cycle), row in self.waits.items() if (toll := _whole(row)))
        return Tariff(self.periods.cycles + more, prices, tuple(tolls))


def _add(row: Any, variable: Any, amount: int) -> None:
    row.SetCoefficient(variable, row.GetCoefficient(variable) + amount)


def _whole(row: Any) -> int:
    price = max(0.0, -float(row.dual_value()))
    return round(price * _SCALE)


def _ends(problem: Problem, places: _Places, wait: Wait) -> list[tuple[_Key, int]]:
    """The last steps of what is waited for, and after how many cycles their slots count."""
    found = []
    for f, form in enumerate(_forms_of(problem.operations[wait.earlier])):
        key = (wait.earlier, f, len(form) - 1)
        if key in places:
            found.append((key, form[-1].latency if wait.data else 0))
    return found


def _excess(problem: Problem, places: _Places, tariff: Tariff) -> int:
    """By how much operations would pay more than all slots cost."""
    paid: dict[_Key, list[tuple[int, int]]] = {}
    """For each step what is paid (or, negative, got) for the whole of it that is issued by a cycle."""
    for wait, cycle, amount in tariff.tolls:
        for f in wait.forms:
            paid.setdefault((wait.later, f, 0), []).append((cycle, amount))
        for key, latency in _ends(problem, places, wait):
            paid.setdefault(key, []).append((cycle - latency, -amount))
    prices = {engine: np.zeros(tariff.cycles + 1, np.int64) for engine in ("", *problem.machine.engines)}
    for engine, of in tariff.prices.items():
        prices[engine][list(of)] = list(of.values())
    total = -sum(problem.machine.slots(engine) * sum(of.values()) for engine, of in tariff.prices.items())
    for k, operation in enumerate(problem.operations):
        costs = [
            sum(
                _cost(step, places[k, f, s], prices[step.engine], paid.get((k, f, s), ()))
                for s, step in enumerate(form)
            )
            for f, form in enumerate(_forms_of(operation))
            if (k, f, 0) in places
        ]
        total += min(costs)
    return total


def _cost(step: Step, place: Place, prices: np.ndarray, paid: Sequence[tuple[int, int]]) -> int:
    """What all slots of a step cost where they are cheapest; each bears its part of what is paid for the step."""
    costs = step.slots * prices[place.first : place.last + 1]
    if paid:
        tolls = np.zeros(len(costs), np.int64)
        for cycle, amount in paid:
            if cycle >= place.first:
                tolls[min(cycle, place.last) - place.first] += amount
        costs = costs + tolls[::-1].cumsum()[::-1]
    return int(costs.min())
