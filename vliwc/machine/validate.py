"""The validator: what can be said about a program before it runs.

It accepts exactly the programs that the simulator can execute. With `strict`, it also rejects what the machine
would execute, but no compiler should emit: two writes of one scratch word that land in the same cycle, and jumps to
beyond the end.
"""

from __future__ import annotations

from collections import Counter

from vliwc.ir.ops import MASK
from vliwc.machine.description import Machine
from vliwc.machine.faults import ProgramError, place, suggest
from vliwc.machine.program import MAX_DEPTH, Bundle, Operand, Program, Slot
from vliwc.machine.slots import ENGINES, FORMATS, VECTORS, Effect, Format, Role, immediate, ops_of, writes


def validate(program: Program, machine: Machine, *, strict: bool = True) -> None:
    """Raises ProgramError for the first thing in the program that the machine cannot execute."""
    if not 0 <= program.scratch_words <= machine.scratch_words:
        raise ProgramError(
            f"the program claims {program.scratch_words} scratch words; {machine.name} has {machine.scratch_words}"
        )
    for number, bundle in enumerate(program.bundles):
        _BundleCheck(program, machine, number, bundle, strict).run()
    if strict:
        _check_double_writes(program, machine)


class _BundleCheck:
    """Checks one bundle. Every error names it."""

    def __init__(self, program: Program, machine: Machine, number: int, bundle: Bundle, strict: bool) -> None:
        self.program = program
        self.machine = machine
        self.number = number
        self.bundle = bundle
        self.strict = strict

    def run(self) -> None:
        for engine in self.bundle.empty_engines:
            if any(slot.engine == engine for slot in self.bundle.slots) or self.bundle.empty_engines.count(engine) > 1:
                raise self.error(None, f"engine '{engine}' is named as empty, but it is there already")
            self._engine(None, engine)
        for slot in self.bundle.slots:
            self._engine(slot, slot.engine)
            self._operands(slot, self._format(slot))
        self._limits()

    def error(self, slot: Slot | None, cause: str, help: str | None = None) -> ProgramError:  # noqa: A002
        where = place(self.program, self.number, slot)
        return ProgramError(f"{where}: {cause}", help=help, bundle=self.number)

    def _engine(self, slot: Slot | None, engine: str) -> None:
        if engine not in ENGINES:
            raise self.error(slot, f"there is no engine '{engine}'", suggest(engine, ENGINES))
        if engine not in self.machine.engines:
            raise self.error(slot, f"{self.machine.name} has no {engine} engine", suggest(engine, self.machine.engines))

    def _format(self, slot: Slot) -> Format:
        fmt = FORMATS.get((slot.engine, slot.op))
        if fmt is None:
            raise self.error(slot, f"{slot.engine} has no operation '{slot.op}'", suggest(slot.op, ops_of(slot.engine)))
        if not self.machine.runs(slot.engine, slot.op):
            ops = self.machine.engines[slot.engine].ops
            raise self.error(slot, f"{self.machine.name} cannot do '{slot.op}' on {slot.engine}", suggest("", ops))
        if len(slot.operands) != len(fmt.roles):
            takes = f"{len(fmt.roles)} operand{'' if len(fmt.roles) == 1 else 's'}"
            raise self.error(slot, f"'{slot.op}' takes {takes}, not {len(slot.operands)}", f"write it as {fmt.text}")
        return fmt

    def _operands(self, slot: Slot, fmt: Format) -> None:
        for position, (role, operand) in enumerate(zip(fmt.roles, slot.operands, strict=True), 1):
            problem = self._problem(role, operand)
            if problem:
                raise self.error(slot, f"operand {position} ({role.value}) {problem}")
        if Role.LANE in fmt.roles:
            for operand in slot.operands[:-1]:
                assert isinstance(operand, int)
                word = operand + immediate(slot)
                if not 0 <= word < self.machine.scratch_words:
                    raise self.error(slot, f"lane {immediate(slot)} is word {word}: {self._scratch()}")

    def _scratch(self) -> str:
        return f"scratch of {self.machine.name} is words 0 to {self.machine.scratch_words - 1}"

    def _problem(self, role: Role, operand: Operand) -> str:
        """What is wrong with an operand, or nothing."""
        match role:
            case Role.TEXT:
                return "" if isinstance(operand, str) else "must be text"
            case Role.KEY:
                return "" if _is_key(operand) else "must be an integer, text, or a list of such"
            case Role.KEYS:
                lanes = self.machine.lanes
                right = isinstance(operand, tuple) and len(operand) == lanes and _is_key(operand)
                return "" if right else f"must be a list of {lanes} keys"
        if type(operand) is not int:  # `isinstance` would take a truth value for an integer
            return "must be an integer"
        if role in (Role.IMM, Role.LANE):
            return "" if -MASK <= operand <= MASK else f"must be from {-MASK} to {MASK}"
        if role is Role.BUNDLE or role is Role.DISTANCE:
            return self._jump_problem(operand + (self.number + 1 if role is Role.DISTANCE else 0))
        width = self.machine.lanes if role in VECTORS else 1
        if 0 <= operand <= self.machine.scratch_words - width:
            return ""
        words = f"word {operand}" if width == 1 else f"words {operand} to {operand + width - 1}"
        return f"is {words}: {self._scratch()}"

    def _jump_problem(self, target: int) -> str:
        end = len(self.program.bundles)
        if target < 0 or (target > end and self.strict) or target > MASK:
            return f"leads to bundle {target}: there are bundles 0 to {end - 1}, and {end} to stop"
        return ""

    def _limits(self) -> None:
        for engine, count in Counter(slot.engine for slot in self.bundle.slots).items():
            limit = self.machine.slots(engine)
            if count > limit:
                raise self.error(None, f"{count} {engine} slots, but {self.machine.name} has {limit}")
        controls = [s for s in self.bundle.slots if FORMATS[s.engine, s.op].effect is Effect.CONTROL]
        if len(controls) > 1:
            raise self.error(controls[1], f"the bundle has a '{controls[0].op}' already", "at most one may decide")


def _is_key(operand: object, depth: int = 0) -> bool:
    if isinstance(operand, tuple):
        return depth < MAX_DEPTH and all(_is_key(part, depth + 1) for part in operand)
    return isinstance(operand, str) or (type(operand) is int and abs(operand) < 1 << 63)


def _check_double_writes(program: Program, machine: Machine) -> None:
    """Rejects two writes of one word that are bound to land in one cycle: of one bundle, or of straight-line code."""
    landing: dict[int, dict[int, tuple[int, Slot]]] = {}
    cycle = 0
    for number, bundle in enumerate(program.bundles):
        for slot in bundle.slots:
            words = landing.setdefault(cycle + machine.latency(slot.engine, slot.op), {})
            for word in writes(slot, machine.lanes):
                if word in words:
                    cause = f"scratch word {word} is written twice in one cycle, also by {place(program, *words[word])}"
                    raise ProgramError(f"{place(program, number, slot)}: {cause}", bundle=number)
                words[word] = number, slot
        if any(FORMATS[s.engine, s.op].effect is Effect.CONTROL and s.op != "pause" for s in bundle.slots):
            landing.clear()  # what comes next may be reached from elsewhere
        if bundle.takes_cycle:
            cycle += 1
            landing.pop(cycle, None)
