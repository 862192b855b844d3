"""In which order an engine takes up its jobs (see `jobs`): a bound where one engine decides, and few strands want it.

Whatever a schedule does, let jobs have priority in the order in which they are finished there, and interrupt each other
by that. None is finished later then than in the schedule: by the time when it finishes one of them, all before it are
done, and no slot was lost that they might have taken. So nothing is missed by looking at priorities only: it is enough
to choose among the jobs that are ready when one is done, or gets ready.

States are enumerated by the slots of work that are done (dynamic programming over sets of jobs, after Held and Karp
1962). Of two in which the same is done, one counts for nothing if the other is no later in anything. A state is given
up if a job of it, or all work that is due by some cycle, cannot be done in time. Where the graph is a few strands wide,
few states are left: hundreds to thousands for a hundred jobs.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp2
from random import Random
from typing import NamedTuple

from vliwc.backend.bounds.jobs import Jobs

_WIDEST = 24
"""How many jobs may be ready in the first state of a level: with more, states are too many anyway."""
_FEW = 4
"""What comes behind a state with so many jobs that are ready takes the time of another state, with twice as many that
of four."""
_EASE = 4
"""So many cycles more that a job may wait make it half as urgent."""
_NOISE = 0.5
"""By such a part at most a state is more urgent for no reason, if there is to be a difference."""
_FIRST, _FIRST_SHARE = 40_000, 16
"""The first question gets so many states, or one part of so many of all: if it has no answer, later ones have none."""
_SHARE = 0.75
"""The share of those that are left that any other question gets."""
_QUICK = 30
"""Before that, a plan is looked for with so many states that have as much done: more need not be asked about."""


class Plan(NamedTuple):
    """For each job the cycles of its first and last slot."""

    begin: tuple[int, ...]
    end: tuple[int, ...]


class Outcome(NamedTuple):
    """What came of a question: a plan, or certainty that there is none, or neither; and the states made."""

    plan: Plan | None
    refuted: bool
    states: int


def plan(jobs: Jobs, cycles: int, states: int, width: int = 0, random: Random | None = None) -> Outcome:
    """Asks for a plan of the jobs in which all is done within so many cycles, making so many states at most.

    With a `width`, only so many of the states are kept that have as much done, the least urgent ones: such a question
    is quickly answered with a plan, or not at all. With `random`, what is urgent is a little different each time.
    """
    return _Search(jobs, cycles, states, width, random).run()


def refuted(jobs: Jobs, least: int, most: int, states: int) -> int:
    """The most cycles, from `least` to `most`, that no plan keeps to, as far as about so many states say; or
    least - 1."""
    below, above, step = least - 1, most + 1, 1
    share = min(states, max(_FIRST, states // _FIRST_SHARE))
    while below + 1 < above and share > 0:
        asked = min(below + step, above - 1)
        outcome = plan(jobs, asked, share, _QUICK)
        states -= outcome.states
        if outcome.plan is None and not outcome.refuted:
            outcome = plan(jobs, asked, share)
            states -= outcome.states
        if outcome.refuted:
            below = asked
            step = 2 * step if above > most else max(1, (above - below) // 2)
        else:
            above = asked
            step = max(1, (above - below) // 2)
        share = int(_SHARE * states)
    return below


class _Run(NamedTuple):
    """Slots `first` … `end` - 1 go to a job; `earlier` is what came before."""

    job: int
    first: int
    end: int
    earlier: _Run | None


_Releases = tuple[tuple[int, int], ...]
"""Jobs, in ascending order, with the slot before which each cannot begin."""


class _State(NamedTuple):
    """What is done, and when. Time is in slots of the engine: cycle t has those from t · capacity on."""

    done: int
    """The jobs that are finished, as a sum of powers of two."""
    begun: tuple[tuple[int, int], ...]
    """Jobs that have begun, each with the slots that it has had."""
    slot: int
    """All slots before this one are over."""
    ready: _Releases
    """Jobs for which all that they wait for is done."""
    waiting: _Releases
    """Jobs for which some of it is, but not all."""
    last: _Run | None

    def no_later(self, other: _State) -> bool:
        """Is everything at least as early as in another state in which the same is done?"""
        if self.slot > other.slot:
            return False
        mine, its = self.slot, other.slot
        return all(
            a <= mine or a <= b or a <= its for (_, a), (_, b) in zip(self.ready, other.ready, strict=True)
        ) and all(a <= b or a <= its for (_, a), (_, b) in zip(self.waiting, other.waiting, strict=True))


_Level = dict[tuple[int, tuple[tuple[int, int], ...]], list[_State]]
"""States in which as many slots of work are done, by what is done."""


class _Search:
    def __init__(self, jobs: Jobs, cycles: int, states: int, width: int, random: Random | None) -> None:
        self.jobs = jobs
        self.states = states
        self.width = width
        self.random = random
        self.capacity = jobs.capacity
        self.heads = [head * jobs.capacity for head in jobs.heads]
        self.due = [(cycles - tail + 1) * jobs.capacity for tail in jobs.tails]
        """The slot before which each job has to be finished; ascending."""
        self.slack = self._slack()
        self.latest: dict[int, int] = {}
        self.levels: dict[int, _Level] = {}

    def run(self) -> Outcome:
        """The outcome."""
        first = tuple((job, self.heads[job]) for job, before in enumerate(self.jobs.before) if not before)
        self.levels[0] = {(0, ()): [_State(0, (), 0, first, (), None)]}
        everything, made, complete = sum(self.jobs.slots), 1, True
        while self.levels:
            work = min(self.levels)
            states = [state for several in self.levels.pop(work).values() for state in several]
            if work == everything:
                return Outcome(self._plan(states[0]), False, made)
            if 0 < self.width < len(states):
                states, complete = sorted(states, key=self._urgency)[: self.width], False
            if made > self.states or len(states[0].ready) > _WIDEST:
                return Outcome(None, False, made)
            for state in states:
                made += (len(state.ready) // _FEW) ** 2
                for slots, following in self._following(state):
                    made += 1
                    self._add(work + slots, following)
        return Outcome(None, complete, made)

    def _following(self, state: _State) -> Iterator[tuple[int, _State]]:
        """The states that may come next, each with the slots that it has more."""
        begun = dict(state.begun)
        slot = max(state.slot, min(release for _, release in state.ready))
        choices = [job for job, release in state.ready if release <= slot]
        until = min((release for _, release in state.ready if release > slot), default=None)
        for job in choices:
            left = self.jobs.slots[job] - begun.get(job, 0)
            if until is None or left <= until - slot:
                following = self._finished(state, job, slot, slot + left)
                slots = left
            else:
                slots = until - slot
                had = tuple(sorted((begun | {job: begun.get(job, 0) + slots}).items()))
                last = _Run(job, slot, until, state.last)
                following = _State(state.done, had, until, state.ready, state.waiting, last)
            if following.slot <= self.due[job] and self._in_time(following):
                yield slots, following

    def _finished(self, state: _State, job: int, slot: int, end: int) -> _State:
        """The state after a job has had its last slots."""
        done = state.done | 1 << job
        cycle = (end - 1) // self.capacity
        ready = {other: release for other, release in state.ready if other != job}
        waiting = dict(state.waiting)
        for other, wait in self.jobs.behind[job]:
            release = max(waiting.get(other, self.heads[other]), (cycle + wait) * self.capacity)
            if self.jobs.before[other] & ~done:
                waiting[other] = release
            else:
                waiting.pop(other, None)
                ready[other] = release
        begun = tuple(of for of in state.begun if of[0] != job)
        last = _Run(job, slot, end, state.last)
        return _State(done, begun, end, tuple(sorted(ready.items())), tuple(sorted(waiting.items())), last)

    def _in_time(self, state: _State) -> bool:
        """Might all be done in time?"""
        begun = dict(state.begun)
        if state.slot > self._latest(state.done) + sum(begun.values()):
            return False
        slots, due, now = self.jobs.slots, self.due, state.slot
        return all(
            (release if release > now else now) + slots[job] - begun.get(job, 0) <= due[job]
            for job, release in state.ready
        )

    def _slack(self) -> list[int]:
        """For each job what the least is, over those that are due no sooner, of the time until then that is left
        when all that is due by then is done; and for none at all."""
        total, slack = 0, []
        for due, slots in zip(self.due, self.jobs.slots, strict=True):
            total += slots
            slack.append(due - total)
        least = [1 << 60]
        for each in reversed(slack):
            least.append(min(least[-1], each))
        return least[::-1]

    def _latest(self, done: int) -> int:
        """The last slot in which no more may be done than this: what is due by some cycle takes the time until then."""
        known = self.latest.get(done)
        if known is not None:
            return known
        first = (~done & (done + 1)).bit_length() - 1
        end = done.bit_length()
        latest, left = 1 << 60, 0
        for job in range(first, end):
            if not done >> job & 1:
                left += self.jobs.slots[job]
                latest = min(latest, self.due[job] - left)
        # behind the last job that is done, all is left: the slack of all jobs, and what is done of them
        saved = sum(self.jobs.slots[:end]) - left
        self.latest[done] = latest = min(latest, self.slack[end] + saved)
        return latest

    def _add(self, work: int, state: _State) -> None:
        """Keeps a state, unless another one is as good, in place of those than which it is."""
        level = self.levels.setdefault(work, {})
        several = level.setdefault((state.done, state.begun), [])
        if not any(other.no_later(state) for other in several):
            several[:] = [other for other in several if not state.no_later(other)]
            several.append(state)

    def _urgency(self, state: _State) -> float:
        """How urgent a state's jobs are: each counts for half as much if it has a little more time."""
        begun = dict(state.begun)
        ease = _EASE * self.capacity
        spare = [
            self.due[job] - (max(state.slot, release) + self.jobs.slots[job] - begun.get(job, 0))
            for job, release in state.ready
        ]
        spare.append(self._latest(state.done) + sum(begun.values()) - state.slot)
        urgency = sum(exp2(-min(each / ease, 1000.0)) for each in spare)
        return urgency if self.random is None else urgency * (1 + _NOISE * self.random.random())

    def _plan(self, state: _State) -> Plan:
        """The plan that ends in this state."""
        begin, end = [0] * len(self.due), [-1] * len(self.due)
        run = state.last
        while run is not None:
            begin[run.job] = run.first // self.capacity
            end[run.job] = max(end[run.job], (run.end - 1) // self.capacity)
            run = run.earlier
        return Plan(tuple(begin), tuple(end))
