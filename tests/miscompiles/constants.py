"""Wrong constants: immediates of `const` and `add_imm`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from tests.miscompiles.flow import Flow, Step
from tests.miscompiles.kinds import Damaged, replaced
from vliwc.ir.ops import MASK
from vliwc.machine import Slot
from vliwc.machine.slots import Effect, immediate


def _with(slot: Slot, word: int) -> Slot:
    return replace(slot, operands=(*slot.operands[:-1], word))


def _constants(flow: Flow) -> Iterator[Step]:
    return flow.sites(Effect.COPY, op="const")


def constant_off_by_one(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A constant is one too large or too small."""
    return replaced(
        flow, rng, _constants(flow), lambda s: [_with(s.slot, (immediate(s.slot) + rng.choice((-1, 1))) & MASK)]
    )


def bit_of_a_constant_flipped(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """One bit of a constant is wrong."""
    return replaced(
        flow, rng, _constants(flow), lambda s: [_with(s.slot, (immediate(s.slot) & MASK) ^ 1 << rng.randrange(32))]
    )


def constant_negated(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A constant has the wrong sign."""
    return replaced(flow, rng, _constants(flow), lambda s: [_with(s.slot, -immediate(s.slot))])


def constant_truncated(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """A constant loses its upper half."""
    return replaced(flow, rng, _constants(flow), lambda s: [_with(s.slot, immediate(s.slot) & 0xFFFF)])


def halves_of_a_constant_exchanged(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """The upper and the lower half of a constant are exchanged."""

    def exchange(step: Step) -> list[Slot]:
        word = immediate(step.slot) & MASK
        return [_with(step.slot, word >> 16 | (word & 0xFFFF) << 16)]

    return replaced(flow, rng, _constants(flow), exchange)


def distance_off_by_one(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """An add_imm adds one too much or too little."""
    steps = flow.sites(Effect.COMPUTE, op="add_imm")
    return replaced(flow, rng, steps, lambda s: [_with(s.slot, immediate(s.slot) + rng.choice((-1, 1)))])


def distance_negated(flow: Flow, rng: Random) -> Iterator[Damaged]:
    """An add_imm subtracts."""
    steps = flow.sites(Effect.COMPUTE, op="add_imm")
    return replaced(flow, rng, steps, lambda s: [_with(s.slot, -immediate(s.slot))])


KINDS = (
    constant_off_by_one,
    bit_of_a_constant_flipped,
    constant_negated,
    constant_truncated,
    halves_of_a_constant_exchanged,
    distance_off_by_one,
    distance_negated,
)
