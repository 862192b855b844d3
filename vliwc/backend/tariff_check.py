"""Checks tariffs (see `vliwc.backend.bounds.argument.Tariff`), with integers, and without any code that finds them.

For a number of cycles T, every slot of an engine in a cycle has a price, and waits have tolls. By the end of each
cycle, no more of an operation has begun than is done of what it waits for. So in a schedule of T cycles, what
operations pay for slots and in tolls, less what they get of tolls, is no more than the price of all slots. The check
adds up the least that each operation may pay, with every slot in the cycle between head and tail in which it is
cheapest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

from vliwc.backend.entries import Entry
from vliwc.backend.problem import DATA, Form, Problem

_MOST = 1 << 53


def check_tariff(tariff: Entry, problem: Problem, heads: Sequence[int], tails: Sequence[int]) -> int:
    """The cycles that a schedule takes at least: one more than those that the tariff is about.

    Raises DataError if the record is malformed, names waits that do not exist, or proves nothing.
    """
    cycles = tariff.integer("cycles", 0, 1 << 20)
    listed = tariff.entry("prices")
    prices = {engine: _prices(listed, engine, problem, cycles) for engine in listed.data}
    offered = sum(problem.machine.slots(engine) * sum(of) for engine, of in prices.items())
    begun, done = _tolls(tariff, problem, cycles)
    paid = 0
    for k in range(len(problem.operations)):
        within = heads[k], cycles - tails[k]
        costs = _costs(problem, k, within, prices, begun, done.get(k, ()))
        if not costs:
            return cycles + 1  # there is no time for the operation at all
        paid += min(costs)
    if paid <= offered:
        raise tariff.error("prices", f"operations pay {paid:,} at least, and slots cost {offered:,}")
    return cycles + 1


Tolls = Mapping[tuple[int, int], Sequence[tuple[int, int]]]
"""For operations and forms what they pay if they have begun by some cycles: (cycle, toll) pairs."""


def _prices(prices: Entry, engine: str, problem: Problem, cycles: int) -> list[int]:
    """What a slot of an engine costs in each cycle."""
    if not problem.machine.slots(engine):
        raise prices.error(engine, "the machine has no such engine")
    found = [0] * cycles
    for item in prices.list(engine):
        if not isinstance(item, list) or len(item) != 2:
            raise prices.error(engine, "expected [cycle, price] each")
        found[prices.number(engine, item[0], 0, cycles - 1)] = prices.number(engine, item[1], 0, _MOST)
    return found


def _tolls(
    tariff: Entry, problem: Problem, cycles: int
) -> tuple[dict[tuple[int, int], list[tuple[int, int]]], dict[int, list[tuple[int, int, bool]]]]:
    """What each form pays if it has begun by the end of a cycle, and what each operation gets if it is done by then, or
    if its result is there (true) for what begins then."""
    begun: dict[tuple[int, int], list[tuple[int, int]]] = {}
    done: dict[int, list[tuple[int, int, bool]]] = {}
    for item in tariff.list("tolls"):
        if not isinstance(item, list) or len(item) != 6 or not isinstance(item[2], list):
            raise tariff.error("tolls", "expected [earlier, later, forms, data or order, cycle, amount] each")
        last = len(problem.operations) - 1
        earlier, later = (tariff.number("tolls", k, 0, last) for k in item[:2])
        forms = tuple(tariff.number("tolls", f, 0, max(0, len(problem.operations[later].forms) - 1)) for f in item[2])
        cycle, amount = tariff.number("tolls", item[4], 0, cycles), tariff.number("tolls", item[5], 0, _MOST)
        if len(set(forms)) != len(forms) or not _waits(problem, earlier, later, forms, item[3]):
            raise tariff.error("tolls", f"operation {later} does not wait so for operation {earlier}")
        for f in forms:
            begun.setdefault((later, f), []).append((cycle, amount))
        done.setdefault(earlier, []).append((cycle, amount, item[3] == "data"))
    return begun, done


def _waits(problem: Problem, earlier: int, later: int, forms: tuple[int, ...], kind: object) -> bool:
    """Does `later` wait for `earlier` in this way, whichever of these forms it takes?"""
    edges = [k == DATA for target, k in problem.successors[earlier] if target == later]
    if kind == "order":
        return bool(edges)  # the result is no sooner there than the operation is done
    operation, value = problem.operations[later], problem.operations[earlier].writes
    needed = bool(operation.needs) and value >= 0 and all(value in operation.needs[f] for f in forms)
    return kind == "data" and (any(edges) or needed)


def _costs(
    problem: Problem,
    k: int,
    within: tuple[int, int],
    prices: Mapping[str, Sequence[int]],
    begun: Tolls,
    done: Sequence[tuple[int, int, bool]],
) -> list[int]:
    """What operation k pays at least, in each form for which there is time from the first to the last cycle."""
    operation, machine = problem.operations[k], problem.machine
    if not operation.forms:
        cost = _step_cost((), within, 0, begun.get((k, 0), ()), [(c, amount) for c, amount, _ in done])
        return [] if cost is None else [cost]
    found = []
    for f, form in enumerate(operation.forms):
        spans = [(step.slots - 1) // machine.slots(step.engine) for step in form]
        first, total, last = within[0], 0, within[1] - _length(form, spans)
        for s, step in enumerate(form):
            # what comes before a step has had its time by then; what comes behind it needs it
            last += spans[s]
            tolls = begun.get((k, f), ()) if s == 0 else ()
            gains = [(c - step.latency * data, amount) for c, amount, data in done] if s + 1 == len(form) else []
            cost = _step_cost(prices.get(step.engine, ()), (first, last), step.slots, tolls, gains)
            if cost is None:
                break
            total += cost
            first += spans[s] + step.latency
            last += step.latency
        else:
            found.append(total)
    return found


def _length(form: Form, spans: Sequence[int]) -> int:
    """The cycles from a form's first slot to its last one."""
    return sum(spans) + sum(step.latency for step in form[:-1])


def _step_cost(
    prices: Sequence[int],
    within: tuple[int, int],
    slots: int,
    tolls: Sequence[tuple[int, int]],
    gains: Sequence[tuple[int, int]],
) -> int | None:
    """What all slots of a step cost, in the cycle in which they are cheapest; None if there is no cycle.

    With them goes their part of what is paid, or got, for all that is issued by some cycle.
    """
    first, last = within
    if first > last:
        return None
    costs = [slots * price for price in prices[first : last + 1]]
    costs += [0] * (last - first + 1 - len(costs))
    if not tolls and not gains:
        return min(costs)
    by = [0] * len(costs)
    for paid, sign in ((tolls, 1), (gains, -1)):
        for cycle, amount in paid:
            if cycle >= first:
                by[min(cycle, last) - first] += sign * amount
    later = list(accumulate(reversed(by)))[::-1]
    return min(cost + toll for cost, toll in zip(costs, later, strict=True))
