"""A part of a schedule that is open: some operations free, all others, and the values that only these touch, fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from vliwc.backend.problem import DATA
from vliwc.backend.schedulers.cpsat.instance import Instance, Value
from vliwc.backend.schedulers.cpsat.timetable import Slots, span
from vliwc.backend.schedulers.cpsat.timing import Span, Windows, windows


@dataclass(frozen=True, slots=True)
class OpenLife:
    """A value that free operations touch, and what the fixed ones make of its life.

    It is born in cycle `born` at the latest, and its words are not free before cycle `last`.
    """

    value: Value
    born: int
    last: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What a model of the free operations must know of the rest."""

    cycles: int
    free: tuple[int, ...]
    windows: Windows
    fixed: dict[int, Span]
    used: Counter[tuple[str, int]]
    """The slots that fixed operations take, by engine and cycle."""
    lives: tuple[OpenLife, ...]
    resting: list[tuple[int, int]]
    """In each cycle the vectors and the single words of values that no free operation touches."""


def frame(
    instance: Instance,
    cycles: int,
    free: Collection[int],
    slots: Sequence[Slots],
    within: Mapping[int, tuple[int, int]] | None = None,
) -> Frame:
    """The frame of a schedule of so many cycles. All operations but the `free` ones have the given slots.

    Operations without slots are free if something free is next to them. Free operations may be held `within` cycles.
    """
    problem = instance.problem
    free = _with_joints(instance, free)
    fixed: dict[int, Span] = {}
    used: Counter[tuple[str, int]] = Counter()
    for k, issues in enumerate(slots):
        if k in free:
            continue
        if not issues:
            before = [fixed[s].landed if kind == DATA else fixed[s].end for s, kind in instance.predecessors[k]]
            fixed[k] = Span(*(max(before, default=0),) * 3)
            continue
        fixed[k] = span(problem, issues)
        for issue in issues:
            used[problem.operations[k].forms[issue.form][issue.step].engine, issue.cycle] += issue.slots
    due = _due(instance, slots, fixed)
    lives, resting = _lives(instance, cycles, slots, fixed)
    open_windows = windows(instance, cycles, free, fixed, due, within or {})
    return Frame(cycles, tuple(sorted(free)), open_windows, fixed, used, lives, resting)


def _with_joints(instance: Instance, free: Collection[int]) -> set[int]:
    """The free operations, and operations without slots that join them with others."""
    operations, successors = instance.problem.operations, instance.problem.successors
    found = set(free)
    work = list(free)
    while work:
        k = work.pop()
        for other, _ in (*instance.predecessors[k], *successors[k]):
            if other not in found and not operations[other].forms:
                found.add(other)
                work.append(other)
    return found


def _due(instance: Instance, slots: Sequence[Slots], fixed: Mapping[int, Span]) -> dict[int, int]:
    """By when results must be there since a fixed operation has a form that needs them."""
    due: dict[int, int] = {}
    for value in instance.values:
        for k, form in value.needed:
            if k in fixed and slots[k][0].form == form:
                for writer in value.writers:
                    due[writer] = min(due.get(writer, fixed[k].start), fixed[k].start)
    return due


def _lives(
    instance: Instance, cycles: int, slots: Sequence[Slots], fixed: Mapping[int, Span]
) -> tuple[tuple[OpenLife, ...], list[tuple[int, int]]]:
    """The values that free operations touch; and how much room the others take in each cycle."""
    lanes = instance.problem.machine.lanes
    changes = [[0] * (cycles + 1), [0] * (cycles + 1)]
    found: list[OpenLife] = []
    for value in instance.values:
        births = [fixed[k].start for k in value.writers if k in fixed]
        reads = [fixed[k].end for k in value.readers if k in fixed]
        reads += [fixed[k].end for k, form in value.needed if k in fixed and slots[k][0].form == form]
        born = min(births, default=cycles) if value.writers else 0
        reads += [fixed[k].landed for k in value.writers if k in fixed]
        last = cycles if value.kept else max(reads, default=0)
        touching = (*value.writers, *value.readers, *(k for k, _ in value.needed))
        if all(k in fixed for k in touching):
            kind = changes[value.width != lanes]
            kind[min(born, cycles)] += 1
            kind[min(max(born, last), cycles)] -= 1
        else:
            found.append(OpenLife(value, born, last))
    vectors, words = (list(accumulate(kind)) for kind in changes)
    return tuple(found), list(zip(vectors, words, strict=True))
