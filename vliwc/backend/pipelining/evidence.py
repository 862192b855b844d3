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
    crossings = []
    for k, (n, back) in enumerate(rotation.carried):
        for node, offset in ghosts.offset(n):
            crossings.append(Crossing(node, back, places(k), offset))
    stages, equals = [], []
    for n in graph.loop(legal.origin[rotation.node]).body:
        made = legal.made.get(n, -1)
        if touches_memory(graph, n) or OPS[graph.op[n]].can_fault:
            if made < 0 and graph.width[n]:
                continue  # nobody needs it
            if made >= 0 and legal.graph.op[made] != graph.op[n]:
                raise Unsuitable("an access of its memory takes several operations")
            stages.append((n, rotation.stage.get(made, 0)))
        elif made in rotation.stage and legal.graph.op[made] != graph.op[n]:
            equals.append((n, ghosts.parts(made)))
    found = tuple(ghosts.found)
    return Pipeline(rotation.peeled, rotation.copies, tuple(stages), tuple(crossings), found, tuple(equals))


class _Ghosts:
    """Names nodes of the legal graph by nodes of the graph it was made from, and ghosts for the rest."""

    def __init__(self, graph: Graph, legal: Legal) -> None:
        self.first = len(graph)
        self.legal = legal
        self.names: dict[int, list[int]] = {}
        for m, made in legal.made.items():
            self.names.setdefault(made, []).append(m)
        self.name = {made: found[0] for made, found in self.names.items()}
        self.ghost: dict[int, int] = {}
        self.found: list[Ghost] = []

    def of(self, n: int) -> int:
        """The name of legal node n."""
        if n not in self.name:
            self.name[n] = self.parts(n)
        return self.name[n]

    def offset(self, n: int) -> list[tuple[int, int]]:
        """Legal node n as nodes of the graph, or a ghost, and what must be added to them."""
        graph = self.legal.graph
        if n not in self.names and graph.op[n] == "add":
            for a, b in (graph.args[n], graph.args[n][::-1]):
                number = graph.const(b)
                if number is not None and a in self.names:
                    return [(m, number) for m in self.names[a]]
        return [(m, 0) for m in self.names.get(n) or [self.of(n)]]

    def parts(self, n: int) -> int:
        """A ghost that computes legal node n of its operands."""
        if n not in self.ghost:
            graph = self.legal.graph
            op, attr = graph.op[n], graph.attr[n]
            pure = op in ("const", "splat", "pack", "lane") or (op in OPS and not touches_memory(graph, n))
            if not pure or not (attr is None or isinstance(attr, int)) or OPS[op].can_fault:
                raise Unsuitable(f"a value of '{op}' that the graph does not have lives across the jump")
            args = tuple(self.of(a) for a in graph.args[n])
            self.ghost[n] = self.first + len(self.found)
            self.found.append(Ghost(op, args, attr, graph.width[n]))
        return self.ghost[n]
