"""Local search over tunings: simulated annealing (Kirkpatrick et al. 1983) in several chains, which meet now and then.

Where chains meet, those that have come less far go on from where the best one is ("go with the winners", Aldous and
Vazirani 1994). Chains are independent between the meetings, have generators of their own, and meet after fixed
numbers of evaluations, so that threads may run them without the result depending on who is faster.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import exp, inf, sqrt
from random import Random
from threading import Event

from vliwc.backend.problem import Problem, Schedule
from vliwc.tune.budget import Budget, Clock
from vliwc.tune.moves import moved
from vliwc.tune.tuner import Tuner
from vliwc.tune.tuning import Tuning

Progress = Callable[[str], None]

_STAGGERS = (0.0, 0.02, 0.04, 0.06, 0.1)
_DRIFTS = (0.0, 0.5, 1.0, 2.0)
_RESERVE = 8
"""Where the search begins: the best of all pairs, in the units of `urgency.Settings`."""
_IMPROVED = 5
"""So many of them are improved, with …"""
_PASSES = 3
"""… so many passes each (see `justify`)."""
_TEMPERATURE = 0.001
"""The temperature at the start, as a share of the target; it falls to 0 in a straight line."""
_LATE = 0.5
"""What a cycle of `Score`'s tail counts, in cycles."""
_ROUND = 20
"""Evaluations of each chain from one look at the clock to the next."""
_MEETINGS = 6
"""How often chains meet."""
_CHAIN = 10_000
"""Evaluations from which on a budget is worth another chain."""
_MOST_CHAINS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """The best tuning, its schedule, and how many schedules were tried."""

    tuning: Tuning
    schedule: Schedule
    evals: int


class _Score:
    """What the search minimises: cycles, and a little of what lies after the target.

    The cycles alone are a plateau: most changes leave them as they are. The work after the target cycle is not. If
    all engines were busy, n cycles of tail would add up to n² / 2 for each engine; thus the root of twice the sum, over
    the engines, is a length in cycles.
    """

    def __init__(self, tuner: Tuner, target: int) -> None:
        self.tuner = tuner
        self.target = target
        self._engines = max(1, len(tuner.compiled.packed.capacity))

    def __call__(self, tuning: Tuning) -> tuple[float, float, int]:
        """The score and the cycles, infinite if there is no room in scratch; and how many schedules were made."""
        outcome = self.tuner.measure(tuning, self.target)
        if outcome is None:
            return inf, inf, 1
        return outcome.cycles + _LATE * sqrt(2 * outcome.late / self._engines), outcome.cycles, outcome.runs


class _Chain:
    """One walk from tuning to tuning."""

    def __init__(self, score: _Score, random: Random, tuning: Tuning, value: float, cycles: float) -> None:
        self._score = score
        self._random = random
        self.tuning, self.value = tuning, value
        self.best, self.best_value, self.best_cycles = tuning, value, cycles
        self.evals = 0

    def walk(self, evals: int, temperature: float, stop: Event) -> None:
        """Makes so many schedules or a few more, or fewer if `stop` is set."""
        until = self.evals + evals
        while self.evals < until and not stop.is_set():
            tuning = moved(self.tuning, self._random, self._score.tuner.length, self._score.tuner.forms)
            value, cycles, runs = self._score(tuning)
            self.evals += runs
            worse = value - self.value  # no number at all if both are infinite: then any step will do
            if not worse > 0 or (temperature > 0 and self._random.random() < exp(-worse / temperature)):
                self.tuning, self.value = tuning, value
            if (cycles, value) < (self.best_cycles, self.best_value):
                self.best, self.best_value, self.best_cycles = tuning, value, cycles

    def follow(self, other: _Chain) -> None:
        """Goes on from where another chain is."""
        self.tuning, self.value = other.tuning, other.value


def search(
    problem: Problem, budget: Budget, *, seed: int = 0, target: int = 0, progress: Progress | None = None
) -> Found | None:
    """The shortest schedule that is found within the budget; None if none of the tunings finds room in scratch.

    `target` is a lower bound in cycles: the search ends when it is reached. With a budget of evaluations, equal
    arguments give equal results on every computer.
    """
    budget = budget.for_operations(len(problem.operations))
    tuner = Tuner(problem)
    score = _Score(tuner, target)
    first = tuner.neutral()
    score(first)  # compiles, or loads what has been compiled, before the clock starts
    clock = Clock(budget)
    starts = _starts(score)
    chains = _chains(score, starts, seed, budget)
    clock.evals = sum(runs for (_, _, runs), _ in starts)
    stop = Event()
    with ThreadPoolExecutor(len(chains)) as threads:
        try:
            _anneal(chains, clock, target, threads, stop, progress)
        except KeyboardInterrupt:
            stop.set()
            if budget.interrupted is None:
                raise
            budget.interrupted.set()
    best = min(chains, key=lambda chain: (chain.best_cycles, chain.best_value))
    schedule = tuner.schedule(best.best)
    return Found(best.best, schedule, clock.evals) if schedule else None


Start = tuple[tuple[float, float, int], Tuning]
"""A tuning and what `_Score` says of it."""


def _starts(score: _Score) -> list[Start]:
    """Where the search may begin: staggers and drifts, or if none of them finds room, fewer strands; and the best of
    these with passes of improvement."""
    neutral, strands = score.tuner.neutral, score.tuner.strands
    slopes = [(stagger, drift) for stagger in _STAGGERS for drift in _DRIFTS]
    grid = [neutral(*slope, _RESERVE, thrifty=thrifty) for thrifty in (True, False) for slope in slopes]
    scored = [(score(tuning), tuning) for tuning in grid]
    if all(value == inf for (value, _, _), _ in scored):
        few = [neutral(0.1, 0.0, _RESERVE, strands >> k) for k in range(1, strands.bit_length())]
        scored += [(score(tuning), tuning) for tuning in few]
    best = sorted(scored, key=lambda start: start[0])[:_IMPROVED]
    passing = [replace(tuning, passes=_PASSES) for _, tuning in best]
    return scored + [(score(tuning), tuning) for tuning in passing]


def _chains(score: _Score, starts: list[Start], seed: int, budget: Budget) -> list[_Chain]:
    """The chains, all where it is best to begin."""
    (value, cycles, _), tuning = min(starts, key=lambda start: start[0])
    if budget.evals is not None:
        count = max(1, min(_MOST_CHAINS, budget.evals // _CHAIN))
    else:
        count = min(_MOST_CHAINS, os.cpu_count() or 1)
    return [_Chain(score, Random(f"{seed}/{chain}"), tuning, value, cycles) for chain in range(count)]


def _anneal(
    chains: list[_Chain],
    clock: Clock,
    target: int,
    threads: ThreadPoolExecutor,
    stop: Event,
    progress: Progress | None,
) -> None:
    """Walks all chains until the budget is used up or the target reached."""
    begun, meetings = clock.evals, 0
    while (used := clock.used()) < 1 and min(chain.best_cycles for chain in chains) > target:
        if used * (_MEETINGS + 1) >= meetings + 1:
            meetings += 1
            winner = min(chains, key=lambda chain: chain.value)
            for chain in chains:
                chain.follow(winner)
        temperature = _TEMPERATURE * target * (1 - used)
        steps = _ROUND
        if clock.budget.evals is not None:
            steps = min(steps, -(-(clock.budget.evals - clock.evals) // len(chains)))
        walks = [threads.submit(chain.walk, steps, temperature, stop) for chain in chains]
        for walk in walks:
            walk.result()
        clock.evals = begun + sum(chain.evals for chain in chains)
        if progress is not None:
            best = min(chain.best_cycles for chain in chains)
            progress(f"search: {clock.evals} schedules tried, best {best} cycles, bound {target}, {used:.0%}")
