"""Turns schedules into bundles."""

from __future__ import annotations

from vliwc.backend.problem import Immediate, Problem, Schedule, Step
from vliwc.ir.graph import Graph
from vliwc.machine.program import Bundle, Slot
from vliwc.source import Span

_ENGINES = {name: k for k, name in enumerate(("alu", "valu", "load", "store", "flow"))}


def slots_by_cycle(graph: Graph, problem: Problem, schedule: Schedule) -> list[list[Slot]]:
    """The slots of every cycle of a scheduled segment, engine by engine."""
    cycles: list[list[Slot]] = [[] for _ in range(schedule.cycles)]
    for issue in schedule.issues:
        operation = problem.operations[issue.operation]
        step = operation.forms[issue.form][issue.step]
        span = graph.span[operation.node]
        for k in range(issue.first, issue.first + issue.slots):
            cycles[issue.cycle].append(slot_of(step, k, schedule.address, span))
    for slots in cycles:
        slots.sort(key=lambda slot: _ENGINES[slot.engine])
    return cycles


def slot_of(step: Step, k: int, address: dict[int, int], span: Span | None) -> Slot:
    """Slot `k` of a step, for values that stand at these addresses of scratch."""
    operands = tuple(
        operand.number + k * operand.stride
        if isinstance(operand, Immediate)
        else address[operand.value] + operand.offset + k * operand.stride
        for operand in step.operands
    )
    return Slot(step.engine, step.op, operands, span)


def bundle(slots: list[Slot], idle_engine: str) -> Bundle:
    """A bundle that takes a cycle, even if it has nothing to do but to wait."""
    return Bundle(tuple(slots)) if slots else Bundle((), (idle_engine,))
