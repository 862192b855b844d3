"""Monotone functions of time made of CP-SAT variables, and constraints over them."""

from __future__ import annotations

from dataclasses import dataclass

from ortools.sat.python import cp_model

Variable = cp_model.IntVar
Value = Variable | int
"""Something that the solver decides, or that is known."""
Term = tuple[int, Value]


@dataclass(frozen=True, slots=True)
class Rise:
    """A function of the cycle that never falls: 0 before cycle `first`, then the variables in turn, then `final`."""

    first: int
    variables: tuple[Variable, ...]
    final: Value

    @property
    def last(self) -> int:
        """The cycle from which on the value is `final`."""
        return self.first + len(self.variables)

    def at(self, cycle: int) -> Value:
        """The value in a cycle."""
        if cycle < self.first:
            return 0
        return self.variables[cycle - self.first] if cycle < self.last else self.final


class Constraints:
    """A CP-SAT model in the making."""

    def __init__(self) -> None:
        self.cp = cp_model.CpModel()

    def boolean(self) -> Variable:
        """A new variable that is 0 or 1."""
        return self.cp.new_bool_var("")

    def rise(self, first: int, last: int, final: Value = 1, most: int = 1, pace: int = 1) -> Rise:
        """A new function with values 0 … `most` that is `final` from cycle `last` on and grows by `pace` at most."""
        variables = tuple(
            self.boolean() if most == 1 else self.cp.new_int_var(0, min(most, pace * (cycle - first + 1)), "")
            for cycle in range(first, last)
        )
        made = Rise(first, variables, final)
        for cycle in range(first, last):
            self.at_most(made.at(cycle), made.at(cycle + 1))
            if pace < most:
                self.bound([(1, made.at(cycle + 1)), (-1, made.at(cycle))], pace)
        return made

    def at_most(self, less: Value, more: Value) -> None:
        """less ≤ more."""
        self.bound([(1, less), (-1, more)], 0)

    def bound(self, terms: list[Term], limit: int) -> None:
        """The sum of factors times values is at most `limit`, in the shortest form that says so."""
        limit -= sum(factor * value for factor, value in terms if isinstance(value, int))
        open_terms = [(factor, value) for factor, value in terms if not isinstance(value, int)]
        variables, factors = [v for _, v in open_terms], [f for f, _ in open_terms]
        if not open_terms:
            if limit < 0:
                self.cp.add_bool_or([])
        elif limit == 0 and factors == [1, -1] and all(v.is_boolean for v in variables):
            self.cp.add_implication(*variables)
        else:
            self.cp.add(cp_model.LinearExpr.weighted_sum(variables, factors) <= limit)
