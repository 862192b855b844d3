"""Kernels with look-ups, taken to the point where alternatives are offered, and on with a plan made by hand.

A plan made by hand lets one alternative do all the work that it can do, so that its code is tested wherever it is
legal, and not only where it pays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from vliwc.analysis import ranges
from vliwc.analysis.facts import Fact
from vliwc.analysis.linear import Forms
from vliwc.backend import generate
from vliwc.backend.certifier import certify
from vliwc.differential import find_mismatch
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.verifier import verify
from vliwc.language import Kernel, interpret, load_kernel, make_image
from vliwc.lower import lower
from vliwc.machine import Machine, load_machine, simulate
from vliwc.machine.description import Engine
from vliwc.source import Source
from vliwc.transform import optimize
from vliwc.transform.addresses import absolute
from vliwc.transform.affine import affine
from vliwc.transform.alternatives import CATALOGUE, GATHER, Alternative, Home, Offer, Setting
from vliwc.transform.distances import Paths, has_paths
from vliwc.transform.groups import Plan, block_size, consecutive, varying_nodes
from vliwc.transform.lanewise import lanewise
from vliwc.transform.loads import Prices
from vliwc.transform.rewriter import live_nodes
from vliwc.transform.rooms import Death, Room, find_rooms
from vliwc.transform.simplify import simplify
from vliwc.transform.sites import Site, find_sites
from vliwc.transform.vectorize import vectorize

MACHINES = {name: load_machine(name) for name in ("takehome", "narrow", "wide")}
ALTERNATIVES = {a.name: a for a in CATALOGUE}


def text(memory: str, body: str, prelude: str = "") -> str:
    """A kernel's text, with one line of memory and of code after the other."""
    return f"memory {{\n{memory}\n}}\n{prelude}\nkernel k {{\n{body}\n}}\n"


def kernel_of(source: str, defines: Mapping[str, int] | None = None) -> Kernel:
    """The kernel of a text."""
    return load_kernel(Source("lookups.vk", source), dict(defines or {}))


def vector_ops(memory: str, body: str, machine: str = "takehome") -> dict[str, int]:
    """The operations on vectors of one group's code for the body of a loop over `i`, by name, but for what moves words;
    after a check that graph and program are right."""
    kernel = kernel_of(text(memory, f"par i in 0..8 {{\n{body}\n}}"))
    graph = optimize(lower(kernel), MACHINES[machine], 2)
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES[machine])
    return {op: n for op, n in ops(graph, vectors=True).items() if op not in ("vload", "splat", "gather")}


def switched(off: str, memory: str, body: str, machine: str = "takehome") -> tuple[Kernel, Graph, Graph]:
    """A kernel, its optimised graph, and that without the pass `off`."""
    kernel = kernel_of(text(memory, body))
    target = MACHINES[machine]
    return kernel, optimize(lower(kernel), target, 2), optimize(lower(kernel), target, 2, disable=frozenset({off}))


@dataclass(frozen=True)
class Case:
    """A kernel with one innermost `par`, on a machine, as the vectoriser finds it."""

    kernel: Kernel
    machine: Machine
    graph: Graph

    @cached_property
    def facts(self) -> list[Fact]:
        """Of each node."""
        return ranges.analyse(self.graph)

    @cached_property
    def forms(self) -> Forms:
        """Linear forms of the nodes."""
        return Forms(self.graph, self.facts)

    @cached_property
    def par(self) -> int:
        """The node of the innermost `par`."""
        (n,) = [n for n in self.graph.walk() if self.graph.op[n] == "par"]
        return n

    @cached_property
    def loop(self) -> Loop:
        """The innermost `par`."""
        return self.graph.loop(self.par)

    @cached_property
    def sites(self) -> list[Site]:
        """The gathers whose reach is known."""
        varying = varying_nodes(self.graph, self.loop)
        found = [
            s
            for s in find_sites(self.graph, self.facts, self.forms, self.loop)
            if s.node in varying and not consecutive(self.forms.of(self.graph.args[s.load][0]), self.loop, varying)
        ]
        return Paths(self.graph, self.loop, found, self.machine).sites if has_paths(self.graph, self.loop) else found

    @cached_property
    def rooms(self) -> list[Room]:
        """Dead memory for tables."""
        varying = varying_nodes(self.graph, self.loop)
        return find_rooms(self.graph, self.forms, self.loop, varying, self.sites, ())

    @cached_property
    def groups(self) -> int:
        """The number of groups that a plan speaks of."""
        return block_size(self.graph, self.loop, varying_nodes(self.graph, self.loop), self.machine)[0]

    def offers(self, alternative: Alternative) -> list[Offer]:
        """All that an alternative offers for the sites."""
        return list(alternative.offers(self.sites, Setting(self.graph, self.facts, Prices(self.machine))))

    def forced(self, name: str) -> Plan:
        """The plan by which all groups do all sites that they can with one alternative, and gather the others."""
        chosen = {s.node: o for o in self.offers(GATHER) for s in o.sites}
        taken: set[int] = set()
        homes: dict[tuple[object, ...], Home] = {}
        for offer in self.offers(ALTERNATIVES[name]):
            nodes = {s.node for s in offer.sites}
            if nodes & taken or not self._housed(offer, homes):
                continue
            chosen.update(dict.fromkeys(nodes, offer))
            taken |= nodes
        return Plan({(node, k): offer for node, offer in chosen.items() for k in range(self.groups)}, homes)

    def _housed(self, offer: Offer, homes: dict[tuple[object, ...], Home]) -> bool:
        """Finds the offer's tables homes in memory that is dead from the start, if they all can have one."""
        found = dict(homes)
        for table in offer.in_memory:
            for room in self.rooms if table.key not in found else ():
                inside = [home for home in found.values() if room.base <= home.base < room.end]
                base = room.base + sum(home.length for home in inside)
                if room.death is Death.FREE and base + table.memory <= room.end:
                    found[table.key] = Home(f"{room.arrays[0]}_table{len(found)}", base, table.memory)
                    break
        housed = all(table.key in found for table in offer.in_memory)
        if housed:
            homes.update(found)
        return housed

    def planned(self, plan: Plan) -> Graph:
        """The graph after the vectoriser and the passes that make it fit for the backend."""
        graph = vectorize(self.graph, self.machine, {self.par: plan})
        verify(graph)
        return affine(simplify(absolute(lanewise(graph, self.machine))), self.machine)


def prepare(source: str, machine: str | Machine = "takehome", disable: Iterable[str] = ()) -> Case:
    """Takes a kernel's text through the passes before the vectoriser."""
    kernel = kernel_of(source)
    target = MACHINES[machine] if isinstance(machine, str) else machine
    graph = optimize(lower(kernel), target, 2, disable=frozenset({"vectorize", *disable}), stop_after="pieces")
    return Case(kernel, target, graph)


def ops(graph: Graph, vectors: bool | None = None) -> Counter[str]:
    """How often each operation that something depends on stands in a graph; of vectors or of words only, if asked."""
    live = live_nodes(graph)
    return Counter(
        graph.op[n] for n in graph.walk() if live[n] and (vectors is None or (graph.width[n] > 1) is vectors)
    )


def assert_graph_right(kernel: Kernel, graph: Graph, styles: Sequence[str] = ("random", "edges")) -> None:
    """The graph means what the interpreter says, on an image of each style."""
    verify(graph)
    for number, style in enumerate(styles):
        start = make_image(kernel, np.random.default_rng(number), style)
        assert find_mismatch(kernel, "graph", interpret(kernel, start), evaluate(graph, start)) is None


def assert_program_right(
    kernel: Kernel, graph: Graph, machine: Machine, styles: Sequence[str] = ("random", "edges")
) -> None:
    """The graph's program is proved right, and means what the interpreter says on the strict simulator."""
    generated = generate(graph, machine)
    certify(graph, generated.program, machine, generated.witness)
    for number, style in enumerate(styles):
        start = make_image(kernel, np.random.default_rng(number), style)
        final = simulate(generated.program, machine, start, strict=True).memory
        assert find_mismatch(kernel, "program", interpret(kernel, start), final) is None


def without(machine: Machine, engine: str, *missing: str, slots: int | None = None) -> Machine:
    """The machine with operations of an engine taken away, and perhaps with another number of its slots."""
    old = machine.engines[engine]
    new = Engine(engine, slots or old.slots, old.ops - set(missing))
    name = "-".join((machine.name, engine, *missing))
    return replace(machine, name=name, engines={**machine.engines, engine: new})


SELECTLESS = without(MACHINES["takehome"], "flow", "vselect")
"""A machine on which vectors are selected by multiply_add alone."""


def on_all_groups(name: str, source: str, machine: str | Machine = "takehome") -> tuple[Case, Graph]:
    """A kernel with one alternative wherever it is legal, for all full groups, as a graph that means the same."""
    case = prepare(source, machine)
    plan = case.forced(name)
    assert any(offer.name == name for offer in plan.ways.values()), f"{name} is not offered"
    graph = case.planned(plan)
    assert_graph_right(case.kernel, graph)
    return case, graph
