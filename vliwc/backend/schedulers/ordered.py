"""Schedules in which the engine that decides takes up its jobs in a good order (see `bounds.orders`).

A plan of the jobs, found as if all other engines had room for everything, says when each has its slots. All other
operations are due when the jobs need them; so the list scheduler gets its priorities from the plan. It comes out at the
same number of cycles but for what the other engines have no room for.
"""

from __future__ import annotations

import numpy as np

from vliwc.backend.bounds import busiest_jobs
from vliwc.backend.bounds.jobs import Jobs
from vliwc.backend.bounds.network import networks
from vliwc.backend.bounds.orders import Plan, plan
from vliwc.backend.problem import Problem
from vliwc.backend.schedulers.iterated import Part, iterated
from vliwc.backend.schedulers.making import Forms, Made, Maker, Starts

_WIDTHS = (20, 100, 400)
"""How many states are kept that have as much done: first so many, then more for shorter plans."""
_RUNS = 40
"""How many schedules are made of a plan."""


def ordered(
    problem: Problem, maker: Maker, forms: Forms, parts: list[Part], cycles: int, bound: int, states: int, seed: int
) -> Made | None:
    """The shortest schedule made of plans, or None if none is shorter than `cycles`.

    Plans of `bound` cycles or more are looked for with about so many states.
    """
    jobs = busiest_jobs(problem)
    if jobs is None:
        return None
    best: Made | None = None
    most = cycles - 1
    for width in _WIDTHS:
        least, step = bound, 1
        while least <= most and states > 0:
            asked = min(least + step - 1, most)
            outcome = plan(jobs, asked, states, width)
            states -= outcome.states
            if outcome.plan is None:
                least, step = asked + 1, 2 * step
                continue
            most, step = asked - 1, 1
            late = latest_starts(problem, jobs, outcome.plan, asked)
            made = iterated(maker, late, cycles, forms, _RUNS, parts, seed=seed, enough=bound)
            if made is not None:
                best, cycles = made, made.cycles
    return best


def latest_starts(problem: Problem, jobs: Jobs, plan: Plan, cycles: int) -> Starts:
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
            needed[k] = min(needed[k], plan.begin[job])
            starts[k] = min(last, plan.end[job]) - network.span[k]
    return np.array(starts, np.int32)
