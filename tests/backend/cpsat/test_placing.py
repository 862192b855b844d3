"""Words for values: what keeps within a border that moves up has a place."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from benchmarks import families
from tests.effort import ENOUGH
from vliwc.backend.problem import Problem
from vliwc.backend.schedule_check import check_schedule
from vliwc.backend.schedulers import cpsat
from vliwc.backend.schedulers.cpsat.instance import Value
from vliwc.backend.schedulers.cpsat.placing import _towards_each_other
from vliwc.backend.schedulers.cpsat.timetable import Life
from vliwc.machine import load_machine

CYCLES, BLOCKS, ODD = 12, 4, 3


@st.composite
def within_a_border(draw: st.DrawFn) -> list[Life]:
    """Lives of vectors and words that fit below and above a border that moves up, cycle by cycle."""
    lanes = load_machine("takehome").lanes
    border = sorted(draw(st.lists(st.integers(0, BLOCKS), min_size=CYCLES, max_size=CYCLES)))
    room = {lanes: border, 1: [lanes * (BLOCKS - blocks) + ODD for blocks in border]}
    lives: list[Life] = []
    for _ in range(draw(st.integers(0, 40))):
        width, born = draw(st.sampled_from([1, lanes])), draw(st.integers(0, CYCLES - 1))
        last = draw(st.integers(born + 1, CYCLES))
        others = [life for life in lives if life.value.width == width]
        alive = [sum(life.born <= cycle < life.last for life in others) for cycle in range(CYCLES)]
        if all(alive[cycle] < room[width][cycle] for cycle in range(born, last)):
            lives.append(Life(Value(len(lives), width, (0,), (), (), kept=False, lands_late=False), born, last))
    return lives


@given(within_a_border())
def test_what_keeps_within_a_border_that_moves_up_has_a_place(lives: list[Life]) -> None:
    machine = load_machine("takehome")
    machine = replace(machine, scratch_words=BLOCKS * machine.lanes + ODD)
    address = _towards_each_other(Problem(machine, [], [], [], {}, frozenset()), lives)
    assert address is not None
    taken = set()
    for life in lives:
        first = address[life.value.number]
        for word in range(first, first + life.value.width):
            cells = {(word, cycle) for cycle in range(life.born, life.last)}
            assert 0 <= word < machine.scratch_words
            assert not cells & taken
            taken |= cells


def test_words_make_room_for_vectors() -> None:
    """With a border that stays, there would be no schedule of 33 cycles."""
    problem = families.make("memory", 100, 1, tight=True)
    found = cpsat.schedule(problem, effort=replace(ENOUGH, work=3.0))
    assert found is not None
    check_schedule(problem, found)
    assert found.cycles == found.bound == 33
