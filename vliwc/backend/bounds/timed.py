"""Prices that change from cycle to cycle, and tolls on waits: a bound for small problems that ramps hold up.

The time-indexed linear program asks whether all operations fit into a number of cycles if they may be divided: so much
of an operation in this cycle, so much in that one, each part as early and as late as heads and tails allow; no cycle
has more slots than the engine offers, and by the end of each cycle no more of an operation has begun than is there of
what it waits for (Pritsker, Watters and Wolfe 1969). If slots have to be overdrawn, there is no schedule of so many
cycles. The dual says so in numbers that are easy to check: see `argument.Tariff` (Lagrangian relaxation; Fisher 1973,
Möhring, Schulz, Stork and Uetz 2003). They are rounded to integers, which may lose the proof but not its truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import lcm
from typing import Any, NamedTuple

from vliwc.backend.bounds.argument import Tariff, Toll, Wait
from vliwc.backend.bounds.network import offsets
from vliwc.backend.problem import DATA, Form, Operation, Problem, Step
from vliwc.solving import interruptible

SMALL_TARIFF, LARGE_TARIFF = 2_000, 8_000
"""Programs with so many variables are worth it in every compilation (a quarter of a second), and where more is asked
for (some seconds)."""
_SCALE = 100_000
"""Prices and tolls are rounded to such parts."""
_OVERDRAWN = 1e-6
"""So much, as a share of an engine's slots, is more than a rounding error of the solver."""
_JOIN: Form = (Step("", "", (), 1, 0),)
"""What stands for an operation without slots: one slot of an engine of which there is no end."""


_Key = tuple[int, int, int]
"""An operation, one of its forms, and the number of a step."""


class _Place(NamedTuple):
    """All slots of a step lie between two cycles."""

    first: int
    last: int


def _forms_of(operation: Operation) -> Sequence[Form]:
    """The forms of an operation, or what stands for them."""
    return operation.forms or (_JOIN,)


def size(problem: Problem, heads: Sequence[int], tails: Sequence[int], cycles: int) -> int:
    """About how many variables the program has for so many cycles."""
    return sum(
        max(0, cycles - tail - head + 1) * sum(map(len, _forms_of(operation)))
        for operation, head, tail in zip(problem.operations, heads, tails, strict=True)
    )


def refutation(problem: Problem, heads: Sequence[int], tails: Sequence[int], cycles: int) -> Tariff | None:
    """Why no schedule takes so many cycles, which are no fewer than paths need; None if the linear program does not say
    so."""
    program = _Program(problem, heads, tails, cycles)
    tariff = program.solve()
    return tariff if tariff is not None and _excess(problem, program.places, tariff) > 0 else None


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
    """The linear program; its variables are the shares of a step that are issued by the end of a cycle."""

    def __init__(self, problem: Problem, heads: Sequence[int], tails: Sequence[int], cycles: int) -> None:
        from ortools.linear_solver import pywraplp  # noqa: PLC0415 - heavy, and only some bounds need it

        self.problem = problem
        self.machine = problem.machine
        self.cycles = cycles
        self.solver = pywraplp.Solver.CreateSolver("GLOP")
        self.solver.SetSolverSpecificParametersAsString("use_dual_simplex: true")
        self.most = self.solver.infinity()
        self.places: dict[_Key, _Place] = {}
        self.shares: dict[_Key, list[Any]] = {}
        self.slots: dict[tuple[str, int], Any] = {}
        self.waits: dict[tuple[Wait, int], Any] = {}
        for k, operation in enumerate(problem.operations):
            self._operation(k, operation, heads[k], tails[k])
        for wait in _waits(problem):
            self._wait(wait)

    def _operation(self, k: int, operation: Operation, head: int, tail: int) -> None:
        """Every operation takes one form, or a part of each; those for which there is no time, it does not take."""
        taken = []
        for f, form in enumerate(_forms_of(operation)):
            places = [
                _Place(head + begun, self.cycles - tail - left)
                for begun, left in (offsets(form, self.machine) if operation.forms else [(0, 0)])
            ]
            if all(place.first <= place.last for place in places):
                share = self.solver.NumVar(0, 1, "")
                taken.append(share)
                for s, (step, place) in enumerate(zip(form, places, strict=True)):
                    self._step((k, f, s), step, place, share)
        assert taken, "the cycles are no fewer than a bound by paths"
        self.solver.Add(sum(taken) == 1)

    def _step(self, key: _Key, step: Step, place: _Place, whole: Any) -> None:
        """The shares of a step grow to that of its form, and take slots as they do."""
        solver = self.solver
        shares = [solver.NumVar(0, self.most, "") for _ in range(place.last - place.first)] + [whole]
        self.places[key], self.shares[key] = place, shares
        for cycle, share in enumerate(shares, place.first):
            before = shares[cycle - place.first - 1] if cycle > place.first else None
            if before is not None:
                solver.Add(share >= before)
            if step.engine:
                row = self._row(step.engine, cycle)
                row.SetCoefficient(share, row.GetCoefficient(share) + step.slots)
                if before is not None:
                    row.SetCoefficient(before, row.GetCoefficient(before) - step.slots)

    def _row(self, engine: str, cycle: int) -> Any:
        """The constraint that an engine's slots are enough in a cycle; to overdraw them by all of them costs 1."""
        if (engine, cycle) not in self.slots:
            slots = self.machine.slots(engine)
            overdraft = self.solver.NumVar(0, self.most, "")
            row = self.slots[engine, cycle] = self.solver.Constraint(-self.most, slots)
            row.SetCoefficient(overdraft, -slots)
            self.solver.Objective().SetCoefficient(overdraft, 1)
        return self.slots[engine, cycle]

    def _wait(self, wait: Wait) -> None:
        """By the end of each cycle no more of an operation has begun than is there of what it waits for."""
        later = [key for f in wait.forms if (key := (wait.later, f, 0)) in self.places]
        ends = _ends(self.problem, self.places, wait)
        first = min((self.places[key].first for key in later), default=self.cycles)
        last = max((self.places[key].last + latency for key, latency in ends), default=0)
        for cycle in range(first, last):
            row = self.waits[wait, cycle] = self.solver.Constraint(-self.most, 0)
            for key in later:
                if (share := self._by(key, cycle)) is not None:
                    row.SetCoefficient(share, 1)
            for key, latency in ends:
                if (share := self._by(key, cycle - latency)) is not None:
                    row.SetCoefficient(share, -1)

    def _by(self, key: _Key, cycle: int) -> Any:
        """The share of a step that is issued by the end of a cycle; None if that is nothing."""
        first, shares = self.places[key].first, self.shares[key]
        return None if cycle < first else shares[min(cycle - first, len(shares) - 1)]

    def solve(self) -> Tariff | None:
        """The dual solution in integers, if slots have to be overdrawn."""
        self.solver.Objective().SetMinimization()
        if (
            interruptible(self.solver.Solve, self.solver.InterruptSolve) != self.solver.OPTIMAL
            or self.solver.Objective().Value() < _OVERDRAWN
        ):
            return None
        prices: dict[str, dict[int, int]] = {}
        for (engine, cycle), row in self.slots.items():
            if price := _whole(row):
                prices.setdefault(engine, {})[cycle] = price
        tolls = (Toll(wait, cycle, toll) for (wait, cycle), row in self.waits.items() if (toll := _whole(row)))
        return Tariff(self.cycles, prices, tuple(tolls))


def _whole(row: Any) -> int:
    price = max(0.0, -float(row.dual_value()))
    return round(price * _SCALE)


def _ends(problem: Problem, places: Mapping[_Key, _Place], wait: Wait) -> list[tuple[_Key, int]]:
    """The last steps of what is waited for, and after how many cycles their slots count."""
    found = []
    for f, form in enumerate(_forms_of(problem.operations[wait.earlier])):
        key = (wait.earlier, f, len(form) - 1)
        if key in places:
            found.append((key, form[-1].latency if wait.data else 0))
    return found


def _excess(problem: Problem, places: Mapping[_Key, _Place], tariff: Tariff) -> int:
    """By how much operations would pay more than all slots cost, in parts so small that a slot's tolls are whole."""
    parts = lcm(*(step.slots for operation in problem.operations for form in operation.forms for step in form))
    paid: dict[_Key, list[tuple[int, int]]] = {}
    """For each step what is paid (or, negative, got) for the whole of it that is issued by a cycle."""
    for wait, cycle, amount in tariff.tolls:
        for f in wait.forms:
            paid.setdefault((wait.later, f, 0), []).append((cycle, amount))
        for key, latency in _ends(problem, places, wait):
            paid.setdefault(key, []).append((cycle - latency, -amount))
    total = -parts * sum(problem.machine.slots(e) * sum(of.values()) for e, of in tariff.prices.items())
    for k, operation in enumerate(problem.operations):
        costs = [
            sum(_cost(step, places[k, f, s], tariff, paid.get((k, f, s), ()), parts) for s, step in enumerate(form))
            for f, form in enumerate(_forms_of(operation))
            if (k, f, 0) in places
        ]
        total += min(costs)
    return total


def _cost(step: Step, place: _Place, tariff: Tariff, paid: Iterable[tuple[int, int]], parts: int) -> int:
    """What all slots of a step cost where they are cheapest."""
    prices = tariff.prices.get(step.engine, {})
    tolls = [0] * (place.last - place.first + 1)
    for cycle, amount in paid:
        for at in range(place.first, min(cycle, place.last) + 1):
            tolls[at - place.first] += amount
    cheapest = min(
        parts * prices.get(cycle, 0) + parts // step.slots * toll for cycle, toll in enumerate(tolls, place.first)
    )
    return step.slots * cheapest
