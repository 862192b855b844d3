"""One kernel through the whole compiler, every stage held against the interpreter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vliwc.differential import find_mismatch
from vliwc.driver import Options, compile_source
from vliwc.language import interpret, load_kernel, make_image
from vliwc.machine import load_machine, machine_names, simulate
from vliwc.source import Source

MACHINES = machine_names()
LEVELS = (0, 1, 2, 3)


def assert_compiled_right(
    source: Source, options: Options, styles: tuple[str, ...] = ("random", "edges"), number: int = 0
) -> None:
    """Compiles a kernel with the certifier on and with every stage compared on inputs (which names the first one that
    is wrong), and asserts that the program on the strict simulator does what the interpreter says, on one more image
    of each style.
    """
    kernel = load_kernel(source, dict(options.defines))
    compilation = compile_source(source, replace(options, verify_each=True))
    for style in styles:
        start = make_image(kernel, np.random.default_rng(number), style)
        final = simulate(compilation.program, load_machine(options.machine), start, strict=True).memory
        assert find_mismatch(kernel, "program", interpret(kernel, start), final) is None, style
