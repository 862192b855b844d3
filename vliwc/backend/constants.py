"""Gives constants more ways to be made: from other constants that happen to be in scratch.

A `const` takes a slot of the load engine, which early cycles want for many constants at once and gathers want later. A
constant that is the sum, difference, xor, product or shift of two others may come from `alu`, and from any other one by
`add_imm`. Such forms need their operands (`Operation.needs`), but do not keep them in scratch: the scheduler takes them
if they are there. Few constants are kept: the first one, so that `add_imm` always has one to start from, the distance
of many, so that one leads to the next, and where there are very many, such that all others are sums of two of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from vliwc.backend.problem import ORDER, Form, Immediate, Operation, Problem, Step, Word
from vliwc.ir.graph import Graph
from vliwc.ir.ops import MASK, PURE
from vliwc.machine.description import Machine

_MOST_SOURCES = 128
"""Constants that others are made of, with any second one; splats are taken first, since they live longest."""
_ANCHORED = 8
"""From how many constants on the first one stays in scratch for the others."""
_REPEATED = 12
"""From how many constants on at the same distance from another one that distance is made, too."""
_SERVED = 4
"""For how many constants each of those is good that stay in scratch as sums' parts."""
_ROOM = 16
"""They take no more than one of so many words of scratch."""
_MOST_FACTORS = 48
"""Of these, how many are multiplied and shifted by each other."""
_MOST_WAYS = 3
"""How many ways by `alu` an operation gets."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A constant and a word that holds it."""

    number: int
    word: Word


@dataclass(frozen=True, slots=True)
class _Sources:
    """What constants are made of: all sources, in order of preference; by number; products of pairs; those in `kept`
    stay in scratch."""

    all: list[_Source]
    at: dict[int, _Source]
    products: dict[int, tuple[str, _Source, _Source]]
    kept: dict[int, _Source]


def derive_constants(problem: Problem, graph: Graph) -> None:
    """Adds forms to the operations that make constants."""
    kept = _keep(problem)
    problem.held |= {source.word.value for source in kept.values()}
    at = dict(kept)
    for source in _words(problem, graph):
        at.setdefault(source.number, source)
    several = list(at.values())[:_MOST_SOURCES]
    sources = _Sources(several, at, dict(_products(several[:_MOST_FACTORS])), kept)
    for k, operation in enumerate(problem.operations):
        number = _constant(operation)
        if number is not None:
            ways = list(_ways(number, problem.machine, operation, sources))
            forms = operation.forms + tuple(form for form, _ in ways)
            needs = tuple(() for _ in operation.forms) + tuple(need for _, need in ways)
            problem.operations[k] = replace(operation, forms=forms, needs=needs)


def _keep(problem: Problem) -> dict[int, _Source]:
    """The constants that stay in scratch, some of them added to the problem, by number."""
    makers = {n: k for k, o in reversed([*enumerate(problem.operations)]) if (n := _constant(o)) is not None}
    anchor, added = _anchor(problem), _Added(problem, makers)
    kept = {anchor.number: anchor} if anchor else {}
    kept |= {source.number: source for source in (*_stride(added), *_grid(added))}
    added.insert()
    return kept


class _Added:
    """Constants that are added to a problem, each before those that it helps to make."""

    def __init__(self, problem: Problem, makers: dict[int, int]) -> None:
        self.problem = problem
        self.makers = makers
        """For each constant of the problem the first operation that makes it."""
        self._new: list[tuple[Operation, list[int]]] = []

    def add(self, number: int, users: list[int]) -> _Source:
        """One more constant, to be made like its users and before them."""
        value = Word(len(self.problem.widths))
        self.problem.widths.append(1)
        model = self.problem.operations[users[0]]
        step = replace(model.forms[0][0], operands=(value, Immediate(number)))
        self._new.append((Operation(model.node, ((step,),), (), value.value), users))
        return _Source(number, value)

    def insert(self) -> None:
        """Puts the operations where the program order wants them: right before their first users."""
        problem = self.problem
        before: dict[int, list[int]] = {}
        for j, (_, users) in enumerate(self._new):
            before.setdefault(min(users), []).append(len(problem.operations) + j)
        order = [m for k in range(len(problem.operations)) for m in (*before.get(k, ()), k)]
        position = {k: at for at, k in enumerate(order)}
        operations = problem.operations + [operation for operation, _ in self._new]
        successors = problem.successors + [[(k, ORDER) for k in users] for _, users in self._new]
        problem.operations = [operations[k] for k in order]
        problem.successors = [[(position[t], kind) for t, kind in successors[k]] for k in order]


def _stride(added: _Added) -> Iterator[_Source]:
    """The distance that the most constants have from the next smaller one.

    Addresses are like that. With it, each can be made of the one before on `alu`.
    """
    makers = added.makers
    distances = Counter(b - a for a, b in pairwise(sorted(makers)))
    stride, count = max(distances.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))
    if count >= _REPEATED and stride not in makers:
        yield added.add(stride, [k for n, k in makers.items() if n - stride in makers])


def _grid(added: _Added) -> Iterator[_Source]:
    """Constants and distances such that each of many others is one of these and one of those.

    The most common distances of a program's addresses are those within a row and those between rows. There are none if
    they take much scratch, or are for few constants.
    """
    problem, makers = added.problem, added.makers
    most = min(len(makers) // _SERVED, problem.machine.scratch_words // _ROOM)
    grids = (_cells(sorted(makers), 1 << k) for k in range(3, 20))
    bases, distances = min(grids, key=lambda grid: len(set(grid[0].values())) + len(grid[1]))
    parts = [*dict.fromkeys(bases.values()), *sorted(distances)]
    if len(parts) > most:
        return
    for number in parts:
        maker = makers.get(number, -1)
        if maker >= 0 and problem.widths[problem.operations[maker].writes] == 1:
            yield _Source(number, Word(problem.operations[maker].writes))
        else:  # it is there when it is of use for the second time: for the first time there are other ways
            users = sorted(k for n, k in makers.items() if number in (bases[n], n - bases[n]))
            yield added.add(number, users[1:] or users)


def _cells(numbers: Sequence[int], span: int) -> tuple[dict[int, int], set[int]]:
    """For each of the ascending numbers one that is less than a span below it, and how far below: few of both."""
    bases: dict[int, int] = {}
    base = -span
    for n in numbers:
        base = n if n >= base + span else base
        bases[n] = base
    return bases, {n - base for n, base in bases.items() if n != base}


def _anchor(problem: Problem) -> _Source | None:
    """The first constant, if there are enough others that can be made of it by `add_imm`: it stays in scratch."""
    numbers = [(o, n) for o in problem.operations if (n := _constant(o)) is not None]
    if len(numbers) < _ANCHORED:
        return None
    return next((_Source(n, Word(o.writes)) for o, n in numbers if problem.widths[o.writes] == 1), None)


def _constant(operation: Operation) -> int | None:
    """The number that an operation loads, or None if it does something else."""
    if operation.forms and operation.forms[0][0].op == "const":
        number = operation.forms[0][0].operands[1]
        assert isinstance(number, Immediate)
        return number.number
    return None


def _words(problem: Problem, graph: Graph) -> list[_Source]:
    """Constants of the problem in the order in which they are to be preferred."""
    splats: list[_Source] = []
    words: list[_Source] = []
    for operation in problem.operations:
        if operation.node < 0 or not operation.forms:
            continue
        target = operation.forms[0][-1].operands[0]
        number = _constant(operation)
        if number is None:
            number = graph.const(operation.node)
        if isinstance(target, Word) and operation.writes == target.value and number is not None:
            (splats if graph.op[operation.node] == "splat" else words).append(_Source(number, target))
    return splats + words


def _products(sources: list[_Source]) -> Iterator[tuple[int, tuple[str, _Source, _Source]]]:
    for a in sources:
        for b in sources:
            for op in ("mul", "shl", "shr"):
                meaning = PURE[op].word
                assert meaning is not None
                yield meaning(a.number, b.number), (op, a, b)


def _ways(
    number: int, machine: Machine, operation: Operation, sources: _Sources
) -> Iterator[tuple[Form, tuple[int, ...]]]:
    """Forms that make a number from other constants, with the values that they need."""
    target = operation.forms[0][0].operands[0]
    assert isinstance(target, Word)
    found = 0
    for op, a, b in _pairs(number, sources):
        symbol = PURE[op].symbol
        if operation.writes not in (a.word.value, b.word.value) and machine.runs("alu", symbol):
            step = Step("alu", symbol, (target, a.word, b.word), 1, machine.latency("alu", symbol))
            yield (step,), (a.word.value, b.word.value)
            found += 1
            if found == _MOST_WAYS:
                break
    if machine.runs("flow", "add_imm"):
        for near in _neighbours(operation, sources.all):
            difference = Immediate((number - near.number) & MASK)
            step = Step("flow", "add_imm", (target, near.word, difference), 1, machine.latency("flow", "add_imm"))
            yield (step,), (near.word.value,)


def _neighbours(operation: Operation, sources: list[_Source]) -> list[_Source]:
    """The first source, and the last one that is made before an operation: one of them is likely to be there."""
    others = [s for s in sources if s.word.value != operation.writes]
    before = [s for s in others if s.word.value < operation.writes]
    return [*others[:1], *(s for s in before[-1:] if s is not others[0])]


def _pairs(number: int, sources: _Sources) -> Iterator[tuple[str, _Source, _Source]]:
    """Operations on two sources that give a number, those first whose sources stay in scratch."""
    for a in sources.kept.values():
        if 2 * a.number >= number and number - a.number in sources.kept:
            yield "add", a, sources.kept[number - a.number]
    if sources.all and number <= 1:
        yield ("eq" if number else "xor"), sources.all[0], sources.all[0]
    if number in sources.products:
        yield sources.products[number]
    for a in sources.all:
        for op, other in (("add", number - a.number), ("sub", a.number - number), ("xor", number ^ a.number)):
            b = sources.at.get(other & MASK)
            if b is not None:
                yield op, a, b
