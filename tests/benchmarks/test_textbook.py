"""The kernels that nobody tuned the compiler for: some of them here, all of them in the benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import textbook
from benchmarks.textbook import NAMES, Result, results
from vliwc.driver import Options


@pytest.mark.parametrize("name", ["changes", "prefix_sums", "convolution", "norms"])
def test_programs_are_right_and_near_their_bounds(name: str) -> None:
    (result,) = results([name], Options())
    assert result.problem == ""
    assert 0 < result.bound <= result.cycles
    assert result.reached


def test_what_cannot_be_compiled_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(textbook, "FOLDER", tmp_path)
    (tmp_path / "k.vk").write_text("kernel k { }")
    (result,) = results(["k"], Options())
    assert result.problem and not result.reached


def test_the_target() -> None:
    assert Result("k", 110, 100).reached
    assert not Result("k", 111, 100).reached


def test_every_kernel_says_what_it_computes() -> None:
    assert len(NAMES) > 20
    for name in NAMES:
        first, *rest = (textbook.FOLDER / f"{name}.vk").read_text(encoding="utf-8").splitlines()
        assert first.startswith("# ") and any(line.startswith(f"kernel {name} ") for line in rest)
