"""Blocks and loops of the proof: straight code side by side, loops by induction over their iterations.

Each `for` that has a machine loop is proven once for an arbitrary iteration:

- on entry, the words of the witness hold the start of the index and the initial values, and both memories agree in the
  regions that the loop changes;
- at the header of iteration t, the index is `lo + step * t`, carried values are new symbols, changed regions hold new
  unknown contents, the same for graph and machine; other scratch that the body writes is undefined;
- the body is executed once on both sides; then the words of the witness hold the next index and the yields, both
  memories agree again, and the jump is taken exactly if another iteration follows;
- after the loop, results and changed regions are new symbols, the same on both sides.

Which regions the machine changes is known only afterwards, so the body is executed again until no new ones turn up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vliwc.backend.certifier.comparison import compare, mismatch
from vliwc.backend.certifier.execution import Execution
from vliwc.backend.certifier.expressions import UNDEFINED
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.latch import continues
from vliwc.backend.certifier.liveness import Liveness
from vliwc.backend.certifier.meaning import Meaning, Words
from vliwc.backend.certifier.memory import Memory
from vliwc.backend.certifier.witness import LoopWitness, Witness
from vliwc.machine.slots import writes

MAX_UNROLLED = 1 << 20
"""Loops without a witness are executed iteration by iteration, up to so many nodes in all."""


@dataclass(slots=True)
class Changes:
    """What a loop changes in memory: regions in which both sides must agree, and what only the machine uses."""

    shared: set[int]
    whole: set[int] = field(default_factory=set)
    words: set[tuple[int, int]] = field(default_factory=set)  # region and constant address


class Loops:
    """Walks the graph's blocks and takes the machine along."""

    def __init__(self, meaning: Meaning, execution: Execution, witness: Witness, liveness: Liveness) -> None:
        self.meaning = meaning
        self.execution = execution
        self.algebra = meaning.algebra
        self.liveness = liveness
        self.witnesses = sorted(witness.loops, key=lambda w: (w.header, -w.latch))
        self.proven: set[tuple[int, int]] = set()
        self.unrolled = 0
        for w in self.witnesses:
            self._check_bounds(w)

    def _check_bounds(self, w: LoopWitness) -> None:
        execution = self.execution
        if not 0 <= w.header <= w.latch < len(execution.program.bundles):
            raise ProofFailed(f"the witness has a loop of bundles {w.header} to {w.latch}, which do not exist")
        words = [i.word for i in w.inductions]
        words += [x for p in w.carried if p is not None for x in (p.base, p.base + p.width - 1)]
        if not all(0 <= x < len(execution.scratch) for x in words):
            raise ProofFailed(f"the witness of the loop at bundle {w.header} names scratch that does not exist")

    def finish(self) -> None:
        """Raises ProofFailed if the witness has a loop that the proof did not come by."""
        for w in self.witnesses:
            if (w.header, w.latch) not in self.proven:
                raise ProofFailed(f"the witness has a loop at bundle {w.header} that is none of the graph there")

    def block(self, block: tuple[int, ...], live: frozenset[int], stop: int) -> None:
        """Executes a block of the graph, and the bundles of all its loops, which end before bundle `stop`.

        `live` are the regions that matter after the block. Straight code behind the last loop is left to the caller.
        """
        after = self.liveness.after(block)
        for n in block:
            if n in after:
                self._loop(n, live | self._numbers(after[n]), stop)
            else:
                self.meaning.execute(n)

    def _numbers(self, names: frozenset[str]) -> frozenset[int]:
        number = self.meaning.addresses.number
        return frozenset(number[name] for name in names if name in number)

    def _loop(self, n: int, live: frozenset[int], stop: int) -> None:
        if self.meaning.graph.op[n] != "for":
            raise ProofFailed(f"{self.meaning.describe(n)} has no meaning at this level")
        pc = self.execution.pc
        found = [w for w in self.witnesses if w.node == n and w.header >= pc and w.latch < stop]
        if found:
            live |= self._numbers(self.liveness.loaded(n))
            self._machine_loop(n, found[0], live)
        else:
            self._unroll(n, live, stop)

    def _unroll(self, n: int, live: frozenset[int], stop: int) -> None:
        """A loop that the program does not have: every iteration by itself."""
        graph, words = self.meaning.graph, self.meaning.words
        loop = graph.loop(n)
        self.unrolled += loop.trips * (len(loop.body) + 1)
        if self.unrolled > MAX_UNROLLED:
            raise ProofFailed(f"{self.meaning.describe(n)} has too many iterations for a program without the loop")
        carried = [words[init] for init in graph.args[n]]
        live |= self._numbers(self.liveness.loaded(n))
        for index in range(loop.lo, loop.hi, loop.step):
            words[loop.index] = (self.algebra.constant(index),)
            words.update(zip(loop.carried, carried, strict=True))
            self.block(loop.body, live, stop)
            carried = [words[y] for y in loop.yields]
        self.meaning.results[n] = tuple(carried)

    def _machine_loop(self, n: int, w: LoopWitness, live: frozenset[int]) -> None:
        execution, meaning = self.execution, self.meaning
        loop = meaning.graph.loop(n)
        if len(w.carried) != len(loop.carried):
            raise self._wrong(w, f"the witness places {len(w.carried)} carried values of {len(loop.carried)}")
        execution.run(w.header)
        self._land(w.header, w)
        inits = tuple(meaning.words[init] for init in meaning.graph.args[n])
        self._check_scratch(w, self.algebra.constant(loop.lo), inits, "on entry")
        changes = Changes(set(self._numbers(self.liveness.stored(n)) & live))
        before = _State.of(meaning, execution)
        while True:
            state = self._iterate(n, w, live, changes)
            more = self._unforeseen(execution.stores[before.stores :], live, changes)
            if not more:
                break
            before.restore(meaning, execution)
        self._leave(n, w, changes, state)
        self.proven.add((w.header, w.latch))

    def _iterate(self, n: int, w: LoopWitness, live: frozenset[int], changes: Changes) -> int:
        """Executes the body once, for an arbitrary iteration. Returns the number of expressions before it."""
        meaning, execution, algebra = self.meaning, self.execution, self.algebra
        loop = meaning.graph.loop(n)
        for r in sorted(changes.shared):
            compare(meaning.memory, execution, r, f"on entry to the loop at bundle {w.header}")
        older = len(algebra)
        counter = algebra.symbol(f"t{n}", (0, loop.trips - 1))
        index = algebra.add(algebra.scale(counter, loop.step), algebra.constant(loop.lo))
        carried = tuple(self._unknown(f"%{c}", meaning.graph.width[c]) for c in loop.carried)
        meaning.words[loop.index] = (index,)
        meaning.words.update(zip(loop.carried, carried, strict=True))
        for word in self._written(w):
            execution.scratch[word] = UNDEFINED
        self._set_scratch(w, index, carried)
        self._forget(n, changes)
        self.block(loop.body, live, w.latch)
        condition = execution.run(w.latch + 1, jump_to=w.header)
        self._land(w.latch, w)
        if not continues(algebra, condition, counter, loop.trips):
            raise self._wrong(w, f"the jump is not proven to be taken {loop.trips - 1:,} times")
        following = algebra.add(index, algebra.constant(loop.step))
        self._check_scratch(w, following, tuple(meaning.words[y] for y in loop.yields), "after an iteration")
        for r in sorted(changes.shared):
            compare(meaning.memory, execution, r, f"after an iteration of the loop at bundle {w.header}")
        return older

    def _leave(self, n: int, w: LoopWitness, changes: Changes, older: int) -> None:
        """The state after the last iteration.

        Scratch that the body writes keeps only what does not depend on the iteration: constants, and expressions that
        are older than the loop.
        """
        meaning, execution, algebra = self.meaning, self.execution, self.algebra
        loop = meaning.graph.loop(n)
        for word in self._written(w):
            held = execution.scratch[word]
            if held >= older and not algebra.is_constant(held):
                execution.scratch[word] = UNDEFINED
        results = tuple(self._unknown(f"%{n}.{k}", meaning.graph.width[c]) for k, c in enumerate(loop.carried))
        self._set_scratch(w, algebra.constant(loop.lo + loop.trips * loop.step), results)
        meaning.results[n] = results
        self._forget(n, changes)

    def _unknown(self, name: str, width: int) -> Words:
        return tuple(self.algebra.symbol(name if width == 1 else f"{name}.{k}") for k in range(width))

    def _forget(self, n: int, changes: Changes) -> None:
        """Gives all that the loop changes new unknown contents, the same for both sides where it must be."""
        algebra, graph, machine = self.algebra, self.meaning.memory, self.execution.memory
        for r in sorted(self._numbers(self.liveness.stored(n)) - changes.shared):
            graph.forget(r, graph.unknown(r))
        for r in sorted(changes.whole):
            machine.forget(r, machine.unknown(r))
        for r, address in sorted(changes.words):
            machine.store(r, address, algebra.symbol("undefined"))
        for r in sorted(changes.shared):
            version = graph.unknown(r)
            graph.forget(r, version)
            machine.forget(r, version)

    def _unforeseen(self, stores: list[tuple[int, int]], live: frozenset[int], changes: Changes) -> bool:
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

    def _written(self, w: LoopWitness) -> list[int]:
        """The scratch words that the body writes."""
        bundles, lanes = self.execution.program.bundles[w.header : w.latch + 1], self.execution.machine.lanes
        return sorted({word for b in bundles for slot in b.slots for word in writes(slot, lanes)})

    def _set_scratch(self, w: LoopWitness, index: int, carried: tuple[Words, ...]) -> None:
        scratch = self.execution.scratch
        for i in w.inductions:
            scratch[i.word] = self._induction(i.scale, i.offset, index)
        for place, words in zip(w.carried, carried, strict=True):
            if place is not None:
                scratch[place.base : place.base + place.width] = words[: place.width]

    def _induction(self, scale: int, offset: int, index: int) -> int:
        return self.algebra.add(self.algebra.scale(index, scale), self.algebra.constant(offset))

    def _check_scratch(self, w: LoopWitness, index: int, carried: tuple[Words, ...], when: str) -> None:
        """Raises ProofFailed unless the words of the witness hold this index and these carried values."""
        for i in w.inductions:
            name = f"{i.scale} * index + {i.offset}"
            self._check_word(w, i.word, name, self._induction(i.scale, i.offset, index), when)
        for k, (place, words) in enumerate(zip(w.carried, carried, strict=True)):
            if place is not None:
                if place.width != len(words):
                    raise self._wrong(w, f"the witness has {place.width} words for carried value {k} of {len(words)}")
                for word, wanted in enumerate(words, place.base):
                    self._check_word(w, word, f"carried value {k}", wanted, when)

    def _check_word(self, w: LoopWitness, word: int, name: str, wanted: int, when: str) -> None:
        found = self.execution.scratch[word]
        if found == UNDEFINED:
            raise self._wrong(w, f"scratch word {word} should hold {name} {when}, but holds nothing")
        if found != wanted:
            text = mismatch(self.algebra, wanted, found)
            raise self._wrong(w, f"scratch word {word} does not hold {name} {when}: {text}")

    def _land(self, bundle: int, w: LoopWitness) -> None:
        """Raises ProofFailed if a write is in flight, or the program has ended."""
        if self.execution.in_flight:
            raise self._wrong(w, f"a write is still in flight at bundle {bundle}")
        if self.execution.halted:
            raise self._wrong(w, "the program halts before it")

    def _wrong(self, w: LoopWitness, message: str) -> ProofFailed:
        span = self.meaning.graph.span[w.node]
        line = f" (.vk line {span.line})" if span else ""
        return ProofFailed(f"loop of bundles {w.header} to {w.latch}{line}: {message}", bundle=w.header)


@dataclass(slots=True)
class _State:
    """What has to be put back before a body is executed again."""

    graph_memory: Memory
    machine_memory: Memory
    scratch: list[int]
    pc: int
    stores: int

    @classmethod
    def of(cls, meaning: Meaning, execution: Execution) -> _State:
        memory = meaning.memory.copy(), execution.memory.copy()
        return cls(*memory, list(execution.scratch), execution.pc, len(execution.stores))

    def restore(self, meaning: Meaning, execution: Execution) -> None:
        meaning.memory, execution.memory = self.graph_memory.copy(), self.machine_memory.copy()
        execution.scratch[:] = self.scratch
        execution.pc = self.pc
        del execution.stores[self.stores :]
