"""How the iterations of a `par` are cut into groups of lanes, and which of its values differ between lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vliwc.analysis.linear import Form
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import Kind
from vliwc.machine.description import Machine
from vliwc.transform.alternatives import Home, Offer

BLOCK_NODES = 24_000
"""About how many vector nodes one block of groups may come to: straight-line code up to here, a machine loop beyond."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the gathers of one `par` are carried out: an offer for each (site's node, group), where it is not left to
    the plain translation; and where the tables stand in memory, by their keys."""

    ways: Mapping[tuple[int, int], Offer] = field(default_factory=dict)
    homes: Mapping[tuple[object, ...], Home] = field(default_factory=dict)


def consecutive(form: Form, par: Loop, varying: set[int]) -> bool:
    """Whether an index of this form grows by one from one iteration of the `par` to the next."""
    if form.coefficient(par.index) * par.step != 1:
        return False
    return all(n not in varying for n, _ in form.terms if n != par.index)


def block_size(graph: Graph, loop: Loop, varying: set[int], machine: Machine) -> tuple[int, int]:
    """Groups per block and number of blocks for a `par` on a machine."""
    size = sum(1 for _ in graph.walk(loop.body))
    inner = [attr for m in graph.walk(loop.body) if isinstance(attr := graph.attr[m], Loop)]
    carried = [sum(c in varying for c in attr.carried) for attr in inner]
    words = (max(carried) + 2) * machine.lanes if inner else 0  # what a group carries, and some temporaries
    return group_blocks(loop.trips // machine.lanes, size, words, machine.scratch_words // 2)


def group_blocks(groups: int, size: int, words: int, scratch: int) -> tuple[int, int]:
    """Groups per block and number of blocks, for `groups` full groups of `size` nodes each.

    `words` is how much scratch one group holds while an inner loop runs; 0 if there is none and straight code can take
    as many groups as it likes. Blocks are as large as the budgets allow, but a somewhat smaller size that leaves fewer
    groups over is better.
    """
    most = max(1, BLOCK_NODES // max(size, 1))
    if words:
        most = max(1, min(most, scratch // words))
    if groups <= most:
        return groups, 1
    # Inside a machine loop each group also holds addresses and offsets of its own.
    most = max(1, min(most, scratch // max(words, 16)))
    per_block = min(range(most, most * 2 // 3, -1), key=lambda size: groups % size)
    return per_block, groups // per_block


def varying_nodes(graph: Graph, par: Loop) -> set[int]:
    """The nodes of a `par` body whose values may differ between iterations, and its stores.

    A load of a shared index is shared too, unless the body stores to the array: then the word may be one that a single
    iteration, under a condition, writes and reads.
    """
    varying = {par.index}
    stored = {graph.access(m).array for m in graph.walk(par.body) if graph.kind(m) is Kind.STORE}
    varying |= {m for m in graph.walk(par.body) if graph.kind(m) is Kind.LOAD and graph.access(m).array in stored}
    results = {m: (graph.args[m][0], graph.attr[m]) for m, op in enumerate(graph.op) if op == "result"}

    def scan(block: tuple[int, ...]) -> None:
        for n in block:
            attr = graph.attr[n]
            if isinstance(attr, Loop):
                scan_loop(n, attr)
            elif n in results:
                loop, k = results[n]
                assert isinstance(k, int)
                if graph.loop(loop).carried[k] in varying:
                    varying.add(n)
            elif graph.kind(n) is Kind.STORE or any(a in varying for a in graph.args[n]):
                varying.add(n)

    def scan_loop(n: int, loop: Loop) -> None:
        while True:
            before = len(varying)
            scan(loop.body)
            for init, carried, value in zip(graph.args[n], loop.carried, loop.yields, strict=True):
                if init in varying or value in varying:
                    varying.add(carried)
            if len(varying) == before:
                return

    scan(par.body)
    return varying
