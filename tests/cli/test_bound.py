"""`vliwc bound` and `vliwc schedule`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import benchmarks.instances
from benchmarks import families
from tests.cli.conftest import Vliwc
from vliwc.backend.bounds import segment_bound
from vliwc.backend.instance import Instance, Known
from vliwc.report.schema import schema_text

DATA = Path(benchmarks.instances.__file__).parent


def write_instance(best: int | None = None) -> Path:
    problem = families.make("few_strands", 120, 0)
    argument = segment_bound(problem).argument
    assert argument is not None
    bound = Known(argument.bound, "energy", argument.as_json())
    instance = Instance("few", "a few strands", problem, Known(best, "guessed") if best else None, bound)
    path = Path("few.json")
    path.write_text(instance.to_text(), encoding="utf-8")
    return path


def test_bound_in_words(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("bound", kernel)
    assert outcome.code == 0
    for word in ("bound", "busiest", "slack", "why", "a cycle offers", "the arguments prove"):
        assert word in " ".join(outcome.out.split())


def test_bound_report_is_verified(vliwc: Vliwc, kernel: Path) -> None:
    outcome = vliwc("bound", kernel, "--json")
    report = outcome.report("bound")
    assert (
        report["bound"] == report["verified"] == vliwc("compile", kernel, "--json").report("compile")["bounds"]["best"]
    )
    Path("bound.json").write_text(outcome.out)
    assert "the arguments in bound.json prove" in vliwc("bound", kernel, "--check", "bound.json").out


def test_check_of_a_compilation(vliwc: Vliwc, kernel: Path) -> None:
    Path("compile.json").write_text(vliwc("compile", kernel, "--json").out)
    assert vliwc("bound", kernel, "--check", "compile.json").code == 0
    other = vliwc("bound", kernel, "-D", "n=64", "--check", "compile.json")
    assert other.code in (0, 4)  # the argument may hold for a larger kernel, but then it says what it proves
    record = json.loads(Path("compile.json").read_text())
    record["segments"][0]["argument"]["bound"] += 1
    Path("compile.json").write_text(json.dumps(record))
    outcome = vliwc("bound", kernel, "--check", "compile.json")
    assert outcome.code == 4
    assert "the conclusion proves" in outcome.err


def test_wrong_reports(vliwc: Vliwc, kernel: Path) -> None:
    for text, cause in (("{", "no JSON"), ("{}", "segments: expected a list"), ('{"segments": []}', "there are 0")):
        Path("bad.json").write_text(text)
        outcome = vliwc("bound", kernel, "--check", "bad.json")
        assert outcome.code == 4
        assert cause in outcome.err
    assert vliwc("bound", kernel, "--check", "none.json").code == 2
    assert vliwc("bound", "none.vk").code == 2
    assert vliwc("bound", "none.json").code == 2


def test_bound_of_an_instance(vliwc: Vliwc, kernel: Path) -> None:
    path = write_instance(best=99)
    outcome = vliwc("bound", path)
    assert outcome.code == 0
    assert "found" in outcome.out
    assert vliwc("bound", path, "--json").report("bound")["segments"][0]["times"] == 1


def test_orders_in_words_in_a_report_and_verified(vliwc: Vliwc, kernel: Path) -> None:
    path = DATA / "few_strands-300.json"
    outcome = vliwc("bound", path)
    words = " ".join(outcome.out.split())
    assert "There is no schedule of 114 cycles: 34 operations need slots of load in any form" in words
    record = vliwc("bound", path, "--json")
    assert record.report("bound")["segments"][0]["argument"]["kind"] == "orders"
    Path("report.json").write_text(record.out, encoding="utf-8")
    assert "prove 115 cycles" in vliwc("bound", path, "--check", "report.json").out


@pytest.mark.parametrize("name", ["few_strands-1000", "few_strands-1000-tight", "constants-1000"])
def test_the_library_obeys_its_schema(name: str) -> None:
    record = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.validate(record, json.loads(schema_text("instance")))
    assert record["bound"]["argument"]["kind"] in ("orders", "tariff")


def test_schedule(vliwc: Vliwc, kernel: Path) -> None:
    path = write_instance(best=60)
    outcome = vliwc("schedule", path)
    assert outcome.code == 0
    assert "60 (guessed)" in outcome.out
    assert "the checker has verified" in outcome.out
    naive = vliwc("schedule", path, "--schedule", "naive", "--json", "-o", "naive.solution.json").report("schedule")
    fast = vliwc("schedule", path, "--json").report("schedule")
    assert fast["bound"] <= fast["cycles"] < naive["cycles"]
    again = vliwc("schedule", path, "--check", "naive.solution.json", "--json").report("schedule")
    assert (again["cycles"], again["how"]) == (naive["cycles"], "naive")


def test_schedule_of_wrong_things(vliwc: Vliwc, kernel: Path) -> None:
    path = write_instance()
    Path("bad.json").write_text("{}")
    for arguments, code in (
        (("none.json",), 2),
        (("bad.json",), 4),
        ((path, "--schedule", "fast"), 2),
        ((path, "--check", "bad.json"), 4),
        ((path, "--check", "none.json"), 2),
        ((path, "-o", "none/here.json"), 2),
        ((path, "--time-limit", "1"), 2),
        ((path, "--time-limit", "1", "--work-limit", "1"), 2),
    ):
        outcome = vliwc("schedule", *arguments)
        assert outcome.code == code, arguments
        assert "error" in outcome.err
