"""What every slot of a correct program reads, computes and is needed for.

The program is walked once in order, each loop's body twice, so that what goes around a loop is seen. Words get value
numbers: equal numbers are equal words, constants are known. So a mutator can choose places where its damage changes
something that matters, without running the program on data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.miscompiles.edits import Site
from tests.miscompiles.subjects import Subject
from vliwc.ir.graph import Mode
from vliwc.machine import Slot
from vliwc.machine.slots import Effect, Format, Role, format_of, immediate, reads, writes

Ref = tuple[int, int]
"""A word that was computed: the step that did, and its lane."""


@dataclass(slots=True)
class Step:
    """One execution of a slot. Its sources are, operand by operand and word by word, where they were computed."""

    number: int
    site: Site
    slot: Slot
    time: int
    """The position of the bundle in the walk."""
    sources: list[list[Ref | None]]
    values: list[list[int]]
    """The value numbers of the sources, likewise."""
    results: list[int] = field(default_factory=list)
    """The value number of each word that it computes, loads or stores."""
    addresses: list[int] = field(default_factory=list)
    """The value numbers of the addresses that it loads from or stores to."""
    origins: list[Ref | None] = field(default_factory=list)
    """For loads, the stores that the words come from, as far as addresses are constant."""
    needed: set[int] = field(default_factory=set)
    """The lanes of the result that the kept memory, or a jump, depends on."""

    @property
    def form(self) -> Format:
        """The format of the slot."""
        return format_of(self.slot)


class Flow:
    """The walk. `steps` are all executions of slots, in order."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.program, self.machine, self.graph = subject.program, subject.machine, subject.graph
        self.steps: list[Step] = []
        self.before: list[list[Ref | None]] = []
        """Which step's result each scratch word holds before each bundle of the walk."""
        self._numbers: dict[object, int] = {}
        self._constants: dict[int, int] = {}
        self._stored: dict[int, Ref] = {}
        self._epoch = 0
        self._last_read: dict[Ref, int] = {}
        self.order = self._walk()
        self._forward()
        self._backward()
        self.first: dict[Site, Step] = {}
        for step in self.steps:
            self.first.setdefault(step.site, step)

    def constant(self, number: int) -> int | None:
        """The word of a value number, if it is known."""
        return self._constants.get(number)

    def held(self, time: int, word: int) -> int | None:
        """The value number of a scratch word before a bundle of the walk; None if it holds nothing yet."""
        ref = self.before[time][word]
        return None if ref is None else self.steps[ref[0]].results[ref[1]]

    def region(self, step: Step, lane: int = 0) -> tuple[str, Mode | None] | None:
        """Name and mode of the array that an access of a constant address is in (header: no mode)."""
        address = self.constant(step.addresses[lane])
        if address is None:
            return None
        for array in self.graph.arrays.values():
            if array.base <= address < array.end:
                return array.name, array.mode
        return "", None

    def sites(self, *effects: Effect, engine: str = "", op: str = "") -> Iterator[Step]:
        """The first executions of slots that matter, in program order."""
        for site in sorted(self.first):
            step = self.first[site]
            if (
                step.needed
                and step.form.effect in effects
                and engine in ("", step.slot.engine)
                and op in ("", step.slot.op)
            ):
                yield step

    def otherwise(self, slot: Slot, time: int, holder: list[Ref | None] | None = None) -> Step:
        """What this slot would do in that bundle of the walk, without doing it."""
        return self._step(Site(-1, -1), slot, time, self.before[time] if holder is None else holder)

    def changes(self, step: Step, slot: Slot, time: int | None = None) -> bool:
        """Would this slot, in place of the step's and perhaps in another bundle, do something else that matters?"""
        other = self.otherwise(slot, step.time if time is None else time)
        for lane in step.needed:
            if lane >= max(1, len(other.results)):
                return True
            old, new = (s.addresses[lane : lane + 1] or s.values for s in (step, other))
            if old != new if step.form.effect in (Effect.LOAD, Effect.CONTROL) else _differ(step, other, lane):
                return True
        return False

    def overwritten(self, step: Step, word: int) -> bool:
        """Does the step matter because it changes what a scratch word holds?"""
        lane = word - writes(step.slot, self.machine.lanes).start
        return lane in step.needed and self.held(step.time, word) != step.results[lane]

    def loaded_from(self, time: int, word: int) -> int | None:
        """The value number of the address that what a scratch word holds was loaded from, if it was."""
        ref = self.before[time][word]
        step = self.steps[ref[0]] if ref else None
        return step.addresses[ref[1]] if ref and step and step.form.effect is Effect.LOAD else None

    def live(self, time: int, word: int) -> int | None:
        """The value number that a scratch word holds in a bundle of the walk and that is needed after it; or None."""
        ref = self.before[time][word]
        return None if ref is None or self._last_read.get(ref, -1) <= time else self.held(time, word)

    def readers(self, step: Step) -> list[Step]:
        """The steps that read a needed result of this one, in order."""
        return [
            other
            for other in self.steps[step.number + 1 :]
            if other.needed and any(ref and ref[0] == step.number for words in other.sources for ref in words)
        ]

    def _walk(self) -> list[int]:
        """The numbers of the bundles in order, each loop's body twice."""
        order: list[int] = []
        starts: dict[int, int] = {}
        for number, bundle in enumerate(self.program.bundles):
            starts[number] = len(order)
            order.append(number)
            for slot in bundle.slots:
                if slot.op in ("cond_jump", "cond_jump_rel"):
                    target = immediate(slot) + (number + 1 if slot.op == "cond_jump_rel" else 0)
                    order += order[starts[target] :]
        return order

    def _number(self, *key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers) + 1)

    def _constant(self, word: int) -> int:
        number = self._number("const", word & 0xFFFF_FFFF)
        self._constants[number] = word & 0xFFFF_FFFF
        return number

    def _forward(self) -> None:
        holder: list[Ref | None] = [None] * self.machine.scratch_words
        flying: dict[int, list[tuple[int, Ref]]] = {}
        for time, number in enumerate(self.order):
            self.before.append(list(holder))
            stores: list[Step] = []
            for position, slot in enumerate(self.program.bundles[number].slots):
                step = self._step(Site(number, position), slot, time, holder)
                self.steps.append(step)
                if step.form.effect is Effect.STORE:
                    stores.append(step)
                due = time + self.machine.latency(slot.engine, slot.op) - 1
                landing = flying.setdefault(due, [])
                landing += [(word, (step.number, k)) for k, word in enumerate(writes(slot, self.machine.lanes))]
            for step in stores:
                self._store(step)
            for word, ref in flying.pop(time, ()):
                holder[word] = ref

    def _step(self, site: Site, slot: Slot, time: int, holder: list[Ref | None]) -> Step:
        sources = [[holder[word] for word in words] for words in reads(slot, self.machine.lanes)]
        values = [[0 if ref is None else self.steps[ref[0]].results[ref[1]] for ref in refs] for refs in sources]
        step = Step(len(self.steps), site, slot, time, sources, values)
        width = self.machine.lanes if step.form.vector else 1
        match step.form.effect:
            case Effect.COMPUTE:
                step.results = [self._computed(step, k) for k in range(width)]
            case Effect.COPY:
                made = self._constant(immediate(slot)) if Role.IMM in step.form.roles else self._constant(0)
                step.results = [values[0][0] if values else made] * width
            case Effect.LOAD:
                step.addresses = [self._offset(values[0][0], k) for k in range(width)]
                step.origins = [self._stored.get(a) for a in step.addresses]
                step.results = [self._loaded(a) for a in step.addresses]
            case Effect.STORE:
                step.addresses = [self._offset(values[0][0], k) for k in range(len(values[1]))]
                step.results = list(values[1])
        return step

    def _computed(self, step: Step, lane: int) -> int:
        operands = [words[lane if len(words) > 1 else 0] for words in step.values]
        if Role.IMM in step.form.roles:
            operands.append(self._constant(immediate(step.slot)))
        meaning = step.form.meaning
        assert meaning is not None
        known = [self._constants.get(x) for x in operands]
        words = [x for x in known if x is not None]
        if len(words) == len(known) and not (meaning.can_fault and words[1] == 0):
            assert meaning.word is not None
            return self._constant(meaning.word(*words))
        if meaning.name in ("or", "and") and operands[0] == operands[1]:
            return operands[0]
        if meaning.name in ("add", "or", "xor") and 0 in known:
            return operands[1 - known.index(0)]
        if meaning.name in ("sub", "shl", "shr") and known[1] == 0:
            return operands[0]
        if meaning.commutative:
            operands.sort()
        return self._number(meaning.name, *operands)

    def _offset(self, base: int, k: int) -> int:
        word = self._constants.get(base)
        if word is not None:
            return self._constant(word + k)
        return base if k == 0 else self._number("add", base, k)

    def _loaded(self, address: int) -> int:
        stored = self._stored.get(address)
        if stored is not None:
            return self.steps[stored[0]].results[stored[1]]
        return self._number("load", self._epoch, address)

    def _store(self, step: Step) -> None:
        if any(a not in self._constants for a in step.addresses):
            self._epoch += 1
            self._stored.clear()
        for k, address in enumerate(step.addresses):
            self._stored[address] = step.number, k

    def _backward(self) -> None:
        """Marks what is needed, from the stores to kept memory and the jumps back to where it was computed."""
        last: dict[int, Ref] = {}
        for step in self.steps:
            if step.form.effect is Effect.STORE:
                last |= {address: (step.number, k) for k, address in enumerate(step.addresses)}
        work: list[Ref] = [(s.number, 0) for s in self.steps if s.form.effect is Effect.CONTROL]
        for number, k in last.values():
            region = self.region(self.steps[number], k)
            if region is None or region[1] is not Mode.CONSUMED:
                work.append((number, k))
        while work:
            number, lane = work.pop()
            step = self.steps[number]
            if lane in step.needed:
                continue
            step.needed.add(lane)
            if step.origins and step.origins[lane] is not None:
                work.append(step.origins[lane])  # type: ignore[arg-type]  # it is not None
            for refs in step.sources:
                ref = refs[lane if len(refs) > 1 else 0]
                if ref is not None:
                    work.append(ref)
                    self._last_read[ref] = max(step.time, self._last_read.get(ref, -1))


def _differ(a: Step, b: Step, lane: int) -> bool:
    return a.results[lane] != b.results[lane] or a.addresses[lane : lane + 1] != b.addresses[lane : lane + 1]
