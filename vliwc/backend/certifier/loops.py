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
Loops that work on several iterations at once are proven in `vliwc.backend.certifier.overlapped`.
"""

from __future__ import annotations

from vliwc.backend.certifier.execution import Execution
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.frame import Changes, Frame, State
from vliwc.backend.certifier.latch import continues
from vliwc.backend.certifier.liveness import Liveness
from vliwc.backend.certifier.meaning import Meaning, Words
from vliwc.backend.certifier.overlapped import Overlapped
from vliwc.backend.certifier.witness import LoopWitness, Witness

MAX_UNROLLED = 1 << 20
"""Loops without a witness are executed iteration by iteration, up to so many nodes in all."""


class Loops(Frame):
    """Walks the graph's blocks and takes the machine along."""

    def __init__(self, meaning: Meaning, execution: Execution, witness: Witness, liveness: Liveness) -> None:
        super().__init__(meaning, execution, liveness)
        self.overlapped = Overlapped(meaning, execution, liveness)
        self.witnesses = sorted(witness.loops, key=lambda w: w.header)
        self.proven: set[tuple[int, int]] = set()
        self.unrolled = 0
        for w in self.witnesses:
            self._check_bounds(w)

    def _check_bounds(self, w: LoopWitness) -> None:
        execution = self.execution
        if not 0 <= w.header <= w.latch < len(execution.program.bundles):
            raise ProofFailed(f"the witness has a loop of bundles {w.header} to {w.latch}, which do not exist")
        words = [i.word for i in w.inductions]
        places = [*w.carried, *(c.place for c in w.pipeline.crossings)] if w.pipeline else w.carried
        words += [x for p in places if p is not None for x in (p.base, p.base + p.width - 1)]
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
                self._loop(n, live | self.numbers(after[n]), stop)
            else:
                self.meaning.execute(n)

    def _loop(self, n: int, live: frozenset[int], stop: int) -> None:
        if self.meaning.graph.op[n] != "for":
            raise ProofFailed(f"{self.meaning.describe(n)} has no meaning at this level")
        pc = self.execution.pc
        found = [w for w in self.witnesses if w.node == n and w.header >= pc and w.latch < stop]
        if found:
            live |= self.numbers(self.liveness.loaded(n))
            if found[0].pipeline is None:
                self._machine_loop(n, found[0], live)
            else:
                self.overlapped.prove(n, found[0], found[0].pipeline, live)
            self.proven.add((found[0].header, found[0].latch))
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
        live |= self.numbers(self.liveness.loaded(n))
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
            raise self.wrong(w, f"the witness places {len(w.carried)} carried values of {len(loop.carried)}")
        execution.run(w.header)
        self.land(w.header, w)
        inits = tuple(meaning.words[init] for init in meaning.graph.args[n])
        self._check_scratch(w, self.algebra.constant(loop.lo), inits, "on entry")
        changes = Changes(set(self.numbers(self.liveness.stored(n)) & live))
        before = State.of(meaning, execution)
        while True:
            state = self._iterate(n, w, live, changes)
            more = self.unforeseen(execution.stores[before.stores :], live, changes)
            if not more:
                break
            before.restore(meaning, execution)
        self._leave(n, w, changes, state)

    def _iterate(self, n: int, w: LoopWitness, live: frozenset[int], changes: Changes) -> int:
        """Executes the body once, for an arbitrary iteration. Returns the number of expressions before it."""
        meaning, execution, algebra = self.meaning, self.execution, self.algebra
        loop = meaning.graph.loop(n)
        self.agree(changes, f"on entry to the loop at bundle {w.header}")
        older = len(algebra)
        counter = algebra.symbol(f"t{n}", (0, loop.trips - 1))
        index = algebra.add(algebra.scale(counter, loop.step), algebra.constant(loop.lo))
        carried = tuple(self.unknown(f"%{c}", meaning.graph.width[c]) for c in loop.carried)
        meaning.words[loop.index] = (index,)
        meaning.words.update(zip(loop.carried, carried, strict=True))
        self.undefine(w)
        self._set_scratch(w, index, carried)
        self.forget(n, changes)
        self.block(loop.body, live, w.latch)
        condition = execution.run(w.latch + 1, jump_to=w.header)
        self.land(w.latch, w)
        if not continues(algebra, condition, counter, loop.trips):
            raise self.wrong(w, f"the jump is not proven to be taken {loop.trips - 1:,} times")
        following = algebra.add(index, algebra.constant(loop.step))
        self._check_scratch(w, following, tuple(meaning.words[y] for y in loop.yields), "after an iteration")
        self.agree(changes, f"after an iteration of the loop at bundle {w.header}")
        return older

    def _leave(self, n: int, w: LoopWitness, changes: Changes, older: int) -> None:
        """The state after the last iteration. What is the same word after every one is known."""
        meaning, algebra = self.meaning, self.algebra
        loop = meaning.graph.loop(n)
        self.settle(w, older)
        yields = [meaning.words[y] for y in loop.yields]
        unknown = [self.unknown(f"%{n}.{k}", meaning.graph.width[c]) for k, c in enumerate(loop.carried)]
        results = tuple(
            tuple(
                word if word < older or algebra.is_constant(word) else other for word, other in zip(*both, strict=True)
            )
            for both in zip(yields, unknown, strict=True)
        )
        self._set_scratch(w, algebra.constant(loop.lo + loop.trips * loop.step), results)
        meaning.results[n] = results
        self.forget(n, changes)

    def _set_scratch(self, w: LoopWitness, index: int, carried: tuple[Words, ...]) -> None:
        scratch = self.execution.scratch
        for i in w.inductions:
            scratch[i.word] = self._induction(i.scale, i.offset, index)
        for place, words in zip(w.carried, carried, strict=True):
            if place is not None:
                self.hold(place, words)

    def _induction(self, scale: int, offset: int, index: int) -> int:
        return self.algebra.add(self.algebra.scale(index, scale), self.algebra.constant(offset))

    def _check_scratch(self, w: LoopWitness, index: int, carried: tuple[Words, ...], when: str) -> None:
        """Raises ProofFailed unless the words of the witness hold this index and these carried values."""
        for i in w.inductions:
            name = f"{i.scale} * index + {i.offset}"
            self.check_word(w, i.word, name, self._induction(i.scale, i.offset, index), when)
        for k, (place, words) in enumerate(zip(w.carried, carried, strict=True)):
            if place is not None:
                if place.width != len(words):
                    raise self.wrong(w, f"the witness has {place.width} words for carried value {k} of {len(words)}")
                for word, wanted in enumerate(words, place.base):
                    self.check_word(w, word, f"carried value {k}", wanted, when)
