"""What a search has found, as a file that makes the same program again at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vliwc import strict_json
from vliwc.backend.problem import Problem
from vliwc.errors import DataError
from vliwc.transform.attempts import Attempt
from vliwc.tune.tuning import Tuning

SCHEMA = "vliwc/search/2"


def fingerprint(problem: Problem) -> str:
    """A hash of everything in a problem that a schedule depends on."""
    engines = {name: engine.slots for name, engine in sorted(problem.machine.engines.items())}
    shape = [problem.as_json(), problem.machine.scratch_words, problem.machine.lanes, engines]
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """The tuning of one segment's problem, and the cycles of its schedule. Without a tuning the scheduler's own choice
    was not beaten."""

    problem: str
    """The problem's fingerprint."""
    cycles: int
    evals: int
    """How many schedules were tried."""
    tuning: Tuning | None


@dataclass(slots=True)
class Ledger:
    """How the kernel was optimised, and the segments that were searched, by their numbers."""

    entries: dict[int, Entry] = field(default_factory=dict)
    attempt: Attempt | None = None
    """The way to optimise it that was best; None for what the options say."""

    def to_text(self) -> str:
        """The record as JSON text."""
        segments = [
            {
                "segment": number,
                "problem": entry.problem,
                "cycles": entry.cycles,
                "evals": entry.evals,
                "tuning": entry.tuning.as_json() if entry.tuning else None,
            }
            for number, entry in sorted(self.entries.items())
        ]
        attempt = self.attempt.as_json() if self.attempt else None
        return json.dumps({"schema": SCHEMA, "attempt": attempt, "segments": segments}, indent=1) + "\n"

    @staticmethod
    def from_text(text: str) -> Ledger:
        """The record that `to_text` has written. Raises DataError if it is none."""
        data = _parsed(text)
        if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("segments"), list):
            raise DataError("this is no search record", help=f"expected JSON that --save-search wrote ({SCHEMA})")
        attempt = data.get("attempt")
        ledger = Ledger(attempt=None if attempt is None else Attempt.from_json(attempt))
        for segment in data["segments"]:
            number, entry = _entry(segment)
            if number in ledger.entries:
                raise DataError(f"segment {number} is twice in the search record")
            ledger.entries[number] = entry
        return ledger


def _parsed(text: str) -> object:
    try:
        return strict_json.loads(text)
    except ValueError as error:
        raise DataError(f"the search record is no JSON: {error}") from None


def _entry(data: Any) -> tuple[int, Entry]:
    if not isinstance(data, Mapping):
        raise DataError("a segment of the search record is no object")
    for name, kind in (("segment", int), ("problem", str), ("cycles", int), ("evals", int)):
        if type(data.get(name)) is not kind:
            raise DataError(f"a segment of the search record lacks '{name}', or it is of the wrong type")
    tuning = data.get("tuning")
    entry = Entry(data["problem"], data["cycles"], data["evals"], None if tuning is None else Tuning.from_json(tuning))
    return data["segment"], entry
