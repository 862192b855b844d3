"""The scratch allocator: which words it hands out, what lives where, and from when on a value is complete."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from vliwc.backend.problem import Operation, Problem
from vliwc.backend.scratch import Lives, Present, Scratch
from vliwc.machine import load_machine


def test_what_is_free_at_the_start() -> None:
    """Words 1, 2 and 16 of 18 are taken: two blocks of four are whole, the others, and half a block, are not."""
    scratch = Scratch(18, 4, [(1, 2), (16, 1)])
    assert scratch.lists() == ([12, 8, 4], [17, 3, 0], [2, 0, 0, 0, 1])
    assert (scratch.blocks(), scratch.singles(), scratch.words) == (3, 3, 18)
    assert (scratch.used, scratch.peak) == (3, 3)


def test_words_are_handed_out_in_order() -> None:
    scratch = Scratch(18, 4, [(1, 2), (16, 1)])
    assert [scratch.take(1) for _ in range(3)] == [0, 3, 17]
    assert scratch.take(4) == 4
    assert scratch.lists() == ([12, 8], [], [0, 0, 0, 0, 0])
    assert scratch.take(1) == 8, "a vector is broken up"
    assert scratch.lists() == ([12], [11, 10, 9], [0, 0, 3, 0, 0])
    assert (scratch.used, scratch.peak) == (11, 11)
    assert scratch.take(4) == 12
    assert (scratch.has(1), scratch.has(4), scratch.take(4)) == (True, False, -1)
    assert [scratch.take(1) for _ in range(4)] == [9, 10, 11, -1]
    assert (scratch.has(1), scratch.used, scratch.peak) == (False, 18, 18)


def test_a_block_is_whole_again_when_all_of_its_words_are_back() -> None:
    scratch = Scratch(12, 4)
    taken = [scratch.take(1) for _ in range(6)]
    assert taken == [0, 1, 2, 3, 4, 5]
    for word in (5, 2, 0, 3):
        scratch.give(word, 1)
    assert scratch.lists() == ([8], [7, 6, 5, 2, 0, 3], [3, 3, 0, 0])
    assert scratch.take(1) == 3, "what came back last is taken first"
    scratch.give(3, 1)
    scratch.give(1, 1)
    assert scratch.lists() == ([8, 0], [7, 6, 5], [0, 3, 0, 0])
    scratch.give(4, 1)
    assert scratch.lists() == ([8, 0, 4], [], [0, 0, 0, 0])
    assert (scratch.used, scratch.peak) == (0, 6)
    assert [scratch.take(4) for _ in range(4)] == [4, 0, 8, -1]
    scratch.give(0, 4)
    assert scratch.lists() == ([0], [], [0, 0, 0, 0])
    assert (scratch.used, scratch.peak) == (8, 12)


def test_a_part_of_a_block_at_the_end_is_never_whole() -> None:
    scratch = Scratch(6, 4, [(0, 4)])
    assert scratch.lists() == ([], [5, 4], [0, 2])
    assert [scratch.take(1), scratch.take(1), scratch.take(1), scratch.take(4)] == [4, 5, -1, -1]
    scratch.give(5, 1)
    scratch.give(4, 1)
    assert scratch.lists() == ([], [5, 4], [0, 2])


def test_lanes_that_are_no_power_of_two() -> None:
    scratch = Scratch(7, 3)
    assert scratch.lists() == ([3, 0], [6], [0, 0, 1])
    assert [scratch.take(1) for _ in range(4)] == [6, 0, 1, 2]
    assert [scratch.take(1) for _ in range(4)] == [3, 4, 5, -1]


def test_one_lane() -> None:
    scratch = Scratch(3, 1, [(1, 1)])
    assert scratch.lists() == ([2, 0], [], [0, 0, 0, 0])
    assert [scratch.take(1) for _ in range(3)] == [0, 2, -1]
    scratch.give(2, 1)
    assert (scratch.blocks(), scratch.singles(), scratch.has(1)) == (1, 0, True)
    assert (scratch.used, scratch.peak) == (2, 3)


MACHINE = replace(load_machine("takehome"), scratch_words=24)


def operation(reads: tuple[int, ...], writes: int, needs: tuple[tuple[int, ...], ...] = ()) -> Operation:
    return Operation(0, (), reads, writes, needs)


OPERATIONS = [
    operation((0,), 1),
    operation((0, 1), 2),
    operation((2,), 3),
    operation((1, 4), 5),
    operation((5,), -1),
]
"""Values 0 and 4 are there at the start, 3 is held, 5 takes the place of 4."""


@pytest.fixture
def lives() -> Lives:
    successors: list[list[tuple[int, int]]] = [[] for _ in OPERATIONS]
    widths = [8, 1, 8, 1, 1, 1]
    return Lives(Problem(MACHINE, OPERATIONS, successors, widths, {0: 8, 4: 1}, frozenset({3}), {5: 4}, ((2, 2),)))


def test_values_begin_and_end(lives: Lives) -> None:
    first, second, third, fourth, last = OPERATIONS
    assert lives.address == {0: 8, 4: 1, 5: 1}
    assert lives.scratch.used == 8 + 1 + 2
    assert lives.begin(first)
    assert lives.address[1] == 0
    assert not lives.frees(first, 8), "value 0 is read once more"
    lives.end(first)
    assert lives.begin(second)
    assert lives.address[2] == 16
    assert lives.frees(second, 8)
    assert not lives.frees(second, 1), "value 1 is read once more"
    assert lives.holds(0)
    lives.end(second)
    assert not lives.holds(0)
    assert lives.scratch.lists()[0] == [8]
    assert lives.begin(third)
    assert lives.address[3] == 4
    lives.end(third)
    assert lives.scratch.lists()[0] == [8, 16]
    assert lives.begin(fourth), "its value has its place already"
    assert lives.address[5] == 1
    assert lives.frees(fourth, 1)
    lives.end(fourth)
    assert (lives.holds(1), lives.holds(4), lives.holds(5)) == (False, False, True)
    used = lives.scratch.used
    assert lives.begin(last), "it writes nothing"
    assert not lives.frees(last, 1), "value 5 stays where it is"
    lives.end(last)
    assert lives.scratch.used == used
    assert (lives.holds(3), lives.holds(5), lives.holds(9)) == (True, True, False)


def test_any_value_may_be_written() -> None:
    operations = [operation((), 0), operation((0,), 1)]
    lives = Lives(Problem(MACHINE, operations, [[], []], [8, 1], {}, frozenset()))
    assert [lives.begin(o) for o in operations] == [True, True]
    assert lives.address == {0: 0, 1: 8}


def test_no_room_for_a_value(lives: Lives) -> None:
    assert lives.scratch.take(8) == 16
    assert not lives.begin(OPERATIONS[1])
    assert 2 not in lives.address
    assert lives.begin(OPERATIONS[0])


def test_values_are_complete_when_all_of_their_writers_are_done() -> None:
    needed = operation((), -1, ((7,), (8, 9)))
    operations = [operation((), 7), operation((), 8), operation((), 8), operation((), 6), needed]
    present = Present(Problem(MACHINE, operations, [[] for _ in operations], [1] * 10, {9: 0}, frozenset()))
    assert [present.since(v) for v in (7, 8, 9)] == [inf, inf, 0]
    present.written(6, 99)
    present.written(8, 5)
    assert present.since(8) == inf
    present.written(8, 3)
    present.written(7, 4)
    assert [present.since(v) for v in (7, 8, 9)] == [4, 5, 0]
