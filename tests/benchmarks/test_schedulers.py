"""The benchmark of schedulers runs, and says what it measured."""

from __future__ import annotations

import json

from click.testing import CliRunner

from benchmarks import families
from benchmarks.schedulers import main


def test_a_small_run() -> None:
    outcome = CliRunner().invoke(main, ["--size", "20", "--seeds", "1", "--tight", "--schedule", "list", "--json"])
    assert outcome.exit_code == 0
    figures = json.loads(outcome.stdout)
    assert [figure["family"] for figure in figures] == list(families.names())
    assert all(figure["cycles"] >= figure["bound"] > 0 for figure in figures)


def test_a_table() -> None:
    outcome = CliRunner().invoke(main, ["--size", "20", "--seeds", "1", "--families"])
    assert outcome.exit_code == 0
    assert "mean gap" in outcome.stdout
    assert "few_strands" in outcome.stdout
