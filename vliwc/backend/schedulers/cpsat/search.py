"""The search for shorter schedules and for proofs, as long as there is effort left.

Small blocks are decided as a whole, for as many cycles as the bound says. What that leaves open, and large blocks, go
through large-neighbourhood search (Shaw 1998): ranges of cycles are opened one after the other and solved again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from vliwc.backend.bounds import LARGE_TARIFF, SegmentBound, orders_bound, segment_bound
from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import multistart
from vliwc.backend.schedulers.cpsat.diving import Diver
from vliwc.backend.schedulers.cpsat.exact import Exact, Verdict
from vliwc.backend.schedulers.cpsat.incumbent import Incumbent
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.neighbourhood import Move, lateness
from vliwc.backend.schedulers.cpsat.parts import bare, parts
from vliwc.backend.schedulers.cpsat.placing import place
from vliwc.backend.schedulers.cpsat.ranges import Kind, Ranges
from vliwc.backend.schedulers.cpsat.remaking import shorter_with_copies, worth_remaking
from vliwc.backend.schedulers.cpsat.repair import Repair, squeezed
from vliwc.backend.schedulers.cpsat.room import room
from vliwc.backend.schedulers.cpsat.solving import Answer, Solver, Way
from vliwc.backend.schedulers.cpsat.start import start
from vliwc.backend.schedulers.cpsat.timetable import Timetable, timetable
from vliwc.backend.schedulers.effort import Effort, Meter
from vliwc.backend.schedulers.making import Made

_MOST_VARIABLES = 250_000
_VARIABLES = 50_000
"""Blocks whose models are larger, or larger than this for a second or unit of work, are not decided as a whole."""
_BUILDING = 5e-5
"""What making a model may take, for each variable: nothing is asked for which there is less left."""
_LINEAR_VARIABLES = 5_000
"""In smaller models the whole linear relaxation is quick; they are soon decided with it."""
_WITHOUT_COPIES = 0.7
"""What the search may take of an effort before values are made again, if they may be."""
_DECISION = 0.6
"""What raising the bound by one may take of the effort that is left."""
_EASIER = 0.3
"""What raising it by the easier problem may take."""
_HARDER = 0.2
"""What a question about the harder problem may take."""
_QUESTION = 0.1
"""What a question on the way down may take of it."""
_TARIFF = 1_000
"""How many variables a linear program for a tariff may have for each second or unit of work."""
_STATES, _MOST_STATES = 15_000, 4_500_000
"""How many states of orders may be made for each of these (see `bounds.orders`), a sixth of the effort, where they
prove anything; and at most, so that a checker can go through what is proved."""
_LARGER_TARIFF = 2 * LARGE_TARIFF
"""How many it may have where repairs have not closed the gap; that takes some seconds, a small part of what is …"""
_PATIENT = 40
"""… no less than so many seconds or units of work."""
_TARIFF_WORK = 3.0
"""What it counts."""
_PARTS = 0.5
"""What all parts between joins may take of the whole effort, but for what is divided evenly."""
_DIVES, _DIVE = 0.5, 0.6
"""What dives may take of the effort that is left, and those for any but the last number of cycles of what is left of
that."""
_REFUTATION = 0.3
"""What the question may take why there are hopeless dives."""
_FIRST_REPAIRS = 0.2
"""What squeezing out one cycle may take of the effort that is left, before the first decision."""
_REPAIRS = 0.4
"""What it may take of it in turn with neighbourhoods."""
_NEIGHBOURHOODS = 0.3
"""What the search of neighbourhoods may take of it before the next decision."""
_SOLVE = 1.0
_SOLVES = 30
"""The seconds or units of work that one neighbourhood is worth at most, and how many an effort is enough for."""
_REPAIR = 0.3
_REPAIRED = 20
"""The same for repairs: many small steps are better there than few large ones."""
_MARGIN = 4
"""How many words fewer a repair may use when its schedule had no placement."""
_NO_SOLVE = 0.01
"""What it counts if there is nothing to solve, so that a limit of work is reached in any case."""
_PRICE = 1000
_EMPHASIS = 4
"""Engines are priced by their load to this power: what is short decides."""


def search(
    problem: Problem, found: Schedule, seed: int, progress: Callable[[str], None] | None, effort: Effort
) -> tuple[Schedule, int]:
    """The best schedule that is found, at least as good as `found`, and a lower bound in cycles.

    The bound of a schedule with copies (see `remaking`) does not count words of scratch, so that it holds for these.
    """
    meter = Meter(effort)
    bounds = segment_bound(problem, found.cycles, min(LARGE_TARIFF, round(_TARIFF * effort.amount)))
    incumbent, remade, made = None, None, None

    def tell(shorter: Made) -> None:
        nonlocal made
        made = shorter

    try:
        if found.cycles > bounds.best:
            states = min(_MOST_STATES, round(_STATES * effort.amount))
            bounds = bounds.with_argument(orders_bound(problem, bounds.best, found.cycles - 1, states))
        if found.cycles > bounds.best:
            remaking = worth_remaking(problem, effort.copies)
            rest = meter.rest()
            part = rest.part(_WITHOUT_COPIES, 2) if remaking else rest
            run = _begun(problem, found, bounds, seed, progress, part, tell)
            incumbent = run.incumbent
            incumbent.tell()
            run.run()
            meter.work += run.meter.work
            if remaking and incumbent.cycles > bounds.best:
                remade = shorter_with_copies(problem, incumbent.cycles, bounds.best, Solver(meter, seed), progress)
    except KeyboardInterrupt:
        if effort.interrupted is None:
            raise
        effort.interrupted.set()
    if incumbent is None:
        return replace(made.schedule() if made else found, argument=bounds.argument), bounds.best
    if remade is not None:
        return replace(remade, argument=bounds.argument), bounds.best
    best = incumbent.schedule if incumbent.cycles < found.cycles else found
    return replace(best, argument=incumbent.argument), incumbent.bound


def _begun(
    problem: Problem,
    found: Schedule,
    bounds: SegmentBound,
    seed: int,
    progress: Callable[[str], None] | None,
    effort: Effort,
    tell: Callable[[Made], None] | None = None,
) -> _Search:
    """A search for a shorter schedule than `found`, ready to run."""
    meter = Meter(effort)
    instance = Instance(problem)
    first = start(instance, found, seed, effort.amount, bounds.best, tell)
    incumbent = Incumbent(first, timetable(instance, first), bounds.best, progress)
    incumbent.raise_bound(bounds.best, bounds.argument)
    return _Search(incumbent, seed, meter, _prices(problem, bounds, bounds.best))


def _prices(problem: Problem, bounds: SegmentBound, cycles: int) -> dict[str, int]:
    """What a slot of each engine is worth, by the slots that a balanced choice of forms takes in so many cycles."""
    prices = {}
    for engine, count in bounds.slots.items():
        capacity = problem.machine.slots(engine)
        prices[engine] = round(_PRICE * (count / (capacity * cycles)) ** _EMPHASIS / capacity)
    return prices


class _Search:
    def __init__(self, incumbent: Incumbent, seed: int, meter: Meter, prices: dict[str, int]) -> None:
        self.incumbent = incumbent
        self.seed = seed
        self.effort = effort = meter.effort
        self.meter = meter
        self.solver = Solver(self.meter, seed)
        largest = min(_MOST_VARIABLES, _VARIABLES * meter.left())
        self.exact = Exact(incumbent, self.solver, effort.workers, largest)
        self.prices = prices
        instance = incumbent.table.instance
        problem = instance.problem
        self._ample = sum(value.width for value in instance.values) <= room(problem, split=True).words
        """Has scratch room for everything at once?"""
        self.random = Random(seed)
        self.ranges = Ranges(self.random, room(problem, split=place(incumbent.table) is not None), prices)

    def run(self) -> None:
        """Decisions about the whole block, where it is small enough, and neighbourhoods, in turn."""
        small = self.exact.small
        self._add_parts()
        self._refute()
        soon_decided = small and self.exact.size <= _LINEAR_VARIABLES
        way = Way.BOTH if soon_decided else Way.CLAUSES
        at_once = soon_decided and self._ample  # where scratch is short, a schedule is worth more than a proof
        if at_once:
            self._raise_bound(way)
        self._find()
        if not soon_decided:
            if small:
                self._dive()
            self._squeeze(_FIRST_REPAIRS)
            self._find_tariff()
        if small and not at_once:
            self._raise_bound(way)
        while small and not self.over():
            self._improve(until=self.meter.left() * (1 - _NEIGHBOURHOODS))
            way = Way.RELAXATIONS if way is not Way.RELAXATIONS else Way.CLAUSES
            self._lower_cycles(way)
            self._raise_bound(way)
            self._squeeze(_REPAIRS)
            small = self.meter.left() > _SOLVE and self._may_ask()
        while not self.over():
            self._squeeze(_REPAIRS)
            self._improve(until=max(0.0, self.meter.left() * _REPAIRS - _SOLVE))

    def over(self) -> bool:
        """Is the search at its end?"""
        return self.incumbent.optimal or self.meter.left() <= 0

    # -- decisions

    def _may_ask(self) -> bool:
        """Is there something to ask about the whole block, and time to?"""
        return not self.incumbent.optimal and self.meter.left() > self.exact.size * _BUILDING

    def _add_parts(self) -> None:
        """Raises the bound to what the parts between joins take together."""
        several = parts(self.incumbent.table.instance.problem)
        if len(several) < 2 or self.over():
            return
        effort = self.effort.part(_PARTS / len(several), len(several))
        self.incumbent.raise_bound(sum(self._least(part, effort) for part in several))

    def _least(self, problem: Problem, effort: Effort) -> int:
        """A lower bound of a part, proved within this effort."""
        found = multistart.schedule(problem, self.seed)
        if found is None:  # there may be a schedule nevertheless
            problem = bare(problem)
            found = multistart.schedule(problem, self.seed)
        assert found is not None, "without values, there always is a schedule"
        bounds = segment_bound(problem, found.cycles)
        if found.cycles <= bounds.best:
            return bounds.best
        run = _begun(problem, found, bounds, self.seed, None, effort)
        try:
            run.run()
        finally:
            self.meter.work += run.meter.work
        return run.incumbent.bound

    def _find_tariff(self) -> None:
        """Raises the bound by a larger linear program than the first one."""
        if self.over() or self.meter.left() < _PATIENT:
            return
        problem = self.incumbent.table.instance.problem
        found = segment_bound(problem, self.incumbent.cycles, _LARGER_TARIFF)
        self.incumbent.raise_bound(found.best, found.argument)
        self.meter.work += _TARIFF_WORK

    def _refute(self) -> None:
        """Raises the bound as far as the easier problem allows."""
        most = self.meter.left() * _EASIER
        while self._may_ask() and self.exact.refutes(self.incumbent.bound, most):
            self.incumbent.raise_bound(self.incumbent.bound + 1)

    def _find(self) -> None:
        """Looks for shorter schedules of the harder problem; questions halve the gap, or what may be left of it."""
        least, most = self.incumbent.bound, self.meter.left() * _HARDER
        while least < self.incumbent.cycles and self._may_ask():
            cycles = (least + self.incumbent.cycles) // 2
            if self.exact.find(cycles, most) is not Verdict.FOUND:
                least = cycles + 1

    def _dive(self) -> None:
        """Dives for schedules of as many cycles as the bound says and, as long as there is none, of one more."""
        instance, least, most = self.incumbent.table.instance, self.incumbent.bound, self.incumbent.cycles
        if self.over() or not self._ample:
            return
        diver = Diver(instance, self.exact.heads, self.exact.tails, self.solver, self.seed)
        end = self.meter.left() * (1 - _DIVES)
        for cycles in range(least, most):
            if self.over() or self.meter.left() <= end:
                return
            found = diver.find(cycles, (self.meter.left() - end) * (1.0 if cycles + 1 == most else _DIVE))
            if found is not None:
                self.incumbent.offer(found)
                return
            if diver.hopeless and diver.refutes(cycles, self.meter.left() * _REFUTATION):
                self.incumbent.raise_bound(cycles + 1)

    def _raise_bound(self, way: Way) -> None:
        """Asks for as many cycles as the bound says, until there is a schedule or no answer in time."""
        most = self.meter.left() * _DECISION
        while self._may_ask() and self.exact.decide(self.incumbent.bound, most, way) is Verdict.NONE:
            self.incumbent.raise_bound(self.incumbent.bound + 1)

    def _lower_cycles(self, way: Way) -> None:
        """Halves the gap, or what may be left of it, until nothing between bound and incumbent is worth a question."""
        least, most = self.incumbent.bound, self.meter.left() * _QUESTION
        while least < self.incumbent.cycles and self._may_ask():
            cycles = (least + self.incumbent.cycles) // 2
            verdict = self.exact.decide(cycles, most, way)
            if verdict is Verdict.NONE:
                self.incumbent.raise_bound(cycles + 1)
            if verdict is not Verdict.FOUND:
                least = cycles + 1

    # -- neighbourhoods

    def _squeeze(self, share: float) -> None:
        """Squeezes the schedule into a cycle less, and repairs what that overdraws; each cycle may take this share of
        the effort that is left."""
        limit = room(self.incumbent.table.instance.problem, split=False)
        while not self.over() and limit.words > 0:
            table, until = squeezed(self.incumbent.table, self.incumbent.cycles - 1), self.meter.left() * (1 - share)
            if table is None:
                return
            repair = Repair(table, limit, self.random)
            while repair.overdrawn:
                if self.meter.left() <= until:
                    return
                moves = [repair.pick() for _ in range(self.effort.workers)]
                repair.apply(moves, self.solver.together([self._task(move, _REPAIR, _REPAIRED) for move in moves]))
                self.meter.work += _NO_SOLVE
            if not self.incumbent.offer(repair.table):
                limit = replace(limit, words=limit.words - _MARGIN)  # it has no placement: there must be more room

    def _improve(self, until: float) -> None:
        """Opens one range after the other until so much effort is left."""
        while not self.over() and self.meter.left() > until:
            table = self.incumbent.table
            picked = [self.ranges.pick(table) for _ in range(self.effort.workers)]
            moves = [(kind, move) for kind, move in picked if move is not None]
            if not moves:
                self.meter.work += _NO_SOLVE
                continue
            answers = self.solver.together([self._task(move) for _, move in moves])
            for (kind, move), answer in zip(moves, answers, strict=True):
                self.ranges.adapt(kind, answer)
                if answer.solution is not None:
                    self._apply(kind, move, answer.solution)

    def _task(self, move: Move, limit: float = _SOLVE, number: int = _SOLVES) -> Callable[[], Answer]:
        most = min(limit, self.effort.amount / number)
        return lambda: self.solver.solve(move.model.cp, most=most)

    def _apply(self, kind: Kind, move: Move, solution: Sequence[int]) -> None:
        """Goes on from a solution, unless it makes nothing better or another one has changed too much meanwhile."""
        table = move.after(solution)
        problem, now = table.instance.problem, self.incumbent.table
        if now is not move.before:
            if table.cycles != now.cycles:
                return
            slots = [(table if k in move.free else now).slots[k] for k in range(len(now.slots))]
            table = Timetable(table.instance, slots, now)
            if not table.sound():
                return
        before, after = (lateness(problem, [t.slots[k] for k in move.free], self.prices) for t in (now, table))
        if kind is Kind.SHORTEN or after <= before:
            self.incumbent.offer(table)
