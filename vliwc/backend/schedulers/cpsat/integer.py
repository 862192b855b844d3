"""A constraint model as an integer program, for SCIP, which branches on its linear relaxation.

Where slots are scarce in nearly every cycle, what decides is how much fits in all: a relaxation says that at once, and
clauses, which CP-SAT learns, hardly ever do. Models of this package consist of linear constraints, clauses, and choices
of one, so that they are integer programs as they are. SCIP computes with floating-point numbers: as all factors are
small integers, sums that are more than they may be are so by far more than it takes for rounding errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

from ortools.sat.python import cp_model

from vliwc.solving import new_integer_solver

Row = tuple[list[tuple[int, int]], float, float]
"""(variable, factor) pairs, and the least and the most that their sum may be."""
_INFINITE = 1 << 60
"""Limits of CP-SAT beyond this are none."""


class IntegerProgram:
    """A model without objective, ready to be solved by one thread, which branches on variables in order of `ranks`."""

    def __init__(self, model: cp_model.CpModel, seed: int, ranks: Mapping[int, int]) -> None:
        self._solver = solver = new_integer_solver(seed, plain=True)
        self._variables = [solver.IntVar(*variable.domain, "") for variable in model.proto.variables]
        last = max(ranks.values(), default=0) + 1
        for variable, rank in ranks.items():
            self._variables[variable].SetBranchingPriority(last - rank)
        for constraint in model.proto.constraints:
            for terms, least, most in _rows(constraint):
                row = solver.Constraint(least, most)
                factors: Counter[int] = Counter()
                for variable, factor in terms:  # which may come several times
                    factors[variable] += factor
                for variable, factor in factors.items():
                    row.SetCoefficient(self._variables[variable], factor)

    def solve(self, seconds: float) -> tuple[Sequence[int] | None, bool]:
        """A value for each variable, or None; and whether it is known that there is no solution."""
        self._solver.SetTimeLimit(max(1, int(1000 * seconds)))
        status = self._solver.Solve()
        if status == self._solver.OPTIMAL:
            return [round(variable.solution_value()) for variable in self._variables], False
        return None, status == self._solver.INFEASIBLE

    def stop_search(self) -> None:
        """Ends the solve under way."""
        self._solver.InterruptSolve()


def _rows(constraint: Any) -> Iterator[Row]:
    """The rows that say what a constraint says."""
    unless = [-1 - literal for literal in constraint.enforcement_literal]
    if constraint.has_linear():
        assert not unless, "no linear constraint depends on anything"
        least, *_, most = constraint.linear.domain
        terms = list(zip(constraint.linear.vars, constraint.linear.coeffs, strict=True))
        yield terms, -inf if least < -_INFINITE else least, inf if most > _INFINITE else most
    elif constraint.has_exactly_one():
        yield _sum(constraint.exactly_one.literals, 1, 1)
    elif constraint.has_bool_or():
        yield _sum([*constraint.bool_or.literals, *unless], 1, inf)
    else:
        assert constraint.has_bool_and(), "models have no other constraints"
        for literal in constraint.bool_and.literals:
            yield _sum([literal, *unless], 1, inf)


def _sum(literals: Iterable[int], least: float, most: float) -> Row:
    """From so many to so many of the literals are true; one below 0, -1 - k, is true if variable k is not."""
    terms, negative = [], 0
    for literal in literals:
        terms.append((literal, 1) if literal >= 0 else (-1 - literal, -1))
        negative += literal < 0
    return terms, least - negative, most - negative
