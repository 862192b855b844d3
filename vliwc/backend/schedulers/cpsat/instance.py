"""A problem, with what its search asks for again and again."""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.backend.problem import DATA, Problem


@dataclass(frozen=True, slots=True)
class Value:
    """A value with words of its own, and the operations that touch it."""

    number: int
    width: int
    writers: tuple[int, ...]
    """None if it is there at the start."""
    readers: tuple[int, ...]
    """The operations that read it in every form."""
    needed: tuple[tuple[int, int], ...]
    """The operations, with their forms, that read it in some forms only."""
    kept: bool
    """Is it in scratch until the end?"""
    lands_late: bool
    """May a writer's result land after all reads?"""


def _values_of(problem: Problem) -> list[Value]:
    """All values that take room. One that is tied to another stands in that one's words."""
    writers: dict[int, list[int]] = {v: [] for v in problem.entry}
    readers: dict[int, list[int]] = {}
    needed: dict[int, list[tuple[int, int]]] = {}
    for k, operation in enumerate(problem.operations):
        if operation.writes >= 0:
            writers.setdefault(operation.writes, []).append(k)
        for v in operation.reads:
            readers.setdefault(v, []).append(k)
        for form, needs in enumerate(operation.needs):
            for v in needs:
                needed.setdefault(v, []).append((k, form))
    keep = problem.held | frozenset(problem.tied.values())
    hasty = _read_early(problem, writers, readers)
    return [
        Value(
            v,
            problem.widths[v],
            () if v in problem.entry else tuple(wrote),
            tuple(readers.get(v, ())),
            tuple(needed.get(v, ())),
            v in keep,
            v in hasty,
        )
        for v, wrote in sorted(writers.items())
        if v not in problem.tied
    ]


def _read_early(problem: Problem, writers: dict[int, list[int]], readers: dict[int, list[int]]) -> set[int]:
    """The values that have a writer for which no reader waits."""
    waiting = [{target for target, kind in edges if kind == DATA} for edges in problem.successors]
    return {v for v, wrote in writers.items() if any(waiting[k].isdisjoint(readers.get(v, ())) for k in wrote)}


class Instance:
    """A problem seen from its values and operations."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.values = _values_of(problem)
        self.predecessors: list[list[tuple[int, int]]] = [[] for _ in problem.operations]
        """For each operation those that it waits for, with DATA or ORDER."""
        for source, edges in enumerate(problem.successors):
            for target, kind in edges:
                self.predecessors[target].append((source, kind))
        self.writers: dict[int, list[int]] = {}
        for k, operation in enumerate(problem.operations):
            self.writers.setdefault(operation.writes, []).append(k)
        self.touched: list[list[int]] = [[] for _ in problem.operations]
        """For each operation the positions of the `values` that it writes or reads."""
        for position, value in enumerate(self.values):
            for k in {*value.writers, *value.readers, *(k for k, _ in value.needed)}:
                self.touched[k].append(position)
        self.needing: list[set[int]] = [set() for _ in problem.operations]
        """For each operation those with forms that need its result."""
        for k, operation in enumerate(problem.operations):
            for writer in (w for needs in operation.needs for v in needs for w in self.writers.get(v, ())):
                self.needing[writer].add(k)
