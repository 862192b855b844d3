"""The public benchmark's form of a program: a Python module that its submission tests accept as `perf_takehome.py`."""

from __future__ import annotations

from vliwc.errors import UsageError
from vliwc.machine.interchange import bundle_to_json
from vliwc.machine.program import Program

MACHINE = "takehome"
"""The machine that the public benchmark simulates."""

_MODULE = '''"""{title}

Made by vliwc: {bundles} bundles for the machine "{machine}". They are right for the sizes that the kernel was compiled
for, and for no others; `build_kernel` takes the sizes only because its callers pass them.
"""


class DebugInfo:
    """What the simulator wants to know about scratch: here, no names."""

    def __init__(self):
        self.scratch_map = {{}}


class KernelBuilder:
    """Hands out the compiled program."""

    def __init__(self):
        self.instrs = []

    def build_kernel(self, *sizes):
        """Makes `instrs` the compiled program."""
        self.instrs = [{{engine: list(slots) for engine, slots in bundle.items()}} for bundle in PROGRAM]

    def debug_info(self):
        """The simulator's debug information."""
        return DebugInfo()


PROGRAM = [
{program}]
'''


def takehome_module(program: Program) -> str:
    """The text of a self-contained Python module with the program in it: a class `KernelBuilder`, as the tests want.

    Raises UsageError for a program made for another machine.
    """
    if program.machine != MACHINE:
        raise UsageError(
            f"a program for the machine '{program.machine}' cannot run on the public benchmark's",
            help=f"compile for the machine '{MACHINE}'",
        )
    lines = []
    for bundle in program.bundles:
        engines = {engine: [tuple(slot) for slot in slots] for engine, slots in bundle_to_json(bundle).items()}
        lines.append(f"    {engines!r},\n")
    return _MODULE.format(
        title=_plain(program.kernel or "A compiled kernel") + ".",
        bundles=len(program.bundles),
        machine=_plain(program.machine),
        program="".join(lines),
    )


def _plain(name: str) -> str:
    """A name that can stand in a docstring."""
    return "".join(c if c.isalnum() or c in " _-." else "?" for c in name)
