"""vliwc bisect, reduce and fuzz, as a user calls them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Vliwc
from tests.triage.mistakes import KERNEL, break_affine, break_rule
from vliwc.cli.commands.fuzz import RECORD
from vliwc.fuzz.cases import RIGHT, SLOW, Outcome, Result, Selection, Way, make_case

WAY = Way(2, "list", "wide", None, 0)


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    path = tmp_path / "rich.vk"
    path.write_text(KERNEL, encoding="utf-8")
    return path


def test_bisect(vliwc: Vliwc, rich: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = vliwc("bisect", rich, "-O1")
    assert (right.code, right.err) == (0, "")
    assert "there is no culprit" in right.out
    break_affine(monkeypatch)
    wrong = vliwc("bisect", rich, "-D", "n=11")
    assert wrong.code == 1
    culprit, failure, again = wrong.out.splitlines()
    assert culprit.endswith(", affine")
    assert failure.startswith("different (affine): after 'affine' the kernel means something else: y[")
    limit = again.split()[-1]
    assert vliwc("compile", rich, "--verify-each", "--pass-limit", limit).code == 70
    assert vliwc("compile", rich, "--verify-each", "--pass-limit", int(limit) - 1).code == 0


def test_bisect_where_no_pass_is_needed(vliwc: Vliwc, rich: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch)
    assert "no optional pass: it fails without any" in vliwc("bisect", rich).out


def test_reduce_what_is_miscompiled(vliwc: Vliwc, rich: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vliwc("reduce", rich, "--diff").code == 2
    break_rule(monkeypatch)
    outcome = vliwc("reduce", rich, "--diff", "-D", "n=5")
    assert outcome.code == 0
    assert outcome.out.count("\n") <= 8
    assert "& 6" in outcome.out


def test_reduce_by_a_command(vliwc: Vliwc, rich: Path, tmp_path: Path) -> None:
    target = tmp_path / "small.vk"
    outcome = vliwc("reduce", rich, "--check", "grep -q static {}", "-o", target)
    assert outcome.code == 2
    assert "does not exit with 0" in outcome.err
    assert not target.exists()
    assert vliwc("reduce", rich, "--check", "grep -q table {}", "-o", target).code == 0
    assert "table" in target.read_text(encoding="utf-8")


def test_reduce_needs_a_property(vliwc: Vliwc, rich: Path) -> None:
    assert vliwc("reduce", rich).code == 2
    assert vliwc("reduce", rich, "--diff", "--check", "true").code == 2


def test_an_interrupted_reduction_keeps_the_best(vliwc: Vliwc, rich: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(reducer) -> str:  # type: ignore[no-untyped-def]
        reducer.best = "so far\n"
        raise KeyboardInterrupt

    monkeypatch.setattr("vliwc.triage.reduce.Reducer.run", interrupted)
    outcome = vliwc("reduce", rich, "--check", "true")
    assert (outcome.code, outcome.out) == (0, "so far\n")
    assert "smallest kernel so far" in outcome.err


def test_fuzz_and_resume(vliwc: Vliwc, tmp_path: Path) -> None:
    out = tmp_path / "campaign"
    arguments = ("--jobs", 1, "--minutes", 0.02)
    first = vliwc("fuzz", *arguments, "--out", out, "--policy", "aliasing", "--schedule", "list", "--seed", 4)
    assert (first.code, first.err) == (0, "")
    record = json.loads((out / RECORD).read_text(encoding="utf-8"))
    assert record["selection"] == {"seed": 4, "policies": ["aliasing"], "schedules": ["list"]}
    assert record["cases"] > 0 and not record["failures"]
    again = vliwc("fuzz", *arguments, "--resume", out / RECORD)
    assert again.code == 0
    assert json.loads((out / RECORD).read_text(encoding="utf-8"))["cases"] > record["cases"]
    assert vliwc("fuzz", *arguments, "--out", out).code == 2


def test_failures_are_saved(vliwc: Vliwc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch, "select(c, x, y) -> y")
    out = tmp_path / "campaign"
    outcome = vliwc("fuzz", "--jobs", 1, "--minutes", 0.05, "--out", out, "--policy", "selects", "--seed", 0)
    assert outcome.code == 1
    number = json.loads((out / RECORD).read_text(encoding="utf-8"))["failures"][0]
    folder = next(path.parent for path in sorted(out.glob(f"case-{number}-*/reduced.vk")))
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "different"
    assert f"case {number}: different" in outcome.err
    assert (folder / "kernel.vk").read_text(encoding="utf-8") == make_case(Selection(0, ("selects",)), number).text
    _, *again = report["command"].split()
    assert vliwc(*again).code == {"bisect": 1, "compile": 70}[again[0]]


@pytest.mark.parametrize(("schedule", "command"), [("list", "bisect"), ("cpsat", "compile")])
def test_failures_without_a_reduction_are_saved(
    schedule: str, command: str, vliwc: Vliwc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = replace(WAY, schedule=schedule)
    slow = Outcome(make_case(Selection(), 0), (Result(way, SLOW),))
    monkeypatch.setattr("vliwc.fuzz.campaign.outcomes", lambda *_: iter([slow]))
    out = tmp_path / "campaign"
    assert vliwc("fuzz", "--minutes", 1, "--out", out).code == 1
    folder = out / f"case-0-O2-{schedule}-wide"
    assert sorted(p.name for p in folder.iterdir()) == ["kernel.vk", "machine.toml", "report.json"]
    words = json.loads((folder / "report.json").read_text(encoding="utf-8"))["command"].split()
    assert words[:2] == ["vliwc", command]
    assert vliwc(*words[1:]).code == 0, "nothing is wrong with it"


def test_an_interrupted_campaign_is_saved(vliwc: Vliwc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object):  # type: ignore[no-untyped-def]
        yield Outcome(make_case(Selection(), 0), (Result(WAY, RIGHT),))
        raise KeyboardInterrupt

    monkeypatch.setattr("vliwc.fuzz.campaign.outcomes", interrupted)
    out = tmp_path / "campaign"
    assert vliwc("fuzz", "--minutes", 1, "--out", out).code == 130
    assert json.loads((out / RECORD).read_text(encoding="utf-8"))["cases"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--policy", "mixt"), "no policy called 'mixt'"),
        (("--schedule", "lists"), "no scheduler called 'lists'"),
        (("--resume", "missing.json"), "no such campaign record"),
        (("--resume", "missing.json", "--out", "x"), "keeps its place and choices"),
        (("--out", "file/sub"), "cannot make the directory"),
    ],
)
def test_wrong_usage_of_fuzz(
    arguments: tuple[str, ...], message: str, vliwc: Vliwc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    outcome = vliwc("fuzz", "--minutes", 1, *arguments)
    assert outcome.code == 2
    assert message in outcome.err
