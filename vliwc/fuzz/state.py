"""What a kernel under construction knows: what is declared, what is in scope, and which words may be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from vliwc.fuzz.policies import MIXED, Policy
from vliwc.language.syntax import Expr

T = TypeVar("T")

MASK = 0xFFFF_FFFF
EXTREMES = (0, 1, 2, 3, 7, 31, 32, 33, 255, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, MASK - 1, MASK)


class Choices(Protocol):
    """Where the choices come from: `random.Random`, or hypothesis in the tests."""

    def randrange(self, stop: int, /) -> int:
        """A number from 0 to stop - 1; the smaller, the simpler."""


@dataclass(frozen=True)
class Variable:
    """A name that stands for a word of at most `bound`. A constant one is known to the checker."""

    name: str
    bound: int
    assignable: bool = False
    constant: bool = False


@dataclass(frozen=True)
class ArrayInfo:
    """An array as declared; no word in it is ever greater than `bound`, which is assumed if it is less than MASK."""

    name: str
    shape: tuple[int, ...]
    mode: str
    bound: int


@dataclass(frozen=True)
class View:
    """The words of an array that may be used here: `index` makes the full indices from one for each free dimension."""

    array: ArrayInfo
    free: tuple[int, ...]
    index: Callable[[tuple[Expr, ...]], tuple[Expr, ...]]
    readable: bool
    writable: bool


def whole(array: ArrayInfo) -> View:
    """All words of an array, as the kernel sees them outside `par`."""
    return View(array, array.shape, lambda free: free, readable=array.mode != "out", writable=array.mode != "in")


class State:
    """The state of one draw: what is declared and what is in scope."""

    def __init__(self, choices: Choices, policy: Policy = MIXED) -> None:
        self._choices = choices
        self.policy = policy
        self.scope: list[Variable] = []
        self.views: list[View] = []
        self.claims: dict[str, tuple[Expr, View]] = {}  # array: who may use it in this `par`, and how
        self.tables: dict[str, tuple[int, int]] = {}  # name: length, bound
        self.functions: dict[str, int] = {}  # name: number of parameters
        self.work = 1
        self.written = 0
        self.in_function = False

    def upto(self, n: int) -> int:
        """A number from 0 to n - 1."""
        return self._choices.randrange(n)

    def word(self) -> int:
        """Any word, an extreme one more often."""
        if self.chance(self.policy.extremes):
            return self.pick(EXTREMES)
        return self.upto(20) if self.chance(2) else self.upto(MASK + 1)

    def pick(self, items: Sequence[T]) -> T:
        return items[self.upto(len(items))]

    def weighted(self, weights: Mapping[str, int]) -> str:
        """One of the keys, each as often as its weight says."""
        at = self.upto(sum(weights.values()))
        for key, weight in weights.items():
            if at < weight:
                return key
            at -= weight
        raise AssertionError("the weights were summed")

    def chance(self, one_in: int) -> bool:
        """True once in `one_in`; shrinks to False."""
        return self.upto(one_in) == one_in - 1
