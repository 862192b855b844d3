"""The one table of slot formats: what every slot reads, writes and means.

Validator, simulator, assembler, certifier and documentation take what they need from here. What a word operation
computes is not said again: `Format.meaning` points into the table of operations (`vliwc.ir.ops`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import cast

from vliwc.ir.ops import BINARY, PURE, Op
from vliwc.machine.program import Bundle, Slot

ENGINES = ("alu", "valu", "load", "store", "flow", "debug")
"""The engines that a machine of this family may have."""


class Role(Enum):
    """What one operand of a slot is."""

    DEST = "the scratch word written"
    VDEST = "the first of the scratch words written, one a lane"
    SRC = "a scratch word read"
    VSRC = "the first of the scratch words read, one a lane"
    IMM = "an integer, taken modulo 2^32"
    LANE = "an integer added to the slot's scratch addresses"
    BUNDLE = "the number of a bundle"
    DISTANCE = "a number of bundles to go forward, negative to go back"
    KEY = "the key of a traced value"
    KEYS = "one key a lane"
    TEXT = "text"


DESTS = (Role.DEST, Role.VDEST)
SOURCES = (Role.SRC, Role.VSRC)
VECTORS = (Role.VDEST, Role.VSRC)


class Effect(Enum):
    """What a slot does, apart from reading its sources."""

    COMPUTE = "the destination gets `meaning` of the sources, lane by lane"
    COPY = "every word of the destination gets the source, the immediate, or (coreid) 0"
    LOAD = "the destination gets words of memory, at the address in the source"
    STORE = "memory, at the address in the first source, gets the second source"
    CONTROL = "decides what is executed next"
    TRACE = "appends the source to the trace buffer"
    DEBUG = "nothing that the program can notice"


@dataclass(frozen=True)
class Format:
    """One kind of slot. `text` is how assembly writes it, with a `$` for each operand in the machine's order."""

    engine: str
    op: str
    roles: tuple[Role, ...]
    effect: Effect
    text: str
    meaning: Op | None = None

    @cached_property
    def vector(self) -> bool:
        """Does it work on one word a lane?"""
        return any(role in VECTORS for role in self.roles)

    @cached_property
    def dests(self) -> tuple[tuple[int, bool], ...]:
        """The operands that are destinations (one at most): their positions, and whether they are vectors."""
        return tuple((i, role in VECTORS) for i, role in enumerate(self.roles) if role in DESTS)

    @cached_property
    def sources(self) -> tuple[tuple[int, bool], ...]:
        """The operands that are sources, likewise."""
        return tuple((i, role in VECTORS) for i, role in enumerate(self.roles) if role in SOURCES)


def _arithmetic() -> Iterable[Format]:
    """`alu` and `valu` offer every two-operand word operation of the table of operations."""
    for symbol, op in BINARY.items():
        roles = (Role.DEST, Role.SRC, Role.SRC)
        yield Format("alu", symbol, roles, Effect.COMPUTE, f"s[$] = s[$] {symbol} s[$]", op)
    for symbol, op in BINARY.items():
        roles = (Role.VDEST, Role.VSRC, Role.VSRC)
        yield Format("valu", symbol, roles, Effect.COMPUTE, f"v[$] = v[$] {symbol} v[$]", op)


_D, _S, _VD, _VS, _I, _N = Role.DEST, Role.SRC, Role.VDEST, Role.VSRC, Role.IMM, Role.BUNDLE
_FMA = (_VD, _VS, _VS, _VS)

_TABLE: tuple[Format, ...] = (
    *_arithmetic(),
    Format("valu", "multiply_add", _FMA, Effect.COMPUTE, "v[$] = v[$] * v[$] + v[$]", PURE["muladd"]),
    Format("valu", "vbroadcast", (_VD, _S), Effect.COPY, "v[$] = s[$]"),
    Format("load", "load", (_D, _S), Effect.LOAD, "s[$] = mem[s[$]]"),
    Format("load", "load_offset", (_D, _S, Role.LANE), Effect.LOAD, "v[$] = mem[v[$]] lane $"),
    Format("load", "vload", (_VD, _S), Effect.LOAD, "v[$] = mem[s[$]..]"),
    Format("load", "const", (_D, _I), Effect.COPY, "s[$] = $"),
    Format("store", "store", (_S, _S), Effect.STORE, "mem[s[$]] = s[$]"),
    Format("store", "vstore", (_S, _VS), Effect.STORE, "mem[s[$]..] = v[$]"),
    Format("flow", "select", (_D, _S, _S, _S), Effect.COMPUTE, "s[$] = s[$] ? s[$] : s[$]", PURE["select"]),
    Format("flow", "vselect", _FMA, Effect.COMPUTE, "v[$] = v[$] ? v[$] : v[$]", PURE["select"]),
    Format("flow", "add_imm", (_D, _S, _I), Effect.COMPUTE, "s[$] = s[$] + $", PURE["add"]),
    Format("flow", "halt", (), Effect.CONTROL, "halt"),
    Format("flow", "pause", (), Effect.CONTROL, "pause"),
    Format("flow", "jump", (_N,), Effect.CONTROL, "jump $"),
    Format("flow", "jump_indirect", (_S,), Effect.CONTROL, "jump s[$]"),
    Format("flow", "cond_jump", (_S, _N), Effect.CONTROL, "if s[$] jump $"),
    Format("flow", "cond_jump_rel", (_S, Role.DISTANCE), Effect.CONTROL, "if s[$] skip $"),
    Format("flow", "trace_write", (_S,), Effect.TRACE, "trace s[$]"),
    Format("flow", "coreid", (_D,), Effect.COPY, "s[$] = coreid"),
    Format("debug", "compare", (_S, Role.KEY), Effect.DEBUG, "compare s[$] $"),
    Format("debug", "vcompare", (_VS, Role.KEYS), Effect.DEBUG, "compare v[$] $"),
    Format("debug", "comment", (Role.TEXT,), Effect.DEBUG, "comment $"),
)

FORMATS: dict[tuple[str, str], Format] = {(f.engine, f.op): f for f in _TABLE}
"""All slot formats by engine and operation, in table order."""


def ops_of(engine: str) -> tuple[str, ...]:
    """The operations that an engine of this name can have, in table order."""
    return tuple(op for name, op in FORMATS if name == engine)


def format_of(slot: Slot) -> Format:
    """The format of a slot of a valid program."""
    return FORMATS[slot.engine, slot.op]


def reads(slot: Slot, lanes: int) -> tuple[range, ...]:
    """The scratch words that a slot of a valid program reads: one range for each source, in operand order."""
    fmt = format_of(slot)
    return tuple(_words(slot, fmt, position, lanes if vector else 1) for position, vector in fmt.sources)


def writes(slot: Slot, lanes: int) -> range:
    """The scratch words that a slot of a valid program writes; an empty range if none."""
    fmt = format_of(slot)
    for position, vector in fmt.dests:
        return _words(slot, fmt, position, lanes if vector else 1)
    return range(0)


def _words(slot: Slot, fmt: Format, position: int, width: int) -> range:
    first = cast("int", slot.operands[position])
    if Role.LANE in fmt.roles:
        first += immediate(slot)
    return range(first, first + width)


def immediate(slot: Slot) -> int:
    """The integer operand (IMM, LANE, BUNDLE or DISTANCE: always the last one) of a slot of a valid program."""
    return cast("int", slot.operands[-1])


def scratch_used(bundles: Iterable[Bundle], lanes: int) -> int:
    """The first scratch word that nothing in these valid bundles touches, nor any word after it."""
    return max(
        (words.stop for b in bundles for slot in b.slots for words in (writes(slot, lanes), *reads(slot, lanes))),
        default=0,
    )
