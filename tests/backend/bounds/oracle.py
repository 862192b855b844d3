"""Is there a schedule of so many cycles, if scratch is plenty? By CP-SAT, cycle by cycle, with nothing clever."""

from __future__ import annotations

from ortools.sat.python import cp_model

from vliwc.backend.problem import DATA, Form, Problem


def fits(problem: Problem, cycles: int) -> bool:
    """Whether a schedule exists when scratch does not matter."""
    if cycles < 0:
        return False
    model = _Model(problem, cycles)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model.model)
    assert status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE)
    return status != cp_model.INFEASIBLE


class _Model:
    """Variables for every operation and cycle: may it issue slots, are all of them issued, has its result landed."""

    def __init__(self, problem: Problem, cycles: int) -> None:
        self.machine = problem.machine
        self.model = cp_model.CpModel()
        self.cycles = cycles
        self.used: dict[tuple[str, int], list[cp_model.IntVar]] = {}
        begun = [self.times() for _ in problem.operations]
        issued = [self.times() if o.forms else begun[k] for k, o in enumerate(problem.operations)]
        landed = [self.times() if o.forms else begun[k] for k, o in enumerate(problem.operations)]
        for k, operation in enumerate(problem.operations):
            needs = operation.needs or ((),) * len(operation.forms)
            waits = [[landed[w] for w, o in enumerate(problem.operations) if o.writes in values] for values in needs]
            if operation.forms:
                self.operation(operation.forms, waits, begun[k], issued[k], landed[k])
            self.model.add(landed[k][cycles] == 1)
        for k, edges in enumerate(problem.successors):
            for target, kind in edges:
                for t in range(cycles + 1):
                    self.model.add_implication(begun[target][t], (landed if kind == DATA else issued)[k][t])
        for (engine, _), slots in self.used.items():
            self.model.add(sum(slots) <= self.machine.slots(engine))

    def times(self) -> list[cp_model.IntVar]:
        return [self.model.new_bool_var("") for _ in range(self.cycles + 1)]

    def operation(self, forms: tuple[Form, ...], waits: list, may: list, issued: list, landed: list) -> None:
        chosen = [self.model.new_bool_var("") for _ in forms]
        self.model.add_exactly_one(chosen)
        last_slots, results = [], []
        for form, here, there in zip(forms, chosen, waits, strict=True):
            done, ready = may, self.times()
            for t in range(self.cycles + 1):
                for before in (may, *there):
                    self.model.add_implication(ready[t], before[t])
            for step in form:
                done = self.step(step.engine, step.slots, here, ready)
                ready = [self.no() if t < step.latency else done[t - step.latency] for t in range(self.cycles + 1)]
            last_slots.append(done)
            results.append(ready)
        for t in range(self.cycles + 1):
            self.model.add_bool_or(*(done[t] for done in last_slots), issued[t].negated())
            self.model.add_bool_or(*(ready[t] for ready in results), landed[t].negated())

    def step(self, engine: str, slots: int, here: cp_model.IntVar, ready: list) -> list[cp_model.IntVar]:
        """Spreads slots over the cycles in which they are ready; whether all of them are issued in or before each."""
        most = min(slots, self.machine.slots(engine))
        counts = [self.model.new_int_var(0, most, "") for _ in range(self.cycles)]
        done = self.times()
        self.model.add(sum(counts) == slots * here)
        for t, count in enumerate(counts):
            self.used.setdefault((engine, t), []).append(count)
            self.model.add(count <= most * ready[t])
        for t in range(self.cycles + 1):
            self.model.add(sum(counts[: t + 1]) >= slots * done[t])
        return done

    def no(self) -> cp_model.IntVar:
        return self.model.new_constant(0)
