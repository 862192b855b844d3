"""What needs more scratch than there is, is compiled with fewer alternatives, and at a lower level if need be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.endtoend.pipeline import assert_compiled_right
from vliwc.backend import Generated, generate
from vliwc.backend.pressure import NoRoom
from vliwc.backend.schedulers.effort import Effort
from vliwc.bounding import bound_kernel, check_report
from vliwc.driver import Options, compile_source, finish, optimise_source
from vliwc.errors import DataError
from vliwc.machine import load_machine
from vliwc.report.bounds import bound_record
from vliwc.report.records import compile_record
from vliwc.source import Source
from vliwc.strategies import attempts
from vliwc.transform.loads import EXPECTED

EXAMPLES = Path(__file__).parents[2] / "examples"
TWO_LOOKUPS = """
param n = 131
memory {
    t: u32[64] consumed
    x: u32[n] in
    y: u32[n] out
}
kernel k {
    par i in 0..n {
        let b = x[i] & 31
        let u = t[b]
        y[i] = (u ^ x[i]) * 3 + t[2 * b + (u & 1)]
    }
}
"""
WITHOUT_TABLES = "no room in scratch: trying -O2 without column, parked, rows, steered, transformed, unpacked"


def _options(n: int, words: int) -> Options:
    return Options(machine=replace(load_machine("narrow"), scratch_words=words), defines={"n": n})


def _trying(said: list[str]) -> list[str]:
    return [line for line in said if "trying" in line]


def test_rows_that_have_no_room_are_not_packed() -> None:
    said: list[str] = []
    compilation = compile_source(Source("k.vk", TWO_LOOKUPS), _options(131, 96), progress=said.append)
    assert _trying(said)[0] == WITHOUT_TABLES
    assert not any("no room" in line for line in _trying(said)[1:]), "the second attempt has room"
    (strategy,) = compilation.front.strategies
    assert {name for name, *_ in strategy.mix} == {"gather"}, "the mix is that of the program that was kept"
    (best,) = optimise_source(Source("k.vk", TWO_LOOKUPS), _options(131, 96)).strategies
    assert strategy.bound == best.bound, "the bound is that of all alternatives"


def test_the_report_of_another_attempt_can_be_checked() -> None:
    """It says how the kernel was optimised, so that the arguments meet the problems that they are about."""
    source, options = Source("k.vk", TWO_LOOKUPS), _options(131, 96)
    compilation = compile_source(source, options)
    assert compilation.attempt is not None
    record = compile_record(compilation)
    text = json.dumps(record)
    assert check_report(bound_kernel(source, options, report=text), text) == compilation.generated.bounds.best
    bounded = bound_kernel(source, options)
    assert bounded.best >= compilation.generated.bounds.best, "it is about the same program"
    own = json.dumps(bound_record(bounded, bounded.best))
    assert check_report(bound_kernel(source, options, report=own), own) == bounded.best
    assert json.loads(own)["attempt"] == record["attempt"]
    first = json.dumps(record | {"attempt": None})
    with pytest.raises((DataError, NoRoom)):
        check_report(bound_kernel(source, options, report=first), first)
    wrong = json.dumps(record | {"attempt": {"level": 9}})
    with pytest.raises(DataError, match="does not say how the kernel was optimised"):
        bound_kernel(source, options, report=wrong)


def test_the_scalar_program_is_the_last_resort() -> None:
    said: list[str] = []
    options = _options(19, 16)
    compile_source(Source("k.vk", TWO_LOOKUPS), options, progress=said.append)
    assert WITHOUT_TABLES in _trying(said)
    assert _trying(said)[-1].startswith("no room in scratch: trying -O0")
    assert_compiled_right(Source("k.vk", TWO_LOOKUPS), options)


def test_what_no_level_has_room_for_is_the_first_attempts_error() -> None:
    with pytest.raises(NoRoom, match="narrow has 4 words"):
        compile_source(Source("k.vk", TWO_LOOKUPS), _options(19, 4))


def test_a_search_works_on_the_best_graph_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its limits are those of the whole compilation."""
    asked: list[str] = []

    def generating(*args: Any, schedule: str, **more: Any) -> Generated:
        asked.append(schedule)
        return generate(*args, schedule=schedule, **more)

    monkeypatch.setattr("vliwc.driver.generate", generating)
    options = replace(_options(131, 96), schedule="cpsat", effort=Effort(None, 0.01, 1))
    searched = compile_source(Source("k.vk", TWO_LOOKUPS), options).generated.cycles
    assert asked.count("cpsat") == 1
    assert asked[-1] == "cpsat", "what is best has been found out before"
    assert searched <= compile_source(Source("k.vk", TWO_LOOKUPS), _options(131, 96)).generated.cycles


def test_a_mix_that_spares_scratch_is_not_the_only_one_tried() -> None:
    """The balance takes few groups for more crowded than they are: the program without that caution is shorter."""
    kernel = Source("forest.vk", (EXAMPLES / "decision_forest.vk").read_text(encoding="utf-8"))
    machine = replace(load_machine("takehome"), scratch_words=400)
    front = optimise_source(kernel, Options(machine=machine, defines={"n": 16, "trees": 2}))
    assert [strategy.crowded for strategy in front.strategies] == [True]
    least, most = (next(attempts(front, held_up=held_up, far=False)).losses.lives for held_up in (False, True))
    assert least < EXPECTED.lives < most
    said: list[str] = []
    best = finish(front, said.append)
    assert "lives times" in _trying(said)[0]
    assert best.generated.cycles <= generate(front.graph, machine).cycles
    assert [s.bound for s in best.front.strategies] == [s.bound for s in front.strategies]


SHIFTED = """
param n = 256
param rounds = 6
memory {
    box: u32[16] in
    x: u32[n] inout
}
kernel shifted {
    par i in 0..n {
        let v = x[i]
        for r in 0..rounds {
            v = (v << 4) ^ box[v >> 28]
        }
        x[i] = v
    }
}
"""


def test_a_program_far_from_the_strategy_bound_is_not_good_enough() -> None:
    """It may be at the bound of its own operations: a mix that counts on selects by arithmetic has less of them."""
    front = optimise_source(Source("shifted.vk", SHIFTED), Options())
    first = generate(front.graph, front.machine)
    bound = max(strategy.bound for strategy in front.strategies)
    assert first.cycles <= 1.03 * first.bounds.best and first.cycles > 1.1 * bound
    said: list[str] = []
    best = finish(front, said.append)
    assert "of selects by arithmetic" in _trying(said)[0]
    assert best.generated.cycles <= 1.1 * bound


def test_the_highest_level_tries_more() -> None:
    low, high = (optimise_source(Source("k.vk", TWO_LOOKUPS), Options(optimise=level)) for level in (2, 3))
    ways = [{a.losses for a in attempts(front, held_up=False, far=False) if not a.without} for front in (low, high)]
    assert ways[0] < ways[1]
