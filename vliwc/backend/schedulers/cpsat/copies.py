"""The model of a block whose constants, and broadcasts of constants, may be made again.

A value's lives follow one another: its own, and those of its copies, each of which begins when the one before has
ended. That is no restriction, since one life in place of two that overlap takes no more words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from vliwc.backend.problem import Copy, Problem
from vliwc.backend.rematerialisation import recipes, with_copies
from vliwc.backend.schedulers.cpsat.frame import Frame
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.instance import Value as Stored
from vliwc.backend.schedulers.cpsat.model import Model
from vliwc.backend.schedulers.cpsat.room import Room
from vliwc.backend.schedulers.cpsat.timetable import Slots
from vliwc.backend.schedulers.cpsat.timing import reach
from vliwc.backend.schedulers.cpsat.variables import Value, Variable


class Offer:
    """A problem with all copies that a schedule may have: `most` of each value that several operations read.

    Copy c is operation c of `problem`, where nobody reads it yet; the operations of the old problem follow.
    """

    def __init__(self, old: Problem, most: int) -> None:
        readers: dict[int, tuple[int, ...]] = dict.fromkeys(sorted(recipes(old)), ())
        for k, operation in enumerate(old.operations):
            for v in operation.reads:
                if v in readers and not any(v in needs for needs in operation.needs):
                    readers[v] += (k,)
        self.copies = tuple(Copy(v, some) for v, some in readers.items() if len(some) > 1 for _ in range(most))
        """Each with all readers that it may have, as the old problem numbers them."""
        self.problem = with_copies(old, [copy._replace(readers=()) for copy in self.copies])
        self.values = range(len(old.widths), len(self.problem.widths))
        """The values of the copies."""
        self.readers: dict[int, list[int]] = {}
        """For each value that there are copies of, and for each copy, the operations that may read it."""
        self.lives: dict[int, list[int]] = {}
        """For each value that there are copies of: itself, and the values of its copies."""
        for number, copy in zip(self.values, self.copies, strict=True):
            shifted = [k + len(self.copies) for k in copy.readers]
            self.readers[copy.value] = self.readers[number] = shifted
            self.lives.setdefault(copy.value, [copy.value]).append(number)

    def within(self, heads: Sequence[int], tails: Sequence[int], cycles: int) -> dict[int, tuple[int, int]]:
        """The windows of all operations in so many cycles, by the heads and tails of the old problem.

        A copy is made when something has read the value, and before something else reads the copy. One for which there
        is no time has a window nevertheless, and is left out.
        """
        shift = len(self.copies)
        found = {k + shift: (head, cycles - tail) for k, (head, tail) in enumerate(zip(heads, tails, strict=True))}
        for c, copy in enumerate(self.copies):
            issued, latency = reach(self.problem.operations[c], self.problem.machine)
            last = cycles - min(tails[k] for k in copy.readers) - latency
            first = max(0, min(*(heads[k] for k in copy.readers), last - issued))
            found[c] = first, max(last, first + issued)
        return found

    def taken(
        self, slots: Mapping[int, Slots], readers: Mapping[int, tuple[int, ...]]
    ) -> tuple[tuple[Copy, ...], dict[int, Slots]]:
        """The copies that have slots, with their readers in the offered problem; and all slots, numbered as in the
        problem with these copies."""
        shift = len(self.copies)
        kept = [c for c in range(shift) if slots[c]]
        copies = tuple(Copy(self.copies[c].value, tuple(k - shift for k in readers[c])) for c in kept)
        number = {c: n for n, c in enumerate(kept)}
        number |= {k: k - shift + len(kept) for k in range(shift, len(self.problem.operations))}
        moved = {number[k]: tuple(i._replace(operation=number[k]) for i in some) for k, some in slots.items() if some}
        return copies, moved


class CopyInstance(Instance):
    """An offered problem. Values that have copies, and copies, may have no readers, and need words until they land."""

    def __init__(self, problem: Problem, offer: Offer) -> None:
        super().__init__(problem)
        self.values = [replace(v, lands_late=v.lands_late or v.number in offer.readers) for v in self.values]


class CopyModel(Model):
    """The model of an offer; `instance` is that of the offered problem, or of one with fewer forms."""

    def __init__(self, instance: CopyInstance, offer: Offer, frame: Frame, room: Room) -> None:
        self._offer = offer
        self._made: dict[int, Variable] = {}
        self._takes: dict[tuple[int, int], Variable] = {}
        super().__init__(instance, frame, room)
        for lives in offer.lives.values():
            for k in offer.readers[lives[0]]:
                self.cp.add_exactly_one(self._taken(k, v) for v in lives)
            for before, following in pairwise(lives):
                self._copy(before, following)

    def present(self, k: int) -> Value:
        """Is operation k part of the schedule? A copy may not be."""
        if k >= len(self._offer.copies):
            return 1
        if k not in self._made:
            self._made[k] = self.boolean()
        return self._made[k]

    def reads(self, value: Stored) -> tuple[list[int], list[tuple[int, Value]]]:
        """The operations that read a value, and others that do if they choose to."""
        certain, possible = super().reads(value)
        choosing = self._offer.readers.get(value.number, [])
        chosen: list[tuple[int, Value]] = [(k, self._taken(k, value.number)) for k in choosing]
        return [k for k in certain if k not in choosing], possible + chosen

    def _taken(self, k: int, value: int) -> Variable:
        """Does operation k read this value, rather than another one of the same?"""
        if (k, value) not in self._takes:
            self._takes[k, value] = self.boolean()
        return self._takes[k, value]

    def _copy(self, before: int, value: int) -> None:
        """A copy begins when the life before has ended, and those that read it wait for it."""
        c = self._offer.values.index(value)
        latency = self.problem.operations[c].forms[0][-1].latency
        for k in self._offer.readers[value]:
            taken, after = self._taken(k, value), self.begun[k]
            for cycle in range(after.first, after.last + 1):
                self.bound([(1, after.at(cycle)), (-1, self.done[c].at(cycle - latency)), (1, taken)], 1)
        if before in self.dead:
            begun, dead = self.begun[c], self.dead[before]
            for cycle in range(begun.first, begun.last + 1):
                self.at_most(begun.at(cycle), dead.at(cycle))

    def solution(self, values: Sequence[int]) -> tuple[dict[int, Slots], dict[int, tuple[int, ...]]]:
        """The slots of a solution, and who reads which copy; copies that nobody reads have no slots."""
        offer, slots = self._offer, self.slots(values)
        readers = {
            c: tuple(k for k in offer.readers[v] if values[self._taken(k, v).index]) for c, v in enumerate(offer.values)
        }
        return slots | {c: () for c, some in readers.items() if not some}, readers
