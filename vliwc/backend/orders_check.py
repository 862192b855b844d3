"""Checks that an engine cannot take up its operations in any order that keeps to a number of cycles (see
`vliwc.backend.bounds.argument.Orders`), without any code that finds such claims.

Operations that need slots of the engine in any form are jobs. Each begins no sooner than its head, and than what it
waits for allows, and leaves its tail behind it; the engine has so many slots a cycle; all else counts for nothing. It
is enough to look at schedules in which no slot is lost while a job is ready, and in which jobs are only interrupted
when another one gets ready: give them priority in the order in which any schedule finishes them, and none is later.

The check goes from one state to the next, until a job is late: what is done, how far jobs are that have begun, and
the slot from which on others may begin. It asks again for nothing that was no earlier before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np

from vliwc.backend.entries import Entry
from vliwc.backend.problem import Problem

_NEVER = -1 << 40
_MOST_JOBS, _MOST_WAITS, _MOST_STATES = 2_000, 3_000_000, 5_000_000
"""How much is gone through: more than what `cpsat` may claim, which makes 4,500,000 states at most."""
_FEW = 8
"""A state with so many jobs that may be next, or wait for something, counts for one more, with twice as many for four
more."""


def check_orders(
    orders: Entry,
    problem: Problem,
    heads: Sequence[int],
    tails: Sequence[int],
    earlier: Sequence[Sequence[tuple[int, int]]],
    spans: Sequence[int],
) -> int:
    """The cycles that a schedule takes at least: one more than those that the claim is about.

    `earlier` has for each operation those that it waits for, with the cycles from their last slots to its first one,
    `spans` the cycles at least from its first slot to its last one. Raises DataError if the record is malformed, if an
    order keeps to that, or if there are too many to go through.
    """
    cycles, engine = orders.integer("cycles", 0, 1 << 20), orders.text("engine")
    if not problem.machine.slots(engine):
        raise orders.error("engine", f"the machine has no engine '{engine}'")
    slots = {k: least for k in range(len(heads)) if (least := _least(problem, k, engine))}
    try:
        late = _Jobs(slots, problem.machine.slots(engine), cycles, heads, tails, earlier, spans).late()
    except _TooManyError:
        raise orders.error("engine", f"the operations on {engine} have too many orders to check them all") from None
    if not late:
        raise orders.error("cycles", f"there is an order of the operations on {engine} that keeps to {cycles} cycles")
    return cycles + 1


def _least(problem: Problem, k: int, engine: str) -> int:
    """The slots of an engine that an operation needs in every form."""
    forms = problem.operations[k].forms
    return min((sum(step.slots for step in form if step.engine == engine) for form in forms), default=0)


_Times = tuple[tuple[int, int], ...]
"""Jobs, each with a number of slots."""
_State = tuple[int, _Times, int, _Times]
"""What is done, as a sum of powers of two; how many slots jobs have had that have begun; the slot that is next; and
the slots from which on jobs may begin of which at least one wait is over."""


class _TooManyError(Exception):
    """There are more jobs, waits or states than the check goes through."""


class _Jobs:
    def __init__(
        self,
        slots: dict[int, int],
        capacity: int,
        cycles: int,
        heads: Sequence[int],
        tails: Sequence[int],
        earlier: Sequence[Sequence[tuple[int, int]]],
        spans: Sequence[int],
    ) -> None:
        if len(slots) > _MOST_JOBS:
            raise _TooManyError
        self.capacity = capacity
        self.slots = list(slots.values())
        self.heads = [heads[k] * capacity for k in slots]
        self.due = [(cycles - tails[k] + 1) * capacity for k in slots]
        self.by_due = sorted(range(len(slots)), key=lambda job: self.due[job])
        waits = self._necessary(_waits({k: job for job, k in enumerate(slots)}, earlier, spans))
        self.before = [sum(1 << other for other in wait) for wait in waits]
        self.behind: list[list[tuple[int, int]]] = [[] for _ in slots]
        for job, wait in enumerate(waits):
            for other, away in wait.items():
                self.behind[other].append((job, away))
        self._latest: dict[int, int] = {}

    def _necessary(self, waits: Sequence[dict[int, int]]) -> list[dict[int, int]]:
        """The waits that do not follow from others and from the time that jobs take themselves."""
        longest = np.full((len(waits), len(waits)), _NEVER, np.int64)
        """In the row of each job the longest ways from the other ones' last slots."""
        necessary: list[dict[int, int]] = []
        for job, wait in enumerate(waits):
            own, kept = longest[job], dict[int, int]()
            for other in sorted(wait, reverse=True):
                away = wait[other]
                if away > own[other]:
                    kept[other] = away
                    further = away + (self.slots[other] - 1) // self.capacity
                    np.maximum(own, longest[other] + further, out=own)
                    own[other] = away
            necessary.append(kept)
        return necessary

    def late(self) -> bool:
        """Is a job late in every order?"""
        start: _State = 0, (), 0, tuple((job, self.heads[job]) for job, before in enumerate(self.before) if not before)
        states: dict[int, dict[tuple[int, _Times], list[_State]]] = {}
        if not self._is_late(start):
            states[0] = {(0, ()): [start]}
        effort = 0
        while states:
            work = min(states)
            for several in states.pop(work).values():
                for state in several:
                    effort += 1 + (len(state[3]) // _FEW) ** 2
                    if effort > _MOST_STATES:
                        raise _TooManyError
                    if state[0] == (1 << len(self.slots)) - 1:
                        return False
                    for more, following in self._following(state):
                        known = states.setdefault(work + more, {}).setdefault(following[:2], [])
                        if not any(_no_later(other, following) for other in known):
                            known[:] = [other for other in known if not _no_later(following, other)]
                            known.append(following)
        return True

    def _following(self, state: _State) -> Iterable[tuple[int, _State]]:
        """What comes next if one of the jobs goes on that are ready: the slots that it gets, and the state then."""
        done, begun, now, releases = state
        had = dict(begun)
        ready = {job: at for job, at in releases if not self.before[job] & ~done}
        now = max(now, min(ready.values()))
        until = min((at for at in ready.values() if at > now), default=now + sum(self.slots))
        for job, at in ready.items():
            if at > now:
                continue
            left = self.slots[job] - had.get(job, 0)
            if left > until - now:
                following = done, _sorted(had | {job: had.get(job, 0) + until - now}), until, releases
            else:
                following = self._after(state, job, now + left)
            if not self._is_late(following):
                yield following[2] - now, following

    def _after(self, state: _State, job: int, end: int) -> _State:
        """The state after the last slot of a job, the one before slot `end`."""
        done, begun, _, releases = state
        earliest = {other: at for other, at in releases if other != job}
        for other, wait in self.behind[job]:
            there = ((end - 1) // self.capacity + wait) * self.capacity
            earliest[other] = max(earliest.get(other, self.heads[other]), there)
        return done | 1 << job, tuple(of for of in begun if of[0] != job), end, _sorted(earliest)

    def _is_late(self, state: _State) -> bool:
        """Is a job late, or will one be as there is too much to do until then?"""
        done, begun, now, releases = state
        had = dict(begun)
        return now > self._last(done) + sum(had.values()) or any(
            max(at, now) + self.slots[job] - had.get(job, 0) > self.due[job] for job, at in releases
        )

    def _last(self, done: int) -> int:
        """The slot until which this may be all that is done: what is due then has to fit in behind."""
        if done not in self._latest:
            left = [job for job in self.by_due if not done >> job & 1]
            work = accumulate(self.slots[job] for job in left)
            last = min((self.due[job] - until for job, until in zip(left, work, strict=True)), default=1 << 60)
            self._latest[done] = last
        return self._latest[done]


def _waits(
    number: dict[int, int], earlier: Sequence[Sequence[tuple[int, int]]], spans: Sequence[int]
) -> list[dict[int, int]]:
    """For each job the cycles from the last slots of others to its first one, over operations that are no jobs."""
    found: list[dict[int, int]] = []
    ways: list[dict[int, int]] = []
    """For each operation the cycles from the last slots of jobs to its own last slot."""
    count = 0
    for k, waits in enumerate(earlier):
        away: dict[int, int] = {}
        for other, wait in waits:
            for job, way in ways[other].items():
                away[job] = max(away.get(job, 0), way + wait)
        count += len(away)
        if count > _MOST_WAITS:
            raise _TooManyError
        if k in number:
            found.append(away)
            ways.append({number[k]: 0})
        else:
            ways.append({job: way + spans[k] for job, way in away.items()})
    return found


def _no_later(one: _State, other: _State) -> bool:
    """Is one state, in which the same is done, as good as another one, or better?"""
    now, then = one[2], other[2]
    return now <= then and all(
        max(at, now) <= max(its, then) for (_, at), (_, its) in zip(one[3], other[3], strict=True)
    )


def _sorted(times: dict[int, int]) -> _Times:
    return tuple(sorted(times.items()))
