"""Which of the optimiser's graphs makes the best program: others are tried where the first one is far from its bound.

The balance of engines (`vliwc.transform.balance`) knows little of latency and of scratch. What it allows for is a
guess, so other guesses are tried, and where there is a budget, as many more as that has time for: a local search over
mixes, in which the list scheduler says what a mix is worth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from vliwc.backend import Generated
from vliwc.backend.pressure import NoRoom
from vliwc.backend.relief import FAR
from vliwc.frontend import Clock, Optimised, optimised_again
from vliwc.ir.graph import Graph
from vliwc.transform.attempts import ARITHMETIC, CROWDED, FEWER, LESS_COMPUTED, MORE_LOST, SPARING, Attempt, nearby
from vliwc.transform.loads import EXPECTED, unavoidable
from vliwc.transform.pipeline import FEWEST_LEVEL, MOST_LEVEL
from vliwc.transform.planning import Strategy
from vliwc.tune.budget import Budget
from vliwc.tune.budget import Clock as Meter

_NEAR = 1.03
"""A program that takes no more than so many times its bound is good enough, but at the highest level."""
_SHORT = 10_000
"""A program of no more nodes is short."""
_DRAW, _TRIAL = 200, 1000
"""To find a mix takes about as long as so many list schedules, and to make a program with it so many more."""
_FRUITLESS = 12
"""After so many mixes in a row that are known, there are hardly others."""

Progress = Callable[[str], None]


class _Known(Exception):
    """A mix has been tried."""


class Choice:
    """The best graph and program of a kernel so far, and how that came about.

    `make` makes the program of a graph; it raises NoRoom if scratch is too small for it.
    """

    def __init__(
        self, front: Optimised, make: Callable[[Optimised], Generated], clock: Clock, progress: Progress | None
    ) -> None:
        self.best = front
        self.attempt: Attempt | None = None
        """How the best graph came about, if not as the options say."""
        self._front = front
        self._make = make
        self._clock = clock
        self._progress = progress
        self._generated: Generated | None = None
        self._failure: NoRoom | None = None
        self._graphs: list[Graph] = []
        self._mixes: set[object] = set()

    @property
    def generated(self) -> Generated:
        """The best program. Raises NoRoom as for the first graph if there is room for none."""
        if self._generated is None:
            assert self._failure is not None, "the first attempt has a program or none"
            raise self._failure
        return self._generated

    def take(self, attempt: Attempt | None, *, promising: bool = False) -> bool:
        """Tries the graph of an attempt, None for what the options say; False if that has been tried before.

        If it has to be `promising`, no program is made where some engine has as much to do as the best one takes.
        """
        candidate = self._front
        if attempt is None:
            self._notice(Attempt(candidate.options.optimise), candidate.strategies)
        else:
            try:
                with self._clock.stage("optimise"):
                    candidate = optimised_again(self._front, attempt, lambda found: self._notice(attempt, found))
            except _Known:
                return False
        graph = candidate.graph
        if any(graph.op == other.op and graph.args == other.args for other in self._graphs):
            return False
        self._graphs.append(graph)
        most = self._generated.cycles if promising and self._generated is not None else math.inf
        if unavoidable(graph, candidate.machine) >= most:
            return True
        try:
            with self._clock.stage("generate"):
                found = self._make(candidate)
        except NoRoom as error:
            self._failure = self._failure or error
            return True
        if self._generated is None or _worth(found) < _worth(self._generated):
            self.best, self.attempt, self._generated = _with_bounds_of(self._front, candidate), attempt, found
        return True

    def take_best(self) -> None:
        """Tries what the options say and, where that is not good enough, other ways; if there is room for none of
        them, lower levels. Where there is to be a search, interrupted it keeps what it has, as that does."""
        self.take(None)
        try:
            self._take_others()
        except KeyboardInterrupt:
            budget = self._front.options.searching
            if budget is None or budget.interrupted is None or self._generated is None:
                raise
            budget.interrupted.set()

    def _take_others(self) -> None:
        found = self._generated
        held_up = found is None or found.cycles > FAR * found.bounds.best
        far = found is not None and found.cycles > FAR * self._bound(found)
        for attempt in attempts(self._front, held_up=held_up, far=far):
            lower = attempt.level < self._front.options.optimise
            if self._generated is not None and (lower or self._good_enough(self._generated)):
                break
            less = attempt.without or attempt.losses.lives > EXPECTED.lives
            if self._generated is None and not (lower or less):
                continue  # it needs no less scratch
            self._tell(f"trying {attempt}")
            self.take(attempt, promising=True)

    def search(self, budget: Budget, seed: int) -> float:
        """Tries mixes near the best one, and gives back which share of the budget that took.

        Ends where the strategy bound is met, too. Interrupted, it keeps what it has (see `Budget`).
        """
        meter = Meter(budget.for_operations(self.generated.stats.operations))
        random, fruitless, tried = Random(f"mixes/{seed}"), 0, 0
        crowded = any(strategy.crowded for strategy in self._front.strategies)
        try:
            while meter.used() < 1 and fruitless < _FRUITLESS and self._improvable():
                meter.evals += _DRAW
                best = self.attempt or Attempt(self._front.options.optimise)
                if not self.take(nearby(best, random, crowded=crowded)):
                    fruitless += 1
                    continue
                meter.evals += _TRIAL
                fruitless, tried = 0, tried + 1
                if self._progress is not None:
                    self._progress(f"search: {tried} other mixes tried, best {self.generated.cycles} cycles")
        except KeyboardInterrupt:
            if budget.interrupted is None:
                raise
            budget.interrupted.set()
        return meter.used()

    @property
    def short(self) -> bool:
        """Is the best graph that of a short program?"""
        return len(self.best.graph) <= _SHORT

    def _notice(self, attempt: Attempt, strategies: Sequence[Strategy]) -> None:
        """Keeps in mind what is tried. Raises _Known if it has been before: what follows depends on nothing else."""
        mixes = tuple(replace(strategy, bound=0, crowded=False) for strategy in strategies)
        key = attempt.level, attempt.losses.ramps, mixes
        if key in self._mixes:
            raise _Known
        self._mixes.add(key)

    def _improvable(self) -> bool:
        """Is there another mix, and a bound that is not met?"""
        mixed = self.attempt is None or self.attempt.level == self._front.options.optimise
        return mixed and self.generated.cycles > self._bound(self.generated)

    def _bound(self, generated: Generated) -> int:
        """The strategy bound, or what a program takes if there is no choice."""
        return max((strategy.bound for strategy in self._front.strategies), default=generated.cycles)

    def _good_enough(self, generated: Generated) -> bool:
        """Is no other strategy worth a trial? The naive scheduler's programs are never near a bound.

        Where the first strategy makes do with less scratch, or is far from what others might do, the bound of its
        operations is no measure of what is possible.
        """
        front, goal = self._front, generated.bounds.best
        if any(strategy.crowded for strategy in front.strategies) or generated.cycles > FAR * self._bound(generated):
            goal = min(goal, self._bound(generated))
        near = 1.0 if front.options.optimise == MOST_LEVEL else _NEAR
        return front.options.schedule == "naive" or generated.cycles <= near * goal

    def _tell(self, what: str) -> None:
        if self._progress is not None:
            found = self._generated
            cause = f"{found.cycles:,} cycles are not the bound" if found else "no room in scratch"
            self._progress(f"{cause}: {what}")


def _worth(generated: Generated) -> tuple[int, int]:
    """What is least for the best program: of two that take as long, a search can make more of the lower bound."""
    return generated.cycles, generated.bounds.best


def attempts(front: Optimised, *, held_up: bool, far: bool) -> Iterator[Attempt]:
    """What may be tried in place of what the options say, down to what always has room. Something that the balance does
    not know of, as a rule scratch, has held up what the options say, or it has not; or it is `far` from the strategy
    bound, which allows for all selects to be done by arithmetic."""
    options = front.options
    level = options.optimise
    if front.strategies:
        if far:
            yield from (Attempt(level, losses=losses) for losses in ARITHMETIC)
        if any(strategy.crowded for strategy in front.strategies):
            yield Attempt(level, losses=SPARING if held_up else CROWDED)
        if level == MOST_LEVEL or held_up:
            more = LESS_COMPUTED if len(front.graph) <= _SHORT else ()
            yield from (Attempt(level, losses=losses) for losses in (*MORE_LOST, *more))
        yield from (Attempt(level, without) for without in FEWER if not without <= options.disable)
    yield from (Attempt(below) for below in reversed(range(min(level, FEWEST_LEVEL))))


def _with_bounds_of(front: Optimised, candidate: Optimised) -> Optimised:
    """The candidate with the strategy bounds of all alternatives: it may have had only some to choose from, or been
    planned without a bound."""
    bounds = [strategy.bound for strategy in front.strategies]
    found = candidate.strategies or tuple(Strategy(bound, ()) for bound in bounds)
    if len(found) != len(bounds):  # joined, the arrays offer a choice more or less
        bounds = [min(bounds, default=0)] * len(found)
    strategies = (replace(strategy, bound=bound) for strategy, bound in zip(found, bounds, strict=True))
    return replace(candidate, strategies=tuple(strategies))
