"""A schedule out of linear programs, cycle by cycle and from both ends: relax and fix, or diving.

    0 ………… front ├── open cycles ──┤ back ………… T        fixed ├ divided ┤ fixed

The linear program in which operations may be divided (`bounds.divided`) says how much of each is best issued in the
first open cycle, or in the last one. What is ready is issued there as a whole, the most wanted first, as far as there
are slots, and the program is solved again for what is left: a step that leaves no schedule of T cycles, not even a
divided one, mostly shows at once. Then some cycles are taken back, and filled again with a little chance. Where few
operations are left, CP-SAT decides about them and what lies around them. (Pochet and Wolsey 2006 describe relax and
fix; that the shares of a linear program are good priorities is from Möhring, Schulz, Stork and Uetz 2003.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from random import Random
from typing import NamedTuple

from vliwc.backend.bounds import Window, resource_bound
from vliwc.backend.bounds.divided import OVERDRAWN, DividedProgram, Key, periods_of, waits_of
from vliwc.backend.bounds.periods import Periods
from vliwc.backend.problem import DATA, Problem
from vliwc.backend.schedulers.cpsat.fixing import State
from vliwc.backend.schedulers.cpsat.frame import frame
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.model import Model
from vliwc.backend.schedulers.cpsat.room import room
from vliwc.backend.schedulers.cpsat.solving import Solver
from vliwc.backend.schedulers.cpsat.timetable import Slots, Timetable, span
from vliwc.backend.schedulers.cpsat.timing import Windows, length, windows

_WORK = 0.5
"""The deterministic time that a linear program may take, a few times what most take."""
_LOOKAHEAD = ((0, 8), (1, 4), (2, 2), (4, 1))
"""How much it counts for an operation what part of it is issued after so many cycles more."""
_URGENT = 100.0
"""How much it counts that it can be issued in no other cycle."""
_NOISE = (0.1, 0.25, 0.5, 1.0)
"""By how much that differs from what the program says, once a step has led nowhere."""
_NOTHING = 1e-6
"""Smaller shares are none. An operation of which nothing is issued soon may fill slots that are left, by a form that is
as cheap as any: for others the slots will be missing later."""
_CALM = 3, 8
"""After so many steps that have gone well, one cycle more is closed at once."""
_TAKEN_BACK = 12
"""So many cycles at most are taken back at once; fewer at first."""
_FEW = 150
"""So many operations, or fewer, CP-SAT decides about."""
_AROUND = 2
"""Those that are fixed within so many cycles of open ones are free again then."""
_DECISION = 1.5
"""The seconds or units of work that such a decision may take."""
_PIVOT = 3e-9
"""The work of each iteration of a linear program, for each variable."""


class Block:
    """What all dives for schedules of one problem start from. Operations keep to their `heads` and `tails`."""

    def __init__(self, instance: Instance, heads: Sequence[int], tails: Sequence[int]) -> None:
        self.instance = instance
        self.heads, self.tails = heads, tails
        problem = instance.problem
        self.operations = [k for k, operation in enumerate(problem.operations) if operation.forms]
        self.waits = list(waits_of(problem))
        self.cheap = _cheapest(problem)
        count = len(problem.operations)
        self.before: list[set[int]] = [set() for _ in range(count)]
        """For each operation those with slots that it waits for, also by way of operations without."""
        self.behind: list[set[int]] = [set() for _ in range(count)]
        """And those that wait for it, or have forms that need its result."""
        for k in range(count):
            for earlier, _ in instance.predecessors[k]:
                self.before[k] |= {earlier} if problem.operations[earlier].forms else self.before[earlier]
        for k in reversed(range(count)):
            self.behind[k] |= instance.needing[k]
            for later, _ in problem.successors[k]:
                self.behind[k] |= {later} if problem.operations[later].forms else self.behind[later]


class _View(NamedTuple):
    """What a linear program says of a state; its cycles are counted from the front of that."""

    front: int
    windows: Windows
    periods: Periods
    shares: dict[Key, dict[int, float]]

    def issued(self, key: Key, cycle: int) -> float:
        """How much of a step is issued by the end of the period of a cycle."""
        shares = self.shares.get(key)
        if not shares:
            return 0.0
        bound = self.periods.bound(cycle)
        return max((share for until, share in shares.items() if until <= bound), default=0.0)


class Manner(NamedTuple):
    """How to dive."""

    variables: int
    """About how many a linear program may have: so many cycles at either end of what is open are told apart."""
    late: float
    """What share of the cycles is fixed from the end."""
    programs: int
    """After so many of them, it is better to begin anew."""


class Dive:
    """One dive for a schedule of so many `cycles`.

    It asks whether to `stop` with the share of the cycles that is closed.
    """

    def __init__(
        self, block: Block, solver: Solver, cycles: int, manner: Manner, random: Random, stop: Callable[[float], bool]
    ) -> None:
        self.block = block
        self.solver = solver
        self.problem = block.instance.problem
        self.cycles = cycles
        self.manner = manner
        self.random = random
        self.stop = stop
        self.noise = 0.0
        self.calm = 0
        """How many steps in a row have gone well."""
        self.programs = 0
        """How many linear programs have been solved."""

    def run(self) -> dict[int, Slots] | None:
        """The slots of all operations, or None."""
        state = State(self.block.instance, self.cycles, 0, self.cycles, {}, {}, Counter(), {})
        view = self._view(state)
        history: list[State] = []
        deepest, back = 0, 1
        while view is not None and self.programs < self.manner.programs and not self.stop(state.closed):
            history.append(state)
            state, seen = self._step(state, view)
            if not self._free(state):
                return state.slots
            if seen is not None:
                view = seen
                continue
            depth = len(history)
            deeper = depth > deepest
            deepest = max(deepest, depth)
            found = self._finished(history[-1]) if deeper else None
            if found is not None:
                return found
            back = 1 if deeper else min(back + 1, _TAKEN_BACK)
            kept = max(0, depth - 1 - int(self.random.random() * back))
            state, history = history[kept], history[:kept]
            self.noise = self.random.choice(_NOISE)
            view = self._view(state)
        return None

    def _free(self, state: State) -> list[int]:
        """The operations that are not fixed, those without slots too as long as any others are."""
        operations = self.problem.operations
        free = [k for k in range(len(operations)) if k not in state.slots]
        return free if any(operations[k].forms for k in free) else []

    # -- what the linear program says

    def _view(self, state: State) -> _View | None:
        """What is best for the operations that are not fixed; None if there is certainly no schedule any more."""
        block, problem, free = self.block, self.problem, self._free(state)
        last = state.back - 1
        within = {
            k: (max(block.heads[k], state.front), min(self.cycles - block.tails[k], last))
            for k in free
            if problem.operations[k].forms
        }
        open_windows = windows(block.instance, self.cycles, free, state.spans, state.due, within)
        if open_windows.empty() or not all(self._fits(open_windows, k) for k in within):
            return None
        free = [k for k in free if open_windows.latest[k].end >= state.front]  # what else joins is behind
        heads = {k: max(0, open_windows.earliest[k].start - state.front) for k in free}
        tails = {k: state.back - open_windows.latest[k].end for k in free}
        periods = periods_of(problem, free, heads, tails, state.back - state.front, self.manner.variables)
        if periods is None:
            return None
        used = {(e, cycle - state.front): n for (e, cycle), n in state.used.items() if state.front <= cycle <= last}
        program = DividedProgram(problem, free, heads, tails, periods, block.waits, used)
        missing = program.missing(_WORK)
        self.programs += 1
        self.solver.count(_PIVOT * program.solver.iterations() * program.solver.NumVariables())
        if missing is None or missing > OVERDRAWN:
            return None
        return _View(state.front, open_windows, periods, program.solution())

    def _fits(self, open_windows: Windows, k: int) -> bool:
        """Is there time for any form of an operation?"""
        time = open_windows.latest[k].end - open_windows.earliest[k].start
        return any(length(form, self.problem.machine) <= time for form in self.problem.operations[k].forms)

    # -- fixing a cycle

    def _step(self, state: State, view: _View) -> tuple[State, _View | None]:
        """The state with a cycle closed, at the end if it is its turn, and what is to be said of that; with several, if
        that has gone well for a while.

        If all that is wanted leads nowhere, half of it is tried, and so on down to single operations, which are then
        refused.
        """
        for cycles in dict.fromkeys((self._stride(), 1)):
            following = state
            for _ in range(min(cycles, state.back - state.front)):
                late = self._is_late(following)
                following = following.fixing(self._choice(following, view, late=late))
                following.close(late=late)
            seen = self._view(following)
            if seen is not None or not self._free(following):
                self.calm += 1
                return following, seen
            self.calm = 0
        late = self._is_late(state)
        refused = set[tuple[int, int]]()
        most = len(self.block.operations)
        while choice := self._choice(state, view, refused, late=late)[:most]:
            if self.programs >= self.manner.programs or self.stop(state.closed):
                break
            tried = state.fixing(choice)
            seen = self._view(tried)
            if seen is not None:
                state, view, most = tried, seen, len(self.block.operations)
            elif len(choice) > 1:
                most = len(choice) // 2
            else:
                refused.add((choice[0][0].operation, choice[0][0].form))
                most = len(self.block.operations)
        following = state.copy()
        following.close(late=late)
        return following, self._view(following)

    def _stride(self) -> int:
        """How many cycles to close at once. Windows are those of before then, and know nothing of what has been fixed
        since that others wait for by way of operations without slots."""
        if len(self.block.operations) < len(self.problem.operations):
            return 1
        return 1 + sum(self.calm >= steps for steps in _CALM)

    def _is_late(self, state: State) -> bool:
        """Is it the turn of the cycles at the end?"""
        return self.cycles - state.back < self.manner.late * (state.front + self.cycles - state.back + 1)

    def _choice(
        self, state: State, view: _View, refused: Container[tuple[int, int]] = (), *, late: bool
    ) -> list[Slots]:
        """What is best issued in the next cycle, in the order in which it is wanted, as far as there are slots."""
        cycle = state.back - 1 if late else state.front
        following, some = state.copy(), True
        chosen: list[Slots] = []
        while some:  # what is fixed may let others go on in the same cycle
            some = False
            for _, k, f in sorted(self._wanted(following, view, cycle, late=late)):
                if k in following.slots or (k, f) in refused:
                    continue
                issues = following.issues(k, f, cycle, late=late)
                if issues and self._in_time(following, view, issues, late=late):
                    following.fix(issues)
                    chosen.append(issues)
                    some = True
        return chosen

    def _wanted(self, state: State, view: _View, cycle: int, *, late: bool) -> Iterator[tuple[float, int, int]]:
        """The operations that may begin in a cycle, or end in it (`late`), in any form; most wanted are the least."""
        near = self.block.behind if late else self.block.before
        for k in self.block.operations:
            if k in state.slots or not all(other in state.slots for other in near[k]):
                continue
            early, last = view.windows.earliest[k], view.windows.latest[k]
            if not (early.end <= cycle <= last.end if late else early.start <= cycle <= last.start):
                continue
            urgent = _URGENT * (early.start == last.start)
            for f in range(len(self.problem.operations[k].forms)):
                share = self._share(view, k, f, cycle, late=late)
                if share > _NOTHING or f in self.block.cheap[k]:
                    yield -urgent - share - self.noise * self.random.random(), k, f

    def _share(self, view: _View, k: int, f: int, cycle: int, *, late: bool) -> float:
        """How much of an operation is issued in a cycle and soon after, or, `late`, in it and shortly before."""
        now = cycle - view.front
        if not late:
            return sum(weight * view.issued((k, f, 0), now + ahead) for ahead, weight in _LOOKAHEAD)
        key = k, f, len(self.problem.operations[k].forms[f]) - 1
        whole = view.issued(key, self.cycles)
        return sum(weight * (whole - view.issued(key, now - 1 - ahead)) for ahead, weight in _LOOKAHEAD)

    def _in_time(self, state: State, view: _View, issues: Slots, *, late: bool) -> bool:
        """Do these slots keep to what is fixed, also in this cycle, and to the windows?"""
        instance, issue = self.block.instance, issues[0]
        k, own = issue.operation, span(self.problem, issues)
        if own.start < view.windows.earliest[k].start or own.landed > view.windows.latest[k].landed:
            return False
        before = ((state.spans[p], kind) for p, kind in instance.predecessors[k] if p in state.spans)
        after = ((state.spans[j], kind) for j, kind in self.problem.successors[k] if j in state.spans)
        if any(own.start < (p.landed if kind == DATA else p.end) for p, kind in before):
            return False
        if any((own.landed if kind == DATA else own.end) > j.start for j, kind in after):
            return False
        writers = (w for v in self.problem.operations[k].needed(issue.form) for w in instance.writers.get(v, ()))
        there = (state.spans[w] if w in state.spans else view.windows.earliest[w] if late else None for w in writers)
        return all(value is not None and value.landed <= own.start for value in there)

    # -- what is left

    def _finished(self, state: State) -> dict[int, Slots] | None:
        """The slots of all operations if few are left and CP-SAT finds a way to fix them."""
        instance, cycles = self.block.instance, self.cycles
        near = range(state.front - _AROUND, state.back + _AROUND)
        fixed = {k: own for k, own in state.slots.items() if own[-1].cycle < near.start or own[0].cycle >= near.stop}
        free = [k for k in self.block.operations if k not in fixed]
        if len(free) > _FEW:
            return None
        others = Timetable(instance, [fixed.get(k, ()) for k in range(len(self.problem.operations))])
        within = {k: (self.block.heads[k], cycles - self.block.tails[k]) for k in free}
        opened = frame(instance, cycles, free, others, within)
        if opened.windows.empty():
            return None
        model = Model(instance, opened, room(self.problem, split=True))
        answer = self.solver.solve(model.cp, most=_DECISION)
        return None if answer.solution is None else fixed | model.slots(answer.solution)


def _cheapest(problem: Problem) -> list[set[int]]:
    """For each operation the forms that cost least at the prices that balance the engines' work."""
    conclusion = resource_bound(problem).conclusion
    prices = conclusion.prices if isinstance(conclusion, Window) else {}
    cheapest: list[set[int]] = []
    for operation in problem.operations:
        costs = [sum(prices.get(step.engine, 0) * step.slots for step in form) for form in operation.forms]
        cheapest.append({f for f, cost in enumerate(costs) if cost == min(costs)})
    return cheapest
