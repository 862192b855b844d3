"""The list scheduler with one setting of its priorities after the other, and a search around the best of them.

Most problems need no more than the first settings, which reach a lower bound. The others are scheduled with the whole
portfolio (see `urgency`), with fewer strands at a time where scratch may have been in the way, with forms that cost
little, and with settings near the best; then `iterated` goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from vliwc.backend.bounds.segment import segment_bound
from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import listing
from vliwc.backend.schedulers.iterated import iterated
from vliwc.backend.schedulers.making import Forms, Made, maker
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency, around, portfolio, rescues, squeezes

_FIRST = 2
"""How many settings are tried before machine code is worth loading."""
_MOST_RUNS, _FEWEST_RUNS = 240, 10
_MOST_OPERATIONS = 2_000_000
"""How many schedules the search around the best makes, and how many operations they may have together."""
NEARLY = 9
"""How many free vectors are so few that scratch may have been in the way: the portfolio keeps 8 in reserve."""


def schedule(problem: Problem, seed: int = 0, progress: Callable[[str], None] | None = None) -> Schedule | None:
    """The shortest schedule that is found; None if no setting finds room in scratch.

    The search ends when a lower bound is reached.
    """
    urgency, shapes = Urgency(problem), Shapes(problem)
    settings = portfolio(problem, urgency, seed)
    found = _first(problem, shapes, urgency, settings[:_FIRST])
    bound = segment_bound(problem, found.cycles if found else 0).best
    if found is not None and found.cycles <= bound:
        return found
    search = _Search(problem, shapes, urgency, bound, progress)
    return search.run(settings, seed)


def _first(problem: Problem, shapes: Shapes, urgency: Urgency, settings: Iterable[Settings]) -> Schedule | None:
    """The shortest schedule of some settings, made plainly."""
    tried = [listing.run(problem, shapes, urgency, setting) for setting in settings]
    return min((found for found in tried if found is not None), key=lambda found: found.cycles, default=None)


@dataclass(frozen=True, slots=True)
class _Try:
    settings: Settings
    forms: Forms | None
    made: Made


class _Search:
    def __init__(
        self, problem: Problem, shapes: Shapes, urgency: Urgency, bound: int, progress: Callable[[str], None] | None
    ) -> None:
        self.problem = problem
        self.shapes = shapes
        self.urgency = urgency
        self.bound = bound
        self.progress = progress
        self.runs = max(_FEWEST_RUNS, min(_MOST_RUNS, _MOST_OPERATIONS // (len(problem.operations) + 1)))
        self.maker = maker(problem, urgency, shapes, self.runs)
        self.best: _Try | None = None

    def run(self, settings: list[Settings], seed: int) -> Schedule | None:
        """The shortest schedule of these settings, of others if scratch asks for them, and around the best."""
        room = self._attempts(settings)
        if not room or self._nearly_full():
            self._attempts(squeezes(self.problem, self.urgency))
        if self.best is None:
            made = next((made for rescue in rescues(self.urgency) if (made := self._attempt(rescue, None))), None)
            return made.schedule() if made else None
        self._attempts([self.best.settings], self._thrifty())
        self._attempts(around(self.problem, self.best.settings), self.best.forms)
        made, late = self.best.made, self.best.made.late()
        if late is not None:
            forms = self.best.forms or self.shapes.forms
            shorter = iterated(self.maker, late, made.cycles, forms, self.runs, seed=seed, enough=self.bound)
            made = shorter or made
            self._tell(made.cycles)
        return made.schedule()

    def _attempts(self, several: Iterable[Settings], forms: Forms | None = None) -> bool:
        """Tries settings until the bound is reached; False if one of them found no room in scratch."""
        room = True
        for settings in several:
            if self.best is not None and self.best.made.cycles <= self.bound:
                break
            made = self._attempt(settings, forms)
            room &= made is not None
            if made is not None and (self.best is None or made.cycles < self.best.made.cycles):
                self.best = _Try(settings, forms, made)
                self._tell(made.cycles)
        return room

    def _attempt(self, settings: Settings, forms: Forms | None) -> Made | None:
        return self.maker.make(np.array(self.urgency.ranks(settings)[1], np.intp), settings, forms)

    def _nearly_full(self) -> bool:
        """May scratch have been in the way of the best schedule?"""
        machine = self.problem.machine
        return self.best is not None and self.best.made.peak + NEARLY * machine.lanes > machine.scratch_words

    def _thrifty(self) -> Forms:
        """The forms that cost little, see `Shapes.thrifty`."""
        kept = self.shapes.thrifty(self.problem).choices
        return [
            [position for position, choice in enumerate(choices) if choice in few]
            for choices, few in zip(self.shapes.choices, kept, strict=True)
        ]

    def _tell(self, cycles: int) -> None:
        if self.progress is not None:
            self.progress(f"list: {cycles} cycles")
