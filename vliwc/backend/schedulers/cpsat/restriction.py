"""A harder problem, for schedules: operations only in their quickest forms, and in one slot where such a form has one.

Every schedule of it is one of the problem itself. Its model is a fraction of the size: most operations need no choice
of a form, and no slot is counted. Where the engine that decides has nothing to do with these choices, its schedules are
as short as any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vliwc.backend.problem import Operation, Problem
from vliwc.backend.schedulers.cpsat.timetable import Slots
from vliwc.backend.schedulers.cpsat.timing import length
from vliwc.machine.description import Machine


@dataclass(frozen=True, slots=True)
class Restricted:
    """A problem with fewer forms, and for each operation the numbers that its forms have in the problem itself."""

    problem: Problem
    forms: list[tuple[int, ...]]

    def original(self, slots: Mapping[int, Slots]) -> dict[int, Slots]:
        """Slots of this problem, with the forms numbered as in the problem itself."""
        return {k: tuple(i._replace(form=self.forms[k][i.form]) for i in issues) for k, issues in slots.items()}


def restricted(problem: Problem) -> Restricted | None:
    """The problem with quick forms only; None if it has no others."""
    forms = [_quick(operation, problem.machine) for operation in problem.operations]
    operations = [
        replace(
            operation,
            forms=tuple(operation.forms[f] for f in kept),
            needs=tuple(operation.needs[f] for f in kept) if operation.needs else (),
        )
        for operation, kept in zip(problem.operations, forms, strict=True)
    ]
    return Restricted(replace(problem, operations=operations), forms) if operations != problem.operations else None


def _quick(operation: Operation, machine: Machine) -> tuple[int, ...]:
    """The forms whose results are there first; those of one slot if there are any."""
    times = [length(form, machine) + form[-1].latency for form in operation.forms]
    quick = tuple(f for f, time in enumerate(times) if time == min(times))
    single = tuple(f for f in quick if sum(step.slots for step in operation.forms[f]) == 1)
    return single or quick
