"""The list scheduler as machine code: what `listing.py` does, more than twenty times as fast, for searches.

The arrays of a problem are made once; then each run takes priorities and limits. Runs do not touch each other's data
and let go of the interpreter's lock, so threads may share one `Compiled`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vliwc.backend.problem import Issue, Problem, Schedule
from vliwc.backend.schedulers import native, running
from vliwc.backend.schedulers.listing import Shapes
from vliwc.backend.schedulers.packed import NONE, Floats, Records, pack
from vliwc.backend.schedulers.urgency import Settings, Urgency

Order = npt.NDArray[np.intp]
"""The operations, the most urgent first."""

NEVER = 1 << 30
"""A limit that no run reaches."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may have under way at a time; as in `urgency.Settings`."""

    strands: int = NEVER
    reserve: int = 0
    window: int = NEVER


class Outcome(NamedTuple):
    """How long a schedule is, and how much of it lies after a target cycle (see `running.STATE`)."""

    cycles: int
    late: float


class Compiled:
    """A problem, ready to be scheduled many times."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.urgency = Urgency(problem)
        self.shapes = Shapes(problem)
        self.packed = pack(problem, self.shapes, self.urgency)

    def schedule(self, settings: Settings) -> Schedule | None:
        """Equal to what `listing` makes of the same settings; None if there is no room in scratch."""
        _, order = self.urgency.ranks(settings)
        return self.run(np.array(order, np.intp), Limits(settings.strands, settings.reserve, settings.window))

    def order(self, offsets: Floats, drift: float, extra: Floats) -> Order:
        """Operations by when they are due: see `native.starts`."""
        operations = self.packed.operations
        start = np.empty(len(operations))
        native.starts(operations, self.packed.edges, offsets, drift, extra, self.urgency.length, start)
        return np.argsort(start, kind="stable")

    def run(self, order: Order, limits: Limits = Limits(), choices: Records | None = None) -> Schedule | None:
        """The schedule with these priorities, or None if there is no room in scratch.

        `choices` are the forms of each class in the order of preference, if not that of `Shapes`.
        """
        run = self._prepared(order, limits, choices, NEVER, self.packed.issues)
        if not native.run(run):
            return None
        state = run.state[0]
        issues = [Issue(*row) for row in run.issues[: state["issued"]].tolist()]
        known = np.flatnonzero(run.values["address"] != NONE).tolist()
        address = {value: int(run.values["address"][value]) for value in known}
        return Schedule(issues, int(max(state["cycle"], state["landed"])), address, int(state["peak"]))

    def measure(
        self, order: Order, limits: Limits = Limits(), choices: Records | None = None, target: int = 0
    ) -> Outcome | None:
        """How good the schedule is that `run` would make."""
        run = self._prepared(order, limits, choices, target, 0)
        if not native.run(run):
            return None
        state = run.state[0]
        return Outcome(int(max(state["cycle"], state["landed"])), float(state["late"]))

    def _prepared(self, order: Order, limits: Limits, choices: Records | None, target: int, issues: int) -> running.Run:
        """A run at its beginning, with room for so many issues."""
        p = self.packed
        count = len(p.operations)
        operations = _copy(p.operations)
        operations["rank"][order] = np.arange(count)
        wake = np.full(p.longest + 1, NONE, running.BUCKET)
        return running.Run(
            state=self._state(limits, target, issues),
            operations=operations,
            roots=p.roots,
            at_rank=order.astype(np.int32),
            forms=p.forms,
            steps=p.steps,
            edges=p.edges,
            reads=p.reads,
            needs=p.needs,
            values=_copy(p.values),
            kinds=_copy(p.kinds),
            heap=np.empty(count, np.int32),
            choices=p.choices if choices is None else choices,
            strands=_copy(p.strands),
            capacity=p.capacity,
            free=p.capacity.copy(),
            blocks=p.blocks.copy(),
            singles=p.singles.copy(),
            free_in=p.free_in.copy(),
            wake=wake,
            starved=np.empty(count, np.int32),
            ongoing=np.empty(count, running.TASK),
            todo=np.empty(count, running.TASK),
            frames=np.empty(count + len(p.strands), running.FRAME),
            issues=np.empty(issues, running.ISSUE),
        )

    def _state(self, limits: Limits, target: int, issues: int) -> Records:
        p = self.packed
        state = np.zeros(1, running.STATE)
        initial = {
            "left": len(p.operations),
            "newest": min(limits.strands, len(p.strands)) - 1,
            "reserve": limits.reserve,
            "window": limits.window,
            "record": issues > 0,
            "lanes": p.lanes,
            "blocks": p.free_blocks,
            "singles": p.free_singles,
            "used": p.used,
            "peak": p.used,
            "target": target,
        }
        for name, value in initial.items():
            state[name] = value
        return state


def _copy(table: Records) -> Records:
    """A copy made byte by byte, as numpy copies records field by field."""
    copy: Records = table.view(np.uint8).copy().view(table.dtype)
    return copy
