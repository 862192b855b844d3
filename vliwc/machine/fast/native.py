"""The fast simulator's inner loop as machine code: what `Simulation` does, for a group of runs side by side.

A bundle is executed in two halves. The first computes all results from the state before it and looks for everything
that a run may fault on; it changes nothing that counts. Only then does the second half let the results land. So when a
run faults, the state is that before the bundle, and whoever wants to know more can execute the bundle again.

All compiled functions stand in this one file, and so do their constants: see `vliwc.jit`.
"""

from __future__ import annotations

import numpy as np

from vliwc.jit import inlined, native
from vliwc.machine.fast.state import Group, Record, Words

(ADD, SUB, MUL, DIV, CDIV, MOD, AND, OR, XOR, SHL, SHR, LT, EQ, MULADD, SELECT) = range(15)
(ADD_IMMEDIATE, SET, SPLAT, LOAD, STORE) = range(15, 20)
"""The operations. The first fifteen are those of the same names in `vliwc.ir.ops`."""

(FOLLOWING, HALT, JUMP, JUMP_INDIRECT, BRANCH) = range(5)
"""The ways to go on after a bundle."""

(STOPPED, STAY, BROKEN) = range(3)
"""How a call of `run` ends. STAY: the slice is over or the trace is full, call again. BROKEN: at this bundle, a run
faults, or the runs part. With a single run it is a fault."""

SLICE = 1 << 20
"""Bundles that one call executes at most, so that nobody waits long for Ctrl-C."""

_APART = -1
_ZERO, _ONE, _31 = np.uint64(0), np.uint64(1), np.uint32(31)
"""Typed, as numba makes a float of a sum of an unsigned and a plain integer."""


@native
def run(group: Group) -> int:
    """Goes on with the runs of a group, from where the state says."""
    s = group.state[0]
    for _ in range(SLICE):
        if s.pc >= len(group.bundles):
            _land_all(group)
            return STOPPED
        bundle = group.bundles[s.pc]
        if (s.traced + bundle.trace_end - bundle.trace) * s.runs > len(group.trace):
            return STAY
        if not _execute(group, bundle):
            return BROKEN
        if bundle.control == HALT:
            _land_all(group)
            return STOPPED
    return STAY


@inlined
def _execute(group: Group, bundle: Record) -> bool:
    """Executes the bundle at the program counter; False if that breaks."""
    s = group.state[0]
    first_time = s.pc >= s.checked and not group.seen[s.pc]
    if first_time and not _reads_written_words(group, bundle):
        return False
    if bundle.cost and s.cycle >= s.limit:
        return False
    if not _compute(group, bundle):
        return False
    following = _following(group, bundle)
    if following == _APART:
        return False
    if s.strict and (
        following > len(group.bundles) or _stores_overlap(group, bundle) or (s.pending and _collides(group, bundle))
    ):
        return False
    if first_time:
        group.seen[s.pc] = 1
        _mark_written(group, bundle)
    _trace(group, bundle)
    _store(group, bundle)
    _delay(group, bundle)
    if bundle.cost and s.pending:
        _land(group, s.cycle)
    _commit(group, bundle)
    s.cycle += bundle.cost
    s.executed += 1
    s.pc = following
    return True


# -- the first half: nothing changes


@inlined
def _compute(group: Group, bundle: Record) -> bool:
    """Computes the results and the stored words of a bundle. False for a wrong address or a division by zero."""
    scratch, results, runs = group.scratch, group.results, np.uintp(group.state[0].runs)
    for k in range(bundle.first, bundle.end):
        slot = group.slots[k]
        op, at, words = slot.op, np.uintp(slot.at) * runs, np.uintp(slot.width) * runs
        a, b, c = np.uintp(slot.a) * runs, np.uintp(slot.b) * runs, np.uintp(slot.c) * runs
        if op == ADD:
            for i in range(words):
                results[at + i] = scratch[a + i] + scratch[b + i]
        elif op == SUB:
            for i in range(words):
                results[at + i] = scratch[a + i] - scratch[b + i]
        elif op == MUL:
            for i in range(words):
                results[at + i] = scratch[a + i] * scratch[b + i]
        elif op == MULADD:
            for i in range(words):
                results[at + i] = scratch[a + i] * scratch[b + i] + scratch[c + i]
        elif op == AND:
            for i in range(words):
                results[at + i] = scratch[a + i] & scratch[b + i]
        elif op == OR:
            for i in range(words):
                results[at + i] = scratch[a + i] | scratch[b + i]
        elif op == XOR:
            for i in range(words):
                results[at + i] = scratch[a + i] ^ scratch[b + i]
        elif op == SHL:
            for i in range(words):
                count = scratch[b + i]
                results[at + i] = scratch[a + i] << (count & _31) if count <= _31 else _ZERO
        elif op == SHR:
            for i in range(words):
                count = scratch[b + i]
                results[at + i] = scratch[a + i] >> (count & _31) if count <= _31 else _ZERO
        elif op == LT:
            for i in range(words):
                results[at + i] = scratch[a + i] < scratch[b + i]
        elif op == EQ:
            for i in range(words):
                results[at + i] = scratch[a + i] == scratch[b + i]
        elif op == SELECT:
            for i in range(words):
                results[at + i] = scratch[b + i] if scratch[a + i] else scratch[c + i]
        elif op == ADD_IMMEDIATE:
            for i in range(words):
                results[at + i] = scratch[a + i] + slot.immediate
        elif op == SET:
            for i in range(words):
                results[at + i] = slot.immediate
        elif op == SPLAT:
            for w in range(np.uintp(slot.width)):
                for i in range(runs):
                    results[at + w * runs + i] = scratch[a + i]
        elif op == LOAD:
            if not _load(group, slot):
                return False
        elif op == STORE:
            if not _stores_inside(group, slot):
                return False
            for i in range(words):
                results[at + i] = scratch[b + i]
        elif not _divide(group, slot):
            return False
    return True


@inlined
def _load(group: Group, slot: Record) -> bool:
    """Loads words in a row for each run; False if one is outside the image."""
    s = group.state[0]
    for i in range(s.runs):
        address = group.scratch[slot.a * s.runs + i]
        if address + slot.width > s.image_words:
            return False
        for w in range(slot.width):
            group.results[(slot.at + w) * s.runs + i] = group.memory[(address + w) * s.runs + i]
    return True


@inlined
def _stores_inside(group: Group, slot: Record) -> bool:
    s = group.state[0]
    for i in range(s.runs):  # noqa: SIM110 - numba is slow to compile generators
        if group.scratch[slot.a * s.runs + i] + slot.width > s.image_words:
            return False
    return True


@inlined
def _divide(group: Group, slot: Record) -> bool:
    """One of the three divisions; False if a divisor is zero."""
    runs = group.state[0].runs
    for i in range(slot.width * runs):
        a, b = group.scratch[slot.a * runs + i], group.scratch[slot.b * runs + i]
        if b == 0:
            return False
        quotient = a // b
        remainder = a - quotient * b
        if slot.op == MOD:
            quotient = remainder
        elif slot.op == CDIV and remainder:
            quotient += _ONE
        group.results[slot.at * runs + i] = quotient
    return True


@inlined
def _following(group: Group, bundle: Record) -> int:
    """The number of the bundle that is next, or _APART if the runs go different ways."""
    s = group.state[0]
    following: int = s.pc + 1
    if bundle.control < JUMP:
        return following
    if bundle.control == JUMP:
        return int(bundle.target)
    first = group.scratch[bundle.condition * s.runs]
    for i in range(1, s.runs):
        word = group.scratch[bundle.condition * s.runs + i]
        if word != first and (bundle.control == JUMP_INDIRECT or word == 0 or first == 0):
            return _APART
    if bundle.control == JUMP_INDIRECT:
        following = first
    elif first:
        following = bundle.target
    return following


@inlined
def _reads_written_words(group: Group, bundle: Record) -> bool:
    for k in range(bundle.read, bundle.read_end):
        words = group.reads[k]
        for word in range(words.first, words.end):
            if not group.written[word]:
                return False
    return True


@inlined
def _stores_overlap(group: Group, bundle: Record) -> bool:
    """Do two stores of the bundle write one memory word?"""
    runs = group.state[0].runs
    for k in range(bundle.store + 1, bundle.end):
        x = group.slots[k]
        for j in range(bundle.store, k):
            y = group.slots[j]
            for i in range(runs):
                first, other = group.scratch[x.a * runs + i], group.scratch[y.a * runs + i]
                if first < other + y.width and other < first + x.width:
                    return True
    return False


@inlined
def _collides(group: Group, bundle: Record) -> bool:
    """Do a late result and another one land in the same scratch word at the end of this cycle?"""
    s = group.state[0]
    if not bundle.cost:
        return False
    stamp = s.cycle + 1
    late = False
    for k in range(s.pending):
        entry = group.pending[k]
        if entry.due == s.cycle:
            late = True
            for word in range(entry.dest, entry.dest + entry.width):
                if group.landed[word] == stamp:
                    return True
                group.landed[word] = stamp
    if late:
        for k in range(bundle.first, bundle.late):
            slot = group.slots[k]
            for word in range(slot.dest, slot.dest + slot.width):
                if group.landed[word] == stamp:
                    return True
                group.landed[word] = stamp
    return False


# -- the second half: effects land


@inlined
def _mark_written(group: Group, bundle: Record) -> None:
    for k in range(bundle.first, bundle.late):
        slot = group.slots[k]
        for word in range(slot.dest, slot.dest + slot.width):
            group.written[word] = 1


@inlined
def _trace(group: Group, bundle: Record) -> None:
    s = group.state[0]
    for k in range(bundle.trace, bundle.trace_end):
        for i in range(s.runs):
            group.trace[s.traced * s.runs + i] = group.scratch[group.traces[k] * s.runs + i]
        s.traced += 1


@inlined
def _store(group: Group, bundle: Record) -> None:
    runs = group.state[0].runs
    for k in range(bundle.store, bundle.end):
        slot = group.slots[k]
        for i in range(runs):
            address = group.scratch[slot.a * runs + i]
            for w in range(slot.width):
                group.memory[(address + w) * runs + i] = group.results[(slot.at + w) * runs + i]


@inlined
def _delay(group: Group, bundle: Record) -> None:
    """Keeps the late results of a bundle."""
    s = group.state[0]
    for k in range(bundle.late, bundle.store):
        slot, entry = group.slots[k], group.pending[s.pending]
        entry.due, entry.dest, entry.width = s.cycle + slot.delay, slot.dest, slot.width
        _copy(group.late, s.pending * s.stride, group.results, slot.at, slot.width, s.runs)
        s.pending += 1


@inlined
def _land(group: Group, cycle: int) -> None:
    """Lands the late results that are due at the end of a cycle, the oldest first, and closes the gaps in the list."""
    s = group.state[0]
    kept = 0
    for k in range(s.pending):
        entry = group.pending[k]
        if entry.due == cycle:
            _copy(group.scratch, entry.dest, group.late, k * s.stride, entry.width, s.runs)
            for word in range(entry.dest, entry.dest + entry.width):
                group.written[word] = 1
            continue
        if kept < k:
            group.pending[kept] = entry
            _copy(group.late, kept * s.stride, group.late, k * s.stride, entry.width, s.runs)
        kept += 1
    s.pending = kept


@inlined
def _land_all(group: Group) -> None:
    """Lands what is still on its way when the program stops. It costs no cycle."""
    s = group.state[0]
    cycle = s.cycle
    while s.pending:
        _land(group, cycle)
        cycle += 1


@inlined
def _commit(group: Group, bundle: Record) -> None:
    """Lands the results that are due at the end of the bundle's own cycle."""
    runs = group.state[0].runs
    for k in range(bundle.first, bundle.late):
        slot = group.slots[k]
        _copy(group.scratch, slot.dest, group.results, slot.at, slot.width, runs)


@inlined
def _copy(target: Words, to: int, source: Words, start: int, width: int, runs: int) -> None:
    """Copies `width` words of every run."""
    first, other = np.uintp(to) * np.uintp(runs), np.uintp(start) * np.uintp(runs)
    for i in range(np.uintp(width) * np.uintp(runs)):
        target[first + i] = source[other + i]
