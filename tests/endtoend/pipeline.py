"""One kernel through the whole compiler, held against the interpreter."""

from __future__ import annotations

from dataclasses import replace

from vliwc.driver import Options, compile_source
from vliwc.ir.graph import Graph
from vliwc.ir.verifier import verify
from vliwc.machine import machine_names
from vliwc.options import LOWERED
from vliwc.source import Source
from vliwc.stages import Comparison, StageDiffers

MACHINES = machine_names()
LEVELS = (0, 1, 2, 3)


def assert_compiled_right(
    source: Source, options: Options, styles: tuple[str, ...] = ("random", "edges"), number: int = 0
) -> None:
    """Compiles a kernel with the certifier on, verifies the graph after every pass, and asserts that on one image of
    each style every stage means the same: the interpreter, the graph after lowering and after the last pass, the
    selected operations, and the program on the strict simulator.

    Where they do not, says which pass was the first to differ.
    """
    lowered: list[Graph] = []

    def observe(name: str, graph: Graph) -> None:
        verify(graph)
        if name == LOWERED:
            lowered.append(graph)

    options = replace(options, verify_each=False)
    compilation = compile_source(source, options, observe)
    comparison = Comparison(compilation.front.kernel, number, styles)
    assert len(comparison.trials) == len(styles), "a random kernel has a meaning on every input"
    try:
        comparison.graph(LOWERED, lowered[0])
        comparison.graph("optimise", compilation.front.graph)
        comparison.generated(compilation.generated, compilation.front.machine)
    except StageDiffers:
        compile_source(source, replace(options, verify_each=True))  # names the first stage that differs
        raise
