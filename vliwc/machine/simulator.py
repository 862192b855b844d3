"""The simulator: runs a program on a memory image, cycle by cycle.

Strict (the default), it faults on everything that a compiler must not emit. Otherwise it executes every legal program
exactly as the public simulator does, bit by bit and cycle by cycle: scratch starts as zeros, of two writes of one
word the later slot wins. Result of latency n: it lands at the end of the n-th cycle, counting that of its slot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import cast

import numpy as np

from vliwc.errors import DataError
from vliwc.ir.ops import MASK, Lanes
from vliwc.machine.decode import HALT, Key, Step, Words, decode, span_of
from vliwc.machine.description import Machine
from vliwc.machine.faults import CycleLimitReached, SimulationFault, operand_text, place
from vliwc.machine.program import Bundle, Operand, Program, Slot
from vliwc.machine.slots import Effect, format_of, reads, writes
from vliwc.machine.validate import validate

Tracer = Callable[[int, int], None]
"""Called with the cycle and the number of every bundle, before it is executed."""


class State(Enum):
    """Where a run stands."""

    READY = "ready"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a run has come to. `memory` and `scratch` are 1-D u32 arrays, of the image's and the machine's size.

    `executed` counts bundles, free ones too; `next_bundle` is where a paused run goes on.
    """

    memory: Lanes
    scratch: Lanes
    trace_buffer: tuple[int, ...]
    cycles: int
    executed: int
    state: State
    next_bundle: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a run goes on from, between two bundles. `late` holds results on their way, the oldest first: the cycle
    at whose end they land, the first scratch word, the words."""

    memory: Words
    scratch: Words
    written: bytes
    """For each scratch word 1 if it was ever written, else 0."""
    late: tuple[tuple[int, int, tuple[int, ...]], ...]
    cycle: int
    executed: int
    next_bundle: int


def simulate(
    program: Program,
    machine: Machine,
    image: Sequence[int] | Lanes,
    *,
    strict: bool = True,
    max_cycles: int | None = None,
    pauses: bool = False,
    reference: Mapping[Operand, int] | None = None,
    trace: Tracer | None = None,
) -> Result:
    """Runs a program on a copy of a memory image (words) until it stops, or pauses if `pauses`.

    `reference` switches debug slots on: the words that their keys stand for. `max_cycles` is where a run is cut off,
    with a fault. Raises ProgramError for a program that cannot run, DataError for an image that is none, and
    SimulationFault when the run goes wrong.
    """
    simulation = Simulation(program, machine, image, strict=strict, pauses=pauses, reference=reference, trace=trace)
    return simulation.run(max_cycles)


class Simulation:
    """A run that can be paused and resumed. Arguments and errors as in `simulate`."""

    def __init__(
        self,
        program: Program,
        machine: Machine,
        image: Sequence[int] | Lanes,
        *,
        strict: bool = True,
        pauses: bool = False,
        reference: Mapping[Operand, int] | None = None,
        trace: Tracer | None = None,
    ) -> None:
        validate(program, machine, strict=strict)
        self._program = program
        self._machine = machine
        self._strict = strict
        self._pauses = pauses
        self._reference = reference
        self._trace = trace
        self._memory = image_words(image, machine)
        self._scratch: Words = [0] * machine.scratch_words
        self._written = bytearray(machine.scratch_words)
        self._steps: list[Step | None] = [None] * len(program.bundles)
        self._late: dict[int, list[tuple[Key, int | Words]]] = {}
        self._traced: list[int] = []
        self._pc = 0
        self._cycle = 0
        self._executed = 0
        self._state = State.READY

    def run(self, max_cycles: int | None = None) -> Result:
        """Starts or resumes; a run that has stopped stays so. `max_cycles` counts from the very start."""
        end = len(self._steps)
        if self._state is State.PAUSED:
            self._state = State.READY
        while self._state is State.READY:
            if self._pc >= end:
                self._state = State.STOPPED
            else:
                self.step(max_cycles)
        if self._state is State.STOPPED:
            self._drain()
        return self.result()

    def result(self) -> Result:
        """Where the run stands. After a fault, that is before the bundle that faults."""
        return Result(
            memory=np.array(self._memory, dtype=np.uint32),
            scratch=np.array(self._scratch, dtype=np.uint32),
            trace_buffer=tuple(self._traced),
            cycles=self._cycle,
            executed=self._executed,
            state=self._state,
            next_bundle=self._pc,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Puts a run that has not begun into the middle of another run of the same program."""
        self._memory = list(snapshot.memory)
        self._scratch = list(snapshot.scratch)
        self._written = bytearray(snapshot.written)
        for due, dest, words in snapshot.late:
            self._late.setdefault(due, []).append((slice(dest, dest + len(words)), list(words)))
        self._cycle, self._executed, self._pc = snapshot.cycle, snapshot.executed, snapshot.next_bundle

    def step(self, max_cycles: int | None = None) -> None:
        """Executes the bundle at the program counter."""
        number = self._pc
        step = self._steps[number] or self._prepare(number)
        if max_cycles is not None and step.cost and self._cycle >= max_cycles:
            cause, advice = f"still running after {max_cycles} cycles", "raise the limit, or look for a loop"
            raise self._fault(None, cause, advice, CycleLimitReached)
        if self._trace is not None:
            self._trace(self._cycle, number)
        if self._reference is not None:
            self._compare(self._program.bundles[number], self._reference)
        try:
            landing = [(key, value()) for key, value in step.writes]
            stored = [store() for store in step.stores]
            late = [(delay, key, value()) for delay, key, value in step.late]
        except (IndexError, ZeroDivisionError):
            raise self._diagnose() from None
        following = number + 1 if step.control is None else step.control()
        if self._strict:
            self._check(step, landing, stored, following)
        for word in step.traced:
            self._traced.append(self._scratch[word])
        for delay, key, words in late:
            self._late.setdefault(self._cycle + delay, []).append((key, words))
        if step.cost and self._late:
            self._land(self._cycle)
        for key, words in landing:
            self._scratch[key] = words  # type: ignore[index, assignment]  # a word for an int, as many as a slice has
        for key, words in stored:
            self._memory[key] = words  # type: ignore[index, assignment]
        self._cycle += step.cost
        self._executed += 1
        self._leave(step, following)

    def _leave(self, step: Step, following: int) -> None:
        if following == HALT:
            self._pc += 1
            self._state = State.STOPPED
            return
        self._pc = following
        if step.pause and self._pauses:
            self._state = State.PAUSED

    def _land(self, cycle: int) -> None:
        """Lands the late results that are due at the end of a cycle, the oldest first."""
        for key, words in self._late.pop(cycle, ()):
            self._scratch[key] = words  # type: ignore[index, assignment]
            self._written[span_of(key).start : span_of(key).stop] = b"\1" * len(span_of(key))

    def _drain(self) -> None:
        """Lands what is still on its way when the program stops. It costs no cycle."""
        for cycle in sorted(self._late):
            self._land(cycle)

    def _prepare(self, number: int) -> Step:
        """Decodes a bundle when it is first reached.

        What is written stays written, so it is enough to look for reads of unwritten words at this first time.
        """
        bundle, lanes = self._program.bundles[number], self._machine.lanes
        if self._strict:
            self._check_initialised(bundle)
        for slot in bundle.slots:
            if self._machine.latency(slot.engine, slot.op) == 1:
                words = writes(slot, lanes)
                self._written[words.start : words.stop] = b"\1" * len(words)
        step = decode(bundle, number, self._machine, self._scratch, self._memory)
        self._steps[number] = step
        return step

    def _check_initialised(self, bundle: Bundle) -> None:
        for slot in bundle.slots:
            if slot.engine == "debug":
                continue
            for words in reads(slot, self._machine.lanes):
                for word in words:
                    if not self._written[word]:
                        raise self._fault(slot, f"reads scratch word {word}, which was never written")

    def _check(
        self, step: Step, landing: list[tuple[Key, int | Words]], stored: list[tuple[Key, int | Words]], following: int
    ) -> None:
        """The strict checks that depend on values or on timing."""
        if following > len(self._steps):
            slot = self._slots(Effect.CONTROL)[0]
            raise self._fault(slot, f"goes to bundle {following}; the program has {len(self._steps)}")
        for (i, (a, _)), (j, (b, _)) in combinations(enumerate(stored), 2):
            both = range(max(span_of(a).start, span_of(b).start), min(span_of(a).stop, span_of(b).stop))
            if both:
                stores = self._slots(Effect.STORE)
                other = place(self._program, self._pc, stores[i])
                raise self._fault(stores[j], f"memory word {both[0]} is written twice in one cycle, also by {other}")
        due = self._late.get(self._cycle, []) if step.cost else []
        if due:
            taken: set[int] = set()
            for key, _ in (*due, *landing):
                if not taken.isdisjoint(span_of(key)):
                    word = min(taken.intersection(span_of(key)))
                    raise self._fault(None, f"two results land in scratch word {word} at the end of this cycle")
                taken.update(span_of(key))

    def _slots(self, effect: Effect) -> list[Slot]:
        """The slots of the current bundle with an effect, in the machine's order."""
        slots = (slot for group in self._program.bundles[self._pc].by_engine().values() for slot in group)
        return [slot for slot in slots if format_of(slot).effect is effect]

    def _fault(
        self,
        slot: Slot | None,
        cause: str,
        help: str | None = None,  # noqa: A002
        kind: type[SimulationFault] = SimulationFault,
    ) -> SimulationFault:
        where = place(self._program, self._pc, slot)
        return kind(f"cycle {self._cycle}, {where}: {cause}", bundle=self._pc, cycle=self._cycle, help=help)

    def _diagnose(self) -> SimulationFault:
        """Finds the slot that faulted, by its operands. No state has changed yet."""
        groups = self._program.bundles[self._pc].by_engine().values()
        return next(fault for group in groups for slot in group if (fault := self._explain(slot)))

    def _explain(self, slot: Slot) -> SimulationFault | None:
        """The fault that a slot's operands lead to, if any."""
        size, lanes, fmt = len(self._memory), self._machine.lanes, format_of(slot)
        if fmt.effect in (Effect.LOAD, Effect.STORE):
            first = self._scratch[reads(slot, lanes)[0].start]
            last = first + (lanes - 1 if fmt.vector else 0)
            if last >= size:
                span = f"address {first}" if first == last else f"addresses {first} to {last}"
                return self._fault(slot, f"memory {span} outside the image of {size} words")
        if fmt.meaning is not None and fmt.meaning.can_fault:
            divisors = self._scratch[reads(slot, lanes)[1].start :][: lanes if fmt.vector else 1]
            if 0 in divisors:
                lane = f" in lane {divisors.index(0)}" if fmt.vector else ""
                return self._fault(slot, f"division by zero{lane}")
        return None

    def _compare(self, bundle: Bundle, reference: Mapping[Operand, int]) -> None:
        """Checks the debug slots of a bundle against traced values."""
        for slot in bundle.slots:
            if slot.engine != "debug" or slot.op == "comment":
                continue
            keys = cast("tuple[Operand, ...]", slot.operands[1]) if slot.op == "vcompare" else (slot.operands[1],)
            for word, key in zip(reads(slot, self._machine.lanes)[0], keys, strict=True):
                if key not in reference:
                    raise self._fault(slot, f"there is no traced value for {operand_text(key)}")
                found, expected = self._scratch[word], reference[key]
                if found != expected:
                    cause = f"scratch word {word} is {found}, but {operand_text(key)} is {expected}"
                    raise self._fault(slot, cause)


def image_words(image: Sequence[int] | Lanes, machine: Machine) -> Words:
    """A memory image as a fresh list of Python integers. Raises DataError if it is none, or too large."""
    if isinstance(image, np.ndarray):
        if image.ndim != 1 or image.dtype.kind not in "iu":
            raise DataError(f"a memory image is 1-D and of integers, not {image.ndim}-D and of {image.dtype}")
        words: Words = image.tolist()
    else:
        words = list(image)
    require_room(len(words), machine)
    for address, word in enumerate(words):
        if type(word) is not int or not 0 <= word <= MASK:
            raise DataError(f"memory image, word {address}: expected an integer from 0 to {MASK}, found {word!r:.40}")
    return words


def require_room(words: int, machine: Machine) -> None:
    """Raises DataError if the machine's memory is too small for an image of so many words."""
    if words > machine.memory_words:
        raise DataError(f"the image has {words} words; {machine.name} has {machine.memory_words} of memory")
