"""What is proven of an overlapped loop's body alone: that ghosts compute what they stand for, and the order of memory.

May a loop's memory operations be done in the order of an overlapped loop?

Two operations a and b, with b of the d-th iteration after that of a, change places if b's beat comes before a's:
`d + stage(b) < stage(a)`. Unless both are loads, their addresses must then differ, for an arbitrary iteration.
Operations that meet in one beat keep their order: beats do older iterations first.
"""

from __future__ import annotations

from collections.abc import Mapping

from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.iterations import Body, Instance, Iterations
from vliwc.backend.certifier.meaning import Meaning, Words
from vliwc.ir.ops import Kind


def check_order(meaning: Meaning, body: Body, stages: Mapping[int, int]) -> None:
    """Raises ProofFailed unless memory operations that change places never meet."""
    graph = meaning.graph
    operations = [m for m in body.memory() if m in stages]
    counter = meaning.algebra.symbol(f"t{body.node}", (0, body.loop.trips - 1))
    index = meaning.algebra.add(meaning.algebra.scale(counter, body.loop.step), meaning.algebra.constant(body.loop.lo))
    around = _Unknowns(meaning, body, index, least=body.loop.trips)
    stored = {graph.access(m).array for m in operations if graph.kind(m) is Kind.STORE}
    operations = [m for m in operations if graph.access(m).array in stored]
    for at, a in enumerate(operations):
        for bt, b in enumerate(operations):
            both_load = graph.kind(a) is Kind.LOAD and graph.kind(b) is Kind.LOAD
            if both_load or graph.access(a).array != graph.access(b).array:
                continue
            for d in range(0 if at < bt else 1, stages[a] - stages[b]):
                if not _apart(meaning, around.touched(a, 0), around.touched(b, d)):
                    raise ProofFailed(
                        f"{meaning.describe(b)} is done before {meaning.describe(a)} of "
                        + (f"{d} iterations earlier" if d else "the same iteration")
                        + ", and may access the same word"
                    )


def check_equals(meaning: Meaning, body: Body) -> None:
    """Raises ProofFailed unless the ghosts that stand for nodes compute the same, whatever is loaded or carried."""
    index = meaning.algebra.symbol(f"index of %{body.node}")
    around = _Unknowns(meaning, body, index, least=body.loop.trips)
    around.equals = {}
    for n, ghost in body.equals.items():
        pure = n in body.inside and n not in body.timed()
        if not pure or ghost < len(meaning.graph) or around.words(n, 0) != around.words(ghost, 0):
            raise ProofFailed(f"the witness has a ghost that does not compute what {meaning.describe(n)} does")


def _apart(meaning: Meaning, a: Words | None, b: Words | None) -> bool:
    if a is None or b is None:
        return False
    return all(meaning.addresses.disjoint(x, y) for x in a for y in b)


class _Unknowns(Iterations):
    """Iterations of which only the index is known: what is loaded or carried is any word."""

    def touched(self, n: int, i: int) -> Words | None:
        """The addresses that memory operation n touches in iteration i; None if that depends on a condition."""
        graph = self.body.graph
        if graph.op[n] == "store_if":
            return None
        args = graph.args[n]
        count = graph.width[n] if graph.kind(n) is Kind.LOAD else graph.access(n).active or graph.width[args[1]]
        _, addresses = self.meaning.locate(n, self.words(args[0], i), count)
        return tuple(addresses)

    def source(self, n: int, i: int) -> Instance | None:
        """As for all iterations; a carried value is an instance of its own."""
        if n in self.body.position:
            return n, i
        return super().source(n, i)

    def _operands(self, key: Instance) -> list[Instance]:
        return [] if self._any(key[0]) else super()._operands(key)

    def _compute(self, key: Instance) -> Words:
        n, i = key
        if not self._any(n):
            return super()._compute(key)
        return tuple(self.meaning.algebra.symbol(f"%{n}+{i}.{k}") for k in range(self.body.graph.width[n]))

    def _any(self, n: int) -> bool:
        body = self.body
        return n in body.position or (n < len(body.graph) and body.graph.kind(n) is Kind.LOAD)
