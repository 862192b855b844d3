"""Prices that change from cycle to cycle, and tolls on waits: a bound for what ramps hold up.

The linear program in which operations may be divided (see `divided`) asks whether they all fit into a number of cycles.
If slots are missing, there is no schedule of so many cycles, and mostly none of a few more. The dual says so in numbers
that are easy to check: see `argument.Tariff` (Lagrangian relaxation; Fisher 1973, Möhring, Schulz, Stork and Uetz
2003). They are rounded to integers, which may lose the proof but not its truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np

from vliwc.backend.bounds.argument import Tariff, Toll
from vliwc.backend.bounds.divided import (
    OVERDRAWN,
    DividedProgram,
    Key,
    Places,
    ends_of,
    forms_of,
    periods_of,
    places_of,
    waits_of,
)
from vliwc.backend.bounds.periods import Place
from vliwc.backend.problem import Problem, Step

SMALL_TARIFF, LARGE_TARIFF = 2_000, 8_000
"""Programs with about so many variables are worth it in every compilation (a quarter of a second), and where more is
asked for (some seconds)."""
_WORK = 2.5e-3
"""So much deterministic time for each variable, a few times what most programs take, is the solver given: where nearly
all operations are on longest paths, it may turn around in one corner for ages."""
_SCALE = 1_000_000
"""Prices and tolls are rounded to such parts."""


def refutation(
    problem: Problem, heads: Sequence[int], tails: Sequence[int], cycles: int, variables: int
) -> Tariff | None:
    """Why no schedule takes so many cycles, which are no fewer than paths need, or a few more; None if no linear
    program of about so many variables says so."""
    everything = range(len(problem.operations))
    periods = periods_of(problem, everything, heads, tails, cycles, variables)
    if periods is None:
        return None
    program = DividedProgram(problem, everything, heads, tails, periods, waits_of(problem))
    for more in range(_missing(program, _WORK * variables), 0, -1):
        tariff = _tariff(program, more - 1)
        if _excess(problem, places_of(problem, everything, heads, tails, tariff.cycles), tariff) > 0:
            return tariff
    return None


def _missing(program: DividedProgram, work: float) -> int:
    """How many whole cycles there would have to be more; 0 if that is not known after so much deterministic time."""
    missing = program.missing(work) or 0.0
    if missing < OVERDRAWN:
        return 0
    return ceil(missing - OVERDRAWN) if program.periods.middle else 1


def _tariff(program: DividedProgram, more: int) -> Tariff:
    """The dual solution in integers, for so many cycles more in the long period."""
    middle = program.periods.middle

    def moved(cycle: int) -> int:
        return cycle + more if cycle >= middle.stop - 1 else cycle

    prices: dict[str, dict[int, int]] = {}
    for (engine, period), row in program.slots.items():
        if price := _whole(row):
            cycles = range(period, middle.stop + more) if period in middle else [moved(period)]
            prices.setdefault(engine, {}).update(dict.fromkeys(cycles, price))
    tolls = (Toll(wait, moved(cycle), toll) for (wait, cycle), row in program.waits.items() if (toll := _whole(row)))
    return Tariff(program.periods.cycles + more, prices, tuple(tolls))


def _whole(row: Any) -> int:
    price = max(0.0, -float(row.dual_value()))
    return round(price * _SCALE)


def _excess(problem: Problem, places: Places, tariff: Tariff) -> int:
    """By how much operations would pay more than all slots cost."""
    paid: dict[Key, list[tuple[int, int]]] = {}
    """For each step what is paid (or, negative, got) for the whole of it that is issued by a cycle."""
    for wait, cycle, amount in tariff.tolls:
        for f in wait.forms:
            paid.setdefault((wait.later, f, 0), []).append((cycle, amount))
        for key, latency in ends_of(problem, places, wait):
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
            for f, form in enumerate(forms_of(operation))
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
