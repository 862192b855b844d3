"""Constraint programs and linear programs, solved by OR-Tools within a limit of work, so that Ctrl-C gets through."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

_POLL = 0.05
"""Seconds between attempts to stop a solver: one that has hardly begun does not hear."""
_PLAIN = (
    "separating/maxrounds = 0",
    "separating/maxroundsroot = 0",
    *(f"heuristics/{name}/freq = -1" for name in ("alns", "feaspump", "rens", "rins")),
)


def new_solver(work: float) -> cp_model.CpSolver:
    """A solver with one worker and so much deterministic time, thus with equal answers on every computer.

    It leaves the handler of Ctrl-C alone: CP-SAT's own would outlive the solve, and take Ctrl-C from Python for good.
    """
    from ortools.sat.python import cp_model  # noqa: PLC0415 - heavy, and only a compilation needs it

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = work
    solver.parameters.catch_sigint_signal = False
    return solver


def new_integer_solver(seed: int = 0, *, plain: bool = False) -> Any:
    """SCIP, without a handler of Ctrl-C of its own, which would stop SCIP and nothing else.

    A `plain` one solves linear programs and branches, without cuts and without heuristics that solve programs of their
    own: for models without an objective that is several times as quick.
    """
    from ortools.linear_solver import pywraplp  # noqa: PLC0415 - heavy, and only hard problems need it

    solver = pywraplp.Solver.CreateSolver("SCIP")
    parameters = [f"randomization/randomseedshift = {seed}", "misc/catchctrlc = FALSE", *(_PLAIN if plain else ())]
    known = solver.SetSolverSpecificParametersAsString("\n".join(parameters))
    assert known, "SCIP has parameters of these names"
    return solver


def solve(solver: cp_model.CpSolver, model: cp_model.CpModel) -> Any:
    """Solves a model, and returns the status. What a signal's handler raises stops the solver at once."""
    return interruptible(lambda: solver.solve(model), solver.stop_search)


def interruptible(solve: Callable[[], Any], stop: Callable[[], object]) -> Any:
    """What a solver returns, which runs in a thread, since Python handles no signal while its main thread is in foreign
    code.

    What a handler raises, such as KeyboardInterrupt, stops the solver at once, and goes on to the caller.
    """
    with ThreadPoolExecutor(1) as thread:
        status = thread.submit(solve)
        try:
            wait([status])
        except BaseException:
            while wait([status], _POLL).not_done:
                stop()
            raise
    return status.result()
