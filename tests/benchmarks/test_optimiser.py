"""The optimiser's targets: measured as they should be, and missed where they are missed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.optimiser import main
from benchmarks.targets import BATCH, HEIGHT, ROUNDS, Effort, gap, sampled
from benchmarks.walks import relatives
from vliwc.differential import find_mismatch
from vliwc.driver import Options
from vliwc.language import load_kernel
from vliwc.source import Source

SAXPY = "memory {\nx: u32[64] in\ny: u32[64] inout\n}\nkernel k {\npar i in 0..64 {\ny[i] += 3 * x[i]\n}\n}\n"


def test_a_gap_is_cycles_over_bound() -> None:
    figure = gap("saxpy", SAXPY, Options(), 1.05)
    cycles, bound = (int(word.replace(",", "")) for word in figure.measured.split(": ")[1].split(" over "))
    assert figure.value == pytest.approx(cycles / bound, abs=1e-4)
    assert figure.reached is (figure.value <= 1.05)
    assert not gap("saxpy", SAXPY, Options(), 0.99).reached


def test_a_wrong_program_has_no_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "benchmarks.figures.find_mismatch", lambda kernel, name, a, b: find_mismatch(kernel, name, a, b + 1)
    )
    figure = gap("saxpy", SAXPY, Options(), 100.0)
    assert not figure.reached and "WRONG" in figure.measured


def test_sizes_are_sampled_within_their_ranges() -> None:
    many = list(sampled(200, 3))
    assert len(many) == 200 and many == list(sampled(200, 3)) != list(sampled(200, 4))
    for key, (least, most) in (("height", HEIGHT), ("rounds", ROUNDS), ("batch", BATCH)):
        assert all(least <= sizes[key] <= most for sizes in many)
        assert len({sizes[key] for sizes in many}) > 8
    assert any(sizes["batch"] % 8 for sizes in many)


def test_relatives_are_kernels() -> None:
    assert len(relatives()) == 6
    for name, text in relatives().items():
        assert load_kernel(Source(name, text), {"batch": 16}).arrays


def test_a_search_needs_a_budget() -> None:
    assert Effort(1, 1, 0, 0).searching().budget is None
    budget = Effort(1, 1, 7.5, 0).searching().budget
    assert budget is not None and budget.seconds == 7.5


def test_missed_targets_and_missing_checkouts_have_exit_codes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcome = CliRunner().invoke(main, ["--public", str(tmp_path)])
    assert outcome.exit_code == 2
    assert "no public simulator" in outcome.stderr
    monkeypatch.setattr("benchmarks.optimiser.targets", lambda *_: iter([gap("saxpy", SAXPY, Options(), 0.99)]))
    assert CliRunner().invoke(main, []).exit_code == 1
    assert CliRunner().invoke(main, ["--json"]).stdout.startswith("{")
