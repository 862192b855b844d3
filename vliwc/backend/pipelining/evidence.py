"""What the certifier is told about an overlapped loop: stages of memory operations, and what lives across the jump."""

from __future__ import annotations

from collections.abc import Callable

from vliwc.backend.certifier.witness import Crossing, Ghost, Pipeline, Place
from vliwc.backend.dependences import touches_memory
from vliwc.backend.legalise import Legal
from vliwc.backend.pipelining.cyclic import Unsuitable
from vliwc.backend.pipelining.rotation import Rotation
from vliwc.ir.graph import Graph
from vliwc.ir.ops import OPS


def pipeline_witness(graph: Graph, legal: Legal, rotation: Rotation, places: Callable[[int], Place]) -> Pipeline:
    """The evidence for a loop of `graph`, of which `legal` is the legal form (the loop as it was is still in it).

    `places(k)` is where carried value k of the new loop stands. Raises Unsuitable if a value that lives across the jump
    cannot be said in terms of the graph.
    """
    ghosts = _Ghosts(graph, legal)
    crossings = tuple(Crossing(ghosts.of(n), back, places(k)) for k, (n, back) in enumerate(rotation.carried))
    stages = []
    for n in graph.loop(legal.origin[rotation.node]).body:
        if touches_memory(graph, n):
            made = legal.made.get(n, -1)
            if made >= 0 and not touches_memory(legal.graph, made):
                raise Unsuitable("an access of its memory takes several operations")
            stages.append((n, rotation.stage.get(made, 0)))
    return Pipeline(rotation.peeled, rotation.copies, tuple(stages), crossings, tuple(ghosts.found))


class _Ghosts:
    """Names nodes of the legal graph by nodes of the graph it was made from, and ghosts for the rest."""

    def __init__(self, graph: Graph, legal: Legal) -> None:
        self.first = len(graph)
        self.legal = legal
        self.name = {made: n for n, made in legal.made.items()}
        self.found: list[Ghost] = []

    def of(self, n: int) -> int:
        """The name of legal node n."""
        if n not in self.name:
            graph = self.legal.graph
            op, attr = graph.op[n], graph.attr[n]
            pure = op in ("const", "splat", "pack", "lane") or (op in OPS and not touches_memory(graph, n))
            if not pure or not (attr is None or isinstance(attr, int)) or OPS[op].can_fault:
                raise Unsuitable(f"a value of '{op}' that the graph does not have lives across the jump")
            args = tuple(self.of(a) for a in graph.args[n])
            self.name[n] = self.first + len(self.found)
            self.found.append(Ghost(op, args, attr, graph.width[n]))
        return self.name[n]
