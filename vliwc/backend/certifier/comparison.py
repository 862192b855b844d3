"""Compares the graph's memory with the machine's, and says where they differ."""

from __future__ import annotations

from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.describe import describe, first_difference
from vliwc.backend.certifier.execution import Execution
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.memory import Memory
from vliwc.machine.faults import place


def compare(expected: Memory, execution: Execution, r: int, when: str) -> None:
    """Raises ProofFailed unless region `r` surely holds the same in the graph's memory and the machine's."""
    for address, wanted, found in expected.differences(execution.memory, r):
        region = expected.region(r)
        algebra = execution.algebra
        offset = algebra.sub(address, algebra.constant(region.base))
        where = f"{region.name}[{describe(algebra, offset)}]"
        if algebra.is_constant(address):
            where += f" (address {algebra.offset[address]})"
        writer = execution.writers.get((r, address))
        origin = f"last stored by {place(execution.program, *writer)}" if writer else "never stored by the program"
        raise ProofFailed(f"{where} is wrong {when}: {mismatch(algebra, wanted, found)}; {origin}")


def mismatch(algebra: Algebra, wanted: int, found: int) -> str:
    """Describes two expressions that should be equal, and where they first differ."""
    text = f"expected {describe(algebra, wanted)}, found {describe(algebra, found)}"
    a, b = first_difference(algebra, wanted, found)
    if (a, b) == (wanted, found):
        return text
    return f"{text}; in it, expected {describe(algebra, a)}, found {describe(algebra, b)}"
