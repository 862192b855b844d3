"""`justify.latest_starts` as machine code, on `packed` arrays; the reasons stand there."""

from __future__ import annotations

from vliwc.backend.problem import DATA
from vliwc.backend.schedulers.packed import NONE, Integers, Records
from vliwc.jit import native


@native
def ends(
    operations: Records, edges: Records, forms: Records, steps: Records, issues: Records, form: Integers, end: Integers
) -> None:
    """Fills in the form of each operation and the cycle of its last issue; operations without slots have none (NONE),
    and are done when others are."""
    for k in range(len(operations)):
        form[k] = end[k] = NONE
    for i in range(len(issues)):  # of several issues of an operation the last one comes last
        form[issues[i].operation] = issues[i].form
        end[issues[i].operation] = issues[i].cycle
    for k in range(len(operations)):
        latency = 0
        if form[k] >= 0:
            latency = steps[forms[operations[k].first_form + form[k]].end_step - 1].latency
        for e in range(operations[k].first_edge, operations[k].end_edge):
            target = edges[e].target
            if operations[target].first_form == operations[target].end_form:
                done = end[k] + (latency if edges[e].kind == DATA else 0)
                end[target] = max(end[target], done)


@native
def sort(cycles: Integers, counts: Integers, order: Integers) -> None:
    """Fills in the operations in the order of their cycles, which are -1 or more; a stable sort by counting. `counts`
    has a place for each of these numbers, and is overwritten; none is larger than there are places for."""
    for c in range(len(counts)):
        counts[c] = 0
    for cycle in cycles:
        counts[min(cycle + 1, len(counts) - 1)] += 1
    first = 0
    for c in range(len(counts)):
        counts[c], first = first, first + counts[c]
    for k in range(len(cycles)):
        c = min(cycles[k] + 1, len(counts) - 1)
        order[counts[c]] = k
        counts[c] += 1


@native
def paths(
    operations: Records,
    edges: Records,
    forms: Records,
    steps: Records,
    needs: Integers,
    capacity: Integers,
    form: Integers,
    order: Integers,
    landed: Integers,
    path: Integers,
) -> None:
    """Fills `path`, `justify._paths`. `order` has the operations, those that end first first; `landed`, for each value,
    and `path` are zero."""
    for k in order:
        o, latency = operations[k], 0
        if form[k] >= 0:
            f = forms[o.first_form + form[k]]
            for i in range(f.first_need, f.end_need):
                path[k] = max(path[k], landed[needs[i]])
            for s in range(f.first_step, f.end_step):
                path[k] += latency + (steps[s].slots - 1) // capacity[steps[s].engine]
                latency = steps[s].latency
        if o.writes >= 0:
            landed[o.writes] = max(landed[o.writes], path[k] + latency)
        for e in range(o.first_edge, o.end_edge):
            waits = path[k] + (latency if edges[e].kind == DATA else 0)
            path[edges[e].target] = max(path[edges[e].target], waits)


@native
def latest_starts(
    operations: Records,
    edges: Records,
    forms: Records,
    steps: Records,
    needs: Integers,
    capacity: Integers,
    form: Integers,
    order: Integers,
    cycles: int,
    margin: int,
    taken: Integers,
    before: Integers,
    wanted: Integers,
    start: Integers,
) -> bool:
    """Fills `start`. `order` has the operations, those that end last first; `taken` and `before`, with a row for each
    engine, are zero and count cycles from `-margin` on; `wanted` is for the cycle in which each value is wanted. False
    if a cycle before `-margin` were needed."""
    for v in range(len(wanted)):
        wanted[v] = cycles
    for k in order:
        due = last = cycles
        if operations[k].writes >= 0:
            due = wanted[operations[k].writes]
        for e in range(operations[k].first_edge, operations[k].end_edge):
            if edges[e].kind == DATA:
                due = min(due, start[edges[e].target])
            else:
                last = min(last, start[edges[e].target])
        start[k] = min(due, last)
        if form[k] < 0:
            continue
        f = operations[k].first_form + form[k]
        for s in range(forms[f].end_step - 1, forms[f].first_step - 1, -1):
            engine = steps[s].engine
            cycle = min(due - steps[s].latency, last) + margin
            left = steps[s].slots
            while True:
                at = cycle
                while at >= 0 and before[engine, at] > 0:
                    at -= before[engine, at]
                if at < 0:
                    return False
                while cycle > at:  # whoever comes this way again gets there in one step
                    following = cycle - before[engine, cycle]
                    before[engine, cycle] = cycle - at
                    cycle = following
                count = min(left, capacity[engine] - taken[engine, at])
                taken[engine, at] += count
                if taken[engine, at] == capacity[engine]:
                    before[engine, at] = 1
                left -= count
                if left == 0:
                    break
                cycle = at - 1
                if cycle < 0:
                    return False
            start[k] = due = last = cycle - margin
        for i in range(forms[f].first_need, forms[f].end_need):
            wanted[needs[i]] = min(wanted[needs[i]], start[k])
    return True
