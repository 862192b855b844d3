"""A point of the search space: the numbers that set the list scheduler's priorities and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from vliwc.errors import DataError

MAX_TIME = 10**12
MAX_COUNT = 2**32 - 1
"""The longest time (in cycles), and the largest other number, in a tuning."""

KNOTS = 9
"""At how many heights `Tuning.curve` is given."""

MOST_PASSES = 64
"""More than so many are never of use."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """When operations are due, and what may be under way. All times are in cycles; zeros change nothing.

    An operation of a strand is due at the latest start on the critical path, plus what these fields add; operations
    that serve several strands are due just before the first of them.
    """

    offsets: tuple[float, ...]
    """For each strand, how much later it begins."""
    paces: tuple[float, ...]
    """For each strand, how much later its end is due than its beginning, besides that."""
    weights: tuple[float, ...]
    """For each class of operations (`shapes.Shapes`)."""
    curve: tuple[float, ...]
    """By height (cycles until the end of the problem at best): at 0, at the critical path, and evenly between."""
    forms: tuple[tuple[int, ...], ...]
    """For each class, which of the forms that `shapes.Shapes` offers are tried in which order, as positions there; the
    others are spare (see `making.Forms`)."""
    strands: int
    """How many strands may be under way at a time."""
    drift: float
    """For each operation before it in program order."""
    reserve: int
    """Free vectors of scratch that only the oldest strand under way may use."""
    noise: float
    """The most that is added at random …"""
    noise_seed: int
    """… by a generator with this seed."""
    passes: int
    """How often the schedule is pushed to the right and back (see `justify`)."""

    def as_json(self) -> dict[str, Any]:
        """As JSON-able data; `from_json` makes an equal tuning of it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Tuning:
        """The tuning that `data` describes. Raises DataError if it describes none."""
        names = {f.name for f in fields(Tuning)}
        if not isinstance(data, Mapping) or set(data) != names:
            raise DataError("a tuning in the search record has missing or unknown fields")
        try:
            tuning = Tuning(
                **{name: tuple(float(x) for x in data[name]) for name in ("offsets", "paces", "weights", "curve")},
                forms=tuple(tuple(int(x) for x in order) for order in data["forms"]),
                strands=int(data["strands"]),
                drift=float(data["drift"]),
                reserve=int(data["reserve"]),
                noise=float(data["noise"]),
                noise_seed=int(data["noise_seed"]),
                passes=int(data["passes"]),
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"a tuning in the search record is malformed: {error}") from None
        tuning._check_sizes()
        return tuning

    def _check_sizes(self) -> None:
        """Raises DataError for numbers that no search comes to, and that the scheduler cannot count with."""
        times = (*self.offsets, *self.paces, *self.weights, *self.curve, self.drift, self.noise)
        if not all(abs(time) <= MAX_TIME for time in times):  # false for NaN, too
            raise DataError(f"a tuning in the search record has a time beyond {MAX_TIME:,} cycles")
        if not all(0 <= x <= MAX_COUNT for x in (self.strands, self.reserve, self.noise_seed)):
            raise DataError(f"a tuning in the search record has a number that is not from 0 to {MAX_COUNT:,}")
        if not 0 <= self.passes <= MOST_PASSES:
            raise DataError(f"a tuning in the search record has passes that are not from 0 to {MOST_PASSES}")
