"""The meaning of selected operations, before they are scheduled: they are run one after the other on a memory image.

Every value has scratch words of its own here, as many as there may be, so scratch never is too small and only selection
(and spilling) can be wrong. An operation is carried out in one of its forms, of which each must do: pass `choices` to
try them at random. What a slot does is taken from the machine's table of slots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

import numpy as np

from vliwc.backend.emission import slot_of
from vliwc.backend.problem import Operation, Problem, Word
from vliwc.backend.regions import Plan
from vliwc.errors import InternalError
from vliwc.ir.graph import Graph
from vliwc.ir.ops import MASK, PURE, Lanes
from vliwc.machine.program import Slot
from vliwc.machine.slots import Effect, Role, format_of, immediate, reads, writes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Selected:
    """A program as selected operations: one problem for each segment of the plan."""

    graph: Graph
    plan: Plan
    problems: tuple[Problem, ...]
    continues: tuple[Word, ...]
    """For each loop of the plan the word that says whether another iteration follows."""


class Semantics(Generic[T]):
    """What slots do to words of some kind: numbers here, terms of a solver in `vliwc.proofs`."""

    def constant(self, number: int) -> T:
        """The word of a number."""
        raise NotImplementedError

    def apply(self, op: str, *words: T) -> T:
        """An elementwise operation of the table."""
        raise NotImplementedError

    def load(self, address: T, offset: int) -> T:
        """The word of memory `offset` words after an address."""
        raise NotImplementedError

    def store(self, address: T, offset: int, word: T) -> None:
        """Changes a word of memory."""
        raise NotImplementedError

    def holds(self, word: T) -> bool:
        """Whether a loop goes on that does so where this word is not 0."""
        raise NotImplementedError


def evaluate_selected(selected: Selected, image: Lanes, choices: Random | None = None) -> Lanes:
    """The memory image after the operations ran on `image`, both 1-D u32 arrays; `image` itself is kept.

    Without `choices`, every operation takes its first form. Raises InternalError for what no correct selection does:
    an access outside the image, a division by 0, a word that is read before it is written.
    """
    numbers = _Numbers(image.tolist())
    run_selected(selected, numbers, lambda count: choices.randrange(count) if choices else 0)
    return np.array(numbers.memory, dtype=np.uint32)


def run_selected(selected: Selected, semantics: Semantics[T], choose: Callable[[int], int]) -> None:
    """Runs the operations on words of any kind; `choose(n)` picks one of n forms."""
    _Run(selected, semantics, choose).segments(0, len(selected.plan.segments) - 1)


class _Numbers(Semantics[int]):
    def __init__(self, memory: list[int]) -> None:
        self.memory = memory

    def constant(self, number: int) -> int:
        return number & MASK

    def apply(self, op: str, *words: int) -> int:
        meaning = PURE[op].word
        assert meaning is not None
        try:
            return meaning(*words)
        except ZeroDivisionError:
            raise InternalError("the selected operations divide by 0") from None

    def load(self, address: int, offset: int) -> int:
        return self.memory[self._inside(address + offset)]

    def store(self, address: int, offset: int, word: int) -> None:
        self.memory[self._inside(address + offset)] = word

    def holds(self, word: int) -> bool:
        return word != 0

    def _inside(self, address: int) -> int:
        if not 0 <= address < len(self.memory):
            raise InternalError(f"the selected operations access word {address} of an image of {len(self.memory)}")
        return address


class _Run(Generic[T]):
    """One run over all segments."""

    def __init__(self, selected: Selected, semantics: Semantics[T], choose: Callable[[int], int]) -> None:
        self.selected = selected
        self.semantics = semantics
        self.executor = Executor(selected.graph, semantics, choose)
        for problem in selected.problems:
            self.executor.place(problem)

    def segments(self, first: int, last: int) -> None:
        """Runs segments first … last, with the loops among them."""
        plan, number = self.selected.plan, first
        while number <= last:
            self.executor.run(self.selected.problems[number])
            entered = plan.segments[number].enters
            number += 1
            if entered >= 0:
                loop = plan.loops[entered]
                self.segments(loop.first, loop.last)
                while self.semantics.holds(self.executor.word(self.selected.continues[entered])):
                    self.segments(loop.first, loop.last)
                number = loop.last + 1


class Executor(Generic[T]):
    """Boundless scratch, and operations that work on it."""

    def __init__(self, graph: Graph, semantics: Semantics[T], choose: Callable[[int], int]) -> None:
        self.graph = graph
        self.semantics = semantics
        self.choose = choose
        self.scratch: dict[int, T] = {}
        self._address: dict[int, int] = {}
        self._free = 0

    def place(self, problem: Problem) -> None:
        """Gives every value of a problem its words: its own, or those of the value that it replaces."""
        for operation in problem.operations:
            for v in (*operation.reads, *(w for need in operation.needs for w in need), operation.writes):
                if v >= 0:
                    self._place(v, problem)

    def _place(self, value: int, problem: Problem) -> int:
        if value not in self._address:
            if value in problem.tied:
                self._address[value] = self._place(problem.tied[value], problem)
            else:
                self._address[value] = self._free
                self._free += problem.widths[value]
        return self._address[value]

    def word(self, word: Word) -> T:
        """What a word of scratch holds."""
        return self._read(range(first := self._address[word.value] + word.offset, first + 1))[0]

    def run(self, problem: Problem) -> None:
        """Carries out the operations of a problem in their order."""
        unwritten = Counter(operation.writes for operation in problem.operations)
        for operation in problem.operations:
            if operation.forms:
                possible = [f for f in range(len(operation.forms)) if _complete(operation, f, unwritten)]
                self.execute(operation, possible[self.choose(len(possible))])
                unwritten[operation.writes] -= 1

    def execute(self, operation: Operation, form: int) -> None:
        """Carries out one operation in one of its forms, slot by slot."""
        for step in operation.forms[form]:
            for k in range(step.slots):
                self._slot(slot_of(step, k, self._address, None))

    def _slot(self, slot: Slot) -> None:
        lanes, fmt, semantics = self.graph.lanes, format_of(slot), self.semantics
        sources = [self._read(words) for words in reads(slot, lanes)]
        target = writes(slot, lanes)
        if Role.IMM in fmt.roles:
            sources.append([semantics.constant(immediate(slot))])
        match fmt.effect:
            case Effect.COMPUTE:
                assert fmt.meaning is not None
                results = [semantics.apply(fmt.meaning.name, *words) for words in zip(*sources, strict=True)]
            case Effect.COPY:
                results = sources[0] * len(target)
            case Effect.LOAD:
                results = [semantics.load(sources[0][0], k) for k in range(len(target))]
            case _:
                assert fmt.effect is Effect.STORE, f"selection never makes '{slot.op}'"
                results = []
                for k, word in enumerate(sources[1]):
                    semantics.store(sources[0][0], k, word)
        self.scratch.update(zip(target, results, strict=True))

    def _read(self, words: range) -> list[T]:
        if any(w not in self.scratch for w in words):
            raise InternalError("the selected operations read a word before it is written")
        return [self.scratch[w] for w in words]


def _complete(operation: Operation, form: int, unwritten: Counter[int]) -> bool:
    """Whether the values are complete that a form takes if they happen to be there."""
    return not any(unwritten[v] for v in (operation.needs[form] if operation.needs else ()))
