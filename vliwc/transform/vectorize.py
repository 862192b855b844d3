"""`par` loops become groups of lanes.

    par i in 0..20 { store b[i], f (load a[i]) }    →    vstore b[0], f (vload a[0])
                                                         vstore b[8], f (vload a[8])
                                                         store b[16 … 19], f (pack (load a[16 … 19], a[19], …))

What all iterations share stays one word and is computed once; what differs becomes a vector. Consecutive words are
loaded and stored together, others lane by lane. The last group, if it is not full, repeats its last iteration in the
lanes left over, so that no lane can fault, and stores only its own, word by word: a scatter might go anywhere. With too
many groups for straight-line code, a machine loop runs over blocks of groups. Inner sequential loops run for all groups
of a block at once. What a `par` gathers is gathered lane by lane, and the lanes at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vliwc.analysis import ranges
from vliwc.analysis.linear import Forms
from vliwc.ir.graph import GATHERINGS, Access, Array, Graph, Loop, Mode
from vliwc.machine.description import Machine
from vliwc.source import Span
from vliwc.transform.alternatives import Group, Home, Offer
from vliwc.transform.gathering import Gatherer
from vliwc.transform.groups import Plan, block_size, consecutive, varying_nodes
from vliwc.transform.pieces import unused_name
from vliwc.transform.rewriter import Rewriter
from vliwc.transform.sequentialize import Sequentializer


def vectorize(
    graph: Graph,
    machine: Machine,
    plans: Mapping[int, Plan] | None = None,
    trial: Mapping[int, tuple[int, int]] | None = None,
) -> Graph:
    """Splits every innermost `par` into groups of the machine's lanes; an outer `par` becomes a sequential loop.

    `plans` tells for each `par` node how its gathers are carried out. `trial` gives the number of groups to emit for
    each `par` node, and the lanes of one more that is not full (none where it is silent), instead of all: a sample of
    the program, to be measured.
    """
    return _Vectorizer(graph, machine, plans or {}, trial).run()


class _Vectorizer(Sequentializer):
    def __init__(
        self, graph: Graph, machine: Machine, plans: Mapping[int, Plan], trial: Mapping[int, tuple[int, int]] | None
    ) -> None:
        super().__init__(graph, lanes=machine.lanes)
        self.machine = machine
        self.lanes = machine.lanes
        self.plans = plans
        self.trial = trial
        self.facts = ranges.analyse(graph)
        self.forms = Forms(graph, self.facts)
        self.varying: set[int] = set()
        self.groups: list[Group] = []
        self.plan = Plan()
        self.late: list[tuple[str, int, int, Access, Span | None]] = []
        """Stores that are put off: operation, index, value."""

    def loop(self, n: int, loop: Loop) -> None:
        if self.groups:
            self.inner_loop(n, loop)
        elif self.old.op[n] == "for":
            Rewriter.loop(self, n, loop)
        elif any(self.old.op[m] == "par" for m in self.old.walk(loop.body)):
            self.sequential(n, loop)
        else:
            self.par(n, loop)

    # -- groups ----------------------------------------------------------------------------------------------------

    def par(self, n: int, loop: Loop) -> None:
        """Emits all groups of a `par`: blocks in a machine loop where there are many, the rest straight."""
        self.varying = varying_nodes(self.old, loop)
        self.plan = self.plans.get(n, Plan())
        full, tail = divmod(loop.trips, self.lanes)
        per_block, blocks = block_size(self.old, loop, self.varying, self.machine)
        if self.trial is not None:
            (full, tail), blocks = self.trial.get(n, (0, 0)), 0
        self.build_tables()
        stride = self.lanes * loop.step
        end = loop.lo + blocks * per_block * stride if blocks > 1 else loop.lo
        totals = self.machine_loop(n, loop, per_block, end) if blocks > 1 else {}
        left = range(end, loop.lo + full * stride, stride)
        groups = [Group(k, self.new.const(start), self.lanes) for k, start in enumerate(left)]
        if tail:
            groups.append(Group(len(groups), self.new.const(loop.lo + full * stride), tail))
        yields = self.body(loop, groups) if groups else {k: [] for k, c in enumerate(loop.carried) if self.live[c]}
        results = {}
        for k, vectors in yields.items():
            words = self.active_words(vectors.pop(), tail) if tail and vectors else []
            before = [totals[k]] if k in totals else []
            gatherer = Gatherer(self.new, loop.gathers[k], self.lanes, self.old.span[n])
            results[k] = gatherer.total(self.value[self.old.args[n][k]], loop.trips, before + vectors, words)
        self.bind_results(n, results)

    def machine_loop(self, n: int, loop: Loop, per_block: int, end: int) -> dict[int, int]:
        """Emits a loop over blocks of groups up to index `end`. Returns what its lanes have gathered, by position."""
        kept = [k for k, c in enumerate(loop.carried) if self.live[c]]
        stride, span = self.lanes * loop.step, self.old.span[n]
        gatherers = {k: Gatherer(self.new, loop.gathers[k], self.lanes, span) for k in kept}
        inits = tuple(self.new.const(GATHERINGS[loop.gathers[k].op], self.lanes) for k in kept)
        index, carried = self.new.begin_loop((self.lanes,) * len(kept), span)
        starts = [self.emit("add", index, self.new.const(k * stride)) if k else index for k in range(per_block)]
        yields = self.body(loop, [Group(k, start, self.lanes) for k, start in enumerate(starts)])
        after = [
            gatherers[k].next(c, gatherers[k].fold(yields[k]), per_block) for k, c in zip(kept, carried, strict=True)
        ]
        bounds = (loop.lo, end, per_block * stride)
        results = self.new.end_loop("for", bounds, index, carried, inits, tuple(after), span)
        return dict(zip(kept, results, strict=True))

    def body(self, loop: Loop, groups: list[Group]) -> dict[int, list[int]]:
        """Emits groups; returns what they yield, by position."""
        self.groups, self.par_loop = groups, loop
        for group in groups:
            group.value[loop.index] = self.lane_indices(group, loop.step)
        self.block(loop.body)
        for op, index, value, access, span in self.late:
            self.emit(op, index, value, attr=access, span=span)
        self.late = []
        self.groups = []
        kept = [k for k, c in enumerate(loop.carried) if self.live[c]]
        return {k: [self.vector(group, loop.yields[k]) for group in groups] for k in kept}

    def active_words(self, vector: int, active: int) -> list[int]:
        """The first lanes of a vector, as words."""
        return [self.emit("lane", vector, attr=k) for k in range(active)]

    def lane_indices(self, group: Group, step: int) -> int:
        """The loop variable in each lane; lanes left over repeat the last active one."""
        offsets = [min(k, group.active - 1) * step for k in range(self.lanes)]
        pack = self.emit("pack", *(self.new.const(k) for k in offsets))
        if self.new.graph.const(group.start) == 0:
            return pack
        return self.emit("add", self.new.widen(group.start, self.lanes), pack)

    def block(self, block: tuple[int, ...]) -> None:
        """Inside a `par`, straight code goes group by group, so that few values live at once; loops take all groups."""
        if not self.groups:
            super().block(block)
            return
        run: list[int] = []
        for n in (*(m for m in block if self.live[m]), None):
            if n is not None and not isinstance(self.old.attr[n], Loop):
                run.append(n)
                continue
            self.straight(run)
            run = []
            if n is not None:
                self.node(n)

    def straight(self, run: list[int]) -> None:
        for n in run:
            if n not in self.varying and self.old.op[n] != "result":
                self.node(n)
        for group in self.groups:
            for n in run:
                if n in self.varying and self.old.op[n] != "result":
                    self.lane_node(n, group)

    def inner_loop(self, n: int, loop: Loop) -> None:
        """A sequential loop inside a `par`: carries the words that all lanes share and each group's vectors."""
        old, new = self.old, self.new
        shared = [k for k, c in enumerate(loop.carried) if self.live[c] and c not in self.varying]
        own = [k for k, c in enumerate(loop.carried) if self.live[c] and c in self.varying]
        owners = [(g, k) for g in self.groups for k in own]
        inits = [self.value[old.args[n][k]] for k in shared] + [self.vector(g, old.args[n][k]) for g, k in owners]
        index, carried = new.begin_loop(tuple(new.graph.width[i] for i in inits), old.span[n])
        self.value[loop.index] = index
        for k, c in zip(shared, carried, strict=False):
            self.value[loop.carried[k]] = c
        for (g, k), c in zip(owners, carried[len(shared) :], strict=True):
            g.value[loop.carried[k]] = c
        self.block(loop.body)
        yields = [self.value[loop.yields[k]] for k in shared] + [self.vector(g, loop.yields[k]) for g, k in owners]
        bounds = (loop.lo, loop.hi, loop.step)
        results = new.end_loop("for", bounds, index, carried, tuple(inits), tuple(yields), old.span[n])
        self.bind_results(n, dict(zip(shared, results, strict=False)))
        outs = dict(self.results.get(n, ()))
        for (g, k), r in zip(owners, results[len(shared) :], strict=True):
            if k in outs:
                g.value[outs[k]] = r

    # -- one group's nodes -----------------------------------------------------------------------------------------

    def vector(self, group: Group, n: int) -> int:
        """Old node `n` as a vector of the group's lanes."""
        if n in group.value:
            return group.value[n]
        return self.new.widen(self.value[n], self.lanes)

    def lane_node(self, n: int, group: Group) -> None:
        old = self.old
        op, span = old.op[n], old.span[n]
        match op:
            case _ if (offer := self.plan.ways.get((n, group.number))) is not None:
                group.value[n] = self.planned(n, offer, group)
            case "load":
                group.value[n] = self.lane_load(n, group)
            case "store":
                self.lane_store(n, group, self.vector(group, old.args[n][1]))
            case "store_if":
                self.lane_store_if(n, group)
            case _:
                args = [self.vector(group, a) for a in old.args[n]]
                group.value[n] = self.emit(op, *args, attr=old.attr[n], width=self.lanes, span=span)

    def turn(self, offer: Offer, group: Group) -> int:
        """How many groups before this one were carried out by the offer.

        In a sample all count as the first one, so that no group seems to pay for what is made for the turns of all.
        """
        if self.trial is not None:
            return 0
        node = offer.sites[0].node
        return sum(self.plan.ways.get((node, k)) == offer for k in range(group.number))

    def planned(self, n: int, offer: Offer, group: Group) -> int:
        """A site, carried out as the plan says."""
        site = next(s for s in offer.sites if s.node == n)
        homes = [self.plan.homes[table.key] for table in offer.in_memory]
        return offer.alternative.emit(offer, site, group, homes, self)

    def build_tables(self) -> None:
        """Emits what fills the tables; no table is stored before the words for all of them are read."""
        tables = {t.key: t for o in self.plan.ways.values() for t in o.tables}
        rows: list[tuple[Home, int, int]] = []
        for key, table in tables.items():
            home = self.plan.homes.get(key)
            if home is not None and home.array not in self.new.graph.arrays:
                self.new.graph.arrays = carved(self.new.graph.arrays, home)
            if table.build is not None:
                rows += [(home, address, row) for address, row in table.build(self, home) if home is not None]
        # What stood where buffers are is read: from now on, a load there depends on when it is done.
        buffers = {
            self.plan.homes[table.key].array for table in tables.values() if table.memory and table.build is None
        }
        self.new.frozen -= buffers
        for home, address, row in rows:
            self.emit("vstore", self.new.const(address), row, attr=home.access)

    def start_index(self, index: int, group: Group) -> int | None:
        """The index of lane 0 as a word, if the lanes' indices follow each other one by one."""
        form = self.forms.of(index)
        if not consecutive(form, self.par_loop, self.varying):
            return None
        total = group.start
        for n, k in form.terms:
            if n != self.par_loop.index:
                total = self.emit("add", total, self.emit("mul", self.value[n], self.new.const(k)))
        return self.emit("add", total, self.new.const(form.constant)) if form.constant else total

    def indices(self, start: int, group: Group) -> list[int]:
        """Consecutive indices from that of lane 0 on, one for each active lane."""
        return [self.emit("add", start, self.new.const(k)) if k else start for k in range(group.active)]

    def lane_load(self, n: int, group: Group) -> int:
        old = self.old
        index, span, access = old.args[n][0], old.span[n], old.access(n)
        start = self.start_index(index, group)
        if start is not None and group.active == self.lanes:
            return self.emit("vload", start, attr=access, span=span)
        if start is not None:
            words = [self.emit("load", at, attr=access, span=span) for at in self.indices(start, group)]
            return self.emit("pack", *words, *[words[-1]] * (self.lanes - group.active))
        return self.emit("gather", self.vector(group, index), attr=access, span=span)

    def lane_store(self, n: int, group: Group, value: int) -> None:
        old = self.old
        index, span, array = old.args[n][0], old.span[n], old.access(n).array
        start = self.start_index(index, group)
        if start is not None and group.active == self.lanes:
            self.store("vstore", start, value, Access(array), span)
        elif start is not None:
            for k, at in enumerate(self.indices(start, group)):
                self.store("store", at, self.emit("lane", value, attr=k), Access(array), span)
        else:
            self.store("scatter", self.vector(group, index), value, Access(array, group.active), span)

    def store(self, op: str, index: int, value: int, access: Access, span: Span | None) -> None:
        """A store, put off until all groups are through if there is a table where it goes."""
        if any(home.array == access.array for home in self.plan.homes.values()):
            self.late.append((op, index, value, access, span))
        else:
            self.emit(op, index, value, attr=access, span=span)

    def lane_store_if(self, n: int, group: Group) -> None:
        """A store under a condition: reads the old words and writes them back where the condition fails."""
        old, span, access = self.old, self.old.span[n], self.old.access(n)
        cond, index, value = old.args[n]
        start = self.start_index(index, group)
        inside = self.facts[index].hi < old.arrays[access.array].length
        if start is not None and inside and group.active == self.lanes:
            kept = self.emit("vload", start, attr=access, span=span)
            chosen = self.emit("select", self.vector(group, cond), self.vector(group, value), kept, span=span)
            self.emit("vstore", start, chosen, attr=access, span=span)
            return
        # Lane by lane: where the condition fails, the index may lie outside the array or hit another lane's word.
        for k in range(group.active):
            c, i, v = (self.emit("lane", self.vector(group, a), attr=k, span=span) for a in (cond, index, value))
            at = i if inside else self.emit("select", c, i, self.new.const(0), span=span)
            kept = self.emit("load", at, attr=access, span=span)
            self.emit("store", at, self.emit("select", c, v, kept, span=span), attr=access, span=span)


def carved(arrays: Mapping[str, Array], home: Home) -> dict[str, Array]:
    """The arrays with one for a table, which takes over words of another: what is left of that is up to two arrays."""
    result: dict[str, Array] = {}
    for array in arrays.values():
        if array.base <= home.base < array.end:
            before, after = home.base - array.base, array.end - home.base - home.length
            if before:
                result[array.name] = replace(array, length=before)
            if after:
                name = unused_name(f"{array.name}_rest", dict(arrays)) if before else array.name
                result[name] = replace(array, name=name, base=home.base + home.length, length=after)
        else:
            result[array.name] = array
    result[home.array] = Array(home.array, home.base, home.length, Mode.CONSUMED)
    return result
