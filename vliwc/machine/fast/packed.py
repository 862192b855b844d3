"""Decodes a program, once, into the flat arrays that compiled code executes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, cast

import numpy as np

from vliwc.ir.ops import MASK
from vliwc.machine.description import Machine
from vliwc.machine.fast import native
from vliwc.machine.fast.state import BUNDLE, SLOT, WORDS, Flags, Integers, Records
from vliwc.machine.program import Bundle, Operand, Program, Slot
from vliwc.machine.slots import Effect, Format, Role, format_of, immediate, reads, writes

OPCODES = {
    "add": native.ADD,
    "sub": native.SUB,
    "mul": native.MUL,
    "div": native.DIV,
    "cdiv": native.CDIV,
    "mod": native.MOD,
    "and": native.AND,
    "or": native.OR,
    "xor": native.XOR,
    "shl": native.SHL,
    "shr": native.SHR,
    "lt": native.LT,
    "eq": native.EQ,
    "muladd": native.MULADD,
    "select": native.SELECT,
}
"""The compiled operation of each name in the table of operations."""

_CONTROLS = {
    "halt": native.HALT,
    "pause": native.FOLLOWING,
    "jump": native.JUMP,
    "jump_indirect": native.JUMP_INDIRECT,
    "cond_jump": native.BRANCH,
    "cond_jump_rel": native.BRANCH,
}


class _Row(NamedTuple):
    """`state.SLOT`, field by field."""

    op: int
    dest: int
    a: int
    b: int
    c: int
    width: int
    at: int
    delay: int
    immediate: int


class _Bundle(NamedTuple):
    """`state.BUNDLE`, field by field."""

    first: int
    late: int
    store: int
    end: int
    read: int
    read_end: int
    trace: int
    trace_end: int
    cost: int
    control: int
    condition: int
    target: int


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A valid program as arrays; see `state` for the records. Runs do not change it."""

    slots: Records
    bundles: Records
    reads: Records
    traces: Integers
    written_first: Flags
    scratch_words: int
    """The program touches none from this word on."""
    results: int
    """The most words that one bundle computes."""
    most_traced: int
    """The most words that one bundle traces."""
    late: int
    """The most late results that can be under way."""
    stride: int
    """The most words of a late result."""
    checked: int
    """Before this bundle none can be the first to read a word that was never written."""


def pack(program: Program, machine: Machine, *, strict: bool) -> Packed:
    """The arrays of a program that is valid for the machine."""
    packer = _Packer(machine)
    for number, bundle in enumerate(program.bundles):
        packer.add(bundle, number)
    slots, bundles = np.array(packer.slots, SLOT), np.array(packer.bundles, BUNDLE)
    written, checked = packer.checked() if strict else (bytes(packer.scratch_words), len(bundles))
    return Packed(
        slots=slots,
        bundles=bundles,
        reads=np.array(packer.reads, WORDS),
        traces=np.array(packer.traces, np.int32),
        written_first=np.frombuffer(written, np.uint8),
        scratch_words=packer.scratch_words,
        results=packer.results,
        most_traced=_longest(bundles["trace"], bundles["trace_end"]),
        late=_longest(bundles["late"], bundles["store"]) * max(machine.latencies.values(), default=0),
        stride=int(slots["width"][slots["delay"] > 0].max(initial=0)),
        checked=checked,
    )


def _longest(first: Integers, end: Integers) -> int:
    """The length of the longest of these lists."""
    return int((end - first).max(initial=0))


@dataclass(slots=True)
class _Packer:
    """The rows of the arrays so far."""

    machine: Machine
    slots: list[_Row] = field(default_factory=list)
    bundles: list[_Bundle] = field(default_factory=list)
    reads: list[tuple[int, int]] = field(default_factory=list)
    traces: list[int] = field(default_factory=list)
    results: int = 0
    scratch_words: int = 0

    def add(self, bundle: Bundle, number: int) -> None:
        """Appends a bundle."""
        kinds: tuple[list[_Row], list[_Row], list[_Row]] = [], [], []
        first_read, first_trace = len(self.reads), len(self.traces)
        control = (native.FOLLOWING, 0, 0)
        for slots in bundle.by_engine().values():
            for slot in slots:
                effect = format_of(slot).effect
                if effect is Effect.DEBUG:
                    continue
                sources = reads(slot, self.machine.lanes)
                self.reads += [(words.start, words.stop) for words in sources]
                if effect is Effect.CONTROL:
                    control = _control(slot, number)
                elif effect is Effect.TRACE:
                    self.traces += [words.start for words in sources]
                else:
                    row = self._row(slot, sources)
                    kinds[2 if effect is Effect.STORE else row.delay > 0].append(row)
        first = len(self.slots)
        late = first + len(kinds[0])
        store = late + len(kinds[1])
        self._add_rows([*kinds[0], *kinds[1], *kinds[2]])
        used = max((words[1] for words in self.reads[first_read:]), default=0)
        self.scratch_words = max(self.scratch_words, used)
        ends = len(self.reads), len(self.traces)
        cost = int(bundle.takes_cycle)
        self.bundles.append(
            _Bundle(first, late, store, len(self.slots), first_read, ends[0], first_trace, ends[1], cost, *control)
        )

    def _row(self, slot: Slot, sources: tuple[range, ...]) -> _Row:
        """A slot with a result, or a store. The result's place is not known yet."""
        fmt = format_of(slot)
        a, b, c = ([words.start for words in sources] + [0, 0, 0])[:3]
        width = self.machine.lanes if fmt.vector else 1
        delay = self.machine.latency(slot.engine, slot.op) - 1
        dest = writes(slot, self.machine.lanes).start if fmt.dests else 0
        value = immediate(slot) & MASK if Role.IMM in fmt.roles else 0
        return _Row(_opcode(fmt), dest, a, b, c, width, 0, delay, value)

    def _add_rows(self, rows: list[_Row]) -> None:
        at = 0
        for row in rows:
            self.slots.append(row._replace(at=at))
            at += row.width
            if row.op != native.STORE:
                self.scratch_words = max(self.scratch_words, row.dest + row.width)
        self.results = max(self.results, at)

    def checked(self) -> tuple[bytes, int]:
        """Looks for reads of unwritten words in the bundles that every run executes first, one after the other.

        Those are the bundles up to the first one that may jump, or that reads such a word. Returns which words they
        have written when the next bundle is executed (a flag for each), and its number.
        """
        written = bytearray(self.scratch_words)
        due: dict[int, list[_Row]] = {}
        cycle = 0
        for number, bundle in enumerate(self.bundles):
            if not all(all(written[first:end]) for first, end in self.reads[bundle.read : bundle.read_end]):
                return bytes(written), number
            for row in self.slots[bundle.first : bundle.store]:
                due.setdefault(cycle + 1 + row.delay, []).append(row)
            cycle += bundle.cost
            for row in due.pop(cycle, ()):
                written[row.dest : row.dest + row.width] = b"\1" * row.width
            if bundle.control != native.FOLLOWING:
                return bytes(written), number + 1
        return bytes(written), len(self.bundles)


def _opcode(fmt: Format) -> int:
    """The compiled operation of slots with a result, and of stores."""
    match fmt.effect:
        case Effect.LOAD:
            return native.LOAD
        case Effect.STORE:
            return native.STORE
        case Effect.COPY:
            return native.SPLAT if fmt.sources else native.SET
    assert fmt.meaning is not None
    if Role.IMM in fmt.roles:
        assert fmt.meaning.name == "add"
        return native.ADD_IMMEDIATE
    return OPCODES[fmt.meaning.name]


def _control(slot: Slot, number: int) -> tuple[int, int, int]:
    """How bundle `number` goes on by this slot: the way, the scratch word that it looks at, the target."""
    words = format_of(slot).sources
    condition: Operand = slot.operands[0] if words else 0
    target = immediate(slot) if Role.BUNDLE in format_of(slot).roles else 0
    if Role.DISTANCE in format_of(slot).roles:
        target = number + 1 + immediate(slot)
    return _CONTROLS[slot.op], cast("int", condition), target
