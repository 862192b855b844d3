"""Programs that the machine cannot execute: slots, operations and operands that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.miscompiles.edits import add, put
from tests.miscompiles.flow import Flow, Step
from tests.miscompiles.kinds import Damaged, shuffled
from vliwc.machine import Slot
from vliwc.machine.slots import FORMATS, Effect, Role, scratch_used

_ALL = (Effect.COMPUTE, Effect.COPY, Effect.LOAD, Effect.STORE)


def _steps(flow: Flow, rng: Random) -> list[Step]:
    return shuffled(flow.sites(*_ALL), rng)


def _with_operand(flow: Flow, step: Step, position: int, operand: object) -> Damaged:
    operands = list(step.slot.operands)
    operands[position] = operand  # type: ignore[call-overload]  # some of these operands are wrong on purpose
    return put(flow.program, step.site, replace(step.slot, operands=tuple(operands)))


def too_many_slots(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A bundle has more slots of an engine than the machine."""
    for step in _steps(flow, rng):
        slots = flow.program.bundles[step.site.bundle].slots
        missing = flow.machine.slots("flow") + 1 - sum(s.engine == "flow" for s in slots)
        read = step.slot.operands[1] if step.form.sources else 0
        free = [w for w in range(flow.machine.scratch_words) if flow.held(step.time, w) is None]
        if missing <= len(free):
            extra = [Slot("flow", "add_imm", (word, read, 0)) for word in free[:missing]]
            yield add(flow.program, step.site.bundle, *extra)


def two_decisions(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A bundle says twice what comes next."""
    for number in rng.sample(range(len(flow.program.bundles)), len(flow.program.bundles)):
        slots = flow.program.bundles[number].slots
        if sum(s.engine == "flow" for s in slots) <= flow.machine.slots("flow") - 2:
            yield add(flow.program, number, Slot("flow", "halt", ()), Slot("flow", "pause", ()))


def unknown_engine(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot is for an engine that no machine has."""
    for step in _steps(flow, rng):
        yield put(flow.program, step.site, replace(step.slot, engine="mul"))


def wrong_engine(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot is on an engine that does not know its operation."""
    for step in _steps(flow, rng):
        yield put(flow.program, step.site, replace(step.slot, engine="load" if step.slot.engine != "load" else "store"))


def missing_operation(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot has an operation that other machines have, but this one has not."""
    lacking = [
        f for f in FORMATS.values() if f.engine in flow.machine.engines and not flow.machine.runs(f.engine, f.op)
    ]
    for fmt in lacking:
        for step in shuffled(flow.sites(Effect.COMPUTE, engine="valu"), rng):
            d, a, b = step.slot.operands
            yield put(flow.program, step.site, Slot(fmt.engine, fmt.op, (d, a, b, d)[: len(fmt.roles)]))


def missing_operand(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot has one operand too few."""
    for step in _steps(flow, rng):
        yield put(flow.program, step.site, replace(step.slot, operands=step.slot.operands[:-1]))


def extra_operand(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A slot has one operand too many."""
    for step in _steps(flow, rng):
        yield put(flow.program, step.site, replace(step.slot, operands=(*step.slot.operands, 0)))


def operand_of_another_type(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A scratch address is text."""
    for step in _steps(flow, rng):
        yield _with_operand(flow, step, 0, str(step.slot.operands[0]))


def negative_address(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A scratch address is below 0."""
    for step in _steps(flow, rng):
        yield _with_operand(flow, step, 0, -1)


def address_behind_scratch(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A scratch address is behind the end of scratch."""
    for step in _steps(flow, rng):
        yield _with_operand(flow, step, 0, flow.machine.scratch_words)


def vector_across_the_end(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A vector begins in scratch and ends behind it."""
    for step in _steps(flow, rng):
        if step.form.vector and Role.LANE not in step.form.roles and step.form.roles[0] is Role.VDEST:
            yield _with_operand(flow, step, 0, flow.machine.scratch_words - 1)


def lane_that_does_not_exist(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A gather's lane is behind the end of scratch."""
    for step in shuffled(flow.sites(Effect.LOAD, op="load_offset"), rng):
        yield _with_operand(flow, step, 2, flow.machine.scratch_words)


def too_little_scratch_claimed(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The program says that it uses fewer scratch words than it does."""
    yield replace(flow.program, scratch_words=scratch_used(flow.program.bundles, flow.machine.lanes) - 1)


def too_much_scratch_claimed(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The program says that it uses more scratch words than there are."""
    yield replace(flow.program, scratch_words=flow.machine.scratch_words + 1)


def idle_engine_that_is_not(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A bundle names an engine as idle that has a slot in it, which changes the interchange form."""
    for step in _steps(flow, rng):
        bundles = list(flow.program.bundles)
        bundles[step.site.bundle] = replace(bundles[step.site.bundle], empty_engines=(step.slot.engine,))
        yield replace(flow.program, bundles=tuple(bundles))


KINDS = (
    too_many_slots,
    two_decisions,
    unknown_engine,
    wrong_engine,
    missing_operation,
    missing_operand,
    extra_operand,
    operand_of_another_type,
    negative_address,
    address_behind_scratch,
    vector_across_the_end,
    lane_that_does_not_exist,
    too_little_scratch_claimed,
    too_much_scratch_claimed,
    idle_engine_that_is_not,
)
