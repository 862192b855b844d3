"""Iterative modulo scheduling (Rau 1994): one iteration's schedule that can be repeated every `interval` cycles.

Operations are placed by their height, each at the first cycle in which what it waits for is there and slots are free
modulo the interval; where there are none, it takes them from others, which are placed again. Rau's operations have
alternatives; so have ours, and a choice that meets the resource bound (`Resources.quota`) says how many operations
should take which form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from typing import NamedTuple

from vliwc.backend.pipelining.cyclic import Cyclic, Edge, fastest
from vliwc.backend.pipelining.intervals import JUMP, Resources, demand, settles
from vliwc.backend.problem import DATA, Form

_LONG = 100
"""Bodies of more operations follow the schedule without overlap first."""

_BUDGET = 8
"""Placements that may be tried for each operation before an interval is given up."""


class Part(NamedTuple):
    """Slots `first` … `first + slots - 1` of a step, issued in a cycle of the iteration."""

    cycle: int
    step: int
    first: int
    slots: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An operation in time: its form, its slots, the cycles of its first and last slot and of its result's landing.

    All slots lie in one interval, so that no operation is cut by the kernel's end.
    """

    form: int
    parts: tuple[Part, ...]
    first: int
    last: int
    landed: int

    def at(self, later: int, form: int | None = None) -> Placed:
        """The same so many cycles later, with another number for its form if one is given."""
        parts = tuple(part._replace(cycle=part.cycle + later) for part in self.parts)
        number = self.form if form is None else form
        return Placed(number, parts, self.first + later, self.last + later, self.landed + later)


@dataclass(frozen=True, slots=True)
class Modulo:
    """A modulo schedule: `placed[k]` is where operation k of an iteration that begins in cycle 0 stands."""

    interval: int
    placed: tuple[Placed, ...]

    def stage(self, k: int) -> int:
        """In which interval of its iteration operation k is issued."""
        return self.placed[k].first // self.interval


def schedules(
    problem: Cyclic, resources: Resources, interval: int, hints: Sequence[int], tightness: Callable[[], Sequence[int]]
) -> Iterator[Modulo]:
    """Modulo schedules of this interval; none if no search finds one within its budget.

    Three orders are tried. By height alone, as Rau has it, for short bodies; long ones begin with `hints`: the cycle of
    each operation in a schedule without overlap, which has found out how to live with the scratch that there is; so the
    end of an iteration moves into the gaps at the beginning of the next. At last the operations of tight recurrences
    come before all others, which are placed around them (after Llosa's swing, 1996); `tightness` gives `recurrences`,
    which take long to find and are the same for all intervals.
    """
    hinted, swing = partial(_Hinted, hints=hints), partial(_Swing, tightness=tightness)
    ways: list[Callable[[Cyclic, Resources, int], _Search]] = [_Search, hinted, swing]
    if len(problem.operations) > _LONG:
        ways = [hinted, _Search, swing]
    for way in ways:
        found = way(problem, resources, interval).run()
        if found is not None:
            yield compact(found, problem)


def compact(found: Modulo, problem: Cyclic) -> Modulo:
    """The same kernel with shorter live ranges: operations move to the latest stage that those behind them allow.

    Stage scheduling (Eichenberger and Davidson 1995), in its simplest form: rows stay, so the resources do.
    """
    interval, placed = found.interval, list(found.placed)
    out: list[list[Edge]] = [[] for _ in placed]
    for e in problem.edges:
        if e.source != e.target:
            out[e.source].append(e)
    for k in sorted(range(len(placed)), key=lambda k: (-placed[k].first, k)):
        slack = [placed[e.target].first - after(placed[k], e, interval) for e in out[k]]
        if slack:
            placed[k] = placed[k].at(min(slack) // interval * interval)
    begin = min(p.first // interval for p in placed) * interval
    return Modulo(interval, tuple(p.at(-begin) for p in placed))


def after(source: Placed, edge: Edge, interval: int) -> int:
    """The first cycle of the target's iteration in which an edge lets it begin."""
    return (source.landed if edge.kind == DATA else source.last) - edge.distance * interval


class _Search:
    def __init__(self, problem: Cyclic, resources: Resources, interval: int) -> None:
        self.problem = problem
        self.interval = interval
        count = len(problem.operations)
        self.into: list[list[Edge]] = [[] for _ in range(count)]
        self.out: list[list[Edge]] = [[] for _ in range(count)]
        for e in problem.edges:
            self.into[e.target].append(e)
            self.out[e.source].append(e)
        self.kind = [tuple(demand(f) for f in o.forms) for o in problem.operations]
        self.left = {kind: list(quota) for kind, quota in resources.quota.items()}
        machine = problem.machine
        self.free = {engine: [machine.slots(engine)] * interval for engine in machine.engines}
        for engine, slots in JUMP:
            self.free[engine][-1] -= slots
        self.users: dict[tuple[str, int], dict[int, int]] = {}
        self.placed: list[Placed | None] = [None] * count
        self.previous: dict[int, int] = {}
        self.height = self._heights()
        self.rank = [-h for h in self.height]
        self.waiting: list[tuple[int, int]] = []

    def run(self) -> Modulo | None:
        if any(slots < 0 for rows in self.free.values() for slots in rows):
            return None
        count = len(self.placed)
        self.waiting = sorted((self.rank[k], k) for k in range(count))
        budget = _BUDGET * count
        while self.waiting:
            _, k = heappop(self.waiting)
            if self.placed[k] is not None:
                continue
            budget -= 1
            if budget < 0 or not self._place(k):
                return None
        return Modulo(self.interval, tuple(p for p in self.placed if p is not None))

    def _heights(self) -> list[int]:
        """The longest way from each operation to an end, with edges of later iterations that much shorter."""
        times = [fastest(o, self.problem.machine) for o in self.problem.operations]
        edges = [
            (e.target, e.source, times[e.source][e.kind == DATA] - e.distance * self.interval)
            for e in reversed(self.problem.edges)
        ]
        edges.sort(key=lambda e: -e[1])
        heights = dict(enumerate(landed for _, landed in times))
        settles(heights, edges)
        return list(heights.values())

    # -- one operation

    def _place(self, k: int) -> bool:
        """Places operation k, at the expense of others if need be; False if it fits nowhere even then."""
        starts = self._starts(k)
        if not self.problem.operations[k].forms:
            self._put(k, Placed(-1, (), starts[0], starts[0], starts[0]))
            return True
        preferred = self._preferred(k)
        for start in starts:
            found = self._fit(k, preferred, start)
            if found is not None:
                self._put(k, found)
                return True
        step = starts.step
        start = starts[0]
        if self.placed_before(k):
            start = max(start, self.previous[k] + 1) if step > 0 else min(start, self.previous[k] - 1)
        for begin in range(start, start + step * self.interval, step):
            for form in preferred:
                found = self._lay(k, form, begin, self._capacity)
                if found is not None:
                    self._evict_for(k, found)
                    self._put(k, found)
                    return True
        return False

    def placed_before(self, k: int) -> bool:
        """Did operation k have a place that it lost?"""
        return k in self.previous

    def _starts(self, k: int) -> range:
        """The cycles in which operation k may begin, the best one first."""
        earliest = self._earliest(k)
        earliest = 0 if earliest is None else max(earliest, 0)
        return range(earliest, earliest + self.interval)

    def _earliest(self, k: int) -> int | None:
        """The first cycle that the operations before k allow; None if none of them is placed."""
        cycles = [
            after(source, e, self.interval)
            for e in self.into[k]
            if e.source != k and (source := self.placed[e.source]) is not None
        ]
        return max(cycles, default=None)

    def _preferred(self, k: int) -> list[int]:
        """The forms of operation k: those first of which the resource bound's choice has some left."""
        left = self.left[self.kind[k]]
        forms = self.problem.operations[k].forms
        return sorted(range(len(forms)), key=lambda f: (left[f] <= 0, len(forms[f]), f))

    def _fit(self, k: int, forms: list[int], start: int) -> Placed | None:
        """Operation k with its first slot in cycle `start`, in free slots."""
        row = start % self.interval
        for form in forms:
            if self.free[self.problem.operations[k].forms[form][0].engine][row] > 0:
                found = self._lay(k, form, start, self._free)
                if found is not None:
                    return found
        return None

    def _free(self, engine: str, row: int) -> int:
        return self.free[engine][row]

    def _capacity(self, engine: str, row: int) -> int:
        taken = sum(slots for name, slots in JUMP if name == engine) if row == self.interval - 1 else 0
        return self.problem.machine.slots(engine) - taken

    def _lay(self, k: int, number: int, start: int, room: object) -> Placed | None:
        """Form `number` of operation k from cycle `start` on, in the slots that `room(engine, row)` says there are.

        None if its first slot has no room, or if it would reach into the next interval.
        """
        assert callable(room)
        form, interval = self.problem.operations[k].forms[number], self.interval
        end = (start // interval + 1) * interval
        parts: list[Part] = []
        used: dict[tuple[str, int], int] = {}
        cycle = last = start
        for s, step in enumerate(form):
            done = 0
            while done < step.slots:
                if cycle >= end:
                    return None
                key = step.engine, cycle % interval
                count = min(room(*key) - used.get(key, 0), step.slots - done)
                if count > 0:
                    used[key] = used.get(key, 0) + count
                    parts.append(Part(cycle, s, done, count))
                    done += count
                elif not parts:
                    return None
                last = cycle
                cycle += done < step.slots
            cycle += step.latency
        placed = Placed(number, tuple(parts), start, last, cycle)
        return placed if self._legal(k, placed) else None

    def _legal(self, k: int, placed: Placed) -> bool:
        """Does the placement respect the operation's edges to itself, and the jump that waits for the condition?"""
        interval = self.interval
        late = placed.landed // interval > placed.first // interval
        if k == self.problem.condition and interval > 1 and late:
            return False
        return all(after(placed, e, interval) <= placed.first for e in self.out[k] if e.target == k)

    def _put(self, k: int, placed: Placed) -> None:
        self.placed[k] = placed
        self.previous[k] = placed.first
        for key, slots in self._slots(k, placed):
            self.free[key[0]][key[1]] -= slots
            self.users.setdefault(key, {})[k] = slots
        if placed.form >= 0:
            self.left[self.kind[k]][placed.form] -= 1
        for e in self.out[k]:
            target = self.placed[e.target]
            if e.target != k and target is not None and target.first < after(placed, e, self.interval):
                self._remove(e.target)
        for e in self.into[k]:
            source = self.placed[e.source]
            if e.source != k and source is not None and placed.first < after(source, e, self.interval):
                self._remove(e.source)

    def _remove(self, k: int) -> None:
        placed = self.placed[k]
        assert placed is not None
        for key, slots in self._slots(k, placed):
            self.free[key[0]][key[1]] += slots
            del self.users[key][k]
        if placed.form >= 0:
            self.left[self.kind[k]][placed.form] += 1
        self.placed[k] = None
        heappush(self.waiting, (self.rank[k], k))

    def _slots(self, k: int, placed: Placed) -> Iterator[tuple[tuple[str, int], int]]:
        """The engine and row of each of a placement's slots, and how many there are."""
        total: dict[tuple[str, int], int] = {}
        for part in placed.parts:
            key = self._engine(self.problem.operations[k].forms[placed.form], part), part.cycle % self.interval
            total[key] = total.get(key, 0) + part.slots
        yield from total.items()

    @staticmethod
    def _engine(form: Form, part: Part) -> str:
        return form[part.step].engine

    def _evict_for(self, k: int, placed: Placed) -> None:
        """Removes operations, the least urgent first, until a placement's slots are free."""
        for key, slots in self._slots(k, placed):
            users = self.users.get(key, {})
            for other in sorted(users, key=lambda o: (-self.rank[o], o)):
                if self.free[key[0]][key[1]] >= slots:
                    break
                if other in users:
                    self._remove(other)


class _Swing(_Search):
    """Tight recurrences first; then everything as near to what is placed as can be."""

    def __init__(
        self, problem: Cyclic, resources: Resources, interval: int, tightness: Callable[[], Sequence[int]]
    ) -> None:
        super().__init__(problem, resources, interval)
        most = max(self.height, default=0) + 1
        self.rank = [-tight * most - height for tight, height in zip(tightness(), self.height, strict=True)]

    def _starts(self, k: int) -> range:
        """From the first cycle that is possible up to the last one; down from the last one if there is no first."""
        earliest, latest = self._earliest(k), self._latest(k)
        if earliest is None and latest is not None:
            return range(latest, latest - self.interval, -1)
        first = earliest or 0
        last = first + self.interval - 1
        return range(first, 1 + (last if latest is None else max(first, min(last, latest))))

    def _latest(self, k: int) -> int | None:
        """The last cycle that the operations behind k allow, if k takes its fastest form; None if none is placed."""
        last, landed = fastest(self.problem.operations[k], self.problem.machine)
        cycles = [
            target.first + e.distance * self.interval - (landed if e.kind == DATA else last)
            for e in self.out[k]
            if e.target != k and (target := self.placed[e.target]) is not None
        ]
        return min(cycles, default=None)


class _Hinted(_Search):
    """Every operation as soon as in another schedule, or later."""

    def __init__(self, problem: Cyclic, resources: Resources, interval: int, hints: Sequence[int]) -> None:
        super().__init__(problem, resources, interval)
        self.hints = hints
        self.rank = list(hints)

    def _starts(self, k: int) -> range:
        earliest = max(self._earliest(k) or 0, self.hints[k])
        return range(earliest, earliest + self.interval)
