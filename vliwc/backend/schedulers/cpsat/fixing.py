"""A schedule that closes from both ends: what is fixed, and where whole operations fit.

0 ………… front ├── open cycles ──┤ back ………… T        fixed ├ open ┤ fixed
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vliwc.backend.problem import Issue
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.timetable import Slots, span
from vliwc.backend.schedulers.cpsat.timing import Span


@dataclass(slots=True)
class State:
    """What is fixed of a schedule of so many `cycles`: those before `front` and from `back` on are closed."""

    instance: Instance
    cycles: int
    front: int
    back: int
    slots: dict[int, Slots]
    spans: dict[int, Span]
    used: Counter[tuple[str, int]]
    due: dict[int, int]
    """When results must be there that fixed operations need (see `windows`)."""

    def copy(self) -> State:
        """The same, to be changed."""
        slots, spans, used, due = self.slots.copy(), self.spans.copy(), self.used.copy(), self.due.copy()
        return State(self.instance, self.cycles, self.front, self.back, slots, spans, used, due)

    def fix(self, issues: Slots) -> None:
        """Fixes an operation."""
        k, form = issues[0].operation, issues[0].form
        operation = self.instance.problem.operations[k]
        self.slots[k], self.spans[k] = issues, span(self.instance.problem, issues)
        for issue in issues:
            self.used[operation.forms[form][issue.step].engine, issue.cycle] += issue.slots
        for value in operation.needed(form):
            for writer in self.instance.writers.get(value, ()):
                self.due[writer] = min(self.due.get(writer, issues[0].cycle), issues[0].cycle)

    @property
    def closed(self) -> float:
        """The share of the cycles that are closed."""
        return (self.front + self.cycles - self.back) / self.cycles

    def close(self, *, late: bool) -> None:
        """Closes a cycle, the last open one if `late`."""
        self.front += not late
        self.back -= late

    def fixing(self, choice: Sequence[Slots]) -> State:
        """The same with more operations fixed."""
        following = self.copy()
        for issues in choice:
            following.fix(issues)
        return following

    def issues(self, k: int, f: int, cycle: int, *, late: bool) -> Slots:
        """The slots of a form that begins in a cycle, each as early as there is one, or of one that ends there, each as
        `late` as there is one; none if it does not begin or end there."""
        form, issues = self.instance.problem.operations[k].forms[f], list[Issue]()
        onward = -1 if late else 1
        for s in range(len(form))[::onward]:
            left = form[s].slots
            while left:
                count = min(left, self.room(form[s].engine, cycle))
                if count:
                    first = left - count if late else form[s].slots - left
                    issues.append(Issue(cycle, k, f, s, first, count))
                    left -= count
                elif not issues or not 0 <= cycle < self.cycles:
                    return ()
                cycle += onward * (left > 0)
            cycle += onward * form[s - late].latency
        return tuple(issues[::onward])

    def room(self, engine: str, cycle: int) -> int:
        """The slots of an engine that are left in a cycle."""
        return self.instance.problem.machine.slots(engine) - self.used[engine, cycle]
