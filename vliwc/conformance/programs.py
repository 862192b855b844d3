"""Random programs: every slot, jumps, pauses, debug slots, edge values, words at both ends of scratch.

What the public simulator cannot bear is left out: shifts to the left by millions, negative addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from vliwc.machine import Bundle, Machine, Operand, Program, Slot
from vliwc.machine.slots import FORMATS, Effect, Format, Role, ops_of, writes
from vliwc.source import Span

IMAGE_WORDS = 96
EDGES = (0, 1, 2, 7, 31, 32, 33, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)
CONSTANTS = 48
"""Scratch words 0 to CONSTANTS - 1 are set at the start and then left alone, so that addresses, shift counts and
traced values can be known."""
HOT = 64
"""Words after the constants that most slots work on."""


@dataclass
class Maker:
    """Makes programs, and images for them, from one source of randomness.

    `legal` ones write no word twice in a bundle, read no word that was not written, and do not jump beyond the end. The
    machine needs 128 words of scratch, and the engines `load` and `valu`.
    """

    rng: Random
    machine: Machine
    legal: bool = False
    constants: list[int] = field(default_factory=list)

    def program(self, length: int) -> Program:
        """A program: a prologue that sets the constants, and `length` random bundles."""
        self.constants = [self.constant(word) for word in range(CONSTANTS)]
        start = self.prologue()
        end = len(start) + length
        bundles = [*start, *(self.bundle(len(start) + i, end) for i in range(length))]
        return Program(self.machine.name, tuple(bundles), self.machine.scratch_words, self.rng.choice(("", "k")))

    def constant(self, word: int) -> int:
        """The first third: addresses; the second: shift counts that every simulator can bear, which serve as divisors,
        too, and thus are rarely 0; the third: anything."""
        if word < CONSTANTS // 3:
            return self.rng.randrange(IMAGE_WORDS - self.machine.lanes + 1)
        if word < 2 * CONSTANTS // 3:
            return 0 if self.rng.random() < 0.02 else self.rng.choice((1, 5, 31, 32, 33, 64))
        return self.word()

    def word(self) -> int:
        """A word, half of the time one at an edge."""
        return self.rng.choice(EDGES) if self.rng.random() < 0.5 else self.rng.getrandbits(32)

    def prologue(self) -> list[Bundle]:
        """Bundles that set the constants and, of legal programs, all words that others may read."""
        rng, machine = self.rng, self.machine
        sets = [Slot("load", "const", (word, self.spelled(value))) for word, value in enumerate(self.constants)]
        bundles = _chunks(sets, machine.slots("load"))
        if self.legal:
            first, last = CONSTANTS, machine.scratch_words
            places = [*range(first, first + HOT, machine.lanes), *range(last - 2 * machine.lanes, last, machine.lanes)]
            splats = [Slot("valu", "vbroadcast", (p, rng.randrange(CONSTANTS))) for p in places]
            bundles += _chunks(splats, machine.slots("valu"))
        return bundles

    def spelled(self, value: int) -> int:
        """An immediate that is this word: the word itself or, modulo 2^32 the same, a negative number."""
        return value - (1 << 32) if value and self.rng.random() < 0.2 else value

    def bundle(self, number: int, end: int) -> Bundle:
        """Bundle `number` of a program of `end` bundles: engines in any order, some with no slot."""
        rng = self.rng
        names = [engine for engine in self.machine.engines if rng.random() < 0.5]
        rng.shuffle(names)
        slots: list[Slot] = []
        empty: list[str] = []
        for engine in names:
            count = rng.randint(0, min(self.machine.slots(engine), 5))
            for slot in (self.slot(engine, number, end) for _ in range(count)):
                if self.fits(slot, slots):
                    slots.append(slot)
            if not any(slot.engine == engine for slot in slots):
                empty.append(engine)
        return Bundle(tuple(slots), tuple(empty))

    def fits(self, slot: Slot, slots: list[Slot]) -> bool:
        """At most one slot decides what comes next; legal bundles write no word twice."""
        control = [s for s in (*slots, slot) if FORMATS[s.engine, s.op].effect is Effect.CONTROL]
        if len(control) > 1:
            return False
        lanes = self.machine.lanes
        stores = slot.engine == "store" and any(s.engine == "store" for s in slots)
        taken = {word for s in slots for word in writes(s, lanes)}
        return not self.legal or (taken.isdisjoint(writes(slot, lanes)) and not stores)

    def slot(self, engine: str, number: int, end: int) -> Slot:
        """A slot of an engine, of any kind that the machine has; divisions and jumps are rarer."""
        ops = [op for op in ops_of(engine) if self.machine.runs(engine, op)]
        weights = [0.3 if self.rare(FORMATS[engine, op]) else 1.0 for op in ops]
        fmt = FORMATS[engine, self.rng.choices(ops, weights)[0]]
        span = Span(*(self.rng.randint(1, 99) for _ in range(4))) if self.rng.random() < 0.3 else None
        return Slot(engine, fmt.op, self.operands(fmt, number, end), span)

    def rare(self, fmt: Format) -> bool:
        """Does this kind of slot tend to end a run?"""
        return fmt.effect is Effect.CONTROL or (fmt.meaning is not None and fmt.meaning.can_fault)

    def operands(self, fmt: Format, number: int, end: int) -> tuple[Operand, ...]:
        """The operands of a slot. Addresses, shift counts and most divisors are constants."""
        if fmt.engine == "debug":
            return self.debug_operands(fmt)
        operands = [self.operand(role, number, end) for role in fmt.roles]
        if Role.LANE in fmt.roles:
            operands[0] = self.place(True, self.machine.lanes)
            operands[1] = self.rng.randrange(CONSTANTS // 3 - self.machine.lanes + 1)
            operands[2] = self.rng.randrange(self.machine.lanes)
        elif fmt.effect in (Effect.LOAD, Effect.STORE) and (self.legal or self.rng.random() < 0.95):
            operands[1 if fmt.effect is Effect.LOAD else 0] = self.rng.randrange(CONSTANTS // 3)
        elif fmt.op == "<<" or (fmt.meaning is not None and fmt.meaning.can_fault and self.rng.random() < 0.95):
            third = CONSTANTS // 3
            operands[2] = third + self.rng.randrange(third - (self.machine.lanes if fmt.vector else 1) + 1)
        return tuple(operands)

    def operand(self, role: Role, number: int, end: int) -> int:
        """Any operand of a role."""
        rng, lanes = self.rng, self.machine.lanes
        match role:
            case Role.IMM:
                return self.word() * rng.choice((1, 1, -1))
            case Role.LANE:
                return rng.randrange(lanes)
            case Role.BUNDLE:
                return self.target(end)
            case Role.DISTANCE:
                return self.target(end) - number - 1
            case Role.VDEST | Role.VSRC:
                return self.place(role is Role.VDEST, lanes)
        return self.place(role is Role.DEST, 1)

    def target(self, end: int) -> int:
        """The number of a bundle, sometimes one beyond the end."""
        beyond = 0 if self.legal else self.rng.choice((0, 0, 0, 3))
        return self.rng.randint(0, end + beyond)

    def place(self, dest: bool, width: int) -> int:
        """A scratch word: of the constants (never a destination), the hot words, or the last ones."""
        kind = self.rng.random()
        if kind < 0.2 and not dest:
            return self.rng.randint(0, CONSTANTS - width)
        if kind < 0.3:
            last = self.machine.scratch_words
            return self.rng.randint(last - 2 * self.machine.lanes, last - width)
        return self.rng.randint(CONSTANTS, CONSTANTS + HOT - width)

    def debug_operands(self, fmt: Format) -> tuple[Operand, ...]:
        """The operands of a debug slot: keys stand for constants."""
        lanes = self.machine.lanes
        if fmt.op == "comment":
            return (self.rng.choice(("", "a # b", 'say "x" @1:2', "ü\n\u2028")),)
        if fmt.op == "compare":
            word = self.rng.randrange(CONSTANTS)
            return word, ("scratch", word)
        first = self.rng.randrange(CONSTANTS - lanes + 1)
        return first, tuple(("scratch", first + i) for i in range(lanes))

    def reference(self) -> dict[Operand, int]:
        """The traced values of the constants: once set, all compares hold, unless one of them is spoilt here."""
        values: dict[Operand, int] = {("scratch", word): value for word, value in enumerate(self.constants)}
        if self.rng.random() < 0.1:
            values["scratch", self.rng.randrange(CONSTANTS)] = 12345
        if self.rng.random() < 0.1:
            del values["scratch", self.rng.randrange(CONSTANTS)]
        return values

    def image(self) -> list[int]:
        """A memory image."""
        return [self.word() for _ in range(IMAGE_WORDS)]


def _chunks(slots: list[Slot], size: int) -> list[Bundle]:
    return [Bundle(tuple(slots[i : i + size])) for i in range(0, len(slots), size)]
