"""Wrong operations: what one slot computes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.miscompiles.edits import has_room, put
from tests.miscompiles.flow import Flow, Step
from tests.miscompiles.kinds import Damaged, replaced, shuffled
from vliwc.machine import Slot
from vliwc.machine.slots import Effect, reads, writes

OTHER = {
    "+": "-",
    "-": "+",
    "*": "+",
    "//": "%",
    "%": "//",
    "cdiv": "//",
    "&": "|",
    "|": "&",
    "^": "&",
    "<<": "*",
    ">>": "//",
    "<": "==",
    "==": "<",
}
"""For each operation one that is never the same on all words, if its operands are not."""


def _reordered(slot: Slot, *order: int) -> Slot:
    return replace(slot, operands=tuple(slot.operands[k] for k in order))


def swapped_operands(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The operands of an operation that does not commute are exchanged."""
    steps = (s for s in flow.sites(Effect.COMPUTE) if s.slot.op in ("-", "<<", ">>", "<", "//", "%", "cdiv"))
    return replaced(flow, rng, steps, lambda s: [_reordered(s.slot, 0, 2, 1)])


def wrong_operation(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """An operation is taken for another one of the same engine."""

    def other(step: Step) -> list[Slot]:
        new = OTHER.get(step.slot.op)
        return [replace(step.slot, op=new)] if new and step.values[0] != step.values[1] else []

    return replaced(flow, rng, flow.sites(Effect.COMPUTE), other)


def shift_in_the_wrong_direction(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A shift goes right instead of left, or left instead of right."""
    other = {"<<": ">>", ">>": "<<"}
    steps = (s for s in flow.sites(Effect.COMPUTE) if s.slot.op in other)
    return replaced(flow, rng, steps, lambda s: [replace(s.slot, op=other[s.slot.op])])


def repeated_operand(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """An operation reads one of its operands twice, and the other one never."""
    steps = (s for s in flow.sites(Effect.COMPUTE) if len(s.slot.operands) == 3 and s.slot.op != "add_imm")
    return replaced(flow, rng, steps, lambda s: [_reordered(s.slot, 0, 1, 1), _reordered(s.slot, 0, 2, 2)])


def factor_for_addend(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """In a multiply_add, a factor and the addend are exchanged."""
    return replaced(
        flow, rng, flow.sites(Effect.COMPUTE, op="multiply_add"), lambda s: [_reordered(s.slot, 0, 1, 3, 2)]
    )


def lost_addend(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A multiply_add only multiplies."""
    steps = flow.sites(Effect.COMPUTE, op="multiply_add")
    return replaced(flow, rng, steps, lambda s: [replace(_reordered(s.slot, 0, 1, 2), op="*")])


def lost_product(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A multiply_add only adds."""
    steps = flow.sites(Effect.COMPUTE, op="multiply_add")
    return replaced(flow, rng, steps, lambda s: [replace(_reordered(s.slot, 0, 1, 3), op="+")])


def arms_of_a_select_exchanged(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A select takes the one value where it should take the other."""
    steps = (s for s in flow.sites(Effect.COMPUTE) if s.slot.op in ("select", "vselect"))
    return replaced(flow, rng, steps, lambda s: [_reordered(s.slot, 0, 1, 3, 2)])


def select_by_an_arm(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A select takes one of its values for the condition."""
    steps = (s for s in flow.sites(Effect.COMPUTE) if s.slot.op in ("select", "vselect"))
    return replaced(flow, rng, steps, lambda s: [_reordered(s.slot, 0, 2, 1, 3), _reordered(s.slot, 0, 3, 2, 1)])


def one_lane_instead_of_all(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A vector operation is done on `alu`, for its first lane only."""
    lanes = flow.machine.lanes
    steps = (
        s
        for s in flow.sites(Effect.COMPUTE, engine="valu")
        if s.slot.op in OTHER
        and any(
            flow.held(s.time, w) != s.results[k] for k, w in enumerate(writes(s.slot, lanes)) if k and k in s.needed
        )
    )
    fitting = (s for s in steps if has_room(flow.program, flow.machine, s.site.bundle, "alu"))
    return replaced(flow, rng, fitting, lambda s: [replace(s.slot, engine="alu")])


def all_lanes_instead_of_one(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """An operation on one word is done for as many as there are lanes, over what stands behind it."""
    lanes = flow.machine.lanes
    for step in shuffled(flow.sites(Effect.COMPUTE, engine="alu"), rng):
        vector = replace(step.slot, engine="valu")
        fits = has_room(flow.program, flow.machine, step.site.bundle, "valu")
        if (
            not fits
            or max(writes(vector, lanes).stop, *(r.stop for r in reads(vector, lanes))) > flow.machine.scratch_words
        ):
            continue
        new = flow.otherwise(vector, step.time).results
        if any(flow.live(step.time, word) not in (None, new[k]) for k, word in enumerate(writes(vector, lanes)) if k):
            yield put(flow.program, step.site, vector)


def broadcast_of_another_word(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A broadcast spreads the word beside the right one."""
    steps = flow.sites(Effect.COPY, op="vbroadcast")

    def beside(step: Step) -> Iterator[Slot]:
        dest, source = step.slot.operands
        assert isinstance(source, int)
        for word in (source + 1, source - 1):
            if 0 <= word < flow.machine.scratch_words:
                yield replace(step.slot, operands=(dest, word))

    return replaced(flow, rng, steps, beside)


def copy_instead_of_broadcast(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A vector is copied from where one word should be spread to all lanes."""

    def copy(step: Step) -> list[Slot]:
        dest, source = step.slot.operands
        fits = isinstance(source, int) and source + flow.machine.lanes <= flow.machine.scratch_words
        return [replace(step.slot, op="|", operands=(dest, source, source))] if fits else []

    steps = (s for s in flow.sites(Effect.COPY, op="vbroadcast") if max(s.needed) > 0)
    return replaced(flow, rng, steps, copy)


KINDS = (
    swapped_operands,
    wrong_operation,
    shift_in_the_wrong_direction,
    repeated_operand,
    factor_for_addend,
    lost_addend,
    lost_product,
    arms_of_a_select_exchanged,
    select_by_an_arm,
    one_lane_instead_of_all,
    all_lanes_instead_of_one,
    broadcast_of_another_word,
    copy_instead_of_broadcast,
)
