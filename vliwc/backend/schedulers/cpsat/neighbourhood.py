"""Large neighbourhoods of a timetable: which operations are free, and what the model is to do with them.

- *shorten*: all that comes behind a range of cycles moves up by one; is there room for the range's operations in one
  cycle less?
- *tidy*: the range keeps its length, and its work moves to earlier cycles and cheaper engines. The number of cycles
  stays, but free slots gather at the end of the range, where the next range may use them. Either all operations of a
  range are free, or those of a longer one that compete for one engine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from vliwc.backend.problem import Problem
from vliwc.backend.schedulers.cpsat.frame import frame
from vliwc.backend.schedulers.cpsat.model import Model
from vliwc.backend.schedulers.cpsat.room import Room
from vliwc.backend.schedulers.cpsat.timetable import Slots, Timetable
from vliwc.backend.schedulers.cpsat.variables import Rise, Variable

Prices = Mapping[str, int]
"""What a slot of each engine counts."""


@dataclass(frozen=True, slots=True)
class Range:
    """The cycles `first` … `end - 1`."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Move:
    """A model of the free operations of a timetable."""

    before: Timetable
    free: frozenset[int]
    model: Model
    others: Timetable
    """Where all other operations are to stand."""

    def after(self, solution: Sequence[int]) -> Timetable:
        """The timetable that a solution stands for."""
        found = self.model.slots(solution)
        slots = [found[k] if k in self.free else issues for k, issues in enumerate(self.others.slots)]
        return Timetable(self.before.instance, slots, self.others)


def inside(table: Timetable, cycles: Range) -> list[int]:
    """The operations that are under way in a range of cycles."""
    return [
        k
        for k, (span, issues) in enumerate(zip(table.spans, table.slots, strict=True))
        if issues and span.start < cycles.end and span.end >= cycles.first
    ]


def shorten(table: Timetable, cycles: Range, room: Room | None) -> Move | None:
    """The move that saves a cycle of a range; None if the dependences forbid it."""
    free = frozenset(inside(table, cycles))
    slots = [
        tuple(issue._replace(cycle=issue.cycle - 1) for issue in issues)
        if issues and k not in free and issues[0].cycle >= cycles.end
        else issues
        for k, issues in enumerate(table.slots)
    ]
    within = {k: (min(cycles.first, table.spans[k].start), max(cycles.end, table.spans[k].end) - 1) for k in free}
    others = Timetable(table.instance, slots, table)
    opened = frame(table.instance, table.cycles - 1, free, others, within)
    return None if opened.windows.empty() else Move(table, free, Model(table.instance, opened, room), others)


def tidy(table: Timetable, free: Collection[int], cycles: Range, room: Room | None, prices: Prices) -> Move:
    """The move that brings free operations of a range forward."""
    within = {k: (min(cycles.first, table.spans[k].start), max(cycles.end - 1, table.spans[k].end)) for k in free}
    model = Model(table.instance, frame(table.instance, table.cycles, free, table, within), room)
    _prefer_early(model, cycles, prices)
    hint(model, table)
    return Move(table, frozenset(free), model, table)


def lateness(problem: Problem, slots: Sequence[Slots], prices: Prices) -> int:
    """The sum of prices times cycles over all slots: what `tidy` makes smaller."""
    return sum(
        prices.get(problem.operations[i.operation].forms[i.form][i.step].engine, 0) * i.slots * i.cycle
        for issues in slots
        for i in issues
    )


def _prefer_early(model: Model, cycles: Range, prices: Prices) -> None:
    """Minimises the sum of prices times cycles. Dear engines are avoided even in the range's first cycle."""
    variables: list[Variable] = []
    factors: list[int] = []
    for (k, f, s), issued in model.issued.items():
        price = prices.get(model.problem.operations[k].forms[f][s].engine, 0)
        if price:
            variables += issued.variables
            factors += [-price] * len(issued.variables)
            if not isinstance(issued.final, int):
                variables.append(issued.final)
                factors.append(price * (issued.last - cycles.first + 1))
    model.cp.minimize(cp_model.LinearExpr.weighted_sum(variables, factors))


def hint(model: Model, table: Timetable) -> None:
    """Tells the solver where the operations are now."""
    for (k, f), choice in model.chosen.items():
        if not isinstance(choice, int):
            model.cp.add_hint(choice, f == table.form(k))
    hinted: set[int] = set()
    for rise, grows in _growth(model, table):
        if id(rise) not in hinted:  # some variables have several meanings
            hinted.add(id(rise))
            for cycle, variable in enumerate(rise.variables, rise.first):
                model.cp.add_hint(variable, sum(amount for at, amount in grows if at <= cycle))


def _growth(model: Model, table: Timetable) -> Iterator[tuple[Rise, list[tuple[int, int]]]]:
    """By how much the model's functions rise in which cycles."""
    for k, begun in model.begun.items():
        yield begun, [(table.spans[k].start, 1)]
        yield model.done[k], [(table.spans[k].end, 1)]
    for (k, f, s), issued in model.issued.items():
        yield issued, [(i.cycle, i.slots) for i in table.slots[k] if (i.form, i.step) == (f, s)]
    for life in table.lives():
        if life.value.number in model.born:
            yield model.born[life.value.number], [(life.born, 1)]
            yield model.dead[life.value.number], [(life.last, 1)]
