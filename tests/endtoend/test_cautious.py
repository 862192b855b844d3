"""What only ranges tell of memory accesses shortens programs; one that cannot be proven is made without."""

from __future__ import annotations

import json

import pytest

from tests.transform.lookups import assert_program_right, kernel_of, text
from vliwc import driver
from vliwc.backend import generate
from vliwc.backend.certifier import certify
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.bounding import bound_kernel, check_report
from vliwc.driver import Options, compile_source
from vliwc.language import Kernel
from vliwc.machine import load_machine
from vliwc.report.records import compile_record
from vliwc.source import Source

MACHINE = load_machine("takehome")
MEMORY = "x: u32[4] in\ny: u32[32] inout"
SLOWLY = "let s = ((x[0] * x[1] ^ x[2]) * x[3] ^ x[1]) * x[2]"
APART = {
    "masks": f"{SLOWLY}\ny[s & 3] = 1\ny[31] = y[8 + (x[1] & 3)] * x[0]",
    "a clamp": f"{SLOWLY}\ny[s < 9 ? s : 9] = 1\ny[31] = y[11 + 3 * (x[1] < 5 ? x[1] : 5)] * x[0]",
    "a wrap": f"{SLOWLY}\nlet n = 2 * s + 2\ny[n > 9 ? 0 : n] = 1\ny[31] = y[30 - 2 * (x[1] % 10)] * x[0]",
}


def kernel(name: str) -> Kernel:
    """A kernel with a late store and an early load that cannot meet."""
    return kernel_of(text(MEMORY, APART[name]))


@pytest.mark.parametrize("name", APART)
def test_accesses_that_cannot_meet_do_not_wait(name: str) -> None:
    compilation = compile_source(kernel(name).source)
    graph = compilation.front.graph
    cautious = generate(graph, MACHINE, cautious=True)
    assert certify(graph, cautious.program, MACHINE, cautious.witness)
    assert compilation.certificate is not None and not compilation.generated.unproven
    assert compilation.generated.cycles < cautious.cycles
    assert_program_right(kernel(name), graph, MACHINE)


def test_what_cannot_be_proven_is_made_cautiously(monkeypatch: pytest.MonkeyPatch) -> None:
    def certify_cautious(graph: object, program: object, machine: object, witness: object) -> object:
        if program != generate(graph, MACHINE, cautious=True).program:  # type: ignore[arg-type]
            raise ProofFailed("too clever")
        return certify(graph, program, machine, witness)  # type: ignore[arg-type]

    monkeypatch.setattr(driver, "certify", certify_cautious)
    compilation = compile_source(kernel("masks").source)
    assert compilation.certificate is not None
    assert compilation.generated.unproven == "not certified: too clever"
    assert compilation.generated.cycles == generate(compilation.front.graph, MACHINE, cautious=True).cycles
    report = json.dumps(compile_record(compilation))
    bounded = bound_kernel(kernel("masks").source, Options(), report=report)
    assert [s.problem for s in bounded.segments] == [s.problem for s in compilation.generated.segments]
    assert check_report(bounded, report) == compilation.generated.bounds.best


def test_what_was_cautious_before_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fail(*_: object) -> None:
        asked.append(1)
        raise ProofFailed("no")

    monkeypatch.setattr(driver, "certify", fail)
    with pytest.raises(ProofFailed):
        compile_source(Source("k.vk", text(MEMORY, "y[0] = x[0] + 1")), Options())
    assert len(asked) == 1, "the same program is not proven twice"
