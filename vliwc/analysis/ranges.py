"""Facts about every node of a graph, through loops and memory.

Loops: the facts of carried values are widened to "any word" when they do not settle, then narrowed by two more rounds
(Cousot & Cousot 1977), which recovers bounds that the loop itself enforces, such as a wrap-around select.
Memory: what `assume` says of an array holds for a load as long as nothing may have been stored there, and for ever
if every store in the graph keeps to it.
"""

from __future__ import annotations

from vliwc.analysis.facts import ANY, Fact, contains, exact, join, transfer, within
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import Kind

_ROUNDS_BEFORE_WIDENING = 3
_ROUNDS_OF_NARROWING = 2

MIN_EFFORT, MAX_VISITS = 30_000, 10
"""How many nodes of loop bodies are looked at, or how often each on average, before loops are no longer iterated: the
time for a nest of loops grows with the power of its depth."""


def analyse(graph: Graph) -> list[Fact]:
    """One fact for each node number; for a vector, it holds in every lane."""
    kept = {name for name, array in graph.arrays.items() if (array.lo, array.hi) != (0, ANY.hi)}
    while True:
        run = _Run(graph, kept)
        run.block(graph.body)
        if not run.broken:
            return run.facts
        kept -= run.broken


def refine(graph: Graph, facts: list[Fact], cond: int, holds: bool, n: int) -> Fact:
    """The fact about node `n` where node `cond` is known to be nonzero (`holds`) or zero."""
    fact = facts[n]
    op, args = graph.op[cond], graph.args[cond]
    if cond == n:
        return within(max(fact.lo, 1), fact.hi, fact.zeros, fact.ones) if holds and fact.hi else exact(0)
    for bit, one in ((args[0], args[1]), (args[1], args[0])) if op == "xor" else ():
        if facts[bit].is_bit and graph.const(one) == 1:
            return refine(graph, facts, bit, not holds, n)
    if op == "eq" and n in args and holds:
        return facts[args[0] if args[1] == n else args[1]]
    if op != "lt" or n not in args:
        return fact
    a, b = args
    lo, hi = fact.lo, fact.hi
    if n == a:
        lo, hi = (lo, min(hi, facts[b].hi - 1)) if holds else (max(lo, facts[b].lo), hi)
    else:
        lo, hi = (max(lo, facts[a].lo + 1), hi) if holds else (lo, min(hi, facts[a].hi))
    return within(lo, hi, fact.zeros, fact.ones) if lo <= hi else fact


class _Run:
    """One pass over the graph in program order, under the hypothesis that the arrays `kept` keep their bounds."""

    def __init__(self, graph: Graph, kept: set[str]) -> None:
        self.graph = graph
        self.kept = kept
        self.facts: list[Fact] = [ANY] * len(graph)
        self.dirty: set[str] = set()
        self.broken: set[str] = set()
        self.effort = max(MIN_EFFORT, MAX_VISITS * len(graph))

    def block(self, block: tuple[int, ...]) -> None:
        for n in block:
            self.node(n)

    def node(self, n: int) -> None:
        g, facts = self.graph, self.facts
        op, args, attr = g.op[n], g.args[n], g.attr[n]
        if isinstance(attr, Loop):
            self.loop(n, attr)
        elif op == "const":
            assert isinstance(attr, int)
            facts[n] = exact(attr)
        elif op == "table":
            assert isinstance(attr, tuple)
            reach = attr[facts[args[0]].lo : facts[args[0]].hi + 1] or attr
            facts[n] = within(min(reach), max(reach))
        elif op == "select":
            c, a, b = args
            facts[n] = transfer(op, (facts[c], refine(g, facts, c, True, a), refine(g, facts, c, False, b)))
        elif op == "result":
            assert isinstance(attr, int)
            loop = g.loop(args[0])
            facts[n] = facts[loop.yields[attr]] if g.op[args[0]] == "for" else self.gathered(args[0], loop, attr)
        elif op in ("splat", "lane"):
            facts[n] = facts[args[0]]
        elif op == "pack":
            fact = facts[args[0]]
            for a in args[1:]:
                fact = join(fact, facts[a])
            facts[n] = fact
        elif g.kind(n) is Kind.LOAD:
            array = g.arrays[g.access(n).array]
            holds = array.name in self.kept or array.name not in self.dirty
            facts[n] = within(array.lo, array.hi) if holds else ANY
        elif g.kind(n) is Kind.STORE:
            self.store(g.access(n).array, facts[args[-1]])
        elif g.kind(n) is Kind.PURE:
            facts[n] = transfer(op, tuple(facts[a] for a in args))

    def gathered(self, n: int, loop: Loop, k: int) -> Fact:
        """What a `par` gathers: what start and yields have in common is kept by some operations."""
        init, each = self.facts[self.graph.args[n][k]], self.facts[loop.yields[k]]
        both, how = join(init, each), loop.gathers[k]
        match how.op:
            case "add" if how.factor == 1 and init.hi + loop.trips * each.hi <= ANY.hi:
                return within(init.lo + loop.trips * each.lo, init.hi + loop.trips * each.hi)
            case "min" | "max":
                return both
            case "or" | "xor":
                return within(0, ANY.hi, both.zeros)
            case "and":
                return within(0, both.hi)
        return ANY

    def store(self, array: str, value: Fact) -> None:
        self.dirty.add(array)
        bounds = self.graph.arrays[array]
        if array in self.kept and not (bounds.lo <= value.lo and value.hi <= bounds.hi):
            self.broken.add(array)

    def loop(self, n: int, loop: Loop) -> None:
        g, facts = self.graph, self.facts
        facts[loop.index] = within(loop.lo, loop.lo + (loop.trips - 1) * loop.step)
        if g.op[n] == "for":
            # A later iteration sees what an earlier one stored; those of a `par` do not see each other's stores.
            self.dirty |= {g.access(m).array for m in g.walk(loop.body) if g.kind(m) is Kind.STORE}
        entry = frozenset(self.dirty)
        broken = set(self.broken)
        inits = [facts[a] for a in g.args[n]]
        state = self.invariant(loop, entry, inits) if g.op[n] == "for" else inits  # which nothing in a `par` reads
        self.broken = broken
        self.iterate(loop, entry, state)  # this sets the facts of the body by the invariant

    def invariant(self, loop: Loop, entry: frozenset[str], inits: list[Fact]) -> list[Fact]:
        """Facts about the carried values that hold at the start of every iteration."""
        if not inits:
            return []
        state = list(inits)
        for attempt in range(_ROUNDS_BEFORE_WIDENING + len(state) + 1):
            if self.effort <= 0:
                return [ANY] * len(inits)
            after = self.iterate(loop, entry, state)
            if all(contains(s, a) for s, a in zip(state, after, strict=True)):
                break
            joined = [join(s, a) for s, a in zip(state, after, strict=True)]
            if attempt >= _ROUNDS_BEFORE_WIDENING:
                joined = [s if s == j else ANY for s, j in zip(state, joined, strict=True)]
            state = joined
        for _ in range(_ROUNDS_OF_NARROWING):
            if self.effort <= 0:
                break
            after = self.iterate(loop, entry, state)
            narrowed = [join(i, a) for i, a in zip(inits, after, strict=True)]
            tighter = self.iterate(loop, entry, narrowed)
            if narrowed == state or not all(contains(s, a) for s, a in zip(narrowed, tighter, strict=True)):
                break
            state = narrowed
        return state

    def iterate(self, loop: Loop, entry: frozenset[str], state: list[Fact]) -> list[Fact]:
        """One iteration from `state`, the arrays in `entry` perhaps stored to before. Returns the yields' facts."""
        self.effort -= len(loop.body)
        self.dirty = set(entry)
        for c, fact in zip(loop.carried, state, strict=True):
            self.facts[c] = fact
        self.block(loop.body)
        return [self.facts[y] for y in loop.yields]
