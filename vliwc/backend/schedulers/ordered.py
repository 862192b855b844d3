"""Schedules in which the engine that decides takes up its jobs in a good order (see `bounds.orders`).

A plan of the jobs, found as if all other engines had room for everything, says when each has its slots. All other
operations are due when the jobs need them; so the list scheduler gets its priorities from the plan. It comes out at the
same number of cycles but for what the other engines have no room for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import numpy as np

from vliwc.backend.bounds import busiest_jobs
from vliwc.backend.bounds.jobs import Jobs
from vliwc.backend.bounds.network import networks
from vliwc.backend.bounds.orders import Plan, plan
from vliwc.backend.problem import Problem
from vliwc.backend.schedulers.iterated import Part, iterated
from vliwc.backend.schedulers.making import Forms, Made, Maker, Starts

_WIDTHS = (20, 100)
"""How many states are kept that have as much done: first so many, then more for shorter plans."""
_ANOTHER = 30
"""How many for other plans."""
_LONGER = 2
"""By how many cycles plans may be longer than the shortest one: other engines may get along better with them."""
_RUNS = 40
"""How many schedules are made of a plan."""
_VAIN = 6
"""After so many plans without a shorter schedule there are no more."""


def ordered(
    problem: Problem,
    maker: Maker,
    forms: Forms,
    parts: list[Part],
    cycles: int,
    bound: int,
    states: int,
    *,
    seed: int,
    tell: Callable[[Made], None] | None = None,
) -> Made | None:
    """The shortest schedule made of plans, or None if none is shorter than `cycles`.

    Plans of `bound` cycles or more are looked for with about so many states: short ones, and then others about as
    short. `tell` is told of each schedule that is shorter than all before.
    """
    jobs = busiest_jobs(problem)
    if jobs is None:
        return None
    best, vain = None, 0
    for planned, length in _plans(jobs, bound, cycles - 1, states, Random(seed)):
        late = latest_starts(problem, jobs, planned, length)
        made = iterated(maker, late, cycles, forms, _RUNS, parts, seed=seed, enough=bound, tell=tell)
        if made is not None:
            best, cycles, vain = made, made.cycles, 0
        vain += made is None
        if cycles <= bound or vain == _VAIN:
            break
    return best


def _plans(jobs: Jobs, least: int, most: int, states: int, random: Random) -> Iterator[tuple[Plan, int]]:
    """Plans, each with its cycles: shorter and shorter ones from `least` to `most`, and then others about as short."""
    shortest = most + 1
    for width in _WIDTHS:
        asked, step = least, 1
        while asked < shortest and states > 0:
            outcome = plan(jobs, asked, states, width)
            states -= outcome.states
            if outcome.plan is not None:
                shortest = asked
                yield outcome.plan, asked
                break
            asked, step = min(asked + step, max(asked + 1, shortest - 1)), 2 * step
    while shortest <= most and states > 0:
        asked = shortest + int(random.random() * (_LONGER + 1))
        outcome = plan(jobs, asked, states, _ANOTHER, random)
        states -= outcome.states
        if outcome.plan is not None:
            yield outcome.plan, asked


def latest_starts(problem: Problem, jobs: Jobs, planned: Plan, cycles: int) -> Starts:
    """For each operation the latest cycle in which it may begin if the jobs keep to a plan of so many cycles.

    Of a job that others interrupt, the last slot counts, so that they keep their order.
    """
    network, from_end = networks(problem)
    tails = from_end.heads()
    number = {k: job for job, k in enumerate(jobs.operations)}
    needed = [0] * len(tails)
    """The cycle in which each operation is begun in the plan, or has to be."""
    starts = [0] * len(tails)
    for k in reversed(network.order):
        last = min((needed[target] - wait for target, wait in network.behind[k]), default=cycles)
        last = min(last, cycles - tails[k])
        needed[k] = starts[k] = last - network.span[k]
        if k in number:
            job = number[k]
            needed[k] = min(needed[k], planned.begin[job])
            starts[k] = min(last, planned.end[job]) - network.span[k]
    return np.array(starts, np.int32)
