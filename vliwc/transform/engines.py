"""Work for an engine that is idle: what is made of one bit and constants may as well be a select.

    %a = sub 7, %b           →      %a = select %b, 6, 7          (flow instead of the vector units)

Address arithmetic over single-bit words is full of such operations (`vliwc.transform.sums` puts constants next to
bits). As many become selects as even out the two engines, spread over the program.
"""

from __future__ import annotations

from vliwc.analysis import ranges
from vliwc.analysis.facts import Fact
from vliwc.analysis.linear import step
from vliwc.ir.graph import Graph
from vliwc.ir.ops import MASK
from vliwc.machine.description import Machine
from vliwc.transform.loads import Loads, Prices, measure, ramps
from vliwc.transform.rewriter import Rewriter

RAMP_SHARE = 0.5
"""How much of the ramps counts: the groups at the ends may use the idle engine where the others do not."""


def use_idle_flow(graph: Graph, machine: Machine) -> Graph:
    """Turns operations on vectors of bits into selects as long as the vector units are busier than flow."""
    prices = Prices(machine)
    if prices.select != Loads(flow=1):
        return graph
    choices = bit_choices(graph, ranges.analyse(graph))
    cycles = prices.cycles(measure(graph, prices))
    spare = cycles["compute"] - cycles["flow"] - RAMP_SHARE * ramps(graph)["flow"]
    one = prices.cycles(prices.op)["compute"] + prices.cycles(prices.select)["flow"]
    count = min(len(choices), int(spare / one))
    if count <= 0:
        return graph
    nodes = list(choices)
    chosen = {nodes[k * len(nodes) // count] for k in range(count)}
    return _Selects(graph, {n: choices[n] for n in chosen}).run()


def bit_choices(graph: Graph, facts: list[Fact]) -> dict[int, tuple[int, int, int]]:
    """Vector operations outside of loops that compute c + k * b for a bit b: the bit, c + k, and c."""
    found = {}
    for n in graph.body:
        if graph.width[n] == 1 or graph.op[n] not in ("add", "sub", "mul", "shl", "muladd"):
            continue
        form = step(graph, facts, n)
        if form is not None and len(form.terms) == 1 and facts[form.terms[0][0]].is_bit:
            ((bit, k),) = form.terms
            found[n] = bit, (form.constant + k) & MASK, form.constant
    return found


class _Selects(Rewriter):
    def __init__(self, graph: Graph, chosen: dict[int, tuple[int, int, int]]) -> None:
        super().__init__(graph)
        self.chosen = chosen

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        if n not in self.chosen:
            return super().pure(n, args)
        bit, taken, clear = self.chosen[n]
        width, span = self.old.width[n], self.old.span[n]
        arms = (self.new.const(word, width, span) for word in (taken, clear))
        return self.emit("select", self.value[bit], *arms, span=span)
