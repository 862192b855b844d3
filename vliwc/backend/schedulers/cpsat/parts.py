"""Blocks that joins divide: what lies between two joins takes so many cycles, and these add up to a bound.

A join is an operation without slots. If one join waits for another one, all that lies between them begins when the
first one is done, and is done when the second one is. So the fewest cycles of the operations in between, by themselves,
lie between the two in any schedule. Such a part is small, and what is out of reach for the whole block can be proved of
it. Operations that need not lie between the same two joins count in no part.
"""

from __future__ import annotations

from dataclasses import replace

from vliwc.backend.problem import DATA, Problem


def parts(problem: Problem) -> list[Problem]:
    """The parts between joins each of which waits for the one before, in order; none if there is no join.

    Parts have no values: neither scratch nor `needs` count in them.
    """
    chain = _chain(problem)
    if not chain:
        return []
    members: list[list[int]] = [[] for _ in range(len(chain) + 1)]
    after, before = _last_before(problem, chain), _first_behind(problem, chain)
    for k, operation in enumerate(problem.operations):
        if operation.forms and before[k] == after[k] + 1:
            members[before[k]].append(k)
    found = [_part(problem, some) for some in members]
    whole = [_lands_inside(problem, some, chain[n]) for n, some in enumerate(members[:-1])]
    return [part for part, sound in zip(found, [*whole, True], strict=True) if sound and part.operations]


def _chain(problem: Problem) -> list[int]:
    """Joins each of which waits for the one before, directly or not: the first one, the first that waits for it, …"""
    chain: list[int] = []
    waits = bytearray(len(problem.operations))  # for the last join of the chain
    for k, operation in enumerate(problem.operations):
        if not operation.forms and (waits[k] or not chain):
            chain.append(k)
            waits = bytearray(len(problem.operations))
            waits[k] = 1
        if waits[k]:
            for target, _ in problem.successors[k]:
                waits[target] = 1
    return chain


def _last_before(problem: Problem, chain: list[int]) -> list[int]:
    """For each operation the position of the last join that it waits for, or -1."""
    found = [-1] * len(problem.operations)
    position = {k: n for n, k in enumerate(chain)}
    for k, edges in enumerate(problem.successors):
        reached = position.get(k, found[k])
        for target, _ in edges:
            found[target] = max(found[target], reached)
    return found


def _first_behind(problem: Problem, chain: list[int]) -> list[int]:
    """For each operation the position of the first join that waits for it, or how many joins there are."""
    found = [len(chain)] * len(problem.operations)
    position = {k: n for n, k in enumerate(chain)}
    for k in range(len(found) - 1, -1, -1):
        found[k] = min((position.get(target, found[target]) for target, _ in problem.successors[k]), default=len(chain))
    return found


def _part(problem: Problem, members: list[int]) -> Problem:
    """The problem of some operations alone."""
    number = {k: n for n, k in enumerate(members)}
    operations = [replace(problem.operations[k], reads=(), writes=-1, needs=()) for k in members]
    successors = [[(number[t], kind) for t, kind in problem.successors[k] if t in number] for k in members]
    return Problem(problem.machine, operations, successors, [], {}, frozenset(), {}, ())


def _lands_inside(problem: Problem, members: list[int], join: int) -> bool:
    """Do the results of all operations of a part land before its second join is done?

    They do if each has something of the part, or the join, wait for its result.
    """
    inside = {*members, join}
    return all(any(t in inside and kind == DATA for t, kind in problem.successors[k]) for k in members)
