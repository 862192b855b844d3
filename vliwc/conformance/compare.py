"""One program on one memory image, on our simulators and on the public one, from pause to pause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any

import numpy as np

from vliwc.conformance.public import public_instructions
from vliwc.machine import Machine, Operand, Program, Result, Simulation, SimulationFault, State
from vliwc.machine.fast import FastSimulator
from vliwc.machine.faults import CycleLimitReached

MOST_STOPS = 100
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


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where our simulator has stopped, paused or faulted."""

    ending: Ending
    state: Result
    cause: str
    """In words: what a fault says, `PAUSES` or `STOPS`."""


PAUSES, STOPS = "pauses", "stops"


def compare(public: ModuleType, run: Run, machine: Machine) -> Ending:
    """Runs on the public simulator, on ours as it is without the strict checks, and, if there are neither pauses nor
    debug slots, on the fast one. Raises Difference if memory, scratch, trace, cycles or the ending differ."""
    ours = Simulation(run.program, machine, run.image, strict=False, pauses=run.pauses, reference=run.reference)
    theirs = _public_run(public, run)
    for _ in range(MOST_STOPS):
        stop = _go_on(public, ours, theirs, run.max_cycles)
        if stop.ending is not Ending.FAULTED:
            core = theirs.cores[0]
            _same("memory", stop.state.memory.tolist(), theirs.mem)
            _same("scratch", stop.state.scratch.tolist(), core.scratch)
            _same("the trace", list(stop.state.trace_buffer), core.trace_buf)
        _same("cycles", stop.state.cycles, theirs.cycle)
        if not run.pauses and run.reference is None:
            _compare_fast(run, machine, stop)
        if stop.cause != PAUSES:
            return stop.ending
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


def _go_on(public: ModuleType, ours: Simulation, theirs: Any, limit: int) -> _Stop:
    """Takes both to the next pause or to the end. Raises Difference if they end in different ways."""
    found = expected = Ending.STOPPED
    try:
        cause = PAUSES if ours.run(limit).state is State.PAUSED else STOPS
    except SimulationFault as fault:
        found = Ending.CUT_OFF if isinstance(fault, CycleLimitReached) else Ending.FAULTED
        cause = fault.message
    try:
        theirs.run()
        there = PAUSES if theirs.cores[0].state is public.CoreState.PAUSED else STOPS
    except _CutOff:
        expected, there = Ending.CUT_OFF, "it goes on"
    except _FAULTS as error:
        expected, there = Ending.FAULTED, f"{type(error).__name__}: {error}"
    except Exception as error:
        raise Difference(f"the public simulator breaks down: {type(error).__name__}: {error}") from error
    if found is not expected or (found is Ending.STOPPED and cause != there):
        raise Difference(f"the ending differs: here {cause!r}, there {there!r}")
    return _Stop(found, ours.result(), cause)


def _compare_fast(run: Run, machine: Machine, stop: _Stop) -> None:
    """Holds the fast simulator against ours. After a fault, both show the state before it."""
    images = np.array([run.image], np.uint32)
    fast = FastSimulator(run.program, machine, strict=False).run(images, max_cycles=run.max_cycles)
    fault, state = fast.faults[0], stop.state
    scratch = fast.touched_scratch[0]
    if (
        (STOPS if fault is None else fault.message) != stop.cause
        or not np.array_equal(fast.memory[0], state.memory)
        or not np.array_equal(scratch, state.scratch[: len(scratch)])
        or fast.traces[0] != state.trace_buffer
        or (fast.cycles[0], fast.executed[0]) != (state.cycles, state.executed)
        or fast.next_bundle[0] != state.next_bundle
    ):
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
