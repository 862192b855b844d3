"""One case of a campaign: a random kernel and a way to compile it, both determined by a seed and a number."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random

from vliwc.backend import schedule_names
from vliwc.driver import Options, compile_source
from vliwc.errors import DoesNotFit
from vliwc.fuzz.files import random_kernel
from vliwc.fuzz.policies import POLICIES
from vliwc.language.unparse import unparse
from vliwc.machine import load_machine, machine_names
from vliwc.options import LEVELS
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.triage.failure import Failure, examine
from vliwc.triage.oracles import fails_like
from vliwc.triage.reduce import Reducer

SECONDS = 120
"""A case that takes longer counts as failed: nothing so small should take the compiler minutes."""
REDUCTION_SECONDS = 120
"""How long a failing kernel is shrunk."""

RIGHT, NO_ROOM, SLOW = "right", "does not fit", "slow"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a campaign draws from: a seed, and the names of policies and schedulers."""

    seed: int = 0
    policies: tuple[str, ...] = tuple(POLICIES)
    schedules: tuple[str, ...] = schedule_names()


@dataclass(frozen=True, slots=True)
class Case:
    """A kernel's text and how to compile it. `machine` names a shipped one; `scratch` replaces its size in words."""

    number: int
    policy: str
    text: str
    level: int
    schedule: str
    machine: str
    scratch: int | None
    seed: int

    @property
    def options(self) -> Options:
        """The options of the compilation."""
        machine = load_machine(self.machine)
        if self.scratch is not None:
            machine = replace(machine, scratch_words=self.scratch)
        return Options(optimise=self.level, schedule=self.schedule, machine=machine, seed=self.seed)

    @property
    def machine_text(self) -> str:
        """The machine's description as TOML."""
        text = (data_path("isa") / f"{self.machine}.toml").read_text(encoding="utf-8")
        if self.scratch is None:
            return text
        return re.sub(r"(?m)^scratch_words *=.*$", f"scratch_words = {self.scratch}", text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: "right", "does not fit", "slow", or the kind of its failure."""

    case: Case
    verdict: str
    failure: Failure | None = None
    reduced: str | None = None
    """A smaller kernel that fails in the same way."""

    @property
    def failed(self) -> bool:
        """Whether somebody should look at it."""
        return self.verdict not in (RIGHT, NO_ROOM)


class OutOfTime(BaseException):
    """The alarm rang. No Exception, since the compiler's own failures are caught as such."""


def make_case(selection: Selection, number: int) -> Case:
    """The case of a number. Equal arguments give equal cases."""
    rng = Random(f"{selection.seed}/{number}")
    policy = POLICIES[selection.policies[number % len(selection.policies)]]
    text = unparse(random_kernel(rng, policy))
    level, schedule, machine = rng.choice(LEVELS), rng.choice(selection.schedules), rng.choice(machine_names())
    case = Case(number, policy.name, text, level, schedule, machine, None, rng.randrange(1 << 16))
    return replace(case, scratch=_squeezed(case, rng.uniform(0.3, 1.0))) if policy.squeeze else case


def _squeezed(case: Case, share: float) -> int | None:
    """A share of the scratch words that the case's program takes; None if the compiler fails on it, as it then may."""
    try:
        with alarm(SECONDS):
            compilation = compile_source(Source("fuzz.vk", case.text), replace(case.options, certify=False))
    except (Exception, OutOfTime):
        return None
    return max(1, round(share * compilation.generated.stats.peak_words))


def run_case(case: Case, seconds: float = SECONDS, reduction_seconds: float = REDUCTION_SECONDS) -> Outcome:
    """Compiles a case, compares every stage, and reduces the kernel if something is wrong.

    Call it in the main thread of a process: it uses the process's alarm.
    """
    try:
        with alarm(seconds):
            failure = examine(Source("fuzz.vk", case.text), case.options)
    except DoesNotFit:
        return Outcome(case, NO_ROOM)
    except OutOfTime:
        return Outcome(case, SLOW)
    if failure is None:
        return Outcome(case, RIGHT)
    return Outcome(case, failure.kind, failure, _reduced(case, failure, reduction_seconds))


def _reduced(case: Case, failure: Failure, seconds: float) -> str:
    reducer = Reducer(case.text, fails_like(failure, case.options))
    try:
        with alarm(seconds):
            reducer.run()
    except OutOfTime:
        pass
    return reducer.best


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in the block if it takes longer (wall-clock time; on systems that have alarms)."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
