"""The list scheduler with one setting of its priorities after the other, and a search around the best of them.

Most problems need no more than the first settings, which reach a lower bound. The others are scheduled with the whole
portfolio (see `urgency`), with fewer strands at a time where scratch may have been in the way, with forms that cost
little, and with settings near the best; then `iterated` goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from vliwc.backend.bounds.segment import segment_bound
from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers.degrees import Squeezer
from vliwc.backend.schedulers.iterated import Later, iterated, latest, partitions
from vliwc.backend.schedulers.making import Forms, Made, Maker, for_runs, maker
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import (
    NO_LIMITS,
    RELAXED_STAGGERS,
    Settings,
    Urgency,
    around,
    portfolio,
    rescues,
    squeezes,
)

_FIRST = 2
"""How many settings are tried before machine code is worth loading."""
_MOST_RUNS, _FEWEST_RUNS = 720, 10
_MOST_OPERATIONS = 9_000_000
"""How many schedules the search around the best makes, and how many operations they may have together."""
_PROMISING = 4
"""How many settings are tried with forms that cost little."""
_HOPELESS = 1.1
"""A schedule that is so many times longer than another one is not searched around."""
_EACH = 0.6
"""The share of the runs that is for each schedule where there are two to search around."""
_MORE_STRANDS, _RESERVE = 2, 2
"""How many more strands may be under way in the search around a schedule of few, which leaves less room unused, and how
many vectors only the oldest may use then."""
NEARLY = 9
"""How many free vectors are so few that scratch may have been in the way: the portfolio keeps 8 in reserve."""


def schedule(problem: Problem, seed: int = 0, progress: Callable[[str], None] | None = None) -> Schedule | None:
    """The shortest schedule that is found; None if no setting finds room in scratch.

    The search ends when a lower bound is reached.
    """
    urgency, shapes = Urgency(problem), Shapes(problem)
    settings = portfolio(problem, urgency, seed)
    making = maker(problem, urgency, shapes, _FIRST)
    found = _first(making, settings[:_FIRST])
    bound = segment_bound(problem, found.cycles if found else 0).best
    if found is not None and found.cycles <= bound:
        return found
    search = _Search(problem, shapes, urgency, making, bound, progress)
    return search.run(settings, seed)


def _first(making: Maker, settings: Iterable[Settings]) -> Schedule | None:
    """The shortest schedule of some settings."""
    tried = [making.make(making.order(setting), setting) for setting in settings]
    best = min((made for made in tried if made is not None), key=lambda made: made.cycles, default=None)
    return best.schedule() if best else None


@dataclass(frozen=True, slots=True)
class _Try:
    settings: Settings
    forms: Forms | None
    made: Made
    limits: Settings = NO_LIMITS
    """Those of schedules that go on from it."""
    later: Later = latest
    """How late operations may begin in these."""


class _Search:
    def __init__(
        self,
        problem: Problem,
        shapes: Shapes,
        urgency: Urgency,
        making: Maker,
        bound: int,
        progress: Callable[[str], None] | None,
    ) -> None:
        self.problem = problem
        self.shapes = shapes
        self.urgency = urgency
        self.bound = bound
        self.progress = progress
        self.runs = max(_FEWEST_RUNS, min(_MOST_RUNS, _MOST_OPERATIONS // (len(problem.operations) + 1)))
        self.maker = for_runs(making, self.runs)
        self.best: _Try | None = None
        self.cycles: dict[Settings, int] = {}
        """How many cycles settings have come to, with all forms."""

    def run(self, settings: list[Settings], seed: int) -> Schedule | None:
        """The shortest schedule of these settings, of others if scratch asks for them, and around the best."""
        room = self._attempts(settings)
        squeezed: _Try | None = None
        if not room or self._nearly_full():
            self._attempts(squeezes(self.problem, self.urgency))
            squeezed = self._by_degrees()
        if self.best is not None:
            self._attempts(self._promising(), self._thrifty())
            self._attempts(around(self.problem, self.best.settings), self.best.forms)
        tried = [t for t in (self._limited(self.best), squeezed) if t is not None]
        if not tried:
            made = next((made for rescue in rescues(self.urgency) if (made := self._attempt(rescue, None))), None)
            return made.schedule() if made else None
        shortest = min(t.made.cycles for t in tried)
        several = [t for t in tried if t.made.cycles <= _HOPELESS * shortest]
        runs = self.runs if len(several) == 1 else int(_EACH * self.runs)
        ends = [self._iterated(t, seed, runs) for t in several]
        return min(ends, key=lambda made: made.cycles).schedule()

    def _limited(self, best: _Try | None) -> _Try | None:
        """The same; where few strands at a time made it, schedules that go on from it keep to that, and values leave
        scratch as soon as they can."""
        if best is None or best.settings.strands >= NO_LIMITS.strands:
            return best
        limits = Settings(strands=best.settings.strands + _MORE_STRANDS, reserve=_RESERVE)
        return replace(best, limits=limits, later=Squeezer(self.maker).late)

    def _iterated(self, best: _Try, seed: int, runs: int) -> Made:
        """The shortest schedule around one, or itself."""
        made, late = best.made, best.later(best.made, False)
        if late is None:
            return made
        parts = partitions(self.urgency, self.shapes)
        shorter = iterated(
            self.maker,
            late,
            made.cycles,
            best.forms or self.shapes.forms,
            runs,
            parts,
            seed=seed,
            enough=self.bound,
            limits=best.limits,
            later=best.later,
        )
        self._tell((shorter or made).cycles)
        return shorter or made

    def _attempts(self, several: Iterable[Settings], forms: Forms | None = None) -> bool:
        """Tries settings until the bound is reached; False if one of them found no room in scratch."""
        room = True
        for settings in several:
            if self.best is not None and self.best.made.cycles <= self.bound:
                break
            made = self._attempt(settings, forms)
            room &= made is not None
            if made is not None and forms is None:
                self.cycles[settings] = made.cycles
            if made is not None and (self.best is None or made.cycles < self.best.made.cycles):
                self.best = _Try(settings, forms, made)
                self._tell(made.cycles)
        return room

    def _attempt(self, settings: Settings, forms: Forms | None) -> Made | None:
        return self.maker.make(self.maker.order(settings), settings, forms)

    def _by_degrees(self) -> _Try | None:
        """The shortest schedule from which scratch was taken away by degrees; None if none is left, or needed."""
        if self.best is not None and self.best.made.cycles <= self.bound:
            return None
        squeezer = Squeezer(self.maker)

        def squeezed(settings: Settings, forms: Forms | None) -> _Try | None:
            found = squeezer.run(self.maker.order(settings), forms)
            return None if found is None else _Try(settings, forms, found.made, found.limits, squeezer.late)

        tried = [t for stagger in RELAXED_STAGGERS if (t := squeezed(Settings(stagger), None)) is not None]
        best = min(tried, key=lambda t: t.made.cycles, default=None)
        if best is not None and (thrifty := squeezed(best.settings, self._thrifty())) is not None:
            best = min(best, thrifty, key=lambda t: t.made.cycles)
        if best is not None:
            self._tell(best.made.cycles)
        return best

    def _nearly_full(self) -> bool:
        """May scratch have been in the way of the best schedule?"""
        machine = self.problem.machine
        return self.best is not None and self.best.made.peak + NEARLY * machine.lanes > machine.scratch_words

    def _promising(self) -> list[Settings]:
        """The settings that have come to the shortest schedules."""
        return sorted(self.cycles, key=lambda settings: self.cycles[settings])[:_PROMISING]

    def _thrifty(self) -> Forms:
        """The forms that cost little, see `Shapes.thrifty`; the others are for slots that are left over."""
        kept = self.shapes.thrifty(self.problem).choices
        return [
            [position for position, choice in enumerate(choices) if choice in few]
            for choices, few in zip(self.shapes.choices, kept, strict=True)
        ]

    def _tell(self, cycles: int) -> None:
        if self.progress is not None:
            self.progress(f"list: {cycles} cycles")
