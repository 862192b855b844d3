"""Makes a list schedule shorter by scheduling to and fro: forward-backward improvement (Li and Willis 1992).

A schedule is pushed to its end: all operations, the last one first, are scheduled from the end as late as slots allow.
That shows how late each of them could begin, resources counted, which is a better priority than the path to the end
alone. Scheduling from the start by these priorities closes gaps that were left over; and so on while it helps.
"""

from __future__ import annotations

from collections.abc import Callable

from vliwc.backend.problem import Operation, Problem, Schedule

Order = list[int]
"""All operations, the most urgent first."""
Run = Callable[[Problem, Order], Schedule | None]
"""The list scheduler with an order of urgency; None if there is no room in scratch."""


def improved(problem: Problem, found: Schedule, run: Run, rounds: int) -> Schedule:
    """The best schedule of at most so many rounds, or the one given if none is shorter."""
    backward = _turned_round(problem)
    best = current = found
    for _ in range(rounds):
        late = _latest(problem, backward, current, run)
        following = run(problem, sorted(late, key=lambda k: (late[k], k)))
        if following is None or following.cycles > current.cycles:
            break
        current = following
        if current.cycles < best.cycles:
            best = current
    return best


def _turned_round(problem: Problem) -> Problem:
    """The problem seen from the end, without values: scratch is counted on the way forward only."""
    last = len(problem.operations) - 1
    successors: list[list[tuple[int, int]]] = [[] for _ in problem.operations]
    for k, edges in enumerate(problem.successors):
        for target, kind in edges:
            successors[last - target].append((last - k, kind))
    operations = [Operation(o.node, tuple(form[::-1] for form in o.forms), (), -1) for o in problem.operations[::-1]]
    return Problem(problem.machine, operations, successors, [], {}, frozenset())


def _latest(problem: Problem, backward: Problem, found: Schedule, run: Run) -> dict[int, int]:
    """How late each operation begins when those that end last are scheduled first from the end: cycles before it."""
    last = len(problem.operations) - 1
    ends = _times(problem, found)
    pushed = run(backward, [last - k for k in sorted(ends, key=lambda k: (-ends[k], -k))])
    assert pushed is not None, "without values there is room"
    return {last - k: -cycle for k, cycle in _times(backward, pushed).items()}


def _times(problem: Problem, found: Schedule) -> dict[int, int]:
    """The cycle of each operation's last slot; that of the first operation behind it if it has none."""
    times: dict[int, int] = {}
    for issue in found.issues:
        times[issue.operation] = max(times.get(issue.operation, 0), issue.cycle)
    for k in range(len(problem.operations) - 1, -1, -1):
        if k not in times:
            times[k] = min((times[target] for target, _ in problem.successors[k]), default=found.cycles)
    return times
