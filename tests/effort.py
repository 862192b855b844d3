"""How much tests let a scheduler search: the same on every computer."""

from vliwc.backend.schedulers.effort import Effort

LITTLE = Effort(seconds=None, work=0.05, workers=1)
ENOUGH = Effort(seconds=None, work=20.0, workers=1)
"""Enough to decide what is tiny."""
