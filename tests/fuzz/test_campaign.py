"""Cases and campaigns: determined by their seed, resumable, and able to find what is wrong."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import replace
from itertools import islice
from random import Random

import numpy as np
import pytest

from tests.triage.mistakes import break_rule
from vliwc.backend import schedule_names
from vliwc.errors import DataError
from vliwc.fuzz import campaign
from vliwc.fuzz.campaign import LOST, Record, outcomes
from vliwc.fuzz.cases import NO_ROOM, RIGHT, SLOW, Case, Outcome, OutOfTime, Selection, alarm, make_case, run_case
from vliwc.fuzz.files import random_kernel
from vliwc.fuzz.policies import POLICIES, Policy
from vliwc.fuzz.state import EXTREMES
from vliwc.language import interpret, load_kernel, make_image, syntax
from vliwc.language.unparse import unparse
from vliwc.machine import machine_names, parse_machine
from vliwc.options import LEVELS
from vliwc.source import Source
from vliwc.triage.failure import DIFFERENT

WRONG_BUT_FOR_3 = """\
memory {
    a: u32[4] inout
}
kernel k {
    par i in 0..4 {
        a[i] = a[i] & 6
        a[i] = a[i] + 5 * i
    }
}
"""


def drawn(policy: Policy, number: int) -> str:
    return unparse(random_kernel(Random(f"{policy.name}/{number}"), policy))


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda p: p.name)
def test_policies_draw_kernels_that_have_a_meaning(policy: Policy) -> None:
    texts = {drawn(policy, number) for number in range(12)}
    assert len(texts) > 8
    for text in texts:
        kernel = load_kernel(Source("k.vk", text), {})
        for style in ("random", "edges"):
            interpret(kernel, make_image(kernel, np.random.default_rng(0), style))
    assert drawn(policy, 3) == drawn(policy, 3)


def count(policy: str, kind: type, check=lambda _: True) -> float:  # type: ignore[no-untyped-def]
    """How often a construct occurs in a policy's kernels, on average."""
    files = [random_kernel(Random(n), POLICIES[policy]) for n in range(60)]
    return sum(isinstance(node, kind) and check(node) for f in files for node, _ in syntax.walk(f)) / len(files)


@pytest.mark.parametrize(
    ("policy", "kind"),
    [
        ("selects", syntax.Conditional),
        ("nests", syntax.Loop),
        ("operators", syntax.Unary),
        ("facts", syntax.Bound),
        ("chains", syntax.Binary),
    ],
)
def test_policies_reach_what_they_are_for(policy: str, kind: type) -> None:
    assert count(policy, kind) > 1.3 * count("mixed", kind)


def test_extremes_and_lengths() -> None:
    def extreme(node: syntax.Number) -> bool:
        return node.value > 40 and node.value in EXTREMES

    assert count("extremes", syntax.Number, extreme) > 1.3 * count("mixed", syntax.Number, extreme)
    assert count("long", syntax.Number, lambda n: 60 < n.value < 400) > count(
        "mixed", syntax.Number, lambda n: 60 < n.value < 400
    )
    assert count("mixed", syntax.Property) > 0


def test_gathers_are_chained() -> None:
    def computed(node: syntax.Index) -> bool:
        return any(isinstance(inner, syntax.Index) for index in node.indices for inner, _ in syntax.walk(index))

    assert count("gathers", syntax.Index, computed) > 1.3 * count("mixed", syntax.Index, computed)


def test_cases_are_determined_by_seed_and_number() -> None:
    selection = Selection(seed=7)
    assert make_case(selection, 5) == make_case(selection, 5)
    assert make_case(selection, 5) != make_case(Selection(seed=8), 5)
    drawn_cases = [make_case(selection, n) for n in range(130)]
    ways = {(c.level, c.schedule, c.machine) for c in drawn_cases}
    assert len(ways) > 0.8 * len(LEVELS) * len(schedule_names()) * len(machine_names())
    assert {c.policy for c in drawn_cases} == set(POLICIES)
    assert {c.policy for c in drawn_cases if c.scratch} == {"tight"}


def test_machines_of_cases_are_files_as_well() -> None:
    tight = make_case(Selection(policies=("tight",)), 0)
    assert tight.scratch is not None
    assert parse_machine(tight.machine_text.encode()) == tight.options.machine
    plain = replace(tight, scratch=None)
    assert parse_machine(plain.machine_text.encode()) == plain.options.machine


def case_of(text: str, **more: object) -> Case:
    return replace(Case(0, "mixed", text, 2, "list", "takehome", None, 0), **more)  # type: ignore[arg-type]


def test_a_right_case() -> None:
    outcome = run_case(case_of(WRONG_BUT_FOR_3))
    assert (outcome.verdict, outcome.failed) == (RIGHT, False)


def test_a_case_that_does_not_fit() -> None:
    outcome = run_case(case_of(WRONG_BUT_FOR_3, scratch=2))
    assert (outcome.verdict, outcome.failed) == (NO_ROOM, False)


def test_a_wrong_case_is_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch)
    outcome = run_case(case_of(WRONG_BUT_FOR_3))
    assert (outcome.verdict, outcome.failed) == (DIFFERENT, True)
    assert outcome.failure is not None and outcome.failure.where == "simplify"
    assert outcome.reduced is not None and len(outcome.reduced) < len(WRONG_BUT_FOR_3)
    unreduced = run_case(case_of(WRONG_BUT_FOR_3), reduction_seconds=0.001)
    assert unreduced.failure == outcome.failure


def test_a_slow_case_is_ended() -> None:
    outcome = run_case(case_of(WRONG_BUT_FOR_3), seconds=0.001)
    assert (outcome.verdict, outcome.failed) == (SLOW, True)


def test_the_alarm_rings_once_and_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(OutOfTime), alarm(0.01):
        time.sleep(5)
    assert signal.getsignal(signal.SIGALRM) is before
    monkeypatch.delattr(signal, "setitimer")
    with alarm(0.0):
        pass


SELECTION = Selection(seed=3, policies=("aliasing", "facts"))


def test_a_campaign_can_be_cut_in_two() -> None:
    whole = list(islice(outcomes(SELECTION, 0, 1, 600), 4))
    assert [o.case.number for o in whole] == [0, 1, 2, 3]
    assert list(islice(outcomes(SELECTION, 2, 1, 600), 2)) == whole[2:]
    assert list(outcomes(SELECTION, 0, 1, 0)) == []


def test_processes_give_the_same_outcomes_in_order() -> None:
    alone = list(islice(outcomes(SELECTION, 0, 1, 600), 3))
    assert list(islice(outcomes(SELECTION, 0, 2, 600), 3)) == alone


def test_time_ends_a_campaign_of_processes() -> None:
    assert list(outcomes(SELECTION, 0, 2, 0)) == []


def test_a_case_that_never_answers_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "SECONDS", 0.001)
    monkeypatch.setattr(campaign, "REDUCTION_SECONDS", 0)
    first = next(outcomes(SELECTION, 0, 2, 600))
    assert (first.verdict, first.failed, first.case) == (LOST, True, make_case(SELECTION, 0))


def test_records_survive_their_text() -> None:
    record = Record(SELECTION)
    case = make_case(SELECTION, 0)
    record.add(Outcome(case, RIGHT))
    record.add(Outcome(make_case(SELECTION, 1), SLOW))
    record.seconds = 12.5
    again = Record.from_text(record.to_text())
    assert again == record
    assert (again.cases, again.failures, again.verdicts["right"]) == (2, [1], 1)
    assert again.tried[f"policy {case.policy}"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("format"), "no record of a campaign"),
        (lambda d: d.pop("cases"), "damaged: 'cases'"),
        (lambda d: d.update(cases="many"), "damaged: invalid literal"),
        (lambda d: d.update(verdicts=[1]), "damaged"),
        (lambda d: d.update(selection=None), "damaged"),
        (lambda d: d["selection"].update(policies=["no such"]), "there is no no such"),
        (lambda d: d["selection"].update(schedules=[]), "there is no policy or scheduler"),
    ],
)
def test_damaged_records_are_refused(change, message: str) -> None:  # type: ignore[no-untyped-def]
    data = json.loads(Record(SELECTION).to_text())
    change(data)
    with pytest.raises(DataError, match=message):
        Record.from_text(json.dumps(data))


@pytest.mark.parametrize("text", ["", "[1]", "[" * 100_000])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"not JSON|no record"):
        Record.from_text(text)
