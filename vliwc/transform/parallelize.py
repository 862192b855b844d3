"""Sequential loops become `par`s where their iterations can do without each other.

    for i { store y[i], f (load x[i]) }                 →    par i { store y[i], f (load x[i]) }
    for i (%t = %t0) { yield add %t, (load x[i]) }      →    par i gather (%t = %t0 by add) { yield load x[i] }
    for i (%t = %t0) { yield %t * 31 + (load x[i]) }    →    par i gather (%t = %t0 by add * 31) { yield load x[i] }

An iteration may touch only words of its own in arrays that are stored to (`independence`), and what is carried may
only be gathered: by one associative, commutative operation again and again, or by a sum with a factor. Of nested loops
one at most becomes a `par`: the one by which memory is accessed in runs of words (Allen and Kennedy 1987), if a group
of lanes is less work for the engines then than its iterations are one by one.
"""

from __future__ import annotations

from collections.abc import Mapping

from vliwc.analysis import ranges
from vliwc.analysis.linear import Forms
from vliwc.ir.graph import GATHERINGS, Gathering, Graph, Loop
from vliwc.ir.ops import PURE, Kind
from vliwc.machine.description import Machine
from vliwc.transform.groups import consecutive, varying_nodes
from vliwc.transform.independence import accesses, index_operand, keeps_to_itself
from vliwc.transform.links import link_of
from vliwc.transform.promote import promote
from vliwc.transform.rewriter import Rewriter
from vliwc.transform.simplify import simplify


def parallelize(graph: Graph, machine: Machine) -> Graph:
    """Makes `par`s of sequential loops that stand in no `par` and have none inside, where that pays."""
    promoted = simplify(promote(graph))
    chosen = _Chooser(promoted, machine).chosen()
    return simplify(_Parallel(promoted, chosen).run()) if chosen else graph


class _Chooser:
    """Which loops become `par`s, by what the program costs then: cycles of each node's engine, added up."""

    def __init__(self, graph: Graph, machine: Machine) -> None:
        self.graph = graph
        self.machine = machine
        self.facts = ranges.analyse(graph)
        self.forms = Forms(graph, self.facts)
        self.gatherings = _Gatherings(graph, self.forms)
        self.load = 1 / max(machine.slots("load"), 1)
        self.store = 1 / max(machine.slots("store"), 1)
        self.word_op = 1 / max(machine.slots("alu"), 1)
        self.vector_op = min(1 / max(machine.slots("valu"), 0.1), self.word_op * machine.lanes)

    def chosen(self) -> dict[int, tuple[Gathering, ...]]:
        """The loops, each with what is gathered for its carried values."""
        return self.best(self.graph.body)[1]

    def best(self, block: tuple[int, ...]) -> tuple[float, dict[int, tuple[Gathering, ...]]]:
        """The least cost of a block, and the loops that have to be chosen for it."""
        total, chosen = 0.0, dict[int, tuple[Gathering, ...]]()
        for n in block:
            attr = self.graph.attr[n]
            if not isinstance(attr, Loop):
                total += self.scalar(n)
                continue
            if self.graph.op[n] == "par":
                continue
            cost, loops = self.best(attr.body)
            cost *= attr.trips
            if attr.trips >= self.machine.lanes:
                gathers = self.independent(n, attr)
                if gathers is not None and (vector := self.vectorised(attr, len(gathers))) < cost:
                    cost, loops = vector, {n: gathers}
            total += cost
            chosen.update(loops)
        return total, chosen

    def scalar(self, n: int) -> float:
        match self.graph.kind(n):
            case Kind.LOAD:
                return self.load
            case Kind.STORE:
                return self.store
            case Kind.PURE:
                return self.word_op
        return self.load if self.graph.op[n] == "table" else 0.0

    def vectorised(self, loop: Loop, gathered: int) -> float:
        """The cost of a loop as a `par` that gathers so many words."""
        varying = varying_nodes(self.graph, loop)
        full, rest = divmod(loop.trips, self.machine.lanes)

        def cost(block: tuple[int, ...]) -> float:
            total = 0.0
            for n in block:
                attr, kind = self.graph.attr[n], self.graph.kind(n)
                if isinstance(attr, Loop):
                    total += cost(attr.body) * attr.trips
                elif kind in (Kind.LOAD, Kind.STORE):
                    form = self.forms.of(index_operand(self.graph, n))
                    run = n not in varying or consecutive(form, loop, varying)
                    total += self.scalar(n) * (full + rest if run else loop.trips)
                elif self.graph.op[n] == "table":
                    total += self.load * loop.trips
                elif self.graph.op[n] in PURE:
                    total += self.vector_op * (full + (rest > 0))
            return total

        return cost(loop.body) + gathered * (self.machine.lanes + rest) * self.word_op

    def independent(self, n: int, loop: Loop) -> tuple[Gathering, ...] | None:
        """What the loop gathers, if its iterations are independent otherwise."""
        graph = self.graph
        if any(graph.op[m] == "par" for m in graph.walk(loop.body)):
            return None
        gathers = [self.gatherings.of(n, loop, k) for k in range(len(loop.carried))]
        if None in gathers:
            return None
        touching = accesses(graph, loop.body)
        for array in {graph.access(m).array for m in touching if graph.kind(m) is Kind.STORE}:
            own = [m for m in touching if graph.access(m).array == array]
            if not keeps_to_itself(graph, self.facts, self.forms, loop, own):
                return None
        return tuple(how for how in gathers if how is not None)


class _Gatherings:
    """What loops gather."""

    def __init__(self, graph: Graph, forms: Forms) -> None:
        self.graph = graph
        self.forms = forms
        self.users = Rewriter(graph).live_users()
        self.uses = [len(self.users.get(n, ())) for n in range(len(graph))]

    def of(self, n: int, loop: Loop, k: int) -> Gathering | None:
        """How loop `n` gathers its carried value number `k`; None if it does anything else with it."""
        carried, total = loop.carried[k], loop.yields[k]
        dependent = self.dependent(carried, n, set(loop.body))
        if total not in dependent or any(y in dependent for j, y in enumerate(loop.yields) if j != k):
            return None
        return self.sum(total, carried, dependent) or self.chain(total, carried, dependent)

    def dependent(self, carried: int, n: int, body: set[int]) -> set[int]:
        """The carried value and what depends on it in the body of loop `n`; nothing if a loop inside does."""
        found, pending = {carried}, [carried]
        while pending:
            for user in self.users.get(pending.pop(), ()):
                if user in body and self.graph.kind(user) is Kind.PURE:
                    pending += [user] if user not in found else []
                    found.add(user)
                elif user != n:
                    return set()
        return found

    def sum(self, total: int, carried: int, dependent: set[int]) -> Gathering | None:
        """The total as a sum of the carried value, perhaps times a factor, and what does not depend on it."""
        form = self.forms.of(total)
        if any(n in dependent for n, _ in form.terms if n != carried) or not form.coefficient(carried):
            return None
        leads, pending = {total}, [total]
        while pending:
            more = {a for a in self.graph.args[pending.pop()] if a in dependent} - leads
            leads |= more
            pending += more
        return Gathering("add", form.coefficient(carried)) if leads == dependent else None

    def chain(self, total: int, carried: int, dependent: set[int]) -> Gathering | None:
        """The total as a chain of one operation from the carried value on."""
        kind, path, n = "", {carried}, total
        while n != carried:
            link = link_of(self.graph, self.uses, n)
            if link is None or kind not in ("", link.kind) or (link.a in dependent) == (link.b in dependent):
                return None
            kind = link.kind
            path.update((n, *link.before))
            n = link.a if link.a in dependent else link.b
        return Gathering(kind) if kind in GATHERINGS and path == dependent else None


class _Parallel(Rewriter):
    def __init__(self, graph: Graph, chosen: Mapping[int, tuple[Gathering, ...]]) -> None:
        super().__init__(graph)
        self.chosen = chosen

    def loop(self, n: int, loop: Loop) -> None:
        if n not in self.chosen:
            super().loop(n, loop)
            return
        old, new, span = self.old, self.new, self.old.span[n]
        kept = [k for k, c in enumerate(loop.carried) if self.live[c]]
        gathers = tuple(self.chosen[n][k] for k in kept)
        inits = tuple(self.value[old.args[n][k]] for k in kept)
        index, carried = new.begin_loop((1,) * len(kept), span)
        self.value[loop.index] = index
        for k, how in zip(kept, gathers, strict=True):
            self.value[loop.carried[k]] = new.const(GATHERINGS[how.op])  # an iteration's own part of the total
        self.block(loop.body)
        yields = tuple(self.value[loop.yields[k]] for k in kept)
        results = new.end_loop("par", (loop.lo, loop.hi, loop.step), index, carried, inits, yields, span, gathers)
        self.bind_results(n, dict(zip(kept, results, strict=True)))
