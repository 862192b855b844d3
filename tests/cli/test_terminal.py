"""What a person at a terminal sees: colour and progress; scripts see neither."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.conftest import ROOT, Vliwc
from vliwc.cli.terminal import presentable, wants_colour

ESCAPE = "\x1b["


def at_a_terminal(*arguments: str, **environment: str) -> str:
    """The output of a call whose stdout and stderr are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "vliwc", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100", **environment},
    )
    os.close(theirs)
    output = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux's end of file on a terminal
            piece = b""
        if not piece:
            break
        output += piece
    os.close(ours)
    process.wait(timeout=60)
    return output.decode()


def test_terminals_get_colour_and_progress(kernel: Path) -> None:
    output = at_a_terminal("compile", str(kernel), NO_COLOR="")
    assert ESCAPE + "1m" in output
    assert "compiling axpy.vk" in output
    assert "proven: " in output


def test_errors_are_coloured(kernel: Path) -> None:
    kernel.write_text("kernel")
    assert f"{ESCAPE}31m{ESCAPE}1merror[VK" in at_a_terminal("compile", str(kernel), NO_COLOR="")
    assert f"{ESCAPE}31m{ESCAPE}1merror" in at_a_terminal("compile", "nope.vk", NO_COLOR="")


def test_no_color_is_obeyed(kernel: Path) -> None:
    assert ESCAPE + "3" not in at_a_terminal("compile", "nope.vk", NO_COLOR="1")


def test_scripts_get_plain_text(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("compile", kernel, "--stats")
    assert "\x1b" not in outcome.out + outcome.err
    assert "compiling" not in outcome.err


def test_what_wants_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert wants_colour(SimpleNamespace(isatty=lambda: True))
    assert not wants_colour(SimpleNamespace(isatty=lambda: False))
    assert not wants_colour(object())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(SimpleNamespace(isatty=lambda: True))


def test_what_a_message_quotes_cannot_steer_the_terminal() -> None:
    assert presentable("a\x1b[2J\r\x9b\ud800 ü\n \u202e") == "a\\x1b[2J\\r\\x9b\\ud800 ü\n \\u202e"
    long = presentable("b" + "x" * 10_000 + "e")
    assert len(long) < 500
    assert (long[0], long[-1]) == ("b", "e")
    assert " … " in long
