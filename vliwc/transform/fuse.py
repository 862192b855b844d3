"""Products that are only added to something become one operation.

    %p = mul %x, %y
    %s = add %p, %z     →     %s = muladd %x, %y, %z

The fused operation is for `valu` alone, while `alu` can take its share of the others lane by lane. So where there is
little else for `alu` to do, some products stay as they are, spread over the program: as many as make `valu` alone take
as long as both engines together.
"""

from __future__ import annotations

from vliwc.ir.graph import Graph, Loop
from vliwc.machine.description import Machine
from vliwc.transform.loads import Loads, Prices, measure
from vliwc.transform.rewriter import Rewriter


def fuse(graph: Graph, machine: Machine) -> Graph:
    """Makes `muladd`s of vectors, on machines that have them."""
    if not machine.runs("valu", "multiply_add"):
        return graph
    found = _products(graph, machine)
    times = {n: count for n, count in _repeated(graph, graph.body, 1) if n in found}
    share = _share(graph, Prices(machine), sum(times.values()))
    fused: dict[int, int] = {}
    for k, n in enumerate(times):
        if int((k + 1) * share) > int(k * share):
            fused[n] = found[n]
    return _Fuser(graph, fused).run() if fused else graph


def _products(graph: Graph, machine: Machine) -> dict[int, int]:
    """The additions of vectors that can be fused, each with the product that nothing else uses."""
    uses = graph.uses()
    slower = machine.latency("valu", "multiply_add") > machine.latency("valu", "+")
    outside = set(graph.body)
    found = {}
    for n in graph.walk():
        # A loop may wait for its sums: there the product should not become part of the chain.
        if graph.op[n] != "add" or graph.width[n] == 1 or (slower and n not in outside):
            continue
        product = next((a for a in graph.args[n] if graph.op[a] == "mul" and uses[a] == 1), None)
        if product is not None:
            found[n] = product
    return found


def _repeated(graph: Graph, block: tuple[int, ...], times: int) -> list[tuple[int, int]]:
    """The nodes of a block and of its loops in order, each with how often it is executed."""
    found = []
    for n in block:
        attr = graph.attr[n]
        found += _repeated(graph, attr.body, times * attr.trips) if isinstance(attr, Loop) else [(n, times)]
    return found


def _share(graph: Graph, prices: Prices, products: int) -> float:
    """The part of so many products, by executions, that should be fused."""
    apart = prices.cycles(measure(graph, prices))
    gain = Loads(fused=1, vectors=-2)
    if not products:
        return 0.0
    step = prices.cycles(gain)
    most = (apart["compute"] - apart["valu"]) / (step["valu"] - step["compute"])
    return max(0.0, min(1.0, most / products))


class _Fuser(Rewriter):
    def __init__(self, graph: Graph, fused: dict[int, int]) -> None:
        super().__init__(graph)
        self.fused = fused
        for product in fused.values():
            self.live[product] = False

    def node(self, n: int) -> None:
        product = self.fused.get(n)
        if product is None:
            super().node(n)
            return
        args = self.old.args[n]
        operands = *self.old.args[product], args[1 - args.index(product)]
        x, y, z = (self.value[a] for a in operands)
        self.value[n] = self.emit("muladd", x, y, z, width=self.old.width[n], span=self.old.span[n])
