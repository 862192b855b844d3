"""Every kind of miscompile is caught without running a program on data."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.miscompiles.flow import Flow
from tests.miscompiles.judge import KINDS, Verdict, damages, judge, wrong_in_a_run
from tests.miscompiles.subjects import OVERLAPPED, RECIPES, subject

PAGE = Path(__file__).parent.parent.parent / "docs" / "testing.md"


@cache
def _flow(name: str) -> Flow:
    return Flow(subject(name))


@pytest.mark.parametrize("name", RECIPES)
def test_the_programs_are_right_before_they_are_damaged(name: str) -> None:
    assert not judge(subject(name), subject(name).program).caught
    assert not wrong_in_a_run(subject(name), subject(name).program)


def test_the_programs_have_what_is_damaged() -> None:
    """Loops, nested ones too, spills, and every machine."""
    assert {subject(name).machine.name for name in RECIPES} == {"takehome", "narrow", "wide"}
    assert sorted(len(subject(name).witness.loops) for name in RECIPES)[-3:] == [1, 2, 2]
    spills = [s for name in RECIPES for s in _flow(name).steps if s.origins and s.origins[0]]
    assert len(spills) > 20


@pytest.mark.parametrize("name", KINDS)
def test_miscompiles_are_caught(name: str) -> None:
    tried = 0
    for program in RECIPES:
        for damaged in damages(subject(program), _flow(program), KINDS[name], 1):
            assert damaged != subject(program).program
            assert judge(subject(program), damaged).caught, f"in '{program}'"
            tried += 1
    assert tried > 0


@pytest.mark.parametrize("name", KINDS)
def test_nothing_wrong_gets_out_of_overlapped_loops(name: str) -> None:
    for program in OVERLAPPED:
        for damaged in damages(subject(program), _flow(program), KINDS[name], 1):
            assert judge(subject(program), damaged).caught or not wrong_in_a_run(subject(program), damaged)


def test_the_judge_can_miss() -> None:
    """A program that only differs in its name is not refused, and a wrong one shows in a run."""
    name = "histogram"
    (lost,) = damages(subject(name), _flow(name), KINDS["lost store"], 1)
    assert not isinstance(lost, str)
    assert wrong_in_a_run(subject(name), lost)
    assert judge(subject(name), lost) == Verdict(certifier=True)


def test_the_documentation_lists_all_kinds() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| (.+?) \| ([a-z, ]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {name: wrong for name, wrong, by in rows if name in KINDS}
    assert listed == {name: kind.wrong for name, kind in KINDS.items()}
    assert len(listed) >= 60
