"""Random programs have everything in them that a simulator has to get right."""

from __future__ import annotations

from vliwc.conformance.campaign import LENGTH, Tally, example_names, random_runs
from vliwc.conformance.compare import Ending
from vliwc.machine import load_machine, validate
from vliwc.resources import data_path


def test_equal_seeds_give_equal_programs() -> None:
    first, second = list(random_runs(20, 7)), list(random_runs(20, 7))
    assert first == second
    assert list(random_runs(1, 26)) == first[-1:], "one of them can be made again"
    assert len({run.program for _, run in first}) == 20


def test_every_kind_of_slot_occurs_with_and_without_pauses_and_debug_slots() -> None:
    tally, ways = Tally(), set()
    for _, run in random_runs(300, 0):
        validate(run.program, load_machine("takehome"), strict=False)
        tally.slots.update((slot.engine, slot.op) for bundle in run.program.bundles for slot in bundle.slots)
        ways.add((run.pauses, run.reference is None))
        assert len(run.program.bundles) >= LENGTH - 1
    assert tally.missing == []
    assert len(ways) == 4
    assert tally.runs == sum(tally.endings[ending] for ending in Ending) == 0


def test_all_shipped_examples_are_run() -> None:
    assert len(example_names()) == len(list(data_path("examples").iterdir()))
