"""Campaigns: cases one after the other on several processors, with a record that a later run goes on from."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import inf
from multiprocessing import resource_tracker
from multiprocessing.pool import Pool
from typing import Any

from vliwc import strict_json
from vliwc.backend import schedule_names
from vliwc.errors import DataError
from vliwc.fuzz.cases import Outcome, Selection, lost, make_case, run_case
from vliwc.fuzz.policies import POLICIES

_FAMILY = "vliwc fuzz campaign, version "
_FORMAT = f"{_FAMILY}2"
"""Another version draws other cases."""
_AHEAD = 32
"""How many cases are under way or waiting for each process: enough to do while one of them takes long."""
_PATIENCE = 1200.0
"""After so many seconds a case is lost: its process has died or does not answer."""


def outcomes(selection: Selection, first: int, jobs: int, seconds: float) -> Iterator[Outcome]:
    """The outcomes of cases `first`, `first` + 1, … in order, until `seconds` have passed; then those under way.

    `jobs` processes work on them; one job works in this process.
    """
    end = time.monotonic() + seconds
    if jobs == 1:
        number = first
        while time.monotonic() < end:
            yield run_case(make_case(selection, number))
            number += 1
        return
    with _pool(jobs) as pool:
        waiting: deque[tuple[int, Any]] = deque()
        number = first
        while True:
            while len(waiting) < _AHEAD * jobs and time.monotonic() < end:
                waiting.append((number, pool.apply_async(_work, (selection, number))))
                number += 1
            if not waiting:
                return
            oldest, result = waiting.popleft()
            try:
                yield result.get(_PATIENCE)
            except multiprocessing.TimeoutError:
                yield lost(make_case(selection, oldest))


def _work(selection: Selection, number: int) -> Outcome:
    return run_case(make_case(selection, number))


def _pool(jobs: int) -> Pool:
    """Processes that Ctrl-C does not reach, from their first moment on: who collects the outcomes ends them.

    They inherit that the signal is blocked; on systems without such a thing, they ignore it once they have begun. While
    they are started, which must not end half-way, a Ctrl-C waits.
    """
    context = multiprocessing.get_context("spawn")
    if not hasattr(signal, "pthread_sigmask"):
        return context.Pool(jobs, initializer=_ignore_interrupts)
    resource_tracker.ensure_running()  # it would unblock the signal when it is first needed
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pool = context.Pool(jobs)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, handler)
    if came:
        pool.terminate()
        signal.raise_signal(signal.SIGINT)
    return pool


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@dataclass(slots=True)
class Record:
    """What a campaign has done so far. Cases 0 … `cases` - 1 are done."""

    selection: Selection
    cases: int = 0
    seconds: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    """How often each verdict was given: once for each way to compile a case."""
    tried: Counter[str] = field(default_factory=Counter)
    """How many ways there were of each policy, level, scheduler and machine."""
    failures: list[int] = field(default_factory=list)
    """The numbers of the cases that failed."""

    def add(self, outcome: Outcome) -> None:
        """Counts the next case."""
        case = outcome.case
        self.cases = case.number + 1
        for result in outcome.results:
            way = result.way
            self.verdicts[result.verdict] += 1
            self.tried.update((f"policy {case.policy}", f"-O{way.level}", way.schedule, f"machine {way.machine}"))
        if outcome.failures:
            self.failures.append(case.number)

    @property
    def combinations(self) -> int:
        """How many programs were asked for: kernels times levels, schedulers and machines."""
        return self.verdicts.total()

    def to_text(self) -> str:
        """The record as JSON."""
        data = {
            "format": _FORMAT,
            "selection": asdict(self.selection),
            "cases": self.cases,
            "seconds": round(self.seconds, 1),
            "verdicts": dict(sorted(self.verdicts.items())),
            "tried": dict(sorted(self.tried.items())),
            "failures": self.failures,
        }
        return json.dumps(data, indent=2) + "\n"

    @staticmethod
    def from_text(text: str) -> Record:
        """Reads a record. Raises DataError if it is none."""
        try:
            data: Any = strict_json.loads(text)
        except ValueError as error:
            raise DataError(f"the campaign record is not JSON: {error}") from None
        version = data.get("format") if isinstance(data, dict) else None
        if version != _FORMAT and str(version).startswith(_FAMILY):
            raise DataError(
                "this campaign was run by another version of vliwc, which draws other cases", help="start a new one"
            )
        if version != _FORMAT:
            raise DataError("this is no record of a campaign", help=f'it must say "format": "{_FORMAT}"')
        try:
            return _read(data)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"the campaign record is damaged: {error}", help="start a new campaign") from None


def _read(data: Mapping[str, Any]) -> Record:
    chosen = data["selection"]
    for known, names in ((POLICIES, chosen["policies"]), (schedule_names(), chosen["schedules"])):
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise ValueError(f"there is no {unknown[0] if unknown else 'policy or scheduler'}")
    counts = [data["cases"], data["seconds"], *data["verdicts"].values(), *data["tried"].values(), *data["failures"]]
    if not all(isinstance(count, int | float) and 0 <= count < inf for count in counts):
        raise ValueError("a count is no number from 0 on")
    selection = Selection(int(chosen["seed"]), tuple(chosen["policies"]), tuple(chosen["schedules"]))
    return Record(
        selection,
        int(data["cases"]),
        float(data["seconds"]),
        Counter({str(k): int(n) for k, n in data["verdicts"].items()}),
        Counter({str(k): int(n) for k, n in data["tried"].items()}),
        [int(n) for n in data["failures"]],
    )
