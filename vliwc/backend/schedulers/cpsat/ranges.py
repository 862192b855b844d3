"""Which neighbourhood comes next: kinds and ranges at random, sizes by what the solver has managed so far."""

from __future__ import annotations

from enum import Enum, auto
from random import Random

from vliwc.backend.schedulers.cpsat.neighbourhood import Move, Prices, Range, inside, shorten, tidy
from vliwc.backend.schedulers.cpsat.room import Room
from vliwc.backend.schedulers.cpsat.solving import Answer
from vliwc.backend.schedulers.cpsat.timetable import Timetable

_FEWEST, _FIRST, _MOST = 10, 40, 300
"""How many operations of a neighbourhood are free: at least, at first, at most."""
_GROWTH, _SHRINKAGE = 1.1, 0.85
_LONGER = 4
"""How much longer the range is of which only the operations that compete for one engine are free."""


class Kind(Enum):
    """The kinds of neighbourhoods."""

    SHORTEN = auto()
    TIDY = auto()
    ENGINE = auto()


class Ranges:
    """Picks neighbourhoods of a timetable."""

    def __init__(self, random: Random, room: Room | None, prices: Prices) -> None:
        self._random = random
        self._room = room
        self._prices = prices
        self._size = dict.fromkeys(Kind, float(_FIRST))
        self._engines = sorted((e for e, price in prices.items() if price), key=lambda e: (-prices[e], e))

    def pick(self, table: Timetable) -> tuple[Kind, Move | None]:
        """A kind and its move on a random range; no move if there is nothing to gain."""
        kind = self._random.choice(list(Kind) if self._engines else [Kind.SHORTEN])
        size = int(self._size[kind])
        if kind is Kind.SHORTEN:
            return kind, shorten(table, self._range(table, size), self._room)
        if kind is Kind.TIDY:
            cycles = self._range(table, size)
            return kind, tidy(table, inside(table, cycles), cycles, self._room, self._prices)
        cycles = self._range(table, _LONGER * size)
        engine = self._engines[min(int(self._random.expovariate(1)), len(self._engines) - 1)]
        rivals = [k for k in inside(table, cycles) if self._may_use(table, k, engine)]
        chosen = sorted(self._random.sample(rivals, min(size, len(rivals))))
        return kind, tidy(table, chosen, cycles, self._room, self._prices) if chosen else None

    def adapt(self, kind: Kind, answer: Answer) -> None:
        """Takes more operations if a neighbourhood was searched to its end, else fewer."""
        done = answer.finished or answer.infeasible
        size = self._size[kind] * (_GROWTH if done else _SHRINKAGE)
        self._size[kind] = min(max(size, _FEWEST), _MOST)

    def _range(self, table: Timetable, size: int) -> Range:
        """A range with about so many operations, at a random place; ends count as much as the middle."""
        return _from(table, self._random.randrange(table.cycles), size)

    @staticmethod
    def _may_use(table: Timetable, k: int, engine: str) -> bool:
        return any(step.engine == engine for form in table.instance.problem.operations[k].forms for step in form)


def _from(table: Timetable, first: int, size: int) -> Range:
    """A range with about so many operations that begins with a cycle, or before it if there are not as many behind."""
    end, found = first, 0
    per_cycle = table.started()
    while end < table.cycles and found < size:
        found += per_cycle[end]
        end += 1
    while first > 0 and found < size:
        first -= 1
        found += per_cycle[first]
    return Range(first, end)


def around(table: Timetable, cycle: int, size: int, random: Random) -> Range:
    """A range with about so many operations that has a cycle at a random place."""
    per_cycle, left = table.started(), random.randrange(size)
    first = cycle
    while first > 0 and left > 0:
        first -= 1
        left -= per_cycle[first]
    found = _from(table, first, size)
    return Range(found.first, max(found.end, cycle + 1))
