"""Classes of operations, and the order in which the list scheduler tries their forms."""

from __future__ import annotations

from collections import Counter
from copy import copy

from vliwc.backend.bounds.prices import balance, cost, demand_of, demands
from vliwc.backend.problem import Operation, Problem

Choice = tuple[int, int, int]
"""A form, and the engine and the slots of its first step."""
_THRIFT = 1.1
"""How much dearer than the cheapest form another one may be."""


class Shapes:
    """Operations sorted into classes with the same demand: an engine that is full for one is full for all of them."""

    def __init__(self, problem: Problem) -> None:
        engines = sorted({s.engine for o in problem.operations for form in o.forms for s in form})
        number = {name: k for k, name in enumerate(engines)}
        self.capacity = [problem.machine.slots(name) for name in engines]
        self.choices: list[list[Choice]] = []
        """For each class the forms, the preferred one first."""
        self.indivisible: set[int] = set()
        """The classes whose forms all begin with a single slot."""
        self.of: list[int] = []
        """The class of each operation."""
        self._example: list[Operation] = []
        """An operation of each class."""
        known: dict[tuple[object, ...], int] = {}
        self._rivals = Counter(number[e] for o in problem.operations for e in {form[0].engine for form in o.forms})
        for o in problem.operations:
            demand = tuple((number[form[0].engine], form[0].slots, len(form)) for form in o.forms)
            key = (bool(o.needs), *(tuple((s.engine, s.slots) for s in form) for form in o.forms))
            if key not in known:
                known[key] = len(self.choices)
                self._example.append(o)
                order = sorted(range(len(demand)), key=lambda f: self._preference(f, demand[f], bool(o.needs)))
                if all(slots == 1 for _, slots, _ in demand):
                    self.indivisible.add(len(self.choices))
                self.choices.append([(f, demand[f][0], demand[f][1]) for f in order])
            self.of.append(known[key])
        self.spare: list[list[Choice]] = [[] for _ in self.choices]
        """For each class the forms for slots that nothing else takes."""
        self.engine = [[[number[s.engine] for s in form] for form in o.forms] for o in problem.operations]

    def thrifty(self, problem: Problem) -> Shapes:
        """The same without the forms that a balanced use of the engines leaves out, since they cost more than others.

        Prices are the duals of the linear program that balances the engines (see `vliwc.backend.bounds.prices`).
        Operations with forms that need what happens to be there, constants, keep all of them: they are made when little
        else can be done.
        """
        prices = balance(problem.machine, Counter(demands(o) for o in problem.operations if o.forms)).prices
        result = copy(self)
        result.choices = []
        for example, choices in zip(self._example, self.choices, strict=True):
            costs = [cost((demand_of(form),), prices) for form in example.forms]
            limit = max(costs, default=0) if example.needs else _THRIFT * min(costs, default=0)
            result.choices.append([choice for choice in choices if costs[choice[0]] <= limit])
        return result

    @property
    def forms(self) -> list[list[int]]:
        """The positions of all choices of each class."""
        return [list(range(len(choices))) for choices in self.choices]

    def _preference(self, form: int, demand: tuple[int, int, int], needy: bool) -> tuple[int, int, int, int]:
        """A sort key: few steps, then many slots (single ones have more rivals), then an engine with few rivals.

        Constants, which need what happens to be there, go to the engine with the most slots.
        """
        engine, slots, steps = demand
        return steps, -slots, -self.capacity[engine] if needy else self._rivals[engine], form
