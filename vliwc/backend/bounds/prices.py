"""Prices of slots: the duals of the linear program that balances operations over engines.

The program: with x[o, f] the share of operation o that takes form f, find the smallest T such that every engine's
slots in all forms are at most T times what it offers a cycle. Its dual: prices of slots such that the slots of a cycle
cost 1 together, and the cheapest forms of all operations as much as possible. By duality both have the same value; and
any other prices give a smaller one, which holds as well. So prices found for one set of operations bound all sets, in
the time that it takes to add up, and rounding them to small integers loses little and endangers nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import Any

from vliwc.backend.problem import Form, Operation
from vliwc.machine.description import Machine

Demand = tuple[tuple[str, int], ...]
"""The slots that a form takes of each engine."""
Demands = tuple[Demand, ...]
"""Those of all forms of an operation."""
Prices = tuple[tuple[str, int], ...]
"""What a slot of each engine costs, in ascending order of engines; never zero."""

_COARSEST = 120
"""The largest denominator of a ratio of two prices."""
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Balance:
    """A balanced choice of forms: the slots of each engine in it, and the prices that prove that none is better."""

    slots: dict[str, float]
    prices: Prices


def demands(operation: Operation) -> Demands:
    """What each form of an operation asks for, each demand once."""
    return tuple(sorted({demand_of(form) for form in operation.forms}))


def capacity(machine: Machine, prices: Prices) -> int:
    """What the slots of a cycle cost together."""
    return sum(machine.slots(engine) * price for engine, price in prices)


def cost(wanted: Demands, prices: Prices) -> int:
    """What the cheapest form costs."""
    of = dict(prices)
    return min((sum(of.get(engine, 0) * slots for engine, slots in demand) for demand in wanted), default=0)


def balance(machine: Machine, groups: Mapping[Demands, int]) -> Balance:
    """Solves the linear program; `groups` counts operations with the same demands."""
    if not groups:
        return Balance({}, ())
    slots = tuple((engine, machine.slots(engine)) for engine in sorted(machine.engines))
    return _balance(slots, tuple(sorted(groups.items())))


@lru_cache(maxsize=1 << 12)  # schedulers, and the segments of a program, ask for the same again and again
def _balance(capacities: tuple[tuple[str, int], ...], groups: tuple[tuple[Demands, int], ...]) -> Balance:
    from ortools.linear_solver import pywraplp  # noqa: PLC0415 - heavy, and only a compilation needs it

    solver = pywraplp.Solver.CreateSolver("GLOP")
    cycles = solver.NumVar(0, solver.infinity(), "cycles")
    used: dict[str, list[tuple[int, Any]]] = {}
    for forms, count in groups:
        shares = [solver.NumVar(0, solver.infinity(), "") for _ in forms]
        solver.Add(sum(shares) == count)
        for form, share in zip(forms, shares, strict=True):
            for engine, slots in form:
                used.setdefault(engine, []).append((slots, share))
    slots_of = dict(capacities)
    limits = {
        engine: solver.Add(sum(slots * share for slots, share in terms) <= slots_of[engine] * cycles)
        for engine, terms in used.items()
    }
    solver.Minimize(cycles)
    solver.Solve()
    chosen = {
        engine: round(sum(slots * share.solution_value() for slots, share in terms), 3)
        for engine, terms in sorted(used.items())
    }
    return Balance(chosen, _integers({engine: -limit.dual_value() for engine, limit in limits.items()}))


def demand_of(form: Form) -> Demand:
    """The slots that a form takes of each engine."""
    slots: Counter[str] = Counter()
    for step in form:
        slots[step.engine] += step.slots
    return tuple(sorted(slots.items()))


def _integers(duals: dict[str, float]) -> Prices:
    """Prices in nearly the same proportions that are small integers."""
    positive = {engine: dual for engine, dual in sorted(duals.items()) if dual > _NOTHING}
    if not positive:
        return ()
    least = min(positive.values())
    ratios = {engine: Fraction(dual / least).limit_denominator(_COARSEST) for engine, dual in positive.items()}
    scale = lcm(*(ratio.denominator for ratio in ratios.values()))
    whole = {engine: int(ratio * scale) for engine, ratio in ratios.items()}
    common = gcd(*whole.values())
    return tuple((engine, price // common) for engine, price in whole.items())
