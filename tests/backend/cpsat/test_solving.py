"""Two ways to solve a model, side by side: the first answer counts, and ends the other one."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from ortools.sat.python import cp_model

from vliwc.backend.schedulers.cpsat.solving import Answer, Solver, Way
from vliwc.backend.schedulers.effort import Effort, Meter

OPEN = Answer(None, infeasible=False, finished=False)
NONE = Answer(None, infeasible=True, finished=False)


def solver() -> Solver:
    return Solver(Meter(Effort(seconds=60.0, workers=2)), seed=0)


@pytest.mark.parametrize("winner", [1, 2])
def test_the_first_answer_ends_the_other_way(monkeypatch: pytest.MonkeyPatch, winner: int) -> None:
    stopped = Event()

    class Running:
        @staticmethod
        def stop_search() -> None:
            stopped.set()

    def solve(_: Solver, model: object, *, most: float, race: Any, linear: bool = False, workers: int = 1) -> Answer:
        assert not linear
        return end(race, most) if workers == winner else wait(race, most)

    def end(race: Any, most: float) -> Answer:
        race.over = True
        return NONE

    def wait(race: Any, most: float) -> Answer:
        race.solvers.append(Running())
        assert stopped.wait(timeout=most)
        return OPEN

    monkeypatch.setattr(Solver, "solve", solve)
    assert solver().decide(cp_model.CpModel(), most=20.0, workers=2, way=Way.CLAUSES, ranks={}) == NONE
    assert stopped.is_set()


@pytest.mark.parametrize("way", Way)
def test_one_worker_takes_the_way_that_it_is_told(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    ways: list[bool] = []

    def solve(_: Solver, model: object, *, most: float, linear: bool) -> Answer:
        ways.append(linear)
        return OPEN

    monkeypatch.setattr(Solver, "solve", solve)
    assert solver().decide(cp_model.CpModel(), most=20.0, workers=1, way=way, ranks={}) == OPEN
    assert ways == [way is Way.RELAXATIONS]


@pytest.mark.parametrize(
    ("way", "counted", "expected"),
    [
        (Way.RELAXATIONS, False, {"integer program", (True, 1)}),
        (Way.RELAXATIONS, True, {(False, 1), (True, 2)}),
        (Way.BOTH, False, {"integer program", (False, 1)}),
        (Way.BOTH, True, {(False, 1), (False, 2)}),
        (Way.CLAUSES, False, {(False, 1), (False, 2)}),
    ],
)
def test_who_takes_part_in_a_race(
    monkeypatch: pytest.MonkeyPatch, way: Way, counted: bool, expected: set[object]
) -> None:
    """No integer program where work is limited: it cannot count that."""
    effort = Effort(seconds=None, work=60.0, workers=2) if counted else Effort(seconds=60.0, workers=2)
    ways: list[object] = []

    def solve(_: Solver, model: object, *, linear: bool = False, workers: int = 1, **__: object) -> Answer:
        ways.append((linear, workers))
        return OPEN

    def branch(*_: object) -> Answer:
        ways.append("integer program")
        return OPEN

    monkeypatch.setattr(Solver, "solve", solve)
    monkeypatch.setattr(Solver, "_branch", branch)
    Solver(Meter(effort), seed=0).decide(cp_model.CpModel(), most=20.0, workers=2, way=way, ranks={})
    assert set(ways) == expected


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("holes", [4, 5])
def test_either_answer_of_a_race_is_right(holes: int, way: Way) -> None:
    """Five pigeons."""
    model = cp_model.CpModel()
    place = [[model.new_bool_var("") for _ in range(holes)] for _ in range(5)]
    for row in place:
        model.add_exactly_one(row)
    for column in zip(*place, strict=True):
        model.add(sum(column) <= 1)
    answer = solver().decide(model, most=20.0, workers=2, way=way, ranks={})
    assert answer.infeasible == (holes < 5)
    assert (answer.solution is not None) == (holes >= 5)
