"""A schedule squeezed into fewer cycles than it takes: what is overdrawn by that is repaired, range by range.

Operations that would end too late move up, with all that they wait for. Dependences hold then, but some bundles have
more slots than there are, and some cycles more words alive. Opening one range of cycles after the other, the solver
makes the overdraft as small as it can there, while the rest stands still. Where nothing is overdrawn any more, there is
a shorter schedule. So a cycle may be saved by changes all over the schedule, none of which would do alone (as in the
search for colourings among those that break some constraints, Hertz and de Werra 1987).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from random import Random

from ortools.sat.python import cp_model

from vliwc.backend.problem import DATA
from vliwc.backend.schedulers.cpsat.frame import Frame, frame
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.model import Model
from vliwc.backend.schedulers.cpsat.neighbourhood import Move, hint, inside
from vliwc.backend.schedulers.cpsat.ranges import around
from vliwc.backend.schedulers.cpsat.room import Room
from vliwc.backend.schedulers.cpsat.solving import Answer
from vliwc.backend.schedulers.cpsat.timetable import Slots, Timetable
from vliwc.backend.schedulers.cpsat.variables import Term, Variable

_MOST = 1 << 20
"""More than any overdraft."""
_FEWEST, _FIRST, _LARGEST = 10.0, 30.0, 400.0
"""How many operations of a range are free: at least, at first, at most."""
_GROWTH, _SHRINKAGE = 1.1, 0.8
_PRICES = 6, 9
"""What a slot or word too much costs, at random: so overdrafts move about, even where they cannot be made smaller."""


class Lenient(Model):
    """The model in which engines and scratch may be overdrawn, as little as possible."""

    def __init__(self, instance: Instance, frame: Frame, room: Room | None, random: Random) -> None:
        self.overdrafts: list[Variable] = []
        super().__init__(instance, frame, room)
        prices = [random.randint(*_PRICES) for _ in self.overdrafts]
        self.cp.minimize(cp_model.LinearExpr.weighted_sum(self.overdrafts, prices))

    def limit(self, terms: list[Term], most: int) -> None:
        """The sum may be more than `most`: what it is more counts."""
        if any(not isinstance(value, int) for _, value in terms):
            overdraft = self.cp.new_int_var(0, _MOST, "")
            self.overdrafts.append(overdraft)
            self.bound([*terms, (-1, overdraft)], most)


def squeezed(table: Timetable, cycles: int) -> Timetable | None:
    """The timetable in so many cycles, with slots and words overdrawn; None if dependences forbid it."""
    instance, spans = table.instance, table.spans
    problem = instance.problem
    due = [cycles] * len(spans)  # by when results must be there
    done = [cycles - 1] * len(spans)  # and the last slots issued
    slots: list[Slots] = list(table.slots)
    for k in sorted(range(len(spans)), key=lambda k: (spans[k].start, k), reverse=True):
        own, issues = spans[k], table.slots[k]
        early = max(0, own.landed - due[k], own.end - done[k]) if issues else 0
        start = own.start - early if issues else min(own.start, due[k], done[k] + 1)
        if start < 0:
            return None
        slots[k] = tuple(issue._replace(cycle=issue.cycle - early) for issue in issues)
        needs = problem.operations[k].needed(table.form(k)) if issues else ()
        before = [*instance.predecessors[k], *((w, DATA) for v in needs for w in instance.writers.get(v, ()))]
        for source, kind in before:
            limit = due if kind == DATA else done
            limit[source] = min(limit[source], start)
    found = Timetable(instance, slots)
    return found if found.ordered() and found.cycles <= cycles else None


def overdrawn(table: Timetable, words: int) -> Counter[int]:
    """By how many slots and words each cycle is overdrawn, if scratch has so many words."""
    found: Counter[int] = Counter()
    for (engine, cycle), count in table.used().items():
        found[cycle] += max(0, count - table.instance.problem.machine.slots(engine))
    changes = [0] * (table.cycles + 1)
    for life in table.lives():
        end = min(life.last, table.cycles)
        if life.born < end:
            changes[life.born] += life.value.width
            changes[end] -= life.value.width
    for cycle, width in enumerate(accumulate(changes)):
        found[cycle] += max(0, width - words)
    return +found


class Repair:
    """Picks ranges of an overdrawn timetable, and goes on from what their models say."""

    def __init__(self, table: Timetable, room: Room, random: Random) -> None:
        self.table = table
        self._room = room
        self._random = random
        self._size = _FIRST
        self.overdrawn = overdrawn(table, room.words)
        """By how many slots and words each cycle is overdrawn; nothing if this is a schedule."""

    def pick(self) -> Move:
        """The move that opens a range in which something is overdrawn."""
        table, cycle = self.table, self._random.choice(sorted(self.overdrawn))
        cycles = around(table, cycle, int(self._size), self._random)
        free = inside(table, cycles)
        within = {k: (min(cycles.first, table.spans[k].start), max(cycles.end - 1, table.spans[k].end)) for k in free}
        opened = frame(table.instance, table.cycles, free, table, within)
        model = Lenient(table.instance, opened, self._room, self._random)
        hint(model, table)
        return Move(table, frozenset(free), model, table)

    def apply(self, moves: Sequence[Move], answers: Sequence[Answer]) -> None:
        """Goes on from the solutions of moves, as long as they agree with each other and overdraw no more."""
        for move, answer in zip(moves, answers, strict=True):
            self._size = min(max(self._size * (_GROWTH if answer.finished else _SHRINKAGE), _FEWEST), _LARGEST)
            if answer.solution is None:
                continue
            moved, now = move.after(answer.solution), self.table
            slots = [(moved if k in move.free else now).slots[k] for k in range(len(now.slots))]
            table = Timetable(now.instance, slots, now)
            left = overdrawn(table, self._room.words)
            if table.ordered() and table.cycles <= now.cycles and left.total() <= self.overdrawn.total():
                self.table, self.overdrawn = table, left
