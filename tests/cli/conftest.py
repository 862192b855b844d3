"""What the tests of the command line share: a way to call it, and a small kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from vliwc.cli.main import run
from vliwc.report.schema import schema_text

ROOT = Path(__file__).parent.parent.parent

KERNEL = """\
# y = 3 * x + y, as small as a kernel gets.
param n = 16

memory {
    header n
    x: u32[n] in
    y: u32[n] inout
}

kernel axpy {
    par i in 0..n {
        y[i] = 3 * x[i] + y[i]
    }
}
"""


@dataclass(frozen=True)
class Outcome:
    """How a call of the command line ended."""

    code: int
    out: str
    err: str

    def report(self, name: str) -> dict[str, Any]:
        """The JSON report on stdout, which must obey its schema."""
        assert self.code in (0, 1), self.err
        record: dict[str, Any] = json.loads(self.out)
        jsonschema.validate(record, json.loads(schema_text(name)))
        return record


Vliwc = Callable[..., Outcome]


@pytest.fixture
def vliwc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Vliwc:
    """Calls the command line in this process."""
    monkeypatch.delenv("VLIWC_DEBUG", raising=False)

    def call(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small kernel as `axpy.vk` in the current directory, which is a temporary one."""
    monkeypatch.chdir(tmp_path)
    Path("axpy.vk").write_text(KERNEL, encoding="utf-8")
    return Path("axpy.vk")


def spawn(*arguments: str | Path, **more: Any) -> subprocess.Popen[str]:
    """Starts the command line as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-m", "vliwc", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **more,
    )
