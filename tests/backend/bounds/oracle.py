"""The fewest cycles of a problem whose scratch is plenty, by CP-SAT: slot by slot, with nothing clever."""

from __future__ import annotations

from ortools.sat.python import cp_model

from vliwc.backend.problem import DATA, Problem


def optimum(problem: Problem) -> int:
    """The makespan of the best schedule, if scratch and `needs` do not matter."""
    return _Model(problem).solve()


class _Model:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = cp_model.CpModel()
        self.horizon = 1 + sum(
            max((sum(s.slots + s.latency for s in form) for form in o.forms), default=0) for o in problem.operations
        )
        self.slots: dict[str, list[cp_model.IntervalVar]] = {}
        self.end = self.cycle()

    def cycle(self) -> cp_model.IntVar:
        return self.model.new_int_var(0, self.horizon, "")

    def solve(self) -> int:
        first, last, landed = [], [], []
        for operation in self.problem.operations:
            times = self.operation(operation.forms) if operation.forms else [self.cycle()] * 3
            for found, time in zip((first, last, landed), times, strict=True):
                found.append(time)
            self.model.add(self.end >= times[2])
        for k, edges in enumerate(self.problem.successors):
            for target, kind in edges:
                self.model.add(first[target] >= (landed[k] if kind == DATA else last[k]))
        for engine, intervals in self.slots.items():
            self.model.add_cumulative(intervals, [1] * len(intervals), self.problem.machine.slots(engine))
        self.model.minimize(self.end)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        assert solver.solve(self.model) == cp_model.OPTIMAL
        return int(solver.objective_value)

    def operation(self, forms: tuple) -> list[cp_model.IntVar]:
        """Variables for the first slot, the last one, and the landing of an operation."""
        begin, finish, landing = self.cycle(), self.cycle(), self.cycle()
        chosen = [self.model.new_bool_var("") for _ in forms]
        self.model.add_exactly_one(chosen)
        for form, here in zip(forms, chosen, strict=True):
            ready = begin
            for step in form:
                done = self.cycle()
                for _ in range(step.slots):
                    slot = self.cycle()
                    interval = self.model.new_optional_fixed_size_interval_var(slot, 1, here, "")
                    self.slots.setdefault(step.engine, []).append(interval)
                    self.model.add(slot >= ready).only_enforce_if(here)
                    self.model.add(slot <= done).only_enforce_if(here)
                ready = self.cycle()
                self.model.add(ready >= done + step.latency).only_enforce_if(here)
                self.model.add(finish >= done).only_enforce_if(here)
            self.model.add(landing >= ready).only_enforce_if(here)
        return [begin, finish, landing]
