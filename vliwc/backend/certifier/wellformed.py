"""Is the program one that the machine can execute at all? Checked before anything is proven about it."""

from __future__ import annotations

from collections import Counter

from vliwc.backend.certifier.failure import ProofFailed
from vliwc.machine.description import Machine
from vliwc.machine.faults import place
from vliwc.machine.program import Program, Slot
from vliwc.machine.slots import DESTS, FORMATS, SOURCES, VECTORS, Effect, Role, format_of, scratch_used

_OTHER = (Role.KEY, Role.KEYS, Role.TEXT)


def check_program(program: Program, machine: Machine) -> None:
    """Raises ProofFailed for too many slots, an operation that the machine lacks, or an operand that cannot be.

    An engine that is named as empty must be one of the machine's, and be empty. At most one slot of a bundle may decide
    what comes next, since which of two would win is nowhere said. The program uses no more scratch than it claims.
    """
    for number, bundle in enumerate(program.bundles):
        counts = Counter(slot.engine for slot in bundle.slots)
        for engine in bundle.empty_engines:
            if engine in counts or not machine.slots(engine):
                raise ProofFailed(f"{place(program, number)}: it cannot have an empty engine '{engine}'", bundle=number)
        for engine, count in counts.items():
            if count > machine.slots(engine):
                message = f"{count} {engine} slots, but the machine has {machine.slots(engine)}"
                raise ProofFailed(f"{place(program, number)}: {message}", bundle=number)
        for slot in bundle.slots:
            wrong = _fault(slot, machine)
            if wrong:
                raise ProofFailed(f"{place(program, number, slot)}: {wrong}", bundle=number)
        if sum(format_of(slot).effect is Effect.CONTROL for slot in bundle.slots) > 1:
            raise ProofFailed(f"{place(program, number)}: two slots decide what comes next", bundle=number)
    used = scratch_used(program.bundles, machine.lanes)
    if not used <= program.scratch_words <= machine.scratch_words:
        claim = f"the program claims {program.scratch_words} scratch words of {machine.scratch_words}"
        raise ProofFailed(f"{claim}, and uses words 0 to {used - 1}")


def _fault(slot: Slot, machine: Machine) -> str:
    """What is wrong with a slot; empty if nothing is."""
    fmt = FORMATS.get((slot.engine, slot.op))
    if fmt is None or not machine.runs(slot.engine, slot.op):
        return f"the machine has no '{slot.op}' on {slot.engine}"
    if len(fmt.roles) != len(slot.operands):
        return f"{len(slot.operands)} operands instead of {len(fmt.roles)}"
    shift = slot.operands[-1] if Role.LANE in fmt.roles else 0
    for role, operand in zip(fmt.roles, slot.operands, strict=True):
        if role in _OTHER:
            continue
        if not isinstance(operand, int) or not isinstance(shift, int):
            return f"the operand {operand!r} is no integer"
        if role in DESTS or role in SOURCES:
            first, words = operand + shift, machine.lanes if role in VECTORS else 1
            if first < 0 or first + words > machine.scratch_words:
                return f"there is no scratch word {first if first < 0 else first + words - 1}"
    return ""
