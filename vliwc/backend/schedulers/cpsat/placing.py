"""Gives the values of a timetable their words of scratch.

In the order of their births, vectors take the first free block. Single words take words that belong to no block that
is free for vectors, then the last free one. Each kind by itself is an interval graph, coloured in the order of the left
ends: it needs no more words than are alive at a time (Hashimoto and Stevens 1971). So there is room if the most single
words and the most vectors ever alive fit beside each other.

If there is none, single words are placed in the order of their right ends, the last one first. Then it is enough that
there is a border, with room for the vectors alive below it and for the single words above it, that only moves up: a
vector that has a block has it below all later borders, and a word has its own above all earlier ones.
"""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from itertools import accumulate

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers.cpsat.timetable import Life, Timetable

_FOREVER = 1 << 30
"""Behind the last cycle."""


class _Words:
    """Scratch, word by word. Vectors stand in aligned blocks, as the list scheduler has them."""

    def __init__(self, problem: Problem) -> None:
        self.lanes, words = problem.machine.lanes, problem.machine.scratch_words
        blocks = words // self.lanes
        never = {word // self.lanes for first, count in problem.blocked for word in range(first, first + count)}
        order = sorted(range(words), key=lambda w: (w // self.lanes < blocks and w // self.lanes not in never, -w))
        self.order = order
        """The words in the order in which single ones are taken."""
        self.position = [0] * words
        for place, word in enumerate(order):
            self.position[word] = place
        self.taken = bytearray(words)
        """By position in that order."""
        self.in_block = [0] * (blocks + 1)
        for address, width in problem.occupied():
            self.change(address, width, 1)

    def change(self, address: int, width: int, taken: int) -> None:
        """Takes or gives back a range."""
        for word in range(address, address + width):
            if self.taken[self.position[word]] != taken:
                self.taken[self.position[word]] = taken
                self.in_block[word // self.lanes] += 1 if taken else -1

    def take(self, width: int) -> int:
        """The first word of a free range, which is no longer free; -1 if there is none."""
        if width == 1:
            place = self.taken.find(0)
            address = self.order[place] if place >= 0 else -1
        else:
            block = next((b for b, used in enumerate(self.in_block[:-1]) if not used), -1)
            address = block * self.lanes
        if address >= 0:
            self.change(address, width, 1)
        return address


class _Lives:
    """Which lives the words of scratch have: any number, one after the other."""

    def __init__(self, problem: Problem) -> None:
        self.lanes = problem.machine.lanes
        self.of: list[list[tuple[int, int]]] = [[] for _ in range(problem.machine.scratch_words)]
        for first, count in problem.blocked:
            self.put(first, count, 0, _FOREVER)

    def put(self, address: int, width: int, born: int, last: int) -> None:
        """A value takes its words."""
        for word in range(address, address + width):
            self.of[word].append((born, last))

    def free(self, address: int, width: int, born: int, last: int) -> bool:
        """Are the words free for so long?"""
        return not any(a < last and born < b for word in range(address, address + width) for a, b in self.of[word])

    def find(self, width: int, born: int, last: int) -> int:
        """The first block that is free for so long, or the last word; -1 if there is none."""
        words = len(self.of)
        places = range(0, words - width + 1, width) if width == self.lanes else range(words - 1, -1, -1)
        return next((place for place in places if self.free(place, width, born, last)), -1)


def place(table: Timetable) -> Schedule | None:
    """The schedule with these times; None if this allocator finds no room."""
    problem = table.instance.problem
    address = dict(problem.entry)
    address.update((value, problem.entry[old]) for value, old in problem.tied.items())
    lives = table.lives()
    found = _by_births(problem, lives) or _towards_each_other(problem, lives)
    if found is None:
        return None
    issues = sorted(issue for slots in table.slots for issue in slots)
    return Schedule(issues, table.cycles, address | found, _peak(problem, lives))


def _by_births(problem: Problem, lives: list[Life]) -> dict[int, int] | None:
    """Addresses in the order of births."""
    words = _Words(problem)
    address = dict(problem.entry)
    ending: list[tuple[int, int, int]] = []
    for born, last, value in sorted((life.born, life.last, life.value.number) for life in lives):
        while ending and ending[0][0] <= born:
            _, first, width = heappop(ending)
            words.change(first, width, 0)
        width = problem.widths[value]
        if value not in problem.entry:
            address[value] = words.take(width)
            if address[value] < 0:
                return None
        heappush(ending, (last, address[value], width))
    return address


def _towards_each_other(problem: Problem, lives: list[Life]) -> dict[int, int] | None:
    """Addresses of vectors in the order of births, of single words in the order of deaths from the end."""
    words, address = _Lives(problem), dict(problem.entry)
    for life in lives:
        if life.value.number in address:
            words.put(address[life.value.number], life.value.width, life.born, life.last)
    vectors = sorted((life for life in lives if life.value.width > 1), key=lambda life: life.born)
    singles = sorted((life for life in lives if life.value.width == 1), key=lambda life: -life.last)
    for life in (*vectors, *singles):
        number, width = life.value.number, life.value.width
        if number not in address:
            address[number] = words.find(width, life.born, life.last)
            if address[number] < 0:
                return None
            words.put(address[number], width, life.born, life.last)
    return address


def _peak(problem: Problem, lives: list[Life]) -> int:
    """The most words in use at a time, blocked ones included."""
    changes: Counter[int] = Counter()
    for life in lives:
        changes[life.born] += life.value.width
        changes[life.last] -= life.value.width
    used = accumulate(changes[cycle] for cycle in sorted(changes))
    return sum(words for _, words in problem.blocked) + max(used, default=0)
