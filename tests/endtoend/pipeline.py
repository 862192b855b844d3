"""One kernel through the whole compiler, every stage held against the interpreter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vliwc.differential import find_mismatch
from vliwc.driver import Options, compile_source
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Graph
from vliwc.ir.ops import Lanes
from vliwc.language import interpret, load_kernel, make_image
from vliwc.machine import load_machine, machine_names, simulate
from vliwc.source import Source

MACHINES = machine_names()
LEVELS = (0, 1, 2, 3)


def assert_compiled_right(
    source: Source, options: Options, styles: tuple[str, ...] = ("random", "edges"), number: int = 0
) -> None:
    """Compiles a kernel with the certifier on, and asserts that on one image of each style every stage means the same:
    the interpreter, the graph after lowering and after the last pass, and the program on the strict simulator.

    Where they do not, says which pass was the first to differ.
    """
    kernel = load_kernel(source, dict(options.defines))
    stages: dict[str, Graph] = {}
    compilation = compile_source(source, options, stages.__setitem__)
    for style in styles:
        start = make_image(kernel, np.random.default_rng(number), style)
        expected = interpret(kernel, start)
        final = simulate(compilation.program, load_machine(options.machine), start, strict=True).memory
        lowered, optimised = stages["lower"], compilation.front.graph
        found = {"lower": evaluate(lowered, start), "optimised": evaluate(optimised, start), "program": final}
        if any(find_mismatch(kernel, name, expected, memory) for name, memory in found.items()):
            every = (find_mismatch(kernel, name, expected, memory) for name, memory in _finals(stages, start, final))
            raise AssertionError(f"on {style} input, -O{options.optimise}: {next(m for m in every if m)}")


def _finals(stages: dict[str, Graph], start: Lanes, final: Lanes) -> Iterator[tuple[str, Lanes]]:
    """The final image after each stage, in order."""
    for name, graph in stages.items():
        yield name, evaluate(graph, start)
    yield "program", final
