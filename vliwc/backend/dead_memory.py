"""Memory that a kernel has no more use for, where values may wait that scratch has no room for."""

from __future__ import annotations

from vliwc.backend.dependences import touches_memory
from vliwc.backend.regions import Plan
from vliwc.ir.graph import Graph, Mode


def dead_arrays(graph: Graph, plan: Plan, number: int) -> tuple[str, ...]:
    """The consumed arrays that nothing accesses once segment `number` itself is through with them.

    A segment in a loop comes again, so whatever the outermost loop around it touches counts as accessed later.
    """
    first, last = _around(plan, number)
    later = {
        graph.access(n).array
        for k, segment in enumerate(plan.segments)
        if k > number or first <= k <= last
        for n in segment.nodes
        if touches_memory(graph, n)
    }
    return tuple(a.name for a in graph.arrays.values() if a.mode is Mode.CONSUMED and a.name not in later)


def _around(plan: Plan, number: int) -> tuple[int, int]:
    """The first and last segment of the outermost loop around a segment; an empty range outside of loops."""
    first, last = 1, 0
    loop = plan.segments[number].loop
    while loop >= 0:
        first, last = plan.loops[loop].first, plan.loops[loop].last
        loop = plan.loops[loop].outer
    return first, last


class DeadWords:
    """Hands out addresses in dead arrays, each once. `name` and `ends` say from which operation on an array is dead."""

    def __init__(self, graph: Graph, arrays: tuple[str, ...]) -> None:
        self._next = {name: graph.arrays[name].base for name in arrays}
        self._end = {name: graph.arrays[name].end for name in arrays}

    def take(self, width: int, still_open: set[str]) -> tuple[str, int] | None:
        """An array that is not in `still_open` and an address in it with `width` free words; None if there is none."""
        for name, address in self._next.items():
            if name not in still_open and address + width <= self._end[name]:
                self._next[name] = address + width
                return name, address
        return None
