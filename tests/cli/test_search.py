"""The search options of `vliwc compile`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Vliwc
from vliwc.driver import Options, compile_source
from vliwc.errors import UsageError
from vliwc.source import Source
from vliwc.tune import Budget, Ledger

LONG = ("-D", "n=256")


def test_a_search_is_saved_and_replayed(vliwc: Vliwc, kernel: Path) -> None:
    arguments = ("compile", kernel, *LONG)
    plain = vliwc(*arguments, "--json").report("compile")
    searched = vliwc(*arguments, "--budget-evals", "40", "--save-search", "found.json", "-o", "a.vasm", "--json")
    assert searched.report("compile")["cycles"] <= plain["cycles"]
    assert vliwc(*arguments, "--replay", "found.json", "-o", "b.vasm").code == 0
    assert Path("a.vasm").read_bytes() == Path("b.vasm").read_bytes()
    assert vliwc(*arguments, "--budget-evals", "40", "-o", "c.vasm").code == 0
    assert Path("a.vasm").read_bytes() == Path("c.vasm").read_bytes()


def test_a_search_for_some_time(vliwc: Vliwc, kernel: Path) -> None:
    assert vliwc("compile", kernel, *LONG, "--budget", "0.1").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("--budget", "1", "--budget-evals", "5"), 2, "a time or a number"),
        (("--budget", "0"), 2, "--budget"),
        (("--budget", "nan"), 2, "'nan' is no amount"),
        (("--budget", "inf"), 2, "'inf' is no amount"),
        (("--budget-evals", "0"), 2, "--budget-evals"),
        (("--save-search", "s.json"), 2, "no search to save"),
        (("--budget", "1", "--save-search", "no/such/s.json"), 2, "no directory"),
        (("--replay", "missing.json"), 2, "no such search record"),
        (("--replay", "axpy.vk"), 4, "no JSON"),
        (("--replay", "empty.json", "--budget", "1"), 2, "a replay needs no search"),
        (("--budget", "1", "--schedule", "naive"), 2, "tunes the list scheduler"),
    ],
)
def test_options_that_cannot_be_meant(
    vliwc: Vliwc, kernel: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    Path("empty.json").write_text(Ledger().to_text(), encoding="utf-8")
    outcome = vliwc("compile", kernel, *arguments)
    assert outcome.code == code
    assert text in outcome.err


def test_a_record_of_another_kernel(vliwc: Vliwc, kernel: Path) -> None:
    Path("s.json").write_text(
        '{"schema": "vliwc/search/2", "segments": [{"segment": 0, "problem": "?", "cycles": 1, "evals": 1, '
        '"tuning": {"offsets": [], "paces": [], "weights": [], "curve": [], "forms": [], "strands": 0, "drift": 0, '
        '"reserve": 0, "noise": 0, "noise_seed": 0, "passes": 0}}]}',
        encoding="utf-8",
    )
    outcome = vliwc("compile", kernel, "--replay", "s.json")
    assert outcome.code == 4
    assert "segment 0 is another problem" in outcome.err


def test_searched_programs_are_proved(kernel: Path) -> None:
    source = Source("axpy.vk", kernel.read_text())
    compilation = compile_source(source, Options(defines={"n": 256}, budget=Budget(evals=30)))
    assert compilation.certificate is not None
    assert compilation.ledger is not None
    assert compile_source(source, Options(defines={"n": 256})).ledger is None


def test_a_budget_and_a_record_contradict_each_other(kernel: Path) -> None:
    with pytest.raises(UsageError, match="needs no search"):
        compile_source(Source("axpy.vk", kernel.read_text()), Options(budget=Budget(evals=1), replay=Ledger()))


def test_plain_compilations_import_no_numba(kernel: Path) -> None:
    program = (
        "import sys; from vliwc.cli.main import run; code = run(sys.argv[1:]); "
        "print(code, 'numba' in sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, "compile", str(kernel.absolute())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == "0 False\n"
