"""A second, slow simulator, written word by word from docs/machine.md: the oracle of the fast one's tests.

It knows no table of formats and no table of operations.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vliwc.machine import Bundle, Machine, Program

WORD = 1 << 32


class FaultError(Exception):
    """The run went wrong."""


def arithmetic(op: str, a: int, b: int) -> int:
    match op:
        case "+":
            return (a + b) % WORD
        case "-":
            return (a - b) % WORD
        case "*":
            return (a * b) % WORD
        case "//" | "cdiv" | "%" if b == 0:
            raise FaultError("division by zero")
        case "//":
            return a // b
        case "cdiv":
            return -(-a // b)
        case "%":
            return a % b
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "<<":
            return (a << b) % WORD if b < 32 else 0
        case ">>":
            return a >> b if b < 32 else 0
        case "<":
            return 1 if a < b else 0
        case "==":
            return 1 if a == b else 0
    raise AssertionError(op)


@dataclass
class Slow:
    """Runs until the program stops or pauses."""

    program: Program
    machine: Machine
    memory: list[int]
    scratch: list[int] = field(default_factory=list)
    buffer: list[int] = field(default_factory=list)
    late: list[tuple[int, int, int]] = field(default_factory=list)
    pc: int = 0
    cycle: int = 0

    def __post_init__(self) -> None:
        self.scratch = [0] * self.machine.scratch_words

    def run(self, max_cycles: int) -> None:
        while self.pc < len(self.program.bundles):
            bundle = self.program.bundles[self.pc]
            if self.cycle >= max_cycles and bundle.takes_cycle:
                raise FaultError("too long")
            self.pc += 1
            stop = self.step(bundle)
            if bundle.takes_cycle:
                self.cycle += 1
                self.land(self.cycle)
            if stop:
                return self.land(1 << 60)
        return self.land(1 << 60)

    def land(self, cycle: int) -> None:
        for due in sorted({entry[0] for entry in self.late if entry[0] <= cycle}):
            for when, word, value in self.late:
                if when == due:
                    self.scratch[word] = value
        self.late = [entry for entry in self.late if entry[0] > cycle]

    def step(self, bundle: Bundle) -> bool:
        """Executes one bundle; all reads see the old state. True to stop."""
        stop = False
        stored: list[tuple[int, int]] = []
        old = list(self.scratch)
        for engine, slots in bundle.by_engine().items():
            for slot in slots:
                if engine == "debug":
                    continue
                results = self.slot(engine, slot.op, list(slot.operands), old, stored)
                if results is None:
                    stop = True
                    continue
                due = self.cycle + self.machine.latency(engine, slot.op)
                self.late += [(due, word, value) for word, value in results]
        for address, value in stored:
            self.memory[address] = value
        return stop

    def load(self, address: int) -> int:
        if address >= len(self.memory):
            raise FaultError("memory")
        return self.memory[address]

    def store(self, address: int) -> int:
        if address >= len(self.memory):
            raise FaultError("memory")
        return address

    def slot(
        self, engine: str, op: str, x: list, s: list[int], stored: list[tuple[int, int]]
    ) -> list[tuple[int, int]] | None:
        """The scratch words written and their values."""
        lanes = range(self.machine.lanes)
        match engine, op:
            case "alu", _:
                return [(x[0], arithmetic(op, s[x[1]], s[x[2]]))]
            case "valu", "multiply_add":
                return [(x[0] + i, (s[x[1] + i] * s[x[2] + i] + s[x[3] + i]) % WORD) for i in lanes]
            case "valu", "vbroadcast":
                return [(x[0] + i, s[x[1]]) for i in lanes]
            case "valu", _:
                return [(x[0] + i, arithmetic(op, s[x[1] + i], s[x[2] + i])) for i in lanes]
            case "load", "load":
                return [(x[0], self.load(s[x[1]]))]
            case "load", "load_offset":
                return [(x[0] + x[2], self.load(s[x[1] + x[2]]))]
            case "load", "vload":
                return [(x[0] + i, self.load(s[x[1]] + i)) for i in lanes]
            case "load", "const":
                return [(x[0], x[1] % WORD)]
            case "store", "store":
                stored.append((self.store(s[x[0]]), s[x[1]]))
            case "store", "vstore":
                stored += [(self.store(s[x[0]] + i), s[x[1] + i]) for i in lanes]
            case "flow", "select":
                return [(x[0], s[x[2]] if s[x[1]] else s[x[3]])]
            case "flow", "vselect":
                return [(x[0] + i, s[x[2] + i] if s[x[1] + i] else s[x[3] + i]) for i in lanes]
            case "flow", "add_imm":
                return [(x[0], (s[x[1]] + x[2]) % WORD)]
            case "flow", "coreid":
                return [(x[0], 0)]
            case "flow", "trace_write":
                self.buffer.append(s[x[0]])
            case "flow", "halt":
                return None
            case "flow", "jump":
                self.pc = x[0]
            case "flow", "jump_indirect":
                self.pc = s[x[0]]
            case "flow", "cond_jump":
                self.pc = x[1] if s[x[0]] else self.pc
            case "flow", "cond_jump_rel":
                self.pc += x[1] if s[x[0]] else 0
            case "flow", "pause":
                pass
            case _:
                raise AssertionError((engine, op))
        return []
