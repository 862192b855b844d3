"""The simulator against the public one, on random programs. Needs a checkout of the public repository:

VLIWC_PUBLIC_SIMULATOR=<its path> python -m pytest tests/machine -m public
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from vliwc.conformance.programs import Maker
from vliwc.machine import Program, Simulation, SimulationFault, State, load_machine, simulate, takehome_module
from vliwc.machine.interchange import bundle_to_json

VARIABLE = "VLIWC_PUBLIC_SIMULATOR"
PROGRAMS = 4000
LIMIT = 200

pytestmark = [
    pytest.mark.public,
    pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} is not set"),
]

MACHINE = load_machine("takehome")
FAULTS = (IndexError, ZeroDivisionError, AssertionError, KeyError)


@pytest.fixture(scope="module")
def public() -> ModuleType:
    path = Path(os.environ[VARIABLE]) / "tests" / "frozen_problem.py"
    spec = importlib.util.spec_from_file_location("frozen_problem", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["frozen_problem"] = module
    spec.loader.exec_module(module)
    return module


def instructions(program: Program) -> list[dict[str, list[tuple[object, ...]]]]:
    return [
        {engine: [tuple(slot) for slot in slots] for engine, slots in bundle_to_json(bundle).items()}
        for bundle in program.bundles
    ]


def compare(public: ModuleType, seed: int, legal: bool) -> str:
    """Runs one program on both, from pause to pause. Returns how it ended."""
    maker = Maker(Random(seed), MACHINE, legal)
    program, image, pauses = maker.program(maker.rng.randint(0, 25)), maker.image(), maker.rng.random() < 0.5
    reference = maker.reference() if maker.rng.random() < 0.5 else None
    ours = Simulation(program, MACHINE, image, strict=False, pauses=pauses, reference=reference)
    theirs = public.Machine(image, instructions(program), public.DebugInfo({}), value_trace=reference or {})
    theirs.enable_pause, theirs.enable_debug = pauses, reference is not None
    for _ in range(100):
        try:
            result = ours.run(LIMIT)
        except SimulationFault as fault:
            if "still running" in str(fault):
                return "endless"
            with pytest.raises(FAULTS):
                theirs.run()
            return "fault"
        theirs.run()
        core = theirs.cores[0]
        assert result.memory.tolist() == theirs.mem
        assert result.scratch.tolist() == core.scratch
        assert list(result.trace_buffer) == core.trace_buf
        assert result.cycles == theirs.cycle
        assert (result.state is State.PAUSED) == (core.state is public.CoreState.PAUSED)
        if result.state is State.STOPPED:
            return "stopped"
    return "endless"


def test_random_programs_run_as_on_the_public_simulator(public: ModuleType) -> None:
    endings = [compare(public, seed, legal=seed % 2 == 0) for seed in range(PROGRAMS)]
    assert endings.count("stopped") > PROGRAMS // 3, "too few programs ran to their end"
    assert endings.count("fault") > PROGRAMS // 100, "too few programs faulted"


def test_the_takehome_module_runs_on_the_public_simulator(public: ModuleType) -> None:
    maker = Maker(Random(7), MACHINE, legal=True)
    program, image = maker.program(0), maker.image()
    module: dict[str, object] = {}
    exec(takehome_module(program), module)
    builder = module["KernelBuilder"]()  # type: ignore[operator]
    builder.build_kernel(10, 2047, 256, 16)
    theirs = public.Machine(image, builder.instrs, builder.debug_info())
    theirs.run()
    assert theirs.cores[0].scratch == simulate(program, MACHINE, image).scratch.tolist()
