"""What needs more scratch than there is, is compiled with fewer alternatives, and at a lower level if need be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.endtoend.pipeline import assert_compiled_right
from vliwc.backend import Generated, generate
from vliwc.backend.pressure import NoRoom
from vliwc.backend.schedulers.effort import Effort
from vliwc.driver import Options, compile_source, optimise_source
from vliwc.machine import load_machine
from vliwc.source import Source

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
WITHOUT_TABLES = "no room in scratch: trying -O2 without column, rows, transformed"


def _options(n: int, words: int) -> Options:
    return Options(machine=replace(load_machine("narrow"), scratch_words=words), defines={"n": n})


def _trying(said: list[str]) -> list[str]:
    return [line for line in said if "trying" in line]


def test_rows_that_have_no_room_are_not_packed() -> None:
    said: list[str] = []
    compilation = compile_source(Source("k.vk", TWO_LOOKUPS), _options(131, 96), progress=said.append)
    assert _trying(said) == [WITHOUT_TABLES], "the second attempt has room and is near its bound"
    (strategy,) = compilation.front.strategies
    assert {name for name, *_ in strategy.mix} == {"gather"}, "the mix is that of the program that was kept"
    (best,) = optimise_source(Source("k.vk", TWO_LOOKUPS), _options(131, 96)).strategies
    assert strategy.bound == best.bound, "the bound is that of all alternatives"


def test_the_scalar_program_is_the_last_resort() -> None:
    said: list[str] = []
    options = _options(19, 16)
    compile_source(Source("k.vk", TWO_LOOKUPS), options, progress=said.append)
    assert _trying(said)[0] == WITHOUT_TABLES
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
    assert asked == ["list", "list", "cpsat"]
    assert searched <= compile_source(Source("k.vk", TWO_LOOKUPS), _options(131, 96)).generated.cycles
