"""The proof: graph and program are executed symbolically, side by side, and must end with the same memory."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from vliwc.backend.certifier.addresses import Addresses
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.comparison import compare
from vliwc.backend.certifier.execution import Execution
from vliwc.backend.certifier.expressions import PATIENT_TERMS
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.liveness import Liveness
from vliwc.backend.certifier.loops import Loops
from vliwc.backend.certifier.meaning import Meaning
from vliwc.backend.certifier.wellformed import check_program
from vliwc.backend.certifier.witness import NO_LOOPS, Witness
from vliwc.ir.graph import Graph
from vliwc.machine.description import Machine
from vliwc.machine.program import Program


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was proven. `words` of the image have the contents that the graph says, or are unchanged."""

    words: int
    bundles: int
    loops: int
    expressions: int

    def __str__(self) -> str:
        loops = f" with {self.loops} loop{'s' if self.loops != 1 else ''}" if self.loops else ""
        return f"proven: {self.words:,} words of memory, by {self.bundles:,} bundles{loops}"


def certify(graph: Graph, program: Program, machine: Machine, witness: Witness = NO_LOOPS) -> Certificate:
    """Proves that the program does on the machine what the graph says, for every memory image that it is made for.

    The graph may be of any level, but must not have `par`. When the program ends, all arrays but `consumed` ones, the
    header, and any words between arrays hold what the graph says. Raises ProofFailed if that cannot be shown. See
    docs/certifier.md for the assumptions.
    """
    check_program(program, machine)
    try:
        return _prove(graph, program, machine, witness, Algebra())
    except ProofFailed:
        with suppress(ProofFailed):
            return _prove(graph, program, machine, witness, Algebra(PATIENT_TERMS))
        raise


def _prove(graph: Graph, program: Program, machine: Machine, witness: Witness, algebra: Algebra) -> Certificate:
    """The proof in terms of an algebra. Raises ProofFailed."""
    addresses = Addresses(algebra, graph)
    meaning = Meaning(graph, algebra, addresses)
    execution = Execution(program, machine, algebra, addresses, meaning.memory.copy())
    loops = Loops(meaning, execution, witness, Liveness(graph))
    loops.block(graph.body, frozenset(addresses.kept()), len(program.bundles))
    execution.run(len(program.bundles))
    loops.finish()
    words = 0
    for r in addresses.kept():
        compare(meaning.memory, execution, r, "when the program ends")
        words += addresses.regions[r].end - addresses.regions[r].base
    return Certificate(words, len(program.bundles), len(witness.loops), len(algebra))
