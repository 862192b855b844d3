"""The backend's parts by themselves: scratch, strands, bounds, constants, dependences."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backend.harness import builder, run
from vliwc.backend.bounds import segment_bound
from vliwc.backend.legalise import legalise
from vliwc.backend.placement import place
from vliwc.backend.problem import Problem
from vliwc.backend.regions import plan
from vliwc.backend.schedulers import SCHEDULERS
from vliwc.backend.scratch import Scratch
from vliwc.backend.selection import Selector
from vliwc.backend.strands import SHARED, find_strands
from vliwc.ir.graph import Access, Graph, Mode
from vliwc.machine import load_machine

A, C = Access("a"), Access("c")


def problem_of(graph: Graph, segment: int = 0) -> Problem:
    machine = load_machine("takehome")
    legal = legalise(graph, machine)
    cut = plan(legal)
    return Selector(legal, cut, place(legal, cut), machine).problem(segment, {})


@given(
    st.integers(1, 70),
    st.sampled_from([1, 4, 8]),
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 99)), max_size=120),
)
def test_scratch_hands_out_disjoint_ranges(words: int, lanes: int, steps: list[tuple[bool, bool, int]]) -> None:
    scratch = Scratch(words, lanes, [(0, min(3, words))])
    mine: list[tuple[int, int]] = []
    taken = set(range(min(3, words)))
    for take, wide, choice in steps:
        width = lanes if wide else 1
        if take:
            expected = scratch.has(width)
            address = scratch.take(width)
            assert (address >= 0) == expected
            if address >= 0:
                span = set(range(address, address + width))
                assert not span & taken
                assert max(span) < words
                taken |= span
                mine.append((address, width))
        elif mine:
            address, width = mine.pop(choice % len(mine))
            taken -= set(range(address, address + width))
            scratch.give(address, width)
        assert scratch.used == len(taken)
    for address, width in mine:
        scratch.give(address, width)
    free = 0
    while scratch.take(1) >= 0:
        free += 1
    assert free == words - min(3, words)


def groups(count: int, *, stores: int = 1) -> Graph:
    """`count` independent chains that share a constant."""
    out = builder(8, a=(8 * count, Mode.IN), c=(8 * count * stores, Mode.OUT))
    for g in range(count):
        x = out.emit("vload", out.const(8 * g), attr=A)
        for _ in range(4):
            x = out.emit("mul", x, out.const(12345, 8))
        for s in range(stores):
            x = out.emit("xor", x, out.const(99, 8))
            out.emit("vstore", out.const(8 * (g * stores + s)), x, attr=C)
    return out.finish()


def test_strands_are_the_groups() -> None:
    for stores in (1, 2):
        problem = problem_of(groups(12, stores=stores))
        strands = find_strands(problem)
        assert set(strands) == {SHARED, *range(12)}
        for operation, strand in zip(problem.operations, strands, strict=True):
            step = operation.forms[0][0]
            if step.op in ("vload", "*", "vstore"):
                assert strand != SHARED
            if step.op == "vbroadcast":
                assert strand == SHARED


def test_one_result_is_one_strand() -> None:
    assert set(find_strands(problem_of(groups(1)))) == {SHARED} or set(find_strands(problem_of(groups(1)))) == {0}


def test_resource_bound_balances_engines() -> None:
    """300 additions of vectors: 7.5 a cycle on valu and alu together."""
    out = builder(8, a=(16, Mode.IN), c=(8, Mode.OUT))
    x = out.emit("vload", out.const(0), attr=A)
    rows = [out.emit("add", x, out.emit("lane", x, attr=0)) for _ in range(0)] or [x]
    terms = [out.emit("xor", x, out.const(5 + k, 8)) for k in range(2)]
    while len(terms) < 301:
        terms.append(out.emit("add", terms[-1], terms[-2]))
    out.emit("vstore", out.const(0), out.emit("or", terms[-1], rows[0]), attr=C)
    bound = segment_bound(problem_of(out.finish()))
    assert bound.resource == 41
    assert bound.critical_path >= 300


def test_energy_bound_sees_the_load_that_all_wait_for() -> None:
    """Sixty gathers that cannot begin before a chain of twenty operations is through."""
    out = builder(8, a=(1024, Mode.IN), c=(8, Mode.OUT))
    x = out.emit("vload", out.const(0), attr=A)
    for k in range(20):
        x = out.emit("mul", x, out.const(2 * k + 3, 8))
    total = x
    for k in range(60):
        index = out.emit("and", out.emit("shr", x, out.const(k % 22, 8)), out.const(1023 - k // 22, 8))
        total = out.emit("add", total, out.emit("gather", index, attr=A))
    out.emit("vstore", out.const(0), total, attr=C)
    bound = segment_bound(problem_of(out.finish()))
    assert bound.resource < 275
    assert bound.best > bound.resource
    assert bound.best <= run(out.graph).bounds.best


def test_no_bound_without_work_between_head_and_tail() -> None:
    """A chain in lockstep lanes: nothing has both a long head and a long tail, and there is no gap to claim."""
    out = builder(8, a=(64, Mode.IN), c=(64, Mode.OUT))
    rows = [out.emit("vload", out.const(8 * g), attr=A) for g in range(8)]
    for k in range(60):
        rows = [out.emit("xor", row, out.emit("shl", row, out.const(k % 31 + 1, 8))) for row in rows]
    for g, row in enumerate(rows):
        out.emit("vstore", out.const(8 * g), row, attr=C)
    generated = run(out.finish())
    assert generated.bounds.best <= len(generated.program.bundles) <= 1.1 * generated.bounds.best


def constants(count: int) -> Graph:
    out = builder(8, a=(8, Mode.IN), c=(8, Mode.OUT))
    x = out.emit("vload", out.const(0), attr=A)
    for k in range(count):
        x = out.emit("xor", x, out.emit("shl", x, out.const(k * 3 + 1, 8)))
    out.emit("vstore", out.const(0), x, attr=C)
    return out.finish()


def test_constants_come_from_other_constants() -> None:
    """Constants of a progression are sums of others that are there; one slot at a time all of them are loaded."""
    loads = {schedule: run(constants(60), schedule).stats.slots["load"] for schedule in SCHEDULERS}
    assert loads["naive"] == 64  # 60 shifts, their distance, two addresses and the vector
    assert loads["list"] < 55


def test_addresses_lead_from_one_to_the_next() -> None:
    """The load engine need not make a stream's addresses: they cost `alu` a word each."""
    out = builder(8, a=(2048, Mode.IN), c=(2048, Mode.OUT))
    for k in range(0, 2048, 8):
        out.emit("vstore", out.const(k), out.emit("vload", out.const(k), attr=A), attr=C)
    generated = run(out.finish(), "list")
    assert generated.stats.slots["load"] < 256 + 256 / 3
    assert generated.stats.slots["alu"] > 256


def windows(rows: int, cells: int) -> Graph:
    """Sums of three vectors each, one word after the other, in rows that are far from each other."""
    row = 8 * cells + 8
    out = builder(8, a=(rows * row, Mode.IN), c=(8 * rows * cells, Mode.OUT))
    for r in range(rows):
        for k in range(cells):
            x, y, z = (out.emit("vload", out.const(r * row + 8 * k + j), attr=A) for j in range(3))
            total = out.emit("add", out.emit("add", x, y), z)
            out.emit("vstore", out.const(8 * (r * cells + k)), total, attr=C)
    return out.finish()


@pytest.mark.parametrize(("rows", "cells"), [(40, 2), (20, 6), (6, 20), (1, 60)])
def test_addresses_in_rows_are_sums_of_two_that_stay(rows: int, cells: int) -> None:
    """Three addresses for a store keep the load engine busy; it must not make them, too."""
    generated = run(windows(rows, cells), "list")
    assert generated.stats.slots["load"] <= 3 * rows * cells + 8
    assert generated.cycles <= generated.bounds.best + 4


def test_few_constants_stay_where_they_are_of_little_use() -> None:
    """Numbers without a pattern: nothing but the first one is worth its word."""
    random = Random(3)
    out = builder(8, a=(8, Mode.IN), c=(8, Mode.OUT))
    x = out.emit("vload", out.const(0), attr=A)
    for _ in range(40):
        x = out.emit("xor", x, out.const(random.getrandbits(32), 8))
    out.emit("vstore", out.const(0), x, attr=C)
    assert len(problem_of(out.finish()).held) == 1


def test_problems_are_json() -> None:
    problem = problem_of(groups(3))
    data = json.loads(json.dumps(problem.as_json()))
    assert len(data["operations"]) == len(problem.operations)
    assert all(source < target for source, target, _ in data["edges"])


def test_unknown_stores_are_ordered_by_few_edges() -> None:
    """A thousand stores at constant places, then a thousand gathers anywhere in them: no edge for each pair."""
    out = builder(8, a=(1000, Mode.CONSUMED), c=(8, Mode.OUT))
    x = out.emit("splat", out.emit("load", out.const(7), attr=A))
    total = x
    for k in range(1000):
        out.emit("store", out.const(k), out.const(k), attr=A)
    for k in range(1000):
        index = out.emit("mod", out.emit("add", x, out.const(k, 8)), out.const(1000, 8))
        total = out.emit("xor", total, out.emit("gather", index, attr=A))
    out.emit("vstore", out.const(0), total, attr=C)
    problem = problem_of(out.finish())
    assert sum(map(len, problem.successors)) < 12_000


def test_schedulers_report_progress() -> None:
    messages: list[str] = []
    SCHEDULERS["list"](problem_of(groups(12)), 0, messages.append)
    assert any("cycles" in m for m in messages)


def test_seeds_give_correct_programs() -> None:
    for seed in range(3):
        run(groups(12), seed=seed)


def test_a_little_in_common_does_not_unite_strands() -> None:
    """Two neighbours share one product; a pair of stores of the same group shares all of its work."""
    out = builder(8, a=(96, Mode.IN), c=(192, Mode.OUT))
    shared = out.emit("mul", out.emit("vload", out.const(0), attr=A), out.const(77, 8))
    for g in range(12):
        x = out.emit("vload", out.const(8 * g), attr=A)
        for k in range(24):
            x = out.emit("mul", x, out.const(2 * k + 3, 8))
        x = out.emit("xor", x, shared) if g < 2 else x
        out.emit("vstore", out.const(16 * g), x, attr=C)
        out.emit("vstore", out.const(16 * g + 8), out.emit("add", x, out.const(1, 8)), attr=C)
    assert set(find_strands(problem_of(out.finish()))) == {SHARED, *range(12)}


def scatters(apart: int) -> Graph:
    """Two scatters whose addresses are computed, of even words, and of others that are `apart` words from these."""
    out = builder(8, a=(16, Mode.IN), c=(32, Mode.OUT))
    lanes = out.emit("pack", *(out.const(k) for k in range(8)))
    even = out.emit("mul", lanes, out.const(2, 8))
    for k, index in enumerate((even, out.emit("add", even, out.const(apart, 8)))):
        value = out.emit("vload", out.const(8 * k), attr=A)
        out.emit("scatter", index, value, attr=Access("c", active=8))
    return out.finish()


@pytest.mark.parametrize(("apart", "meet"), [(0, True), (2, True), (1, False), (15, False), (14, True)])
def test_scatters_to_known_words_wait_only_where_they_meet(apart: int, meet: bool) -> None:
    problem = problem_of(scatters(apart))
    stores = [k for k, o in enumerate(problem.operations) if o.forms and o.forms[0][0].engine == "store"]
    assert len(stores) == 2
    assert all(len(problem.operations[k].forms[0]) == 1 for k in stores), "lanes that differ are stored in any order"
    assert (stores[1] in [target for target, _ in problem.successors[stores[0]]]) == meet
    run(scatters(apart))
