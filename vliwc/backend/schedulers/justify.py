"""Forward-backward improvement: a schedule pushed to the right tells which operations can wait.

Taken in the order in which they end, last first, all operations are put as late as the schedule's length allows, with
the forms that they have. Then the list scheduler runs again, and what had to begin early is urgent. Repeated, this
shortens most schedules (Li and Willis 1992; Tormos and Lova 2001): the ragged end is packed on the way to the right,
the ragged beginning on the way back. Scratch does not count on the way to the right.

That keeps to the schedule's order. *By paths*, those come first on the way to the right that have the longest path
before them, as in a list schedule made from the end: short paths get the early slots of an engine that is busy to the
end, so that it has something to do from the start.
"""

from __future__ import annotations

from vliwc.backend.bounds.network import form_span
from vliwc.backend.problem import DATA, Problem, Schedule

MARGIN = 200
"""How many cycles before the first one operations may get on the way to the right, for those who keep account."""


def latest_starts(problem: Problem, schedule: Schedule, *, by_paths: bool = False) -> list[int]:
    """For each operation the cycle of its first slot, when all are as late as they can be within `schedule.cycles`.

    What has no slots gets the cycle by which it must be done. Some may be negative, where slots fit worse than before.
    """
    chosen, ends = _taken(problem, schedule)
    if by_paths:
        ends = _paths(problem, chosen, ends)
    used = {name: _Used(engine.slots) for name, engine in problem.machine.engines.items()}
    starts = [0] * len(ends)
    wanted: dict[int, int] = {}  # when values must be there that a form needs, since it is taken
    for k in sorted(range(len(ends)), key=lambda k: (ends[k], k), reverse=True):
        operation = problem.operations[k]
        due = min(schedule.cycles, wanted.get(operation.writes, schedule.cycles))  # when the result must have landed
        last = schedule.cycles  # when the last slot must be issued
        for target, kind in problem.successors[k]:
            if kind == DATA:
                due = min(due, starts[target])
            else:
                last = min(last, starts[target])
        starts[k] = min(due, last)
        for step in reversed(operation.forms[chosen[k]] if operation.forms else ()):
            cycle = min(due - step.latency, last)
            left = step.slots
            while True:
                taken, cycle = used[step.engine].take(cycle, left)
                left -= taken
                if not left:
                    break
                cycle -= 1
            starts[k] = due = last = cycle
        for value in operation.needed(chosen[k]):
            wanted[value] = min(wanted.get(value, starts[k]), starts[k])
    return starts


def _taken(problem: Problem, schedule: Schedule) -> tuple[list[int], list[int]]:
    """For each operation the number of its form in a schedule, and the cycle in which it is done with issuing."""
    taken = [0] * len(problem.operations)
    ends = [-1] * len(problem.operations)
    for issue in schedule.issues:
        taken[issue.operation] = issue.form
        ends[issue.operation] = max(ends[issue.operation], issue.cycle)
    for k, edges in enumerate(problem.successors):
        forms = problem.operations[k].forms
        latency = forms[taken[k]][-1].latency if forms else 0
        for target, kind in edges:
            if not problem.operations[target].forms:
                ends[target] = max(ends[target], ends[k] + (latency if kind == DATA else 0))
    return taken, ends


def _paths(problem: Problem, chosen: list[int], ends: list[int]) -> list[int]:
    """For each operation the cycles of the longest path to its last slot, with the forms and the needs that it has."""
    paths = [0] * len(ends)
    landed: dict[int, int] = {}
    for k in sorted(range(len(ends)), key=lambda k: (ends[k], k)):
        operation, latency = problem.operations[k], 0
        if operation.needs:
            paths[k] = max([paths[k], *(landed.get(value, 0) for value in operation.needs[chosen[k]])])
        if operation.forms:
            form = operation.forms[chosen[k]]
            paths[k], latency = paths[k] + form_span(form, problem.machine), form[-1].latency
        if operation.writes >= 0:
            landed[operation.writes] = max(landed.get(operation.writes, 0), paths[k] + latency)
        for target, kind in problem.successors[k]:
            paths[target] = max(paths[target], paths[k] + (latency if kind == DATA else 0))
    return paths


class _Used:
    """The slots of one engine, by cycle; there is no first one."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.taken: dict[int, int] = {}
        self.before: dict[int, int] = {}
        """For each full cycle one before it that may not be full."""

    def take(self, cycle: int, count: int) -> tuple[int, int]:
        """Takes up to `count` slots of the last cycle with a free one, not after `cycle`: how many, and the cycle."""
        passed = []
        while cycle in self.before:
            passed.append(cycle)
            cycle = self.before[cycle]
        for full in passed:
            self.before[full] = cycle
        taken = min(count, self.slots - self.taken.get(cycle, 0))
        self.taken[cycle] = self.taken.get(cycle, 0) + taken
        if self.taken[cycle] == self.slots:
            self.before[cycle] = cycle - 1
        return taken, cycle
