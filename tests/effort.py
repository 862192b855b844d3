"""How much tests let a scheduler search: the same on every computer."""

from __future__ import annotations

from vliwc.backend.schedulers import searches
from vliwc.backend.schedulers.effort import Effort

LITTLE = Effort(seconds=None, work=0.05, workers=1)
ENOUGH = Effort(seconds=None, work=20.0, workers=1)
"""Enough to decide what is tiny."""


def little(schedule: str) -> Effort | None:
    """The effort for tests that go through all schedulers."""
    return LITTLE if searches(schedule) else None
