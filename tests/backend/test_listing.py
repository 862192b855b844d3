"""The list scheduler on random families: close to the bound, with scratch plenty and tight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import families
from vliwc.backend.bounds import segment_bound
from vliwc.backend.problem import DATA, Immediate, Operation, Problem, Schedule, Step, Word
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import SCHEDULERS, listing
from vliwc.backend.schedulers.compiled import Compiled
from vliwc.backend.schedulers.making import Plain
from vliwc.backend.schedulers.shapes import Shapes
from vliwc.backend.schedulers.urgency import Settings, Urgency, room_for, squeezes
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


@pytest.mark.parametrize("make", [Plain, Compiled])
@pytest.mark.parametrize(("products", "form"), [(6, 0), (5, 1)])
def test_spare_forms_are_for_slots_that_are_left_over(make: type[Plain | Compiled], products: int, form: int) -> None:
    """Of two selects one has to wait for flow, unless the products leave valu a slot for its arithmetic."""
    machine = load_machine("takehome")
    subtract, multiply = Step("valu", "-", (), 1, 1), Step("valu", "multiply_add", (), 1, 1)
    select = (Step("flow", "vselect", (), 1, 1),), (subtract, multiply)
    operations = [Operation(k, select, (), -1) for k in range(2)]
    operations += [Operation(2 + k, ((multiply,),), (), -1) for k in range(products)]
    problem = Problem(machine, operations, [[] for _ in operations], [], {}, frozenset())
    shapes = Shapes(problem)
    assert [[choice[0] for choice in choices] for choices in shapes.choices] == [[0, 1], [0]]
    maker, order = make(problem, Urgency(problem), shapes), np.arange(len(operations))
    usual, sparing = maker.make(order), maker.make(order, forms=[[0], [0]])
    assert usual is not None
    assert sparing is not None
    forms = [{i.form for i in made.schedule().issues if i.operation == 1} for made in (usual, sparing)]
    assert forms == [{1}, {form}]


def test_what_is_read_last_is_overwritten_where_nothing_else_is_free() -> None:
    """Lanes on `alu` are preferred, but take two cycles, and words of their own; `valu` takes those of the operand."""
    machine = replace(load_machine("takehome"), lanes=16, scratch_words=16)
    by_lanes, at_once = (Step("alu", "+", (), 16, 1),), (Step("valu", "+", (), 1, 1),)
    operation = Operation(0, (by_lanes, at_once), (0,), 1)
    problem = Problem(machine, [operation], [[]], [16, 16], {0: 0}, frozenset())
    urgency, shapes = Urgency(problem), Shapes(problem)
    roomy, tight = (listing.run(p, shapes, urgency, Settings()) for p in (problem.with_scratch(32), problem))
    assert roomy is not None
    assert tight is not None
    assert (roomy.cycles, tight.cycles, tight.address[1]) == (2, 1, 0)
    assert Compiled(problem).schedule(Settings()) == tight
    check_schedule(problem, tight)


def test_large_problems_get_fewer_tries() -> None:
    large = families.make("strands", 3000, 0)
    assert len(squeezes(large, Urgency(large))) >= 8


def test_as_many_strands_are_tried_as_there_is_room_for() -> None:
    """Chains of operations, each of which has its operand and its result in scratch, beside a word for all of them."""
    machine = replace(load_machine("takehome"), scratch_words=41)
    problem = Problem(machine, [], [], [1] + [8] * 40, {}, frozenset())
    load = (Step("load", "const", (Word(0), Immediate(1)), 1, 1),)
    problem.operations.append(Operation(-1, (load,), (), 0))
    problem.successors.append([])
    for value in range(1, 41):
        first = value % 4 == 1
        before = 0 if first else value - 1
        add = (Step("valu", "+", (Word(value), Word(before), Word(before)), 1, 1),)
        problem.operations.append(Operation(-1, (add,), (before,), value))
        problem.successors.append([])
        problem.successors[before].append((value, DATA))
    urgency = Urgency(problem)
    assert room_for(problem, urgency.strand) == (41 - 1) / 16
    limits = {setting.strands for setting in squeezes(problem, urgency)} - {Settings().strands}
    assert min(limits) == 2 and max(limits) == 8, "from the room to three times as many, of ten strands"


def test_a_join_at_the_end_takes_no_cycle() -> None:
    """A schedule ends when all results have landed, whether or not something waits for that."""
    problem = families.make("memory", 30, 0)
    assert not problem.operations[-1].forms
    shorter = replace(problem, operations=problem.operations[:-1], successors=[
        [edge for edge in edges if edge[0] < len(problem.operations) - 1] for edges in problem.successors[:-1]
    ])  # fmt: skip
    assert scheduled(problem).cycles == scheduled(shorter).cycles
    assert Compiled(problem).schedule(Settings()) == listing.run(problem, Shapes(problem), Urgency(problem), Settings())
