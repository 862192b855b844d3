"""Ways to run the pipeline: how they change, and how they are written down."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from vliwc.errors import DataError
from vliwc.transform.attempts import FEWER, Attempt, nearby
from vliwc.transform.loads import Losses


@pytest.mark.parametrize("seed", range(3))
def test_steps_of_a_search_can_be_written_down(seed: int) -> None:
    random = Random(seed)
    attempt = Attempt(3, FEWER[0])
    seen = {attempt}
    for _ in range(300):
        attempt = nearby(attempt, random, crowded=True)
        seen.add(attempt)
        assert Attempt.from_json(json.loads(json.dumps(attempt.as_json()))) == attempt
    assert len(seen) > 250
    assert len({(one.losses.lives, one.losses.tables) for one in seen}) > 50
    engines = {name for one in seen for name, _ in one.losses.engines}
    assert engines == {"compute", "valu", "flow", "load"}


def test_steps_leave_scratch_alone_where_there_is_plenty() -> None:
    random, first = Random(1), Attempt(3)
    steps = [nearby(first, random, crowded=False) for _ in range(40)]
    assert all((a.losses.lives, a.losses.tables) == (first.losses.lives, first.losses.tables) for a in steps)
    assert len({a.losses for a in steps}) > 20
    assert {a.losses.arithmetic for a in steps} == {0.0}


def test_steps_vary_how_selects_are_done_where_some_are_by_arithmetic() -> None:
    random, first = Random(1), Attempt(2, losses=Losses(arithmetic=0.5))
    shares = {nearby(first, random, crowded=False).losses.arithmetic for _ in range(40)}
    assert len(shares) > 5 and all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        (Attempt(1), "-O1 with 0.5 of the ramps lost, lives times 1"),
        (Attempt(2, frozenset({"rows", "column"})), "-O2 without column, rows"),
        (
            Attempt(3, losses=Losses(1, 0, 1, (("flow", 0.05),))),
            "-O3 with 1 of the ramps, 5% of flow lost, lives times 0, tables in 100% of scratch",
        ),
        (
            Attempt(2, losses=Losses(arithmetic=0.5)),
            "-O2 with 0.5 of the ramps lost, lives times 1, 50% of selects by arithmetic",
        ),
    ],
)
def test_attempts_in_words(attempt: Attempt, text: str) -> None:
    assert str(attempt) == text


@pytest.mark.parametrize(
    "change",
    [
        {"level": 4},
        {"level": True},
        {"level": "2"},
        {"without": ["unroll"]},
        {"without": 3},
        {"losses": {}},
        {"losses": {"ramps": -1.0, "lives": 1.0, "tables": 1.0, "engines": {}}},
        {"losses": {"ramps": float("nan"), "lives": 1.0, "tables": 1.0, "engines": {}}},
        {"losses": {"ramps": 1.0, "lives": 1e9, "tables": 1.0, "engines": {}}},
        {"losses": {"ramps": 1.0, "lives": 1.0, "tables": 1.0, "engines": {"gpu": 0.1}}},
        {"losses": {"ramps": 1.0, "lives": 1.0, "tables": 1.0, "engines": {}, "more": 1.0}},
        {"losses": {"ramps": 1.0, "lives": 1.0, "tables": 1.0, "engines": [3]}},
    ],
)
def test_wrong_records(change: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="how the kernel was optimised"):
        Attempt.from_json({**Attempt(2).as_json(), **change})


def test_no_record_at_all() -> None:
    with pytest.raises(DataError):
        Attempt.from_json([])
