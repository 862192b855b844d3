"""The list scheduler: cycle by cycle, the most urgent ready operations that find slots and scratch (Graham 1966)."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

from vliwc.backend.problem import DATA, Issue, Operation, Problem, Schedule
from vliwc.backend.schedulers.shapes import Choice, Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency, ranks_of
from vliwc.backend.scratch import Lives, Present
from vliwc.backend.strands import SHARED

MOST_SKIPPED = 16
"""How many operations are passed over in a cycle because a form that fits needs values that are not there."""


def run(
    problem: Problem, shapes: Shapes, urgency: Urgency, settings: Settings, order: list[int] | None = None
) -> Schedule | None:
    """The schedule with these settings, or None if there is no room in scratch.

    `order` has the operations by urgency, if not that of the settings.
    """
    return _Run(problem, shapes, urgency, settings, order).run()


@dataclass(slots=True)
class _Ongoing:
    """An operation whose slots are not all issued: the next slot of which step, and not before which cycle."""

    operation: int
    form: int
    step: int
    slot: int
    ready: int


class _Run:
    """One schedule under construction."""

    def __init__(
        self, problem: Problem, shapes: Shapes, urgency: Urgency, settings: Settings, order: list[int] | None
    ) -> None:
        self.problem = problem
        self.operations = problem.operations
        self.shapes = shapes
        self.settings = settings
        self.rank, self.at_rank = urgency.ranks(settings) if order is None else ranks_of(order)
        self.lives = Lives(problem)
        self.strand = urgency.strand
        self.strand_left = [0] * (max(urgency.strand, default=SHARED) + 1)
        for s in urgency.strand:
            if s != SHARED:
                self.strand_left[s] += 1
        self.oldest = 0
        self.newest = min(settings.strands, len(self.strand_left)) - 1
        self.parked: list[list[int]] = [[] for _ in self.strand_left]
        self.edges_left = problem.predecessor_counts()
        self.earliest = [0] * len(self.operations)
        self.heaps: list[list[int]] = [[] for _ in shapes.choices]
        self.wake: dict[int, list[int]] = {}
        self.ongoing: list[_Ongoing] = []
        self.starved: list[int] = []
        self.free: list[int] = []
        self.issues: list[Issue] = []
        self.cycle = 0
        self.landed = 0
        self.left = len(self.operations)
        self.first_undone = 0
        self.present = Present(problem)
        self.last_read: dict[int, int] = {}
        """For each value the cycle in which it was read last."""
        self.skipped = 0
        self.spare = False
        """Are forms taken that are for slots left over?"""
        self.undone = bytearray(b"\1" * len(self.operations))

    def run(self) -> Schedule | None:
        """The finished schedule, or None if scratch runs out and nothing under way can free any."""
        for k in [k for k, count in enumerate(self.edges_left) if count == 0]:
            self._ready(k)
        while self.left:
            before = len(self.issues), self.left
            self.free = self.shapes.capacity.copy()
            self.skipped = 0
            self._wake_up()
            self._go_on()
            self._fill()
            if before == (len(self.issues), self.left) and not self.wake and not self.ongoing:
                return None
            if self.left or before[0] < len(self.issues):
                self.cycle += 1  # joins alone, at the end, take no cycle
        return Schedule(self.issues, max(self.cycle, self.landed), self.lives.address, self.lives.scratch.peak)

    # -- readiness

    def _wake_up(self) -> None:
        starved, self.starved = self.starved, []
        for k in starved:
            self._ready(k)
        for k in self.wake.pop(self.cycle, ()):
            self._ready(k)

    def _ready(self, k: int) -> None:
        """All that operation k waited for is there."""
        if not self.operations[k].forms:
            self._done(k, 0)
            return
        s = self.strand[k]
        if s > self.newest:
            self.parked[s].append(k)
        elif self.rank[k] >= self.first_undone + self.settings.window:
            self.starved.append(k)
        else:
            heappush(self.heaps[self.shapes.of[k]], self.rank[k])

    def _done(self, k: int, latency: int) -> None:
        """The last slot of operation k is issued in this cycle."""
        self.left -= 1
        landed = self.cycle + latency
        self.present.written(self.operations[k].writes, landed)
        self.landed = max(self.landed, landed)
        self.undone[k] = 0
        while self.first_undone < len(self.undone) and not self.undone[self.at_rank[self.first_undone]]:
            self.first_undone += 1
        for target, kind in self.problem.successors[k]:
            at = landed if kind == DATA else self.cycle
            self.earliest[target] = max(self.earliest[target], at)
            self.edges_left[target] -= 1
            if self.edges_left[target] == 0:
                if self.earliest[target] <= self.cycle:
                    self._ready(target)
                else:
                    self.wake.setdefault(self.earliest[target], []).append(target)
        s = self.strand[k]
        if s != SHARED:
            self.strand_left[s] -= 1
            if self.strand_left[s] == 0:
                self._strand_ends()

    def _strand_ends(self) -> None:
        """Lets the next strand begin."""
        while self.oldest < len(self.strand_left) - 1 and not self.strand_left[self.oldest]:
            self.oldest += 1
        if self.newest + 1 < len(self.strand_left):
            self.newest += 1
            for k in self.parked[self.newest]:
                self._ready(k)

    # -- issue

    def _go_on(self) -> None:
        """Gives slots to the operations that are under way, and to ready ones where they are more urgent."""
        ongoing, self.ongoing = sorted(self.ongoing, key=lambda task: self.rank[task.operation]), []
        closed: set[int] = set()
        for task in ongoing:
            self._start_before(self.rank[task.operation], closed)
            if task.ready > self.cycle or not self._advance(task):
                self.ongoing.append(task)

    def _start_before(self, rank: int, closed: set[int]) -> None:
        """Starts operations that are more urgent than a rank, if their first step fits or could fit into no bundle."""
        while (c := self._most_urgent(closed)) >= 0 and self.heaps[c][0] < rank:
            if not self._start(c, partly=False):
                closed.add(c)

    def _advance(self, task: _Ongoing) -> bool:
        """Issues what fits of an operation's current step; True if that was the operation's last slot."""
        form = self.operations[task.operation].forms[task.form]
        step = form[task.step]
        engine = self.shapes.engine[task.operation][task.form][task.step]
        count = min(self.free[engine], step.slots - task.slot)
        if count == 0:
            return False
        self.free[engine] -= count
        self.issues.append(Issue(self.cycle, task.operation, task.form, task.step, task.slot, count))
        task.slot += count
        if task.slot < step.slots:
            return False
        if task.step + 1 < len(form):
            task.step, task.slot, task.ready = task.step + 1, 0, self.cycle + step.latency
            return False
        self._end(self.operations[task.operation])
        self._done(task.operation, step.latency)
        return True

    def _fill(self) -> None:
        """Starts operations by urgency, first those whose first step fits into the bundle, then others in part. In what
        is left over, others take forms that are spare."""
        for turn in range(4 if any(self.shapes.spare) else 2):
            self.spare, partly = turn >= 2, turn % 2 == 1
            closed = self.shapes.indivisible.copy() if partly else set()
            while (c := self._most_urgent(closed)) >= 0:
                if not self._start(c, partly):
                    closed.add(c)
        self.spare = False

    def _most_urgent(self, closed: set[int]) -> int:
        """The class whose next operation is most urgent, of those that are not closed; -1 if none has one."""
        best, lowest = -1, len(self.rank)
        for c, heap in enumerate(self.heaps):
            if heap and heap[0] < lowest and c not in closed:
                best, lowest = c, heap[0]
        return best

    def _start(self, c: int, partly: bool) -> bool:
        """Starts a class's most urgent operation, or sets it aside for want of scratch; False if no slot is free."""
        k = self.at_rank[self.heaps[c][0]]
        operation = self.operations[k]
        choice = self._choose(operation, c, partly)
        if choice is None and (not operation.needs or self.skipped == MOST_SKIPPED):
            return False
        heappop(self.heaps[c])
        if choice is None:
            self.skipped += 1  # another operation of the class may have what its forms need
            self.starved.append(k)
            return True
        form, fits = choice
        at_once = fits and len(operation.forms[form]) == 1
        if not self._has_room(k, at_once):
            form, at_once = self._in_place(k, c), True
            if form < 0:
                self.starved.append(k)
                return True
        if at_once:
            step = operation.forms[form][0]
            self._end(operation)
            self.lives.begin(operation)
            self.free[self.shapes.engine[k][form][0]] -= step.slots
            self.issues.append(Issue(self.cycle, k, form, 0, 0, step.slots))
            self._done(k, step.latency)
            return True
        self.lives.begin(operation)
        task = _Ongoing(k, form, 0, 0, self.cycle)
        if not self._advance(task):
            self.ongoing.append(task)
        return True

    def _choices(self, c: int) -> list[Choice]:
        """The forms for operations of class c that come into question now."""
        return self.shapes.choices[c] + self.shapes.spare[c] if self.spare else self.shapes.choices[c]

    def _choose(self, operation: Operation, c: int, partly: bool) -> tuple[int, bool] | None:
        """The form for an operation of class c, and whether its first step fits into the bundle."""
        free, capacity = self.free, self.shapes.capacity
        for form, engine, slots in self._choices(c):
            if not free[engine] or (operation.needs and not self._have(operation.needs[form])):
                continue
            if free[engine] >= slots:
                return form, True
            if partly or slots > capacity[engine]:
                return form, False
        return None

    def _in_place(self, k: int, c: int) -> int:
        """A form by which an operation of class c takes the words of what it reads last, if there is one, else -1."""
        operation = self.operations[k]
        for form, engine, slots in self._choices(c):
            fits = self.free[engine] >= slots and len(operation.forms[form]) == 1
            if fits and not operation.needs and self._has_room(k, at_once=True):
                return form
        return -1

    def _end(self, operation: Operation) -> None:
        """Counts the operation's reads."""
        self.lives.end(operation)
        for v in operation.reads:
            self.last_read[v] = self.cycle

    def _have(self, values: tuple[int, ...]) -> bool:
        """Are these values in scratch now? What is read for the last time in this cycle is, whoever gets its words."""
        return all(
            self.present.since(v) <= self.cycle and (self.lives.holds(v) or self.last_read.get(v) == self.cycle)
            for v in values
        )

    def _has_room(self, k: int, at_once: bool) -> bool:
        operation = self.operations[k]
        value = operation.writes
        if value < 0 or value in self.lives.address:
            return True
        width = self.problem.widths[value]
        if at_once and self.lives.frees(operation, width):
            return True
        reserve = 0 if self.strand[k] in (SHARED, self.oldest) else self.settings.reserve
        return self.lives.scratch.blocks() > reserve or (reserve == 0 and self.lives.scratch.has(width))
