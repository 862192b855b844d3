"""When each bundle of a compiled program executes. Exact, without a simulation.

A compiled program's only control flow are the loops of its witness, and their trip counts are known. So a program that
would run for hours is measured at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from vliwc.driver import Compilation
from vliwc.machine import trace_json

TRACE_CYCLES = 100_000
"""A trace ends here: viewers cannot take much more."""


def executions(compilation: Compilation) -> list[int]:
    """How often each bundle of the program executes."""
    counts = [1] * len(compilation.program.bundles)
    for loop in compilation.generated.witness.loops:
        trips = loop.trips(compilation.front.graph)
        for number in range(loop.header, loop.latch + 1):
            counts[number] *= trips
    return counts


def steps(compilation: Compilation) -> Iterator[tuple[int, int]]:
    """What the program executes: the cycle and the number of each bundle, in order of time."""
    graph, bundles = compilation.front.graph, compilation.program.bundles
    loops = {w.latch: (w.header, w.trips(graph)) for w in compilation.generated.witness.loops}
    finished = dict.fromkeys(loops, 0)
    cycle = number = 0
    while number < len(bundles):
        yield cycle, number
        cycle += bundles[number].takes_cycle
        following = number + 1
        if number in loops:
            header, trips = loops[number]
            finished[number] = (finished[number] + 1) % trips
            if finished[number]:
                following = header
        number = following


def chrome_trace(compilation: Compilation) -> str:
    """The run in Chrome's Trace Event Format, as Perfetto opens it: its first 100,000 cycles."""
    shown = takewhile(lambda step: step[0] < TRACE_CYCLES, steps(compilation))
    return trace_json(compilation.program, compilation.front.machine, shown)
