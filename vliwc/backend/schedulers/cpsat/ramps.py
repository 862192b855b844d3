"""Ramps: how much of the work the first cycles can do at best, and how much the last ones.

In the first cycles little is ready, in the last ones little is left, and in between no cycle does more than its slots
allow. What the ramps lack has to be done by more cycles. How much a ramp can do is an optimisation problem of its own,
over the few operations that may be issued in so few cycles, with forms, dependences, slots and scratch as in the model
of the whole block: a cycle more is asked for as long as CP-SAT solves it to the end.

Work is counted at prices of slots (see `bounds.prices`): each operation is worth what its cheapest form costs, and a
part of its slots that part of it, so that no cycle does more than its slots cost together. The last cycles are the
first ones of the problem that is turned round (`turning`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from vliwc.backend.bounds import pricings, raised
from vliwc.backend.bounds.prices import Prices, capacity, cost, demands
from vliwc.backend.problem import Problem
from vliwc.backend.schedulers.cpsat.frame import Frame, OpenLife
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.model import Model
from vliwc.backend.schedulers.cpsat.room import room
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.timing import Span, Windows, length, reach
from vliwc.backend.schedulers.cpsat.turning import turned
from vliwc.backend.schedulers.cpsat.variables import Variable
from vliwc.backend.schedulers.effort import Effort, Meter

_UNIT = 720
"""In which parts of a price work is counted: many forms' shares are whole numbers of these."""
_LONGEST = 12
"""How many cycles a ramp has at most."""
_NEVER = 1 << 30
"""Behind the last cycle."""
_PRICINGS = 3
_PROMISING = 0.7
"""How many price vectors are tried, of those at which the work takes this share of the bound's cycles by itself."""
_GROWTH = 2
"""A ramp that is a cycle longer takes this many times as long, or more."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A problem from one of its ends: no operation begins before the cycle of its head."""

    instance: Instance
    heads: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Work:
    """What all operations cost at some prices, and the slots of a cycle, in parts of `_UNIT`."""

    prices: Prices
    per_cycle: int
    amount: int


def ramp_bound(problem: Problem, least: int, work: float) -> int:
    """`ramped` within so many units of work: the same on every computer."""
    return ramped(problem, least, Solver(Meter(Effort(seconds=None, work=work, workers=1)), seed=0), work)


def ramped(problem: Problem, least: int, solver: Solver, most: float) -> int:
    """A lower bound in cycles, `least` if ramps show no more than that.

    All takes no more than `most` seconds or units of work.
    """
    heads, tails = raised(problem)
    sides = (
        _Side(Instance(problem), heads),
        _Side(turned(problem), [max(0, tail - 1) for tail in reversed(tails)]),
    )
    promising = [work for work in _works(problem) if work.amount >= _PROMISING * least * work.per_cycle][:_PRICINGS]
    share = most / (len(sides) * max(1, len(promising)))
    for work in promising:
        lost = sum(_lost(side, work, least // 2, solver, share) for side in sides)
        least = max(least, -(-(work.amount + lost) // work.per_cycle))
    return least


def _works(problem: Problem) -> list[_Work]:
    """The work of a problem at all prices that are worth it."""
    return [
        _Work(
            prices,
            _UNIT * capacity(problem.machine, prices),
            _UNIT * sum(cost(demands(operation), prices) for operation in problem.operations),
        )
        for prices in pricings(problem)
    ]


def _lost(side: _Side, work: _Work, longest: int, solver: Solver, most: float) -> int:
    """The work that the first cycles, `longest` at most, cannot do, though their slots would be enough."""
    meter = solver.meter
    lost, end, spent = 0, meter.left() - most, 0.0
    for cycles in range(1, min(longest, _LONGEST) + 1):
        left = meter.left()
        if (left - end) <= _GROWTH * spent:
            break
        model = _model(side, cycles)
        if not _maximise(model, work.prices, cycles):
            lost = work.per_cycle * cycles
            continue
        answer = solver.optimise(model.cp, most=left - end)
        lost = max(lost, work.per_cycle * cycles - answer.bound)
        if not answer.finished:
            break
        spent = left - meter.left()
    return lost


def _model(side: _Side, cycles: int) -> Model:
    """The model of the first cycles: operations may be issued there, or later, which takes no slots."""
    instance, heads = side.instance, side.heads
    problem = instance.problem
    free = tuple(k for k, head in enumerate(heads) if head < cycles)
    quick = {k: reach(problem.operations[k], problem.machine) for k in free}
    beyond = cycles + max(
        (length(form, problem.machine) for k in free for form in problem.operations[k].forms), default=0
    )
    earliest = {
        k: Span(heads[k], heads[k] + issued, heads[k] + issued + latency) for k, (issued, latency) in quick.items()
    }
    latest = {k: Span(beyond - issued, beyond, beyond + latency) for k, (issued, latency) in quick.items()}
    fixed = dict.fromkeys(set(range(len(heads))).difference(free), Span(cycles, cycles, cycles))
    opened = Frame(cycles, free, Windows(earliest, latest), fixed, Counter(), *_lives(instance, fixed, cycles))
    return Model(instance, opened, room(problem, split=False))


def _lives(
    instance: Instance, later: dict[int, Span], cycles: int
) -> tuple[tuple[OpenLife, ...], list[tuple[int, int]]]:
    """The values that are alive in the first cycles, if what is in `later` comes behind these; and how much room those
    take that only wait for it, in each cycle."""
    lanes = instance.problem.machine.lanes
    lives: list[OpenLife] = []
    vectors = words = 0
    for value in instance.values:
        last = cycles if value.kept or any(k in later for k in value.readers) else 0
        touching = (*value.writers, *value.readers, *(k for k, _ in value.needed))
        if any(k not in later for k in touching):
            lives.append(OpenLife(value, _NEVER if value.writers else 0, last))
        elif not value.writers and last:
            vectors, words = vectors + (value.width == lanes), words + (value.width != lanes)
    return tuple(lives), [(vectors, words)] * cycles


def _maximise(model: Model, prices: Prices, cycles: int) -> bool:
    """Asks for as much work as possible, in parts of `_UNIT`; False if nothing can be done."""
    of, operations = dict(prices), model.problem.operations
    variables: list[Variable] = []
    factors: list[int] = []
    for (k, f, s), issued in model.issued.items():
        form = operations[k].forms[f]
        whole = sum(of.get(step.engine, 0) * step.slots for step in form)
        done = issued.at(cycles - 1)
        if whole and not isinstance(done, int):
            worth = _UNIT * cost(demands(operations[k]), prices) * of.get(form[s].engine, 0)
            variables.append(done)
            factors.append(-(-worth // whole))
    model.cp.maximize(cp_model.LinearExpr.weighted_sum(variables, factors))
    return bool(variables)
