"""Turns a modulo schedule into that of the kernel: a straight problem whose operations have their cycles already."""

from __future__ import annotations

from collections import defaultdict

from vliwc.backend.bounds import Argument, Circuit, SegmentBound, resource_bound, segment_bound
from vliwc.backend.pipelining.cyclic import Cyclic
from vliwc.backend.pipelining.intervals import edge_delay, recurrence_circuit, recurrence_interval
from vliwc.backend.pipelining.modulo import Modulo, Placed
from vliwc.backend.pipelining.pipeliner import Kernel
from vliwc.backend.pipelining.rotation import Rotation
from vliwc.backend.problem import DATA, Form, Issue, Operation, Problem, Schedule
from vliwc.backend.scratch import Lives


def kernel_bound(problem: Problem, kernel: Kernel) -> SegmentBound:
    """A lower bound of a trip of the kernel, whichever way the loop is overlapped: a chain of operations may reach into
    other trips, so only resources and recurrences count."""
    bound, argument = segment_bound(problem, enough=0), resource_bound(problem)
    recurrence = recurrence_interval(kernel.cyclic, kernel.rotation.copies)
    if recurrence > argument.bound:
        argument = _recurrence(kernel)
    return SegmentBound(bound.resource, recurrence, bound.resource, bound.slots, argument)


def _recurrence(kernel: Kernel) -> Argument:
    """The argument for a trip of as many iterations as the kernel has copies of the body."""
    edges = recurrence_circuit(kernel.cyclic, kernel.rotation.copies)
    delay = sum(edge_delay(kernel.cyclic, edge) for edge in edges)
    waits = tuple((e.source, e.target, "data" if e.kind == DATA else "order", e.distance) for e in edges)
    circuit = Circuit(waits, delay, kernel.rotation.copies)
    return Argument(circuit.value, (), circuit)


def kernel_schedule(problem: Problem, rotation: Rotation, cyclic: Cyclic, modulo: Modulo) -> Schedule | None:
    """The schedule of a kernel's segment, or None if the modulo schedule does not fit it after all.

    That is so if scratch is too small, or if selection came to other operations than for the loop as it was: copies,
    say, because values change places.
    """
    times = _times(problem, rotation, cyclic, modulo)
    if times is None or not _in_order(problem, times):
        return None
    lives = Lives(problem)
    begins: defaultdict[int, list[Operation]] = defaultdict(list)
    ends: defaultdict[int, list[Operation]] = defaultdict(list)
    for operation, placed in zip(problem.operations, times, strict=True):
        begins[placed.first].append(operation)
        ends[placed.last].append(operation)
    for cycle in sorted({*begins, *ends}):
        for operation in ends[cycle]:
            lives.end(operation)
        if not all(lives.begin(operation) for operation in begins[cycle]):
            return None
    issues = [
        Issue(part.cycle, k, placed.form, part.step, part.first, part.slots)
        for k, placed in enumerate(times)
        for part in placed.parts
    ]
    cycles = max(modulo.interval * rotation.copies, *(placed.landed for placed in times))
    return Schedule(issues, cycles, lives.address, lives.scratch.peak)


def _times(problem: Problem, rotation: Rotation, cyclic: Cyclic, modulo: Modulo) -> list[Placed] | None:
    """Where the modulo schedule has the kernel's operations; None if it does not have one of them."""
    of_node: defaultdict[int, list[int]] = defaultdict(list)
    for k, operation in enumerate(cyclic.operations):
        if operation.forms:
            of_node[operation.node].append(k)
    landed = [0] * len(problem.operations)
    seen: defaultdict[int, int] = defaultdict(int)
    times: list[Placed] = []
    for k, operation in enumerate(problem.operations):
        if operation.forms:
            n, beat = rotation.instance.get(operation.node, (-1, 0))
            number = seen[operation.node]
            seen[operation.node] += 1
            if number >= len(of_node[n]):
                return None
            original = of_node[n][number]
            form = _same_form(operation, cyclic.operations[original].forms[modulo.placed[original].form])
            if form is None:
                return None
            begin = (beat - modulo.stage(original)) * modulo.interval
            placed = modulo.placed[original].at(begin, form)
        else:
            placed = Placed(-1, (), landed[k], landed[k], landed[k])
        times.append(placed)
        for target, kind in problem.successors[k]:
            landed[target] = max(landed[target], placed.landed if kind == DATA else placed.last)
    return times


def _same_form(operation: Operation, form: Form) -> int | None:
    """The form of an operation that takes the same slots as `form`, which may be that of another operation."""
    wanted = [(s.engine, s.op, s.slots) for s in form]
    for number, other in enumerate(operation.forms):
        if [(s.engine, s.op, s.slots) for s in other] == wanted:
            return number
    return None


def _in_order(problem: Problem, times: list[Placed]) -> bool:
    """Are all dependences met? Those that make room for the next trip's values are known only now."""
    return all(
        times[target].first >= (times[k].landed if kind == DATA else times[k].last)
        for k, edges in enumerate(problem.successors)
        for target, kind in edges
    )
