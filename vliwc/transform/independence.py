"""When may iterations of `par` loops be taken together or apart, and which words are theirs alone?

One test serves fusion and interchange, where loops around count; the other one looks at a single loop as it stands.
"""

from __future__ import annotations

from vliwc.analysis.facts import Fact
from vliwc.analysis.linear import Form, Forms, signed
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import Kind


def accesses(graph: Graph, block: tuple[int, ...]) -> list[int]:
    """All memory operations in a block, at any depth."""
    return [n for n in graph.walk(block) if graph.kind(n) in (Kind.LOAD, Kind.STORE)]


def index_position(op: str) -> int:
    """Which operand of a memory operation is the index."""
    return 1 if op == "store_if" else 0


def index_operand(graph: Graph, n: int) -> int:
    """The index operand of a memory operation."""
    return graph.args[n][index_position(graph.op[n])]


def owns_its_words(graph: Graph, facts: list[Fact], forms: Forms, pars: list[Loop]) -> bool:
    """Whether iteration i of all these loops touches, in every array that any of them stores to, only words of its own.

    An access counts as iteration i's own if its index is c * i + r, with one c for the whole array and all r within a
    window of c * step words. Then what the iterations do commutes, whatever order the loops around them impose.
    The loops must have the same bounds.
    """
    stored: dict[str, list[tuple[int, int, int]]] = {}
    for par in pars:
        for n in accesses(graph, par.body):
            if graph.kind(n) is Kind.STORE:
                stored[graph.access(n).array] = []
    for par in pars:
        for n in accesses(graph, par.body):
            windows = stored.get(graph.access(n).array)
            if windows is not None:
                windows.append(_window(facts, forms.of(index_operand(graph, n)), par.index))
    loop = pars[0]
    return all(_apart(windows, loop) for windows in stored.values())


def keeps_to_itself(graph: Graph, facts: list[Fact], forms: Forms, par: Loop, touching: list[int]) -> bool:
    """Whether no two iterations of a `par` touch the same word, by these accesses to one array.

    What does not change while the loop runs, such as the variables of loops around it, has to be the same in all
    indices; apart from that, iteration i's are c * i + r, with all r within a window of c * step words.
    """
    inside = {par.index, *graph.walk(par.body)}
    moving, fixed = [], set[tuple[tuple[int, int], ...]]()
    for n in touching:
        form = forms.of(index_operand(graph, n))
        outside = tuple(term for term in form.terms if term[0] not in inside)
        fixed.add(outside)
        moving.append(_window(facts, form.plus(Form(0, outside), -1), par.index))
    return len(fixed) == 1 and _apart(moving, par)


def _window(facts: list[Fact], form: Form, index: int) -> tuple[int, int, int]:
    """c and the bounds of r in the form c * index + r, as plain integers."""
    lo = hi = signed(form.constant)
    for n, k in form.terms:
        if n != index:
            ends = (signed(k) * facts[n].lo, signed(k) * facts[n].hi)
            lo, hi = lo + min(ends), hi + max(ends)
    return signed(form.coefficient(index)), lo, hi


def _apart(windows: list[tuple[int, int, int]], loop: Loop) -> bool:
    factor = windows[0][0]
    if factor <= 0 or any(w[0] != factor for w in windows):
        return False
    lo, hi = min(w[1] for w in windows), max(w[2] for w in windows)
    last = loop.lo + (loop.trips - 1) * loop.step
    no_wrap = factor * loop.lo + lo >= 0 and factor * last + hi < 1 << 32
    return no_wrap and hi - lo < factor * loop.step
