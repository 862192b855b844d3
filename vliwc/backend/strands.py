"""Finds the independent strands of a problem: work that leads to different results and shares only its set-up.

The groups of lanes of an unrolled parallel loop are such strands. A scheduler that lets them run one behind the other,
rather than abreast, overlaps their different phases and needs scratch for a few of them only.
"""

from __future__ import annotations

from vliwc.backend.problem import Problem

SHARED = -1
"""The strand of operations that serve several strands."""

_MOST_TOGETHER = 4
"""Results that have an operation in common belong to one strand if they are no more than this many."""


def find_strands(problem: Problem) -> list[int]:
    """The strand of each operation, numbered by their first operations in program order; SHARED if it serves several.

    Results are operations that nothing waits for. Those with a common operation that serves few of them are united
    (union-find); what serves more than one of the unions is shared. Sets of results are bit masks.
    """
    operations, successors = problem.operations, problem.successors
    sinks = [k for k, edges in enumerate(successors) if not edges]
    number = {k: i for i, k in enumerate(sinks)}
    most = min(_MOST_TOGETHER, len(sinks) // 4)
    reached = [0] * len(operations)
    parent = list(range(len(sinks)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for k in range(len(operations) - 1, -1, -1):
        mask = 1 << number[k] if k in number else 0
        for target, _ in successors[k]:
            mask |= reached[target]
        reached[k] = mask
        if 1 < mask.bit_count() <= most:
            members = _bits(mask)
            for other in members[1:]:
                parent[root(other)] = root(members[0])
    return _numbered([_common(mask, most, root) for mask in reached])


def _common(mask: int, most: int, root: object) -> int:
    assert callable(root)
    if mask.bit_count() > most * _MOST_TOGETHER + 1:
        return SHARED
    roots = {root(i) for i in _bits(mask)}
    return roots.pop() if len(roots) == 1 else SHARED


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def _numbered(strands: list[int]) -> list[int]:
    """The same strands, numbered from 0 in order of appearance."""
    names: dict[int, int] = {SHARED: SHARED}
    for s in strands:
        if s not in names:
            names[s] = len(names) - 1
    return [names[s] for s in strands]
