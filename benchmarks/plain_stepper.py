"""A plain stepper in Python, as one writes it in an hour: the yardstick for simulators.

It executes programs in the interchange form for the machine `takehome`, slot by slot and lane by lane, and offers what
`vliwc conformance` needs of a public simulator; the tests use it in the place of one. Written from docs/machine.md.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

LANES = 8
SCRATCH_WORDS = 1536
WORD = 1 << 32

ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "cdiv": lambda a, b: -(-a // b),
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "<": operator.lt,
    "==": operator.eq,
}


class CoreState(Enum):
    """Where a run stands."""

    RUNNING = 1
    PAUSED = 2
    STOPPED = 3


@dataclass
class Core:
    """What the one core holds."""

    scratch: list[int] = field(default_factory=lambda: [0] * SCRATCH_WORDS)
    trace_buf: list[int] = field(default_factory=list)
    pc: int = 0
    state: CoreState = CoreState.RUNNING


@dataclass
class DebugInfo:
    """The names of scratch words."""

    scratch_map: dict[int, tuple[str, int]]


class Machine:
    """Runs a program on a copy of a memory image. Wrong programs and runs raise what Python raises."""

    def __init__(
        self,
        mem_dump: list[int],
        program: list[dict[str, list[Any]]],
        debug_info: DebugInfo,
        value_trace: Mapping[Any, int] | None = None,
    ) -> None:
        self.mem = list(mem_dump)
        self.program = program
        self.debug_info = debug_info
        self.value_trace = value_trace or {}
        self.cores = [Core()]
        self.cycle = 0
        self.enable_pause = True
        self.enable_debug = True

    def run(self) -> None:
        """Starts or resumes, until the program stops or pauses."""
        core = self.cores[0]
        if core.state is CoreState.PAUSED:
            core.state = CoreState.RUNNING
        while core.state is CoreState.RUNNING:
            if core.pc >= len(self.program):
                core.state = CoreState.STOPPED
                break
            bundle = self.program[core.pc]
            core.pc += 1
            self.step(bundle, core)
            self.cycle += any(engine != "debug" for engine in bundle)

    def step(self, instr: dict[str, list[Any]], core: Core) -> None:
        """Executes a bundle."""
        written: dict[int, int] = {}
        stored: dict[int, int] = {}
        for engine, slots in instr.items():
            for op, *x in slots:
                if engine == "alu":
                    written[x[0]] = ARITHMETIC[op](core.scratch[x[1]], core.scratch[x[2]]) % WORD
                elif engine == "valu":
                    self._vector(core.scratch, written, op, x)
                elif engine == "load":
                    self._load(core.scratch, written, op, x)
                elif engine == "store":
                    for i in range(LANES if op == "vstore" else 1):
                        stored[core.scratch[x[0]] + i] = core.scratch[x[1] + i]
                elif engine == "flow":
                    self._flow(core, written, op, x)
                elif self.enable_debug:
                    self._check(core.scratch, op, x)
        for word, value in written.items():
            core.scratch[word] = value
        for address, value in stored.items():
            self.mem[address] = value

    @staticmethod
    def _vector(scratch: list[int], written: dict[int, int], op: str, x: list[int]) -> None:
        for i in range(LANES):
            if op == "vbroadcast":
                written[x[0] + i] = scratch[x[1]]
            elif op == "multiply_add":
                written[x[0] + i] = (scratch[x[1] + i] * scratch[x[2] + i] + scratch[x[3] + i]) % WORD
            else:
                written[x[0] + i] = ARITHMETIC[op](scratch[x[1] + i], scratch[x[2] + i]) % WORD

    def _load(self, scratch: list[int], written: dict[int, int], op: str, x: list[int]) -> None:
        if op == "load":
            written[x[0]] = self.mem[scratch[x[1]]]
        elif op == "load_offset":
            written[x[0] + x[2]] = self.mem[scratch[x[1] + x[2]]]
        elif op == "vload":
            for i in range(LANES):
                written[x[0] + i] = self.mem[scratch[x[1]] + i]
        else:
            written[x[0]] = x[1] % WORD

    def _flow(self, core: Core, written: dict[int, int], op: str, x: list[int]) -> None:
        scratch = core.scratch
        if op in ("select", "vselect"):
            for i in range(LANES if op == "vselect" else 1):
                written[x[0] + i] = scratch[x[2] + i] if scratch[x[1] + i] else scratch[x[3] + i]
        elif op == "add_imm":
            written[x[0]] = (scratch[x[1]] + x[2]) % WORD
        elif op == "coreid":
            written[x[0]] = 0
        elif op == "trace_write":
            core.trace_buf.append(scratch[x[0]])
        elif op == "halt":
            core.state = CoreState.STOPPED
        elif op == "pause":
            core.state = CoreState.PAUSED if self.enable_pause else core.state
        elif op == "jump":
            core.pc = x[0]
        elif op == "jump_indirect":
            core.pc = scratch[x[0]]
        elif scratch[x[0]]:
            core.pc = x[1] if op == "cond_jump" else core.pc + x[1]

    def _check(self, scratch: list[int], op: str, x: list[Any]) -> None:
        if op == "comment":
            return
        keys = x[1] if op == "vcompare" else [x[1]]
        for i, key in enumerate(keys):
            assert scratch[x[0] + i] == self.value_trace[key]
