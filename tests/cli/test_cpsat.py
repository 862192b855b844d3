"""`--schedule cpsat` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backend.cpsat.powers import powers
from tests.cli.conftest import Vliwc
from vliwc.backend.instance import Instance
from vliwc.resources import data_path

LITTLE = ("--schedule", "cpsat", "--workers", "1", "--work-limit", "0.2")


def test_cpsat_is_no_worse_and_says_what_it_proves(vliwc: Vliwc, kernel: Path) -> None:
    plain = vliwc("compile", kernel, "--json").report("compile")
    found = vliwc("compile", kernel, *LITTLE, "--json").report("compile")
    assert plain["bounds"]["best"] <= found["bounds"]["best"] <= found["cycles"] <= plain["cycles"]
    assert found["optimal"] == (found["cycles"] == found["bounds"]["best"])
    text = vliwc("compile", kernel, *LITTLE).out
    assert ("; optimal" if found["optimal"] else "; gap") in text


def test_a_loop_is_no_worse(vliwc: Vliwc) -> None:
    """What stands before this loop has a shorter schedule than the list scheduler's; its jump needs room too."""
    gcd = data_path("examples") / "gcd.vk"
    alone = ("compile", gcd, "--disable", "unroll", "--disable", "pipelining", "--json")
    plain = vliwc(*alone).report("compile")
    found = vliwc(*alone, "--schedule", "cpsat", "--workers", "1", "--work-limit", "0.5").report("compile")
    assert plain["bounds"]["best"] <= found["bounds"]["best"] <= found["cycles"] < plain["cycles"]


def test_an_overlapped_loop_is_no_worse(vliwc: Vliwc) -> None:
    matmul = data_path("examples") / "matmul.vk"
    loop = ("compile", matmul, "--disable", "unroll", "--json")
    plain = vliwc(*loop).report("compile")
    found = vliwc(*loop, *LITTLE).report("compile")
    assert found["bounds"]["best"] <= found["cycles"] <= plain["cycles"]
    assert found["loops"][0]["interval"] > 0


def test_equal_arguments_give_equal_programs(vliwc: Vliwc, kernel: Path) -> None:
    for name in ("a.vasm", "b.vasm"):
        assert vliwc("compile", kernel, "-D", "n=64", *LITTLE, "-o", name).code == 0
    assert Path("a.vasm").read_bytes() == Path("b.vasm").read_bytes()


def test_a_time_limit(vliwc: Vliwc, kernel: Path) -> None:
    assert vliwc("compile", kernel, "-D", "n=64", "--schedule", "cpsat", "--time-limit", "0.2").code == 0


def test_constants_may_be_made_again(vliwc: Vliwc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solution says which, and the checker believes it."""
    monkeypatch.chdir(tmp_path)
    Path("tight.json").write_text(Instance("tight", "", powers(56)).to_text(), encoding="utf-8")
    some = ("schedule", "tight.json", "--schedule", "cpsat", "--workers", "1", "--work-limit", "20")
    found = vliwc(*some, "--rematerialise", "1", "--json", "-o", "found.json").report("schedule")
    assert found["copies"]
    assert found["cycles"] < 20, "the shortest without copies"
    checked = vliwc("schedule", "tight.json", "--check", "found.json")
    assert checked.code == 0
    assert f"{len(found['copies'])} constants or broadcasts" in checked.out


def test_compare_has_cpsat(vliwc: Vliwc, kernel: Path) -> None:
    record = vliwc("compare", kernel, "--work-limit", "0.1", "--workers", "1", "--json").report("compare")
    cycles = {row["schedule"]: row["cycles"] for row in record["rows"]}
    assert cycles["cpsat"] <= cycles["list"] <= cycles["naive"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--schedule", "cpsat", "--time-limit", "1", "--work-limit", "1"), "exclude each other"),
        (("--schedule", "cpsat", "--time-limit", "0"), "--time-limit"),
        (("--schedule", "cpsat", "--work-limit", "-1"), "--work-limit"),
        (("--schedule", "cpsat", "--workers", "0"), "--workers"),
        (("--time-limit", "1"), "use --schedule cpsat"),
        (("--workers", "2"), "use --schedule cpsat"),
        (("--rematerialise", "1"), "use --schedule cpsat"),
        (("--schedule", "cpsat", "--rematerialise", "-1"), "--rematerialise"),
        (("--schedule", "cpsat", "--budget", "1"), "tunes the list scheduler"),
    ],
)
def test_options_that_cannot_be_meant(vliwc: Vliwc, kernel: Path, arguments: tuple[str, ...], text: str) -> None:
    outcome = vliwc("compile", kernel, *arguments)
    assert outcome.code == 2
    assert text in outcome.err
