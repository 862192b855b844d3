"""Random programs and images: the fast simulator against the strict one, faults and their texts included."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vliwc.conformance.programs import CONSTANTS, Maker
from vliwc.machine import (
    Bundle,
    Machine,
    Operand,
    ProgramError,
    Result,
    SimulationFault,
    Slot,
    load_machine,
    machine_names,
    simulate,
)
from vliwc.machine.fast import FastSimulator
from vliwc.machine.fast import simulator as fast
from vliwc.machine.slots import Effect, Format

LIMIT = 300


def slow_machine() -> Machine:
    """The wide machine with results that take up to five cycles."""
    machine = load_machine("wide")
    late = [("valu", "+"), ("valu", "^"), ("alu", "*"), ("alu", "+"), ("load", "const"), ("flow", "add_imm")]
    late += [("load", "load"), ("load", "vload"), ("valu", "vbroadcast")]
    return replace(machine, latencies={slot: 2 + i % 4 for i, slot in enumerate(late)})


MACHINES = {name: load_machine(name) for name in machine_names()} | {"slow": slow_machine()}


class Reckless(Maker):
    """Makes programs that the validator cannot object to, and that run into every fault of the strict simulator."""

    def prologue(self) -> list[Bundle]:
        bundles = super().prologue()
        if self.rng.random() < 0.5:
            del bundles[self.rng.randrange(len(bundles))]
        return bundles

    def fits(self, slot: Slot, slots: list[Slot]) -> bool:
        others = [s for s in slots if s.engine != "store"]
        return super().fits(slot, others)

    def operands(self, fmt: Format, number: int, end: int) -> tuple[Operand, ...]:
        operands = super().operands(fmt, number, end)
        if fmt.effect in (Effect.LOAD, Effect.STORE) and self.rng.random() < 0.1:
            position = 1 if fmt.effect is Effect.LOAD else 0
            return (*operands[:position], self.rng.randrange(CONSTANTS), *operands[position + 1 :])
        return operands


def parts(result: Result) -> tuple[object, ...]:
    words = result.memory.tolist(), result.scratch.tolist(), result.trace_buffer
    return *words, result.cycles, result.executed, result.state, result.next_bundle


def outcome(run: object, *arguments: object, **options: object) -> tuple[object, ...]:
    """What a run returns, or raises."""
    try:
        return parts(run(*arguments, **options))  # type: ignore[operator]
    except SimulationFault as fault:
        return "fault", fault.message, fault.help, fault.bundle, fault.cycle


@pytest.mark.parametrize("name", MACHINES)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_every_run_of_a_batch_is_as_on_the_strict_simulator(name: str, seed: int) -> None:
    rng = Random(seed)
    strict = rng.random() < 0.7
    maker = Reckless(rng, MACHINES[name], legal=True) if strict else Maker(rng, MACHINES[name], legal=False)
    program = maker.program(rng.randint(0, 25))
    images = [maker.image() for _ in range(rng.choice((1, 2, 2, 3, 5)))]
    try:
        simulator = FastSimulator(program, maker.machine, strict=strict)
    except ProgramError as error:
        with pytest.raises(ProgramError) as expected:
            simulate(program, maker.machine, images[0], strict=strict)
        assert expected.value.message == error.message
        return
    outcomes = simulator.run(images, max_cycles=LIMIT)
    for number, image in enumerate(images):
        expected = outcome(simulate, program, maker.machine, image, strict=strict, max_cycles=LIMIT)
        assert outcome(outcomes.result, number) == expected


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_short_slices_and_a_full_trace_change_nothing(seed: int) -> None:
    maker = Maker(Random(seed), MACHINES["slow"], legal=True)
    program, images = maker.program(20), np.array([maker.image() for _ in range(3)], np.uint32)
    try:
        simulator = FastSimulator(program, maker.machine)
    except ProgramError:
        return
    expected = simulator.run(images, max_cycles=LIMIT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "TRACE_WORDS", 1)
        patch.setattr(fast, "GROUP", 2)
        found = simulator.run(images, max_cycles=LIMIT)
    for number in range(len(images)):
        assert outcome(found.result, number) == outcome(expected.result, number)
