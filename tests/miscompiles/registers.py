"""Wrong scratch words: what a broken allocator gives to values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.miscompiles.edits import add, has_room, put, slot_at
from tests.miscompiles.flow import Flow, Step
from tests.miscompiles.kinds import Damaged, replaced, shuffled
from vliwc.machine import Program, Slot
from vliwc.machine.slots import Effect, Role, reads, writes

_ALL = (Effect.COMPUTE, Effect.COPY, Effect.LOAD, Effect.STORE)


def _source(flow: Flow, step: Step, operand: int, word: int) -> Iterator[Slot]:
    """The step's slot with another word for one of its sources, if the machine has it."""
    position, vector = step.form.sources[operand]
    lane = step.slot.operands[-1] if Role.LANE in step.form.roles else 0
    assert isinstance(lane, int)
    if word >= 0 and word + (flow.machine.lanes if vector or lane else 1) <= flow.machine.scratch_words:
        operands = list(step.slot.operands)
        operands[position] = word
        yield replace(step.slot, operands=tuple(operands))


def _shifted(flow: Flow, rng: Random, steps: Iterator[Step], distance: int) -> Iterator[Damaged]:
    def shift(step: Step) -> Iterator[Slot]:
        operand = rng.randrange(len(step.form.sources))
        word = step.slot.operands[step.form.sources[operand][0]]
        assert isinstance(word, int)
        yield from _source(flow, step, operand, word + rng.choice((-1, 1)) * distance)

    return replaced(flow, rng, (s for s in steps if s.form.sources), shift)


def source_off_by_one(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot reads the word, or a vector that begins at the word, beside the right one."""
    return _shifted(flow, rng, flow.sites(*_ALL), 1)


def source_off_by_a_vector(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot reads the vector beside the right one."""
    return _shifted(flow, rng, (s for s in flow.sites(*_ALL) if s.form.vector), flow.machine.lanes)


def stale_register(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot reads a word that holds some other value."""

    def stale(step: Step) -> Iterator[Slot]:
        operand = rng.randrange(len(step.form.sources))
        width = len(step.sources[operand])
        held = [w for w in range(flow.machine.scratch_words - width) if flow.held(step.time, w) is not None]
        if held:
            yield from _source(flow, step, operand, rng.choice(held))

    return replaced(flow, rng, (s for s in flow.sites(*_ALL) if s.form.sources), stale)


def register_that_holds_nothing(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot reads a word to which nothing was written yet."""

    def empty(step: Step) -> Iterator[Slot]:
        operand = rng.randrange(len(step.form.sources))
        words = [w for w in range(flow.machine.scratch_words) if flow.held(step.time, w) is None]
        if words:
            yield from _source(flow, step, operand, rng.choice(words))

    return replaced(flow, rng, (s for s in flow.sites(*_ALL) if s.form.sources), empty)


def sources_of_two_slots_exchanged(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Two slots of a bundle with the same operation read each other's operands."""
    for step in shuffled(flow.sites(*_ALL), rng):
        for position, slot in enumerate(flow.program.bundles[step.site.bundle].slots):
            same = (slot.engine, slot.op) == (step.slot.engine, step.slot.op) and position > step.site.position
            other = replace(step.slot, operands=(step.slot.operands[0], *slot.operands[1:]))
            if same and step.form.dests and len(slot.operands) > 1 and flow.changes(step, other):
                theirs = replace(slot, operands=(slot.operands[0], *step.slot.operands[1:]))
                yield put(put(flow.program, step.site, other), replace(step.site, position=position), theirs)
                break


def _moved(flow: Flow, step: Step, distance: int) -> Program | None:
    """The program with another destination of the step, if a word that is needed then keeps an older value."""
    words = writes(step.slot, flow.machine.lanes)
    first = step.slot.operands[0]
    assert isinstance(first, int)
    if words.start + distance < 0 or words.stop + distance > flow.machine.scratch_words:
        return None
    kept = [w for w in words if w not in range(words.start + distance, words.stop + distance)]
    if not any(flow.overwritten(step, w) for w in kept):
        return None
    return put(flow.program, step.site, replace(step.slot, operands=(first + distance, *step.slot.operands[1:])))


def destination_off_by_one(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A result goes to the word, or to a vector that begins at the word, beside the right one."""
    for step in shuffled(flow.sites(Effect.COMPUTE, Effect.COPY, Effect.LOAD), rng):
        program = _moved(flow, step, rng.choice((-1, 1)))
        if program:
            yield program


def destination_off_by_a_vector(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A result goes to the vector beside the right one."""
    for step in shuffled(flow.sites(Effect.COMPUTE, Effect.COPY, Effect.LOAD), rng):
        program = _moved(flow, step, rng.choice((-1, 1)) * flow.machine.lanes)
        if program:
            yield program


def _interchangeable(flow: Flow, step: Step, other: Step) -> bool:
    """Are two results only read together, by operations that do not care which is which?"""
    mine, theirs = flow.readers(step), flow.readers(other)
    return [s.number for s in mine] == [s.number for s in theirs] and all(
        s.form.meaning is not None and s.form.meaning.commutative for s in mine
    )


def destinations_exchanged(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Two slots of a bundle write to each other's destinations."""
    for step in shuffled(flow.sites(Effect.COMPUTE, Effect.COPY), rng):
        for position, slot in enumerate(flow.program.bundles[step.site.bundle].slots):
            other = flow.first[replace(step.site, position=position)]
            if (
                position != step.site.position
                and other.form.effect in (Effect.COMPUTE, Effect.COPY)
                and len(other.results) == len(step.results)
                and any(other.results[k] != step.results[k] for k in step.needed)
                and not _interchangeable(flow, step, other)
            ):
                mine = replace(step.slot, operands=(slot.operands[0], *step.slot.operands[1:]))
                theirs = replace(slot, operands=(step.slot.operands[0], *slot.operands[1:]))
                yield put(put(flow.program, step.site, mine), other.site, theirs)
                break


def clobbered_register(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A word is overwritten while its value is still needed."""
    times = list(range(len(flow.before)))
    rng.shuffle(times)
    for time in times:
        number = flow.order[time]
        taken = {w for s in flow.program.bundles[number].slots for w in writes(s, flow.machine.lanes)}
        held = [w for w in range(flow.machine.scratch_words) if flow.held(time, w) is not None]
        live = [w for w in held if flow.live(time, w) is not None and w not in taken]
        if not live or not has_room(flow.program, flow.machine, number, "alu"):
            continue
        word, source = rng.choice(live), rng.choice(held)
        if flow.held(time, word) != flow.held(time, source):
            yield add(flow.program, number, Slot("alu", "|", (word, source, source)))


def overlapping_live_ranges(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Two values share their words although the first is needed after the second is written; all readers agree."""
    values = shuffled(flow.sites(Effect.COMPUTE, Effect.COPY, Effect.LOAD), rng)
    for step in values:
        width = len(writes(step.slot, flow.machine.lanes))
        if flow.program.bundles[step.site.bundle].slots and len(step.results) != width:
            continue
        for first in rng.sample(values, min(20, len(values))):
            words = writes(first.slot, flow.machine.lanes)
            if len(words) != width or first.slot.operands[0] == step.slot.operands[0] or Role.LANE in first.form.roles:
                continue
            clobbers = any(flow.live(step.time, w) not in (None, step.results[k]) for k, w in enumerate(words))
            if clobbers and Role.LANE not in step.form.roles:
                yield _renamed(flow, step, words.start)
                break


def _renamed(flow: Flow, step: Step, word: int) -> Program:
    """The program in which a value, and all operands that name its first word, move to another word."""
    old = step.slot.operands[0]
    program = put(flow.program, step.site, replace(step.slot, operands=(word, *step.slot.operands[1:])))
    for reader in {r.site for r in flow.readers(step)}:
        slot = slot_at(program, reader)
        sources = {position for position, _ in flow.first[reader].form.sources}
        operands = tuple(word if k in sources and x == old else x for k, x in enumerate(slot.operands))
        program = put(program, reader, replace(slot, operands=operands))
    return program


def two_results_in_one_word(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Two slots of a bundle write to the same word."""
    for step in shuffled(flow.sites(Effect.COMPUTE, Effect.COPY, Effect.LOAD), rng):
        if flow.machine.latency(step.slot.engine, step.slot.op) > 1:
            continue
        held = [w for w in range(flow.machine.scratch_words) if flow.held(step.time, w) is not None]
        if held and has_room(flow.program, flow.machine, step.site.bundle, "alu"):
            word, source = rng.choice(writes(step.slot, flow.machine.lanes)), rng.choice(held)
            yield add(flow.program, step.site.bundle, Slot("alu", "|", (word, source, source)))


def lost_copy(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A copy from word to word is left out."""
    for step in shuffled(flow.sites(Effect.COMPUTE), rng):
        copied = step.slot.op in ("|", "&") and step.slot.operands[1] == step.slot.operands[2]
        if copied and any(flow.overwritten(step, w) for w in writes(step.slot, flow.machine.lanes)):
            yield put(flow.program, step.site)


def misaligned_vector(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A vector is written one word too far, and all that read it as a vector follow; its lanes that are read as words,
    or another value, are damaged."""
    for step in shuffled(flow.sites(Effect.COMPUTE, Effect.COPY), rng):
        words = writes(step.slot, flow.machine.lanes)
        if len(words) > 1 and words.stop < flow.machine.scratch_words:
            before = flow.live(step.time, words.stop)
            parts = any(
                words.start < w.start < words.stop
                for r in flow.readers(step)
                for w in reads(r.slot, flow.machine.lanes)
            )
            if before not in (None, step.results[-1]) or (parts and len(set(step.results)) == len(step.results)):
                yield _renamed(flow, step, words.start + 1)


KINDS = (
    source_off_by_one,
    source_off_by_a_vector,
    stale_register,
    register_that_holds_nothing,
    sources_of_two_slots_exchanged,
    destination_off_by_one,
    destination_off_by_a_vector,
    destinations_exchanged,
    clobbered_register,
    overlapping_live_ranges,
    two_results_in_one_word,
    lost_copy,
    misaligned_vector,
)
