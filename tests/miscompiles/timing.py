"""Wrong schedules: what happens at the wrong time, twice, or never."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.miscompiles.edits import Site, add, has_room, move, put, with_slots
from tests.miscompiles.flow import Flow, Step
from tests.miscompiles.kinds import Damaged, shuffled
from vliwc.machine import Program, Slot
from vliwc.machine.slots import Effect, reads, writes

_VALUES = (Effect.COMPUTE, Effect.COPY, Effect.LOAD)


def lost_slot(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """An operation is never issued."""
    for step in shuffled(flow.sites(*_VALUES), rng):
        if any(flow.overwritten(step, w) for w in writes(step.slot, flow.machine.lanes)):
            yield put(flow.program, step.site)


def lost_bundle(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A bundle does nothing."""
    for step in shuffled(flow.sites(*_VALUES), rng):
        if any(flow.overwritten(step, w) for w in writes(step.slot, flow.machine.lanes)):
            yield with_slots(flow.program, step.site.bundle, ())


def repeated_bundle(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A bundle is emitted twice, and the second time one of its slots reads what the first has written."""
    if flow.subject.witness.loops:
        return
    for step in shuffled(flow.sites(Effect.COMPUTE), rng):
        if flow.machine.latency(step.slot.engine, step.slot.op) > 1 or step.time + 1 >= len(flow.before):
            continue
        last = all(flow.live(step.time + 1, writes(step.slot, flow.machine.lanes)[k]) is not None for k in step.needed)
        if last and flow.changes(step, step.slot, step.time + 1):
            at = step.site.bundle
            bundles = flow.program.bundles
            yield replace(flow.program, bundles=(*bundles[:at], bundles[at], *bundles[at:]))


def neighbouring_bundles_exchanged(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A bundle is emitted before the one whose results it needs."""
    for step in shuffled(flow.sites(*_VALUES, Effect.STORE), rng):
        at = step.site.bundle
        if at > 0 and flow.order[step.time - 1] == at - 1 and flow.changes(step, step.slot, step.time - 1):
            b = flow.program.bundles
            if not any(s.engine == "flow" and "jump" in s.op for s in (*b[at - 1].slots, *b[at].slots)):
                yield replace(flow.program, bundles=(*b[: at - 1], b[at], b[at - 1], *b[at + 1 :]))


def merged_bundles(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Two bundles are merged into one, although the second needs a result of the first."""
    for step in shuffled(flow.sites(*_VALUES, Effect.STORE), rng):
        at = step.site.bundle
        if at > 0 and flow.order[step.time - 1] == at - 1 and flow.changes(step, step.slot, step.time - 1):
            slots = flow.program.bundles[at - 1].slots + flow.program.bundles[at].slots
            engines = {slot.engine for slot in slots}
            if all(sum(s.engine == e for s in slots) <= flow.machine.slots(e) for e in engines):
                yield with_slots(with_slots(flow.program, at, ()), at - 1, slots)


def _too_early(flow: Flow, rng: Random, slow: bool) -> Iterator[Program]:
    """A slot is moved to a bundle in which one of its operands is not there yet: the one before it."""
    for step in shuffled(flow.sites(*_VALUES, Effect.STORE), rng):
        at = step.site.bundle
        if at == 0 or flow.order[step.time - 1] != at - 1:
            continue
        makers = [flow.steps[ref[0]] for refs in step.sources for ref in refs if ref]
        last = max(makers, key=lambda m: m.time + flow.machine.latency(m.slot.engine, m.slot.op), default=None)
        if last is None or (flow.machine.latency(last.slot.engine, last.slot.op) > 1) is not slow:
            continue
        if flow.changes(step, step.slot, step.time - 1) and has_room(
            flow.program, flow.machine, at - 1, step.slot.engine
        ):
            yield move(flow.program, step.site, at - 1)


def operand_not_there_yet(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot is issued in the same cycle as the one whose result it needs."""
    return _too_early(flow, rng, slow=False)


def latency_violated(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot is issued before the result of a slow operation has landed, although later than that operation."""
    return _too_early(flow, rng, slow=True)


def missing_wait(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The bundle between a slow operation and the slot that needs its result is left out; what it did comes before."""
    if flow.subject.witness.loops:
        return
    for step in shuffled(flow.sites(*_VALUES, Effect.STORE), rng):
        makers = [flow.steps[ref[0]] for refs in step.sources for ref in refs if ref]
        slow = [m for m in makers if flow.machine.latency(m.slot.engine, m.slot.op) > 1]
        if any(m.time + flow.machine.latency(m.slot.engine, m.slot.op) == step.time for m in slow):
            b, at = flow.program.bundles, step.site.bundle - 1
            early = next((k for k in range(at - 1, -1, -1) if _fit(flow, b[k].slots + b[at].slots)), None)
            if flow.changes(step, step.slot, step.time - 1):
                program = (
                    flow.program if early is None else with_slots(flow.program, early, b[early].slots + b[at].slots)
                )
                yield replace(program, bundles=program.bundles[:at] + program.bundles[at + 1 :])


def _fit(flow: Flow, slots: tuple[Slot, ...]) -> bool:
    return all(sum(s.engine == e for s in slots) <= flow.machine.slots(e) for e in {s.engine for s in slots})


def results_that_collide(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A result lands in a word in the same cycle as that of a slow operation that was issued before."""
    for step in shuffled(flow.sites(*_VALUES), rng):
        due = step.time + flow.machine.latency(step.slot.engine, step.slot.op) - 1
        held = [
            w for w in range(flow.machine.scratch_words) if due < len(flow.before) and flow.held(due, w) is not None
        ]
        if due > step.time and held and has_room(flow.program, flow.machine, flow.order[due], "alu"):
            word, source = rng.choice(writes(step.slot, flow.machine.lanes)), rng.choice(held)
            yield add(flow.program, flow.order[due], Slot("alu", "|", (word, source, source)))


def lost_anti_dependence(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A word gets its next value one cycle before its old one is read for the last time."""
    for step in shuffled(flow.sites(*_VALUES), rng):
        for victim in _last_readers(flow, step):
            to = victim.time - flow.machine.latency(step.slot.engine, step.slot.op)
            if (
                to < 0
                or to >= step.time
                or flow.order[to + 1 : step.time + 1] != list(range(flow.order[to] + 1, step.site.bundle + 1))
            ):
                continue
            taken = {w for s in flow.program.bundles[flow.order[to]].slots for w in writes(s, flow.machine.lanes)}
            words = writes(step.slot, flow.machine.lanes)
            if taken.isdisjoint(words) and has_room(flow.program, flow.machine, flow.order[to], step.slot.engine):
                yield move(flow.program, step.site, flow.order[to])
                break


def _last_readers(flow: Flow, step: Step) -> Iterator[Step]:
    """Steps not later than this one that read another value from a word that this one writes."""
    lanes = flow.machine.lanes
    for reader in reversed(flow.steps[: step.number]):
        if reader.time < step.time - 12:
            return
        if not reader.needed:
            continue
        for words, values in zip(reads(reader.slot, lanes), reader.values, strict=True):
            for k, word in enumerate(words):
                mine = writes(step.slot, lanes)
                used = len(words) == 1 or k in reader.needed
                if word in mine and used and values[k] != step.results[word - mine.start]:
                    yield reader


def lost_output_dependence(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Two results of one word are written in the wrong order: the first one stays."""
    for step in shuffled(flow.sites(*_VALUES), rng):
        words = writes(step.slot, flow.machine.lanes)
        for k in step.needed:
            older = flow.before[step.time][words[k]]
            if older is None or step.results[k] == flow.steps[older[0]].results[older[1]]:
                continue
            other = flow.steps[older[0]]
            alike = replace(other.slot, span=None) == replace(step.slot, span=None)
            if other.site.bundle < step.site.bundle and other.slot.engine == step.slot.engine and not alike:
                yield put(put(flow.program, other.site, step.slot), step.site, other.slot)
                break


def result_used_twice(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """An operation that overwrites one of its operands is issued again in the next bundle."""
    for step in shuffled(flow.sites(Effect.COMPUTE), rng):
        time = step.time + 1
        if (
            time >= len(flow.before)
            or flow.order[time] != step.site.bundle + 1
            or not flow.changes(step, step.slot, time)
        ):
            continue
        words = writes(step.slot, flow.machine.lanes)
        taken = {w for s in flow.program.bundles[step.site.bundle + 1].slots for w in writes(s, flow.machine.lanes)}
        wanted = all(flow.live(time, words[k]) is not None for k in step.needed)
        if (
            wanted
            and taken.isdisjoint(words)
            and has_room(flow.program, flow.machine, flow.order[time], step.slot.engine)
        ):
            yield add(flow.program, flow.order[time], step.slot)


def slots_shifted_by_a_bundle(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """An operation is issued in the bundle in which its result is needed already."""
    for step in shuffled(flow.sites(*_VALUES), rng):
        readers = [r for r in flow.readers(step) if r.time > step.time]
        if not readers or len(step.needed) != len(step.results):
            continue
        to = readers[0].site.bundle
        stale = any(flow.overwritten(step, w) for w in writes(step.slot, flow.machine.lanes))
        if to > step.site.bundle and stale and has_room(flow.program, flow.machine, to, step.slot.engine):
            yield add(put(flow.program, step.site), to, step.slot)


def program_cut_short(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The last bundles are missing."""
    stores = [s.site for s in flow.sites(Effect.STORE)]
    last: Site = max(stores)
    if not any(w.latch >= last.bundle for w in flow.subject.witness.loops):
        yield replace(flow.program, bundles=flow.program.bundles[: last.bundle])


KINDS = (
    lost_slot,
    lost_bundle,
    repeated_bundle,
    neighbouring_bundles_exchanged,
    merged_bundles,
    operand_not_there_yet,
    latency_violated,
    missing_wait,
    results_that_collide,
    lost_anti_dependence,
    lost_output_dependence,
    result_used_twice,
    slots_shifted_by_a_bundle,
    program_cut_short,
)
