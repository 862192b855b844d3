"""Wrong accesses to memory: addresses, words, order, tails, spills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.miscompiles.edits import add, has_room, move, put
from tests.miscompiles.flow import Flow, Step
from tests.miscompiles.kinds import Damaged, replaced, shuffled
from vliwc.ir.graph import Mode
from vliwc.machine import Program, Slot
from vliwc.machine.slots import Effect, Role, immediate, writes


def _stores(flow: Flow, op: str = "") -> Iterator[Step]:
    return flow.sites(Effect.STORE, op=op)


def _held(flow: Flow, time: int) -> list[int]:
    return [w for w in range(flow.machine.scratch_words) if flow.held(time, w) is not None]


def lost_store(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A store is left out."""
    return (put(flow.program, step.site) for step in shuffled(_stores(flow), rng))


def store_to_another_address(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A store takes its address from another word."""
    steps = list(_stores(flow))

    def other(step: Step) -> list[Slot]:
        return [replace(step.slot, operands=(rng.choice(_held(flow, step.time)), step.slot.operands[1]))]

    return replaced(flow, rng, steps, other)


def load_from_another_address(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A load takes its address from another word."""

    def other(step: Step) -> list[Slot]:
        return [replace(step.slot, operands=(step.slot.operands[0], rng.choice(_held(flow, step.time))))]

    return replaced(flow, rng, (s for s in flow.sites(Effect.LOAD) if Role.LANE not in s.form.roles), other)


def address_off_by_one(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The constant that is the address of an access, or the distance to it, is wrong by one."""
    for step in shuffled(flow.sites(Effect.COPY, Effect.COMPUTE), rng):
        if step.slot.op in ("const", "add_imm") and any(_is_address(r, step) for r in flow.readers(step)):
            wrong = (*step.slot.operands[:-1], immediate(step.slot) + rng.choice((-1, 1)))
            yield put(flow.program, step.site, replace(step.slot, operands=wrong))


def _is_address(access: Step, maker: Step) -> bool:
    used = [ref for ref in access.sources[0] if ref] if access.addresses else []
    return any(ref[0] == maker.number for ref in used)


def stored_words_exchanged(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Two stores of the same width exchange what they store."""
    steps = shuffled(_stores(flow), rng)
    for step in steps:
        for other in steps:
            same = other.slot.op == step.slot.op and other.site.bundle == step.site.bundle and other is not step
            if same and any(other.values[1][k] != step.values[1][k] for k in step.needed):
                mine = replace(step.slot, operands=(step.slot.operands[0], other.slot.operands[1]))
                theirs = replace(other.slot, operands=(other.slot.operands[0], step.slot.operands[1]))
                yield put(put(flow.program, step.site, mine), other.site, theirs)
                break


def store_of_one_lane(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Only the first word of a vector is stored."""
    for step in shuffled(_stores(flow, "vstore"), rng):
        if max(step.needed) > 0:
            yield put(flow.program, step.site, replace(step.slot, op="store"))


def store_of_too_many_lanes(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A vector is stored where one word should be: a tail that is too long."""
    for step in shuffled(_stores(flow, "store"), rng):
        word = step.slot.operands[1]
        assert isinstance(word, int)
        if word + flow.machine.lanes <= flow.machine.scratch_words:
            yield put(flow.program, step.site, replace(step.slot, op="vstore"))


def load_of_one_lane(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Only the first word of a vector is loaded."""
    steps = (s for s in flow.sites(Effect.LOAD, op="vload") if max(s.needed) > 0)
    return replaced(flow, rng, steps, lambda s: [replace(s.slot, op="load")])


def lost_lane_of_a_gather(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """One lane of a gather is not loaded."""
    for step in shuffled(flow.sites(Effect.LOAD, op="load_offset"), rng):
        if any(flow.overwritten(step, w) for w in writes(step.slot, flow.machine.lanes)):
            yield put(flow.program, step.site)


def wrong_lane_of_a_gather(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """One lane of a gather is loaded twice, and another one not at all."""
    lanes = flow.machine.lanes
    steps = (s for s in flow.sites(Effect.LOAD, op="load_offset"))

    def other(step: Step) -> list[Slot]:
        return [replace(step.slot, operands=(*step.slot.operands[:-1], (immediate(step.slot) + 1) % lanes))]

    return replaced(flow, rng, steps, other)


def gather_by_the_neighbouring_lane(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A lane of a gather is loaded by the index of the lane beside it."""

    def other(step: Step) -> Iterator[Slot]:
        dest, source, lane = step.slot.operands
        assert isinstance(source, int) and isinstance(lane, int)
        for distance in (1, -1):
            if 0 <= source + lane + distance < flow.machine.scratch_words and source + distance >= 0:
                yield replace(step.slot, operands=(dest, source + distance, lane))

    return replaced(flow, rng, flow.sites(Effect.LOAD, op="load_offset"), other)


def _same_memory(flow: Flow, a: Step, b: Step) -> bool:
    """Do two accesses meet, for some memory image? Their addresses are equal, or both depend on data in one array."""
    if set(a.addresses) & set(b.addresses):
        return True
    graph = flow.graph
    arrays = {
        graph.access(n).array
        for n in graph.walk()
        if graph.op[n] in ("load", "gather", "store", "scatter", "store_if") and graph.const(graph.args[n][0]) is None
    }
    return len(arrays) == 1 and flow.constant(a.addresses[0]) is None and flow.constant(b.addresses[0]) is None


def load_before_the_store(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A load overtakes a store that may be to the same address."""
    return _overtaking(flow, rng, flow.sites(Effect.LOAD), Effect.STORE, 0)


def store_before_the_load(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A store overtakes a load that may be from the same address."""
    return _overtaking(flow, rng, _stores(flow), Effect.LOAD, -1)


def stores_in_the_wrong_order(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A store overtakes another one that may be to the same address."""
    return _overtaking(flow, rng, _stores(flow), Effect.STORE, -1)


def _overtaking(flow: Flow, rng: Random, steps: Iterator[Step], before: Effect, distance: int) -> Iterator[Program]:
    for step in shuffled(steps, rng):
        earlier = (s for s in flow.steps[: step.number] if s.form.effect is before and s.needed and s.time < step.time)
        for other in reversed(list(earlier)):
            to = other.site.bundle + distance
            if to < 0 or to >= step.site.bundle or not _same_memory(flow, step, other):
                continue
            if has_room(flow.program, flow.machine, to, step.slot.engine):
                yield move(flow.program, step.site, to)
                break


def _stray_store(flow: Flow, rng: Random, wanted: range) -> Iterator[Program]:
    """A store of some other word to an address in `wanted` that a scratch word happens to hold before any loop."""
    loops = flow.subject.witness.loops
    times = list(range(min((w.header for w in loops), default=len(flow.before))))
    rng.shuffle(times)
    for time in times:
        held = _held(flow, time)
        places = [w for w in held if flow.constant(flow.held(time, w) or 0) in wanted]
        if places and has_room(flow.program, flow.machine, flow.order[time], "store"):
            place = rng.choice(places)
            unknown = (w for w in held if flow.constant(flow.held(time, w) or 0) is None)
            data = [w for w in unknown if flow.loaded_from(time, w) != flow.held(time, place)]
            if data:
                yield add(flow.program, flow.order[time], Slot("store", "store", (place, rng.choice(data))))


def clobbered_input(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A word of an `in` array is overwritten."""
    for array in flow.graph.arrays.values():
        if array.mode is Mode.IN:
            yield from _stray_store(flow, rng, range(array.base, array.end))


def clobbered_header(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A word of the header is overwritten."""
    return _stray_store(flow, rng, range(len(flow.graph.header)))


def store_outside_of_the_image(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A store goes to a word behind the end of memory."""
    size = flow.graph.image_words
    for step in shuffled(flow.sites(Effect.COPY, op="const"), rng):
        if any(r.form.effect is Effect.STORE and _is_address(r, step) for r in flow.readers(step)):
            yield put(flow.program, step.site, replace(step.slot, operands=(step.slot.operands[0], size)))


def two_stores_to_one_address(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Two stores of a bundle have the same address."""
    for step in shuffled(_stores(flow), rng):
        data = [w for w in _held(flow, step.time) if flow.held(step.time, w) not in step.results]
        if data and has_room(flow.program, flow.machine, step.site.bundle, "store"):
            yield add(flow.program, step.site.bundle, Slot("store", "store", (step.slot.operands[0], rng.choice(data))))


def lost_tail(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The last elements of an array are never stored."""
    for array in flow.graph.arrays.values():
        ends = [s for s in _stores(flow) if array.end - 1 in [flow.constant(a) for a in s.addresses]]
        if ends and array.mode is not Mode.CONSUMED:
            yield put(flow.program, ends[-1].site)


def tail_of_another_lane(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The last elements of an array are taken from the lanes beside the right ones."""
    for array in flow.graph.arrays.values():
        ends = [s for s in _stores(flow) if array.end - 1 in [flow.constant(a) for a in s.addresses]]
        if ends and array.mode is not Mode.CONSUMED:
            address, data = ends[-1].slot.operands
            assert isinstance(data, int)
            yield from replaced(
                flow,
                rng,
                ends[-1:],
                lambda s, a=address, d=data: [replace(s.slot, operands=(a, x)) for x in (d - 1, d + 1) if x >= 0],  # type: ignore[misc]
            )


def _spills(flow: Flow) -> Iterator[Step]:
    """The loads that read back what a store of the program put into a consumed array."""
    for step in flow.sites(Effect.LOAD):
        region = flow.region(step)
        if region and region[1] is Mode.CONSUMED and step.origins[0]:
            yield step


def lost_spill(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A value is read back from where it was never spilled to."""
    for step in shuffled(_spills(flow), rng):
        assert step.origins[0]
        yield put(flow.program, flow.steps[step.origins[0][0]].site)


def spill_read_from_another_place(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """What is read back is another spilled value."""
    reloads = list(_spills(flow))

    def other(step: Step) -> Iterator[Slot]:
        for word in rng.sample(range(flow.machine.scratch_words), flow.machine.scratch_words):
            held = flow.held(step.time, word)
            if held is not None and any(held == r.addresses[0] != step.addresses[0] for r in reloads):
                yield replace(step.slot, operands=(step.slot.operands[0], word))

    return replaced(flow, rng, reloads, other)


def wrong_spill_address(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The address that a value is read back from is wrong by one."""
    for step in shuffled(_spills(flow), rng):
        ref = step.sources[0][0]
        assert ref and step.origins[0]
        maker, store = flow.steps[ref[0]], flow.steps[step.origins[0][0]]
        if maker.slot.op in ("const", "add_imm") and not _is_address(store, maker):
            wrong = (*maker.slot.operands[:-1], immediate(maker.slot) + 1)
            yield put(flow.program, maker.site, replace(maker.slot, operands=wrong))


def clobbered_spill(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """Something else is stored over a spilled value before it is read back."""
    for step in shuffled(_spills(flow), rng):
        assert step.origins[0]
        for time in range(flow.steps[step.origins[0][0]].time + 1, step.time):
            words = [w for w in _held(flow, time) if flow.held(time, w) == step.addresses[0]]
            data = [w for w in _held(flow, time) if flow.held(time, w) != step.results[0]]
            if words and has_room(flow.program, flow.machine, flow.order[time], "store") and 0 in step.needed:
                yield add(flow.program, flow.order[time], Slot("store", "store", (words[0], rng.choice(data))))
                break


KINDS = (
    lost_store,
    store_to_another_address,
    load_from_another_address,
    address_off_by_one,
    stored_words_exchanged,
    store_of_one_lane,
    store_of_too_many_lanes,
    load_of_one_lane,
    lost_lane_of_a_gather,
    wrong_lane_of_a_gather,
    gather_by_the_neighbouring_lane,
    load_before_the_store,
    store_before_the_load,
    stores_in_the_wrong_order,
    clobbered_input,
    clobbered_header,
    store_outside_of_the_image,
    two_stores_to_one_address,
    lost_tail,
    tail_of_another_lane,
    lost_spill,
    spill_read_from_another_place,
    wrong_spill_address,
    clobbered_spill,
)
