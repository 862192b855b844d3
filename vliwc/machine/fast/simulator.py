"""The fast simulator's face: a program, decoded once, and what its runs on many memory images come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vliwc.errors import DataError, InternalError
from vliwc.ir.ops import Lanes
from vliwc.machine.description import Machine
from vliwc.machine.fast import native
from vliwc.machine.fast.packed import pack
from vliwc.machine.fast.state import PENDING, STATE, Counts, Group
from vliwc.machine.faults import SimulationFault
from vliwc.machine.program import Program
from vliwc.machine.simulator import Result, Simulation, Snapshot, State, image_words, require_room
from vliwc.machine.validate import validate

_Number = TypeVar("_Number", bound=np.generic)

NO_LIMIT = (1 << 63) - 1
GROUP = 32
"""Runs side by side: as many as keep the scratch of all in the processor's cache."""
GROUP_WORDS = 1 << 22
"""Words that a group may hold, if a run holds many; a run alone may hold more."""
TRACE_WORDS = 1 << 10
"""Words of a run's trace that compiled code keeps until it has to come back."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What the runs of one program on `n` images have come to.

    A run that faulted has its state from before the faulting bundle. `cycles`, `executed` and `next_bundle` are 1-D, as
    in `Result`, one entry a run.
    """

    memory: Lanes
    """The images at the end: n × words."""
    touched_scratch: Lanes
    """Scratch at the end, up to the last word that the program touches: n × words. What comes after it holds zeros."""
    traces: list[tuple[int, ...]]
    cycles: Counts
    executed: Counts
    next_bundle: Counts
    faults: list[SimulationFault | None]
    """Exactly what `simulate` would raise for the image, or None if the run has stopped."""
    scratch_words: int
    """The size of the machine's scratch."""

    def result(self, number: int) -> Result:
        """What `simulate` would return for an image. Raises the run's SimulationFault if there is one."""
        fault = self.faults[number]
        if fault is not None:
            raise fault
        return Result(
            memory=self.memory[number],
            scratch=_extended(self.touched_scratch[number], self.scratch_words),
            trace_buffer=self.traces[number],
            cycles=int(self.cycles[number]),
            executed=int(self.executed[number]),
            state=State.STOPPED,
            next_bundle=int(self.next_bundle[number]),
        )


class FastSimulator:
    """Runs one program on many memory images: bit for bit, cycle for cycle and fault for fault as `simulate` does.

    There are no pauses, debug slots or tracers; for those there is `Simulation`. The first use in a process loads the
    compiled code, and the very first one compiles it, which takes some seconds.
    """

    def __init__(self, program: Program, machine: Machine, *, strict: bool = True) -> None:
        """Raises ProgramError for a program that cannot run. `strict` as in `simulate`."""
        validate(program, machine, strict=strict)
        self._program = program
        self._machine = machine
        self._strict = strict
        self._packed = pack(program, machine, strict=strict)

    def run(self, images: Sequence[Sequence[int] | Lanes] | Lanes, *, max_cycles: int | None = None) -> Outcomes:
        """Runs the program on a copy of each image: n × words, all of one size.

        `max_cycles` is where every run is cut off, with a fault. Raises DataError for images that are none; what goes
        wrong in a run stands in the outcome.
        """
        outcomes = self._unfinished(self._copies(images))
        count, words = outcomes.memory.shape
        limit = NO_LIMIT if max_cycles is None else min(max_cycles, NO_LIMIT)
        words += self._packed.scratch_words + self._packed.results + self._packed.late * self._packed.stride
        size = max(1, min(GROUP, GROUP_WORDS // max(1, words)))
        for first in range(0, count, size):
            numbers = range(first, min(first + size, count))
            group = self._group(outcomes.memory[first : numbers.stop], limit)
            self._finish(group, [], numbers, outcomes)
        return outcomes

    def run_one(self, image: Sequence[int] | Lanes, *, max_cycles: int | None = None) -> Result:
        """Runs the program on a copy of one image. Raises as `simulate` does."""
        return self.run([image], max_cycles=max_cycles).result(0)

    def _copies(self, images: Sequence[Sequence[int] | Lanes] | Lanes) -> Lanes:
        """A copy of the images, n × words."""
        if isinstance(images, np.ndarray) and images.ndim != 2:
            raise DataError(f"a batch of memory images is 2-D, not {images.ndim}-D")
        if isinstance(images, np.ndarray) and images.dtype == np.uint32:
            require_room(images.shape[1], self._machine)
            return np.array(images, order="C")
        rows = [image_words(image, self._machine) for image in images]
        sizes = {len(row) for row in rows}
        if len(sizes) > 1:
            raise DataError("the memory images of one batch must have one size", help="run each size by itself")
        return np.array(rows, np.uint32).reshape(len(rows), max(sizes, default=0))

    def _unfinished(self, memory: Lanes) -> Outcomes:
        """The outcomes of runs on these images before the runs have begun."""
        count = len(memory)
        return Outcomes(
            memory=memory,
            touched_scratch=np.zeros((count, self._packed.scratch_words), np.uint32),
            traces=[()] * count,
            cycles=np.zeros(count, np.int64),
            executed=np.zeros(count, np.int64),
            next_bundle=np.zeros(count, np.int64),
            faults=[None] * count,
            scratch_words=self._machine.scratch_words,
        )

    def _finish(self, group: Group, traced: list[Lanes], numbers: range, outcomes: Outcomes) -> None:
        """Takes runs to their end. If one of several faults or they part, each goes on alone from there.

        `traced` is what they have traced so far, in pieces of words × runs, `numbers` the places of their outcomes.
        """
        state, runs = group.state[0], len(numbers)
        while True:
            status = native.run(group)
            traced.append(group.trace[: state["traced"] * runs].reshape(-1, runs).copy())
            state["traced"] = 0
            if status != native.STAY:
                break
        if status == native.BROKEN and runs > 1:
            for i, number in enumerate(numbers):
                self._finish(_alone(group, i), [words[:, [i]] for words in traced], range(number, number + 1), outcomes)
            return
        rows = slice(numbers.start, numbers.stop)
        outcomes.memory[rows] = group.memory.reshape(outcomes.memory.shape[1], runs).T
        outcomes.touched_scratch[rows] = group.scratch.reshape(self._packed.scratch_words, runs).T
        outcomes.cycles[rows] = state["cycle"]
        outcomes.executed[rows] = state["executed"]
        outcomes.next_bundle[rows] = state["pc"]
        outcomes.traces[rows] = map(tuple, np.concatenate(traced).T.tolist())
        if status == native.BROKEN:
            outcomes.faults[numbers[0]] = self._fault(group)

    def _group(self, images: Lanes, limit: int) -> Group:
        """A group of runs at their beginning."""
        p, (runs, words) = self._packed, images.shape
        state = np.zeros(1, STATE)
        for name, value in {
            "runs": runs,
            "image_words": words,
            "limit": limit,
            "strict": self._strict,
            "checked": p.checked,
            "stride": p.stride,
        }.items():
            state[name] = value
        return Group(
            state=state,
            slots=p.slots,
            bundles=p.bundles,
            reads=p.reads,
            traces=p.traces,
            results=np.empty(p.results * runs, np.uint32),
            pending=np.empty(p.late, PENDING),
            late=np.empty(p.late * p.stride * runs, np.uint32),
            trace=np.empty(p.most_traced and max(p.most_traced, TRACE_WORDS) * runs, np.uint32),
            written=p.written_first.copy(),
            seen=np.zeros(len(p.bundles), np.uint8),
            landed=np.zeros(p.scratch_words, np.int64),
            scratch=np.zeros(p.scratch_words * runs, np.uint32),
            memory=images.T.flatten(),
        )

    def _fault(self, group: Group) -> SimulationFault:
        """Why a single run breaks: `Simulation` executes the bundle again, from the state before it.

        Raises InternalError if it finds nothing wrong.
        """
        state = group.state[0]
        late = group.late.reshape(self._packed.late, self._packed.stride)
        snapshot = Snapshot(
            memory=group.memory.tolist(),
            scratch=_extended(group.scratch, self._machine.scratch_words).tolist(),
            written=bytes(_extended(group.written, self._machine.scratch_words)),
            late=tuple(
                (int(entry["due"]), int(entry["dest"]), tuple(late[k, : entry["width"]].tolist()))
                for k, entry in enumerate(group.pending[: state["pending"]])
            ),
            cycle=int(state["cycle"]),
            executed=int(state["executed"]),
            next_bundle=int(state["pc"]),
        )
        simulation = Simulation(self._program, self._machine, (), strict=self._strict)
        simulation.restore(snapshot)
        try:
            simulation.step(int(state["limit"]))
        except SimulationFault as fault:
            return fault
        where = f"bundle {snapshot.next_bundle}, cycle {snapshot.cycle}"
        raise InternalError(f"the simulators disagree at {where}: only the fast one faults")


def _extended(words: NDArray[_Number], size: int) -> NDArray[_Number]:
    """So many words, of which the first ones are these and the others 0."""
    longer = np.zeros(size, words.dtype)
    longer[: len(words)] = words
    return longer


def _alone(group: Group, run: int) -> Group:
    """One run of a group, where the group stands."""

    def column(words: Lanes) -> Lanes:
        return words.reshape(-1, runs)[:, run].copy()

    runs = int(group.state[0]["runs"])
    state = group.state.copy()
    state["runs"] = 1
    return group._replace(
        state=state,
        results=column(group.results),
        pending=group.pending.copy(),
        late=column(group.late),
        trace=column(group.trace),
        written=group.written.copy(),
        seen=group.seen.copy(),
        landed=np.zeros_like(group.landed),
        scratch=column(group.scratch),
        memory=column(group.memory),
    )
