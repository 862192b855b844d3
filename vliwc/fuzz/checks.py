"""The check of a kernel that is compiled in several ways: what they have in common is done once.

Shared are the kernel, its inputs and what the interpreter makes of them; the graph of a level and machine, for all
schedulers; and evaluations of selected operations that are the same. Each program is generated, certified and run.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from vliwc.backend import Generated
from vliwc.driver import finish
from vliwc.frontend import Optimised
from vliwc.language import Kernel, load_kernel
from vliwc.lower import lower
from vliwc.machine import Machine
from vliwc.options import LOWERED, Options
from vliwc.source import Source
from vliwc.stages import Comparison
from vliwc.transform import optimize
from vliwc.transform.planning import Strategy


class Front:
    """A kernel, and the optimised graphs that are made of it."""

    def __init__(self, source: Source, seed: int) -> None:
        self.source = source
        self.seed = seed
        self._optimised: dict[tuple[int, Machine], Optimised] = {}

    @cached_property
    def kernel(self) -> Kernel:
        """The checked kernel."""
        return load_kernel(self.source, {})

    @cached_property
    def comparison(self) -> Comparison:
        """What the stages are compared with; the lowered graph was already. Raises StageDiffers if that is wrong."""
        comparison = Comparison(self.kernel, self.seed)
        comparison.graph(LOWERED, lower(self.kernel))
        return comparison

    def optimised(self, options: Options) -> Optimised:
        """The graph of the options' level and machine, which was compared. Raises what the optimiser raises, and
        StageDiffers."""
        machine = options.machine
        assert isinstance(machine, Machine), "campaigns load machines once"
        key = options.optimise, machine
        if key not in self._optimised:
            strategies: list[Strategy] = []
            graph = optimize(lower(self.kernel), machine, options.optimise, tell=strategies.extend)
            self.comparison.graph("optimise", graph)
            self._optimised[key] = Optimised(options, self.kernel, machine, graph, (), tuple(strategies), {})
        return replace(self._optimised[key], options=options)


def compiled(front: Front, options: Options) -> Generated:
    """The program of a kernel, proved and compared at every stage. Raises as the compiler does, and StageDiffers."""
    optimised = front.optimised(options)
    compilation = finish(optimised)
    if compilation.front.graph is not optimised.graph:
        front.comparison.graph("optimise", compilation.front.graph)
    front.comparison.generated(compilation.generated, optimised.machine)
    return compilation.generated
