"""One slot a bundle, in program order: the foot of the ladder."""

from __future__ import annotations

from collections.abc import Callable

from vliwc.backend.problem import DATA, Issue, Problem, Schedule
from vliwc.backend.scratch import Lives


def schedule(problem: Problem, seed: int = 0, progress: Callable[[str], None] | None = None) -> Schedule | None:
    """Every operation by its first form, each slot in a cycle of its own, waiting where results have not landed.

    None if the values that are alive at some point of the program order need more scratch than there is.
    """
    lives = Lives(problem)
    ready = [0] * len(problem.operations)
    issues: list[Issue] = []
    cycle = last = 0
    for k, operation in enumerate(problem.operations):
        at_once = sum(step.slots for form in operation.forms[:1] for step in form) == 1
        if at_once:
            lives.end(operation)
        if not lives.begin(operation):
            return None
        landed = cycle
        if operation.forms:
            cycle = max(cycle, ready[k])
            for number, step in enumerate(operation.forms[0]):
                cycle = max(cycle, landed) if number else cycle
                for slot in range(step.slots):
                    issues.append(Issue(cycle, k, 0, number, slot, 1))
                    cycle += 1
                landed = cycle - 1 + step.latency
        else:
            landed = ready[k]
        if not at_once:
            lives.end(operation)
        for target, kind in problem.successors[k]:
            ready[target] = max(ready[target], landed if kind == DATA or not operation.forms else cycle)
        last = max(last, landed)
    return Schedule(issues, max(cycle, last), lives.address, lives.scratch.peak)
