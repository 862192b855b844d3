"""The scheduling problem as a constraint model for CP-SAT, indexed by time; docs/scheduling.md has it as formulas.

All variables say what is the case *by* a cycle (the cumulative form of the model of Pritsker, Watters and Wolfe 1969),
so that every one is monotone in time:

- `begun[k]` at t: operation k has its first slot in cycle t or before;
- `done[k]` at t: its last slot is in cycle t or before;
- `issued[k, f, s]` at t: how many slots of step s of form f are in cycle t or before.

An operation of one slot is begun and done in the same cycle, by the same variables. `begun` may be early and `done`
late in the model: that is no better for anything, so every solution stands for a schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

from vliwc.backend.problem import DATA, Issue
from vliwc.backend.schedulers.cpsat.frame import Frame, OpenLife
from vliwc.backend.schedulers.cpsat.instance import Instance
from vliwc.backend.schedulers.cpsat.instance import Value as Stored
from vliwc.backend.schedulers.cpsat.room import Room
from vliwc.backend.schedulers.cpsat.timetable import Slots
from vliwc.backend.schedulers.cpsat.timing import length
from vliwc.backend.schedulers.cpsat.variables import Constraints, Rise, Term, Value


class Model(Constraints):
    """The model of a frame: its free operations are to be scheduled, all others stand where they are.

    `room` is how scratch is limited; without it, it is not.
    """

    def __init__(self, instance: Instance, frame: Frame, room: Room | None) -> None:
        super().__init__()
        self.instance, self.problem = instance, instance.problem
        self.frame = frame
        self.begun: dict[int, Rise] = {}
        self.done: dict[int, Rise] = {}
        self.issued: dict[tuple[int, int, int], Rise] = {}
        self.chosen: dict[tuple[int, int], Value] = {}
        """By operation and form; forms for which there is no time are missing."""
        self.born: dict[int, Rise] = {}
        self.dead: dict[int, Rise] = {}
        """By value: is it in scratch, is it there no longer? Known only if scratch is limited."""
        for k in frame.free:
            self._operation(k)
        for k in frame.free:
            self._edges(k)
            self._needs(k)
        self._engines()
        self.limited = room is not None and self._may_run_out(room)
        """Does the model limit scratch? It need not if all values have room at once."""
        if room is not None and self.limited:
            self._scratch(room)

    # -- operations

    def present(self, k: int) -> Value:
        """Is operation k part of the schedule?"""
        return 1

    def _operation(self, k: int) -> None:
        """The variables of one operation, and how they hang together."""
        forms, machine = self.problem.operations[k].forms, self.problem.machine
        early, late = self.frame.windows.earliest[k], self.frame.windows.latest[k]
        present = self.present(k)
        begun = self.begun[k] = self.done[k] = self.rise(early.start, late.start, present)
        if any(len(form) > 1 or form[0].slots > 1 for form in forms):
            self.done[k] = self.rise(early.end, late.end, present)
        fitting = [f for f, form in enumerate(forms) if early.start + length(form, machine) <= late.end]
        if len(fitting) == 1 and begun is self.done[k]:
            self.chosen[k, fitting[0]], self.issued[k, fitting[0], 0] = present, begun
        elif forms:
            chosen: list[Value] = [present]
            if len(fitting) != 1:
                chosen = [self.boolean() for _ in fitting]
                self.cp.add_exactly_one(chosen)
            for f, choice in zip(fitting, chosen, strict=True):
                self.chosen[k, f] = choice
                self._form(k, f)
            self._progress(k, fitting)

    def _form(self, k: int, f: int) -> None:
        """The slots of one form: each step waits for the results of the one before."""
        machine, form, chosen = self.problem.machine, self.problem.operations[k].forms[f], self.chosen[k, f]
        first = self.frame.windows.earliest[k].start
        slack = self.frame.windows.latest[k].end - first - length(form, machine)
        for s, step in enumerate(form):
            capacity = machine.slots(step.engine)
            last = first + -(-step.slots // capacity) - 1
            now = self.rise(first, last + slack, self._times(step.slots, chosen), step.slots, capacity)
            self.issued[k, f, s] = now
            if s:
                before = form[s - 1]
                for cycle in range(now.first, now.last):
                    complete = self._complete(self.issued[k, f, s - 1].at(cycle - before.latency), before.slots)
                    self.bound([(1, now.at(cycle)), (-step.slots, complete)], 0)
            first = last + step.latency

    def _times(self, slots: int, chosen: Value) -> Value:
        """So many slots if the form is chosen, else none."""
        if slots == 1:
            return chosen
        if isinstance(chosen, int):
            return slots * chosen
        product = self.cp.new_int_var(0, slots, "")
        self.cp.add(product == slots * chosen)
        return product

    def _complete(self, issued: Value, slots: int) -> Value:
        """1 only if that many slots are issued."""
        if slots == 1:
            return issued
        if isinstance(issued, int):
            return issued // slots
        complete = self.boolean()
        self.bound([(slots, complete), (-1, issued)], 0)
        return complete

    def _progress(self, k: int, forms: Sequence[int]) -> None:
        """An operation is begun as soon as a slot is issued, and done when all slots of one form are."""
        operation = self.problem.operations[k]
        starts = [(self.issued[k, f, 0], operation.forms[f][0].slots) for f in forms]
        ends = [(self.issued[k, f, len(operation.forms[f]) - 1], operation.forms[f][-1].slots) for f in forms]
        for parts, whole, sign in ((starts, self.begun[k], 1), (ends, self.done[k], -1)):
            scale = lcm(*(slots for _, slots in parts))
            first = min(whole.first, *(part.first for part, _ in parts))
            for cycle in range(first, max(whole.last, *(part.last for part, _ in parts))):
                terms = [(sign * scale // slots, part.at(cycle)) for part, slots in parts]
                self.bound([*terms, (-sign * scale, whole.at(cycle))], 0)

    # -- dependences

    def _edges(self, k: int) -> None:
        """What waits for operation k. Edges from and to fixed operations are in the windows."""
        for target, kind in self.problem.successors[k]:
            if target in self.begun:
                self._wait(k, kind, self.begun[target])

    def _wait(self, k: int, kind: int, after: Rise, most: int = 1) -> None:
        """`after`, with values up to `most`, stays 0 until operation k is done (and its result there, for DATA)."""
        for latency, condition in self._latencies(k) if kind == DATA else [(0, 1)]:
            for cycle in range(after.first, min(after.last + 1, self.frame.cycles)):
                past = self.done[k].at(cycle - latency)
                if isinstance(condition, int):
                    self.bound([(1, after.at(cycle)), (-most, past)], 0)
                else:
                    self.bound([(1, after.at(cycle)), (-most, past), (most, condition)], most)

    def _latencies(self, k: int) -> list[tuple[int, Value]]:
        """The latency of operation k's result, and if forms differ in that the choice of the form."""
        forms = self.problem.operations[k].forms
        latencies = {form[-1].latency for form in forms}
        if len(latencies) <= 1:
            return [(latencies.pop() if latencies else 0, 1)]
        return [(form[-1].latency, self.chosen[k, f]) for f, form in enumerate(forms) if (k, f) in self.chosen]

    def _needs(self, k: int) -> None:
        """A form that needs a value waits for its writers."""
        operation = self.problem.operations[k]
        for f, needs in enumerate(operation.needs):
            if (k, f) not in self.chosen:
                continue
            first, most = self.issued[k, f, 0], operation.forms[f][0].slots
            for writer in (w for v in needs for w in self.instance.writers.get(v, ())):
                if writer in self.begun:
                    self._wait(writer, DATA, first, most)
                else:
                    for cycle in range(first.first, min(self.frame.fixed[writer].landed, first.last + 1)):
                        self.bound([(1, first.at(cycle))], 0)

    # -- resources

    def limit(self, terms: list[Term], most: int) -> None:
        """No more than `most` of a resource."""
        self.bound(terms, most)

    def _engines(self) -> None:
        """No bundle has more slots of an engine than there are."""
        use: dict[tuple[str, int], list[Term]] = {}
        for (k, f, s), issued in self.issued.items():
            engine = self.problem.operations[k].forms[f][s].engine
            for cycle in range(issued.first, min(issued.last + 1, self.frame.cycles)):
                use.setdefault((engine, cycle), []).extend([(1, issued.at(cycle)), (-1, issued.at(cycle - 1))])
        for (engine, cycle), terms in use.items():
            self.limit(terms, self.problem.machine.slots(engine) - self.frame.used[engine, cycle])

    def _scratch(self, room: Room) -> None:
        """The values that are alive in a cycle have room."""
        lanes, last = self.problem.machine.lanes, self.frame.cycles
        vectors: list[list[Term]] = [[] for _ in range(last)]
        words: list[list[Term]] = [[] for _ in range(last)]
        for life in self.frame.lives:
            born = self.born[life.value.number] = self._born(life)
            dead = self.dead[life.value.number] = self._dead(life)
            kind = vectors if life.value.width == lanes else words
            for cycle in range(born.first, last):
                there, gone = born.at(cycle), dead.at(cycle)
                if isinstance(gone, int) and gone:
                    break
                kind[cycle] += [(1, there), (-1, gone)]
        border = None
        if room.split:
            border = self.rise(0, last, self.cp.new_int_var(0, room.blocks, ""), room.blocks, room.blocks)
        for cycle, (resting_vectors, resting_words) in enumerate(self.frame.resting[:last]):
            if border is not None:
                self.limit([*vectors[cycle], (-1, border.at(cycle))], -resting_vectors)
                self.limit([*words[cycle], (lanes, border.at(cycle))], room.words - resting_words)
            else:
                limit = room.words - lanes * resting_vectors - resting_words
                self.limit([*((lanes * factor, v) for factor, v in vectors[cycle]), *words[cycle]], limit)

    def _may_run_out(self, room: Room) -> bool:
        """Would there be too little if all values of free operations were alive at once?"""
        lanes = self.problem.machine.lanes
        resting = max(lanes * vectors + words for vectors, words in self.frame.resting)
        return resting + sum(life.value.width for life in self.frame.lives) > room.words - lanes * room.split

    def _born(self, life: OpenLife) -> Rise:
        """Has the value's first write begun?"""
        writers = [self.begun[k] for k in life.value.writers if k in self.begun]
        latest = min([life.born, *(begun.last for begun in writers)])
        if len(writers) == 1 and latest == writers[0].last:
            return writers[0]
        first = min([life.born, *(begun.first for begun in writers)])
        born = self.rise(first, latest)
        for begun in writers:
            for cycle in range(begun.first, latest):
                self.at_most(begun.at(cycle), born.at(cycle))
        return born

    def reads(self, value: Stored) -> tuple[list[int], list[tuple[int, Value]]]:
        """The operations that read a value, and others that do if they choose to."""
        return list(value.readers), [(k, self.chosen[k, f]) for k, f in value.needed if (k, f) in self.chosen]

    def _dead(self, life: OpenLife) -> Rise:
        """Has the value's last read happened?"""
        certain, possible = self.reads(life.value)
        readers = [self.done[k] for k in certain if k in self.done]
        needed = [(self.done[k], choice) for k, choice in possible if k in self.done]
        first = max([life.last, *(done.first for done in readers)])
        end = self.frame.cycles
        if first >= end:
            return Rise(end, (), 1)
        writers = [k for k in life.value.writers if k in self.done] if life.value.lands_late else []
        if len(readers) == 1 and not needed and not writers and first == readers[0].first:
            return readers[0]
        final = self.present(writers[0]) if writers else 1
        ends = [done.last for done in readers] + [done.last for done, _ in needed]
        ends += [self.frame.windows.latest[k].landed for k in writers]
        dead = self.rise(first, max([first, *ends]), final)
        for k in writers:
            self._wait(k, DATA, dead)
        for cycle in range(first, dead.last):
            for done in readers:
                self.at_most(dead.at(cycle), done.at(cycle))
            for done, choice in needed:
                self.bound([(1, dead.at(cycle)), (-1, done.at(cycle)), (1, choice)], 1)
        return dead

    # -- questions and answers

    def ranks(self) -> dict[int, int]:
        """Variables that a search should decide early, and their ranks, from 0 on: when operations begin, above all
        those whose values others may choose to need, and the early cycles before the late ones."""
        values = {v for k in self.begun for needs in self.problem.operations[k].needs for v in needs}
        needed = {writer for v in values for writer in self.instance.writers.get(v, ())}
        ranks: dict[int, int] = {}
        for k, begun in self.begun.items():
            for cycle, variable in enumerate(begun.variables, begun.first):
                ranks[variable.index] = cycle if k in needed else self.frame.cycles + cycle
        return ranks

    def slots(self, solution: Sequence[int]) -> dict[int, Slots]:
        """The slots of the free operations in a solution, which gives every variable's value."""
        found: dict[int, list[Issue]] = {k: [] for k in self.frame.free}
        for (k, f, s), issued in self.issued.items():
            before = 0
            for cycle in range(issued.first, issued.last + 1):
                value = issued.at(cycle)
                count = value if isinstance(value, int) else solution[value.index]
                if count > before:
                    found[k].append(Issue(cycle, k, f, s, before, count - before))
                    before = count
        return {k: tuple(sorted(issues)) for k, issues in found.items()}
