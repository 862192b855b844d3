"""Problems that ask for less scratch: broadcasts are made where they are used, and what is for other forms is left out.

    v = broadcast w                         w stays: one word
    a = sub x, v        (group 1)     →     v1 = broadcast w;  a = sub x, v1
    b = sub y, v        (group 2)           v2 = broadcast w;  b = sub y, v2

A vector that many groups of lanes use stands in scratch from the first of them to the last. Made again for each user,
it does so for a cycle or two, at the price of an operation a user (rematerialisation: Chaitin et al. 1981; Briggs,
Cooper and Torczon 1992). Those with the fewest users are the cheapest.

    v = select c, a, b                                v = select c, a, b       on flow only
    or multiply_add c, d, b with d = a - b     →

What operations read in one of their other forms only need not be there at all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from vliwc.backend.bounds import segment_bound
from vliwc.backend.bounds.prices import balance, demands
from vliwc.backend.problem import DATA, ORDER, Form, Operation, Problem, Schedule, Word
from vliwc.backend.schedulers.urgency import Urgency, room_for
from vliwc.backend.strands import SHARED, find_strands

NewValue = Callable[[int, int], int]
"""Makes a value of a width, for a node."""

FAR = 1.1
"""Where scratch is short, a schedule of so many times its bound is held up by that."""
_AMPLE = 1.25
"""Where scratch has room for so many times the strands that have to be under way, it is no matter."""


def short_of_scratch(problem: Problem) -> bool:
    """May scratch hold a problem up? With paths of L cycles and a bound of T, S strands have S L / T under way in the
    mean (Little 1961)."""
    urgency = Urgency(problem)
    strands = max(urgency.strand, default=SHARED) + 1
    if strands < 2:
        return False
    under_way = strands * urgency.length / max(1, urgency.length, segment_bound(problem, 0).best)
    return room_for(problem, urgency.strand) < _AMPLE * under_way


def relieve(problem: Problem, schedule: Callable[[Problem], Schedule | None], new_value: NewValue) -> Problem:
    """The problem or, where scratch holds it up, one that asks for less and has a shorter schedule."""
    if not short_of_scratch(problem):
        return problem
    best, found = problem, schedule(problem)
    for smaller in relieved(problem, new_value):
        if found is not None and found.cycles <= FAR * segment_bound(problem, found.cycles).best:
            break
        other = schedule(smaller)
        if other is not None and (found is None or other.cycles < found.cycles):
            best, found = smaller, other
    return best


def relieved(problem: Problem, new_value: NewValue) -> Iterator[Problem]:
    """Problems with the same results that ask for less and less scratch, but for hardly more cycles."""
    fewer = without_alternatives(problem)
    if fewer is not problem:
        yield fewer
    users = used_by_strands(fewer)
    cheapest = sorted(users, key=lambda v: (len(users[v]), v))
    most = _affordable(fewer, [len(users[v]) for v in cheapest])
    for count in dict.fromkeys((most // 2, most)):
        if count:
            yield broadcast_at_use(fewer, cheapest[:count], new_value)


def _affordable(problem: Problem, copies: list[int]) -> int:
    """How many broadcasts may be made so often before the engines take longer than the problem's bound."""
    example = next((o for o in problem.operations if any(map(_is_broadcast, o.forms))), None)
    work = Counter(demands(o) for o in problem.operations if o.forms)

    def cycles(count: int) -> float:
        more = Counter({demands(example): sum(copies[:count])}) if example else Counter()
        slots = balance(problem.machine, work + more).slots
        return max(n / problem.machine.slots(engine) for engine, n in slots.items())

    return bisect_right(range(1, len(copies) + 1), float(segment_bound(problem).best), key=cycles)


def broadcasts(problem: Problem) -> dict[int, int]:
    """The values that are broadcasts, each with the operation that makes it."""
    writers: dict[int, list[int]] = {}
    for k, o in enumerate(problem.operations):
        writers.setdefault(o.writes, []).append(k)
    fixed = problem.held | problem.tied.keys() | problem.entry.keys() | {-1}
    alone = {v: made[0] for v, made in writers.items() if len(made) == 1 and v not in fixed}
    return {v: k for v, k in alone.items() if any(map(_is_broadcast, problem.operations[k].forms))}


def _is_broadcast(form: Form) -> bool:
    return len(form) == 1 and form[0].op == "vbroadcast"


def used_by_strands(problem: Problem) -> dict[int, list[int]]:
    """For each broadcast that several operations of strands use, these operations."""
    strand, users = find_strands(problem), {v: list[int]() for v in broadcasts(problem)}
    for k, o in enumerate(problem.operations):
        for v in o.reads if strand[k] != SHARED else ():
            if v in users:
                users[v].append(k)
    return {v: several for v, several in users.items() if len(several) > 1}


def broadcast_at_use(problem: Problem, values: Collection[int], new_value: NewValue) -> Problem:
    """The problem with a broadcast of its own for each operation of a strand that uses one of `values`.

    It has to wait for what its user waits for: a list scheduler would make it as soon as it can.
    """
    made, strand = broadcasts(problem), find_strands(problem)
    before: list[list[tuple[int, int]]] = [[] for _ in problem.operations]
    for k, edges in enumerate(problem.successors):
        for target, kind in edges:
            before[target].append((k, kind))
    result = replace(problem, operations=[], successors=[])
    number: list[int] = []

    def add(operation: Operation, waits: list[tuple[int, int]]) -> int:
        for earlier, kind in waits:
            result.successors[earlier].append((len(result.operations), kind))
        result.operations.append(operation)
        result.successors.append([])
        return len(result.operations) - 1

    for k, operation in enumerate(problem.operations):
        own = [v for v in operation.reads if v in values] if strand[k] != SHARED else []
        others = [(p, kind) for p, kind in before[k] if p not in {made[v] for v in own}]
        late = [(number[p], ORDER) for p, kind in others if kind == DATA and strand[p] != SHARED]
        waits, names = [(number[p], kind) for p, kind in others], dict[int, int]()
        for v in own:
            maker = problem.operations[made[v]]
            names[v] = new_value(problem.widths[v], maker.node)
            sources = [(number[p], kind) for p, kind in before[made[v]]]
            waits.append((add(maker.renamed({v: names[v]}), sources + late), DATA))
        number.append(add(operation.renamed(names) if names else operation, waits))
    return _live(result, values)


def without_alternatives(problem: Problem) -> Problem:
    """The problem without broadcasts that no operation reads in its first form, and without the forms that do."""
    needed = {v for o in problem.operations for v in (_read(o.forms[0]) if o.forms else o.reads)}
    out = broadcasts(problem).keys() - needed
    if not out:
        return problem
    return _live(replace(problem, operations=[_without(o, out) for o in problem.operations]), out)


def _without(operation: Operation, values: Collection[int]) -> Operation:
    """The operation without forms that read any of the values."""
    if not set(values) & set(operation.reads):
        return operation
    left = _only(operation, [f for f, form in enumerate(operation.forms) if not _read(form) & set(values)])
    return replace(left, reads=tuple(v for v in operation.reads if v not in values))


def _read(form: Form) -> set[int]:
    operands = [o for s in form for o in (s.operands if s.engine == "store" else s.operands[1:])]
    return {o.value for o in operands if isinstance(o, Word)}


def _live(problem: Problem, spare: Collection[int]) -> Problem:
    """The problem without operations whose results nothing reads, nor some form needs; but forms do without `spare`."""
    needs = {v for o in problem.operations for needs in o.needs for v in needs}
    kept = problem.held | problem.tied.keys() | (needs - set(spare))
    reads, live = problem.read_counts(), list[int]()
    for k in range(len(problem.operations) - 1, -1, -1):
        o = problem.operations[k]
        if o.writes < 0 or o.writes in kept or reads.get(o.writes):
            live.append(k)
        else:
            reads.update((v, reads[v] - 1) for v in o.reads)
    live.reverse()
    position = {k: new for new, k in enumerate(live)}
    edges = [[(position[t], kind) for t, kind in problem.successors[k] if t in position] for k in live]
    gone = {v for v in spare if not reads.get(v)}
    return replace(problem, operations=[_needless(problem.operations[k], gone) for k in live], successors=edges)


def _needless(operation: Operation, values: Collection[int]) -> Operation:
    """The operation without forms that need any of the values."""
    if not any(set(needs) & set(values) for needs in operation.needs):
        return operation
    return _only(operation, [f for f, needs in enumerate(operation.needs) if not set(needs) & set(values)])


def _only(operation: Operation, forms: Collection[int]) -> Operation:
    """The operation with these of its forms."""
    needs = tuple(operation.needs[f] for f in forms) if operation.needs else ()
    return replace(operation, forms=tuple(operation.forms[f] for f in forms), needs=needs)
