"""What ordinary and overlapped loops have in common: invariants about scratch and memory, on entry and at the jump."""

from __future__ import annotations

from dataclasses import dataclass, field

from vliwc.backend.certifier.comparison import compare, mismatch
from vliwc.backend.certifier.execution import Execution
from vliwc.backend.certifier.expressions import UNDEFINED
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.liveness import Liveness
from vliwc.backend.certifier.meaning import Meaning, Words
from vliwc.backend.certifier.memory import Memory
from vliwc.backend.certifier.witness import LoopWitness, Place
from vliwc.machine.slots import writes


@dataclass(slots=True)
class Changes:
    """What a loop changes in memory: regions in which both sides must agree, and what only the machine uses."""

    shared: set[int]
    whole: set[int] = field(default_factory=set)
    words: set[tuple[int, int]] = field(default_factory=set)  # region and constant address


class Frame:
    """The two sides of a proof, and the steps of an induction over a loop's iterations."""

    def __init__(self, meaning: Meaning, execution: Execution, liveness: Liveness) -> None:
        self.meaning = meaning
        self.execution = execution
        self.algebra = meaning.algebra
        self.liveness = liveness

    def numbers(self, names: frozenset[str]) -> frozenset[int]:
        """The regions of arrays."""
        number = self.meaning.addresses.number
        return frozenset(number[name] for name in names if name in number)

    def unknown(self, name: str, width: int) -> Words:
        """A value of which nothing is known."""
        return tuple(self.algebra.symbol(name if width == 1 else f"{name}.{k}") for k in range(width))

    def agree(self, changes: Changes, when: str) -> None:
        """Raises ProofFailed unless graph and machine hold the same wherever they must."""
        for r in sorted(changes.shared):
            compare(self.meaning.memory, self.execution, r, when)

    def hold(self, place: Place, words: Words) -> None:
        """Assumes that scratch holds these words."""
        self.execution.scratch[place.base : place.base + place.width] = words[: place.width]

    def undefine(self, w: LoopWitness) -> None:
        """Forgets what the body writes: an iteration must not rely on it."""
        for word in self.written(w):
            self.execution.scratch[word] = UNDEFINED

    def settle(self, w: LoopWitness, older: int) -> None:
        """Forgets what the body writes after the last iteration, but for what does not depend on the iteration:
        constants, and expressions that are `older` than the loop."""
        scratch = self.execution.scratch
        for word in self.written(w):
            if scratch[word] >= older and not self.algebra.is_constant(scratch[word]):
                scratch[word] = UNDEFINED

    def forget(self, n: int, changes: Changes) -> None:
        """Gives all that the loop changes new unknown contents, the same for both sides where it must be."""
        algebra, graph, machine = self.algebra, self.meaning.memory, self.execution.memory
        for r in sorted(self.numbers(self.liveness.stored(n)) - changes.shared):
            graph.forget(r, graph.unknown(r))
        for r in sorted(changes.whole):
            machine.forget(r, machine.unknown(r))
        for r, address in sorted(changes.words):
            machine.store(r, address, algebra.symbol("undefined"))
        for r in sorted(changes.shared):
            version = graph.unknown(r)
            graph.forget(r, version)
            machine.forget(r, version)

    def unforeseen(self, stores: list[tuple[int, int]], live: frozenset[int], changes: Changes) -> bool:
        """Adds to `changes` what the machine stored to besides. Was there anything?"""
        size = len(changes.shared), len(changes.whole), len(changes.words)
        for r, address in stores:
            if r in live:
                changes.shared.add(r)
            elif self.algebra.is_constant(address):
                changes.words.add((r, address))
            else:
                changes.whole.add(r)
        return size != (len(changes.shared), len(changes.whole), len(changes.words))

    def written(self, w: LoopWitness) -> list[int]:
        """The scratch words that the body writes."""
        bundles, lanes = self.execution.program.bundles[w.header : w.latch + 1], self.execution.machine.lanes
        return sorted({word for b in bundles for slot in b.slots for word in writes(slot, lanes)})

    def check_word(self, w: LoopWitness, word: int, name: str, wanted: int, when: str) -> None:
        found = self.execution.scratch[word]
        if found == UNDEFINED:
            raise self.wrong(w, f"scratch word {word} should hold {name} {when}, but holds nothing")
        if found != wanted:
            text = mismatch(self.algebra, wanted, found)
            raise self.wrong(w, f"scratch word {word} does not hold {name} {when}: {text}")

    def land(self, bundle: int, w: LoopWitness) -> None:
        """Raises ProofFailed if a write is in flight, or the program has ended."""
        if self.execution.in_flight:
            raise self.wrong(w, f"a write is still in flight at bundle {bundle}")
        if self.execution.halted:
            raise self.wrong(w, "the program halts before it")

    def wrong(self, w: LoopWitness, message: str) -> ProofFailed:
        span = self.meaning.graph.span[w.node]
        line = f" (.vk line {span.line})" if span else ""
        return ProofFailed(f"loop of bundles {w.header} to {w.latch}{line}: {message}", bundle=w.header)


@dataclass(slots=True)
class State:
    """What has to be put back before a body is executed again."""

    graph_memory: Memory
    machine_memory: Memory
    scratch: list[int]
    pc: int
    stores: int

    @classmethod
    def of(cls, meaning: Meaning, execution: Execution) -> State:
        memory = meaning.memory.copy(), execution.memory.copy()
        return cls(*memory, list(execution.scratch), execution.pc, len(execution.stores))

    def restore(self, meaning: Meaning, execution: Execution) -> None:
        meaning.memory, execution.memory = self.graph_memory.copy(), self.machine_memory.copy()
        execution.scratch[:] = self.scratch
        execution.pc = self.pc
        del execution.stores[self.stores :]
