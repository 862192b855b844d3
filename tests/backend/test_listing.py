"""The list scheduler on random families: close to the bound, with scratch plenty and tight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import families
from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import DATA, Operation, Problem, Schedule, Step
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import SCHEDULERS, listing
from vliwc.backend.schedulers.compiled import Compiled
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency, rounds, squeezes
from vliwc.machine import load_machine


def scheduled(problem: Problem) -> Schedule:
    found = SCHEDULERS["list"](problem, 0, None)
    assert found is not None
    check_schedule(problem, found)
    return found


@pytest.mark.parametrize("family", ["layers", "critical", "phases", "reduction", "strands", "memory"])
def test_small_problems_are_within_a_cycle_of_the_bound(family: str) -> None:
    for seed in range(3):
        problem = families.make(family, 100, seed)
        assert scheduled(problem).cycles <= segment_bound(problem).best + 1


@pytest.mark.parametrize("family", families.names())
def test_tight_scratch_costs_little(family: str) -> None:
    """Seven tenths of the scratch that a careless schedule takes: no more than a third longer than with all of it."""
    problem = families.make(family, 100, 0)
    tight = families.tighten(problem)
    assert tight.machine.scratch_words < problem.machine.scratch_words
    assert scheduled(tight).cycles <= scheduled(problem).cycles * 4 / 3


def test_families_are_reproducible() -> None:
    for family in families.names():
        one, two = families.make(family, 50, 7), families.make(family, 50, 7)
        assert one.as_json() == two.as_json()
        assert one.as_json() != families.make(family, 50, 8).as_json()


def test_urgent_operations_take_slots_from_those_under_way() -> None:
    """A gather that nothing waits for begins first; one with a chain behind it comes a cycle later, and overtakes."""
    machine = replace(load_machine("takehome"), scratch_words=64)
    gather, add = ((Step("load", "load_offset", (), 8, 1),),), ((Step("alu", "+", (), 1, 1),),)
    forms = [gather, add, gather, *[add] * 6]
    successors: list[list[tuple[int, int]]] = [[], [(2, DATA)], *[[(k + 1, DATA)] for k in range(2, 8)], []]
    problem = Problem(machine, [Operation(k, f, (), -1) for k, f in enumerate(forms)], successors, [], {}, frozenset())
    assert scheduled(problem).cycles == segment_bound(problem).best == 11


def test_forward_and_backward_closes_gaps() -> None:
    problem = families.make("strands", 100, 0)
    urgency, shapes = Urgency(problem), Shapes(problem)
    found = listing.run(problem, shapes, urgency, Settings(0.0))
    assert found is not None
    better = listing.improved(problem, shapes, urgency, found)
    check_schedule(problem, better)
    assert better.cycles < found.cycles


def test_large_problems_get_fewer_tries() -> None:
    small, large = families.make("strands", 100, 0), families.make("strands", 3000, 0)
    assert len(squeezes(large, Urgency(large))) >= 8
    assert rounds(small) > rounds(replace(large, operations=large.operations * 8))


def test_a_join_at_the_end_takes_no_cycle() -> None:
    """A schedule ends when all results have landed, whether or not something waits for that."""
    problem = families.make("memory", 30, 0)
    assert not problem.operations[-1].forms
    shorter = replace(problem, operations=problem.operations[:-1], successors=[
        [edge for edge in edges if edge[0] < len(problem.operations) - 1] for edges in problem.successors[:-1]
    ])  # fmt: skip
    assert scheduled(problem).cycles == scheduled(shorter).cycles
    assert Compiled(problem).schedule(Settings()) == listing.run(problem, Shapes(problem), Urgency(problem), Settings())
