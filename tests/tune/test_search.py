"""Budgets, tunings, moves, the search and its record."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backend.harness import with_scratch
from tests.backend.test_parts import groups, problem_of
from vliwc.backend.problem import Problem, Schedule
from vliwc.backend.schedulers import multistart
from vliwc.errors import DataError, UsageError
from vliwc.tune import Budget, Ledger
from vliwc.tune.budget import Clock
from vliwc.tune.ledger import Entry, fingerprint
from vliwc.tune.moves import moved
from vliwc.tune.search import search
from vliwc.tune.session import Replaying, Searching
from vliwc.tune.tuner import Tuner
from vliwc.tune.tuning import MOST_PASSES, Tuning

PROBLEM = problem_of(groups(12, stores=2))
TUNER = Tuner(PROBLEM)


@pytest.mark.parametrize(
    ("seconds", "evals", "text"),
    [
        (None, None, "a time or a number"),
        (1.0, 5, "a time or a number"),
        (0.0, None, "more than 0"),
        (None, -3, "more"),
    ],
)
def test_wrong_budgets(seconds: float | None, evals: int | None, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        Budget(seconds, evals)


def test_parts_of_budgets() -> None:
    assert Budget(evals=100).part(0.25) == Budget(evals=25)
    assert Budget(evals=100).part(0.001) is None
    assert Budget(seconds=8.0).part(0.5) == Budget(seconds=4.0)
    assert Budget(seconds=8.0).part(0.0) is None


def test_clocks_count_evaluations() -> None:
    clock = Clock(Budget(evals=10))
    clock.evals = 4
    assert clock.used() == 0.4
    clock.evals = 99
    assert clock.used() == 1


def walked(seed: int, steps: int) -> Tuning:
    random, tuning = Random(seed), TUNER.neutral(0.1, 1.0, 8)
    for _ in range(steps):
        tuning = moved(tuning, random, TUNER.length, TUNER.forms)
    return tuning


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(0, 60))
def test_moves_stay_in_the_space_and_tunings_are_json(seed: int, steps: int) -> None:
    tuning = walked(seed, steps)
    assert TUNER.fits(tuning)
    assert Tuning.from_json(json.loads(json.dumps(tuning.as_json()))) == tuning
    schedule = TUNER.schedule(tuning)
    outcome = TUNER.measure(tuning, 0)
    assert (schedule and schedule.cycles) == (outcome and outcome.cycles)


def test_moves_change_something() -> None:
    assert len({walked(seed, 3) for seed in range(20)}) > 15


@pytest.mark.parametrize(
    "change",
    [
        {"offsets": 3},
        {"paces": ["x"]},
        {"forms": [3]},
        {"reserve": None},
        {"noise_seed": "many"},
        {"colour": 1},
    ],
)
def test_malformed_tunings(change: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="tuning"):
        Tuning.from_json(TUNER.neutral().as_json() | change)


def test_searches_are_reproducible_and_better() -> None:
    start = multistart.schedule(PROBLEM)
    assert start is not None
    first, again, other = (search(PROBLEM, Budget(evals=150), seed=seed) for seed in (1, 1, 2))
    assert first is not None
    assert other is not None
    assert first == again
    assert 150 <= first.evals < 150 + MOST_PASSES
    assert other.tuning != first.tuning
    assert first.schedule.cycles <= start.cycles


def test_several_chains_are_reproducible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vliwc.tune.search._CHAIN", 50)
    assert search(PROBLEM, Budget(evals=200), seed=3) == search(PROBLEM, Budget(evals=200), seed=3)


def test_the_search_ends_at_the_target() -> None:
    messages: list[str] = []
    found = search(PROBLEM, Budget(evals=10**9), target=10**6, progress=messages.append)
    assert found is not None
    assert found.evals < 100
    assert messages == []


def test_time_ends_the_search() -> None:
    found = search(PROBLEM, Budget(seconds=0.05))
    assert found is not None


def test_an_interrupt_keeps_the_best() -> None:
    def interrupt(message: str) -> None:
        messages.append(message)
        if len(messages) % 3 == 0:
            raise KeyboardInterrupt

    messages: list[str] = []
    budget = Budget(evals=10**9, interrupted=Event())
    found = search(PROBLEM, budget, progress=interrupt)
    assert found is not None
    assert f"best {found.schedule.cycles} cycles" in messages[-1]
    assert budget.part(0.5) is None
    with pytest.raises(KeyboardInterrupt):
        search(PROBLEM, Budget(evals=10**9), progress=interrupt)


def tight(words: int) -> Problem:
    return replace(PROBLEM, machine=with_scratch(words))


def test_little_scratch_lets_few_strands_in() -> None:
    words = next(w for w in range(40, 2000, 8) if multistart.schedule(tight(w)))
    assert search(tight(words), Budget(evals=60)) is not None
    assert search(tight(16), Budget(evals=60)) is None


def plain(problem: Problem) -> Schedule | None:
    return multistart.schedule(problem)


def poor(problem: Problem) -> Schedule | None:
    return TUNER.schedule(TUNER.neutral(stagger=3.0))


def searched() -> tuple[Schedule, Ledger]:
    session = Searching(Budget(evals=60), 0, None)
    session.begin()
    found = session.schedule(4, 1.0, PROBLEM, poor)
    assert found is not None
    return found, session.ledger


def test_records_make_the_same_schedule_again() -> None:
    found, ledger = searched()
    poorly = poor(PROBLEM)
    assert poorly is not None
    assert found.cycles < poorly.cycles
    again = Replaying(Ledger.from_text(ledger.to_text()))
    again.begin()
    assert again.schedule(4, 1.0, PROBLEM, poor) == found
    assert again.schedule(5, 1.0, PROBLEM, poor) == poorly


def test_what_is_not_beaten_or_not_worth_it_stays() -> None:
    best = search(PROBLEM, Budget(evals=60))
    assert best is not None
    session = Searching(Budget(evals=25), 0, None)
    assert session.schedule(0, 1.0, PROBLEM, lambda _: best.schedule) == best.schedule
    entry = session.ledger.entries[0]
    assert entry.tuning is None
    assert Replaying(session.ledger).schedule(0, 1.0, PROBLEM, lambda _: best.schedule) == best.schedule
    session.begin()
    assert session.schedule(0, 0.001, PROBLEM, poor) == poor(PROBLEM)
    assert session.schedule(0, 1.0, PROBLEM, lambda _: None) is None
    assert session.ledger.entries == {}


def test_nothing_is_searched_at_the_bound() -> None:
    perfect = Schedule([], 1, {}, 0)
    session = Searching(Budget(evals=60), 0, None)
    assert session.schedule(0, 1.0, PROBLEM, lambda _: perfect) is perfect
    assert session.ledger.entries == {}


def test_records_of_other_problems() -> None:
    _, ledger = searched()
    other = problem_of(groups(11))
    with pytest.raises(DataError, match="segment 4 is another problem"):
        Replaying(ledger).schedule(4, 1.0, other, plain)
    assert Replaying(ledger).schedule(4, 1.0, other, lambda _: None) is None
    entry = ledger.entries[4]
    for changed in (
        replace(entry, cycles=entry.cycles - 1),
        replace(entry, tuning=replace(TUNER.neutral(), offsets=(1.0,))),
        replace(entry, tuning=replace(TUNER.neutral(), forms=((7, 7),) * TUNER.classes)),
    ):
        with pytest.raises(DataError, match="another problem"):
            Replaying(Ledger({4: changed})).schedule(4, 1.0, PROBLEM, plain)


def test_fingerprints_tell_problems_apart() -> None:
    assert fingerprint(PROBLEM) == fingerprint(problem_of(groups(12, stores=2)))
    assert fingerprint(PROBLEM) != fingerprint(tight(1000))
    assert fingerprint(PROBLEM) != fingerprint(problem_of(groups(12)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no search record"),
        ('{"schema": "vliwc/search/9", "segments": []}', "no search record"),
        ('{"schema": "vliwc/search/2", "segments": 3}', "no search record"),
        ('{"schema": "vliwc/search/2", "segments": [3]}', "no object"),
        ('{"schema": "vliwc/search/2", "segments": [{"segment": true}]}', "'segment'"),
        (
            '{"schema": "vliwc/search/2", "segments": '
            '[{"segment": 0, "problem": "", "cycles": 1, "evals": 1, "tuning": 7}]}',
            "missing or unknown",
        ),
    ],
)
def test_wrong_records(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Ledger.from_text(text)


def test_records_are_text() -> None:
    ledger = Ledger({2: Entry("p", 7, 9, None), 0: Entry("q", 8, 9, TUNER.neutral())})
    assert Ledger.from_text(ledger.to_text()) == ledger
