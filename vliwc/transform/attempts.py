"""Ways to run the pipeline: what may be tried in place of what the options say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import exp
from random import Random
from typing import Any

from vliwc.errors import DataError
from vliwc.transform.alternatives import CATALOGUE
from vliwc.transform.loads import ENGINES, EXPECTED, LONGEST_LIVES, Losses
from vliwc.transform.pipeline import ALTERNATIVES, MOST_LEVEL

IN_MEMORY = frozenset(a.name for a in CATALOGUE if a.uses_memory)
FEWER = (IN_MEMORY, frozenset(ALTERNATIVES))
"""What may be left out if the balanced mix does not do well: tables in memory, which are a long way to the first
look-up and may take much scratch; and all but plain gathers."""
MORE_LOST = (Losses(ramps=1.5), Losses(ramps=1.0))
"""What else may be allowed for: the shorter a program is, the more of its ramps is lost."""
LESS_COMPUTED = (Losses(ramps=1.0, engines=(("compute", 0.1),)), Losses(engines=(("compute", 0.05),)))
"""The same for short programs, in which the vector units are never full at the ends."""
CROWDED = Losses(lives=0.5)
"""The same where scratch is scarce, if the scheduler gets along with what there is: it may do so with less."""
SPARING = Losses(lives=LONGEST_LIVES)
"""The same where scratch holds the scheduler up."""
ARITHMETIC = (Losses(arithmetic=0.5), Losses(arithmetic=1.0))
"""The same where flow has all selects, though many choose by what may as well be a bit."""

_MOST = 1000.0
"""The most that any number in `Losses` may be."""
_STEP = 0.5
"""By how much ramps are changed, and lives as a power of e, in the standard deviation."""
_SHARE = 0.06
"""The share of its time that an engine is expected to lose, in the standard deviation."""
_FEWEST_TABLES = 0.4
_BUSY = ("compute", "valu", "flow", "load")
"""The engines that look-ups can be moved between."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A way to optimise a kernel: the level, which alternatives to do without, and for what losses the balance of
    engines allows (see `vliwc.transform.optimize`)."""

    level: int
    without: frozenset[str] = frozenset()
    losses: Losses = EXPECTED

    def __str__(self) -> str:
        if self.without:
            return f"-O{self.level} without {', '.join(sorted(self.without))}"
        lost = "".join(f", {share:.0%} of {engine}" for engine, share in self.losses.engines)
        selects = f", {self.losses.arithmetic:.0%} of selects by arithmetic" if self.losses.arithmetic else ""
        tables = "" if self.losses.tables == EXPECTED.tables else f", tables in {self.losses.tables:.0%} of scratch"
        ramps, lives = self.losses.ramps, self.losses.lives
        return f"-O{self.level} with {ramps:g} of the ramps{lost} lost, lives times {lives:g}{tables}{selects}"

    def as_json(self) -> dict[str, Any]:
        """As JSON-able data; `from_json` makes an equal attempt of it."""
        losses = {**asdict(self.losses), "engines": dict(self.losses.engines)}
        return {"level": self.level, "without": sorted(self.without), "losses": losses}

    @staticmethod
    def from_json(data: Any) -> Attempt:
        """The attempt that `data` describes. Raises DataError if it describes none."""
        try:
            losses = dict(data["losses"])
            engines = tuple((str(name), float(share)) for name, share in dict(losses.pop("engines")).items())
            numbers = {str(name): float(number) for name, number in losses.items()}
            attempt = Attempt(data["level"], frozenset(data["without"]), Losses(**numbers, engines=engines))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _malformed() from None
        known = set(attempt.without) <= set(ALTERNATIVES) and {name for name, _ in engines} <= set(ENGINES)
        amounts = (*numbers.values(), *(share for _, share in engines))
        level = type(attempt.level) is int and 0 <= attempt.level <= MOST_LEVEL
        if not (level and known and all(0 <= amount <= _MOST for amount in amounts)):  # false for NaN, too
            raise _malformed()
        return attempt


def _malformed() -> DataError:
    return DataError(
        "the record does not say how the kernel was optimised", help="expected what --save-search or --json wrote"
    )


def nearby(attempt: Attempt, random: Random, *, crowded: bool) -> Attempt:
    """The same way with one or two of its losses changed, as a step of a search, and now and then with all that it did
    without. Scratch is only of concern where it is `crowded`, and how selects are done where arithmetic has helped."""
    losses = attempt.losses
    changes = (*_IN_TIME, *(_IN_SCRATCH if crowded else ()), *(_IN_WAYS if losses.arithmetic else ()))
    for change in random.sample(changes, random.choice((1, 2))):
        losses = change(losses, random)
    return replace(attempt, losses=losses, without=attempt.without if random.random() < 0.5 else frozenset())


def _ramps(losses: Losses, random: Random) -> Losses:
    return replace(losses, ramps=round(max(0.0, losses.ramps + random.gauss(0, _STEP)), 2))


def _lives(losses: Losses, random: Random) -> Losses:
    return replace(losses, lives=round((losses.lives or random.random()) * exp(random.gauss(0, _STEP)), 2))


def _tables(losses: Losses, random: Random) -> Losses:
    return replace(losses, tables=round(random.uniform(_FEWEST_TABLES, 1.0), 2))


def _arithmetic(losses: Losses, random: Random) -> Losses:
    return replace(losses, arithmetic=round(random.uniform(0.0, 1.0), 2))


def _engine(losses: Losses, random: Random) -> Losses:
    engine, share = random.choice(_BUSY), round(abs(random.gauss(0, _SHARE)), 2)
    engines: Mapping[str, float] = {**dict(losses.engines), engine: share}
    return replace(losses, engines=tuple(sorted((name, lost) for name, lost in engines.items() if lost)))


_IN_TIME, _IN_SCRATCH, _IN_WAYS = (_ramps, _engine), (_lives, _tables), (_arithmetic,)
