"""Work for an engine that is idle: what is made of one or two bits and constants may as well be selected.

    %a = sub 7, %b           →      %a = select %b, 6, 7          (flow instead of the vector units)

    %a = sub 7, %b                  %a = select %b, 6, 7
    %d = muladd %c, 4, %a    →      %e = select %b, 10, 11
                                    %d = select %c, %e, %a

Address arithmetic over single-bit words is full of such operations (`vliwc.transform.sums` puts constants next to
bits). The first kind gives one operation for one select, which the scheduler may turn back into a multiply_add if flow
has no time; the second gives another operation for two more selects, and as many are changed as even out the two
engines, spread over the program.
"""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.analysis import ranges
from vliwc.analysis.facts import Fact
from vliwc.analysis.linear import Form, step
from vliwc.ir.graph import Graph
from vliwc.ir.ops import MASK
from vliwc.machine.description import Machine
from vliwc.transform.loads import EXPECTED, Losses, Prices, measure, ramps
from vliwc.transform.occupancy import crowded
from vliwc.transform.rewriter import Rewriter


@dataclass(frozen=True, slots=True)
class Choices:
    """Vector operations that compute c + k * b, or c + k * b + l * d, for bits b and d and constants, by their nodes.

    What is in `double` uses a node of `single`, and is its only user.
    """

    single: dict[int, Form]
    double: dict[int, Form]


def use_idle_flow(graph: Graph, machine: Machine, losses: Losses = EXPECTED) -> Graph:
    """Turns operations on vectors of bits into selects as long as the vector units are busier than flow, with what it
    loses in its ramps. Constants to select from take scratch: where that is scarce, nothing is changed."""
    prices = Prices(machine)
    if not prices.on_flow:
        return graph
    choices = bit_choices(graph, ranges.analyse(graph))
    cycles = prices.cycles(measure(graph, prices))
    if crowded(graph, machine, max(cycles.values())):
        return graph
    spare = cycles["compute"] - cycles["flow"] - losses.ramps * sum(ramps(graph)["flow"])
    op, select = prices.cycles(prices.op)["compute"], prices.cycles(prices.select)["flow"]
    flexible = prices.choice != prices.select
    first = choices.single if flexible else _spread(choices.single, int(spare / (op + select)))
    spare -= len(first) * (op + select)
    second = _spread(choices.double, int(spare / (op + 2 * select))) if len(first) == len(choices.single) else {}
    return _Selects(graph, first | second).run() if first else graph


def _spread(found: dict[int, Form], count: int) -> dict[int, Form]:
    """So many of them, evenly."""
    nodes = list(found)
    count = max(0, min(count, len(nodes)))
    return {n: found[n] for n in (nodes[k * len(nodes) // count] for k in range(count))}


def bit_choices(graph: Graph, facts: list[Fact]) -> Choices:
    """What may become selects, outside of loops."""
    uses = graph.uses()
    choices = Choices({}, {})
    for n in graph.body:
        if graph.width[n] == 1 or graph.op[n] not in ("add", "sub", "mul", "shl", "muladd"):
            continue
        form = step(graph, facts, n)
        if form is None:
            continue
        inner = [a for a, _ in form.terms if a in choices.single]
        if len(form.terms) == 1 and not inner and _bits(form, facts):
            choices.single[n] = form
        elif len(form.terms) == 2 and len(inner) == 1 and uses[inner[0]] == 1 and inner[0] not in choices.double:
            whole = Form(form.constant)
            for a, k in form.terms:
                whole = whole.plus(choices.single[a] if a == inner[0] else Form(0, ((a, 1),)), k)
            if len(whole.terms) == 2 and _bits(whole, facts):
                choices.double[n] = whole
    return choices


def _bits(form: Form, facts: list[Fact]) -> bool:
    return all(facts[a].is_bit for a, _ in form.terms)


class _Selects(Rewriter):
    def __init__(self, graph: Graph, chosen: dict[int, Form]) -> None:
        super().__init__(graph)
        self.chosen = chosen

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        form = self.chosen.get(n)
        return super().pure(n, args) if form is None else self.choose(n, form.constant, form.terms)

    def choose(self, n: int, constant: int, terms: tuple[tuple[int, int], ...]) -> int:
        """The constant plus a sum of weighted bits, by a tree of selects; the last bit decides at the root."""
        width, span = self.old.width[n], self.old.span[n]
        if not terms:
            return self.new.const(constant, width, span)
        *rest, (bit, weight) = terms
        taken = self.choose(n, (constant + weight) & MASK, tuple(rest))
        clear = self.choose(n, constant, tuple(rest))
        return self.emit("select", self.value[bit], taken, clear, span=span)
