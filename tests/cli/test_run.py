"""`vliwc run`: programs and kernels in the simulator."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Vliwc
from vliwc import differential
from vliwc.driver import Compilation

IMAGE = [16, *range(16), *[7] * 16]
"""n, x and y of the small kernel."""

RESULT = [16, *range(16), *[3 * x + 7 for x in range(16)]]


def test_a_kernel(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("run", kernel)
    assert outcome.code == 0
    assert outcome.out.endswith(" cycles on takehome; the result is what the kernel says\n")
    assert outcome.err == ""


@pytest.mark.parametrize("machine", ["narrow", "takehome", "wide"])
@pytest.mark.parametrize("schedule", ["naive", "list"])
def test_the_measured_cycles_are_those_of_the_run(machine: str, schedule: str, vliwc: Vliwc, kernel: Path) -> None:
    for arguments in (["-O0", "-Dn=100"], ["-O1", "-Dn=300"], ["-O2"]):
        how = [kernel, *arguments, "--machine", machine, "--schedule", schedule, "--json"]
        measured = vliwc("compile", *how).report("compile")
        ran = vliwc("run", *how).report("run")
        assert ran["cycles"] == measured["cycles"]
        assert ran["correct"] is True
        assert ran["machine"] == machine


@pytest.mark.parametrize("program", ["axpy.vasm", "axpy.json"])
@pytest.mark.parametrize("suffix", [".json", ".npy", ".txt"])
def test_a_program_on_an_image(program: str, suffix: str, vliwc: Vliwc, kernel: Path) -> None:
    assert vliwc("compile", kernel, "-o", program).code == 0
    Path("image.json").write_text(json.dumps(IMAGE))
    outcome = vliwc("run", program, "--image", "image.json", "--output", f"result{suffix}")
    assert outcome.code == 0
    assert outcome.out.endswith(" cycles on takehome\n")
    again = vliwc("run", program, "--image", f"result{suffix}", "-o", "twice.npy")
    assert again.code == 0
    assert np.load("twice.npy").tolist() == [16, *range(16), *[6 * x + 7 for x in range(16)]]


def test_a_program_with_its_kernel(vliwc: Vliwc, kernel: Path) -> None:
    vliwc("compile", kernel, "-Dn=20", "-o", "axpy.vasm", "--machine", "narrow")
    record = vliwc("run", "axpy.vasm", "--kernel", kernel, "-Dn=20", "--json").report("run")
    assert (record["correct"], record["machine"], record["image_words"]) == (True, "narrow", 41)


def test_the_seed_makes_the_input(vliwc: Vliwc, kernel: Path) -> None:
    for seed, name in ((1, "a.npy"), (1, "b.npy"), (2, "c.npy")):
        assert vliwc("run", kernel, "--seed", str(seed), "-o", name).code == 0
    assert np.array_equal(np.load("a.npy"), np.load("b.npy"))
    assert not np.array_equal(np.load("a.npy"), np.load("c.npy"))


def test_a_wrong_program_is_told(vliwc: Vliwc, kernel: Path) -> None:
    vliwc("compile", kernel, "-o", "axpy.vasm")
    other = kernel.with_name("other.vk")
    other.write_text(kernel.read_text().replace("3 *", "5 *"))
    Path("image.json").write_text(json.dumps(IMAGE))
    outcome = vliwc("run", "axpy.vasm", "--kernel", other, "--image", "image.json")
    assert outcome.code == 1
    assert outcome.out.endswith(" cycles on takehome\n")
    assert outcome.err == (
        "wrong result: the program leaves 0x0000000a in y[1], the interpreter 0x0000000c, and 14 more words differ\n"
    )
    assert vliwc("run", "axpy.vasm", "--kernel", other, "--json").report("run")["correct"] is False


def test_an_image_that_breaks_the_kernels_assumptions(vliwc: Vliwc, kernel: Path) -> None:
    Path("image.json").write_text(json.dumps([17, *IMAGE[1:]]))
    outcome = vliwc("run", kernel, "--image", "image.json")
    assert outcome.code == 4
    assert outcome.err.startswith("error: word 0 of the image is 17")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["axpy.vasm"], 2, "error: the program needs a memory to run on\n"),
        (["axpy.vk", "--kernel", "axpy.vk"], 2, "error: --kernel is for programs\n"),
        (["program"], 2, "error: cannot tell what program is\n"),
        (["no.vasm", "--image", "image.json"], 2, "error: no such program: no.vasm\n"),
        (["axpy.vasm", "--image", "no.json"], 2, "error: no such memory image: no.json\n"),
        (["axpy.vasm", "--kernel", "no.vk"], 2, "error: no such kernel: no.vk\n"),
        (["axpy.vk", "-o", "memory.bin"], 2, "error: cannot tell the image format of memory.bin\n"),
        (["axpy.vk", "-o", "no/memory.npy"], 2, "error: cannot write no/memory.npy: there is no directory "),
        (["axpy.vasm", "--image", "image.json", "--machine", "nope"], 2, "error: there is no machine 'nope'\n"),
        (["bad.json", "--image", "image.json"], 4, "error: bundle 0, alu slot"),
        (["bad.vasm", "--image", "image.json"], 4, "error: bad.vasm:1"),
        (["axpy.vk", "--max-cycles", "2"], 6, "error: "),
        (["axpy.vasm", "--image", "short.json"], 6, "error: "),
    ],
)
def test_what_goes_wrong(arguments: list[str], code: int, message: str, vliwc: Vliwc, kernel: Path) -> None:
    vliwc("compile", kernel, "-o", "axpy.vasm")
    Path("image.json").write_text(json.dumps(IMAGE))
    Path("short.json").write_text("[1, 2, 3]")
    Path("bad.json").write_text('[{"alu": [["+", 1]]}]')
    Path("bad.vasm").write_text("what is this")
    outcome = vliwc("run", *arguments)
    assert outcome.code == code
    assert outcome.err.startswith(message)
    assert outcome.out == ""


def test_lenient_runs_take_what_the_public_simulator_takes(vliwc: Vliwc, kernel: Path) -> None:
    Path("twice.json").write_text('[{"load": [["const", 0, 1], ["const", 0, 2]]}]')
    Path("image.json").write_text("[0]")
    strict = vliwc("run", "twice.json", "--image", "image.json")
    assert strict.code == 4
    assert "twice" in strict.err
    assert vliwc("run", "twice.json", "--image", "image.json", "--lenient").out == "1 cycles on takehome\n"


def test_check(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("check", kernel, "--runs", "9")
    assert outcome.code == 0
    assert outcome.out.startswith("9 runs agree with the interpreter; ")
    record = vliwc("check", kernel, "--runs", "9", "--json").report("check")
    assert (record["runs"], record["failed"]) == (9, 0)
    assert len({trial["style"] for trial in record["trials"]}) > 3


def _first_addition_spoilt(compilation: Compilation) -> Compilation:
    """The compilation with the first `+` or `multiply_add` of its program replaced: it computes something else."""
    bundles = list(compilation.program.bundles)
    for k, bundle in enumerate(bundles):
        slots = [replace(s, op="^" if s.op == "+" else s.op, operands=_spoilt(s.op, s.operands)) for s in bundle.slots]
        if tuple(slots) != bundle.slots:
            bundles[k] = replace(bundle, slots=tuple(slots))
            break
    program = replace(compilation.program, bundles=tuple(bundles))
    return replace(compilation, generated=replace(compilation.generated, program=program))


def _spoilt(op: str, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    return (operands[0], operands[1], operands[1], operands[3]) if op == "multiply_add" else operands


def test_check_finds_a_wrong_program(vliwc: Vliwc, kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = differential.trials
    monkeypatch.setattr(differential, "trials", lambda c, *rest: right(_first_addition_spoilt(c), *rest))
    outcome = vliwc("check", kernel, "--runs", "14")
    assert outcome.code == 1
    assert "wrong" not in outcome.out
    assert outcome.out.endswith(" of 14 runs differ from the interpreter\n")
    assert outcome.err.startswith("run 0 (random input): the program leaves 0x")
    record = vliwc("check", kernel, "--runs", "2", "--json").report("check")
    assert record["failed"] >= 1
    assert record["trials"][0]["mismatches"][0]["subject"] == "program"
    assert record["trials"][0]["mismatches"][0]["place"].startswith("y[")


def test_a_fault_of_the_kernel_itself(vliwc: Vliwc, kernel: Path) -> None:
    kernel.write_text(kernel.read_text().replace("3 * x[i]", "3 // x[i]"))
    outcome = vliwc("check", kernel)
    assert outcome.code == 6
    first, second, *_ = outcome.err.splitlines()
    assert first == "run 1 (zeros input): a fault ends it"
    assert second.startswith("error: axpy.vk:12:")
    assert "Traceback" not in outcome.err


def test_compare(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compare", kernel, "-O", "0,2", "--work-limit", "0.05", "--workers", "1")
    assert outcome.code == 0
    head, *rows = outcome.out.splitlines()
    assert head.split() == ["level", "schedule", "cycles", "bound", "gap", "busiest", "scratch", "seconds"]
    ways = [[level, schedule] for level in ("-O0", "-O2") for schedule in ("cpsat", "list", "naive")]
    assert [row.split()[:2] for row in rows] == ways
    record = vliwc("compare", kernel, "--schedule", "naive", "--json").report("compare")
    assert [(row["optimise"], row["schedule"]) for row in record["rows"]] == [(2, "naive")]


def test_compare_shows_what_does_not_fit(vliwc: Vliwc, kernel: Path) -> None:
    machine = Path(__file__).parent.parent.parent.joinpath("isa", "takehome.toml").read_text(encoding="utf-8")
    Path("tiny.toml").write_text(machine.replace("scratch_words = 1536", "scratch_words = 2"))
    outcome = vliwc("compare", kernel, "--machine", "tiny.toml")
    assert outcome.code == 0
    assert outcome.out.count("does not fit") == 3
    record = vliwc("compare", kernel, "--machine", "tiny.toml", "--json").report("compare")
    assert [bool(row["error"]) for row in record["rows"]] == [True, True, True]


def test_compare_refuses_bad_levels(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compare", kernel, "-O", "1,5")
    assert outcome.code == 2
    assert "'1,5' is no list of levels" in outcome.err
    assert vliwc("compare", kernel, "--schedule", "best").code == 2
