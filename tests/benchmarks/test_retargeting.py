"""Programs for machines that are a little different are right, and the benchmark that says so can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.retargeting import Result, retarget
from benchmarks.variants import to_toml, variants, write_variants
from vliwc.driver import Options
from vliwc.machine import load_machine, machine_names
from vliwc.machine.description import parse_machine

SMALL = Options(defines={"height": 4, "rounds": 6, "batch": 19})
VARIANTS = tuple(machine.name for machine in variants(load_machine("takehome")))


def test_there_are_all_variants() -> None:
    expected = {"alu-11", "alu-13", "valu-5", "valu-7", "load-1", "load-3", "store-1", "store-3", "flow-2"}
    assert set(VARIANTS) == expected | {"takehome", "lanes-4", "lanes-16", "scratch-768", "scratch-3072"}


@pytest.mark.parametrize("name", machine_names())
def test_descriptions_survive_their_text(name: str) -> None:
    for machine in variants(load_machine(name)):
        again = parse_machine(to_toml(machine).encode())
        assert again == machine
        assert dict(again.engines) == dict(machine.engines) and dict(again.latencies) == dict(machine.latencies)


def test_files_are_written(tmp_path: Path) -> None:
    paths = write_variants("narrow", tmp_path)
    assert load_machine(str(paths["lanes-2"])).lanes == 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_small_walk_is_right_on_every_variant(variant: str) -> None:
    (result,) = retarget("takehome", ("tree_walk",), SMALL, only=(variant,))
    assert result.problem == ""
    assert result.cycles >= result.bound >= 1 <= result.strategy <= result.cycles


def test_what_does_not_fit_is_told() -> None:
    (result,) = retarget("takehome", ("tree_walk",), Options(defines={"heigth": 4}), only=("alu-11",))
    assert "heigth" in result.problem
    assert result.ratio == float("inf")


def test_ratios() -> None:
    assert Result("m", "k", 21, 21, 20, "").ratio == pytest.approx(1.05)
