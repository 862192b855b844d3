"""A short campaign of random inputs; `python -m benchmarks.hostile` is the long one."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import hostile
from tests.hostile.inputs import FAMILIES, attempt


@pytest.mark.parametrize("name", FAMILIES)
def test_random_inputs_are_read_or_refused(name: str, tmp_path: Path) -> None:
    ended = Counter(attempt(name, f"test {number}", tmp_path) for number in range(400))
    assert 20 < ended["read"] < 380, ended


def test_the_campaign_finds_what_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def attempted(name: str, seed: str, _folder: Path) -> str:
        if seed == "5 3":
            raise RecursionError
        if seed == "5 4":
            signal.raise_signal(signal.SIGALRM)
        if seed == "5 6":
            raise KeyboardInterrupt
        return "read"

    before = signal.getsignal(signal.SIGALRM)
    monkeypatch.setattr(hostile, "attempt", attempted)
    monkeypatch.setattr("sys.argv", ["hostile", "--inputs", "9", "--seed", "5", "--only", "define"])
    try:
        assert hostile.main() == 1
    finally:
        signal.signal(signal.SIGALRM, before)
    captured = capsys.readouterr()
    assert "| define | read | 4 |\n| define | wrong | 2 |" in captured.out
    assert "2 went wrong" in captured.out
    assert "define '5 3'\n" in captured.out and "RecursionError" in captured.out
    assert "define '5 4'\n" in captured.out and "OutOfTime" in captured.out
    assert "interrupted" in captured.err
