"""A problem as a network of waits: how long at least from one operation to the next, seen from either end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vliwc.backend.problem import DATA, Form, Operation, Problem
from vliwc.machine.description import Machine

Edges = list[list[tuple[int, int]]]
"""For each operation the others that it has an edge to, each with a wait in cycles."""


@dataclass(frozen=True, slots=True)
class Network:
    """Operations in an order in which all edges go forward, with the shortest possible times.

    `span`: cycles from an operation's first slot to its last one. `wait` of an edge: cycles from the earlier
    operation's last slot to the later one's first. `least`: the head of each operation if nothing came before it.
    """

    order: Sequence[int]
    span: list[int]
    behind: Edges
    """For each operation those that wait for it."""
    before: Edges
    """For each operation those that it waits for."""
    least: list[int]

    def reversed(self, least: list[int]) -> Network:
        """The network seen from the end."""
        return Network(self.order[::-1], self.span, self.before, self.behind, least)

    def heads(self) -> list[int]:
        """The longest path to each operation's first slot."""
        heads = self.least.copy()
        for k in self.order:
            done = heads[k] + self.span[k]
            for target, wait in self.behind[k]:
                heads[target] = max(heads[target], done + wait)
        return heads


def networks(problem: Problem) -> tuple[Network, Network]:
    """The network from the start, where heads are cycles, and from the end, where heads are tails (see `argument`)."""
    operations = problem.operations
    span = [0] * len(operations)
    lands = [0] * len(operations)
    for k, operation in enumerate(operations):
        span[k], lands[k] = _fastest(operation, problem.machine)
    behind: Edges = [[] for _ in operations]
    before: Edges = [[] for _ in operations]
    for k, edges in enumerate(problem.successors):
        for target, kind in edges:
            wait = lands[k] if kind == DATA else 0
            behind[k].append((target, wait))
            before[target].append((k, wait))
    forward = Network(range(len(operations)), span, behind, before, [0] * len(operations))
    return forward, forward.reversed(lands)


def _fastest(operation: Operation, machine: Machine) -> tuple[int, int]:
    """The fewest cycles from an operation's first slot to its last one, and from there until its result has landed."""
    if not operation.forms:
        return 0, 0
    return (
        min(form_span(form, machine) for form in operation.forms),
        min(form[-1].latency for form in operation.forms),
    )


def form_span(form: Form, machine: Machine) -> int:
    """The fewest cycles from a form's first slot to its last one."""
    waits = sum(step.latency for step in form[:-1])
    return waits + sum(-(-step.slots // machine.slots(step.engine)) - 1 for step in form)


def offsets(form: Form, machine: Machine) -> list[tuple[int, int]]:
    """For each step the fewest cycles from the form's first slot to the step's first one, and from its last slot to
    the form's last one."""
    spans = [-(-step.slots // machine.slots(step.engine)) - 1 for step in form]
    found, begun = [], 0
    for number, (step, span) in enumerate(zip(form, spans, strict=True)):
        left = sum(before.latency + after for before, after in zip(form[number:], spans[number + 1 :], strict=False))
        found.append((begun, left))
        begun += span + step.latency
    return found
