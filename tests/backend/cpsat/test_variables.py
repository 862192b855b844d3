"""Functions of time: what the solver may make of them."""

from __future__ import annotations

import pytest
from ortools.sat.python import cp_model

from vliwc.backend.schedulers.cpsat.variables import Constraints


@pytest.mark.parametrize("step", range(1, 6))
def test_a_rise_grows_by_its_pace_at_most_in_every_cycle(step: int) -> None:
    """Operations of several slots are such functions; where engines may be overdrawn, nothing else holds them back."""
    model = Constraints()
    rise = model.rise(0, 5, final=8, most=8, pace=2)
    before, after = rise.at(step - 1), rise.at(step)
    model.cp.maximize(after - before)
    solver = cp_model.CpSolver()
    assert solver.solve(model.cp) == cp_model.OPTIMAL
    assert solver.objective_value == 2
