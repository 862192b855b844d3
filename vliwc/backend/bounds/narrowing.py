"""Windows in which some engines have less time than others: an engine offers nothing before anything can use it.

Work may begin in a cycle in which only loads can be issued, since all else waits for their results; and a form that
needs a value can be issued no sooner than that value is there, though another form of the operation might be. So each
engine of a window gets a window of its own: from the first cycle in which a form of an operation with work in there may
have a slot of it, to the last one. What is left of its slots has to be enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vliwc.backend.bounds.argument import Window
from vliwc.backend.bounds.heads import Heads
from vliwc.backend.bounds.network import offsets
from vliwc.backend.problem import Problem

_NEVER = 1 << 30


@dataclass(frozen=True, slots=True)
class Reach:
    """When the operations that have forms on an engine may use it: U of them."""

    operations: npt.NDArray[np.intp]
    """U operations."""
    early: npt.NDArray[np.int64]
    """U cycles before which none of their slots of the engine can be."""
    late: npt.NDArray[np.int64]
    """U cycles that are left at least, from the last slot of the engine to the end."""


class Narrowing:
    """The windows of engines, for heads and tails from either end of a problem."""

    def __init__(self, problem: Problem, heads: Heads, tails: Heads) -> None:
        self.problem = problem
        self.landed = _landed(problem, heads, tails)
        self.reaches = self._reaches(heads, tails)

    def narrowed(self, window: Window, inside: tuple[int, ...]) -> Window:
        """The window, with windows of their own for engines that operations `inside` cannot use from end to end."""
        member = np.zeros(len(self.problem.operations), bool)
        member[list(inside)] = True
        own: dict[str, tuple[int, int]] = {}
        for engine in window.prices:
            reach = self.reaches[engine]
            chosen = member[reach.operations]
            if chosen.any():
                after, before = int(reach.early[chosen].min()), int(reach.late[chosen].min())
                if after > window.after or before > window.before:
                    own[engine] = max(after, window.after), max(before, window.before)
        offers = {engine: self.problem.machine.slots(engine) * price for engine, price in window.prices.items()}
        return replace(window, own=own, offers=offers)

    def sources(self, inside: tuple[int, ...]) -> tuple[int, ...]:
        """The operations whose heads decide when the forms of those inside have what they need."""
        values = {v for k in inside for needs in self.problem.operations[k].needs for v in needs}
        return tuple(k for k, operation in enumerate(self.problem.operations) if operation.writes in values)

    def _reaches(self, heads: Heads, tails: Heads) -> dict[str, Reach]:
        rows: dict[str, dict[int, tuple[int, int]]] = {}
        for k, operation in enumerate(self.problem.operations):
            for f, form in enumerate(operation.forms):
                needs = operation.needed(f)
                head = max([heads.raised[k], *(self.landed.get(v, 0) for v in needs)])
                for step, (begun, left) in zip(form, offsets(form, self.problem.machine), strict=True):
                    early, late = rows.setdefault(step.engine, {}).get(k, (_NEVER, _NEVER))
                    rows[step.engine][k] = min(early, head + begun), min(late, tails.raised[k] + left)
        return {engine: _reach(of) for engine, of in rows.items()}


def _reach(rows: Mapping[int, tuple[int, int]]) -> Reach:
    table = np.array(list(rows.values()), np.int64).reshape(-1, 2)
    return Reach(np.array(list(rows), np.intp), table[:, 0], table[:, 1])


def _landed(problem: Problem, heads: Heads, tails: Heads) -> dict[int, int]:
    """For each value that is written here the cycle before which it cannot be there."""
    landed: dict[int, int] = {}
    for k, operation in enumerate(problem.operations):
        if operation.writes >= 0:
            there = heads.raised[k] + heads.network.span[k] + tails.network.least[k]
            landed[operation.writes] = max(landed.get(operation.writes, 0), there)
    return landed
