"""How much scratch a problem needs when it is issued in program order, and the error that says so."""

from __future__ import annotations

from vliwc.backend.problem import Problem
from vliwc.errors import DoesNotFit
from vliwc.ir.graph import Graph


def peak(problem: Problem) -> tuple[int, int]:
    """The most words of scratch that are alive at a time in program order, and the operation that brings them there."""
    entry = sum(width for _, width in problem.occupied())
    alive, most, where = entry, entry, -1
    left = problem.read_counts()
    placed = set(problem.entry) | set(problem.tied)
    keep = problem.held | frozenset(problem.tied)
    for k, operation in enumerate(problem.operations):
        value = operation.writes
        if value >= 0 and value not in placed:
            placed.add(value)
            alive += problem.widths[value]
            if alive > most:
                most, where = alive, k
        for v in operation.reads:
            left[v] -= 1
            if left[v] == 0 and v not in keep:
                alive -= problem.widths[v]
    return most, where


class NoRoom(DoesNotFit):
    """A kernel that needs more scratch than the machine has."""


def no_room(problem: Problem, graph: Graph) -> NoRoom:
    """The error for a problem that no schedule and no spill makes small enough."""
    words, where = peak(problem)
    span = graph.span[problem.operations[where].node] if where >= 0 else None
    place = f" at line {span.line}" if span else ""
    machine = problem.machine
    return NoRoom(
        f"the kernel needs {words} words of scratch at a time{place}, but machine {machine.name} "
        f"has {machine.scratch_words} words, and there is no dead memory to spill to",
        help="use a smaller kernel or a lower -O level, declare an array that is not needed any more as `consumed`, "
        "or choose a machine with more scratch",
    )
