"""The bounds of one straight segment, and the argument for the best of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from vliwc.backend.bounds.argument import Argument, Chain, Lemma, Orders, Side, Window
from vliwc.backend.bounds.energy import Found, Integers, Work, work_of
from vliwc.backend.bounds.heads import Heads, raise_heads
from vliwc.backend.bounds.jobs import Jobs, jobs_of
from vliwc.backend.bounds.narrowing import Narrowing
from vliwc.backend.bounds.network import networks
from vliwc.backend.bounds.orders import refuted
from vliwc.backend.bounds.prices import Balance, Demands, Prices, balance, capacity, cost, demands
from vliwc.backend.bounds.timed import refutation
from vliwc.backend.problem import Problem

_PARTS = 12
"""Into how many parts operations are cut, by their heads, to find prices."""
_MOST_PRICES = 8
_ROUNDS = 2
"""How often the best windows are priced anew."""
_CANDIDATES = 12
"""How many windows, for each price vector, are looked at more closely (see `narrowing`)."""
_FINEST = 1000
"""At how many different cycles the concluding window may begin and end."""
_BUSY = 0.5
"""An engine that is busy for less than this share of the cycles does not decide alone how many they are."""
_STATES = 10
"""How many states of orders are made for each variable that a tariff may have."""


@dataclass(frozen=True, slots=True)
class SegmentBound:
    """The bounds of one straight segment, run once.

    `resource`, `critical_path` and `energy` in cycles; `energy` is that of the best argument, which says why it holds.
    `slots` are those of each engine in a balanced choice of forms.
    """

    resource: int
    critical_path: int
    energy: int
    slots: dict[str, float]
    argument: Argument | None = None

    @property
    def best(self) -> int:
        """The best lower bound, in cycles."""
        return max(self.energy, self.critical_path)

    def with_argument(self, argument: Argument | None) -> SegmentBound:
        """The same with another argument, if that is for more cycles."""
        if argument is None or argument.bound <= self.best:
            return self
        return replace(self, energy=argument.bound, argument=argument)


def segment_bound(problem: Problem, enough: int | None = None, variables: int = 0) -> SegmentBound:
    """Lower bounds for one problem, the best of six arguments.

    The *resource* bound is a linear program over the shares of forms (see `prices`). The *critical path* is the longest
    chain with every operation in its fastest form. The *energy* bound is the best of all windows of work (see
    `energy`), in which engines may have windows of their own (see `narrowing`). Heads and tails *raised* by the work
    before and behind each operation (see `heads`) improve windows and chains. The last of these is the most work: it is
    left out if the others reach `enough` cycles, such as those of a schedule. With `variables`, *orders* of the busiest
    engine's jobs are gone through (see `orders`), and a *tariff* is looked for (see `timed`) by linear programs of
    about so many variables: 1,000 take a tenth of a second, 7,000 two seconds.
    """
    return _remembered(_Content(problem)).run(enough, variables)


def orders_bound(problem: Problem, least: int, most: int, states: int) -> Argument | None:
    """The argument that no order of the busiest engine's jobs keeps to so many cycles, from `least` to `most`, that so
    many states show; None if there is none."""
    return _remembered(_Content(problem)).orders(least, most, states)


def busiest_jobs(problem: Problem) -> Jobs | None:
    """The jobs of the engine that decides, if one is busy with them most of the time, and they are not too many."""
    return _remembered(_Content(problem)).jobs


def resource_bound(problem: Problem) -> Argument:
    """The argument of the resource bound: the work of all operations."""
    return _remembered(_Content(problem)).resource


def raised(problem: Problem) -> tuple[Sequence[int], Sequence[int]]:
    """The heads and the tails of all operations in cycles (see `argument`), raised by the work before and behind."""
    return _remembered(_Content(problem)).raised


class _Content:
    """A problem, equal to any other that differs only in where values stand in scratch: bounds do not depend on it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        values = frozenset(problem.entry), problem.held, frozenset(problem.tied.items())
        edges = tuple(map(tuple, problem.successors))
        self._key = problem.machine, tuple(problem.operations), edges, values, tuple(problem.widths)
        self._hash = hash((len(problem.widths), self._key[1], edges))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self._key == other._key


@lru_cache(maxsize=16)  # a scheduler asks, what it calls does, and so does the generator
def _remembered(content: _Content) -> _Bounder:
    return _Bounder(content.problem)


class _Bounder:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.machine = problem.machine
        self.demands: list[Demands] = [demands(operation) for operation in problem.operations]
        self.working = [k for k, wanted in enumerate(self.demands) if wanted]
        self.balance = self._balance(self.working)
        self._forward, self._backward = networks(problem)
        self._heads, self._tails = raise_heads(self._forward), raise_heads(self._backward)
        self._tariffs: dict[tuple[int, int], Argument | None] = {}
        """What came of linear programs, by the cycles that they are against and by their variables."""

    def run(self, enough: int | None, variables: int) -> SegmentBound:
        """The bounds; those with raised heads, and the tariff, only if the others do not reach `enough`."""

        def suffices(bound: SegmentBound) -> bool:
            return not self.working or (enough is not None and bound.energy >= enough)

        bound = self._quick
        if not suffices(bound):
            bound = self._thorough
        if variables and not suffices(bound):
            most = bound.best + len(self.working) if enough is None else enough - 1
            bound = bound.with_argument(self.orders(bound.best, most, _STATES * variables))
        while not suffices(bound) and (argument := self._tariff(bound.best, variables)) is not None:
            bound = bound.with_argument(argument)
        return bound

    def orders(self, least: int, most: int, states: int) -> Argument | None:
        """See `orders_bound`."""
        if self.jobs is None:
            return None
        cycles = refuted(self.jobs, least, most, states)
        if cycles < least:
            return None
        return Argument(cycles + 1, self._lemmas_of(self.jobs.operations), Orders(self.jobs.engine, cycles))

    @cached_property
    def jobs(self) -> Jobs | None:
        """See `busiest_jobs`."""
        loads = {
            engine: sum(operation.least_slots(engine) for operation in self.problem.operations) / slots
            for engine in self.machine.engines
            if (slots := self.machine.slots(engine))
        }
        busiest = max(loads, key=lambda engine: loads[engine])
        if loads[busiest] < _BUSY * self._quick.best:
            return None
        heads, tails = self.raised
        return jobs_of(self.problem, busiest, self._forward, heads, tails)

    @cached_property
    def _quick(self) -> SegmentBound:
        path = self._chain(self._heads, self._tails)
        resource = self.resource
        best = max(path, resource, key=lambda argument: argument.bound)
        if self.working:
            best = self._better(best, self._window(self._all_work, self._heads, self._tails))
        return SegmentBound(resource.bound, path.bound, best.bound, self.balance.slots, best)

    @cached_property
    def _thorough(self) -> SegmentBound:
        quick, work, (heads, tails) = self._quick, self._all_work, self._with_work
        assert quick.argument is not None, "there always is a chain"
        best = self._better(quick.argument, self._window(work, heads, tails))
        best = self._better(best, self._chain(heads, tails))
        return replace(quick, energy=best.bound, argument=best)

    @cached_property
    def _with_work(self) -> tuple[Heads, Heads]:
        """Heads and tails, raised by all work."""
        return raise_heads(self._forward, self._all_work), raise_heads(self._backward, self._all_work)

    @property
    def raised(self) -> tuple[Sequence[int], Sequence[int]]:
        """The heads and the tails as numbers of cycles."""
        heads, tails = self._with_work if self.working else (self._heads, self._tails)
        return heads.raised, tails.raised

    @staticmethod
    def _better(old: Argument, new: Argument) -> Argument:
        """The argument for more cycles, the old one in case of doubt: it came first because it is simpler."""
        return new if new.bound > old.bound else old

    # -- prices

    def _balance(self, operations: Iterable[int]) -> Balance:
        return balance(self.machine, Counter(self.demands[k] for k in operations))

    @cached_property
    def _all_work(self) -> Work:
        """All work, at prices that suit the whole, parts of it, and the best windows."""
        heads, tails = self._heads, self._tails
        prices = self._prices_of_parts(heads.path)
        work = work_of(self.problem, prices)
        for _ in range(_ROUNDS):
            found = self._best(work, heads, tails)
            inside = [k for k in self.working if heads.path[k] >= found.after and tails.path[k] >= found.before]
            new = self._balance(inside).prices
            if not new or new in prices:
                break
            prices = [*prices, new]
            work = work_of(self.problem, prices)
        return work

    def _prices_of_parts(self, heads: Sequence[int]) -> list[Prices]:
        """Prices for the whole and for the parts of the operations with similar heads, the most frequent first."""
        ordered = sorted(self.working, key=lambda k: heads[k])
        count = len(ordered)
        parts = [ordered[count * i // _PARTS : count * (i + 1) // _PARTS] for i in range(_PARTS)]
        found = Counter(self._balance(part).prices for part in parts if part)
        found[self.balance.prices] += _PARTS
        return [prices for prices, _ in found.most_common(_MOST_PRICES) if prices]

    # -- arguments

    @cached_property
    def resource(self) -> Argument:
        """The argument that the work of all operations gives."""
        prices = self.balance.prices
        if not prices:
            return Argument(0, (), Chain(()))
        amount = sum(cost(self.demands[k], prices) for k in self.working)
        inside = tuple(k for k in self.working if cost(self.demands[k], prices))
        window = Window(0, 1, dict(prices), capacity(self.machine, prices), amount, len(inside))
        return Argument(window.value, (), window, inside)

    def _best(self, work: Work, heads: Heads, tails: Heads) -> Found:
        return work.best_window(np.array(heads.raised, np.int32), np.array(tails.raised, np.int32), _FINEST)

    def _window(self, work: Work, heads: Heads, tails: Heads) -> Argument:
        """The argument that the best window gives, with engines in windows of their own if that is better."""
        head, tail = np.array(heads.raised, np.int32), np.array(tails.raised, np.int32)
        narrowing = Narrowing(self.problem, heads, tails)
        best: tuple[Window, tuple[int, ...]] | None = None
        for found in work.best_windows(head, tail, _FINEST, _CANDIDATES):
            plain, inside = _window(work, found, head, tail)
            narrowed = narrowing.narrowed(plain, inside)
            window = narrowed if narrowed.value > plain.value else plain
            if best is None or window.value > best[0].value:
                best = window, inside
        assert best is not None
        window, inside = best
        sources = narrowing.sources(inside) if window.own else ()
        lemmas = _lemmas("head", heads, inside + sources) + _lemmas("tail", tails, inside)
        return Argument(window.value, lemmas, window, inside)

    def _chain(self, heads: Heads, tails: Heads) -> Argument:
        """The argument that the longest chain gives."""
        count = len(self.problem.operations)
        if not count:
            return Argument(0, (), Chain(()))
        span = heads.network.span
        length = [heads.raised[k] + span[k] + tails.raised[k] for k in range(count)]
        top = max(range(count), key=lambda k: length[k])
        chain = (*reversed(heads.chain(top)), top, *tails.chain(top))
        lemmas = _lemmas("head", heads, chain[:1]) + _lemmas("tail", tails, chain[-1:])
        return Argument(length[top], lemmas, Chain(chain))

    def _tariff(self, cycles: int, variables: int) -> Argument | None:
        """The argument that there is no schedule of so many cycles, if a linear program with so many variables gives
        one."""
        if (cycles, variables) not in self._tariffs:
            heads, tails = self._with_work
            found = refutation(self.problem, heads.raised, tails.raised, cycles, variables)
            everything = range(len(self.problem.operations))
            argument = None if found is None else Argument(found.cycles + 1, self._lemmas_of(everything), found)
            self._tariffs[cycles, variables] = argument
        return self._tariffs[cycles, variables]

    def _lemmas_of(self, operations: Sequence[int]) -> tuple[Lemma, ...]:
        """The lemmas that the raised heads and tails of some operations rest on."""
        heads, tails = self._with_work
        return _lemmas("head", heads, operations) + _lemmas("tail", tails, operations)


def _window(work: Work, found: Found, head: Integers, distance: Integers) -> tuple[Window, tuple[int, ...]]:
    """A window in full, and the operations with work in it."""
    inside, amount = work.inside(found, head, distance)
    prices = dict(work.prices[found.prices])
    return Window(found.after, found.before, prices, work.capacity[found.prices], amount, len(inside)), inside


def _lemmas(side: Side, heads: Heads, operations: Iterable[int]) -> tuple[Lemma, ...]:
    """The lemmas that the heads (or tails) of some operations rest on."""
    if heads.work is None:
        return ()
    raised = np.array(heads.raised, np.int32)
    return tuple(
        Lemma(side, k, _window(heads.work, heads.lemmas[k], raised, heads.rows[k])[0])
        for k in heads.reasons(operations)
    )
