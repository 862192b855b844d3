"""The benchmark itself: it must notice wrong programs, missed targets and failing tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.figures import Verdict, compile_example, judged, suite_figure
from benchmarks.first_light import VARIABLE, main
from benchmarks.judges import OwnJudge, PublicJudge
from vliwc.driver import Compilation, Options
from vliwc.errors import UsageError
from vliwc.ir.ops import Lanes
from vliwc.machine import Machine, Program

SMALL = Options(defines={"height": 3, "rounds": 4, "batch": 10})


class LazyJudge(OwnJudge):
    """Runs only the first bundles of a program."""

    name = "a broken simulator"

    def run(self, program: Program, machine: Machine, starts: Sequence[Lanes]) -> Iterator[tuple[Lanes, int]]:
        return super().run(replace(program, bundles=program.bundles[:-3]), machine, starts)


@pytest.fixture(scope="module")
def walk() -> Compilation:
    return compile_example("tree_walk_indices", SMALL)


def test_a_right_program_is_found_right(walk: Compilation) -> None:
    verdict = judged(walk, OwnJudge(), 8, seed=0)
    assert (verdict.right, verdict.runs) == (8, 8)
    assert verdict.cycles > 0


def test_a_wrong_program_is_found_wrong(walk: Compilation) -> None:
    verdict = judged(walk, LazyJudge(), 8, seed=0)
    assert verdict.right < 8
    assert not verdict.figure("walk", "right", range(10**6)).reached


def test_too_many_cycles_miss_the_target() -> None:
    assert Verdict(3, 3, 99).figure("walk", "under 100", range(100)).reached
    assert not Verdict(3, 3, 100).figure("walk", "under 100", range(100)).reached


@pytest.mark.parametrize(("outcome", "reached"), [("True", True), ("False", False)])
def test_tests_are_counted_and_their_failures_seen(tmp_path: Path, outcome: str, reached: bool) -> None:
    path = tmp_path / "test_some.py"
    path.write_text(f"def test_it(record_property):\n    record_property('inputs', 30)\n    assert {outcome}\n")
    assert suite_figure("some", str(path), 30).reached is reached
    assert not suite_figure("some", str(path), 31).reached


def test_a_missing_checkout_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no public simulator"):
        PublicJudge(tmp_path)
    outcome = CliRunner().invoke(main, ["--public", str(tmp_path)])
    assert outcome.exit_code == 2
    assert "no public simulator" in outcome.stderr


@pytest.mark.public
@pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} is not set")
@pytest.mark.parametrize("name", ["tree_walk", "tree_walk_indices", "tree_walk_any"])
def test_public_judge_agrees(name: str) -> None:
    compilation = compile_example(name, SMALL)
    own, public = OwnJudge(), PublicJudge(Path(os.environ[VARIABLE]))
    verdicts = [judged(compilation, judge, 5, seed=1) for judge in (own, public)]
    assert [v.right for v in verdicts] == [5, 5]
    assert verdicts[0].cycles == verdicts[1].cycles
