"""Search for better schedules, within a budget; see docs/search.md."""

from vliwc.tune.budget import Budget
from vliwc.tune.ledger import Ledger

__all__ = ["Budget", "Ledger"]
