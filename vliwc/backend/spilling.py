"""Makes a problem fit: values whose next use is far away leave scratch and come back before it (Belady 1966).

Before → after, with no room for `y` and `x` needed last:

    x = …                 x = …
    y = …                 const p; vstore p, x
    … y …                 y = …
    … x …                 … y …
                          const p; x' = vload p
                          … x' …

A constant, and the splat of one, are not stored but made again. Others go to dead memory: words of consumed arrays
that have no later access. Issued in program order, the new problem needs no more scratch than there is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from vliwc.backend.dead_memory import DeadWords
from vliwc.backend.dependences import touches_memory
from vliwc.backend.problem import DATA, Immediate, Operation, Problem, Step, Word
from vliwc.backend.scratch import Scratch
from vliwc.ir.graph import Graph

NewValue = Callable[[int, int], int]
"""Makes a value of a width, for a node."""


@dataclass(slots=True)
class _Value:
    """A value of the old problem: when it is read, what it is called now, and where else it can be had from."""

    reads: list[int]
    writers: list[int]
    name: int
    address: int = -1
    """In the scratch that is simulated; -1 while it is not there."""
    away: bool = False
    stored: tuple[int, int] | None = None
    """The address and the storing operation, if it is in dead memory."""
    source: int = -1
    """The new operation that brought it back last, or -1."""


def spill(problem: Problem, graph: Graph, arrays: tuple[str, ...], new_value: NewValue, reserve: int) -> Problem | None:
    """The problem with spills, or None if that does not help either.

    `arrays` are dead once the problem has no access to them, `reserve` is how many vectors of scratch to leave free.
    """
    spiller = _Spiller(problem, graph, DeadWords(graph, arrays), new_value, reserve)
    return spiller.result if spiller.run() else None


class _Spiller:
    def __init__(self, problem: Problem, graph: Graph, memory: DeadWords, new_value: NewValue, reserve: int) -> None:
        self.old = problem
        self.graph = graph
        self.machine = problem.machine
        self.memory = memory
        self.new_value = new_value
        self.reserve = reserve
        self.scratch = Scratch(problem.machine.scratch_words, problem.machine.lanes, problem.occupied())
        self.result = replace(problem, operations=[], successors=[])
        self.fixed = problem.held | frozenset(problem.tied) | frozenset(problem.entry)
        self.values: dict[int, _Value] = {}
        self.live: set[int] = set()
        self.number: list[int] = []
        """For each old operation so far its new number."""
        self.before: list[list[tuple[int, int]]] = [[] for _ in problem.operations]
        self.accesses: dict[str, list[int]] = {}
        """The old operations that access an array, in order."""
        self._survey()

    def _survey(self) -> None:
        for k, operation in enumerate(self.old.operations):
            for v in operation.reads:
                self._value(v).reads.append(k)
            if operation.writes >= 0:
                self._value(operation.writes).writers.append(k)
            for target, kind in self.old.successors[k]:
                self.before[target].append((k, kind))
            if operation.node >= 0 and operation.forms and touches_memory(self.graph, operation.node):
                self.accesses.setdefault(self.graph.access(operation.node).array, []).append(k)

    def _value(self, v: int) -> _Value:
        return self.values.setdefault(v, _Value([], [], v))

    def run(self) -> bool:
        """Copies the operations in program order; False if there is no way."""
        for k, operation in enumerate(self.old.operations):
            pinned = {*operation.reads, operation.writes}
            for v in operation.reads:
                if self.values[v].away and not self._bring_back(v, k, pinned):
                    return False
            value = operation.writes
            if value >= 0 and value not in self.fixed and self.values[value].address < 0:
                address = self._room(self.old.widths[value], k, pinned)
                if address < 0:
                    return False
                self.values[value].address = address
                self.live.add(value)
            waits = [(self.number[earlier], kind) for earlier, kind in self.before[k]]
            waits += [(self.values[v].source, DATA) for v in operation.reads if self.values[v].source >= 0]
            names = {v: self.values[v].name for v in operation.reads if self.values[v].name != v}
            self.number.append(self._add(operation.renamed(names) if names else operation, waits))
            for v in operation.reads:
                if self.values[v].reads[-1] == k and v in self.live:
                    self._release(v)
        return True

    def _add(self, operation: Operation, waits: list[tuple[int, int]]) -> int:
        number = len(self.result.operations)
        self.result.operations.append(operation)
        self.result.successors.append([])
        for earlier, kind in dict.fromkeys(waits):
            self.result.successors[earlier].append((number, kind))
        return number

    def _release(self, v: int) -> None:
        self.live.discard(v)
        self.scratch.give(self.values[v].address, self.old.widths[v])

    # -- making room

    def _room(self, width: int, k: int, pinned: set[int]) -> int:
        """A free range of scratch before operation k, or -1."""
        while self.scratch.blocks() <= self.reserve and not (width == 1 and self.scratch.singles()):
            victim = self._victim(k, pinned)
            if victim is None or not self._send_away(victim, k):
                return -1
        return self.scratch.take(width)

    def _victim(self, k: int, pinned: set[int]) -> int | None:
        """The value in scratch that is needed last, of those that are complete."""
        complete = [v for v in self.live if v not in pinned and self.values[v].writers[-1] < k]
        return max(complete, key=lambda v: (self._next_read(v, k), v), default=None)

    def _next_read(self, v: int, k: int) -> int:
        reads = self.values[v].reads
        position = bisect_right(reads, k - 1)
        return reads[position] if position < len(reads) else len(self.old.operations)

    def _send_away(self, v: int, k: int) -> bool:
        """Frees the words of a value; False if it can neither be made again nor stored."""
        value = self.values[v]
        needed = self._next_read(v, k) < len(self.old.operations)
        if needed and value.stored is None and not self._recipe(v):
            still_open = {name for name, users in self.accesses.items() if users[-1] >= k}
            width = self.old.widths[v]
            op = "store" if width == 1 else "vstore"
            found = self.memory.take(width, still_open) if self.machine.runs("store", op) else None
            if found is None:
                return False
            array, address = found
            pointer, made = self._pointer(v, address)
            waits = [(made, DATA), *((self.number[w], DATA) for w in value.writers)]
            waits += [(self.number[user], DATA) for user in self.accesses.get(array, ())]
            form = (self._step("store", op, Word(pointer), Word(v)),)
            value.stored = address, self._add(Operation(self._node(v), (form,), (pointer, v), -1), waits)
        self._release(v)
        value.away = True
        return True

    def _bring_back(self, v: int, k: int, pinned: set[int]) -> bool:
        """Puts a value into scratch again, under a new name; False if there is no room."""
        value, width = self.values[v], self.old.widths[v]
        address = self._room(width, k, pinned)
        if address < 0:
            return False
        value.address, value.away = address, False
        self.live.add(v)
        value.name = self.new_value(width, self._node(v))
        if value.stored is None:
            value.source = self._make_again(v, value.name)
            return True
        where, stored = value.stored
        pointer, made = self._pointer(v, where)
        form = (self._step("load", "load" if width == 1 else "vload", Word(value.name), Word(pointer)),)
        waits = [(made, DATA), (stored, DATA)]
        value.source = self._add(Operation(self._node(v), (form,), (pointer,), value.name), waits)
        return True

    # -- operations

    def _node(self, v: int) -> int:
        """A node that value v is computed for."""
        return self.old.operations[self.values[v].writers[0]].node

    def _step(self, engine: str, op: str, *operands: Word | Immediate) -> Step:
        return Step(engine, op, operands, 1, self.machine.latency(engine, op))

    def _pointer(self, v: int, address: int) -> tuple[int, int]:
        """A new value that holds an address, and the operation that makes it."""
        node = self._node(v)
        pointer = self.new_value(1, node)
        form = (self._step("load", "const", Word(pointer), Immediate(address)),)
        return pointer, self._add(Operation(node, (form,), (), pointer), [])

    def _recipe(self, v: int) -> list[int]:
        """The old operations that make value v from nothing: a constant, or a constant and its splat."""
        writers = self.values[v].writers
        operation = self.old.operations[writers[0]]
        made_by = self.graph.op[operation.node]
        if len(writers) > 1 or made_by not in ("const", "splat"):
            return []
        if made_by == "const":
            return [] if operation.reads else writers
        source = operation.reads[0]
        first = self._recipe(source) if self.old.widths[source] == 1 and source not in self.old.entry else []
        return first + writers if first else []

    def _make_again(self, v: int, name: int) -> int:
        """Repeats what made value v, under new names; the last operation's number."""
        names, made = {v: name}, -1
        for k in self._recipe(v):
            operation = self.old.operations[k]
            if operation.writes not in names:
                names[operation.writes] = self.new_value(1, operation.node)
            waits = [(made, DATA)] if made >= 0 else []
            plain = replace(operation, forms=operation.forms[:1], needs=())
            made = self._add(plain.renamed(names), waits)
        return made
