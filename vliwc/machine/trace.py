"""What a run looked like: traces for Perfetto (or chrome://tracing), and how full the engines were.

The trace is in Chrome's Trace Event Format (JSON): one track for each slot of each engine, one event for each slot
that was executed. A cycle is shown as a microsecond.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from vliwc.machine.description import Machine
from vliwc.machine.faults import slot_text
from vliwc.machine.program import Bundle, Program, Slot

Steps = Iterable[tuple[int, int]]
"""What was executed: cycle and number of the bundle."""


@dataclass(slots=True)
class Recorder:
    """Keeps what was executed: give it to `simulate` as `trace`, then its `steps` to `trace_json`."""

    steps: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, cycle: int, bundle: int) -> None:
        self.steps.append((cycle, bundle))


@dataclass(frozen=True, slots=True)
class Usage:
    """How many slots of an engine were filled, of how many that there were."""

    used: int
    available: int

    @property
    def share(self) -> float:
        """The part that was filled, 0 to 1."""
        return self.used / self.available if self.available else 0.0


def straight_steps(program: Program) -> list[tuple[int, int]]:
    """Every bundle once, in order: what a program without jumps executes."""
    steps = []
    cycle = 0
    for number, bundle in enumerate(program.bundles):
        steps.append((cycle, number))
        cycle += bundle.takes_cycle
    return steps


def utilisation(program: Program, machine: Machine, steps: Steps | None = None) -> dict[str, Usage]:
    """The use of every engine but `debug`, over the executed steps (default: every bundle once)."""
    engines = [engine for engine in machine.engines if engine != "debug"]
    used = dict.fromkeys(engines, 0)
    cycles = 0
    for _, number in straight_steps(program) if steps is None else steps:
        bundle = program.bundles[number]
        cycles += bundle.takes_cycle
        for slot in bundle.slots:
            if slot.engine != "debug":
                used[slot.engine] += 1
    return {engine: Usage(used[engine], cycles * machine.slots(engine)) for engine in engines}


def trace_json(program: Program, machine: Machine, steps: Steps | None = None) -> str:
    """The Chrome trace of the executed steps (default: every bundle once), one event a line."""
    tracks = _tracks(machine)
    events = list(_track_names(program, tracks))
    for cycle, number in straight_steps(program) if steps is None else steps:
        events += _bundle_events(program.bundles[number], number, cycle, tracks)
    lines = ",\n".join(json.dumps(event) for event in events)
    return f'{{"displayTimeUnit": "ms", "traceEvents": [\n{lines}\n]}}\n'


def _tracks(machine: Machine) -> dict[tuple[str, int], int]:
    """A track number (from 1) for each slot of each engine."""
    places = [(e, i) for e in machine.engines if e != "debug" for i in range(machine.slots(e))]
    return {place: number for number, place in enumerate(places, 1)}


def _track_names(program: Program, tracks: dict[tuple[str, int], int]) -> Iterator[dict[str, object]]:
    title = f"{program.kernel or 'program'} on {program.machine}"
    yield {"name": "process_name", "ph": "M", "pid": 1, "tid": 0, "args": {"name": title}}
    for (engine, position), track in tracks.items():
        name = {"name": f"{engine} {position}"}
        yield {"name": "thread_name", "ph": "M", "pid": 1, "tid": track, "args": name}
        yield {"name": "thread_sort_index", "ph": "M", "pid": 1, "tid": track, "args": {"sort_index": track}}


def _bundle_events(
    bundle: Bundle, number: int, cycle: int, tracks: dict[tuple[str, int], int]
) -> Iterator[dict[str, object]]:
    for engine, slots in bundle.by_engine().items():
        if engine == "debug":
            continue
        for position, slot in enumerate(slots):
            yield {
                "name": slot.op,
                "cat": engine,
                "ph": "X",
                "pid": 1,
                "tid": tracks[engine, position],
                "ts": cycle,
                "dur": 1,
                "args": _details(slot, number),
            }


def _details(slot: Slot, number: int) -> dict[str, object]:
    details: dict[str, object] = {"slot": slot_text(slot), "bundle": number}
    if slot.span is not None:
        details["line"] = str(slot.span)
    return details
