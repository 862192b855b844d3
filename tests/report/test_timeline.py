"""What is said of a program without running it must be what the simulator does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vliwc.driver import Compilation, Options, compile_source
from vliwc.language import make_image
from vliwc.machine import simulate, utilisation
from vliwc.machine.trace import Recorder
from vliwc.report import timeline
from vliwc.report.emit import form
from vliwc.report.measure import measure
from vliwc.source import Source

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

NESTED = """\
param n = 6
memory {
    a: u32[n] inout
    b: u32[2, n] out
}
kernel nested {
    for r in 0..3 {
        par i in 0..n { a[i] = a[i] * 5 + r }
        par i in 0..n { b[r % 2, i] = a[i] }
    }
    par i in 0..n { a[i] = a[i] ^ b[0, i] ^ b[1, i] }
}
"""


def compile_example(name: str, **options: object) -> Compilation:
    path = EXAMPLES / f"{name}.vk"
    return compile_source(Source(str(path), path.read_text(encoding="utf-8")), Options(**options))  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["straight", "loop", "nested", "wide"])
def compilation(request: pytest.FixtureRequest) -> Compilation:
    match request.param:
        case "straight":
            return compile_example("murmur3")
        case "loop":
            return compile_example("saxpy", optimise=0, defines={"n": 50})
        case "wide":
            return compile_example("polynomial", optimise=0, machine="wide", defines={"n": 9})
    return compile_source(Source("nested.vk", NESTED), Options(optimise=0, schedule="naive"))


def test_steps_and_measures_are_those_of_a_run(compilation: Compilation) -> None:
    recorder = Recorder()
    machine = compilation.front.machine
    image = make_image(compilation.front.kernel, np.random.default_rng(1))
    result = simulate(compilation.program, machine, image, trace=recorder)
    assert list(timeline.steps(compilation)) == recorder.steps
    counts = [0] * len(compilation.program.bundles)
    for _, bundle in recorder.steps:
        counts[bundle] += 1
    assert timeline.executions(compilation) == counts
    measured = measure(compilation)
    used = utilisation(compilation.program, machine, recorder.steps)
    assert measured.cycles == result.cycles
    assert measured.utilisation == {engine: pytest.approx(usage.share) for engine, usage in used.items()}
    assert measured.slots == {engine: usage.used for engine, usage in used.items()}
    assert measured.bound <= measured.cycles
    assert measured.gap == pytest.approx((measured.cycles - measured.bound) / measured.bound)
    assert measured.utilisation[measured.busiest] == max(measured.utilisation.values())


def test_the_loops_are_really_loops() -> None:
    looped = compile_source(Source("nested.vk", NESTED), Options(optimise=0, schedule="naive"))
    assert len(looped.generated.witness.loops) >= 3
    assert max(timeline.executions(looped)) > 3


def test_a_trace_shows_every_executed_slot_and_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looped = compile_example("saxpy", optimise=0, defines={"n": 50})
    events = [e for e in json.loads(form("trace", looped))["traceEvents"] if e["ph"] == "X"]
    assert len(events) == sum(measure(looped).slots.values())
    monkeypatch.setattr(timeline, "TRACE_CYCLES", 20)
    short = [e for e in json.loads(form("trace", looped))["traceEvents"] if e["ph"] == "X"]
    assert short == [e for e in events if e["ts"] < 20]


def test_an_empty_program_is_measured() -> None:
    text = "memory {\n    a: u32[1] in\n}\nkernel nothing {\n}\n"
    measured = measure(compile_source(Source("nothing.vk", text)))
    assert (measured.cycles, measured.bound, measured.gap, measured.busiest) == (0, 0, 0.0, "-")
