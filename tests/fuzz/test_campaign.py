"""Cases and campaigns: determined by their seed, resumable, and able to find what is wrong."""

from __future__ import annotations

import json
import signal
import sys
import time
from dataclasses import replace
from itertools import islice, product
from random import Random

import numpy as np
import pytest

from tests.triage.mistakes import break_rule
from vliwc.backend.certifier import ProofFailed
from vliwc.backend.emission import slots_by_cycle
from vliwc.errors import DataError
from vliwc.fuzz import campaign
from vliwc.fuzz.campaign import Record, outcomes
from vliwc.fuzz.cases import (
    CAUTIOUS,
    EMPTY,
    LOST,
    NO_ROOM,
    RIGHT,
    SLOW,
    Case,
    Outcome,
    Result,
    Selection,
    Target,
    Way,
    make_case,
    run_case,
)
from vliwc.fuzz.checks import Front, compiled
from vliwc.fuzz.files import random_kernel
from vliwc.fuzz.limits import OutOfTime, time_limit
from vliwc.fuzz.policies import POLICIES, Policy
from vliwc.fuzz.state import EXTREMES
from vliwc.language import interpret, load_kernel, make_image, syntax
from vliwc.language.unparse import unparse
from vliwc.machine import machine_names, parse_machine
from vliwc.options import LEVELS
from vliwc.source import Source
from vliwc.stages import StageDiffers
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
    assert {(t.level, t.machine) for c in drawn_cases for t in c.targets} == set(product(LEVELS, machine_names()))
    assert {c.policy for c in drawn_cases} == set(POLICIES)
    assert {c.policy for c in drawn_cases if c.targets[0].share} == {"tight"}


def test_most_kernels_are_small_and_some_are_not() -> None:
    lines = sorted(make_case(Selection(seed=7), n).text.count("\n") for n in range(260))
    assert lines[len(lines) // 2] < 25
    assert lines[-1] > 60


def test_machines_of_ways_are_files_as_well() -> None:
    for scratch in (None, 77):
        way = Way(2, "list", "wide", scratch, 0)
        assert parse_machine(way.machine_text.encode()) == way.options.machine


WIDE = Target(2, "wide")


def case_of(text: str, *targets: Target) -> Case:
    return Case(0, "mixed", text, targets or (Target(2, "takehome"),), ("list", "naive"), 0)


def verdicts(outcome: Outcome) -> list[str]:
    return [result.verdict for result in outcome.results]


def test_a_right_case_is_right_in_all_ways() -> None:
    outcome = run_case(case_of(WRONG_BUT_FOR_3, WIDE, Target(0, "narrow")))
    assert verdicts(outcome) == [RIGHT] * 4
    assert [(r.way.level, r.way.schedule, r.way.machine) for r in outcome.results] == [
        (2, "list", "wide"),
        (2, "naive", "wide"),
        (0, "list", "narrow"),
        (0, "naive", "narrow"),
    ]
    assert outcome.failures == ()


def test_a_program_that_does_nothing_is_told_from_others() -> None:
    assert verdicts(run_case(case_of("memory { a: u32[4] inout } kernel k { let x = a[0] }", WIDE))) == [EMPTY, EMPTY]


def test_a_program_that_was_made_cautiously_is_told_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "vliwc.fuzz.cases.compiled", lambda front, options: replace(compiled(front, options), unproven="too clever")
    )
    outcome = run_case(case_of(WRONG_BUT_FOR_3, WIDE))
    assert verdicts(outcome) == [CAUTIOUS, CAUTIOUS]
    assert outcome.failures == ()


def test_scratch_is_a_share_of_what_the_program_takes() -> None:
    targets = [replace(WIDE, share=share) for share in (1.0, 0.5, 0.01)]
    whole, half, least = run_case(case_of(WRONG_BUT_FOR_3, *targets)).results[::2]
    assert whole.verdict == RIGHT and least.verdict == NO_ROOM and not least.failed
    assert whole.way.scratch is not None and half.way.scratch == round(0.5 * whole.way.scratch)


def test_a_wrong_case_is_reduced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch)
    outcome = run_case(case_of(WRONG_BUT_FOR_3))
    first, second = outcome.failures
    assert verdicts(outcome) == [DIFFERENT, DIFFERENT]
    assert first.failure is not None and first.failure.where == "simplify"
    assert first.reduced is not None and len(first.reduced) < len(WRONG_BUT_FOR_3)
    assert second.reduced is None
    unreduced = run_case(case_of(WRONG_BUT_FOR_3), reduction_seconds=0.001)
    assert unreduced.failures[0].failure == first.failure


def test_every_way_is_compared_though_they_share_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(Source("k.vk", WRONG_BUT_FOR_3), 0)
    ways = [Way(2, schedule, "takehome", None, 0) for schedule in ("list", "naive")]
    compiled(front, ways[0].options)
    slots = "vliwc.backend.generator.slots_by_cycle"
    lossy = slots_by_cycle

    def without_stores(*arguments):  # type: ignore[no-untyped-def]
        return [[slot for slot in cycle if slot.engine != "store"] for cycle in lossy(*arguments)]

    monkeypatch.setattr(slots, without_stores)
    uncertified = replace(ways[1].options, certify=False)
    with pytest.raises(StageDiffers, match="program"):
        compiled(front, uncertified)
    with pytest.raises(ProofFailed):
        compiled(front, ways[1].options)


def test_a_slow_case_is_ended() -> None:
    many = WRONG_BUT_FOR_3.replace("4", "4000")
    assert verdicts(run_case(case_of(many), seconds=0.001)) == [SLOW, SLOW]


def test_a_limit_counts_processor_time_and_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = (signal.SIGALRM, signal.SIGPROF)
    before = [signal.getsignal(number) for number in numbers]
    with pytest.raises(OutOfTime), time_limit(0.01):
        while True:
            pass
    with time_limit(0.2):
        time.sleep(0.3)
    with pytest.raises(OutOfTime), time_limit(0.01):
        time.sleep(60)
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.getitimer(signal.ITIMER_PROF) == signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    monkeypatch.delattr(signal, "setitimer")
    with time_limit(0.0):
        pass


def test_a_limit_that_a_destructor_overhears_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both timers are overheard once."""

    class Deaf:
        def __del__(self) -> None:
            while True:
                pass

    heard: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", heard.append)
    end = time.monotonic() + 30
    with pytest.raises(OutOfTime), time_limit(0.01):
        for _ in range(2):
            Deaf()
        while time.monotonic() < end:
            pass
    assert len(heard) == 2


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
    monkeypatch.setattr(campaign, "_PATIENCE", 0.001)
    first = next(outcomes(SELECTION, 0, 2, 600))
    assert first.case == make_case(SELECTION, 0)
    assert verdicts(first) == [LOST] and len(first.failures) == 1


def test_records_survive_their_text() -> None:
    record = Record(SELECTION)
    way = Way(2, "list", "wide", None, 0)
    case = make_case(SELECTION, 0)
    record.add(Outcome(case, (Result(way, RIGHT), Result(way, EMPTY))))
    record.add(Outcome(make_case(SELECTION, 1), (Result(way, SLOW), Result(way, RIGHT))))
    record.seconds = 12.5
    again = Record.from_text(record.to_text())
    assert again == record
    assert (again.cases, again.combinations, again.failures, again.verdicts["right"]) == (2, 4, [1], 2)
    assert again.tried[f"policy {case.policy}"] == 2


def test_records_of_other_versions_are_refused() -> None:
    text = Record(SELECTION).to_text().replace("version 2", "version 1")
    with pytest.raises(DataError, match="another version of vliwc, which draws other cases"):
        Record.from_text(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("format"), "no record of a campaign"),
        (lambda d: d.pop("cases"), "damaged: 'cases'"),
        (lambda d: d.update(cases="many"), "damaged: a count is no number from 0 on"),
        (lambda d: d.update(cases=-5), "damaged: a count is no number from 0 on"),
        (lambda d: d.update(seconds=10**400), "damaged"),
        (lambda d: d.update(cases=float("inf")), "not JSON: Infinity is no number"),
        (lambda d: d.update(failures="123"), "damaged: a count is no number from 0 on"),
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


@pytest.mark.parametrize("text", ["", "[1]", "[" * 100_000, '{"cases": 1, "cases": 2}'])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"not JSON|no record"):
        Record.from_text(text)
