"""`vliwc conformance` on a stand-in for the public simulator, on broken ones, and on what is none."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from vliwc.cli.main import cli, run
from vliwc.conformance import campaign, compare
from vliwc.conformance.programs import Maker
from vliwc.conformance.public import load_public
from vliwc.machine import load_machine, simulate, takehome_module
from vliwc.machine.fast import FastSimulator
from vliwc.report.schema import schema_text

STAND_IN = Path(__file__).parents[2] / "benchmarks" / "plain_stepper.py"
VARIABLE = "VLIWC_PUBLIC_SIMULATOR"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the stand-in where the public one has its frozen simulator."""
    file = tmp_path / "checkout" / "tests" / "frozen_problem.py"
    file.parent.mkdir(parents=True)
    shutil.copy(STAND_IN, file)
    return file.parents[1]


def conformance(path: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["conformance", str(path), "--programs", "80", "--no-examples", *options])


def test_the_stand_in_agrees(checkout: Path) -> None:
    result = conformance(checkout)
    assert result.exit_code == 0, result.output
    head, verdict = result.stdout.splitlines()
    assert head.startswith("80 runs of ")
    assert head.endswith(f"kinds of slots, compared with {checkout / 'tests' / 'frozen_problem.py'}")
    assert verdict.startswith("all agree: ")
    assert all(f" {ending.value}" in verdict for ending in compare.Ending)
    assert [path.name for path in checkout.rglob("*")] == ["tests", "frozen_problem.py"], "nothing is left there"


def test_the_report(checkout: Path) -> None:
    """It counts what the text counts; after a difference the exit code still tells."""
    result = conformance(checkout, "--json", "--seed", "5")
    record = json.loads(result.stdout)
    jsonschema.validate(record, json.loads(schema_text("conformance")))
    text = conformance(checkout, "--seed", "5").stdout
    kinds = sum(slot["count"] > 0 for slot in record["slots"])
    file = str(checkout / "tests" / "frozen_problem.py")
    assert text.startswith(f"{record['runs']} runs of {record['bundles']:,} bundles, {kinds} kinds of slots, compared")
    assert (result.exit_code, record["simulator"], record["seed"], record["runs"]) == (0, file, 5, 80)
    assert sum(record["endings"].values()) == 80
    assert all(f"{count} {ending}" in text for ending, count in record["endings"].items())
    assert record["differences"] == []
    path = Path(file)
    path.write_text(path.read_text(encoding="utf-8").replace("written[x[0]] = 0", "written[x[0]] = 1"), "utf-8")
    result = conformance(checkout, "--json")
    record = json.loads(result.stdout)
    jsonschema.validate(record, json.loads(schema_text("conformance")))
    assert result.exit_code == 1
    assert sum(record["endings"].values()) + len(record["differences"]) == record["runs"] == 80
    assert record["differences"][0]["name"] in result.stderr
    assert record["differences"][0]["cause"] in result.stderr


def test_compiled_examples(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "example_names", lambda: ["saxpy", "gcd"])
    result = CliRunner().invoke(cli, ["conformance", str(checkout), "--programs", "0", "--inputs", "2"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("4 runs of ")
    assert "kinds of slots that did not occur: alu" in result.stdout
    assert result.stdout.endswith("all agree: 4 ran to the end\n")


BREAKS = [
    ("lambda a, b: -(-a // b)", "operator.floordiv", "scratch differs at"),
    ('"<": operator.lt', '"<": operator.le', "scratch differs at"),
    ('">>": operator.rshift', '">>": lambda a, b: a >> (b & 31)', "scratch differs at"),
    ("+ scratch[x[3] + i]) % WORD", "+ scratch[x[3] + i])", "scratch differs at"),
    ("written[x[0] + i] = scratch[x[1]]", "written[x[0] + i] = scratch[x[1] + i]", "scratch differs at"),
    ("stored[core.scratch[x[0]] + i]", "stored[core.scratch[x[0]] + i // 2]", "memory differs at"),
    ("scratch[x[2] + i] if scratch[x[1] + i]", "scratch[x[2] + i] if scratch[x[1]]", "scratch differs at"),
    ("core.pc + x[1]", "core.pc + x[1] - 1", "differ"),
    ("core.trace_buf.append(scratch[x[0]])", "core.trace_buf.append(0)", "the trace differs at"),
    ("core.trace_buf.append(scratch[x[0]])", "pass", "the trace differs in length"),
    (
        'any(engine != "debug" for engine in bundle)',
        'any(s for e, s in bundle.items() if e != "debug")',
        "cycles differ",
    ),
    ("CoreState.PAUSED if self.enable_pause", "CoreState.STOPPED if self.enable_pause", "the ending differs: here"),
    ("assert scratch[x[0] + i] == self.value_trace[key]", "pass", "the ending differs: here"),
    ("elif self.enable_debug:", "else:", "the ending differs: here"),
    ("written[x[0]] = x[1] % WORD", "written[x[0]] = x[1] % (WORD - 1)", "differ"),
]


RARE = {"scratch[x[2] + i] if scratch[x[1]]": "300", "pass": "300"}
"""What takes more programs to be found."""


@pytest.mark.parametrize(("right", "wrong", "cause"), BREAKS, ids=[wrong for _, wrong, _ in BREAKS])
def test_a_wrong_simulator_is_found(checkout: Path, right: str, wrong: str, cause: str) -> None:
    file = checkout / "tests" / "frozen_problem.py"
    text = file.read_text(encoding="utf-8")
    assert right in text
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    result = conformance(checkout, "--seed", "1000", "--programs", RARE.get(wrong, "80"))
    assert result.exit_code == 1, result.output
    assert cause in result.stderr
    assert result.stderr.startswith("program ")
    assert " DIFFER; of the others " in result.stdout


def test_a_wrong_fast_simulator_is_found(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = FastSimulator.run
    monkeypatch.setattr(FastSimulator, "run", lambda self, images, **more: right(self, images ^ 1, **more))
    result = conformance(checkout)
    assert result.exit_code == 1
    assert "the fast simulator differs from the plain one" in result.stderr
    assert "… and " in result.stderr, "only the first ones are told"


def test_a_file_and_a_seed_can_be_given(checkout: Path) -> None:
    result = conformance(STAND_IN, "--seed", "11", "--programs", "1")
    assert result.stdout.startswith("1 runs of ")
    (checkout / "tests" / "frozen_problem.py").rename(checkout / "problem.py")
    assert f"compared with {checkout / 'problem.py'}" in conformance(checkout).stdout


def test_nothing_to_compare() -> None:
    result = conformance(STAND_IN, "--programs", "0")
    assert result.exit_code == 0
    assert result.stdout.endswith("all agree: there was nothing to compare\n")


def failure(capsys: pytest.CaptureFixture[str], path: Path) -> tuple[int, str]:
    code = run(["conformance", str(path), "--programs", "30", "--no-examples"])
    return code, capsys.readouterr().err


def test_a_path_without_a_simulator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = failure(capsys, tmp_path)
    assert code == 2
    assert text.startswith(f"error: there is no public simulator at {tmp_path / 'tests' / 'frozen_problem.py'}\n")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("def", "cannot load"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("class Machine: pass", "is not the public simulator: it has no DebugInfo"),
    ],
)
def test_a_module_that_is_no_simulator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, cause: str
) -> None:
    (tmp_path / "problem.py").write_text(content, encoding="utf-8")
    code, text = failure(capsys, tmp_path)
    assert code == 4
    assert cause in text
    assert "Traceback" not in text


def test_a_file_that_is_no_module(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "problem.txt"
    path.write_text("words", encoding="utf-8")
    assert failure(capsys, path) == (4, f"error: {path} is no Python module\n")


def test_a_simulator_that_breaks_down_differs(checkout: Path) -> None:
    file = checkout / "tests" / "frozen_problem.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("written[x[0]] = 0", "written[x[0]] = self.nothing"), encoding="utf-8")
    result = conformance(checkout)
    assert result.exit_code == 1
    assert "the public simulator breaks down: AttributeError: " in result.stderr


def test_ctrl_c_keeps_what_has_been_compared(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right, calls = compare.compare, []

    def interrupted(*arguments: object) -> compare.Ending:
        calls.append(arguments)
        if len(calls) > 10:
            raise KeyboardInterrupt
        return right(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(campaign, "compare", interrupted)
    assert run(["conformance", str(checkout)]) == 130
    captured = capsys.readouterr()
    assert captured.out.startswith("10 runs of ")
    assert captured.err == "interrupted\n"


def takehome_module_runs_on(public: ModuleType) -> None:
    """The module that `--emit takehome` writes does what its program does."""
    maker = Maker(Random(6), load_machine("takehome"), legal=True)
    program, image = maker.program(0), maker.image()
    module: dict[str, Any] = {}
    exec(takehome_module(program), module)
    builder = module["KernelBuilder"]()
    builder.build_kernel(10, 2047, 256, 16)
    machine = public.Machine(image, builder.instrs, builder.debug_info())
    machine.run()
    assert machine.cores[0].scratch == simulate(program, maker.machine, image).scratch.tolist()


def test_the_takehome_module_runs_on_the_stand_in() -> None:
    takehome_module_runs_on(load_public(STAND_IN))


@pytest.mark.public
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} is not set")
def test_the_takehome_module_runs_on_the_public_simulator() -> None:
    takehome_module_runs_on(load_public(Path(os.environ[VARIABLE])))


@pytest.mark.public
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} is not set")
def test_the_public_simulator_agrees() -> None:
    result = CliRunner().invoke(cli, ["conformance", os.environ[VARIABLE], "--no-examples"])
    assert result.exit_code == 0, result.output
    assert "kinds of slots that did not occur" not in result.stdout
