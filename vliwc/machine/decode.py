"""Turns the slots of a bundle into Python closures over one scratch and one memory, once, so that running is fast.

Every closure reads the state from before the bundle and changes nothing; the simulator lands what they return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vliwc.ir.ops import MASK
from vliwc.machine.description import Machine
from vliwc.machine.program import Bundle, Slot
from vliwc.machine.slots import Effect, Role, format_of, immediate, reads, writes

Words = list[int]
Key = int | slice
"""Where a value goes: one word, or as many as there are lanes."""
Value = Callable[[], int | Words]
HALT = -1


@dataclass(slots=True)
class Step:
    """One bundle, decoded, that takes `cost` cycles. All lists are in the machine's order."""

    cost: int
    writes: list[tuple[Key, Value]] = field(default_factory=list)
    """Scratch writes that land at the end of this cycle."""
    late: list[tuple[int, Key, Value]] = field(default_factory=list)
    """Scratch writes that land later, by how many cycles."""
    stores: list[Callable[[], tuple[Key, int | Words]]] = field(default_factory=list)
    traced: list[int] = field(default_factory=list)
    """The scratch words appended to the trace buffer."""
    control: Callable[[], int] | None = None
    """The number of the next bundle, HALT to stop; None for the following one."""
    pause: bool = False


def decode(bundle: Bundle, number: int, machine: Machine, scratch: Words, memory: Words) -> Step:
    """Decodes a valid bundle. Its closures raise IndexError outside memory, and ZeroDivisionError."""
    step = Step(cost=int(bundle.takes_cycle))
    for slots in bundle.by_engine().values():
        for slot in slots:
            match format_of(slot).effect:
                case Effect.STORE:
                    step.stores.append(_store(slot, machine.lanes, scratch, memory))
                case Effect.TRACE:
                    step.traced.append(reads(slot, 1)[0].start)
                case Effect.CONTROL:
                    step.pause = slot.op == "pause"
                    step.control = None if step.pause else _control(slot, number, scratch)
                case Effect.COMPUTE | Effect.COPY | Effect.LOAD:
                    key = _key(writes(slot, machine.lanes), format_of(slot).vector)
                    value = value_of(slot, machine.lanes, scratch, memory)
                    latency = machine.latency(slot.engine, slot.op)
                    if latency == 1:
                        step.writes.append((key, value))
                    else:
                        step.late.append((latency - 1, key, value))
    return step


def span_of(key: Key) -> range:
    """The words that a key stands for."""
    return range(key.start, key.stop) if isinstance(key, slice) else range(key, key + 1)


def _key(words: range, vector: bool) -> Key:
    return slice(words.start, words.stop) if vector else words.start


def value_of(slot: Slot, lanes: int, scratch: Words, memory: Words) -> Value:
    """What a slot with a destination computes."""
    fmt = format_of(slot)
    sources = reads(slot, lanes)
    if fmt.effect is Effect.LOAD:
        return _load(sources[0].start, lanes, fmt.vector, scratch, memory)
    if fmt.effect is Effect.COPY:
        return _copy(slot, [words.start for words in sources], lanes, scratch)
    assert fmt.meaning is not None and fmt.meaning.word is not None
    word = fmt.meaning.word
    if fmt.vector:
        return _vector(word, sources, scratch)
    if Role.IMM in fmt.roles:
        return _with_immediate(word, sources[0].start, immediate(slot) & MASK, scratch)
    return _scalar(word, [words.start for words in sources], scratch)


def _load(address: int, lanes: int, vector: bool, scratch: Words, memory: Words) -> Value:
    if not vector:
        return lambda: memory[scratch[address]]

    def vload() -> Words:
        words = memory[scratch[address] : scratch[address] + lanes]
        if len(words) < lanes:
            raise IndexError
        return words

    return vload


def _copy(slot: Slot, sources: list[int], lanes: int, scratch: Words) -> Value:
    if sources:
        source = sources[0]
        return lambda: [scratch[source]] * lanes
    value = immediate(slot) & MASK if Role.IMM in format_of(slot).roles else 0
    return lambda: value


def _vector(word: Callable[..., int], sources: Iterable[range], scratch: Words) -> Value:
    keys = [slice(words.start, words.stop) for words in sources]
    if len(keys) == 2:
        a, b = keys
        return lambda: list(map(word, scratch[a], scratch[b]))
    a, b, c = keys
    return lambda: list(map(word, scratch[a], scratch[b], scratch[c]))


def _scalar(word: Callable[..., int], sources: list[int], scratch: Words) -> Value:
    if len(sources) == 2:
        a, b = sources
        return lambda: word(scratch[a], scratch[b])
    a, b, c = sources
    return lambda: word(scratch[a], scratch[b], scratch[c])


def _with_immediate(word: Callable[..., int], source: int, value: int, scratch: Words) -> Value:
    return lambda: word(scratch[source], value)


def _store(slot: Slot, lanes: int, scratch: Words, memory: Words) -> Callable[[], tuple[Key, int | Words]]:
    address, data = reads(slot, lanes)
    at, first, size = address.start, data.start, len(memory)
    if not format_of(slot).vector:

        def store() -> tuple[Key, int | Words]:
            if scratch[at] >= size:
                raise IndexError
            return scratch[at], scratch[first]

        return store
    key = slice(data.start, data.stop)

    def vstore() -> tuple[Key, int | Words]:
        base = scratch[at]
        if base + lanes > size:
            raise IndexError
        return slice(base, base + lanes), scratch[key]

    return vstore


def _control(slot: Slot, number: int, scratch: Words) -> Callable[[], int]:
    if slot.op == "halt":
        return lambda: HALT
    if slot.op == "jump_indirect":
        source = reads(slot, 1)[0].start
        return lambda: scratch[source]
    target = immediate(slot)
    if slot.op == "jump":
        return lambda: target
    condition = reads(slot, 1)[0].start
    following = number + 1
    if slot.op == "cond_jump_rel":
        target += following
    return lambda: target if scratch[condition] else following
