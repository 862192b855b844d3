"""Timetables that are made from others: what is taken over is what would have been found anew."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.families import make, names
from vliwc.backend.schedulers import multistart
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.repair import overdrawn
from vliwc.backend.schedulers.cpsat.timetable import Slots, Timetable, timetable

WORDS = 200


def _moved(slots: list[Slots], random: Random) -> list[Slots]:
    """Some operations a little later or earlier, in some places as a whole."""
    first, later = random.choice((0, random.randrange(60))), random.choice((-1, 1, 2, 5))
    share = random.choice((0.02, 0.2, 1.0))
    return [
        tuple(issue._replace(cycle=issue.cycle + later) for issue in issues)
        if issues and issues[0].cycle >= max(first, -later) and random.random() < share
        else issues
        for issues in slots
    ]


def _known(table: Timetable) -> tuple[object, ...]:
    """All that is known of a timetable."""
    return table.spans, table.cycles, +table.used(), table.lives(), table.ordered(), table.sound()


@pytest.mark.parametrize("family", names())
def test_what_follows_from_a_base_is_what_follows_from_the_slots(family: str) -> None:
    problem, random = make(family, 120, 1), Random(family)
    found = multistart.schedule(problem)
    assert found is not None
    instance = Instance(problem)
    first = table = timetable(instance, found)
    assert table.sound()
    disordered = 0
    for _ in range(40):
        if random.random() < 0.5:
            _known(table)  # else there is nothing to be taken over
        slots = _moved(table.slots, random)
        table, anew = Timetable(instance, slots, table), Timetable(instance, slots)
        assert _known(table) == _known(anew)
        assert overdrawn(table, WORDS) == overdrawn(anew, WORDS)
        disordered += not anew.ordered()
        if random.random() < 0.4:
            table = first
    assert 0 < disordered < 40
