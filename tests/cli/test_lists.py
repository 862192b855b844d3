"""`vliwc examples`, `vliwc machines`, `vliwc explain`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Vliwc
from vliwc.cli.commands.examples import about
from vliwc.language.codes import CODES
from vliwc.machine import machine_names


def test_examples_are_listed(vliwc: Vliwc) -> None:
    names = [line.split()[0] for line in vliwc("examples").out.splitlines() if not line.startswith(" ")]
    assert names == sorted(path.stem for path in ROOT.glob("examples/*.vk"))
    record = vliwc("examples", "--json").report("examples")
    assert [entry["name"] for entry in record["examples"]] == names
    assert all(entry["about"] for entry in record["examples"])


def test_examples_are_shown(vliwc: Vliwc) -> None:
    text = ROOT.joinpath("examples", "saxpy.vk").read_text(encoding="utf-8")
    assert vliwc("examples", "saxpy").out == text
    assert vliwc("examples", "saxpy.vk", "saxpy").out == text * 2
    assert [e["name"] for e in vliwc("examples", "saxpy", "--json").report("examples")["examples"]] == ["saxpy"]


def test_examples_are_copied_but_overwrite_nothing(vliwc: Vliwc, tmp_path: Path) -> None:
    outcome = vliwc("examples", "saxpy", "murmur3", "--copy", tmp_path)
    assert outcome.code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["murmur3.vk", "saxpy.vk"]
    (tmp_path / "murmur3.vk").unlink()
    again = vliwc("examples", "murmur3", "saxpy", "--copy", tmp_path)
    assert again.code == 2
    assert again.err == (
        f"error: {tmp_path / 'saxpy.vk'} exists already\n  help: remove it, or copy to another directory\n"
    )
    assert not (tmp_path / "murmur3.vk").exists()
    (tmp_path / "all").mkdir()
    assert vliwc("examples", "--copy", tmp_path / "all").code == 0
    assert len(list((tmp_path / "all").iterdir())) == len(list(ROOT.glob("examples/*.vk")))


def test_unknown_examples(vliwc: Vliwc, tmp_path: Path) -> None:
    outcome = vliwc("examples", "sxapy")
    assert outcome.code == 2
    assert outcome.err == "error: there is no example called 'sxapy'\n  help: did you mean 'saxpy'?\n"
    assert vliwc("examples", "saxpy", "--copy", tmp_path / "no").code == 2


def test_about_is_the_first_sentence_of_the_opening_comment(tmp_path: Path) -> None:
    path = tmp_path / "a.vk"
    path.write_text("# One sentence\n# on two lines. Another one.\nparam n = 1\n# not this\n")
    assert about(path) == "One sentence on two lines"


def test_machines_are_listed(vliwc: Vliwc) -> None:
    assert [line.split()[0] for line in vliwc("machines").out.splitlines()] == list(machine_names())
    record = vliwc("machines", "--json").report("machines")
    assert [machine["name"] for machine in record["machines"]] == list(machine_names())


def test_a_machine_is_described(vliwc: Vliwc) -> None:
    lines = vliwc("machines", "takehome").out.splitlines()
    assert lines[0].split() == ["machine", "takehome"]
    assert "lanes    8" in lines
    assert any(line.split()[:2] == ["valu", "6"] for line in lines)
    [machine] = vliwc("machines", "wide", "--json").report("machines")["machines"]
    assert machine["engines"]["load"]["latencies"]["vload"] == 2


def test_a_machine_of_ones_own(vliwc: Vliwc, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    text = ROOT.joinpath("isa", "narrow.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('name = "narrow"', 'name = "own"'))
    assert vliwc("machines", path).out.startswith("machine  own\n")
    path.write_text("lanes = 0")
    assert vliwc("machines", path).code == 4
    assert vliwc("machines", "nope").code == 2


def test_codes_are_listed_and_explained(vliwc: Vliwc) -> None:
    assert [line.split()[0] for line in vliwc("explain").out.splitlines()] == list(CODES)
    entry = CODES["VK0101"]
    assert vliwc("explain", "vk0101").out == f"VK0101: {entry.title}\n\n{entry.cause}\n\nhelp: {entry.help}\n"


@pytest.mark.parametrize("code", ["VK9999", "nonsense"])
def test_unknown_codes(code: str, vliwc: Vliwc) -> None:
    outcome = vliwc("explain", code)
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: there is no error code {code}\n")
