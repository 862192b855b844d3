"""Small graphs with hand-written programs for a machine of 4 lanes, as text."""

from __future__ import annotations

from dataclasses import dataclass, field

from vliwc.backend.certifier import Certificate, LoopWitness, Witness, certify
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.parser import parse_graph
from vliwc.machine import Machine, Program, parse_assembly, parse_machine

_BINARY = '"+", "-", "*", "//", "cdiv", "%", "&", "|", "^", "<<", ">>", "<", "=="'
_MACHINE = f"""
name = "small"
description = "for tests"
lanes = 4
scratch_words = 64
memory_words = 4096
[engines.alu]
slots = 4
ops = [{_BINARY}]
LATENCY_ALU
[engines.valu]
slots = 2
ops = [{_BINARY}, "multiply_add", "vbroadcast"]
[engines.load]
slots = 2
ops = ["load", "load_offset", "vload", "const"]
LATENCY_LOAD
[engines.store]
slots = 2
ops = ["store", "vstore"]
[engines.flow]
slots = 2
ops = ["select", "vselect", "add_imm", "halt", "pause", "jump", "jump_indirect", "cond_jump", "cond_jump_rel",
    "trace_write", "coreid"]
[engines.debug]
slots = 4
ops = ["compare", "comment"]
"""


def _machine(alu: str, load: str) -> Machine:
    return parse_machine(_MACHINE.replace("LATENCY_ALU", alu).replace("LATENCY_LOAD", load).encode())


SMALL = _machine("", "")
SLOW = _machine('latency = { "*" = 3 }', "latency = { load = 2, vload = 2 }")
"""As SMALL, but products take three cycles and loads two."""


def graph(body: str, arrays: str = "array x at 2 length 8 in\n array y at 10 length 8 inout", lanes: int = 4) -> Graph:
    """A graph of 18 words with a header of two, and these arrays and nodes."""
    return parse_graph(f"graph test {{\n lanes {lanes}\n image 18\n header 7 9\n {arrays}\n{body}\n}}\n")


def program(bundles: str) -> Program:
    """A program from one line a bundle, with `;` between slots; `#` starts a comment."""
    text = 'machine "small"\nkernel "test"\nscratch 64\n'
    lines = [line.split("#", maxsplit=1)[0].strip() for line in bundles.strip().splitlines()]
    for number, line in enumerate(line for line in lines if line):
        slots = [slot.strip() for slot in line.split(";")]
        text += f"{number}:\n" + "".join(f"    {slot}\n" for slot in slots if slot != "nothing")
    return parse_assembly(text)


def fors(of: Graph) -> list[int]:
    """The `for` nodes of a graph in program order."""
    return [n for n in of.walk() if isinstance(of.attr[n], Loop)]


@dataclass(frozen=True)
class Case:
    """A graph, a correct program for it as text, and the witness of its loops but for their nodes."""

    graph: Graph
    text: str
    loops: tuple[LoopWitness, ...] = ()
    machine: Machine = field(default=SMALL)

    @property
    def witness(self) -> Witness:
        """The witness: the loops in `loops` are those of the graph, in order."""
        nodes = fors(self.graph)
        return Witness(
            tuple(
                LoopWitness(n, w.header, w.latch, w.inductions, w.carried)
                for n, w in zip(nodes, self.loops, strict=True)
            )
        )

    def prove(self, old: str = "", new: str = "") -> Certificate:
        """Certifies the program, or the one in which `old`, which is in it exactly once, is replaced."""
        assert not old or self.text.count(old) == 1, f"{old!r} is {self.text.count(old)} times in the program"
        return certify(self.graph, program(self.text.replace(old, new)), self.machine, self.witness)
