"""Wrong control: loops, jumps, ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.miscompiles.edits import Site, add, has_room, move, put
from tests.miscompiles.flow import Flow, Step
from tests.miscompiles.kinds import Damaged, replaced, shuffled
from vliwc.machine import Slot
from vliwc.machine.slots import Effect, immediate, reads, writes


def _jumps(flow: Flow) -> list[Step]:
    return [s for site, s in sorted(flow.first.items()) if "jump" in s.slot.op]


def _with_target(flow: Flow, jump: Step, distance: int) -> Damaged:
    operands = (*jump.slot.operands[:-1], immediate(jump.slot) + distance)
    return put(flow.program, jump.site, replace(jump.slot, operands=operands))


def jump_past_the_first_bundle(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's jump goes to the bundle after its first."""
    return (_with_target(flow, jump, 1) for jump in _jumps(flow))


def jump_to_before_the_loop(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's jump goes to the bundle before its first."""
    return (_with_target(flow, jump, -1) for jump in _jumps(flow) if immediate(jump.slot) > 0)


def jump_past_the_end(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's jump goes to a bundle that does not exist."""
    return (_with_target(flow, jump, len(flow.program.bundles) + 1) for jump in _jumps(flow))


def lost_jump(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's body is executed once only."""
    return (put(flow.program, jump.site) for jump in _jumps(flow))


def jump_without_condition(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop never ends."""
    for jump in _jumps(flow):
        yield put(flow.program, jump.site, Slot("flow", "jump", (jump.slot.operands[-1],)))


def jump_by_a_word(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A jump takes its target from the word of its condition."""
    for jump in _jumps(flow):
        yield put(flow.program, jump.site, Slot("flow", "jump_indirect", (jump.slot.operands[0],)))


def condition_of_another_word(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's jump reads another word for its condition."""

    def other(step: Step) -> list[Slot]:
        words = [w for w in range(flow.machine.scratch_words) if flow.held(step.time, w) is not None]
        return [replace(step.slot, operands=(rng.choice(words), step.slot.operands[1]))]

    return replaced(flow, rng, _jumps(flow), other)


def condition_inverted(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The comparison that decides about another iteration has its operands exchanged."""
    for maker in _conditions(flow):
        d, a, b = maker.slot.operands
        yield put(flow.program, maker.site, replace(maker.slot, operands=(d, b, a)))


def condition_of_the_old_index(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The comparison is made before the index is advanced: one iteration too many."""
    for maker in _conditions(flow):
        index = maker.slot.operands[1]
        steps = [s for s in flow.steps[: maker.number] if s.form.dests and s.slot.operands[0] == index]
        if steps and steps[-1].site.bundle < maker.site.bundle:
            early = steps[-1].site.bundle
            if has_room(flow.program, flow.machine, early, maker.slot.engine):
                yield move(flow.program, maker.site, early)


def _conditions(flow: Flow) -> Iterator[Step]:
    """The comparisons `a < b` that loops' jumps read."""
    for jump in _jumps(flow):
        ref = jump.sources[0][0]
        if ref and flow.steps[ref[0]].slot.op == "<":
            yield flow.steps[ref[0]]


def jump_before_its_condition(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's jump is issued one bundle early."""
    for jump in _jumps(flow):
        if has_room(flow.program, flow.machine, jump.site.bundle - 1, "flow"):
            yield move(flow.program, jump.site, jump.site.bundle - 1)


def _bounds(flow: Flow, rng: Random, iterations: int) -> Iterator[Damaged]:
    """Changes the constant that the index is compared with, by whole steps."""
    loops = {w.latch: flow.graph.loop(w.node) for w in flow.subject.witness.loops}
    for jump in _jumps(flow):
        ref = jump.sources[0][0]
        if ref is None or flow.steps[ref[0]].slot.op != "<":
            continue
        bound = flow.steps[ref[0]].sources[1][0]
        maker = flow.steps[bound[0]] if bound else None
        if maker and maker.slot.op in ("const", "add_imm"):
            wrong = immediate(maker.slot) + iterations * loops[jump.site.bundle].step
            yield put(flow.program, maker.site, replace(maker.slot, operands=(*maker.slot.operands[:-1], wrong)))


def one_iteration_too_many(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's bound is one step too high."""
    return _bounds(flow, rng, 1)


def one_iteration_too_few(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's bound is one step too low."""
    return _bounds(flow, rng, -1)


def _carried(flow: Flow) -> Iterator[tuple[range, range]]:
    """The bundles of each loop, and the words that it carries from one iteration to the next."""
    for w in flow.subject.witness.loops:
        body = range(w.header, w.latch + 1)
        for place in w.carried:
            if place:
                yield body, range(place.base, place.base + place.width)
        for induction in w.inductions:
            yield body, range(induction.word, induction.word + 1)


def lost_step(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """What a loop carries, its index or a value, does not change from one iteration to the next."""
    for body, words in _carried(flow):
        for step in shuffled(flow.first.values(), rng):
            inside = step.site.bundle in body and any(w in words for w in writes(step.slot, flow.machine.lanes))
            if inside and any(flow.overwritten(step, w) for w in writes(step.slot, flow.machine.lanes) if w in words):
                yield put(flow.program, step.site)


def lost_start(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """What a loop carries is not set before its first iteration."""
    for body, words in _carried(flow):
        for step in shuffled(flow.first.values(), rng):
            mine = writes(step.slot, flow.machine.lanes)
            if step.site.bundle < body.start and set(mine) & set(words) and step.needed:
                later = flow.steps[step.number + 1 :]
                last = not any(
                    set(writes(s.slot, flow.machine.lanes)) & set(mine) and s.site.bundle < body.start for s in later
                )
                if last:
                    yield put(flow.program, step.site)


def clobbered_invariant(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A loop's body overwrites a word that its next iteration needs unchanged."""
    for w in flow.subject.witness.loops:
        body = range(w.header, w.latch + 1)
        inside = [s for s in flow.first.values() if s.site.bundle in body]
        written = {x for s in inside for x in writes(s.slot, flow.machine.lanes)}
        read = {x for s in inside for words in reads(s.slot, flow.machine.lanes) for x in words}
        time = next(s.time for s in inside if s.site.bundle == w.latch)
        taken = sorted(read - written)
        others = sorted(written & {x for x in written if flow.held(time, x) is not None})
        if taken and others and has_room(flow.program, flow.machine, w.latch, "alu"):
            source = rng.choice(others)
            yield add(flow.program, w.latch, Slot("alu", "|", (rng.choice(taken), source, source)))


def early_end(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The program halts before its last store."""
    last: Site = max(s.site for s in flow.sites(Effect.STORE))
    for number in rng.sample(range(last.bundle), last.bundle):
        if has_room(flow.program, flow.machine, number, "flow"):
            yield add(flow.program, number, Slot("flow", "halt", ()))


def skipped_bundle(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The program jumps over a bundle that is needed."""
    for step in shuffled(flow.sites(Effect.STORE), rng):
        number = step.site.bundle - 1
        if number >= 0 and has_room(flow.program, flow.machine, number, "flow"):
            yield add(flow.program, number, Slot("flow", "jump", (number + 2,)))


def endless_program(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The program begins again when it is done."""
    number = len(flow.program.bundles) - 1
    if has_room(flow.program, flow.machine, number, "flow"):
        yield add(flow.program, number, Slot("flow", "jump", (0,)))


KINDS = (
    jump_past_the_first_bundle,
    jump_to_before_the_loop,
    jump_past_the_end,
    lost_jump,
    jump_without_condition,
    jump_by_a_word,
    condition_of_another_word,
    condition_inverted,
    condition_of_the_old_index,
    jump_before_its_condition,
    one_iteration_too_many,
    one_iteration_too_few,
    lost_step,
    lost_start,
    clobbered_invariant,
    early_end,
    skipped_bundle,
    endless_program,
)
