"""The list scheduler as machine code: what `listing.py` does, more than twenty times as fast, for searches.

The arrays of a problem are made once; then each run takes priorities and limits. Runs do not touch each other's data
and let go of the interpreter's lock, so threads may share one `Compiled`.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np

from vliwc.backend.problem import Issue, Problem, Schedule
from vliwc.backend.schedulers import native, native_justify, native_reset, running
from vliwc.backend.schedulers.justify import MARGIN
from vliwc.backend.schedulers.making import Forms, Order
from vliwc.backend.schedulers.packed import (
    KIND,
    NONE,
    OPERATION,
    STRAND,
    VALUE,
    Floats,
    Integers,
    Records,
    pack,
    with_scratch,
)
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.sorting import by_cycles, by_times
from vliwc.backend.schedulers.urgency import NO_LIMITS, Settings, Urgency
from vliwc.backend.strands import SHARED

NEVER = 1 << 30
"""A limit that no run reaches."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may have under way at a time; as in `urgency.Settings`."""

    strands: int = NEVER
    reserve: int = 0
    window: int = NEVER


class Menu(NamedTuple):
    """The forms of each class in the order in which they are tried: `packed.KIND` and `packed.CHOICE` records."""

    kinds: Records
    choices: Records
    spares: bool
    """Are any forms for slots that are left over?"""


class Outcome(NamedTuple):
    """How long a schedule is, and how much of it lies after a target cycle (see `running.STATE`)."""

    cycles: int
    late: float
    runs: int
    """How many schedules were made."""


class Compiled:
    """A problem, ready to be scheduled many times."""

    def __init__(self, problem: Problem, urgency: Urgency | None = None, shapes: Shapes | None = None) -> None:
        self.problem = problem
        self.urgency = urgency or Urgency(problem)
        self.shapes = shapes or Shapes(problem)
        self.packed = pack(problem, self.shapes, self.urgency)
        self._last_menu: tuple[Forms, Menu] | None = None
        """The forms of the last menu, and that: many runs in a row have the same."""
        self._last_state: tuple[tuple[Limits, int, int, bool], Records] | None = None
        """The same for the scalars of a run at its beginning."""

    def with_scratch(self, words: int) -> Compiled:
        """See `making.Maker`."""
        other = copy(self)
        other.problem = self.problem.with_scratch(words)
        other.packed = with_scratch(self.packed, other.problem)
        other._last_state = None
        return other

    def schedule(self, settings: Settings) -> Schedule | None:
        """Equal to what `listing` makes of the same settings with all forms; None if there is no room in scratch."""
        return self.run(self.order(settings), Limits(settings.strands, settings.reserve, settings.window))

    def order(self, settings: Settings) -> Order:
        """See `making.Maker`."""
        count, length, strand = len(self.packed.operations), self.urgency.length, self.packed.operations["strand"]
        drift = settings.drift * length / max(count, 1)
        if settings.window < count:
            return np.arange(count)
        if settings.tails:
            return np.argsort(drift * np.arange(count) - np.array(self.urgency.tails), kind="stable")
        extra = np.zeros(count)
        if settings.noise:
            random, own = Random(settings.noise), np.flatnonzero(strand != SHARED)[::-1]
            extra[own] = [3 * random.random() for _ in own]
        offsets = settings.stagger * length * np.arange(len(self.packed.strands), dtype=np.float64)
        return self.staggered(offsets, drift, extra)

    def staggered(self, offsets: Floats, drift: float, extra: Floats) -> Order:
        """Operations by when they are due: see `native.starts`."""
        operations = self.packed.operations
        start = np.empty(len(operations))
        native.starts(operations, self.packed.edges, offsets, drift, extra, self.urgency.length, start)
        return by_times(start)

    def menu(self, forms: Forms) -> Menu:
        """The menu of these forms of each class, given as positions among those that `Shapes` offers; all others are
        spare. Forms that a menu has been made of must not change."""
        last = self._last_menu
        if last is not None and last[0] is forms:
            return last[1]
        kinds = self.packed.kinds
        places: list[int] = []
        spare: list[bool] = []
        for begin, end, order in zip(kinds["first_choice"].tolist(), kinds["end_choice"].tolist(), forms, strict=True):
            places += (begin + i for i in order)
            places += (i for i in range(begin, end) if i - begin not in order)
            spare += (i >= len(order) for i in range(end - begin))
        choices = self.packed.choices[np.array(places, np.intp)]
        choices["spare"] = spare
        menu = Menu(kinds, choices, any(spare))
        self._last_menu = forms, menu
        return menu

    def run(
        self, order: Order, limits: Limits = Limits(), menu: Menu | None = None, passes: int = 0
    ) -> Schedule | None:
        """The schedule with these priorities, or None if there is no room in scratch.

        `menu` has the forms, if they are not all that `Shapes` offers in its order (see `Compiled.menu`). `passes` is
        how often the schedule is pushed to the right and back (see `justify`); the best of all is taken.
        """
        best, _ = self._best(order, limits, menu, NEVER, passes)
        return None if best is None else _schedule(best)

    def make(self, order: Order, settings: Settings = NO_LIMITS, forms: Forms | None = None) -> _Made | None:
        """See `making.Maker`."""
        limits = Limits(settings.strands, settings.reserve, settings.window)
        menu = None if forms is None else self.menu(forms)
        run = self._prepared(order, limits, menu, NEVER, self.packed.issues)
        return _Made(self, run) if native.run(run) else None

    def measure(
        self,
        order: Order,
        limits: Limits = Limits(),
        menu: Menu | None = None,
        target: int = 0,
        passes: int = 0,
    ) -> Outcome | None:
        """How good the schedule is that `run` would make."""
        best, runs = self._best(order, limits, menu, target, passes)
        return None if best is None else Outcome(_cycles(best), float(best.state[0]["late"]), runs)

    def _best(
        self, order: Order, limits: Limits, menu: Menu | None, target: int, passes: int
    ) -> tuple[running.Run | None, int]:
        """The best run of the first one and `passes` improvements, and how many runs there were."""
        best: running.Run | None = None
        for n in range(passes + 1):
            run = self._prepared(order, limits if n == 0 else Limits(), menu, target, self.packed.issues)
            if not native.run(run):
                return best, n + 1
            if best is None or _cycles(run) < _cycles(best):
                best = run
            if n == passes:
                break
            starts = self.latest_starts(run)
            if starts is None:
                return best, n + 1
            order = by_cycles(starts)
        return best, passes + 1

    def latest_starts(self, run: running.Run, *, by_paths: bool = False) -> Integers | None:
        """`justify.latest_starts` of a run; None in the odd case that slots fit much worse on the way back."""
        p = self.packed
        count = len(p.operations)
        issues = run.issues[: run.state[0]["issued"]]
        tables = p.operations, p.edges, p.forms, p.steps, p.needs, p.capacity
        cycles = _cycles(run)
        form, end, order = np.empty((3, count), np.int32)
        counts = np.empty(cycles + 2, np.int32)
        native_justify.ends(p.operations, p.edges, p.forms, p.steps, issues, form, end)
        native_justify.sort(end, counts, order)
        if by_paths:
            landed, path = np.zeros(len(p.values), np.int32), np.zeros(count, np.int32)
            native_justify.paths(*tables, form, order, landed, path)
            native_justify.sort(path, counts, order)
        room = np.zeros((2, len(p.capacity), MARGIN + cycles + 1), np.int32)
        wanted, starts = np.empty(len(p.values), np.int32), np.zeros(count, np.int32)
        fits = native_justify.latest_starts(
            *tables, form, order[::-1], cycles, MARGIN, room[0], room[1], wanted, starts
        )
        return starts if fits else None

    def _prepared(self, order: Order, limits: Limits, menu: Menu | None, target: int, issues: int) -> running.Run:
        """A run at its beginning, with room for so many issues."""
        p = self.packed
        count = len(p.operations)
        kinds = p.kinds if menu is None else menu.kinds
        run = running.Run(
            state=np.empty(1, running.STATE),
            operations=np.empty(count, OPERATION),
            roots=p.roots,
            at_rank=np.empty(count, np.int32),
            forms=p.forms,
            steps=p.steps,
            edges=p.edges,
            reads=p.reads,
            needs=p.needs,
            values=np.empty(len(p.values), VALUE),
            kinds=np.empty(len(kinds), KIND),
            heap=np.empty(count, np.int32),
            choices=p.choices if menu is None else menu.choices,
            strands=np.empty(len(p.strands), STRAND),
            capacity=p.capacity,
            free=p.capacity.copy(),
            blocks=p.blocks.copy(),
            singles=p.singles.copy(),
            free_in=p.free_in.copy(),
            wake=np.empty(p.longest + 1, running.BUCKET),
            starved=np.empty(count, np.int32),
            ongoing=np.empty(count, running.TASK),
            todo=np.empty(count, running.TASK),
            frames=np.empty(count + len(p.strands), running.FRAME),
            issues=np.empty(issues, running.ISSUE),
        )
        state = self._state(limits, target, issues, menu is not None and menu.spares)
        native_reset.reset(run, state, p.operations, p.values, kinds, p.strands, order)
        return run

    def _state(self, limits: Limits, target: int, issues: int, spares: bool) -> Records:
        """The scalars of a run at its beginning."""
        key, last = (limits, target, issues, spares), self._last_state
        if last is None or last[0] != key:
            last = self._last_state = key, self._new_state(*key)
        return last[1]

    def _new_state(self, limits: Limits, target: int, issues: int, spares: bool) -> Records:
        p = self.packed
        state = np.zeros(1, running.STATE)
        scalars = state[0]
        scalars["left"] = len(p.operations)
        scalars["newest"] = min(limits.strands, len(p.strands)) - 1
        scalars["reserve"] = limits.reserve
        scalars["window"] = limits.window
        scalars["record"] = issues > 0
        scalars["lanes"] = p.lanes
        scalars["blocks"], scalars["singles"] = p.free_blocks, p.free_singles
        scalars["used"] = scalars["peak"] = p.used
        scalars["target"] = target
        scalars["spares"] = spares
        return state


def _cycles(run: running.Run) -> int:
    """The length of a finished run's schedule."""
    return int(max(run.state[0]["cycle"], run.state[0]["landed"]))


def _schedule(run: running.Run) -> Schedule:
    """The schedule that a finished run has made."""
    state = run.state[0]
    issues = [Issue(*row) for row in run.issues[: state["issued"]].tolist()]
    known = np.flatnonzero(run.values["address"] != NONE).tolist()
    address = {value: int(run.values["address"][value]) for value in known}
    return Schedule(issues, _cycles(run), address, int(state["peak"]))


@dataclass(frozen=True, slots=True)
class _Made:
    """See `making.Made`."""

    compiled: Compiled
    run: running.Run

    @property
    def cycles(self) -> int:
        return _cycles(self.run)

    @property
    def peak(self) -> int:
        return int(self.run.state[0]["peak"])

    def late(self, *, by_paths: bool = False) -> Integers | None:
        return self.compiled.latest_starts(self.run, by_paths=by_paths)

    def schedule(self) -> Schedule:
        return _schedule(self.run)
