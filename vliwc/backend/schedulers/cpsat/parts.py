"""Blocks that joins divide: what lies between two joins takes so many cycles, and these add up to a bound.

A join is an operation without slots. If one join waits for another one, all that lies between them begins when the
first one is done, and is done when the second one is. So the fewest cycles of the operations in between, by themselves,
lie between the two in any schedule. Such a part is small, and what is out of reach for the whole block can be proved of
it. Operations that need not lie between the same two joins count in no part.

The values of a part are those that its operations touch, and those that are there at the first join and needed behind
the second one. None of them lives longer than in the whole block, so that a part needs no more scratch.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import accumulate

from vliwc.backend.problem import DATA, Operation, Problem


def parts(problem: Problem) -> list[Problem]:
    """The parts between joins each of which waits for the one before, in order; none if there is no join."""
    division = _Division(problem)
    if not division.chain:
        return []
    members: list[list[int]] = [[] for _ in range(len(division.chain) + 1)]
    for k, operation in enumerate(problem.operations):
        if operation.forms and division.before[k] == division.after[k] + 1:
            members[division.before[k]].append(k)
    sound = [_lands_inside(problem, some, division.chain[n]) for n, some in enumerate(members[:-1])]
    return [
        division.part(n, some)
        for n, (some, whole) in enumerate(zip(members, [*sound, True], strict=True))
        if whole and some
    ]


def bare(problem: Problem) -> Problem:
    """The problem without any values, so that neither scratch nor `needs` count."""
    operations = [_with_values(operation, set(), set()) for operation in problem.operations]
    return replace(problem, operations=operations, widths=[], entry={}, held=frozenset(), tied={}, blocked=())


class _Division:
    """Where the operations of a problem stand in relation to its joins."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.writers: dict[int, list[int]] = {}
        for k, operation in enumerate(problem.operations):
            if operation.writes >= 0:
                self.writers.setdefault(operation.writes, []).append(k)

    @cached_property
    def chain(self) -> list[int]:
        """Joins each of which waits for the one before, directly or not: the first, the first that waits for it, …"""
        chain: list[int] = []
        waits = bytearray(len(self.problem.operations))  # for the last join of the chain
        for k, operation in enumerate(self.problem.operations):
            if not operation.forms and (waits[k] or not chain):
                chain.append(k)
                waits = bytearray(len(self.problem.operations))
                waits[k] = 1
            if waits[k]:
                for target, _ in self.problem.successors[k]:
                    waits[target] = 1
        return chain

    @cached_property
    def after(self) -> list[int]:
        """For each operation the position of the last join that it waits for, or -1."""
        found = [-1] * len(self.problem.operations)
        position = {k: n for n, k in enumerate(self.chain)}
        for k, edges in enumerate(self.problem.successors):
            reached = position.get(k, found[k])
            for target, _ in edges:
                found[target] = max(found[target], reached)
        return found

    @cached_property
    def before(self) -> list[int]:
        """For each operation the position of the first join that waits for it, or how many joins there are."""
        last = len(self.chain)
        found = [last] * len(self.problem.operations)
        position = {k: n for n, k in enumerate(self.chain)}
        for k in range(len(found) - 1, -1, -1):
            behind = self.problem.successors[k]
            found[k] = min((position.get(target, found[target]) for target, _ in behind), default=last)
        return found

    @cached_property
    def last_read(self) -> dict[int, int]:
        """For each value that is read the position of the last join that one of its readers waits for, or -1."""
        found: dict[int, int] = {}
        for k, operation in enumerate(self.problem.operations):
            for v in operation.reads:
                found[v] = max(found.get(v, -1), self.after[k])
        return found

    def part(self, number: int, members: list[int]) -> Problem:
        """The problem of some operations alone, which lie before join `number` of the chain and behind the one before.

        A value is alive from the first join on if a writer comes before that, and up to the second one if a reader
        waits for that. What operations outside do that may happen at any time is left out.
        """
        problem, index = self.problem, {k: n for n, k in enumerate(members)}
        there = self._there(number)
        mine = {problem.operations[k].writes for k in members} - {-1} - there - problem.tied.keys()
        held = {v for v in there | mine if v in problem.held or self.last_read.get(v, -1) >= number}
        read = {v for k in members for v in problem.operations[k].reads}
        entry = sorted(there & (read | held), key=lambda v: (-problem.widths[v], v))
        firsts = accumulate((problem.widths[v] for v in entry), initial=0)
        words = problem.machine.scratch_words - sum(words for _, words in problem.blocked)
        return Problem(
            replace(problem.machine, scratch_words=words),
            [_with_values(problem.operations[k], mine, mine.union(entry)) for k in members],
            [[(index[t], kind) for t, kind in problem.successors[k] if t in index] for k in members],
            problem.widths,
            dict(zip(entry, firsts, strict=False)),  # where they stand does not matter, as long as all have room
            frozenset(held & {*mine, *entry}),
        )

    def _there(self, number: int) -> set[int]:
        """The values that some writer has begun to write by join `number - 1`."""
        written = {v for v, wrote in self.writers.items() if any(self.before[k] < number for k in wrote)}
        return (written | self.problem.entry.keys()) - self.problem.tied.keys()


def _with_values(operation: Operation, written: set[int], known: set[int]) -> Operation:
    """The operation, with only some values that it writes, and some that it reads or needs."""
    return replace(
        operation,
        reads=tuple(v for v in operation.reads if v in known),
        writes=operation.writes if operation.writes in written else -1,
        needs=tuple(tuple(v for v in needs if v in known) for needs in operation.needs),
    )


def _lands_inside(problem: Problem, members: list[int], join: int) -> bool:
    """Do the results of all operations of a part land before its second join is done?

    They do if each has something of the part, or the join, wait for its result.
    """
    inside = {*members, join}
    return all(any(t in inside and kind == DATA for t, kind in problem.successors[k]) for k in members)
