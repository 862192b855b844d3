"""What one engine has to do if all others never run out of slots: jobs, and how long each waits for others.

An operation that takes slots of the engine in every form is a *job*: so many slots, a head, a tail, and waits from its
last slot to the first one of later jobs, over whatever lies between in the dependences. That is scheduling on a single
machine with heads, tails and delayed precedence, where jobs may be interrupted (Carlier 1982; Balas, Lenstra and
Vazacopoulos 1995): an easier problem, so that bounds for it are bounds for the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vliwc.backend.bounds.network import Network
from vliwc.backend.problem import Problem

_MOST_JOBS = 2_000
_MOST_WAITS = 2_500_000
"""How many jobs there may be, and how many pairs of an operation and a job right before it: the graph is wide, and
orders far too many, where there are more."""
_NOT_BEFORE = -1 << 20


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of an engine with `capacity` slots a cycle. They are numbered from 0 by their tails, the longest first,
    and then in program order: none waits for a later one."""

    engine: str
    capacity: int
    operations: tuple[int, ...]
    slots: tuple[int, ...]
    heads: tuple[int, ...]
    tails: tuple[int, ...]
    behind: tuple[tuple[tuple[int, int], ...], ...]
    """For each job those that wait for it, with the cycles from its last slot to their first one; without waits that
    others imply."""
    before: tuple[int, ...]
    """For each job those that it waits for, as a sum of powers of two."""


def jobs_of(problem: Problem, engine: str, network: Network, heads: Sequence[int], tails: Sequence[int]) -> Jobs | None:
    """The jobs of an engine, for heads and tails in cycles (see `argument`); None if there are none, or too many."""
    slots = {k: least for k, operation in enumerate(problem.operations) if (least := operation.least_slots(engine))}
    if not 0 < len(slots) <= _MOST_JOBS:
        return None
    operations = tuple(sorted(slots, key=lambda k: (-tails[k], k)))
    before = _right_before(network, {k: job for job, k in enumerate(operations)})
    if before is None:
        return None
    capacity = problem.machine.slots(engine)
    own = tuple(slots[k] for k in operations)
    waits = _needed(before, [-(-count // capacity) - 1 for count in own])
    behind: list[list[tuple[int, int]]] = [[] for _ in operations]
    for job, wait in enumerate(waits):
        for earlier, cycles in wait.items():
            behind[earlier].append((job, cycles))
    return Jobs(
        engine,
        capacity,
        operations,
        own,
        tuple(heads[k] for k in operations),
        tuple(tails[k] for k in operations),
        tuple(map(tuple, behind)),
        tuple(sum(1 << earlier for earlier in wait) for wait in waits),
    )


def _right_before(network: Network, number: Mapping[int, int]) -> list[dict[int, int]] | None:
    """For each job those that it waits for with no other job between, with the cycles from their last slots to its
    first one; None if there are too many."""
    found: list[dict[int, int]] = [{} for _ in number]
    reached: list[dict[int, int]] = [{} for _ in network.order]
    """For each operation the same."""
    count = 0
    for k in network.order:
        away, reached[k] = reached[k], {}
        count += len(away)
        if count > _MOST_WAITS:
            return None
        if k in number:
            found[number[k]] = away
            away = {number[k]: -network.span[k]}
        for target, wait in network.behind[k]:
            there = reached[target]
            for job, cycles in away.items():
                there[job] = max(there.get(job, 0), cycles + network.span[k] + wait)
    return found


def _needed(before: Sequence[Mapping[int, int]], spans: Sequence[int]) -> list[dict[int, int]]:
    """The waits without those that follow from others, as jobs take time themselves: `spans` cycles from first to last
    slot."""
    longest = np.full((len(before), len(before)), _NOT_BEFORE, np.int32)
    """In row j, column i the longest way from the last slot of i to the first one of j."""
    needed: list[dict[int, int]] = []
    for job, waits in enumerate(before):
        implied = longest[job]
        own: dict[int, int] = {}
        for earlier in sorted(waits, reverse=True):
            if waits[earlier] > implied[earlier]:
                own[earlier] = waits[earlier]
                np.maximum(implied, longest[earlier] + (spans[earlier] + waits[earlier]), out=implied)
                implied[earlier] = waits[earlier]
        needed.append(own)
    return needed
