"""Plans which gathers become selections, by trial: the pipeline's own result on one and on two groups is measured.

What one group costs and what all groups share follow from the difference. A guess at the prices of a mix would miss
what later passes make of it, such as an address that no load needs any more.
"""

from __future__ import annotations

from collections.abc import Callable

from vliwc.analysis import ranges
from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Graph, Loop
from vliwc.machine.description import Machine
from vliwc.transform.balance import Prices, Trial, Way, Ways, balance, measure, ramps
from vliwc.transform.groups import Plan, block_size, consecutive, varying_nodes
from vliwc.transform.tables import Site, sites
from vliwc.transform.vectorize import vectorize

_ROUNDS = 3
"""A plan that differs in what most groups do is measured again, this often at most."""


def plan_selections(graph: Graph, machine: Machine, finish: Callable[[Graph], Graph]) -> dict[int, Plan]:
    """A plan for each innermost `par` with sites; `finish` is what the pipeline does after vectorisation."""
    facts = ranges.analyse(graph)
    forms = Forms(graph, facts)
    plans = {}
    for n in graph.walk():
        attr = graph.attr[n]
        if graph.op[n] == "par" and isinstance(attr, Loop):
            varying = varying_nodes(graph, attr)
            found = [
                s
                for s in sites(graph, facts, forms, attr)
                if s.node in varying and not consecutive(forms.of(graph.args[s.load][0]), attr, varying)
            ]
            groups, _ = block_size(graph, attr, varying, machine)
            if found and groups:
                plans[n] = _plan(graph, n, found, groups, machine, finish)
    return plans


def _plan(
    graph: Graph, par: int, found: list[Site], groups: int, machine: Machine, finish: Callable[[Graph], Graph]
) -> Plan:
    prices = Prices(machine)
    by_node = {s.node: s for s in found}
    main = {s.node: Way.SELECT if s.count <= machine.lanes else Way.GATHER for s in found}
    ways: Ways = {}

    def sample(count: int) -> Graph:
        same: Ways = {(n, k): way for n, way in main.items() for k in range(count) if way is not Way.GATHER}
        return finish(vectorize(graph, machine, {par: Plan(by_node, same)}, {par: count}))

    for _ in range(_ROUNDS):
        one = sample(1)
        shared_and_own = measure(one, prices)
        own = measure(sample(2), prices).plus(shared_and_own, -1)
        trial = Trial(main, shared_and_own.plus(own, -1), own, ramps(one))
        ways, most = balance(trial, found, prices, groups)
        if most == main:
            break
        main = most
    return Plan(by_node, ways)
