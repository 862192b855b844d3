"""The straight-line scheduling problem: operations, their alternatives, and the scratch words that they share.

A problem is what selection hands to a scheduler: put every operation's slots into cycles and every value into scratch
words, so that

1. no bundle has more slots of an engine than the machine offers;
2. an operation starts when all operations before it (`Problem.successors`) are done: for a `DATA` edge the result must
   have landed, for an `ORDER` edge the earlier operation's last slot must be issued, in the same cycle at the latest;
3. two values that are alive at the same time share no scratch word. A value is alive from the first slot that writes
   it to the last slot that reads it; a word may be rewritten in the cycle of its last read, since all slots of a bundle
   read the old state;
4. values in `entry` stay where they are, values in `tied` go to the place of the value that they replace.

An operation has several `forms`, of which the scheduler chooses one: a vector addition is one `valu` slot, or one `alu`
slot a lane. A form is a sequence of steps; a step's slots may be spread over cycles, the next step starts when the
results of the one before have landed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, NamedTuple

from vliwc.machine.description import Machine

if TYPE_CHECKING:
    from vliwc.backend.bounds.argument import Argument

DATA = 1
"""An edge whose target reads what the source writes."""
ORDER = 0
"""An edge whose target overwrites what the source reads: the same cycle will do."""


class Word(NamedTuple):
    """An operand in scratch: word `offset` of a value; slot k of a step means `k * stride` words further on."""

    value: int
    offset: int = 0
    stride: int = 0


class Immediate(NamedTuple):
    """An operand that is a number; slot k of a step has `k * stride` added."""

    number: int
    stride: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """`slots` slots of one engine with the same operation; `latency` cycles after the last one, the result is there."""

    engine: str
    op: str
    operands: tuple[Word | Immediate, ...]
    slots: int
    latency: int


Form = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """The scheduling unit. `reads` are the values read (each once), `writes` the value written, or -1.

    `forms` is empty for operations that only order others. `node` is the graph node that is computed.

    `needs[f]` are values that form f reads if they happen to be in scratch; a form whose values are not there cannot
    be chosen.
    """

    node: int
    forms: tuple[Form, ...]
    reads: tuple[int, ...]
    writes: int
    needs: tuple[tuple[int, ...], ...] = ()

    def needed(self, form: int) -> tuple[int, ...]:
        """The values that a form needs."""
        return self.needs[form] if self.needs else ()

    def least_slots(self, engine: str) -> int:
        """The slots of an engine that it takes in any form."""
        return min((sum(step.slots for step in form if step.engine == engine) for form in self.forms), default=0)

    def renamed(self, names: Mapping[int, int]) -> Operation:
        """The operation with other names for some values that it reads or writes; not for what its forms need."""

        def operand(o: Word | Immediate) -> Word | Immediate:
            return o._replace(value=names.get(o.value, o.value)) if isinstance(o, Word) else o

        return replace(
            self,
            forms=tuple(tuple(replace(s, operands=tuple(map(operand, s.operands))) for s in f) for f in self.forms),
            reads=tuple(names.get(v, v) for v in self.reads),
            writes=names.get(self.writes, self.writes),
        )


@dataclass(slots=True)
class Problem:
    """A straight piece of code. Operations stand in program order: every edge goes forward."""

    machine: Machine
    operations: list[Operation]
    successors: list[list[tuple[int, int]]]
    """For each operation the operations that wait for it, with DATA or ORDER."""
    widths: list[int]
    """The words of each value (of the whole program), 1 or the machine's lanes."""
    entry: dict[int, int]
    """Where the values stand that are alive at the start."""
    held: frozenset[int]
    """Values that are alive at the end, or that the next iteration of a loop around wants to find."""
    tied: dict[int, int] = field(default_factory=dict)
    """Values that are written over another one, which is in `entry` and held; each over one of its own."""
    blocked: tuple[tuple[int, int], ...] = ()
    """Ranges of scratch (first word, words) that belong to values of which this piece knows nothing."""

    def with_scratch(self, words: int) -> Problem:
        """The same problem for a machine with so many words of scratch."""
        return replace(self, machine=replace(self.machine, scratch_words=words))

    def predecessor_counts(self) -> list[int]:
        """For each operation the number of edges into it."""
        counts = [0] * len(self.operations)
        for edges in self.successors:
            for target, _ in edges:
                counts[target] += 1
        return counts

    def read_counts(self) -> dict[int, int]:
        """For each value the number of operations that read it."""
        counts: dict[int, int] = {}
        for operation in self.operations:
            for v in operation.reads:
                counts[v] = counts.get(v, 0) + 1
        return counts

    def sort(self) -> None:
        """Renumbers the operations so that every edge goes forward, near to the order that they have (Kahn 1962)."""
        if all(target > source for source, edges in enumerate(self.successors) for target, _ in edges):
            return
        waiting = self.predecessor_counts()
        ready = [k for k, count in enumerate(waiting) if count == 0]
        order: list[int] = []
        while ready:
            k = heappop(ready)
            order.append(k)
            for target, _ in self.successors[k]:
                waiting[target] -= 1
                if waiting[target] == 0:
                    heappush(ready, target)
        assert len(order) == len(self.operations), "the dependences form a cycle"
        position = {k: new for new, k in enumerate(order)}
        self.operations = [self.operations[k] for k in order]
        self.successors = [[(position[t], kind) for t, kind in self.successors[k]] for k in order]

    def occupied(self) -> Iterable[tuple[int, int]]:
        """The ranges of scratch (first word, words) that are taken at the start."""
        yield from self.blocked
        for v, address in self.entry.items():
            yield address, self.widths[v]

    def as_json(self) -> dict[str, Any]:
        """The problem as JSON-able data, for solvers outside."""
        return {
            "machine": self.machine.name,
            "operations": [
                {
                    "node": o.node,
                    "forms": [
                        [{"engine": s.engine, "op": s.op, "slots": s.slots, "latency": s.latency} for s in form]
                        for form in o.forms
                    ],
                    "reads": list(o.reads),
                    "writes": o.writes,
                    "needs": [list(n) for n in o.needs],
                }
                for o in self.operations
            ],
            "edges": [
                [source, target, "data" if kind == DATA else "order"]
                for source, edges in enumerate(self.successors)
                for target, kind in edges
            ],
            "widths": {str(v): self.widths[v] for v in sorted(self._values())},
            "entry": {str(v): a for v, a in sorted(self.entry.items())},
            "tied": {str(v): w for v, w in sorted(self.tied.items())},
            "held": sorted(self.held & self._values()),
            "blocked": [list(r) for r in self.blocked],
        }

    def _values(self) -> set[int]:
        values = set(self.entry)
        for o in self.operations:
            values.update(o.reads)
            if o.writes >= 0:
                values.add(o.writes)
        return values


class Issue(NamedTuple):
    """Slots `first` … `first + slots - 1` of one step of an operation's form, issued in a cycle."""

    cycle: int
    operation: int
    form: int
    step: int
    first: int
    slots: int


class Copy(NamedTuple):
    """A value that is made again, and the operations that read the copy in its place."""

    value: int
    readers: tuple[int, ...]


@dataclass(slots=True)
class Schedule:
    """A solution. `cycles` includes the wait for the last results; `address` has every value's first scratch word.

    With `copies`, it is one of the problem in which these are operations of their own (see `rematerialisation`).
    """

    issues: list[Issue]
    cycles: int
    address: dict[int, int]
    peak: int
    """The most scratch words in use at a time, blocked ones included."""
    bound: int = 0
    """No schedule of the problem takes fewer cycles, as far as the scheduler has proved."""
    argument: Argument | None = None
    """Why that is so, or nearly: the best argument that the scheduler has found."""
    copies: tuple[Copy, ...] = ()
