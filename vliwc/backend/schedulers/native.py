"""The list scheduler's inner loop as machine code, made by numba: the same steps as `listing.py`, on `packed` arrays.

Each function is its namesake in `listing._Run` or `scratch.Lives`; the reasons stand there. All share one `Run`, whose
records they change. The calls by which `listing` lets operations become ready, be done and let strands begin nest as
deep as chains of operations without slots are long; here a stack of frames takes their place, in the same order.

Importing this module imports numba; the first call compiles, unless an earlier process has left the result in the
cache. All compiled functions stand in this one file: see `vliwc.jit`.
"""

from __future__ import annotations

import numpy as np

from vliwc.backend.problem import DATA
from vliwc.backend.schedulers.listing import MOST_SKIPPED
from vliwc.backend.schedulers.packed import NONE, Floats, Records
from vliwc.backend.schedulers.running import Run
from vliwc.backend.strands import SHARED
from vliwc.jit import inlined, native


@native
def run(r: Run) -> bool:
    """Schedules everything; False if scratch runs out and nothing under way can free any."""
    s = r.state[0]
    for i in range(len(r.roots)):
        _ready(r, r.roots[i])
    while s.left:
        issued, left = s.issued, s.left
        for e in range(len(r.free)):
            r.free[e] = r.capacity[e]
        s.skipped = 0
        _wake_up(r)
        _go_on(r)
        _fill(r)
        if s.issued == issued and s.left == left and s.awake == 0 and s.ongoing == 0:
            return False
        if s.left > 0 or s.issued > issued:
            s.cycle += 1  # joins alone, at the end, take no cycle
    return True


@native
def starts(
    operations: Records, edges: Records, offsets: Floats, drift: float, extra: Floats, length: int, start: Floats
) -> None:
    """Fills in when each operation is due: `Urgency.ranks` with a given offset for each strand (cycles), a drift in
    cycles an operation, and `extra` cycles for each operation that does not serve several strands."""
    for k in range(len(operations) - 1, -1, -1):
        o = operations[k]
        if o.strand != SHARED:
            start[k] = offsets[o.strand] + k * drift + length - o.height + extra[k]
            continue
        first = np.inf
        for e in range(o.first_edge, o.end_edge):
            first = min(first, start[edges[e].target])
        start[k] = (float(length) if o.first_edge == o.end_edge else first) - o.delay


# -- readiness


@inlined
def _wake_up(r: Run) -> None:
    s = r.state[0]
    starved, s.starved = s.starved, 0
    for i in range(starved):  # those that starve again take places that have been read
        _ready(r, r.starved[i])
    bucket = r.wake[s.cycle % len(r.wake)]
    k = bucket.first
    bucket.first = NONE
    while k != NONE:
        following = r.operations[k].next
        s.awake -= 1
        _ready(r, k)
        k = following


@inlined
def _ready(r: Run, k: int) -> None:
    if _enter(r, k):
        _finish(r)


@inlined
def _enter(r: Run, k: int) -> bool:
    """All that operation k waited for is there. True if it has no slots: then it is done, and a frame waits."""
    s, o = r.state[0], r.operations[k]
    if o.first_form == o.end_form:
        _leave(r, k, 0)
        return True
    if o.strand > s.newest:
        strand = r.strands[o.strand]
        o.next = NONE
        if strand.first == NONE:
            strand.first = k
        else:
            r.operations[strand.last].next = k
        strand.last = k
    elif o.rank >= s.first_undone + s.window:
        r.starved[s.starved] = k
        s.starved += 1
    else:
        _push(r, k)
    return False


@inlined
def _leave(r: Run, k: int, latency: int) -> None:
    """Operation k's last slot is issued in this cycle: makes a frame, which `_finish` goes through."""
    s, o = r.state[0], r.operations[k]
    s.left -= 1
    landed = s.cycle + latency
    if o.writes >= 0:
        v = r.values[o.writes]
        v.writers -= 1
        v.landed = max(v.landed, landed)
    s.landed = max(s.landed, landed)
    o.undone = 0
    while s.first_undone < len(r.operations) and not r.operations[r.at_rank[s.first_undone]].undone:
        s.first_undone += 1
    frame = r.frames[s.frames]
    frame.operation, frame.position, frame.landed = k, o.first_edge, landed
    s.frames += 1


@inlined
def _finish(r: Run) -> None:
    """Goes through all frames, the youngest first: tells successors, and lets strands begin."""
    s = r.state[0]
    while s.frames:
        frame = r.frames[s.frames - 1]
        if frame.operation == NONE:
            k = frame.position
            if k == NONE:
                s.frames -= 1
            else:
                frame.position = r.operations[k].next
                _enter(r, k)
        elif frame.position < r.operations[frame.operation].end_edge:
            edge = r.edges[frame.position]
            frame.position += 1
            _tell(r, edge.target, frame.landed if edge.kind == DATA else s.cycle)
        else:
            s.frames -= 1
            _strand_goes_on(r, r.operations[frame.operation].strand)


@inlined
def _tell(r: Run, k: int, at: int) -> None:
    """One of those that operation k waits for is done; k may begin in cycle `at`."""
    s, o = r.state[0], r.operations[k]
    o.earliest = max(o.earliest, at)
    o.edges_left -= 1
    if o.edges_left:
        return
    if o.earliest <= s.cycle:
        _enter(r, k)
        return
    bucket = r.wake[o.earliest % len(r.wake)]
    o.next = NONE
    if bucket.first == NONE:
        bucket.first = k
    else:
        r.operations[bucket.last].next = k
    bucket.last = k
    s.awake += 1


@inlined
def _strand_goes_on(r: Run, strand: int) -> None:
    """An operation of a strand is done; if it was the last one, the next strand may begin."""
    s = r.state[0]
    if strand == SHARED:
        return
    r.strands[strand].left -= 1
    if r.strands[strand].left:
        return
    while s.oldest < len(r.strands) - 1 and r.strands[s.oldest].left == 0:
        s.oldest += 1
    if s.newest + 1 < len(r.strands):
        s.newest += 1
        frame = r.frames[s.frames]
        frame.operation, frame.position = NONE, r.strands[s.newest].first
        s.frames += 1


@inlined
def _push(r: Run, k: int) -> None:
    """Puts operation k on the heap of its class, the lowest rank on top (Williams 1964)."""
    o = r.operations[k]
    kind = r.kinds[o.kind]
    base, i, rank = kind.first_rank, kind.waiting, o.rank
    kind.waiting += 1
    while i > 0:
        up = (i - 1) >> 1
        if r.heap[base + up] <= rank:
            break
        r.heap[base + i] = r.heap[base + up]
        i = up
    r.heap[base + i] = rank


@inlined
def _pop(r: Run, c: int) -> None:
    """Takes the top off the heap of class c."""
    kind = r.kinds[c]
    base = kind.first_rank
    kind.waiting -= 1
    count = kind.waiting
    rank = r.heap[base + count]
    i = 0
    while True:
        below = 2 * i + 1
        if below >= count:
            break
        if below + 1 < count and r.heap[base + below + 1] < r.heap[base + below]:
            below += 1
        if rank <= r.heap[base + below]:
            break
        r.heap[base + i] = r.heap[base + below]
        i = below
    r.heap[base + i] = rank


# -- issue


@inlined
def _go_on(r: Run) -> None:
    s = r.state[0]
    ongoing, s.ongoing = s.ongoing, 0
    for i in range(ongoing):
        rank, k = r.operations[r.ongoing[i].operation].rank, i
        while k > 0 and r.operations[r.todo[k - 1].operation].rank > rank:
            r.todo[k] = r.todo[k - 1]
            k -= 1
        r.todo[k] = r.ongoing[i]
    for c in range(len(r.kinds)):
        r.kinds[c].closed = 0
    for i in range(ongoing):
        _start_before(r, r.operations[r.todo[i].operation].rank)
        last = s.ongoing
        r.ongoing[last] = r.todo[i]
        if r.todo[i].ready > s.cycle or not _advance(r, last):
            s.ongoing += 1


@inlined
def _start_before(r: Run, rank: int) -> None:
    while True:
        c = _most_urgent(r)
        if c == NONE or r.heap[r.kinds[c].first_rank] >= rank:
            break
        if not _start(r, c, False):
            r.kinds[c].closed = 1


@inlined
def _advance(r: Run, i: int) -> bool:
    s, task = r.state[0], r.ongoing[i]
    form = r.forms[r.operations[task.operation].first_form + task.form]
    step = r.steps[form.first_step + task.step]
    count = min(r.free[step.engine], step.slots - task.slot)
    if count == 0:
        return False
    r.free[step.engine] -= count
    _issue(r, task.operation, task.form, task.step, task.slot, count, step.engine)
    task.slot += count
    if task.slot < step.slots:
        return False
    if form.first_step + task.step + 1 < form.end_step:
        task.step += 1
        task.slot, task.ready = 0, s.cycle + step.latency
        return False
    k = task.operation
    _end(r, k)
    _leave(r, k, step.latency)
    _finish(r)
    return True


@inlined
def _issue(r: Run, k: int, form: int, step: int, first: int, slots: int, engine: int) -> None:
    s = r.state[0]
    if s.cycle > s.target:
        s.late += (s.cycle - s.target) * slots / r.capacity[engine]
    if s.record:
        issue = r.issues[s.issued]
        issue.cycle, issue.operation, issue.form = s.cycle, k, form
        issue.step, issue.first, issue.slots = step, first, slots
    s.issued += 1


@inlined
def _fill(r: Run) -> None:
    s = r.state[0]
    for turn in range(4 if s.spares else 2):
        s.spare, partly = turn // 2, turn % 2
        for c in range(len(r.kinds)):
            r.kinds[c].closed = r.kinds[c].indivisible if partly else 0
        while True:
            c = _most_urgent(r)
            if c == NONE:
                break
            if not _start(r, c, partly == 1):
                r.kinds[c].closed = 1
    s.spare = 0


@inlined
def _most_urgent(r: Run) -> int:
    best, lowest = NONE, len(r.operations)
    for c in range(len(r.kinds)):
        kind = r.kinds[c]
        if kind.waiting and not kind.closed and r.heap[kind.first_rank] < lowest:
            best, lowest = c, r.heap[kind.first_rank]
    return best


@inlined
def _start(r: Run, c: int, partly: bool) -> bool:
    s = r.state[0]
    k = r.at_rank[r.heap[r.kinds[c].first_rank]]
    o = r.operations[k]
    form, fits = _choose(r, k, c, partly)
    if form == NONE and (not o.needy or s.skipped == MOST_SKIPPED):
        return False
    _pop(r, c)
    if form == NONE:
        s.skipped += 1
        r.starved[s.starved] = k
        s.starved += 1
        return True
    chosen = r.forms[o.first_form + form]
    at_once = fits and chosen.end_step - chosen.first_step == 1
    if not _has_room(r, k, at_once):
        form, at_once = _in_place(r, k, c), True
        if form == NONE:
            r.starved[s.starved] = k
            s.starved += 1
            return True
        chosen = r.forms[o.first_form + form]
    if at_once:
        step = r.steps[chosen.first_step]
        _end(r, k)
        _begin(r, k)
        r.free[step.engine] -= step.slots
        _issue(r, k, form, 0, 0, step.slots, step.engine)
        _leave(r, k, step.latency)
        _finish(r)
        return True
    _begin(r, k)
    i = s.ongoing
    task = r.ongoing[i]
    task.operation, task.form, task.step, task.slot, task.ready = k, form, 0, 0, s.cycle
    if not _advance(r, i):
        s.ongoing += 1
    return True


@inlined
def _choose(r: Run, k: int, c: int, partly: bool) -> tuple[int, bool]:
    """The form for operation k of class c, or NONE, and whether its first step fits into the bundle."""
    s, o, kind = r.state[0], r.operations[k], r.kinds[c]
    for i in range(kind.first_choice, kind.end_choice):
        choice = r.choices[i]
        if choice.spare > s.spare or (o.needy and not _have(r, o.first_form + choice.form)):
            continue
        free = r.free[choice.engine]
        if free >= choice.slots:
            return choice.form, True
        if free and (partly or choice.slots > r.capacity[choice.engine]):
            return choice.form, False
    return NONE, False


@inlined
def _in_place(r: Run, k: int, c: int) -> int:
    s, o, kind = r.state[0], r.operations[k], r.kinds[c]
    for i in range(kind.first_choice, kind.end_choice):
        choice = r.choices[i]
        if choice.spare > s.spare:
            continue
        form = r.forms[o.first_form + choice.form]
        fits = r.free[choice.engine] >= choice.slots and form.end_step - form.first_step == 1
        if fits and not o.needy and _has_room(r, k, True):
            found: int = choice.form
            return found
    return NONE


@inlined
def _have(r: Run, form: int) -> bool:
    for i in range(r.forms[form].first_need, r.forms[form].end_need):
        v = r.values[r.needs[i]]
        now = r.state[0].cycle
        if v.writers or v.landed > now or not (v.reads_left > 0 or v.keep or v.last_read == now):
            return False
    return True


# -- scratch


@inlined
def _has_room(r: Run, k: int, at_once: bool) -> bool:
    s, o = r.state[0], r.operations[k]
    if o.writes < 0 or r.values[o.writes].address != NONE:
        return True
    width = r.values[o.writes].width
    if at_once and _frees(r, k, width):
        return True
    reserve = 0 if o.strand == SHARED or o.strand == s.oldest else s.reserve  # noqa: PLR1714 - numba knows no mixed `in`
    return s.blocks > reserve or (reserve == 0 and (s.blocks > 0 or (width == 1 and s.singles > 0)))


@inlined
def _frees(r: Run, k: int, width: int) -> bool:
    o = r.operations[k]
    for i in range(o.first_read, o.end_read):
        v = r.values[r.reads[i]]
        if v.reads_left == 1 and v.width == width and not v.keep:
            return True
    return False


@inlined
def _begin(r: Run, k: int) -> None:
    value = r.operations[k].writes
    if value >= 0 and r.values[value].address == NONE:
        r.values[value].address = _take(r, r.values[value].width)


@inlined
def _end(r: Run, k: int) -> None:
    o = r.operations[k]
    for i in range(o.first_read, o.end_read):
        v = r.values[r.reads[i]]
        v.reads_left -= 1
        v.last_read = r.state[0].cycle
        if v.reads_left == 0 and not v.keep:
            _give(r, v.address, v.width)


@inlined
def _take(r: Run, width: int) -> int:
    s = r.state[0]
    if width == 1 and s.singles > 0:
        s.singles -= 1
        address: int = r.singles[s.singles]
        r.free_in[address // s.lanes] -= 1
    elif s.blocks > 0:
        s.blocks -= 1
        address = r.blocks[s.blocks]
        if width == 1 and s.lanes > 1:
            for i in range(1, s.lanes):
                r.singles[s.singles + i - 1] = address + s.lanes - i
            s.singles += s.lanes - 1
            r.free_in[address // s.lanes] = s.lanes - 1
    else:
        return NONE
    s.used += width
    s.peak = max(s.peak, s.used)
    return address


@inlined
def _give(r: Run, address: int, width: int) -> None:
    s = r.state[0]
    s.used -= width
    if width == s.lanes:
        r.blocks[s.blocks] = address
        s.blocks += 1
        return
    block = address // s.lanes
    r.free_in[block] += 1
    if r.free_in[block] < s.lanes:
        r.singles[s.singles] = address
        s.singles += 1
        return
    r.free_in[block] = 0
    kept = 0
    for i in range(s.singles):
        if r.singles[i] // s.lanes != block:
            r.singles[kept] = r.singles[i]
            kept += 1
    s.singles = kept
    r.blocks[s.blocks] = block * s.lanes
    s.blocks += 1
