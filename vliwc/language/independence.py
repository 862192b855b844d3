"""Iterations of `par` loops that conflict for certain.

Each use of an array whose index is affine, and that happens in every iteration, is enumerated over a sample of the
iterations. Two iterations of the sample that use a word which one of them writes are a conflict in every run of the
loop; what is not affine, conditional or beyond the sample is left to the interpreter to find.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vliwc.language import kernel as k
from vliwc.language.affine import ZERO, Affine
from vliwc.language.conflicts import Conflict, Ownership
from vliwc.language.problems import Problems
from vliwc.language.uses import Around, Use, Uses

SAMPLE = 2**20
"""How many uses of single words are enumerated in one kernel, about."""

FEWEST = 64
"""… but at least this many for each use in the text."""

Numbers = NDArray[np.int64]


def check_independence(uses: Uses, arrays: Mapping[str, k.ArrayDecl], problems: Problems) -> None:
    """Reports for each `par` loop and array the first conflict that is certain."""
    by_loop: dict[int, list[Use]] = defaultdict(list)
    loops: dict[int, k.For] = {}
    for use in uses.found:
        for around in use.loops:
            if around.loop.parallel and not use.table and around.conditions == use.conditions:
                by_loop[id(around.loop)].append(use)
                loops[id(around.loop)] = around.loop
    points = max(FEWEST, SAMPLE // max(1, sum(map(len, by_loop.values()))))
    for key, found in by_loop.items():
        groups = _comparable(loops[key], found, uses, arrays)
        for members in groups:
            _check_group(loops[key], members, points, problems)


def _comparable(
    loop: k.For, found: list[Use], uses: Uses, arrays: Mapping[str, k.ArrayDecl]
) -> list[list[tuple[Use, Affine]]]:
    """The uses that can be compared with each other: of one array that is written, at places that differ only in the
    variables of the loop and of loops in it. Each with that part of its address."""
    groups: dict[tuple[object, ...], list[tuple[Use, Affine]]] = defaultdict(list)
    for use in found:
        place = _place(use, arrays[use.name].shape)
        if place is None:
            continue
        inner = {a.loop.var for a in _inside(use, loop)}
        fixed = tuple(t for t in place.terms if t[0] not in inner)
        if all(_is_fixed(local, loop, uses) for local, _ in fixed):
            moving = Affine(place.constant, tuple(t for t in place.terms if t[0] in inner))
            groups[(use.name, fixed)].append((use, moving))
    return [members for members in groups.values() if any(use.writes for use, _ in members)]


def _is_fixed(local: int, loop: k.For, uses: Uses) -> bool:
    """Whether a local keeps its value while `loop` runs: a variable of a loop around it, or defined before it."""
    return all(around.loop is not loop for around in uses.opaque.get(local, ()))


def _inside(use: Use, loop: k.For) -> list[Around]:
    """`loop` and the loops in it that are around the use, from the outside in."""
    at = next(n for n, around in enumerate(use.loops) if around.loop is loop)
    return list(use.loops[at:])


def _place(use: Use, shape: tuple[int, ...]) -> Affine | None:
    """The offset in the array, if all indices are affine."""
    place = ZERO
    for form, size in zip(use.indices, shape, strict=True):
        if form is None:
            return None
        place = ZERO.plus(place, size).plus(form)
    return place


def _enumerate(loop: k.For, use: Use, place: Affine, points: int) -> tuple[Numbers, Numbers]:
    """The offsets of a use over a sample of at most about `points` iterations of `loop` and those in it, and the
    number of the iteration of `loop` for each."""
    factors = dict(place.terms)
    inside = _inside(use, loop)
    offsets = np.array([place.constant], dtype=np.int64)
    for around in reversed(inside[1:]):
        inner = around.loop
        if inner.var in factors:
            few = min(_trips(inner), max(1, points // (2 * len(offsets))))
            values = inner.lo + np.arange(few, dtype=np.int64) * inner.step
            offsets = np.add.outer(values * factors[inner.var], offsets).ravel()
    count = min(_trips(loop), max(2, points // len(offsets)))
    iterations = np.arange(count, dtype=np.int64)
    moved = (loop.lo + iterations * loop.step) * factors.get(loop.var, 0)
    return np.add.outer(moved, offsets).ravel(), np.repeat(iterations, len(offsets))


def _trips(loop: k.For) -> int:
    return -(-(loop.hi - loop.lo) // loop.step)


def _check_group(loop: k.For, members: list[tuple[Use, Affine]], points: int, problems: Problems) -> None:
    writes_first = sorted(members, key=lambda member: not member[0].writes)
    sampled = [(use, *_enumerate(loop, use, place, points)) for use, place in writes_first]
    places = np.unique(np.concatenate([offsets for _, offsets, _ in sampled]))
    owners = Ownership(len(places))
    owners.begin(_trips(loop))
    for at, (use, offsets, iterations) in enumerate(sampled):
        touch = owners.write if use.writes else owners.read
        conflict = touch(np.searchsorted(places, offsets), iterations)
        if conflict is not None:
            users = [user for user, o, _ in sampled[: at + 1] if places[conflict.index] in o]
            _report(loop, users, conflict, problems)
            return


def _report(loop: k.For, users: list[Use], conflict: Conflict, problems: Problems) -> None:
    first, last = users[0], users[-1]
    values = sorted({loop.lo + n * loop.step for n in (conflict.mine, conflict.theirs)})
    which = " and ".join(f"{loop.name} = {value}" for value in values)
    verbs = "both write" if last.writes else "write and read"
    message = f"iterations {which} of the `par` loop at {loop.span} {verbs} the same word of `{last.name}`"
    label = "the same word for both" if first is last else f"written at {first.span}"
    problems.report("VK0702", message, last.span, label)
