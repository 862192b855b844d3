"""Constraint programs: Ctrl-C gets through to Python, and ends the solver."""

from __future__ import annotations

import signal
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from ortools.sat.python import cp_model

from vliwc import solving
from vliwc.solving import new_solver, solve


def golomb(marks: int) -> cp_model.CpModel:
    """The shortest ruler on which no two pairs of marks are equally far apart: hard for more than a dozen marks."""
    model = cp_model.CpModel()
    places = [model.new_int_var(0, marks**2, f"mark {k}") for k in range(marks)]
    model.add(places[0] == 0)
    model.add_all_different(b - a for a, b in combinations(places, 2))
    for a, b in combinations(places, 2):
        model.add(a < b)
    model.minimize(places[-1])
    return model


def test_answers_are_the_best_and_the_handler_of_interrupts_stays() -> None:
    before = signal.getsignal(signal.SIGINT)
    solver = new_solver(10.0)
    assert solve(solver, golomb(5)) == cp_model.OPTIMAL
    assert solver.objective_value == 11
    assert not solver.parameters.catch_sigint_signal
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_ends_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take years."""
    waits: list[object] = []
    wait = solving.wait

    def interrupted(*arguments: Any) -> Any:
        waits.append(arguments)
        if len(waits) == 1:
            raise KeyboardInterrupt
        return wait(*arguments)

    monkeypatch.setattr(solving, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        solve(new_solver(1e9), golomb(20))


def test_no_other_solver_is_made() -> None:
    """One that is made without care takes Ctrl-C from Python."""
    package = Path(solving.__file__).parent
    makers = {str(p.relative_to(package)) for p in package.rglob("*.py") if "CpSolver()" in p.read_text("utf-8")}
    assert makers == {"solving.py", "backend/schedulers/cpsat/solving.py"}
