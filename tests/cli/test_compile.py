"""`vliwc compile`: every form, every option, and errors before any long work."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Vliwc, spawn
from vliwc.backend.certifier import ProofFailed
from vliwc.driver import Options, compile_source, optimise_source
from vliwc.errors import UsageError
from vliwc.ir.printer import print_graph
from vliwc.machine import load_machine, parse_assembly, program_from_json
from vliwc.resources import data_path
from vliwc.source import Source


def test_the_summary(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compile", kernel)
    assert outcome.code == 0
    assert outcome.err == ""
    lines = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    compilation = compile_source(Source("axpy.vk", kernel.read_text()))
    assert list(lines) == ["kernel", "target", "cycles", "bound", "busiest", "engines", "size", "proof", "time"]
    assert lines["kernel"] == "axpy n=16"
    assert lines["target"] == "takehome, -O2, schedule list"
    assert int(lines["cycles"]) == len(compilation.program.bundles)
    assert lines["bound"].startswith(f"{compilation.generated.bounds.best} (resources ")
    assert lines["proof"] == str(compilation.certificate)


def test_the_json_report(vliwc: Vliwc, kernel: Path) -> None:
    record = vliwc("compile", kernel, "-D", "n=24", "-O1", "--schedule", "naive", "--json").report("compile")
    assert record["params"] == {"n": 24}
    assert (record["optimise"], record["schedule"], record["certified"]) == (1, "naive", True)
    assert record["cycles"] == record["bundles"] > 0
    assert record["passes"][0]["name"] == "lower"
    assert record["passes"][0]["ops"]["par"] == 1
    assert record["slots"]["store"] == 3


def test_every_form_goes_to_a_directory(vliwc: Vliwc, kernel: Path) -> None:
    Path("out").mkdir()
    kinds = ("asm", "json", "takehome", "trace", "ir", "dot", "summary")
    outcome = vliwc("compile", kernel, *[f"--emit={kind}" for kind in kinds], "-o", "out")
    assert outcome.code == 0
    written = {path.name: path.read_text() for path in Path("out").iterdir()}
    suffixes = ("vasm", "json", "py", "trace.json", "ir", "dot", "txt")
    assert sorted(written) == sorted(f"axpy.{suffix}" for suffix in suffixes)

    compilation = compile_source(Source("axpy.vk", kernel.read_text()))
    machine = load_machine("takehome")
    assert parse_assembly(written["axpy.vasm"]) == compilation.program
    found = program_from_json(written["axpy.json"], machine)
    assert len(found.bundles) == len(compilation.program.bundles)
    assert json.loads(written["axpy.trace.json"])["traceEvents"]
    assert written["axpy.ir"] == print_graph(compilation.front.graph)
    assert written["axpy.dot"].startswith("digraph")
    assert written["axpy.txt"].startswith("kernel   axpy n=16\n")


def test_the_takehome_module(vliwc: Vliwc, kernel: Path) -> None:
    space: dict[str, Any] = {}
    exec(vliwc("compile", kernel, "--emit", "takehome").out, space)
    builder = space["KernelBuilder"]()
    builder.build_kernel(1, 2, 3, 4)
    assert len(builder.instrs) == len(compile_source(Source("axpy.vk", kernel.read_text())).program.bundles)


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.vasm", "machine"), ("a.json", "["), ("a.trace.json", "{"), ("a.py", '"""'), ("a.dot", "digraph")],
)
def test_the_suffix_says_the_form(name: str, start: str, vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compile", kernel, "-o", name)
    assert outcome.code == 0
    assert Path(name).read_text().startswith(start)
    assert outcome.out.startswith("kernel")


def test_a_program_on_stdout_moves_the_summary_to_stderr(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compile", kernel, "--emit", "json")
    assert json.loads(outcome.out)
    assert outcome.err.startswith("kernel")
    assert vliwc("compile", kernel, "--emit", "json", "--quiet").err == ""


def test_equal_calls_give_equal_programs(vliwc: Vliwc, kernel: Path) -> None:
    first = vliwc("compile", kernel, "--emit", "asm", "--seed", "3")
    assert first.out == vliwc("compile", kernel, "--emit", "asm", "--seed", "3").out


def test_print_after_and_stats(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compile", kernel, "--print-after", "lower", "--stats", "--verify-each")
    assert outcome.code == 0
    assert outcome.err.count("# after ") == 1
    assert "par" in outcome.err
    assert "operations" in outcome.err
    every = vliwc("compile", kernel, "--print-after", "all").err
    record = vliwc("compile", kernel, "--json").report("compile")
    assert [line[8:] for line in every.splitlines() if line.startswith("# after ")] == [
        p["name"] for p in record["passes"]
    ]


def test_stop_after(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compile", kernel, "--stop-after", "lower")
    front = optimise_source(Source("axpy.vk", kernel.read_text()), Options(stop_after="lower"))
    assert outcome.out == print_graph(front.graph)
    assert vliwc("compile", kernel, "--stop-after", "vectorize", "--emit", "dot").out.startswith("digraph")
    last = vliwc("compile", kernel, "--stop-after", "vectorize", "--print-after", "all").err
    assert last.rfind("# after vectorize") == last.rfind("# after ")


def test_a_pass_can_be_left_out(vliwc: Vliwc, kernel: Path) -> None:
    record = vliwc("compile", kernel, "--disable", "affine", "--json").report("compile")
    assert "affine" not in [p["name"] for p in record["passes"]]


def test_without_the_proof(vliwc: Vliwc, kernel: Path) -> None:
    assert "not certified" in vliwc("compile", kernel, "--no-certify").out
    assert vliwc("compile", kernel, "--no-certify", "--json").report("compile")["certified"] is False


def test_a_failed_proof_is_an_internal_error_and_leaves_no_file(
    vliwc: Vliwc, kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ProofFailed("word 17 differs")

    monkeypatch.setattr("vliwc.driver.certify", fail)
    outcome = vliwc("compile", kernel, "-o", "axpy.vasm")
    assert outcome.code == 70
    assert outcome.err.startswith("internal error: not certified: word 17 differs\n")
    assert not Path("axpy.vasm").exists()


def test_kernel_errors_show_place_and_help(vliwc: Vliwc, kernel: Path) -> None:
    kernel.write_text(kernel.read_text().replace("3 * x[i]", "3 * z[i]"))
    outcome = vliwc("compile", kernel, "-o", "axpy.vasm")
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.err.splitlines()[0].startswith("error[VK0101]: ")
    assert "axpy.vk:12:20" in outcome.err
    assert "\x1b" not in outcome.err
    assert not Path("axpy.vasm").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope.vk"], "error: no such kernel: nope.vk\n"),
        (["axpy"], "error: no such kernel: axpy\n  help: did you mean axpy.vk?\n"),
        (["axpy.vk", "-o", "no/a.vasm"], "error: cannot write no/a.vasm: there is no directory "),
        (["axpy.vk", "-o", "a.xyz"], "error: cannot tell from its name what to write to a.xyz\n"),
        (["axpy.vk", "--emit", "asm", "--emit", "ir"], "error: several --emit need a place to go\n"),
        (
            ["axpy.vk", "--emit", "asm", "--emit", "ir", "-o", "x"],
            "error: several --emit need a directory, and x is none\n",
        ),
        (["axpy.vk", "--emit", "asm", "--json"], "error: --json and --emit both write to stdout\n"),
        (["axpy.vk", "--stop-after", "lower", "--emit", "asm"], "error: --stop-after leaves no program to emit\n"),
        (["axpy.vk", "--stop-after", "lower", "--json"], "error: --stop-after leaves no program to report on\n"),
        (["axpy.vk", "--stop-after", "unrol"], "error: there is no pass called 'unrol'\n  help: did you mean 'unroll'"),
        (["axpy.vk", "--print-after", "lowr"], "error: there is no pass called 'lowr'\n  help: did you mean 'lower'"),
        (["axpy.vk", "--disable", "vectorize"], "error: there is no optional pass called 'vectorize'\n"),
        (["axpy.vk", "--schedule", "lst"], "error: there is no scheduler called 'lst'\n  help: did you mean 'list'"),
        (["axpy.vk", "--machine", "wode"], "error: there is no machine 'wode'\n  help: did you mean 'wide'"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], message: str, vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compile", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(message)
    assert outcome.out == ""
    assert [path.name for path in Path().iterdir()] == ["axpy.vk"]


@pytest.mark.parametrize(
    ("define", "message"),
    [
        ("n", "'n' is not of the form name=value, such as height=8"),
        ("1n=3", "'1n' is no parameter name"),
        ("n=three", "'three' is no integer constant, such as 8 or 0x1F"),
    ],
)
def test_bad_definitions(define: str, message: str, vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compile", kernel, "-D", define)
    assert outcome.code == 2
    assert message in outcome.err


@pytest.mark.parametrize("level", ["4", "-1", "x"])
def test_bad_levels(level: str, vliwc: Vliwc, kernel: Path) -> None:
    assert vliwc("compile", kernel, f"-O{level}").code == 2


def test_the_library_refuses_bad_options_too() -> None:
    source = Source("axpy.vk", "")
    with pytest.raises(UsageError, match="no optimisation level 4"):
        optimise_source(source, Options(optimise=4))
    with pytest.raises(UsageError, match="stops after a pass has no program"):
        compile_source(source, Options(stop_after="lower"))


def test_definitions_in_hexadecimal(vliwc: Vliwc, kernel: Path) -> None:
    record = vliwc("compile", kernel, "-Dn=8", "-Dn=0x20", "--json").report("compile")
    assert record["params"] == {"n": 32}


def test_a_machine_that_is_too_small(vliwc: Vliwc, kernel: Path) -> None:
    machine = Path(__file__).parent.parent.parent.joinpath("isa", "takehome.toml").read_text(encoding="utf-8")
    Path("tiny.toml").write_text(machine.replace("scratch_words = 1536", "scratch_words = 2"))
    outcome = vliwc("compile", kernel, "--machine", "tiny.toml")
    assert outcome.code == 5
    assert outcome.err.startswith("error: ")


def test_a_broken_machine_description(vliwc: Vliwc, kernel: Path) -> None:
    Path("bad.toml").write_text("lanes = 'eight'")
    outcome = vliwc("compile", kernel, "--machine", "bad.toml")
    assert outcome.code == 4
    assert "bad.toml" in outcome.err


@pytest.mark.parametrize("after", ["lower", "vectorize"])
def test_ctrl_c_in_a_long_compilation(after: str, kernel: Path) -> None:
    example = Path(__file__).parent.parent.parent / "examples" / "tree_walk.vk"
    Path("axpy.vasm").write_text("old")
    process = spawn("compile", example, "-o", "axpy.vasm", "--print-after", after)
    assert process.stderr is not None
    assert process.stderr.readline() == f"# after {after}\n"  # now it is at work
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
    assert out == ""
    assert Path("axpy.vasm").read_text() == "old"
    assert sorted(path.name for path in Path().iterdir()) == ["axpy.vasm", "axpy.vk"]


def test_the_reports_name_the_loops(vliwc: Vliwc) -> None:
    path = data_path("examples") / "adler32.vk"
    text = vliwc("compile", path, "-O1", "-D", "n=600").out
    assert "loop     line 16: 6 cycles an iteration, overlapped every 2 (minimum 2); 3 stages, 1 to a trip" in text
    (loop,) = vliwc("compile", path, "-O1", "-D", "n=600", "--json").report("compile")["loops"]
    assert (loop["before"], loop["interval"], loop["reason"]) == (6, 2, "")
    text = vliwc("compile", path, "-O1", "-D", "n=2").out
    assert "no overlap: it has too few iterations" in text
