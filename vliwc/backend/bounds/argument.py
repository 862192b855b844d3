"""Why a bound holds: what a person or a checker needs to follow it without any of the code that found it.

An argument is a list of lemmas and a conclusion. A *head* is a cycle before which an operation cannot begin; a *tail*
is the number of cycles from the cycle of an operation's last slot, that one included, to the end of the schedule. Heads
and tails follow from the dependences alone, or from a lemma:

    operation k has head (tail) t, because the operations before (behind) it that have a head (tail) of `after`
    cycles and are `before` cycles away from k have so much work to do in between.

The work in such a window is counted in prices: every slot of an engine costs so much, so every cycle offers
`capacity` = the sum of slots times price, and each operation costs at least as much as its cheapest form. Prices are
the duals of the linear program that spreads operations over engines, so they lose nothing; but any prices would do.

In a conclusion that is a window, an engine may have a window of its *own*: no form of an operation with work in the
window has a slot of it, inside the window, before `after` cycles, or with less than `before` cycles to the end. It
offers its slots in those cycles only.
A form that needs a value begins when that is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple

Side = Literal["head", "tail"]


@dataclass(frozen=True, slots=True)
class Window:
    """Work that has to be done between two cycles.

    `work` is what the operations in the window cost together at these prices; they need work / capacity cycles, rounded
    up, and the window ends `before` cycles before the lemma's operation, or before the end of the schedule.
    """

    after: int
    before: int
    prices: Mapping[str, int]
    """What a slot of each engine costs; engines that are not named cost nothing."""
    capacity: int
    """What all slots of a cycle cost together."""
    work: int
    count: int
    """The number of operations that have work in the window."""
    own: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Engines that cannot be used that early or that late, with an `after` and a `before` of their own."""
    offers: Mapping[str, int] = field(default_factory=dict)
    """What each engine's slots of a cycle cost together; known where engines have windows of their own."""

    @property
    def cycles(self) -> int:
        """The cycles of the window."""
        return self.value - (self.after + self.before - 1)

    @property
    def value(self) -> int:
        """What follows: no less than so many cycles from the start to what comes behind the window."""
        if not self.own:
            return self.after + self.before - 1 - (-self.work // self.capacity)
        covered = open_ = 0
        for lost, offer in sorted((self.lost(engine), offer) for engine, offer in self.offers.items()):
            if open_ and self.work + covered <= open_ * lost:
                break  # all is done before there is time for this engine
            covered, open_ = covered + offer * lost, open_ + offer
        return -(-(self.work + covered) // open_)

    def lost(self, engine: str) -> int:
        """The cycles in which an engine has nothing to do for the window, before and behind it."""
        after, before = self.own.get(engine, (self.after, self.before))
        return after + before - 1

    def as_json(self) -> dict[str, Any]:
        """The window as JSON-able data."""
        return {
            "after": self.after,
            "before": self.before,
            "prices": dict(sorted(self.prices.items())),
            "capacity": self.capacity,
            "work": self.work,
            "count": self.count,
            **({"own": {engine: list(own) for engine, own in sorted(self.own.items())}} if self.own else {}),
        }


@dataclass(frozen=True, slots=True)
class Lemma:
    """The head or tail of an operation that follows from the work in a window before or behind it."""

    side: Side
    operation: int
    window: Window

    def as_json(self) -> dict[str, Any]:
        """The lemma as JSON-able data."""
        return {
            "side": self.side,
            "operation": self.operation,
            "cycles": self.window.value,
            "window": self.window.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Chain:
    """Operations that wait for each other: the first one's head, the waits, and the last one's tail add up."""

    key: ClassVar[str] = "chain"
    """Where it stands in a record."""

    operations: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """The chain as JSON-able data."""
        return {"operations": list(self.operations)}


@dataclass(frozen=True, slots=True)
class Circuit:
    """Operations of a loop's body that wait for each other in a circle, some of them for earlier iterations.

    Once around, the waits add up to `delay` cycles and `distance` iterations: so `iterations` iterations take no less
    than iterations · delay / distance cycles, rounded up, however they overlap.
    """

    key: ClassVar[str] = "circuit"
    """Where it stands in a record."""

    waits: tuple[tuple[int, int, str, int], ...]
    """Of each wait the earlier operation, the later one, its kind ("data" or "order"), and how many iterations before
    the later one's the earlier one's is."""
    delay: int
    iterations: int

    @property
    def distance(self) -> int:
        """The iterations from an operation to itself, once around."""
        return sum(distance for _, _, _, distance in self.waits)

    @property
    def value(self) -> int:
        """What follows: the fewest cycles of so many iterations."""
        return -(-self.iterations * self.delay // self.distance)

    def as_json(self) -> dict[str, Any]:
        """The circuit as JSON-able data."""
        return {"waits": [list(wait) for wait in self.waits], "delay": self.delay, "iterations": self.iterations}


class Wait(NamedTuple):
    """Operation `later`, if it takes one of these forms, waits for `earlier`; with `data` for its result."""

    earlier: int
    later: int
    forms: tuple[int, ...]
    data: bool


class Toll(NamedTuple):
    """What the later operation of a wait pays if it has begun by the end of a cycle, and the earlier one gets if it is
    done in time for that."""

    wait: Wait
    cycle: int
    amount: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """Why there is no schedule of so many cycles: operations would pay more for slots than there are slots to sell.

    Every slot has the price of its engine and cycle. By the end of each cycle, what waits pays no more tolls than what
    it waits for gets, since it has not begun if that is not done; of an operation of several slots, each begins or ends
    its part. So in any schedule prices, tolls and what tolls bring in add up to no more than all slots cost, each at
    most sold once. If they are more although each operation has every slot where that is cheapest, there is none.
    """

    key: ClassVar[str] = "tariff"
    """Where it stands in a record."""

    cycles: int
    prices: Mapping[str, Mapping[int, int]]
    """By engine and cycle; slots that are not named cost nothing."""
    tolls: tuple[Toll, ...]

    def as_json(self) -> dict[str, Any]:
        """The tariff as JSON-able data: [cycle, price] for each engine, and tolls [earlier, later, forms, kind, cycle,
        amount]."""
        return {
            "cycles": self.cycles,
            "prices": {engine: [list(at) for at in sorted(of.items())] for engine, of in sorted(self.prices.items())},
            "tolls": [
                [earlier, later, list(forms), "data" if data else "order", cycle, amount]
                for (earlier, later, forms, data), cycle, amount in self.tolls
            ],
        }


@dataclass(frozen=True, slots=True)
class Orders:
    """Why there is no schedule of so many cycles: in whatever order an engine takes up the operations that need slots
    of it in any form, one of them is late for that, though all other engines had room for everything.

    There is nothing more to say: a checker goes through the orders by itself (see `jobs` and `orders`).
    """

    key: ClassVar[str] = "orders"
    """Where it stands in a record."""

    engine: str
    cycles: int

    def as_json(self) -> dict[str, Any]:
        """The claim as JSON-able data."""
        return {"engine": self.engine, "cycles": self.cycles}


@dataclass(frozen=True, slots=True)
class Argument:
    """A lower bound in cycles, and why it holds.

    The conclusion is a chain, or a window and the operations with work in it, or a tariff, or orders, or for a loop a
    circuit. `lemmas` are in an order in which none needs a later one: heads from the start to the end, tails from the
    end to the start.
    """

    bound: int
    lemmas: tuple[Lemma, ...]
    conclusion: Chain | Window | Tariff | Orders | Circuit
    operations: tuple[int, ...] = ()
    """The operations with work in the concluding window, in ascending order."""

    @property
    def kind(self) -> str:
        """ "resource" for the work of all operations, "energy" for that of a part, "critical_path" for a chain alone,
        "chain" for one that needs lemmas, "tariff", "orders", "recurrence" for a circuit."""
        if isinstance(self.conclusion, Tariff | Orders):
            return self.conclusion.key
        if isinstance(self.conclusion, Circuit):
            return "recurrence"
        if isinstance(self.conclusion, Chain):
            return "chain" if self.lemmas else "critical_path"
        whole = self.conclusion.after == 0 and self.conclusion.before == 1
        return "resource" if whole else "energy"

    def as_json(self) -> dict[str, Any]:
        """The argument as JSON-able data; operations are written as ranges [first, last]."""
        record: dict[str, Any] = {"kind": self.kind, "bound": self.bound, "lemmas": [x.as_json() for x in self.lemmas]}
        if not isinstance(self.conclusion, Window):
            return record | {self.conclusion.key: self.conclusion.as_json()}
        return record | {"window": {**self.conclusion.as_json(), "operations": ranges(self.operations)}}


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Ascending numbers as ranges [first, last]."""
    result: list[list[int]] = []
    for number in numbers:
        if result and result[-1][1] == number - 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return result
