"""The work in windows: every window of cycles at once, for several prices.

An operation lies in the window that begins with cycle r and leaves d cycles to a later operation (or the end) if its
head is r or more and it is d or more cycles away from there. If it has many slots of an engine, some of its work is in
windows that are up to x cycles too narrow for it as well: all but the slots that x cycles offer. This is the same as
points of work: the slots issued in its i-th cycle at best have a head that is i cycles later, and are as much closer to
the end as there are cycles behind. So windows are sums over points in a plane.

After Carlier's heads and tails (1982) and the energetic reasoning of Erschler and Lopez (1990), with prices in place of
a single resource.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vliwc.backend.bounds.prices import Prices, capacity
from vliwc.backend.problem import Form, Operation, Problem
from vliwc.machine.description import Machine

Integers = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class Found(NamedTuple):
    """The best window: its value in cycles (see `Window.value`), where it begins and ends, and by which prices."""

    value: int
    after: int
    before: int
    prices: int


@dataclass(frozen=True, slots=True)
class Work:
    """The points of work of all operations. P points, K prices."""

    prices: Sequence[Prices]
    capacity: Sequence[int]
    operation: Integers
    """P operations, ascending."""
    begun: Integers
    """P cycles by which the point's head is later than its operation's."""
    left: Integers
    """P cycles by which it is further from what comes behind than its operation's last slot."""
    cost: Floats
    """K × P costs."""

    def best_window(self, head: Integers, distance: Integers, finest: int, points: Integers | None = None) -> Found:
        """The window with the largest value. Windows begin and end at `finest` different cycles at most.

        `head` and `distance` are those of all operations; `points` are the points that count, by default all.
        """
        several, heads, distances, chosen = self._windows(head, distance, finest, 1, points)
        return self._tightened(several[0], heads, distances, chosen)

    def best_windows(self, head: Integers, distance: Integers, finest: int, count: int) -> list[Found]:
        """The `count` best windows for each price vector, the best of all first; see `best_window`."""
        several, heads, distances, chosen = self._windows(head, distance, finest, count, None)
        return [self._tightened(found, heads, distances, chosen) for found in several if found.value > 0]

    def _windows(
        self, head: Integers, distance: Integers, finest: int, count: int, points: Integers | None
    ) -> tuple[list[Found], Integers, Integers, Integers]:
        """The best windows, the points that count, and their heads and distances."""
        chosen = np.arange(len(self.operation), dtype=np.int32) if points is None else points
        operation = self.operation[chosen]
        heads, distances = head[operation] + self.begun[chosen], distance[operation] + self.left[chosen]
        begin, rows, after = _steps(heads, finest)
        end, columns, before = _steps(distances, finest)
        cell = begin * columns + end
        offset = np.add.outer(after, before) - 1
        several: list[Found] = []
        for k, per_cycle in enumerate(self.capacity):
            cost = np.bincount(cell, weights=self.cost[k][chosen], minlength=rows * columns)
            inside = cost.reshape(rows, columns)[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1]
            value = np.where(inside > 0, np.ceil(inside / per_cycle) + offset, -1)
            for place in _largest(value, count):
                row, column = divmod(place, columns)
                several.append(Found(int(value.flat[place]), int(after[row]), int(before[column]), k))
        several.sort(key=lambda found: -found.value)
        return several, heads, distances, chosen

    def _tightened(self, found: Found, heads: Integers, distances: Integers, chosen: Integers) -> Found:
        """The same work in the narrowest window."""
        inside = (heads >= found.after) & (distances >= found.before) & (self.cost[found.prices][chosen] != 0)
        if not inside.any():
            return found
        after, before = int(heads[inside].min()), int(distances[inside].min())
        return Found(found.value + after - found.after + before - found.before, after, before, found.prices)

    def inside(self, found: Found, head: Integers, distance: Integers) -> tuple[tuple[int, ...], int]:
        """The operations with work in a window, and what it costs."""
        points = (head[self.operation] + self.begun >= found.after) & (
            distance[self.operation] + self.left >= found.before
        )
        points &= self.cost[found.prices] != 0
        operations = tuple(np.unique(self.operation[points]).tolist())
        return operations, int(self.cost[found.prices][points].sum())


def _largest(values: Floats, count: int) -> list[int]:
    """The places of the largest values: the first one of the largest, then others in descending order."""
    first = int(values.argmax())
    if count == 1:
        return [first]
    most = min(count, values.size)
    places = np.sort(np.argpartition(values, -most, axis=None)[-most:])
    found: list[int] = places[np.argsort(-values.flat[places], kind="stable")].tolist()
    return list(dict.fromkeys([first, *found]))


def _steps(cycles: Integers, finest: int) -> tuple[Integers, int, Integers]:
    """Cycles as numbers of thresholds that they reach, how many thresholds there are, and the thresholds."""
    least = int(cycles.min())
    step = (int(cycles.max()) - least) // finest + 1
    number = (cycles - least) // step
    count = int(number.max()) + 1
    return number, count, least + step * np.arange(count, dtype=np.int32)


def work_of(problem: Problem, prices: Sequence[Prices]) -> Work:
    """The points of work of all operations."""
    machine = problem.machine
    shapes: dict[tuple[object, ...], list[tuple[int, int, tuple[int, ...]]]] = {}
    rows: list[tuple[int, int, int]] = []
    costs: list[tuple[int, ...]] = []
    for k, operation in enumerate(problem.operations):
        shape = tuple(tuple((step.engine, step.slots) for step in form) for form in operation.forms)
        if shape not in shapes:
            shapes[shape] = list(_points(operation, machine, prices)) if operation.forms else []
        for i, j, cost in shapes[shape]:
            rows.append((k, i, j))
            costs.append(cost)
    table = np.array(rows, np.int32).reshape(-1, 3)
    return Work(
        prices,
        [capacity(machine, p) for p in prices],
        table[:, 0].copy(),
        table[:, 1].copy(),
        table[:, 2].copy(),
        np.ascontiguousarray(np.array(costs, np.float64).reshape(-1, len(prices)).T),
    )


def _points(operation: Operation, machine: Machine, prices: Sequence[Prices]) -> list[tuple[int, int, tuple[int, ...]]]:
    """Where an operation's work is: points (i, j) with costs, such that those with i ≥ a and j ≥ b add up to
    `least_cost(…, a + b)`: on each diagonal i + j = x, the second difference of the least cost there."""
    amounts: list[tuple[int, ...]] = []
    while not amounts or any(amounts[-1]):
        amounts.append(tuple(least_cost(operation, machine, p, len(amounts)) for p in prices))
    amounts += [amounts[-1]] * 2
    points = []
    for x in range(len(amounts) - 2):
        here = zip(amounts[x], amounts[x + 1], amounts[x + 2], strict=True)
        difference = tuple(a - 2 * b + c for a, b, c in here)
        if any(difference):
            points += [(i, x - i, difference) for i in range(x + 1)]
    return points


def least_cost(operation: Operation, machine: Machine, prices: Prices, missing: int) -> int:
    """What an operation costs at least in a window that is `missing` cycles too narrow for it."""
    of = dict(prices)

    def price(form: Form) -> int:
        if not missing:
            return sum(of.get(step.engine, 0) * step.slots for step in form)
        if len(form) > 1:
            return 0  # steps wait for each other; no more is claimed than is easy to see
        step = form[0]
        return of.get(step.engine, 0) * max(0, step.slots - machine.slots(step.engine) * missing)

    return min(map(price, operation.forms))
