"""Scheduling problems as files: what other people's solvers need to be compared with ours.

An instance is one `Problem` in JSON, with the machine's slots, and, if they are known, the fewest cycles of any
schedule and a proven lower bound with its argument. The format is described in docs/instances.md, and as a JSON Schema
in `vliwc/report/schema/instance.json`. Operations with the same forms share a *kind*; values are numbered from 0.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vliwc.backend.entries import Entry, parse
from vliwc.backend.problem import DATA, ORDER, Form, Operation, Problem, Step
from vliwc.machine.description import MAX_LANES, MAX_LATENCY, MAX_SCRATCH, MAX_SLOTS, Engine, Machine
from vliwc.machine.slots import ENGINES

FORMAT = "vliwc/instance/1"
MOST_OPERATIONS = 1_000_000
_HELP = "the format is described in docs/instances.md"
_KINDS = {"data": DATA, "order": ORDER}
_NAMES = {number: name for name, number in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about an instance: cycles, and how they were found or proved."""

    cycles: int
    how: str
    argument: dict[str, Any] | None = None
    """Of a bound: what `vliwc.backend.bound_check` verifies."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A scheduling problem with a name; `best` and `bound` are upper and lower limits of its fewest cycles."""

    name: str
    about: str
    problem: Problem
    best: Known | None = None
    bound: Known | None = None

    def to_text(self) -> str:
        """The instance as JSON text: one operation, edge or value a line."""
        problem, number = _renumbered(self.problem)
        kinds, of = _kinds(problem)
        engines = {name: engine.slots for name, engine in sorted(problem.machine.engines.items()) if name != "debug"}
        head = {
            "format": FORMAT,
            "name": self.name,
            "about": self.about,
            "machine": {
                "name": problem.machine.name,
                "lanes": problem.machine.lanes,
                "scratch_words": problem.machine.scratch_words,
                "slots": engines,
            },
        }
        lists: dict[str, Iterable[Any]] = {
            "kinds": kinds,
            "operations": (_operation(o, of[k]) for k, o in enumerate(problem.operations)),
            "edges": (
                [source, target, _NAMES[kind]]
                for source, edges in enumerate(problem.successors)
                for target, kind in edges
            ),
            "values": (_value(problem, v) for v in range(len(number))),
            "blocked": ([first, words] for first, words in problem.blocked),
        }
        parts = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
        parts += [f'"{key}": [' + ",".join(f"\n{json.dumps(x)}" for x in items) + "]" for key, items in lists.items()]
        for key, known in (("best", self.best), ("bound", self.bound)):
            if known is not None:
                record = {"cycles": known.cycles, "how": known.how}
                more = {} if known.argument is None else {"argument": known.argument}
                parts.append(f'"{key}": {json.dumps(record | more)}')
        return "{" + ",\n".join(parts) + "}\n"

    @staticmethod
    def from_text(text: str) -> Instance:
        """The instance in a JSON text. Raises DataError, which says what is wrong and where, if it is none."""
        entry = parse(text, "instance", _HELP)
        if entry.data.get("format") != FORMAT:
            raise entry.error("format", f"this is no instance: expected {FORMAT}")
        entry.only("format", "name", "about", "machine", "kinds", "operations", "edges", "values", "blocked", "best",
                   "bound")  # fmt: skip
        best, bound = _known(entry, "best"), _known(entry, "bound")
        if best and bound and best.cycles < bound.cycles:
            raise entry.error("bound", f"{bound.cycles} cycles are more than the best known {best.cycles}")
        return Instance(entry.text("name"), entry.text("about", ""), _read_problem(entry), best, bound)


def _renumbered(problem: Problem) -> tuple[Problem, dict[int, int]]:
    """The same problem with values numbered from 0, without those that it does not use; and what is renamed to what."""
    used = {v for o in problem.operations for v in (*o.reads, o.writes, *(v for need in o.needs for v in need))}
    used = (used | set(problem.entry)) - {-1}
    number = {v: i for i, v in enumerate(sorted(used))}
    operations = [
        replace(
            o,
            reads=tuple(number[v] for v in o.reads),
            writes=number.get(o.writes, -1),
            needs=tuple(tuple(number[v] for v in need) for need in o.needs),
        )
        for o in problem.operations
    ]
    return replace(
        problem,
        operations=operations,
        widths=[problem.widths[v] for v in number],
        entry={number[v]: a for v, a in problem.entry.items()},
        held=frozenset(number[v] for v in problem.held if v in number),
        tied={number[v]: number[old] for v, old in problem.tied.items()},
    ), number


def _kinds(problem: Problem) -> tuple[list[Any], list[int]]:
    """The different lists of forms, and which of them each operation has."""
    known: dict[tuple[Any, ...], int] = {}
    of = []
    for operation in problem.operations:
        key = tuple(tuple((s.engine, s.op, s.slots, s.latency) for s in form) for form in operation.forms)
        of.append(known.setdefault(key, len(known)))
    return [[[list(step) for step in form] for form in forms] for forms in known], of


def _operation(operation: Operation, kind: int) -> dict[str, Any]:
    record: dict[str, Any] = {"kind": kind, "reads": list(operation.reads)}
    if operation.writes >= 0:
        record["writes"] = operation.writes
    if any(operation.needs):
        record["needs"] = [list(need) for need in operation.needs]
    return record


def _value(problem: Problem, value: int) -> dict[str, Any]:
    record: dict[str, Any] = {"width": problem.widths[value]}
    if value in problem.entry:
        record["at"] = problem.entry[value]
    if value in problem.tied:
        record["over"] = problem.tied[value]
    if value in problem.held:
        record["held"] = True
    return record


# -- reading


def _known(entry: Entry, key: str) -> Known | None:
    if not entry.has(key):
        return None
    known = entry.entry(key)
    known.only("cycles", "how", "argument")
    argument = known.entry("argument").data if known.has("argument") else None
    return Known(known.integer("cycles"), known.text("how", ""), argument)


def _read_problem(entry: Entry) -> Problem:
    machine = _read_machine(entry.entry("machine"))
    kinds = [_read_kind(entry, kind, machine) for kind in entry.list("kinds")]
    values = list(entry.entries("values"))
    widths = [_read_width(value, machine) for value in values]
    operations = [_read_operation(o, k, kinds, len(values)) for k, o in enumerate(entry.entries("operations"))]
    if len(operations) > MOST_OPERATIONS:
        raise entry.error("operations", f"more than {MOST_OPERATIONS}")
    entry_at: dict[int, int] = {}
    tied: dict[int, int] = {}
    for v, value in enumerate(values):
        value.only("width", "at", "over", "held")
        if value.has("at"):
            entry_at[v] = value.integer("at", 0, machine.scratch_words - widths[v])
        if value.has("over"):
            tied[v] = value.integer("over", 0, len(values) - 1)
    problem = Problem(
        machine, operations, _read_edges(entry, len(operations)), widths, entry_at,
        frozenset(v for v, value in enumerate(values) if value.flag("held")), tied, _read_blocked(entry, machine),
    )  # fmt: skip
    _require_sense(entry, problem)
    return problem


def _read_machine(entry: Entry) -> Machine:
    entry.only("name", "lanes", "scratch_words", "slots")
    slots = entry.entry("slots")
    slots.only(*(name for name in ENGINES if name != "debug"))
    engines = {name: Engine(name, slots.integer(name, 1, MAX_SLOTS), frozenset()) for name in sorted(slots.data)}
    lanes, words = entry.integer("lanes", 1, MAX_LANES), entry.integer("scratch_words", 1, MAX_SCRATCH)
    return Machine(entry.text("name"), "the machine of an instance", lanes, words, 1, engines, {})


def _read_kind(entry: Entry, kind: object, machine: Machine) -> tuple[Form, ...]:
    """The forms of a kind: lists of steps [engine, op, slots, latency]."""
    if not isinstance(kind, list) or not all(isinstance(form, list) and form for form in kind):
        raise entry.error("kinds", "expected a list of forms, each a list of steps")
    return tuple(tuple(_read_step(entry, step, machine) for step in form) for form in kind)


def _read_step(entry: Entry, step: object, machine: Machine) -> Step:
    if not isinstance(step, list) or len(step) != 4 or not isinstance(step[0], str) or not isinstance(step[1], str):
        raise entry.error("kinds", "expected steps [engine, op, slots, latency]")
    engine, op, slots, latency = step
    if not machine.slots(engine):
        raise entry.error("kinds", f"the machine has no slots of an engine '{engine[:40]}'")
    return Step(
        engine,
        op,
        (),
        entry.number("kinds", slots, 1, MAX_LANES),
        entry.number("kinds", latency, 1, MAX_LATENCY),
    )


def _read_width(value: Entry, machine: Machine) -> int:
    width = value.integer("width", 1, machine.lanes)
    if width not in (1, machine.lanes):
        raise value.error("width", f"{width} is neither 1 nor the machine's {machine.lanes} lanes")
    return width


def _read_operation(entry: Entry, node: int, kinds: list[tuple[Form, ...]], values: int) -> Operation:
    entry.only("kind", "reads", "writes", "needs")
    forms = kinds[entry.integer("kind", 0, len(kinds) - 1)]
    reads = entry.integers("reads", values - 1)
    if len(set(reads)) < len(reads):
        raise entry.error("reads", "a value is there twice")
    writes = entry.integer("writes", 0, values - 1) if entry.has("writes") else -1
    needs: tuple[tuple[int, ...], ...] = ()
    if entry.has("needs"):
        lists = entry.list("needs")
        if len(lists) != len(forms) or not all(isinstance(need, list) for need in lists):
            raise entry.error("needs", f"expected a list of values for each of {len(forms)} forms")
        needs = tuple(tuple(entry.number("needs", v, 0, values - 1) for v in need) for need in lists)
    if not forms and (reads or writes >= 0):
        raise entry.error("kind", "an operation without forms reads and writes nothing")
    return Operation(node, forms, reads, writes, needs)


def _read_edges(entry: Entry, operations: int) -> list[list[tuple[int, int]]]:
    successors: list[list[tuple[int, int]]] = [[] for _ in range(operations)]
    for edge in entry.list("edges"):
        if not isinstance(edge, list) or len(edge) != 3 or not isinstance(edge[2], str) or edge[2] not in _KINDS:
            raise entry.error("edges", 'expected [operation, later operation, "data" or "order"]')
        source = entry.number("edges", edge[0], 0, operations - 1)
        target = entry.number("edges", edge[1], source + 1, operations - 1)
        successors[source].append((target, _KINDS[edge[2]]))
    return successors


def _read_blocked(entry: Entry, machine: Machine) -> tuple[tuple[int, int], ...]:
    ranges = []
    for item in entry.list("blocked"):
        if not isinstance(item, list) or len(item) != 2:
            raise entry.error("blocked", "expected ranges [first word, words]")
        first = entry.number("blocked", item[0], 0, machine.scratch_words - 1)
        ranges.append((first, entry.number("blocked", item[1], 1, machine.scratch_words - first)))
    return tuple(ranges)


def _require_sense(entry: Entry, problem: Problem) -> None:
    """Raises DataError unless values are written before they are read, and stand apart at the start."""
    there = set(problem.entry)
    landed = [{k for k, kind in edges if kind == DATA} for edges in problem.successors]
    writers: dict[int, list[int]] = {}
    for k, operation in enumerate(problem.operations):
        if operation.writes >= 0:
            if operation.writes in there:
                raise entry.error("operations", f"operation {k} writes value {operation.writes}, which is there")
            writers.setdefault(operation.writes, []).append(k)
    for k, operation in enumerate(problem.operations):
        for v in operation.reads:
            if v not in there and not writers.get(v):
                raise entry.error("operations", f"operation {k} reads value {v}, which nothing writes")
            for w in writers.get(v, ()):
                if k not in landed[w]:
                    message = f"operation {k} reads value {v}, and no data edge says that it waits for operation {w}"
                    raise entry.error("edges", f"{message}, which writes that")
        _require_possible_needs(entry, operation, k, there, writers)
    taken = Counter(problem.tied.values())
    for v, old in problem.tied.items():
        if v in there or old not in there or problem.widths[v] != problem.widths[old]:
            raise entry.error("values", f"value {v} cannot be written over value {old}")
        if old not in problem.held:
            raise entry.error("values", f"value {v} is written over value {old}, which is not held")
        if taken[old] > 1:
            raise entry.error("values", f"value {old} is written over more than once")
        for k in _not_before(problem, writers.get(v, ()), old):
            raise entry.error(
                "edges", f"operation {k} takes value {old}, and what writes value {v} over it does not wait"
            )
    end = 0
    for first, words in sorted(problem.occupied()):
        if first < end:
            raise entry.error("values", f"word {first} of scratch is taken twice at the start")
        end = first + words


def _require_possible_needs(
    entry: Entry, operation: Operation, k: int, there: Collection[int], writers: Mapping[int, list[int]]
) -> None:
    """Raises DataError unless what forms of one slot need is written somewhere, and the first form needs nothing."""
    for form, needs in zip(operation.forms, operation.needs or ((),) * len(operation.forms), strict=True):
        if needs and sum(step.slots for step in form) > 1:
            raise entry.error("kinds", f"operation {k} needs values for a form that takes more than one slot")
        for v in needs:
            if v not in there and not writers.get(v):
                raise entry.error("operations", f"operation {k} needs value {v}, which nothing writes")
    if operation.needs and operation.needs[0]:
        raise entry.error("operations", f"operation {k} needs values for its first form, which has to do without")


def _not_before(problem: Problem, writers: Collection[int], old: int) -> Iterator[int]:
    """The operations, but for the writers, that read or need a value and that some writer does not wait for."""
    before = [_ancestors(problem, writer) for writer in writers]
    for k, operation in enumerate(problem.operations):
        takes = old in operation.reads or any(old in need for need in operation.needs)
        if takes and k not in writers and not all(k in earlier for earlier in before):
            yield k


def _ancestors(problem: Problem, k: int) -> set[int]:
    """All operations that one waits for."""
    found = {k}
    for earlier in reversed(range(k)):
        if any(later in found for later, _ in problem.successors[earlier]):
            found.add(earlier)
    return found - {k}
