"""Verifies a schedule from the problem alone: `check_schedule(problem, schedule)`.

Shares no code with the schedulers or with the allocator. The rules are those of `vliwc.backend.problem`:

1. every operation takes one of its forms, and every slot of its steps is issued once;
2. no cycle has more slots of an engine than the machine;
3. steps, and operations that are joined by an edge, wait for each other;
4. what a form needs is in scratch;
5. values stand in free scratch, entry and tied values where they have to be, and two values share a word only one
   after the other: a word may be written again in the cycle of its last read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise

from vliwc.backend.problem import DATA, Copy, Issue, Problem, Schedule
from vliwc.backend.rematerialisation import recipes, with_copies
from vliwc.errors import DataError

_BEFORE = -1
"""When values were written that are there at the start."""
_FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class _Done:
    """When an operation is issued, first slot and last, and when its result lands; and its form, or -1."""

    first: int
    last: int
    landed: int
    form: int


def check_schedule(problem: Problem, schedule: Schedule) -> None:
    """Raises DataError, which names what is wrong, unless the schedule solves the problem, with the copies it has."""
    _check_copies(problem, schedule.copies)
    problem = with_copies(problem, schedule.copies)
    _check_slots(problem, schedule.issues)
    done = _all_done(problem, schedule.issues)
    _check_waits(problem, done)
    end = max((max(d.landed, d.last + 1 if d.form >= 0 else 0) for d in done), default=0)
    if schedule.cycles < end:
        raise _wrong(f"it takes {end} cycles, not {schedule.cycles}")
    _check_places(problem, schedule.address)
    _check_words(problem, schedule.address, done)


def _wrong(cause: str) -> DataError:
    return DataError(f"the schedule is wrong: {cause}", help="the rules are in docs/instances.md")


def _check_copies(problem: Problem, copies: tuple[Copy, ...]) -> None:
    """Copies are of values that can be made again, and each reader reads one of them."""
    can = recipes(problem) if copies else {}
    readers: Counter[tuple[int, int]] = Counter()
    for copy in copies:
        if copy.value not in can:
            raise _wrong(f"value {copy.value} cannot be made again")
        for k in copy.readers:
            if not 0 <= k < len(problem.operations) or copy.value not in problem.operations[k].reads:
                raise _wrong(f"there is no operation {k} that reads value {copy.value}")
            if any(copy.value in needs for needs in problem.operations[k].needs):
                raise _wrong(f"operation {k} needs value {copy.value} itself")
            readers[k, copy.value] += 1
    if max(readers.values(), default=0) > 1:
        raise _wrong("an operation reads two copies of one value")


def _check_slots(problem: Problem, issues: list[Issue]) -> None:
    """Rule 2, and that every issue is one of slots that exist."""
    used: Counter[tuple[int, str]] = Counter()
    for issue in issues:
        if issue.cycle < 0 or not 0 <= issue.operation < len(problem.operations):
            raise _wrong(f"there is no operation {issue.operation}, or no cycle {issue.cycle}")
        forms = problem.operations[issue.operation].forms
        if not 0 <= issue.form < len(forms) or not 0 <= issue.step < len(forms[issue.form]):
            raise _wrong(f"operation {issue.operation} has no step {issue.step} of a form {issue.form}")
        used[issue.cycle, forms[issue.form][issue.step].engine] += issue.slots
    for (cycle, engine), count in sorted(used.items()):
        if count > problem.machine.slots(engine):
            raise _wrong(f"cycle {cycle} has {count} slots of {engine}, the machine {problem.machine.slots(engine)}")


def _all_done(problem: Problem, issues: list[Issue]) -> list[_Done]:
    """Rule 1 and the steps of rule 3: when each operation is done. Operations without forms are done at once."""
    of: dict[int, list[Issue]] = defaultdict(list)
    for issue in issues:
        of[issue.operation].append(issue)
    ready = [0] * len(problem.operations)
    done = []
    for k, operation in enumerate(problem.operations):
        d = _one_done(problem, k, of[k]) if operation.forms else _Done(ready[k], ready[k], ready[k], -1)
        done.append(d)
        for target, kind in problem.successors[k]:
            ready[target] = max(ready[target], d.landed if kind == DATA else d.last)
    return done


def _one_done(problem: Problem, k: int, issues: list[Issue]) -> _Done:
    """One operation with slots."""
    forms = {issue.form for issue in issues}
    if len(forms) != 1:
        raise _wrong(f"operation {k} takes {len(forms)} of its forms, not one")
    form = problem.operations[k].forms[forms.pop()]
    ready = 0
    for number, step in enumerate(form):
        mine = sorted((i for i in issues if i.step == number), key=lambda i: i.first)
        slot = 0
        for issue in mine:
            if issue.first != slot or issue.slots < 1:
                raise _wrong(f"slot {slot} of step {number} of operation {k} is not issued once")
            slot += issue.slots
        if slot != step.slots:
            raise _wrong(f"step {number} of operation {k} has {step.slots} slots, {slot} are issued")
        if min(i.cycle for i in mine) < ready:
            raise _wrong(f"step {number} of operation {k} does not wait for the step before")
        ready = max(i.cycle for i in mine) + step.latency
    last = max(i.cycle for i in issues)
    return _Done(min(i.cycle for i in issues), last, ready, issues[0].form)


def _check_waits(problem: Problem, done: list[_Done]) -> None:
    """The edges of rule 3; and rule 4, as far as it is about time."""
    writers: dict[int, list[int]] = defaultdict(list)
    for k, operation in enumerate(problem.operations):
        writers[operation.writes].append(k)
        for target, kind in problem.successors[k]:
            if done[target].first < (done[k].landed if kind == DATA else done[k].last):
                raise _wrong(f"operation {target} does not wait for operation {k}")
    for k, operation in enumerate(problem.operations):
        for value in operation.needed(done[k].form):
            if any(done[writer].landed > done[k].first for writer in writers[value]):
                raise _wrong(f"operation {k} needs value {value}, which is not there yet")


def _check_places(problem: Problem, address: dict[int, int]) -> None:
    """Rule 5, but for the times."""
    for value in {v for o in problem.operations for v in (*o.reads, o.writes) if v >= 0}:
        if value not in address:
            raise _wrong(f"value {value} has no place in scratch")
    places = {**problem.entry, **{v: problem.entry[old] for v, old in problem.tied.items()}}
    for value, first in address.items():
        if not 0 <= value < len(problem.widths):
            raise _wrong(f"there is no value {value}")
        if places.get(value, first) != first:
            raise _wrong(f"value {value} has to be at {places[value]}, not at {first}")
        if first < 0 or first + problem.widths[value] > problem.machine.scratch_words:
            raise _wrong(f"value {value} lies outside of scratch")


def _check_words(problem: Problem, address: dict[int, int], done: list[_Done]) -> None:
    """Rule 5: the owners of every word, one after the other."""
    if len(set(problem.tied.values())) < len(problem.tied) or not problem.held.issuperset(problem.tied.values()):
        raise _wrong("a value is written over one that is not held, or over which another one is written")
    owners: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    lives = _lives(problem, done)
    for value, first in address.items():
        if value in problem.tied or value not in lives:
            continue
        for word in range(first, first + problem.widths[value]):
            owners[word].append((*lives[value], value))
    for first, words in problem.blocked:
        for word in range(first, first + words):
            owners[word].append((_BEFORE, _FOREVER, -1))
    for word, intervals in owners.items():
        intervals.sort()
        for (_, end, one), (begin, _, other) in pairwise(intervals):
            if begin < end:
                raise _wrong(f"{_owner(one)} and {_owner(other)} share word {word} in cycle {max(begin, 0)}")
    for new, old in problem.tied.items():
        _check_tied(problem, done, new, old)


def _owner(value: int) -> str:
    return f"value {value}" if value >= 0 else "a blocked range"


def _lives(problem: Problem, done: list[_Done]) -> dict[int, tuple[int, int]]:
    """For each value the cycle of the first slot that writes it, and of the last that reads it; a value is alive until
    it has landed in any case, and to the end if it is held."""
    lives: dict[int, tuple[int, int]] = dict.fromkeys(problem.entry, (_BEFORE, _BEFORE))
    for operation, d in zip(problem.operations, done, strict=True):
        if operation.writes >= 0:
            begin, end = lives.get(operation.writes, (d.first, d.landed))
            lives[operation.writes] = min(begin, d.first), max(end, d.landed)
    for operation, d in zip(problem.operations, done, strict=True):
        needed = operation.needed(d.form) if d.form >= 0 else ()
        for value in (*operation.reads, *needed):
            if value not in lives:
                raise _wrong(f"value {value} is read and never written")
            begin, end = lives[value]
            lives[value] = begin, max(end, d.last)
    return {v: (begin, _FOREVER if v in problem.held else end) for v, (begin, end) in lives.items()}


def _check_tied(problem: Problem, done: list[_Done], new: int, old: int) -> None:
    """A value is written over another one: when all others have read that."""
    written = min((d.first for o, d in zip(problem.operations, done, strict=True) if o.writes == new), default=_FOREVER)
    for k, operation in enumerate(problem.operations):
        takes = old in operation.reads or (done[k].form >= 0 and old in operation.needed(done[k].form))
        if takes and operation.writes != new and done[k].last > written:
            raise _wrong(f"value {new} is written over value {old} before operation {k} has read that")
