"""One case of a campaign: a random kernel and the ways to compile it, all determined by a seed and a number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from vliwc.backend import schedule_names
from vliwc.backend.schedulers import searches
from vliwc.backend.schedulers.effort import Effort
from vliwc.errors import DoesNotFit
from vliwc.fuzz.checks import Front, compiled
from vliwc.fuzz.files import random_kernel
from vliwc.fuzz.limits import OutOfTime, time_limit
from vliwc.fuzz.policies import POLICIES, Policy
from vliwc.language.unparse import unparse
from vliwc.machine import Machine, load_machine, machine_names
from vliwc.options import LEVELS, Options
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.triage.failure import Failure, classified
from vliwc.triage.oracles import fails_like
from vliwc.triage.reduce import Reducer

SECONDS = 120.0
"""A way to compile that takes more processor time counts as failed: nothing so small should take the compiler that."""
REDUCTION_SECONDS = 120.0
"""How much processor time goes into shrinking a failing kernel."""
EFFORT = Effort(seconds=None, work=0.01, workers=1)
"""What a scheduler that searches may put into a program: little, and the same on every computer."""

SIZES: tuple[tuple[int, Callable[[Policy], Policy]], ...] = (
    (170, lambda policy: policy.within(statements=2, words=12)),
    (28, lambda policy: policy.within(statements=3, words=40)),
    (2, lambda policy: policy),
)
"""How often kernels of each size are drawn: small ones show most mistakes, in a fraction of the time."""

RIGHT, CAUTIOUS, EMPTY, NO_ROOM = "right", "right at second try", "empty", "does not fit"
SLOW, LOST = "slow", "lost"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a campaign draws from: a seed, and the names of policies and schedulers."""

    seed: int = 0
    policies: tuple[str, ...] = tuple(POLICIES)
    schedules: tuple[str, ...] = schedule_names()


@dataclass(frozen=True, slots=True)
class Target:
    """A shipped machine, by name, and a level for it. `share` is how much scratch it gets, of what the program takes
    without a limit; None for all that the machine has."""

    level: int
    machine: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A kernel's text and how to compile it: for every target, by every scheduler."""

    number: int
    policy: str
    text: str
    targets: tuple[Target, ...]
    schedules: tuple[str, ...]
    seed: int

    @property
    def source(self) -> Source:
        """The kernel, as the compiler takes it."""
        return Source("fuzz.vk", self.text)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to compile a case. `scratch` replaces the number of the machine's scratch words."""

    level: int
    schedule: str
    machine: str
    scratch: int | None
    seed: int

    @property
    def name(self) -> str:
        """The way in a few words."""
        return f"O{self.level}-{self.schedule}-{self.machine}"

    @property
    def options(self) -> Options:
        """The options of the compilation."""
        return Options(
            optimise=self.level,
            schedule=self.schedule,
            machine=_machine(self.machine, self.scratch),
            seed=self.seed,
            effort=EFFORT if searches(self.schedule) else None,
        )

    @property
    def machine_text(self) -> str:
        """The machine's description as TOML."""
        text = (data_path("isa") / f"{self.machine}.toml").read_text(encoding="utf-8")
        if self.scratch is None:
            return text
        return re.sub(r"(?m)^scratch_words *=.*$", f"scratch_words = {self.scratch}", text)


@cache
def _machine(name: str, scratch: int | None) -> Machine:
    machine = load_machine(name)
    return machine if scratch is None else replace(machine, scratch_words=scratch)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one way: "right", "right at second try" (as a cautious program, since a better one could not be
    proven), "empty" (right: there was nothing to do), "does not fit", "slow", "lost" (no
    answer), or the kind of its failure."""

    way: Way
    verdict: str
    failure: Failure | None = None
    reduced: str | None = None
    """A smaller kernel that fails in the same way; for one of the results of a case that fail alike."""

    @property
    def failed(self) -> bool:
        """Whether somebody should look at it."""
        return self.verdict not in (RIGHT, CAUTIOUS, EMPTY, NO_ROOM)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case, way by way."""

    case: Case
    results: tuple[Result, ...]

    @property
    def failures(self) -> tuple[Result, ...]:
        """The results that somebody should look at."""
        return tuple(result for result in self.results if result.failed)


def make_case(selection: Selection, number: int) -> Case:
    """The case of a number. Equal arguments give equal cases."""
    rng = Random(f"{selection.seed}/{number}")
    policy = POLICIES[selection.policies[number % len(selection.policies)]]
    text = unparse(random_kernel(rng, _sized(rng, policy)))
    targets = tuple(
        Target(rng.choice(LEVELS), machine, rng.uniform(0.3, 1.0) if policy.squeeze else None)
        for machine in machine_names()
    )
    return Case(number, policy.name, text, targets, selection.schedules, rng.randrange(1 << 16))


def _sized(rng: Random, policy: Policy) -> Policy:
    (size,) = rng.choices([sized for _, sized in SIZES], [weight for weight, _ in SIZES])
    return size(policy)


def run_case(case: Case, seconds: float = SECONDS, reduction_seconds: float = REDUCTION_SECONDS) -> Outcome:
    """Compiles a case in all ways, compares the stages of each, and reduces the kernel if something is wrong.

    Call it in the main thread of a process: it uses the process's timers.
    """
    seen: list[Failure] = []
    results = []
    for result in _results(case, seconds):
        failure = result.failure
        if failure is None or any(failure.same_as(other) for other in seen):
            results.append(result)
        else:
            seen.append(failure)
            results.append(replace(result, reduced=_reduced(case, result.way, failure, reduction_seconds)))
    return Outcome(case, tuple(results))


def _reduced(case: Case, way: Way, failure: Failure, seconds: float) -> str:
    reducer = Reducer(case.text, fails_like(failure, way.options))
    try:
        with time_limit(seconds):
            reducer.run()
    except OutOfTime:
        pass
    return reducer.best


def lost(case: Case) -> Outcome:
    """The outcome of a case of which nothing was heard again. It is told of its first way."""
    target = case.targets[0]
    way = Way(target.level, case.schedules[0], target.machine, None, case.seed)
    return Outcome(case, (Result(way, LOST),))


def _results(case: Case, seconds: float) -> Iterator[Result]:
    """The results of all ways, not reduced. What the ways to one target have in common is done once."""
    front = Front(case.source, case.seed)
    for target in case.targets:
        scratch = _squeezed(front, target, seconds) if target.share is not None else None
        for schedule in case.schedules:
            way = Way(target.level, schedule, target.machine, scratch, case.seed)
            try:
                with time_limit(seconds):
                    verdict, failure = _verdict(front, way)
            except OutOfTime:
                verdict, failure = SLOW, None
            yield Result(way, verdict, failure)


def _verdict(front: Front, way: Way) -> tuple[str, Failure | None]:
    try:
        generated = compiled(front, way.options)
    except DoesNotFit:
        return NO_ROOM, None
    except Exception as error:  # the kernel and the options are right, so it is the compiler that is not
        failure = classified(front.source, way.options, error)
        return failure.kind, failure
    if generated.unproven:
        return CAUTIOUS, None
    return RIGHT if generated.program.bundles else EMPTY, None


def _squeezed(front: Front, target: Target, seconds: float) -> int | None:
    """A share of the scratch words that the program takes; None if the compiler fails on it, as it then may."""
    way = Way(target.level, "list", target.machine, None, front.seed)
    try:
        with time_limit(seconds):
            peak = compiled(front, replace(way.options, certify=False)).stats.peak_words
    except (Exception, OutOfTime):
        return None
    assert target.share is not None
    return max(1, round(target.share * peak))
