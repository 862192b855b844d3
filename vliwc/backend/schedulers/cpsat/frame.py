"""A part of a schedule that is open: some operations free, all others, and the values that only these touch, fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate

from vliwc.backend.schedulers.cpsat.instance import Instance, Value
from vliwc.backend.schedulers.cpsat.timetable import Timetable
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
    others: Timetable,
    within: Mapping[int, tuple[int, int]] | None = None,
) -> Frame:
    """The frame of a schedule of so many cycles. All operations but the `free` ones stand where they do in `others`.

    Operations without slots are free if something free is next to them. Free operations may be held `within` cycles.
    """
    free = _with_joints(instance, free)
    fixed = {k: own for k, own in enumerate(others.spans) if k not in free}
    used = others.used().copy()
    for k in free:
        for issue in others.slots[k]:
            step = instance.problem.operations[k].forms[issue.form][issue.step]
            used[step.engine, issue.cycle] -= issue.slots
    due = _due(instance, others, fixed)
    lives, resting = _lives(instance, cycles, others, free)
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


def _due(instance: Instance, others: Timetable, fixed: Mapping[int, Span]) -> dict[int, int]:
    """By when results must be there since a fixed operation has a form that needs them."""
    due: dict[int, int] = {}
    for value in instance.values:
        for k, form in value.needed:
            if k in fixed and others.form(k) == form:
                for writer in value.writers:
                    due[writer] = min(due.get(writer, fixed[k].start), fixed[k].start)
    return due


def _lives(
    instance: Instance, cycles: int, others: Timetable, free: Collection[int]
) -> tuple[tuple[OpenLife, ...], list[tuple[int, int]]]:
    """The values that free operations touch; and how much room the others take in each cycle."""
    lanes = instance.problem.machine.lanes
    changes = [[0] * (cycles + 1), [0] * (cycles + 1)]
    touched = {position for k in free for position in instance.touched[k]}
    found: list[OpenLife] = []
    for position, (value, life) in enumerate(zip(instance.values, others.lives(), strict=True)):
        if position in touched:
            found.append(_open_life(value, cycles, others, free))
            continue
        kind = changes[value.width != lanes]
        kind[min(life.born, cycles)] += 1
        kind[cycles if value.kept else min(max(life.born, life.last), cycles)] -= 1
    vectors, words = (list(accumulate(kind)) for kind in changes)
    return tuple(found), list(zip(vectors, words, strict=True))


def _open_life(value: Value, cycles: int, others: Timetable, free: Collection[int]) -> OpenLife:
    """What operations that are not free make of a value's life."""
    spans = others.spans
    writers = [spans[k] for k in value.writers if k not in free]
    born = min((own.start for own in writers), default=cycles) if value.writers else 0
    if value.kept:
        return OpenLife(value, born, cycles)
    reads = [spans[k].end for k in value.readers if k not in free]
    reads += [spans[k].end for k, form in value.needed if k not in free and others.form(k) == form]
    return OpenLife(value, born, max([*reads, *(own.landed for own in writers)], default=0))
