"""Chooses the machine operations of one segment, with their alternatives left open.

Every node becomes one operation (a `lane`, and a `pack` whose words are computed in place, none). Its forms say how the
machine can do it; see `vliwc.backend.problem`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from vliwc.analysis import ranges
from vliwc.analysis.known import known_words
from vliwc.analysis.linear import Forms
from vliwc.backend.constants import derive_constants
from vliwc.backend.dependences import MemoryOrder, lanes_differ, touches_memory
from vliwc.backend.legalise import Legal
from vliwc.backend.placement import Placement
from vliwc.backend.problem import DATA, ORDER, Form, Immediate, Operation, Problem, Step, Word
from vliwc.backend.regions import Plan
from vliwc.errors import DoesNotFit
from vliwc.ir.graph import Access, Graph
from vliwc.ir.ops import OPS
from vliwc.machine.description import Machine

_COPY = ("or", "and")
"""Operations that give x for x and x."""


def _by_factor(target: Word, c: Word, a: Word, b: Word, without_a: bool) -> list[tuple[str, tuple[Word, ...]]]:
    """The operations that choose a or b by a bit c, with their sources: b + c * (a - b); or b - c * b, if a is 0."""
    if without_a:
        return [("*", (c, b)), ("-", (b, target))]
    return [("-", (a, b)), ("*", (target, c)), ("+", (target, b))]


@dataclass(frozen=True, slots=True)
class Body:
    """One iteration of an innermost loop, without what hands values to the next one: a problem whose operations stand
    in program order, and for each value the operations that write it."""

    problem: Problem
    writers: dict[int, list[int]]


class Selector:
    """Selects the segments of one program; a `cautious` one orders memory accesses whatever ranges tell."""

    def __init__(
        self, legal: Legal, plan: Plan, placement: Placement, machine: Machine, *, cautious: bool = False
    ) -> None:
        self.graph: Graph = legal.graph
        self.legal = legal
        self.plan = plan
        self.placement = placement
        self.machine = machine
        self.forms = Forms(legal.graph, None if cautious else ranges.analyse(legal.graph), legal.forms)
        self.known = known_words(legal.graph)

    def problem(self, number: int, address: dict[int, int]) -> Problem:
        """The scheduling problem of segment `number`; `address` tells where the values of earlier segments stand."""
        placement = self.placement
        entry = {v: address[v] for v in placement.alive_before(number)}
        held = frozenset(placement.held_after(number))
        problem = Problem(self.machine, [], [], placement.widths, entry, held)
        _Segment(self, problem).select(number)
        derive_constants(problem, self.graph)
        problem.sort()
        return problem

    def body(self, number: int) -> Body:
        """The operations of segment `number`, which is the whole body of a loop."""
        problem = Problem(self.machine, [], [], self.placement.widths, {}, frozenset())
        segment = _Segment(self, problem)
        segment.nodes(number)
        return Body(problem, segment.writers)


class _Segment:
    """Fills one problem."""

    def __init__(self, selector: Selector, problem: Problem) -> None:
        self.selector = selector
        self.graph = selector.graph
        self.machine = selector.machine
        self.place = selector.placement.place
        self.problem = problem
        self.writers: dict[int, list[int]] = {}
        self.order = MemoryOrder(self.graph, selector.forms, selector.known, self._join)

    def select(self, number: int) -> None:
        """All operations of the segment: its nodes, then what a loop that begins or ends here asks for."""
        segment, graph = self.selector.plan.segments[number], self.graph
        self.nodes(number)
        if segment.enters >= 0:
            node = self.selector.plan.loops[segment.enters].node
            for carried, init in zip(graph.loop(node).carried, graph.args[node], strict=True):
                self._initialise(carried, init)
        if segment.latches >= 0:
            node = self.selector.plan.loops[segment.latches].node
            self._latch(graph.loop(node).carried, graph.loop(node).yields)

    def nodes(self, number: int) -> None:
        """The operations of the segment's nodes."""
        for n in self.selector.plan.segments[number].nodes:
            if n in self.selector.placement.read or not self.graph.width[n]:
                self._node(n)

    # -- operations

    def _emit(
        self, node: int, forms: tuple[Form, ...], target: Word | None, before: dict[int, int] | None = None
    ) -> int:
        """Adds an operation after the writers of all values that its forms read; `before` has more edges."""
        if not forms:
            raise DoesNotFit(
                f"machine {self.machine.name} cannot do '{self.graph.op[node]}', which the kernel needs",
                help="choose another machine, or add an operation to its description",
            )
        number = len(self.problem.operations)
        waits = dict(before or {})
        reads: dict[int, None] = {}
        for step in chain.from_iterable(forms):
            sources = step.operands if step.engine == "store" else step.operands[1:]
            for operand in sources:
                if isinstance(operand, Word) and operand != target:  # a later step reads what an earlier one left
                    self._after(operand.value, waits)
                    reads[operand.value] = None
        value = -1 if target is None else target.value
        self._add(Operation(node, forms, tuple(reads), value), waits)
        if target is not None:
            self.writers.setdefault(value, []).append(number)
        return number

    def _after(self, value: int, waits: dict[int, int]) -> None:
        """Waits for all writers of a value so far, also of words that are not read here.

        A value's words are free for others after its last read: no writer may still be to come then.
        """
        waits.update((writer, DATA) for writer in self.writers.get(value, ()))

    def _add(self, operation: Operation, waits: dict[int, int]) -> int:
        number = len(self.problem.operations)
        self.problem.operations.append(operation)
        self.problem.successors.append([])
        for earlier, kind in waits.items():
            self.problem.successors[earlier].append((number, kind))
        return number

    def _join(self, waits: list[tuple[int, int]]) -> int:
        return self._add(Operation(-1, (), (), -1), dict(waits))

    # -- nodes

    def _node(self, n: int) -> None:
        graph, op = self.graph, self.graph.op[n]
        if op == "lane":
            return
        if op == "pack":
            self._pack(n)
        elif touches_memory(graph, n):
            self.order.add(n, lambda waits: self._emit(n, self._memory(n), self._target(n), dict(waits)))
        else:
            self._emit(n, self._value_forms(n, self.place[n]), self.place[n])

    def _target(self, n: int) -> Word | None:
        return self.place[n] if self.graph.width[n] else None

    def _pack(self, n: int) -> None:
        vector = self.place[n]
        for k, word in enumerate(self.graph.args[n]):
            target = Word(vector.value, vector.offset + k)
            if self.place[word] != target:
                self._emit(n, self._copy(target, self.place[word], 1), target)

    def _value_forms(self, n: int, target: Word) -> tuple[Form, ...]:
        """How to compute a node that does not touch memory."""
        graph, op = self.graph, self.graph.op[n]
        if op == "const":
            number = graph.attr[n]
            assert isinstance(number, int)
            return self._forms(self._step("load", "const", target, Immediate(number)))
        sources = [self.place[a] for a in graph.args[n]]
        if op == "splat":
            return self._splat(target, sources[0])
        if op == "select":
            return self._select(n, target, sources)
        if op == "blend":
            c, a, b, difference = sources
            fused = self._step("valu", "multiply_add", target, c, difference, b)
            return self._forms(self._step("flow", "vselect", target, c, a, b), fused)
        return self._elementwise(op, graph.width[n], target, sources)

    def _step(self, engine: str, op: str, *operands: Word | Immediate, slots: int = 1) -> Step | None:
        """A step, or None if the machine cannot do it."""
        if not self.machine.runs(engine, op):
            return None
        return Step(engine, op, operands, slots, self.machine.latency(engine, op))

    @staticmethod
    def _forms(*forms: Step | tuple[Step | None, ...] | None) -> tuple[Form, ...]:
        """The forms that the machine has, of those given as steps or sequences of steps."""
        sequences = [form if isinstance(form, tuple) else (form,) for form in forms]
        return tuple(tuple(s for s in steps if s is not None) for steps in sequences if None not in steps)

    def _lanewise(self, engine: str, op: str, *words: Word) -> Step | None:
        """One slot a lane."""
        return self._step(engine, op, *(w._replace(stride=1) for w in words), slots=self.graph.lanes)

    def _elementwise(self, op: str, width: int, target: Word, sources: list[Word]) -> tuple[Form, ...]:
        symbol = OPS[op].symbol
        if width == 1:
            return self._forms(self._step("alu", symbol, target, *sources))
        return self._forms(
            self._step("valu", symbol, target, *sources), self._lanewise("alu", symbol, target, *sources)
        )

    def _copy(self, target: Word, source: Word, width: int) -> tuple[Form, ...]:
        for op in _COPY:
            forms = self._elementwise(op, width, target, [source, source])
            if forms:
                return forms
        return ()

    def _splat(self, target: Word, source: Word) -> tuple[Form, ...]:
        copy = next((OPS[op].symbol for op in _COPY if self.machine.runs("alu", OPS[op].symbol)), "|")
        lanes = self._step("alu", copy, target._replace(stride=1), source, source, slots=self.graph.lanes)
        return self._forms(self._step("valu", "vbroadcast", target, source), lanes)

    def _select(self, n: int, target: Word, sources: list[Word]) -> tuple[Form, ...]:
        """On flow, at once or lane by lane; by a bit also by arithmetic, on `alu` too where flow has no vectors."""
        graph, width = self.graph, self.graph.width[n]
        at_once = self._step("flow", "select" if width == 1 else "vselect", target, *sources)
        on_flow = self._forms(at_once or self._lanewise("flow", "select", target, *sources))
        condition, *arms = graph.args[n]
        if not self.selector.legal.bits[condition]:
            return on_flow
        c, a, b = sources
        taken, other = (graph.const(arm) for arm in arms)
        if other == 0:
            return on_flow + self._elementwise("mul", width, target, [c, a])
        by_factor = _by_factor(target, c, a, b, taken == 0)
        by_lanes = tuple(self._lanewise("alu", op, target, *words) for op, words in by_factor)
        if width > 1 and taken != 0 and self.machine.runs("valu", "multiply_add"):
            by_factor[1:] = [("multiply_add", (target, c, b))]
        whole = tuple(self._step("valu" if width > 1 else "alu", op, target, *words) for op, words in by_factor)
        return on_flow + (self._forms(whole) if at_once or width == 1 else self._forms(whole, by_lanes))

    def _memory(self, n: int) -> tuple[Form, ...]:
        graph, op, machine = self.graph, self.graph.op[n], self.machine
        address = self.place[graph.args[n][0]]
        if op in ("load", "vload"):
            return self._forms(self._step("load", op, self.place[n], address))
        if op == "gather":
            target, lanes = self.place[n], graph.lanes
            if machine.runs("load", "load_offset"):
                return self._forms(self._step("load", "load_offset", target, address, Immediate(0, 1), slots=lanes))
            return self._forms(self._lanewise("load", "load", target, address))
        value = self.place[graph.args[n][1]]
        if op == "scatter":
            return self._scatter(n, address, value)
        return self._forms(self._step("store", op, address, value))

    def _scatter(self, n: int, address: Word, value: Word) -> tuple[Form, ...]:
        """Lanes that may meet are stored one after the other, so that the last one wins."""
        access = self.graph.attr[n]
        assert isinstance(access, Access)
        if lanes_differ(self.graph, self.selector.known, self.graph.args[n][0], access.active):
            words = (address._replace(stride=1), value._replace(stride=1))
            return self._forms(self._step("store", "store", *words, slots=access.active))
        return self._forms(
            tuple(
                self._step(
                    "store", "store", Word(address.value, address.offset + k), Word(value.value, value.offset + k)
                )
                for k in range(access.active)
            )
        )

    # -- loops

    def _initialise(self, carried: int, init: int) -> None:
        """Puts the initial value where the loop carries it, if it is not there."""
        graph, target = self.graph, self.place[carried]
        width = graph.width[carried]
        if graph.op[init] == "const":
            self._emit(init, self._value_forms(init, target), target)
        elif self.place[init] != target:
            self._emit(init, self._copy(target, self.place[init], width), target)

    def _latch(self, carried: tuple[int, ...], yields: tuple[int, ...]) -> None:
        """Puts the next iteration's values where the loop carries them.

        A value is computed right over the one it replaces if nothing that must come later reads the old one; other
        values are copied at the end, those that are themselves carried by way of a copy.
        """
        moves = [(self.place[c], self.place[y], c, y) for c, y in zip(carried, yields, strict=True)]
        places = {place.value for place, _, _, _ in moves}
        moves = [move for move in moves if move[0] != move[1]]
        safe = [
            (old, self._temporary(y, new, self.graph.width[c]) if new.value in places else new, c, y)
            for old, new, c, y in moves
        ]
        copies = [move for move in safe if not self._tie(move[0].value, move[1].value)]
        for old, new, c, y in copies:
            target = self._temporary(y, new, self.graph.width[c])
            tied = self._tie(old.value, target.value)
            assert tied, "nothing comes after a last copy"

    def _temporary(self, node: int, source: Word, width: int) -> Word:
        target = Word(self.selector.placement.temporary(width, node))
        self._emit(node, self._copy(target, source, width), target)
        return target

    def _tie(self, old: int, new: int) -> bool:
        """Makes value `new` overwrite `old`, unless a reader of the old value has to come after a writer of the new."""
        problem = self.problem
        operations = problem.operations
        writers = self.writers.get(new, [])
        same_width = problem.widths[old] == problem.widths[new]
        if not writers or not same_width or new in problem.tied or new in problem.held:
            return False
        readers = [k for k, o in enumerate(operations) if old in o.reads]
        behind = self._behind(writers)
        if any(reader in behind for reader in readers):
            return False
        if any(reader in writers for reader in readers):
            in_place = tuple(form for form in operations[writers[0]].forms if _in_place(form, old))
            if len(writers) > 1 or not in_place:
                return False
            operations[writers[0]] = replace(operations[writers[0]], forms=in_place)
        problem.tied[new] = old
        for reader in readers:
            for writer in writers:
                if reader != writer:
                    problem.successors[reader].append((writer, ORDER))
        return True

    def _behind(self, sources: list[int]) -> set[int]:
        """All operations that have to come after one of the sources."""
        found: set[int] = set()
        work = list(sources)
        while work:
            for target, _ in self.problem.successors[work.pop()]:
                if target not in found:
                    found.add(target)
                    work.append(target)
        return found


def _in_place(form: Form, value: int) -> bool:
    """May a form's destination be the words of `value`, which it reads? Each slot must write no more than it read."""
    return len(form) == 1 and (
        form[0].slots == 1
        or form[0].op == "load_offset"
        or all(o.stride for o in form[0].operands if isinstance(o, Word) and o.value == value)
    )
