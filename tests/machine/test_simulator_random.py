"""Random programs: the simulator against the slow one of the tests, and strict against non-strict runs."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.machine.reference import FaultError, Slow
from vliwc.conformance.programs import Maker
from vliwc.machine import ProgramError, SimulationFault, State, load_machine, machine_names, simulate

LIMIT = 300


@pytest.mark.parametrize("name", machine_names())
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_non_strict_runs_agree_with_the_slow_simulator(name: str, seed: int) -> None:
    maker = Maker(Random(seed), load_machine(name))
    program, image = maker.program(maker.rng.randint(0, 25)), maker.image()
    slow = Slow(program, maker.machine, list(image))
    try:
        slow.run(LIMIT)
    except FaultError:
        with pytest.raises(SimulationFault):
            simulate(program, maker.machine, image, strict=False, max_cycles=LIMIT)
        return
    result = simulate(program, maker.machine, image, strict=False, max_cycles=LIMIT)
    assert result.memory.tolist() == slow.memory
    assert result.scratch.tolist() == slow.scratch
    assert result.trace_buffer == tuple(slow.buffer)
    assert result.cycles == slow.cycle
    assert result.state is State.STOPPED


@pytest.mark.parametrize("name", machine_names())
@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_strict_and_non_strict_runs_agree_on_legal_programs(name: str, seed: int) -> None:
    maker = Maker(Random(seed), load_machine(name), legal=True)
    program, image = maker.program(maker.rng.randint(0, 25)), maker.image()
    try:
        strict = simulate(program, maker.machine, image, max_cycles=LIMIT)
    except (ProgramError, SimulationFault) as fault:
        assume("cycles" not in str(fault))
        assert maker.machine.latencies or "division by zero" in str(fault) or "goes to bundle" in str(fault)
        return
    loose = simulate(program, maker.machine, image, strict=False, max_cycles=LIMIT)
    assert np.array_equal(strict.memory, loose.memory)
    assert np.array_equal(strict.scratch, loose.scratch)
    assert strict.trace_buffer == loose.trace_buffer
    assert (strict.cycles, strict.executed) == (loose.cycles, loose.executed)
