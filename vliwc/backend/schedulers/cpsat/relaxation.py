"""An easier problem, for proofs: engines with room to spare never run out of slots.

What has no schedule of so many cycles there has none in the problem itself. Where most of the work is on few engines,
the model is far smaller: an operation that can do without them needs no choice of a form, and a slot takes no counting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vliwc.backend.problem import Form, Operation, Problem
from vliwc.backend.schedulers.cpsat.timing import length, reach
from vliwc.machine.description import Machine

_SCARCE = 0.6
"""An engine is scarce if its load is this share of the busiest one's, or more."""


def relaxed(problem: Problem, slots: Mapping[str, float]) -> Problem | None:
    """The problem with one slot at most for each step on an engine that is not scarce, and room for all of these.

    `slots` are those that a balanced choice of forms takes of each engine. None if that makes no operation easier.
    """
    loads = {engine: count / problem.machine.slots(engine) for engine, count in slots.items()}
    limit = _SCARCE * max(loads.values(), default=0.0)
    idle = {engine for engine in problem.machine.engines if loads.get(engine, 0.0) < limit}
    operations = [_relaxed(operation, problem.machine, idle) for operation in problem.operations]
    if operations == problem.operations:
        return None
    engines = {
        name: replace(engine, slots=engine.slots + len(operations)) if name in idle else engine
        for name, engine in problem.machine.engines.items()
    }
    return replace(problem, machine=replace(problem.machine, engines=engines), operations=operations)


def _relaxed(operation: Operation, machine: Machine, idle: set[str]) -> Operation:
    """The operation in the one form that is best in every respect, if it has such a form on idle engines."""
    quickest = reach(operation, machine)
    for f, form in enumerate(operation.forms):
        on_idle = all(step.engine in idle for step in form) and not (operation.needs and operation.needs[f])
        single = _single(form)
        if on_idle and length(single, machine) <= quickest.issued and form[-1].latency <= quickest.latency:
            return replace(operation, forms=(single,), needs=())
    return operation


def _single(form: Form) -> Form:
    return tuple(replace(step, slots=1) for step in form)
