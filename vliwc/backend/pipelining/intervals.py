"""How many cycles must lie between the starts of two iterations: the minimum initiation interval (Rau 1994).

Every engine must do one iteration's slots in an interval (ResMII), and no chain of dependences that comes back to its
operation after d iterations may take longer than d intervals (RecMII).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vliwc.backend.pipelining.cyclic import Cyclic, Edge, fastest
from vliwc.backend.problem import DATA, Form
from vliwc.solving import new_solver, solve

Demand = tuple[tuple[str, int], ...]
"""The slots that a form takes of each engine."""

JUMP: Demand = (("flow", 1),)
"""What the jump takes that closes the kernel."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The resource bound in cycles, and a choice of forms that meets it: how many operations with these demands take
    each form."""

    interval: int
    quota: dict[tuple[Demand, ...], tuple[int, ...]]


def demand(form: Form) -> Demand:
    """The slots that a form takes of each engine."""
    slots: Counter[str] = Counter()
    for step in form:
        slots[step.engine] += step.slots
    return tuple(sorted(slots.items()))


def resource_interval(problem: Cyclic) -> Resources:
    """ResMII: the busiest engine's slots under the best choice of forms, the jump included.

    An integer program in as many variables as there are kinds of operations times their forms. Of the choices that meet
    the bound it takes one of the fewest slots, since wide forms are hard to fit in.
    """
    from ortools.sat.python import cp_model  # noqa: PLC0415 - heavy, and only a compilation needs it

    groups = Counter(tuple(demand(f) for f in o.forms) for o in problem.operations if o.forms)
    model = cp_model.CpModel()
    most = sum(count * max(sum(n for _, n in d) for d in forms) for forms, count in groups.items()) + 1
    interval = model.new_int_var(1, most, "interval")
    load: dict[str, list[cp_model.LinearExpr]] = {}
    shares = {}
    for forms, count in sorted(groups.items()):
        shares[forms] = [model.new_int_var(0, count, "") for _ in forms]
        model.add(sum(shares[forms]) == count)
        for form, share in zip(forms, shares[forms], strict=True):
            for engine, slots in form:
                load.setdefault(engine, []).append(slots * share)
    taken = dict(JUMP)
    for engine in sorted({*load, *taken}):
        used = cp_model.LinearExpr.sum(load.get(engine, []))
        model.add(used + taken.get(engine, 0) <= problem.machine.slots(engine) * interval)
    model.minimize(interval * (most + 1) + cp_model.LinearExpr.sum([x for terms in load.values() for x in terms]))
    solver = new_solver(2.0)
    solve(solver, model)
    quota = {forms: tuple(solver.value(x) for x in found) for forms, found in shares.items()}
    return Resources(solver.value(interval), quota)


def recurrence_interval(problem: Cyclic, iterations: int = 1) -> int:
    """RecMII: the least interval without a cycle of dependences that takes longer than it may.

    With several `iterations` it is what all of them take at least together, which may be less than as many times what
    one takes alone: a circuit of 3 cycles over 2 iterations allows 3 cycles for both, while one alone has to take 2.

    For an interval I, an edge from a to b of distance d says `t(b) >= t(a) + delay - I * d`. That can be met if and
    only if no cycle of edges has a positive sum, which Bellman and Ford's relaxation finds (1958). Every operation
    takes its fastest form, so this is a lower bound.
    """
    return max(_circuits(problem, iterations), default=(1, []))[0]


def recurrences(problem: Cyclic) -> list[int]:
    """For each operation the least interval that the chains allow which come back to it; 0 if none does."""
    found = [0] * len(problem.operations)
    for interval, operations in _circuits(problem):
        for k in operations:
            found[k] = interval
    return found


def recurrence_circuit(problem: Cyclic, iterations: int = 1) -> tuple[Edge, ...]:
    """Edges, each of which begins where the one before ends, in a circle that allows no less than RecMII; none if there
    are no such circles."""
    interval, operations = max(_circuits(problem, iterations), default=(1, []))
    inside = frozenset(operations)
    edges = {
        (e.source, e.target, iterations * edge_delay(problem, e), e.distance): e
        for e in problem.edges
        if e.source in inside and e.target in inside
    }
    return tuple(edges[e] for e in reversed(_positive_cycle(inside, list(edges), interval - 1)))


def edge_delay(problem: Cyclic, edge: Edge) -> int:
    """The fewest cycles from the start of an edge's source to that of its target, if both were of one iteration."""
    return fastest(problem.operations[edge.source], problem.machine)[edge.kind == DATA]


def _circuits(problem: Cyclic, iterations: int = 1) -> list[tuple[int, list[int]]]:
    """The strongly connected components with an edge, each with the least time that so many iterations take."""
    import networkx as nx  # noqa: PLC0415 - heavy

    times = [fastest(o, problem.machine) for o in problem.operations]
    graph = nx.DiGraph((e.source, e.target) for e in problem.edges)
    component = {n: k for k, found in enumerate(nx.strongly_connected_components(graph)) for n in found}
    inside: dict[int, list[tuple[int, int, int, int]]] = {}
    for e in problem.edges:
        if component[e.source] == component[e.target]:
            weighted = e.source, e.target, iterations * times[e.source][e.kind == DATA], e.distance
            inside.setdefault(component[e.source], []).append(weighted)
    return [(_least(edges), sorted({n for a, b, _, _ in edges for n in (a, b)})) for edges in inside.values()]


_Edge = tuple[int, int, int, int]
"""Source, target, delay, distance."""


def _least(edges: list[_Edge]) -> int:
    """The least interval that has no positive cycle among the edges.

    A cycle that is positive says which interval it takes at least; so it goes up, from cycle to cycle (Lawler 1967).
    """
    interval, nodes = 1, {n for a, b, _, _ in edges for n in (a, b)}
    while cycle := _positive_cycle(nodes, edges, interval):
        interval = -(-sum(delay for _, _, delay, _ in cycle) // sum(distance for *_, distance in cycle))
    return interval


def _positive_cycle(nodes: Collection[int], edges: list[_Edge], interval: int) -> list[_Edge]:
    """A cycle of edges that takes longer than it may; empty if there is none.

    Bellman and Ford's relaxation, which ends as soon as an operation is its own predecessor (Tarjan 1981): the first
    cycle is found in a few rounds, where waiting for the last round takes as many as there are operations.
    """
    longest = dict.fromkeys(nodes, 0)
    before: dict[int, _Edge] = {}
    changed = True
    while changed:
        changed = False
        for edge in edges:
            a, b, delay, distance = edge
            if (way := longest[a] + delay - interval * distance) > longest[b]:
                longest[b], before[b], changed = way, edge, True
        if cycle := _closed(before):
            return cycle
    return []


def _closed(before: dict[int, _Edge]) -> list[_Edge]:
    """The edges of a cycle, if each operation is reached by the edge `before` it; empty if there is none."""
    seen: set[int] = set()
    for start in before:
        path: dict[int, _Edge] = {}
        n = start
        while n in before and n not in seen:
            seen.add(n)
            path[n] = before[n]
            n = before[n][0]
        if n in path:
            edges = list(path.values())
            return edges[list(path).index(n) :]
    return []


def settles(longest: dict[int, int], edges: Sequence[tuple[int, int, int]]) -> bool:
    """Raises `longest` to the longest ways along edges (source, target, weight), in place.

    Returns whether that comes to an end, as it does unless a cycle of edges has a positive sum (Bellman 1958, Ford
    1956).
    """
    for _ in range(len(longest) + 1):
        changed = False
        for a, b, weight in edges:
            if longest[a] + weight > longest[b]:
                longest[b] = longest[a] + weight
                changed = True
        if not changed:
            return True
    return False
