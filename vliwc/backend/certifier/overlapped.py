"""Loops that work on several iterations at once: software-pipelined ones.

Time is counted in beats. In beat b, the graph's memory operations of stage s are done for iteration b - s, those of
older iterations first. The witness says which stage each has, how many beats stand before the loop (`peeled`), how many
a trip takes (`copies`); after the loop come the beats that finish the last iterations. The proof:

1. *Order.* Doing memory operations beat by beat is as good as iteration by iteration: those that change places do not
   meet (`order.py`). Everything else is dataflow, which has no order. No operation is added or left out: each is done
   once for each of the iterations.
2. *Entry.* After the peeled beats, the words of the witness hold the nodes that it says, of the iterations that it
   says, and memories agree.
3. *A trip.* Its first beat is `peeled + copies * t` with an unknown t. Words of the witness hold functions of the
   index, or unknown words; so do the nodes. After `copies` beats of the graph and one trip of the program's body, the
   words hold the same nodes of iterations that are later by `copies`, memories agree, and the jump is taken exactly if
   t is not the last.
4. *After the loop* the graph does the beats that are left; so does the program, somewhere behind the loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.frame import Changes, Frame, State
from vliwc.backend.certifier.iterations import Body, Iterations
from vliwc.backend.certifier.latch import continues
from vliwc.backend.certifier.meaning import Words
from vliwc.backend.certifier.order import check_equals, check_order
from vliwc.backend.certifier.witness import Crossing, LoopWitness, Pipeline, Place
from vliwc.ir.ops import Kind


class Overlapped(Frame):
    """Proves overlapped loops, one at a time."""

    def prove(self, n: int, w: LoopWitness, pipeline: Pipeline, live: frozenset[int]) -> None:
        """Proves loop n of the graph, and takes both sides behind it (the machine to the bundle after its latch).

        `live` are the regions that matter. Raises ProofFailed.
        """
        meaning, execution = self.meaning, self.execution
        body, stages = self._read(n, w, pipeline)
        check_equals(meaning, body)
        check_order(meaning, body, stages)
        loop, first = body.loop, pipeline.peeled
        start = Iterations(meaning, body, self.algebra.constant(loop.lo), 0, initial=True)
        for beat in range(first):
            self._beat(start, stages, beat, range(loop.trips))
        execution.run(w.header)
        self.land(w.header, w)
        self._check(w, pipeline, start, first, "on entry")
        changes = Changes(set(self.numbers(self.liveness.stored(n)) & live))
        before = State.of(meaning, execution)
        while True:
            older = self._trip(n, w, pipeline, body, stages, changes)
            if not self.unforeseen(execution.stores[before.stores :], live, changes):
                break
            before.restore(meaning, execution)
        self.settle(w, older)
        self.forget(n, changes)
        self._finish(n, pipeline, body, stages)

    def _read(self, n: int, w: LoopWitness, pipeline: Pipeline) -> tuple[Body, dict[int, int]]:
        """The loop's body and the stages of its memory operations. Raises ProofFailed if the witness makes no sense."""
        body, named = Body(self.meaning.graph, n, pipeline.ghosts, pipeline.equals), dict(pipeline.stages)
        stages = {m: named[m] for m in body.timed() if m in named}  # in the body's order
        stores = (m for m in body.memory() if self.meaning.graph.kind(m) is Kind.STORE)
        if not all(m in stages for m in stores) or any(stage < 0 for stage in stages.values()):
            raise self.wrong(w, "the witness does not have a stage for each store")
        beats = body.loop.trips - pipeline.peeled
        if pipeline.copies < 1 or beats < pipeline.copies or beats % pipeline.copies:
            raise self.wrong(w, f"the witness has trips of {pipeline.copies} beats, which {beats} beats do not fill")
        if pipeline.peeled < max(stages.values(), default=0):
            raise self.wrong(w, "the loop begins before the first iteration comes to its last stage")
        if not all(1 <= c.back <= pipeline.peeled for c in pipeline.crossings):
            raise self.wrong(w, "the witness has values of iterations that have not begun")
        return body, stages

    def _beat(self, iterations: Iterations, stages: Mapping[int, int], beat: int, only: range | None = None) -> None:
        """Does one beat's memory operations and divisions, for the iterations in `only` if there are others."""
        for m in sorted(stages, key=lambda m: -stages[m]):  # stable, so operations of one iteration keep their order
            i = beat - stages[m]
            if only is None or i in only:
                iterations.execute(m, i)

    def _trip(
        self, n: int, w: LoopWitness, pipeline: Pipeline, body: Body, stages: Mapping[int, int], changes: Changes
    ) -> int:
        """Executes a trip once, for an arbitrary t. Returns the number of expressions before it."""
        algebra, loop, copies = self.algebra, body.loop, pipeline.copies
        self.agree(changes, f"on entry to the loop at bundle {w.header}")
        older = len(algebra)
        rounds = (loop.trips - pipeline.peeled) // copies
        counter = algebra.symbol(f"t{n}", (0, rounds - 1))
        start = algebra.constant(loop.lo + loop.step * pipeline.peeled)
        index = algebra.add(algebra.scale(counter, loop.step * copies), start)
        iterations = Iterations(self.meaning, body, index, pipeline.peeled)
        self.undefine(w)
        self._assume(pipeline, iterations)
        self.forget(n, changes)
        for beat in range(copies):
            self._beat(iterations, stages, beat)
        condition = self.execution.run(w.latch + 1, jump_to=w.header)
        self.land(w.latch, w)
        if not continues(algebra, condition, counter, rounds):
            raise self.wrong(w, f"the jump is not proven to be taken {rounds - 1:,} times")
        self._check(w, pipeline, iterations, copies, "after a trip")
        self.agree(changes, f"after a trip of the loop at bundle {w.header}")
        return older

    def _finish(self, n: int, pipeline: Pipeline, body: Body, stages: Mapping[int, int]) -> None:
        """The graph's last beats, and the loop's results."""
        loop = body.loop
        end = self.algebra.constant(loop.lo + loop.step * loop.trips)
        iterations = Iterations(self.meaning, body, end, loop.trips)
        self._assume(pipeline, iterations)
        last = max(stages.values(), default=0)
        for beat in range(last):
            self._beat(iterations, stages, beat, range(-last, 0))
        results = []
        for c in loop.carried:
            try:
                results.append(iterations.words(c, 0))
            except ProofFailed:  # nothing in the program holds it: whoever needs it will find that it is another word
                results.append(self.unknown(f"%{c}", self.meaning.graph.width[c]))
        self.meaning.results[n] = tuple(results)

    def _assume(self, pipeline: Pipeline, iterations: Iterations) -> None:
        """Lets scratch hold what the witness says: functions of the index, or unknown words.

        Two nodes that are in the same place are the same unknown words.
        """
        body = iterations.body
        found: dict[tuple[Place, int], Words] = {}
        for c in pipeline.crossings:
            if c.node in body.steady:
                words = iterations.words(c.node, -c.back)
            else:
                words = found.get((c.place, c.offset)) or self.unknown(f"%{c.node}-{c.back}", c.place.width)
                words = found[c.place, c.offset] = iterations.assume(c.node, -c.back, words)
            self.hold(c.place, self._moved(words, c))

    def _check(self, w: LoopWitness, pipeline: Pipeline, iterations: Iterations, now: int, when: str) -> None:
        """Raises ProofFailed unless scratch holds what the witness says, with `now` the number of iteration 0."""
        for c in pipeline.crossings:
            words = self._moved(iterations.words(c.node, now - c.back), c)
            name = f"%{c.node} of {c.back} iterations back"
            if c.place.width != len(words):
                raise self.wrong(w, f"the witness has {c.place.width} words for {name}, which has {len(words)}")
            for word, wanted in enumerate(words, c.place.base):
                self.check_word(w, word, name, wanted, when)

    def _moved(self, words: Words, c: Crossing) -> Words:
        offset = self.algebra.constant(c.offset)
        return tuple(self.algebra.add(word, offset) for word in words)
