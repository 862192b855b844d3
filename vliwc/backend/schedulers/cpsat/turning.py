"""A problem turned round: its last cycle is the first one, and what waits for an operation comes before it.

Every schedule of the problem, read backwards, keeps what the turned problem asks for; not the other way round, since
some things are left out. A result of i that j reads is there some cycles after i. Backwards, i comes as many cycles
behind j: for all operations, as many as the quickest of them takes.

A value is alive from its first write to the cycle before its last read. Backwards, that is from the cycle behind its
first read to its last write: as many cycles as from its first read to the one before its last write. So readers take
the part of writers, and the words that live in a cycle are those of the cycle before it.
"""

from __future__ import annotations

from dataclasses import replace

from vliwc.backend.problem import ORDER, Form, Operation, Problem
from vliwc.backend.schedulers.cpsat.instance import Instance, Value


def turned(problem: Problem) -> Instance:
    """The problem backwards: operation k is number n - 1 - k. What forms need is left out."""
    last = len(problem.operations) - 1
    latencies = {form[-1].latency for operation in problem.operations for form in operation.forms}
    quickest = min(latencies, default=0)
    operations = [_turned(operation, quickest) for operation in reversed(problem.operations)]
    successors: list[list[tuple[int, int]]] = [[] for _ in operations]
    for k, edges in enumerate(problem.successors):
        for target, kind in edges:  # nothing waits for the result of an operation without slots
            successors[last - target].append((last - k, kind if problem.operations[k].forms else ORDER))
    instance = Instance(replace(problem, operations=operations, successors=successors))
    instance.values = [
        _value(value, problem, last) for value in Instance(problem).values if value.readers or value.kept
    ]
    return instance


def _turned(operation: Operation, quickest: int) -> Operation:
    """The operation with the steps of its forms the other way round."""
    return replace(operation, forms=tuple(_backwards(form, quickest) for form in operation.forms), needs=())


def _backwards(form: Form, quickest: int) -> Form:
    waits = [step.latency for step in form[-2::-1]]
    return tuple(
        replace(step, latency=latency) for step, latency in zip(reversed(form), [*waits, quickest], strict=True)
    )


def _value(value: Value, problem: Problem, last: int) -> Value:
    """The value backwards: there from the beginning if it is kept, and kept if it was there from the beginning."""
    readers = () if value.kept else tuple(last - k for k in reversed(value.readers))
    writers = tuple(last - k for k in reversed(value.writers))
    return replace(value, writers=readers, readers=writers, needed=(), kept=not writers, lands_late=False)
