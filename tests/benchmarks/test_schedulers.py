"""The benchmark of schedulers runs, and says what it measured."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import families, schedulers
from benchmarks.schedulers import main
from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import scheduler


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


def test_what_one_scheduler_proves_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def proving(name: str, effort: Any) -> Any:
        def schedule(problem: Problem, seed: int, progress: None) -> Schedule:
            found = scheduler("list", effort)(problem, seed, progress)
            assert found is not None
            return replace(found, bound=found.cycles) if name == "cpsat" else found

        return schedule

    monkeypatch.setattr(schedulers, "scheduler", proving)
    both = list(schedulers.figures([100], ["constants"], ["list", "cpsat"], 1, tight=False, effort=None))
    assert [(figure.schedule, figure.gap) for figure in both] == [("list", 0.0), ("cpsat", 0.0)]
