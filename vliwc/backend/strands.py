"""Finds the independent strands of a problem: work that leads to different results and shares only its set-up.

The groups of lanes of an unrolled parallel loop are such strands. A scheduler that lets them run one behind the other,
rather than abreast, overlaps their different phases and needs scratch for a few of them only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from vliwc.backend.problem import Problem

SHARED = -1
"""The strand of operations that serve several strands."""

_MOST_TOGETHER = 4
"""Results may belong to one strand if the operations that they have in common serve no more than this many."""
_COMMON_WORK = 4
"""Results belong together if what they have in common is at least one part in this many of what is each one's own."""


def find_strands(problem: Problem) -> list[int]:
    """The strand of each operation, numbered by their first operations in program order; SHARED if it serves several.

    Results are operations that nothing waits for. Few of them with much work in common are one strand (united by
    union-find, those with most in common first); an operation that serves results of several strands is shared. Sets
    of results are bit masks.
    """
    reached, results = _results_reached(problem)
    work = Counter(reached)
    parent = list(range(results))
    own = [work[1 << i] for i in range(results)]

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    few = [mask for mask in work if 1 < mask.bit_count() <= _MOST_TOGETHER]
    for mask in sorted(few, key=lambda mask: (-work[mask], mask)):
        first, *others = sorted({root(i) for i in _bits(mask)})
        if work[mask] * _COMMON_WORK >= min(own[i] for i in (first, *others)):
            own[first] += work[mask] + sum(own[i] for i in others)
            for other in others:
                parent[other] = first
    strand_of = {mask: _common(mask, root) for mask in work}
    return _numbered([strand_of[mask] for mask in reached])


def _results_reached(problem: Problem) -> tuple[list[int], int]:
    """For each operation the results that wait for it, as a bit mask; and how many results there are."""
    successors = [
        [target for target, _ in targets if _needs(problem, k, target)] for k, targets in enumerate(problem.successors)
    ]
    reached = [0] * len(successors)
    results = 0
    for k in range(len(successors) - 1, -1, -1):
        if not successors[k]:
            reached[k] = 1 << results
            results += 1
        for target in successors[k]:
            reached[k] |= reached[target]
    return reached, results


def _needs(problem: Problem, source: int, target: int) -> bool:
    """Does an operation need another one for its result? A store that has to wait until others have loaded or stored
    what it overwrites does not."""
    operation = problem.operations[target]
    stores = bool(operation.forms) and operation.forms[0][0].engine == "store"
    return not stores or problem.operations[source].writes in operation.reads


def _common(mask: int, root: Callable[[int], int]) -> int:
    """The strand of all results in a mask, if it is one."""
    strand = SHARED
    for i in _bits(mask):
        if strand not in (SHARED, root(i)):
            return SHARED
        strand = root(i)
    return strand


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _numbered(strands: list[int]) -> list[int]:
    """The same strands, numbered from 0 in order of appearance."""
    names: dict[int, int] = {SHARED: SHARED}
    for s in strands:
        if s not in names:
            names[s] = len(names) - 1
    return [names[s] for s in strands]
