"""How good a compiled program is: cycles, lower bound, gap, how busy each engine is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from vliwc.driver import Compilation
from vliwc.report.timeline import executions

DEBUG = "debug"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One program on one machine."""

    cycles: int
    bound: int
    """No schedule of the same operations can take fewer cycles."""
    bundles: int
    scratch_words: int
    slots: Mapping[str, int]
    """Operations executed by each engine of the machine."""
    utilisation: Mapping[str, float]
    """The share of each engine's slots that were filled, 0 … 1."""

    @property
    def gap(self) -> float:
        """How far the cycles are above the bound, relative to the bound; 0 is optimal."""
        return self.cycles / self.bound - 1 if self.bound else 0.0

    @property
    def optimal(self) -> bool:
        """Is it proved that no schedule of the same operations takes fewer cycles?"""
        return self.cycles <= self.bound

    @property
    def busiest(self) -> str:
        """The engine with the highest utilisation; "-" if the program does nothing."""
        engine = max(self.utilisation, key=lambda name: self.utilisation[name], default="-")
        return engine if self.utilisation.get(engine) else "-"


def measure(compilation: Compilation) -> Measurement:
    """Measures a compiled program, from the trip counts of its loops."""
    program, machine = compilation.program, compilation.front.machine
    cycles = 0
    slots: Counter[str] = Counter()
    for bundle, times in zip(program.bundles, executions(compilation), strict=True):
        cycles += times * bundle.takes_cycle
        for slot in bundle.slots:
            slots[slot.engine] += times
    engines = [name for name in machine.engines if name != DEBUG]
    return Measurement(
        cycles=cycles,
        bound=compilation.generated.bounds.best,
        bundles=len(program.bundles),
        scratch_words=program.scratch_words,
        slots={name: slots[name] for name in engines},
        utilisation={name: slots[name] / (machine.slots(name) * cycles) if cycles else 0.0 for name in engines},
    )
