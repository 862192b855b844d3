"""One program on one memory image, on our simulators and on the public one, from pause to pause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any

import numpy as np

from vliwc.conformance.public import public_instructions
from vliwc.machine import Machine, Operand, Program, Result, Simulation, SimulationFault, State
from vliwc.machine.fast import FastSimulator
from vliwc.machine.faults import CycleLimitReached

STOPS = 100
"""From pause to pause, a run is followed so often."""
_FAULTS = (IndexError, ZeroDivisionError, AssertionError, KeyError)
"""What the public simulator raises when a run goes wrong."""


class Ending(Enum):
    """How a run ended, on all simulators."""

    STOPPED = "ran to the end"
    FAULTED = "faulted"
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Run:
    """What is run, and how: a program on an image, for so many cycles at most; with or without pauses; with debug slots
    checked against `reference` unless that is None."""

    program: Program
    image: Sequence[int]
    max_cycles: int
    pauses: bool = False
    reference: Mapping[Operand, int] | None = None


class Difference(Exception):
    """The simulators disagree; the text says in what."""


class _CutOff(Exception):
    """The public simulator has reached the limit of cycles."""


def compare(public: ModuleType, run: Run, machine: Machine) -> Ending:
    """Runs on the public simulator, on ours as it is without the strict checks, and, if there are neither pauses nor
    debug slots, on the fast one. Raises Difference if memory, scratch, trace, cycles or the ending differ."""
    ours = Simulation(run.program, machine, run.image, strict=False, pauses=run.pauses, reference=run.reference)
    theirs = _public_run(public, run)
    if not run.pauses and run.reference is None:
        _compare_fast(run, machine)
    for _ in range(STOPS):
        ending, state = _go_on(public, ours, theirs, run.max_cycles)
        if ending is not Ending.FAULTED:
            core = theirs.cores[0]
            _same("memory", state.memory.tolist(), theirs.mem)
            _same("scratch", state.scratch.tolist(), core.scratch)
            _same("the trace", list(state.trace_buffer), core.trace_buf)
        _same("cycles", state.cycles, theirs.cycle)
        if ending is not Ending.STOPPED or state.state is State.STOPPED:
            return ending
    return Ending.CUT_OFF


def _public_run(public: ModuleType, run: Run) -> Any:
    """The public simulator before the run, cut off where ours is."""

    class Limited(public.Machine):  # type: ignore[name-defined, misc]
        def step(self, instr: dict[str, Any], core: Any) -> None:
            if self.cycle >= run.max_cycles and any(engine != "debug" for engine in instr):
                raise _CutOff
            super().step(instr, core)

    instructions = public_instructions(run.program)
    machine = Limited(list(run.image), instructions, public.DebugInfo({}), value_trace=dict(run.reference or {}))
    machine.enable_pause, machine.enable_debug = run.pauses, run.reference is not None
    return machine


def _go_on(public: ModuleType, ours: Simulation, theirs: Any, limit: int) -> tuple[Ending, Result]:
    """Takes both to the next pause or to the end: how ours ended, and its state then."""
    found = Ending.STOPPED
    try:
        ours.run(limit)
    except SimulationFault as fault:
        found = Ending.CUT_OFF if isinstance(fault, CycleLimitReached) else Ending.FAULTED
        cause = fault.message
    else:
        cause = "pauses" if ours.result().state is State.PAUSED else "stops"
    expected = Ending.STOPPED
    try:
        theirs.run()
    except _CutOff:
        expected, there = Ending.CUT_OFF, "it goes on"
    except _FAULTS as error:
        expected, there = Ending.FAULTED, f"{type(error).__name__}: {error}"
    else:
        there = "pauses" if theirs.cores[0].state is public.CoreState.PAUSED else "stops"
    if found is not expected or (found is Ending.STOPPED and cause != there):
        raise Difference(f"the ending differs: here {cause!r}, there {there!r}")
    return found, ours.result()


def _compare_fast(run: Run, machine: Machine) -> None:
    """Holds the fast simulator against ours."""

    def ending(call: Callable[[], Result]) -> tuple[object, ...]:
        try:
            result = call()
        except SimulationFault as fault:
            return "fault", fault.message
        words = result.memory.tolist(), result.scratch.tolist(), result.trace_buffer
        return *words, result.cycles, result.executed, result.next_bundle

    plain = Simulation(run.program, machine, run.image, strict=False)
    fast = FastSimulator(run.program, machine, strict=False)
    image = np.array(run.image, np.uint32)
    if ending(lambda: fast.run_one(image, max_cycles=run.max_cycles)) != ending(lambda: plain.run(run.max_cycles)):
        raise Difference("the fast simulator differs from the plain one")


def _same(what: str, ours: Any, theirs: Any) -> None:
    """Raises Difference, with the first place, unless both are equal."""
    if ours == theirs:
        return
    if isinstance(ours, list) and len(ours) == len(theirs):
        place = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
        raise Difference(f"{what} differs at {place}: here {ours[place]}, there {theirs[place]}")
    if isinstance(ours, list):
        raise Difference(f"{what} differs in length: here {len(ours)}, there {len(theirs)}")
    raise Difference(f"{what} differ: here {ours}, there {theirs}")
