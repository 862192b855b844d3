"""A schedule seen as times: when each operation runs, and when each value is in scratch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vliwc.backend.problem import DATA, Issue, Problem, Schedule
from vliwc.backend.schedulers.cpsat.instance import Instance, Value
from vliwc.backend.schedulers.cpsat.timing import Span

Slots = tuple[Issue, ...]
"""The issues of one operation, in order."""


@dataclass(frozen=True, slots=True)
class Life:
    """A value's words are its own from cycle `born` to `last`, in which they may be rewritten."""

    value: Value
    born: int
    last: int


class Timetable:
    """The times of a complete schedule. Operations without slots run as early as they can."""

    def __init__(self, instance: Instance, slots: Sequence[Slots]) -> None:
        self.instance = instance
        problem = instance.problem
        self.slots = list(slots)
        start = [0] * len(self.slots)
        self.spans: list[Span] = []
        for k, issues in enumerate(self.slots):
            own = span(problem, issues) if issues else Span(start[k], start[k], start[k])
            self.spans.append(own)
            for target, kind in problem.successors[k]:
                start[target] = max(start[target], own.landed if kind == DATA else own.end)
        self.cycles = max((own.landed for own, issues in zip(self.spans, self.slots, strict=True) if issues), default=0)

    def form(self, k: int) -> int:
        """The form of an operation; -1 if it has none."""
        return self.slots[k][0].form if self.slots[k] else -1

    def started(self) -> list[int]:
        """How many operations with slots start in each cycle."""
        counts = [0] * self.cycles
        for issues in self.slots:
            if issues:
                counts[issues[0].cycle] += 1
        return counts

    def sound(self) -> bool:
        """Does everything wait for what it needs, and does every bundle fit? (Scratch is not looked at.)"""
        machine = self.instance.problem.machine
        return self.ordered() and all(count <= machine.slots(engine) for (engine, _), count in self.used().items())

    def ordered(self) -> bool:
        """Does everything wait for what it needs?"""
        problem, spans = self.instance.problem, self.spans
        for k, operation in enumerate(problem.operations):
            own = spans[k]
            before = own.landed, own.end
            if any(spans[t].start < (before[0] if kind == DATA else before[1]) for t, kind in problem.successors[k]):
                return False
            needs = operation.needs[self.form(k)] if operation.needs else ()
            if any(spans[w].landed > own.start for v in needs for w in self.instance.writers.get(v, ())):
                return False
        return True

    def used(self) -> Counter[tuple[str, int]]:
        """The slots that are taken, by engine and cycle."""
        used: Counter[tuple[str, int]] = Counter()
        operations = self.instance.problem.operations
        for issues in self.slots:
            for i in issues:
                used[operations[i.operation].forms[i.form][i.step].engine, i.cycle] += i.slots
        return used

    def lives(self) -> list[Life]:
        """When the values are in scratch."""
        return [self._life(value) for value in self.instance.values]

    def _life(self, value: Value) -> Life:
        born = min((self.spans[k].start for k in value.writers), default=0)
        if value.kept:
            return Life(value, born, self.cycles)
        ends = [self.spans[k].end for k in value.readers]
        ends += [self.spans[k].end for k, form in value.needed if self.form(k) == form]
        ends += [self.spans[k].landed for k in value.writers]
        return Life(value, born, max(ends, default=0))


def span(problem: Problem, slots: Slots) -> Span:
    """The cycles of an operation that has slots."""
    last = slots[-1]
    latency = problem.operations[last.operation].forms[last.form][last.step].latency
    return Span(slots[0].cycle, last.cycle, last.cycle + latency)


def timetable(instance: Instance, schedule: Schedule) -> Timetable:
    """The times of a schedule."""
    slots: list[list[Issue]] = [[] for _ in instance.problem.operations]
    for issue in sorted(schedule.issues):
        slots[issue.operation].append(issue)
    return Timetable(instance, [tuple(issues) for issues in slots])
