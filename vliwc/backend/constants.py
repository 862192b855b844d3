"""Gives constants more ways to be made: from other constants that happen to be in scratch.

A `const` takes a slot of the load engine, which early cycles want for many constants at once and gathers want later. A
constant that is the sum, difference, xor, product or shift of two others may come from `alu`, and from any other one by
`add_imm`. Such forms need their operands (`Operation.needs`), but do not keep them in scratch: the scheduler takes them
if they are there. Only the first constant is kept, so that `add_imm` always has one to start from, and the distance of
many, so that one leads to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
_MOST_FACTORS = 48
"""Of these, how many are multiplied and shifted by each other."""
_MOST_WAYS = 3
"""How many ways by `alu` an operation gets."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A constant and a word that holds it."""

    number: int
    word: Word


def derive_constants(problem: Problem, graph: Graph) -> None:
    """Adds forms to the operations that make constants."""
    stride, anchor = _add_stride(problem), _anchor(problem)
    kept = [source for source in (anchor, stride) if source is not None]
    problem.held |= {source.word.value for source in kept}
    at: dict[int, _Source] = {}
    for source in (*kept, *_sources(problem, graph)):
        at.setdefault(source.number, source)
    sources = list(at.values())[:_MOST_SOURCES]
    products = dict(_products(sources[:_MOST_FACTORS]))
    for k, operation in enumerate(problem.operations):
        number = _constant(operation)
        if number is not None:
            ways = list(_ways(number, problem.machine, operation, sources, at, products))
            forms = operation.forms + tuple(form for form, _ in ways)
            needs = tuple(() for _ in operation.forms) + tuple(need for _, need in ways)
            problem.operations[k] = replace(operation, forms=forms, needs=needs)


def _add_stride(problem: Problem) -> _Source | None:
    """Adds one more constant, the distance that the most constants have from the next smaller one, and returns it.

    Addresses are like that. With it, each can be made of the one before on `alu`. It is made before them.
    """
    makers = {n: k for k, o in enumerate(problem.operations) if (n := _constant(o)) is not None}
    distances = Counter(b - a for a, b in pairwise(sorted(makers)))
    stride, count = max(distances.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))
    if count < _REPEATED or stride in makers:
        return None
    model = problem.operations[min(makers.values())]
    value = Word(len(problem.widths))
    problem.widths.append(1)
    step = replace(model.forms[0][0], operands=(value, Immediate(stride)))
    problem.operations.append(Operation(model.node, ((step,),), (), value.value))
    problem.successors.append([(k, ORDER) for n, k in makers.items() if n - stride in makers])
    return _Source(stride, value)


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


def _sources(problem: Problem, graph: Graph) -> list[_Source]:
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
    number: int,
    machine: Machine,
    operation: Operation,
    sources: list[_Source],
    at: dict[int, _Source],
    products: dict[int, tuple[str, _Source, _Source]],
) -> Iterator[tuple[Form, tuple[int, ...]]]:
    """Forms that make a number from other constants, with the values that they need."""
    target = operation.forms[0][0].operands[0]
    assert isinstance(target, Word)
    found = 0
    for op, a, b in _pairs(number, sources, at, products):
        symbol = PURE[op].symbol
        if operation.writes not in (a.word.value, b.word.value) and machine.runs("alu", symbol):
            step = Step("alu", symbol, (target, a.word, b.word), 1, machine.latency("alu", symbol))
            yield (step,), (a.word.value, b.word.value)
            found += 1
            if found == _MOST_WAYS:
                break
    if machine.runs("flow", "add_imm"):
        for near in _neighbours(operation, sources):
            difference = Immediate((number - near.number) & MASK)
            step = Step("flow", "add_imm", (target, near.word, difference), 1, machine.latency("flow", "add_imm"))
            yield (step,), (near.word.value,)


def _neighbours(operation: Operation, sources: list[_Source]) -> list[_Source]:
    """The first source, and the last one that is made before an operation: one of them is likely to be there."""
    others = [s for s in sources if s.word.value != operation.writes]
    before = [s for s in others if s.word.value < operation.writes]
    return [*others[:1], *(s for s in before[-1:] if s is not others[0])]


def _pairs(
    number: int, sources: list[_Source], at: dict[int, _Source], products: dict[int, tuple[str, _Source, _Source]]
) -> Iterator[tuple[str, _Source, _Source]]:
    """Operations on two sources that give a number."""
    if sources and number <= 1:
        yield ("eq" if number else "xor"), sources[0], sources[0]
    if number in products:
        yield products[number]
    for a in sources:
        for op, other in (("add", number - a.number), ("sub", a.number - number), ("xor", number ^ a.number)):
            b = at.get(other & MASK)
            if b is not None:
                yield op, a, b
