"""What can be wrong with a program, or go wrong when it runs; and how messages name the place."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

from vliwc.errors import DataError, VliwcError
from vliwc.machine.program import Operand, Program, Slot
from vliwc.machine.slots import FORMATS


class ProgramError(DataError):
    """A program that the machine cannot execute, whatever the input. `bundle` is the number of the bad bundle."""

    def __init__(self, message: str, *, help: str | None = None, bundle: int | None = None) -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.bundle = bundle


class SimulationFault(VliwcError):
    """A run that went wrong. `bundle` is the number of the bundle, `cycle` the count of cycles before it."""

    exit_code = 6

    def __init__(self, message: str, *, bundle: int, cycle: int, help: str | None = None) -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.bundle = bundle
        self.cycle = cycle


class CycleLimitReached(SimulationFault):
    """A run that was cut off, since it took more cycles than it was allowed."""


def suggest(word: str, choices: Iterable[str]) -> str:
    """The help for a word that is none of the choices: the closest one, or all of them."""
    known = sorted(choices)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"expected one of: {', '.join(known) or 'nothing at all'}"


def operand_text(operand: Operand) -> str:
    """One operand as assembly writes it: integers in decimal, everything else as JSON."""
    return str(operand) if isinstance(operand, int) else json.dumps(operand)


def slot_text(slot: Slot) -> str:
    """A slot as assembly writes it, without its engine; the bare operands if it has no known format."""
    fmt = FORMATS.get((slot.engine, slot.op))
    if fmt is None or len(fmt.roles) != len(slot.operands):
        return " ".join([slot.op, *map(operand_text, slot.operands)])
    first, *rest = fmt.text.split("$")
    return first + "".join(operand_text(x) + part for x, part in zip(slot.operands, rest, strict=True))


def place(program: Program, bundle: int, slot: Slot | None = None) -> str:
    """Names a bundle, one of its slots, and the kernel's line that the slot computes for."""
    if slot is None:
        return f"bundle {bundle}"
    source = "" if slot.span is None else f" (from {program.kernel or 'kernel'}, .vk line {slot.span.line})"
    return f"bundle {bundle}, {slot.engine} slot '{slot_text(slot)}'{source}"
