"""Gives the values of a timetable their words of scratch.

In the order of their births, vectors take the first free block. Single words take words that belong to no block that
is free for vectors, then the last free one. Each kind by itself is an interval graph, coloured in the order of the left
ends: it needs no more words than are alive at a time (Hashimoto and Stevens 1971). So there is room if the most single
words and the most vectors ever alive fit beside each other.
"""

from __future__ import annotations

from heapq import heappop, heappush

from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers.cpsat.timetable import Timetable


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
        self.used = 0
        for address, width in problem.occupied():
            self.change(address, width, 1)
        self.peak = self.used

    def change(self, address: int, width: int, taken: int) -> None:
        """Takes or gives back a range."""
        for word in range(address, address + width):
            if self.taken[self.position[word]] != taken:
                self.taken[self.position[word]] = taken
                self.in_block[word // self.lanes] += 1 if taken else -1
                self.used += 1 if taken else -1

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
            self.peak = max(self.peak, self.used)
        return address


def place(table: Timetable) -> Schedule | None:
    """The schedule with these times; None if this allocator finds no room."""
    problem = table.instance.problem
    words = _Words(problem)
    address = dict(problem.entry)
    address.update((value, problem.entry[old]) for value, old in problem.tied.items())
    ending: list[tuple[int, int, int]] = []
    for born, last, value in sorted((life.born, life.last, life.value.number) for life in table.lives()):
        while ending and ending[0][0] <= born:
            _, first, width = heappop(ending)
            words.change(first, width, 0)
        width = problem.widths[value]
        if value not in problem.entry:
            address[value] = words.take(width)
            if address[value] < 0:
                return None
        heappush(ending, (last, address[value], width))
    issues = sorted(issue for slots in table.slots for issue in slots)
    return Schedule(issues, table.cycles, address, words.peak)
