"""The machine's side of the proof: what the bundles do, as expressions, cycle by cycle.

Exactly the machine's semantics: all slots of a bundle read what was there before it; a result with latency L can be
read L cycles later. On top of that, whatever a correct program never does is a failure: a double write, a read of
scratch that was never written, an access outside the image, a division that the graph does not do by a word that
may be 0, or a jump where the witness has none.
"""

from __future__ import annotations

from vliwc.backend.certifier.addresses import Addresses
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.expressions import UNDEFINED
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.memory import Memory
from vliwc.machine.description import Machine
from vliwc.machine.faults import place
from vliwc.machine.program import Bundle, Program, Slot
from vliwc.machine.slots import Effect, Format, Role, format_of, immediate, reads, writes

Store = tuple[int, int, int]
"""Region, address, value."""


class Execution:
    """The symbolic state of the machine. `pc` is the number of the next bundle."""

    def __init__(self, program: Program, machine: Machine, algebra: Algebra, addresses: Addresses, memory: Memory):
        self.program = program
        self.machine = machine
        self.algebra = algebra
        self.addresses = addresses
        self.memory = memory
        self.scratch = [UNDEFINED] * machine.scratch_words
        self.pc = 0
        self.cycle = 0
        self.halted = False
        self.in_flight: dict[int, dict[int, int]] = {}
        self.stores: list[tuple[int, int]] = []
        """Region and address of every store so far, in order of execution."""
        self.writers: dict[tuple[int, int], tuple[int, Slot]] = {}
        """The bundle and slot that last stored to a region's address, for messages."""

    def run(self, stop: int, jump_to: int | None = None) -> int:
        """Executes the bundles before `stop`. With `jump_to`, the last one must jump there on a condition.

        Returns the condition's expression, or UNDEFINED without a jump.
        """
        condition = UNDEFINED
        while self.pc < stop and not self.halted:
            last = jump_to is not None and self.pc == stop - 1
            condition = self._bundle(self.program.bundles[self.pc], jump_to if last else None)
            self.pc += 1
        if jump_to is not None and condition == UNDEFINED:
            raise self.failure(
                f"the witness has a loop that ends here, but nothing jumps to bundle {jump_to}", stop - 1
            )
        return condition

    def failure(self, message: str, bundle: int, slot: Slot | None = None) -> ProofFailed:
        """The error that names a bundle and slot."""
        return ProofFailed(f"{place(self.program, bundle, slot)}: {message}", bundle=bundle)

    def _bundle(self, bundle: Bundle, jump_to: int | None) -> int:
        stores: list[Store] = []
        condition = UNDEFINED
        for slot in bundle.slots:
            fmt = format_of(slot)
            match fmt.effect:
                case Effect.COMPUTE | Effect.COPY | Effect.LOAD:
                    self._write(slot, self._value(slot, fmt))
                case Effect.STORE:
                    self._store(slot, fmt, stores)
                case Effect.CONTROL:
                    condition = self._control(slot, jump_to)
                case Effect.TRACE:
                    self._sources(slot, fmt)
                case Effect.DEBUG:
                    pass
        for region, address, value in stores:
            self.memory.store(region, address, value)
        if any(slot.engine != "debug" for slot in bundle.slots) or any(e != "debug" for e in bundle.empty_engines):
            for word, value in self.in_flight.pop(self.cycle, {}).items():
                self.scratch[word] = value
            self.cycle += 1
        return condition

    def _sources(self, slot: Slot, fmt: Format) -> list[list[int]]:
        """The words of each source, in operand order; an immediate comes last."""
        result = []
        for source in reads(slot, self.machine.lanes):
            words = self.scratch[source.start : source.stop]
            if UNDEFINED in words:
                word = source[words.index(UNDEFINED)]
                raise self.failure(f"reads scratch word {word}, which holds nothing yet", self.pc, slot)
            result.append(words)
        if Role.IMM in fmt.roles:
            result.append([self.algebra.constant(immediate(slot))])
        return result

    def _value(self, slot: Slot, fmt: Format) -> list[int]:
        """The words that a slot computes or loads."""
        sources = self._sources(slot, fmt)
        width = self.machine.lanes if Role.VDEST in fmt.roles else 1
        if fmt.effect is Effect.COPY:
            return (sources[0] if sources else [self.algebra.zero]) * width
        if fmt.effect is Effect.LOAD:
            return [self.memory.load(*self._locate(a, slot)) for a in self._run(sources[0][0], width)]
        assert fmt.meaning is not None
        if fmt.meaning.can_fault:
            self._check_divisors(sources[1], slot)
        return list(map(self.algebra.apply[fmt.meaning.name], *sources))

    def _run(self, address: int, width: int) -> list[int]:
        """The addresses of `width` words that follow one another."""
        return [self.algebra.add(address, self.algebra.constant(k)) for k in range(width)]

    def _locate(self, address: int, slot: Slot) -> tuple[int, int]:
        """The region of an address, and the address. Raises ProofFailed if it may be outside of the image."""
        region = self.addresses.region(address)
        if region is None:
            raise self.failure("the address cannot be shown to be in the memory image", self.pc, slot)
        return region, address

    def _check_divisors(self, divisors: list[int], slot: Slot) -> None:
        for divisor in divisors:
            if divisor not in self.addresses.divisors and not self.algebra.never_zero(divisor):
                raise self.failure("divides by a word that may be 0, which the graph does not", self.pc, slot)

    def _write(self, slot: Slot, words: list[int]) -> None:
        """Lets the words land in the destination when the slot's latency is over."""
        landing = self.in_flight.setdefault(self.cycle + self.machine.latency(slot.engine, slot.op) - 1, {})
        for word, value in zip(writes(slot, self.machine.lanes), words, strict=True):
            if word in landing:
                raise self.failure(f"scratch word {word} is written twice in one cycle", self.pc, slot)
            landing[word] = value

    def _store(self, slot: Slot, fmt: Format, stores: list[Store]) -> None:
        (address,), words = self._sources(slot, fmt)
        earlier = [(r, a) for r, a, _ in stores]
        for a, value in zip(self._run(address, len(words)), words, strict=True):
            region, _ = self._locate(a, slot)
            if not all(r != region or self.addresses.disjoint(a, b) for r, b in earlier):
                raise self.failure("two stores of one bundle may have the same address", self.pc, slot)
            stores.append((region, a, value))
            self.stores.append((region, a))
            self.writers[region, a] = self.pc, slot

    def _control(self, slot: Slot, jump_to: int | None) -> int:
        """The condition of a loop's jump; UNDEFINED for what does not jump. Raises ProofFailed for other jumps."""
        if slot.op == "halt":
            if jump_to is not None:
                raise self.failure("the program halts inside of a loop", self.pc, slot)
            self.halted = True
        if slot.op in ("halt", "pause"):
            return UNDEFINED
        target = immediate(slot) + (self.pc + 1 if slot.op == "cond_jump_rel" else 0)
        if slot.op not in ("cond_jump", "cond_jump_rel") or target != jump_to:
            raise self.failure("the witness has no loop with this jump", self.pc, slot)
        (condition,) = self._sources(slot, format_of(slot))
        return condition[0]
