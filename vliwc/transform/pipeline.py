"""The pipeline: which passes run in which order at which level.

Level 0 is the plain scalar program. Level 1 cleans up and vectorises. Level 2 adds everything that looks across loops.
Level 3 does the same with more room: loops unroll further.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vliwc.ir.graph import Graph
from vliwc.machine.description import Machine
from vliwc.transform.addresses import absolute
from vliwc.transform.affine import affine
from vliwc.transform.forward import forward
from vliwc.transform.interchange import interchange
from vliwc.transform.planning import plan_selections
from vliwc.transform.promote import promote
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

TECHNIQUES = ("selection", PIPELINING)
"""What can be disabled beside whole passes: `selection`, replacing gathers by choices among words held in scratch, and
`pipelining`, which lets iterations of the loops overlap that are left (it is the backend's)."""


def _passes(level: int, disable: frozenset[str]) -> list[Pass]:
    if level == 0:
        return [
            Pass("tables", 0, lambda g, _: expand_tables(g), essential=True),
            Pass("sequentialize", 0, lambda g, _: sequentialize(g, share=False), essential=True),
        ]
    selection = level >= 2 and "selection" not in disable
    return [
        Pass("simplify", 1, lambda g, _: simplify(g)),
        Pass("interchange", 2, lambda g, _: interchange(g)),
        Pass("promote", 2, lambda g, _: promote(g)),
        Pass("unroll", 2, lambda g, m: unroll(g, lanes=m.lanes, budget=BUDGET * (3 if level == 3 else 1))),
        Pass("simplify-unrolled", 2, lambda g, _: simplify(simplify(g))),
        Pass("forward", 1, lambda g, _: forward(g)),
        Pass("tables", 1, lambda g, _: simplify(expand_tables(g)), essential=True),
        Pass("xors", 1, lambda g, _: xors(simplify(xors(g)))),
        Pass("affine", 1, affine),
        Pass("vectorize", 1, lambda g, m: _vectorize(g, m, selection), essential=True),
        Pass("addresses", 1, lambda g, _: simplify(absolute(g))),
        Pass("affine-vectors", 1, affine),
        Pass("simplify-vectors", 1, lambda g, _: xors(simplify(g))),
    ]


def _vectorize(graph: Graph, machine: Machine, selection: bool) -> Graph:
    plans = plan_selections(graph, machine, lambda g: affine(simplify(absolute(g)), machine)) if selection else {}
    return vectorize(graph, machine, plans)


def pass_names(level: int) -> tuple[str, ...]:
    """The names of the passes that run at a level, in order."""
    return tuple(p.name for p in _passes(level, frozenset()) if p.level <= level)


def optional_names(level: int) -> tuple[str, ...]:
    """What can be disabled at a level: the passes that are not essential, and the techniques."""
    passes = [p.name for p in _passes(level, frozenset()) if p.level <= level and not p.essential]
    return (*passes, *TECHNIQUES)


def optimize(
    graph: Graph,
    machine: Machine,
    level: int = 2,
    *,
    observe: Callable[[str, Graph], None] | None = None,
    disable: frozenset[str] = frozenset(),
    stop_after: str | None = None,
) -> Graph:
    """Runs the pipeline of a level (0 to 3). `observe(name, graph)` sees the graph after each pass.

    Passes in `disable` are skipped unless they are essential. `stop_after` ends the pipeline after the pass of that
    name, which may leave a graph that the backend cannot take.
    """
    for step in _passes(level, disable):
        if step.level > level or (step.name in disable and not step.essential):
            continue
        graph = step.run(graph, machine)
        if observe:
            observe(step.name, graph)
        if step.name == stop_after:
            break
    return graph
