"""Software pipelining from text to cycles: the gain, the report, and what happens if a proof fails."""

from __future__ import annotations

import pytest

from tests.endtoend.pipeline import assert_compiled_right
from vliwc import driver
from vliwc.backend.certifier import Certificate, ProofFailed
from vliwc.driver import Options, compile_source
from vliwc.report.measure import measure
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.tune import Budget

SIZES = {"adler32": {"n": 600}, "histogram": {"n": 600}, "matmul": {"rows": 4, "inner": 24}}


def example(name: str) -> Source:
    return Source(f"{name}.vk", (data_path("examples") / f"{name}.vk").read_text("utf-8"))


@pytest.mark.parametrize("machine", ["takehome", "narrow", "wide"])
@pytest.mark.parametrize("name", SIZES)
def test_examples_overlap(name: str, machine: str) -> None:
    options = Options(optimise=1, machine=machine, defines=SIZES[name])
    overlapped = compile_source(example(name), options)
    plain = compile_source(
        example(name), Options(optimise=1, machine=machine, defines=SIZES[name], disable=frozenset({"pipelining"}))
    )
    assert not plain.generated.loops
    assert any(loop.overlapped for loop in overlapped.generated.loops)
    assert measure(overlapped).cycles < 0.95 * measure(plain).cycles
    assert_compiled_right(example(name), options)


def test_level_0_overlaps_nothing() -> None:
    compilation = compile_source(example("adler32"), Options(optimise=0, defines=SIZES["adler32"]))
    assert not compilation.generated.loops
    assert compilation.generated.witness.loops


def test_a_loop_that_cannot_be_proven_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    prove, refused = driver.certify, []

    def certify(graph: object, program: object, machine: object, witness: object) -> Certificate:
        if any(w.pipeline for w in witness.loops):  # type: ignore[attr-defined]
            refused.append(program)
            raise ProofFailed("too clever")
        return prove(graph, program, machine, witness)  # type: ignore[arg-type]

    monkeypatch.setattr(driver, "certify", certify)
    options = Options(optimise=1, defines=SIZES["adler32"])
    compilation = compile_source(example("adler32"), options)
    assert len(refused) == 1
    assert compilation.certificate is not None
    assert [loop.reason for loop in compilation.generated.loops] == ["not certified: too clever"]
    assert not any(w.pipeline for w in compilation.generated.witness.loops)


def test_a_plain_loop_that_cannot_be_proven_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def certify(*_: object) -> Certificate:
        raise ProofFailed("no")

    monkeypatch.setattr(driver, "certify", certify)
    with pytest.raises(ProofFailed):
        compile_source(example("adler32"), Options(optimise=0, defines=SIZES["adler32"]))
    with pytest.raises(ProofFailed):
        compile_source(example("adler32"), Options(optimise=1, defines=SIZES["adler32"]))


def test_searches_and_replays_work_on_overlapped_loops() -> None:
    options = Options(optimise=1, defines=SIZES["adler32"], budget=Budget(evals=3))
    found = compile_source(example("adler32"), options)
    assert any(loop.overlapped for loop in found.generated.loops)
    again = compile_source(example("adler32"), Options(optimise=1, defines=SIZES["adler32"], replay=found.ledger))
    assert again.program == found.program
