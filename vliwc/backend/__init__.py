"""From graphs to machine programs. See docs/backend.md."""

from vliwc.backend.generated import Generated
from vliwc.backend.generator import generate
from vliwc.backend.pipelining.choice import LoopReport
from vliwc.backend.schedulers import schedule_names

__all__ = ["Generated", "LoopReport", "generate", "schedule_names"]
