"""Free scratch words, handed out in blocks of one vector or in single words.

Scratch is cut into blocks of `lanes` words. Single words come out of blocks that are broken up when needed and whole
again when all of their words are back, so fragmentation stays bounded by the number of scalars.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from vliwc.backend.problem import Operation, Problem


class Scratch:
    """The free words of a scratch memory. Addresses are words; all methods take constant time."""

    def __init__(self, words: int, lanes: int, occupied: Iterable[tuple[int, int]] = ()) -> None:
        self.lanes = lanes
        taken = bytearray(words)
        for address, width in occupied:
            taken[address : address + width] = b"\1" * width
        self._blocks: list[int] = []
        self._singles: list[int] = []
        self._free_in = [0] * (words // lanes + 1)
        for start in range(0, words, lanes):
            if start + lanes <= words and taken.find(1, start, start + lanes) < 0:
                self._blocks.append(start)
            else:
                free = [a for a in range(start, min(start + lanes, words)) if not taken[a]]
                self._singles.extend(free)
                self._free_in[start // lanes] = len(free)
        self._blocks.reverse()
        self._singles.reverse()
        self.words = words
        self.used = sum(taken)
        self.peak = self.used

    def blocks(self) -> int:
        """How many whole vectors are free."""
        return len(self._blocks)

    def singles(self) -> int:
        """How many words are free that do not belong to a free vector."""
        return len(self._singles)

    def lists(self) -> tuple[list[int], list[int], list[int]]:
        """The free vectors, the free single words (the next to be handed out last), and how many of these each block
        has."""
        return self._blocks.copy(), self._singles.copy(), self._free_in.copy()

    def has(self, width: int) -> bool:
        """Is there a free range of 1 or `lanes` words?"""
        return bool(self._blocks) or (width == 1 and bool(self._singles))

    def take(self, width: int) -> int:
        """The first word of a free range of 1 or `lanes` words, or -1."""
        if width == 1:
            if self._singles:
                address = self._singles.pop()
                self._free_in[address // self.lanes] -= 1
            elif self._blocks:
                address = self._blocks.pop()
                if self.lanes > 1:
                    self._singles.extend(range(address + self.lanes - 1, address, -1))
                    self._free_in[address // self.lanes] = self.lanes - 1
            else:
                return -1
        elif self._blocks:
            address = self._blocks.pop()
        else:
            return -1
        self.used += width
        self.peak = max(self.peak, self.used)
        return address

    def give(self, address: int, width: int) -> None:
        """Takes a range back."""
        self.used -= width
        if width == self.lanes:
            self._blocks.append(address)
            return
        block = address // self.lanes
        self._free_in[block] += 1
        if self._free_in[block] == self.lanes:
            self._free_in[block] = 0
            start = block * self.lanes
            self._singles = [a for a in self._singles if not start <= a < start + self.lanes]
            self._blocks.append(start)
        else:
            self._singles.append(address)


class Lives:
    """The values of a problem in scratch: where they are, and how many reads each still has before it.

    `begin` an operation with its first slot, `end` it with its last. Values that are held, or tied to another one, keep
    their words.
    """

    def __init__(self, problem: Problem) -> None:
        self.scratch = Scratch(problem.machine.scratch_words, problem.machine.lanes, problem.occupied())
        self.address = dict(problem.entry)
        self._widths = problem.widths
        self._reads_left = problem.read_counts()
        self._keep = problem.held | frozenset(problem.tied)
        for value, old in problem.tied.items():
            self.address[value] = problem.entry[old]

    def begin(self, operation: Operation) -> bool:
        """Finds room for what the operation writes; False if there is none."""
        value = operation.writes
        if value < 0 or value in self.address:
            return True
        address = self.scratch.take(self._widths[value])
        if address < 0:
            return False
        self.address[value] = address
        return True

    def frees(self, operation: Operation, width: int) -> bool:
        """Will the end of an operation free a range of this width?"""
        return any(
            self._reads_left[v] == 1 and self._widths[v] == width and v not in self._keep for v in operation.reads
        )

    def holds(self, value: int) -> bool:
        """Are a value's words still its own?"""
        return self._reads_left.get(value, 0) > 0 or value in self._keep

    def end(self, operation: Operation) -> None:
        """Counts the operation's reads; words that nobody reads any more become free."""
        for value in operation.reads:
            self._reads_left[value] -= 1
            if self._reads_left[value] == 0 and value not in self._keep:
                self.scratch.give(self.address[value], self._widths[value])


class Present:
    """From which cycle on the values are complete that some form needs."""

    def __init__(self, problem: Problem) -> None:
        self._writers = {v: 0 for o in problem.operations for need in o.needs for v in need}
        for o in problem.operations:
            if o.writes in self._writers:
                self._writers[o.writes] += 1
        self._landed = dict.fromkeys(self._writers, 0)

    def written(self, value: int, landed: int) -> None:
        """Notes that one of a value's writers is done, and when its result lands."""
        if value in self._writers:
            self._writers[value] -= 1
            self._landed[value] = max(self._landed[value], landed)

    def since(self, value: int) -> float:
        """The cycle from which a value can be read; infinite as long as it is not known."""
        return inf if self._writers[value] else self._landed[value]
