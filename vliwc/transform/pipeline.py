"""The pipeline: which passes run in which order at which level.

Level 0 is the plain scalar program. Level 1 cleans up and vectorises. Level 2 adds everything that looks across loops.
Level 3 does the same with more room: loops unroll further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vliwc.ir.graph import Graph
from vliwc.machine.description import Machine
from vliwc.transform.addresses import absolute
from vliwc.transform.affine import affine
from vliwc.transform.alternatives import CATALOGUE, GATHER
from vliwc.transform.branches import merge_branches
from vliwc.transform.combine_loads import combine_loads
from vliwc.transform.combine_stores import combine_stores
from vliwc.transform.conditions import relieve_flow
from vliwc.transform.engines import use_idle_flow
from vliwc.transform.forward import forward
from vliwc.transform.forward_vectors import forward_vectors
from vliwc.transform.fuse import fuse
from vliwc.transform.heights import reduce_heights
from vliwc.transform.interchange import interchange
from vliwc.transform.lanewise import lanewise
from vliwc.transform.linear_maps import linear_maps
from vliwc.transform.loads import EXPECTED, Losses
from vliwc.transform.parallelize import parallelize
from vliwc.transform.pieces import split_arrays
from vliwc.transform.planning import Strategy, plan_gathers
from vliwc.transform.promote import promote
from vliwc.transform.scans import split_scans
from vliwc.transform.sequentialize import sequentialize
from vliwc.transform.simplify import simplify
from vliwc.transform.tables import expand_tables
from vliwc.transform.unroll import BUDGET, unroll
from vliwc.transform.vectorize import vectorize
from vliwc.transform.xors import xors


@dataclass(frozen=True, slots=True)
class Pass:
    """A named step of the pipeline. `level` is the lowest optimisation level that runs it.

    An `essential` pass gives the graph the form that the backend needs and cannot be disabled.
    """

    name: str
    level: int
    run: Callable[[Graph, Machine], Graph]
    essential: bool = False


PIPELINING = "pipelining"

ALTERNATIVES = tuple(a.name for a in CATALOGUE if a is not GATHER)
TECHNIQUES = (*ALTERNATIVES, PIPELINING)
"""What can be disabled beside whole passes: alternatives to gathers, and `pipelining`, which lets iterations of the
loops overlap that are left (it is the backend's)."""


FEWEST_LEVEL = 2
"""The lowest level that has alternatives."""
MOST_LEVEL = 3
"""The highest level, which tries most."""


def _passes(
    level: int,
    disable: frozenset[str] = frozenset(),
    tell: Callable[[Sequence[Strategy]], None] | None = None,
    losses: Losses = EXPECTED,
) -> list[Pass]:
    if level == 0:
        return [
            Pass("tables", 0, lambda g, _: expand_tables(g), essential=True),
            Pass("sequentialize", 0, lambda g, _: sequentialize(g, share=False), essential=True),
        ]
    plain = disable | frozenset(TECHNIQUES) if level < 2 else disable
    return [
        Pass("simplify", 1, lambda g, _: simplify(g)),
        Pass("branches", 1, lambda g, _: simplify(merge_branches(g))),
        Pass("parallelize", 2, parallelize),
        Pass("interchange", 2, lambda g, _: interchange(g)),
        Pass("promote", 2, lambda g, _: promote(g)),
        Pass("unroll", 2, lambda g, m: unroll(g, lanes=m.lanes, budget=BUDGET * (3 if level == 3 else 1))),
        Pass("simplify-unrolled", 2, lambda g, _: simplify(simplify(g))),
        Pass("forward", 1, lambda g, _: forward(g)),
        Pass("tables", 1, lambda g, _: simplify(expand_tables(g)), essential=True),
        Pass("linear-maps", 1, lambda g, _: linear_maps(g)),
        Pass("xors", 1, lambda g, _: xors(simplify(xors(g)))),
        Pass("affine", 1, affine),
        Pass("pieces", 2, split_arrays),
        Pass("vectorize", 1, lambda g, m: _vectorize(g, m, plain, tell, losses), essential=True),
        Pass("forward-vectors", 2, forward_vectors),
        Pass("combine-loads", 1, combine_loads),
        Pass("combine-stores", 1, combine_stores),
        Pass("lanewise", 1, lanewise),
        Pass("addresses", 1, lambda g, _: simplify(absolute(g))),
        Pass("affine-vectors", 1, lambda g, m: affine(g, m, early=True)),
        Pass("simplify-vectors", 1, lambda g, _: xors(simplify(g))),
        Pass("heights", 2, reduce_heights),
        Pass("scans", 2, split_scans),
        Pass("fuse", 1, fuse),
        Pass("conditions", 2, relieve_flow),
        Pass("idle-flow", 2, lambda g, m: use_idle_flow(g, m, losses)),
    ]


def _vectorize(
    graph: Graph,
    machine: Machine,
    disable: frozenset[str],
    tell: Callable[[Sequence[Strategy]], None] | None,
    losses: Losses,
) -> Graph:
    def finish(sample: Graph) -> Graph:
        return fuse(affine(simplify(absolute(lanewise(sample, machine))), machine), machine)

    graph, plans = plan_gathers(graph, machine, finish, disable, tell, losses)
    return vectorize(graph, machine, plans)


def pass_names(level: int) -> tuple[str, ...]:
    """The names of the passes that run at a level, in order."""
    return tuple(p.name for p in _passes(level) if p.level <= level)


def optional_passes(level: int) -> tuple[str, ...]:
    """The names of the passes of a level that are not essential, in order."""
    return tuple(p.name for p in _passes(level) if p.level <= level and not p.essential)


def optional_names(level: int) -> tuple[str, ...]:
    """What can be disabled at a level: the passes that are not essential, and the techniques."""
    return (*optional_passes(level), *TECHNIQUES)


def optimize(
    graph: Graph,
    machine: Machine,
    level: int = 2,
    *,
    observe: Callable[[str, Graph], None] | None = None,
    disable: frozenset[str] = frozenset(),
    pass_limit: int | None = None,
    stop_after: str | None = None,
    tell: Callable[[Sequence[Strategy]], None] | None = None,
    losses: Losses = EXPECTED,
) -> Graph:
    """Runs the pipeline of a level (0 to 3). `observe(name, graph)` sees the graph after each pass, `tell` learns how
    gathers are to be carried out; their balance allows for `losses`.

    Passes in `disable` are skipped unless they are essential, and so are all after the first `pass_limit` passes that
    are not (see `optional_passes`). `stop_after` ends the pipeline after the pass of that
    name, which may leave a graph that the backend cannot take.
    """
    optional = optional_passes(level)
    skipped = disable if pass_limit is None else disable.union(optional[pass_limit:])
    for step in _passes(level, disable, tell, losses):
        if step.level > level or (step.name in skipped and not step.essential):
            continue
        graph = step.run(graph, machine)
        if observe:
            observe(step.name, graph)
        if step.name == stop_after:
            break
    return graph
