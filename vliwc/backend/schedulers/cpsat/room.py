"""The limit of scratch, as constraints."""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.backend.problem import Problem


@dataclass(frozen=True, slots=True)
class Room:
    """The words of scratch that the problem may use.

    `split` divides scratch into a part for vectors and one for single words, by a border that may move up as time goes
    on: then whatever keeps within the limits can be placed (see `placing`). Otherwise only the words that are alive are
    counted: any placement needs that many, but it may be that there is none.
    """

    words: int
    blocks: int
    """How many vectors fit."""
    split: bool


def room(problem: Problem, *, split: bool) -> Room:
    """The room of a problem."""
    lanes, total = problem.machine.lanes, problem.machine.scratch_words
    blocked = {word for first, words in problem.blocked for word in range(first, first + words)}
    hit = {word // lanes for word in blocked if word < total // lanes * lanes}
    return Room(total - len(blocked), total // lanes - len(hit), split)
