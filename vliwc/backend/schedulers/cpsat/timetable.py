"""A schedule seen as times: when each operation runs, and when each value is in scratch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vliwc.backend.problem import DATA, Issue, Problem, Schedule
from vliwc.backend.schedulers.cpsat.instance import Instance, Value
from vliwc.backend.schedulers.cpsat.timing import Span

Slots = tuple[Issue, ...]
"""The issues of one operation, in order."""
_NOWHERE = Span(-1, -1, -1)


@dataclass(frozen=True, slots=True)
class Life:
    """A value's words are its own from cycle `born` to `last`, in which they may be rewritten."""

    value: Value
    born: int
    last: int


class Timetable:
    """The times of a complete schedule. Operations without slots run as early as they can.

    What follows from the slots is found when it is asked for, and what is known of a `base` with mostly the same slots
    (the same objects) is taken from there: a large problem's neighbourhoods change little of it.
    """

    def __init__(self, instance: Instance, slots: Sequence[Slots], base: Timetable | None = None) -> None:
        self.instance = instance
        self.slots = list(slots)
        if base is None:
            self.spans = [_NOWHERE] * len(self.slots)
            changed = list(range(len(self.slots)))
        else:
            self.spans = base.spans.copy()
            changed = [k for k, (own, other) in enumerate(zip(self.slots, base.slots, strict=True)) if own is not other]
        for k in changed:
            if self.slots[k]:
                self.spans[k] = span(instance.problem, self.slots[k])
        changed += [k for k, issues in enumerate(self.slots) if not issues and self._join(k)]
        self.cycles = max((own.landed for own, issues in zip(self.spans, self.slots, strict=True) if issues), default=0)
        self._used: Counter[tuple[str, int]] | None = None
        self._lives: list[Life] | None = None
        self._ordered: bool | None = None
        self._suspects: Collection[int] = range(len(self.slots))
        """The operations that may not be in order."""
        if base is not None:
            self._take_over(base, changed)

    def _join(self, k: int) -> bool:
        """Puts an operation without slots as early as it can be; says whether that changes anything."""
        before = [(self.spans[p], kind) for p, kind in self.instance.predecessors[k]]
        start = max((own.landed if kind == DATA else own.end for own, kind in before), default=0)
        moved = self.spans[k].start != start
        self.spans[k] = Span(start, start, start)
        return moved

    def _take_over(self, base: Timetable, changed: Sequence[int]) -> None:
        """What is known of the base, but for what the operations touch that have changed."""
        instance = self.instance
        if base._used is not None:
            self._used = base._used.copy()
            for k in changed:
                self._count(self._used, base.slots[k], -1)
                self._count(self._used, self.slots[k], 1)
        if base._lives is not None:
            self._lives = base._lives.copy()
            again = {position for k in changed for position in instance.touched[k]}
            if self.cycles != base.cycles:
                again.update(position for position, value in enumerate(instance.values) if value.kept)
            for position in again:
                self._lives[position] = self._life(instance.values[position])
        if base._ordered:
            before = (p for k in changed for p, _ in instance.predecessors[k])
            self._suspects = {*changed, *before, *(user for k in changed for user in instance.needing[k])}

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
        if self._ordered is None:
            self._ordered = all(self._in_order(k) for k in self._suspects)
        return self._ordered

    def _in_order(self, k: int) -> bool:
        """Does an operation wait for what its form needs, and what comes after it for that?"""
        operation, own, spans = self.instance.problem.operations[k], self.spans[k], self.spans
        after = self.instance.problem.successors[k]
        if any(spans[t].start < (own.landed if kind == DATA else own.end) for t, kind in after):
            return False
        needs = operation.needed(self.form(k))
        return not any(spans[w].landed > own.start for v in needs for w in self.instance.writers.get(v, ()))

    def used(self) -> Counter[tuple[str, int]]:
        """The slots that are taken, by engine and cycle. Not to be changed."""
        if self._used is None:
            self._used = Counter()
            for issues in self.slots:
                self._count(self._used, issues, 1)
        return self._used

    def _count(self, used: Counter[tuple[str, int]], issues: Slots, times: int) -> None:
        operations = self.instance.problem.operations
        for i in issues:
            used[operations[i.operation].forms[i.form][i.step].engine, i.cycle] += times * i.slots

    def lives(self) -> list[Life]:
        """When the values of the instance are in scratch. Not to be changed."""
        if self._lives is None:
            self._lives = [self._life(value) for value in self.instance.values]
        return self._lives

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
