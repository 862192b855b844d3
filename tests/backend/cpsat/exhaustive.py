"""The shortest schedule of a tiny problem by trying everything, with code of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement

from vliwc.backend.problem import DATA, Form, Problem

Times = list[tuple[int, ...]]
"""For each step of a form, the cycle of each slot."""


def shortest(problem: Problem, limit: int) -> int | None:
    """The fewest cycles of any schedule; None if there is none within the limit."""
    return next((cycles for cycles in range(limit + 1) if _Trial(problem, cycles).possible()), None)


class _Trial:
    def __init__(self, problem: Problem, cycles: int) -> None:
        self.problem = problem
        self.cycles = cycles
        self.before: list[list[tuple[int, int]]] = [[] for _ in problem.operations]
        for source, edges in enumerate(problem.successors):
            for target, kind in edges:
                self.before[target].append((source, kind))
        self.form: list[int] = []
        self.first: list[int] = []
        self.last: list[int] = []
        self.landed: list[int] = []
        self.used: Counter[tuple[str, int]] = Counter()

    def possible(self) -> bool:
        """Is there a schedule of so many cycles? Operations are tried in program order."""
        k = len(self.form)
        if k == len(self.problem.operations):
            return self._needs_are_there() and self._has_places()
        waits = [self.landed[s] if kind == DATA else self.last[s] for s, kind in self.before[k]]
        ready = max(waits, default=0)
        forms = self.problem.operations[k].forms
        if not forms:
            return self._with(k, -1, ready, ready, ready)
        for number, form in enumerate(forms):
            for times in self._times(form, ready):
                slots = Counter((step.engine, cycle) for step, at in zip(form, times, strict=True) for cycle in at)
                self.used += slots
                first, last = times[0][0], times[-1][-1]
                fits = all(self.used[key] <= self.problem.machine.slots(key[0]) for key in slots)
                if fits and self._with(k, number, first, last, last + form[-1].latency):
                    return True
                self.used -= slots
        return False

    def _with(self, k: int, form: int, first: int, last: int, landed: int) -> bool:
        for kept, value in ((self.form, form), (self.first, first), (self.last, last), (self.landed, landed)):
            kept.append(value)
        if self.possible():
            return True
        for kept in (self.form, self.first, self.last, self.landed):
            kept.pop()
        return False

    def _times(self, form: Form, ready: int) -> Iterator[Times]:
        if not form:
            yield []
            return
        step = form[0]
        for at in combinations_with_replacement(range(ready, self.cycles - step.latency + 1), step.slots):
            for rest in self._times(form[1:], at[-1] + step.latency):
                yield [at, *rest]

    def _needs_are_there(self) -> bool:
        written = {o.writes: k for k, o in enumerate(self.problem.operations)}
        return all(
            v not in written or self.landed[written[v]] <= self.first[k]
            for k, o in enumerate(self.problem.operations)
            for v in (o.needs[self.form[k]] if o.needs else ())
        )

    def _has_places(self) -> bool:
        """Are there addresses, vectors at multiples of their width, such that no two lives share a word?"""
        problem = self.problem
        lives: dict[int, tuple[int, int]] = dict.fromkeys(problem.entry, (0, 0))
        for k, o in enumerate(problem.operations):
            if o.writes >= 0:
                lives[o.writes] = self.first[k], self.landed[k]
        for k, o in enumerate(problem.operations):
            for v in (*o.reads, *(o.needs[self.form[k]] if o.needs else ())):
                lives[v] = lives[v][0], max(lives[v][1], self.last[k])
        held = {v: (born, self.cycles if v in problem.held else end) for v, (born, end) in lives.items()}
        return _place(problem, sorted(held.items()), dict(problem.entry))


def _place(problem: Problem, lives: list[tuple[int, tuple[int, int]]], address: dict[int, int]) -> bool:
    words = problem.machine.scratch_words
    for value, (born, end) in lives:
        if value in address:
            continue
        width = problem.widths[value]
        for place in range(0, words - width + 1, width):
            span = range(place, place + width)
            hit = any(set(span) & set(range(first, first + size)) for first, size in problem.blocked) or any(
                set(span) & set(range(address[v], address[v] + problem.widths[v])) and b < end and born < e
                for v, (b, e) in lives
                if v in address
            )
            if not hit and _place(problem, lives, address | {value: place}):
                return True
        return False
    return True
