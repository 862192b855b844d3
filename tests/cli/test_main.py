"""The command group: help, version, lightness, and what becomes of every way a command can end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import click
import pytest

from tests.cli.conftest import ROOT, Vliwc, spawn
from vliwc import __version__, errors
from vliwc.cli import failures
from vliwc.cli.lazy import COMMANDS, LazyGroup
from vliwc.cli.main import Interrupts, cli, run
from vliwc.errors import DataError, DoesNotFit, InternalError, UsageError, VliwcError

HEAVY = ("numpy", "lark", "networkx", "ortools", "rich", "vliwc.driver", "vliwc.machine", "vliwc.language")


def test_help_lists_every_command(vliwc: Vliwc) -> None:
    outcome = vliwc("--help")
    assert outcome.code == 0
    for name, line in COMMANDS.items():
        assert f"  {name} " in outcome.out
        assert line in " ".join(outcome.out.split())


def test_the_lines_of_the_help_are_the_commands_own() -> None:
    group = cli
    assert isinstance(group, LazyGroup)
    context = click.Context(group)
    for name, line in COMMANDS.items():
        command = group.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.get_short_help_str(limit=200) == line


def test_version(vliwc: Vliwc) -> None:
    assert vliwc("--version").out == f"vliwc {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["compile", "--help"], ["completion", "bash"]])
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys; from vliwc.cli.main import run; code = run(sys.argv[1:]); "
        f"print(code, [m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == "0 []\n"


def test_unknown_command(vliwc: Vliwc) -> None:
    outcome = vliwc("complie")
    assert outcome.code == 2
    assert "No such command 'complie'" in outcome.err


class _FaultError(VliwcError):
    exit_code = 6


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UsageError("no such thing"), 2, "error: no such thing\n"),
        (DataError("bad image", help="make\nanother"), 4, "error: bad image\n  help: make\n        another\n"),
        (DoesNotFit("too large"), 5, "error: too large\n"),
        (_FaultError("division by zero"), 6, "error: division by zero\n"),
        (InternalError("proof failed"), 70, "internal error: proof failed\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.Abort(), 130, "interrupted\n"),
        (
            ValueError("two\nlines"),
            70,
            "internal error: ValueError: two lines\n"
            "  help: this is a bug in vliwc; run again with `vliwc --debug …` to see where it comes from\n",
        ),
        (
            AssertionError(),
            70,
            "internal error: AssertionError\n"
            "  help: this is a bug in vliwc; run again with `vliwc --debug …` to see where it comes from\n",
        ),
    ],
)
def test_every_error_becomes_a_message_and_a_code(
    error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.report_failure(error, debug=False) == code
    captured = capsys.readouterr()
    assert captured.err == text
    assert captured.out == ""


def test_what_an_interrupt_in_an_import_becomes(
    kernel: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Modules of C++ code turn a KeyboardInterrupt into an ImportError. What users can meet stays what it is."""
    interrupts = Interrupts()
    with pytest.raises(KeyboardInterrupt):
        interrupts(signal.SIGINT, None)
    for error, code, text in (
        (ImportError("initialization failed"), 130, "interrupted\n"),
        (UsageError("no room"), 2, "error: no room\n"),
    ):
        monkeypatch.setattr("vliwc.frontend.lower", Mock(side_effect=error))
        assert run(["compile", str(kernel)], interrupts) == code
        assert capsys.readouterr().err == text
    monkeypatch.setattr("vliwc.frontend.lower", Mock(side_effect=ImportError()))
    assert run(["compile", str(kernel)], Interrupts()) == 70


def test_a_system_exit_is_passed_on() -> None:
    with pytest.raises(SystemExit):
        failures.report_failure(SystemExit(3), debug=False)


@pytest.mark.parametrize("by_environment", [False, True])
def test_debug_shows_the_traceback(
    by_environment: bool, vliwc: Vliwc, kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("deliberate")

    monkeypatch.setattr("vliwc.frontend.lower", broken)
    quiet = vliwc("compile", kernel)
    assert quiet.code == 70
    assert quiet.err.startswith("internal error: RuntimeError: deliberate\n")
    if by_environment:
        monkeypatch.setenv("VLIWC_DEBUG", "1")
    loud = vliwc(*([] if by_environment else ["--debug"]), "compile", kernel)
    assert loud.code == 70
    assert "Traceback (most recent call last)" in loud.err
    assert 'raise RuntimeError("deliberate")' in loud.err


def test_internal_errors_of_our_own_show_a_traceback_too(capsys: pytest.CaptureFixture[str]) -> None:
    failures.report_failure(InternalError("proof failed"), debug=True)
    assert "vliwc.errors.InternalError: proof failed" in capsys.readouterr().err


def test_a_closed_pipe_ends_in_silence() -> None:
    process = spawn("examples", "tree_walk", "tree_walk", "murmur3")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 141


def test_a_stream_without_unicode_is_no_error() -> None:
    process = spawn("examples", "--json", env={"PYTHONIOENCODING": "ascii"})
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.isascii()


def test_the_package_runs_as_a_module() -> None:
    out, _ = spawn("--version").communicate(timeout=60)
    assert out == f"vliwc {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, vliwc: Vliwc) -> None:
    outcome = vliwc("completion", shell)
    assert outcome.code == 0
    assert "_VLIWC_COMPLETE" in outcome.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("vliwc com", {"plain,compile", "plain,compare", "plain,completion"}),
        ("vliwc compile --machine n", {"plain,narrow"}),
        ("vliwc compile --schedule nai", {"plain,naive"}),
        ("vliwc compile --stop-after lo", {"plain,lower"}),
        ("vliwc explain vk000", {"plain,VK0001", "plain,VK0002"}),
    ],
)
def test_completion_answers(words: str, expected: set[str]) -> None:
    environment = {
        "_VLIWC_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    process = spawn(env=environment)
    out, _ = process.communicate(timeout=60)
    assert expected <= set(out.split())


def test_the_documentation_names_every_command_option_and_code() -> None:
    text = ROOT.joinpath("docs", "cli.md").read_text(encoding="utf-8")
    context = click.Context(cli)
    group = cli
    assert isinstance(group, LazyGroup)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        assert f"vliwc {name}" in text
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert f"`{max(parameter.opts, key=len)}" in text, parameter.opts
    assert errors.__doc__ is not None
    table = [line.split()[0] for line in errors.__doc__.splitlines() if line[:1].isdigit()]
    assert len(table) == 11
    for code in table:
        assert f"| {code} |" in text
        assert cli.epilog is not None
        assert f" {code} " in cli.epilog
