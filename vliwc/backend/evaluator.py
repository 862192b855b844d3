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
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from vliwc.backend.emission import slot_of
from vliwc.backend.problem import Operation, Problem, Step, Word
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

    def same_work(self, other: Selected) -> bool:
        """Whether two programs do the same, operation by operation, however scheduled: they evaluate alike."""
        return (
            self.graph.lanes == other.graph.lanes
            and self.plan == other.plan
            and self.continues == other.continues
            and len(self.problems) == len(other.problems)
            and all(
                (a.operations, a.tied, a.widths) == (b.operations, b.tied, b.widths)
                for a, b in zip(self.problems, other.problems, strict=True)
            )
        )


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


class Layout:
    """Words of boundless scratch for all values of a program, and its slots with these words, decoded once."""

    def __init__(self, selected: Selected) -> None:
        self._lanes = selected.graph.lanes
        self._address: dict[int, int] = {}
        self._decoded: dict[int, list[_Decoded]] = {}  # by the identity of a step, which `selected` keeps alive
        self._free = 0
        for problem in selected.problems:
            for operation in problem.operations:
                for v in (*operation.reads, *(w for need in operation.needs for w in need), operation.writes):
                    if v >= 0:
                        self._place(v, problem)

    def _place(self, value: int, problem: Problem) -> int:
        """Gives a value words of its own, or those of the value that it replaces."""
        if value not in self._address:
            if value in problem.tied:
                self._address[value] = self._place(problem.tied[value], problem)
            else:
                self._address[value] = self._free
                self._free += problem.widths[value]
        return self._address[value]

    def word(self, word: Word) -> range:
        """Where a word of a value is."""
        first = self._address[word.value] + word.offset
        return range(first, first + 1)

    def slots(self, step: Step) -> list[_Decoded]:
        """The slots of a step."""
        found = self._decoded.get(id(step))
        if found is None:
            slots = (slot_of(step, k, self._address, None) for k in range(step.slots))
            found = self._decoded[id(step)] = [_decoded(slot, self._lanes) for slot in slots]
        return found


class _Decoded(NamedTuple):
    """A slot: what it does, and to which words of scratch. `constant` is its immediate operand, if it is a source."""

    effect: Effect
    meaning: str
    sources: tuple[range, ...]
    constant: int | None
    target: range


def _decoded(slot: Slot, lanes: int) -> _Decoded:
    fmt = format_of(slot)
    constant = immediate(slot) if Role.IMM in fmt.roles else None
    meaning = fmt.meaning.name if fmt.meaning is not None else ""
    return _Decoded(fmt.effect, meaning, reads(slot, lanes), constant, writes(slot, lanes))


def evaluate_selected(
    selected: Selected, image: Lanes, choices: Random | None = None, layout: Layout | None = None
) -> Lanes:
    """The memory image after the operations ran on `image`, both 1-D u32 arrays; `image` itself is kept.

    Without `choices`, every operation takes its first form. `layout` is that of `selected`, for callers that evaluate
    it several times. Raises InternalError for what no correct selection does: an access outside the image, a division
    by 0, a word that is read before it is written.
    """
    numbers = _Numbers(image.tolist())
    run_selected(selected, numbers, lambda count: choices.randrange(count) if choices else 0, layout)
    return np.array(numbers.memory, dtype=np.uint32)


def run_selected(
    selected: Selected, semantics: Semantics[T], choose: Callable[[int], int], layout: Layout | None = None
) -> None:
    """Runs the operations on words of any kind; `choose(n)` picks one of n forms."""
    _Run(selected, semantics, choose, layout or Layout(selected)).segments(0, len(selected.plan.segments) - 1)


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

    def __init__(
        self, selected: Selected, semantics: Semantics[T], choose: Callable[[int], int], layout: Layout
    ) -> None:
        self._selected = selected
        self._semantics = semantics
        self._choose = choose
        self._layout = layout
        self._scratch: dict[int, T] = {}

    def segments(self, first: int, last: int) -> None:
        """Runs segments first … last, with the loops among them."""
        plan, number = self._selected.plan, first
        while number <= last:
            self._problem(self._selected.problems[number])
            entered = plan.segments[number].enters
            number += 1
            if entered >= 0:
                loop = plan.loops[entered]
                again = self._layout.word(self._selected.continues[entered])
                self.segments(loop.first, loop.last)
                while self._semantics.holds(self._read(again)[0]):
                    self.segments(loop.first, loop.last)
                number = loop.last + 1

    def _problem(self, problem: Problem) -> None:
        """Carries out the operations of a problem in their order, each in one of its forms."""
        unwritten = Counter(operation.writes for operation in problem.operations)
        for operation in problem.operations:
            if operation.forms:
                possible = [f for f in range(len(operation.forms)) if _complete(operation, f, unwritten)]
                for step in operation.forms[possible[self._choose(len(possible))]]:
                    for slot in self._layout.slots(step):
                        self._slot(slot)
                unwritten[operation.writes] -= 1

    def _slot(self, slot: _Decoded) -> None:
        semantics, target = self._semantics, slot.target
        sources = [self._read(words) for words in slot.sources]
        if slot.constant is not None:
            sources.append([semantics.constant(slot.constant)])
        match slot.effect:
            case Effect.COMPUTE:
                results = [semantics.apply(slot.meaning, *words) for words in zip(*sources, strict=True)]
            case Effect.COPY:
                results = sources[0] * len(target)
            case Effect.LOAD:
                results = [semantics.load(sources[0][0], k) for k in range(len(target))]
            case _:
                assert slot.effect is Effect.STORE, f"selection never makes slots that are {slot.effect}"
                results = []
                for k, word in enumerate(sources[1]):
                    semantics.store(sources[0][0], k, word)
        self._scratch.update(zip(target, results, strict=True))

    def _read(self, words: range) -> list[T]:
        try:
            return [self._scratch[w] for w in words]
        except KeyError:
            raise InternalError("the selected operations read a word before it is written") from None


def _complete(operation: Operation, form: int, unwritten: Counter[int]) -> bool:
    """Whether the values are complete that a form takes if they happen to be there."""
    return not any(unwritten[v] for v in operation.needed(form))
