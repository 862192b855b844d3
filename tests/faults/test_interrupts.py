"""Ctrl-C for real: as from a terminal, to all processes of a command that has told there that it is at work."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT
from vliwc.machine import parse_assembly

INSTANCE = ROOT / "benchmarks" / "instances" / "constants-1000.json"
KERNEL = ROOT / "examples" / "murmur3.vk"
"""Its shortest schedule is long to seek."""


class Command:
    """A command in a session of its own, at a terminal of its own."""

    def __init__(self, folder: Path, python_path: Path, *arguments: str | Path) -> None:
        self.screen, theirs = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vliwc", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "PYTHONPATH": f"{python_path}:{ROOT}", "TERM": "xterm", "COLUMNS": "300"},
            cwd=folder,
            start_new_session=True,
        )
        os.close(theirs)

    def wait_for(self, pattern: str) -> None:
        """Returns when the screen shows the pattern."""
        while not re.search(pattern, self.text):
            assert self._read(), self.text

    def interrupt(self) -> int:
        """Sends the signal as a terminal does. Returns the exit code when no process has the terminal any more."""
        os.killpg(self.process.pid, signal.SIGINT)
        while self._read():
            pass
        os.close(self.screen)
        assert "Traceback" not in self.text, self.text
        assert "Error" not in self.text, self.text
        return self.process.wait(timeout=60)

    def _read(self) -> str:
        try:
            piece = os.read(self.screen, 65536).decode(errors="replace")
        except OSError:  # Linux's end of file on a terminal
            return ""
        self.text += piece
        return piece


Start = Callable[..., Command]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Start]:
    """Starts commands, each in the folder of the test. What a test leaves behind is killed."""
    started: list[Command] = []

    def start(*arguments: str | Path, python_path: Path = ROOT) -> Command:
        started.append(Command(tmp_path, python_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        with suppress(ProcessLookupError):
            os.killpg(each.process.pid, signal.SIGKILL)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("options", "at_work"),
    [
        (("--schedule", "cpsat", "--time-limit", "600"), r"cpsat: \d+ cycles"),
        (("--budget", "600"), r"search: \d+ "),
        (("-O3",), r"search: \d+ "),
    ],
)
def test_a_search_is_ended_and_its_best_is_kept(
    options: tuple[str, ...], at_work: str, command: Start, tmp_path: Path
) -> None:
    running = command("compile", KERNEL, *options, "-o", "murmur3.vasm")
    running.wait_for(at_work)
    assert running.interrupt() == 0
    assert "interrupted: this is the best schedule so far" in running.text
    assert "proven" in running.text
    assert parse_assembly((tmp_path / "murmur3.vasm").read_text()).bundles
    assert files(tmp_path) == ["murmur3.vasm"]


def test_the_solution_of_an_instance_is_kept(command: Start, tmp_path: Path) -> None:
    running = command("schedule", INSTANCE, "--schedule", "cpsat", "--time-limit", "600", "-o", "s.json")
    running.wait_for(r"cpsat: \d+ cycles")
    assert running.interrupt() == 0
    assert "interrupted: this is the best schedule so far" in running.text
    assert json.loads((tmp_path / "s.json").read_text())["schema"] == "vliwc/schedule/1"
    assert files(tmp_path) == ["s.json"]


def test_a_campaign_leaves_a_record_and_no_process(command: Start, tmp_path: Path) -> None:
    """The terminal is only at its end when all processes have gone."""
    running = command("fuzz", "--minutes", "60", "--jobs", "2", "--schedule", "naive")
    running.wait_for(r"[1-9]\d* kernels")
    assert running.interrupt() == 130
    assert json.loads((tmp_path / "vliwc-fuzz" / "campaign.json").read_text())["cases"] > 0


def test_the_first_moments(command: Start, tmp_path: Path) -> None:
    """A package that the command line imports takes its time."""
    slow = tmp_path / "slow" / "click"
    slow.mkdir(parents=True)
    (slow / "__init__.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(600)\n")
    running = command("--help", python_path=slow.parent)
    running.wait_for("importing")
    assert running.interrupt() == 130
