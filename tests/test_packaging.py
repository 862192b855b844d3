"""What a user installs: the wheel works outside the checkout, and the README's commands are those that CI runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from vliwc import __version__

ROOT = Path(__file__).parent.parent


def call(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the build backend, part of the test extra")
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    call(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT, cwd=folder)
    return next(folder.glob("vliwc-*.whl"))


def test_the_wheel_holds_all_data_files(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {"vliwc/language/grammar.lark"}
    expected |= {f"vliwc/data/{p.relative_to(ROOT)}" for p in [*ROOT.glob("isa/*.toml"), *ROOT.glob("examples/*.vk")]}
    expected |= {str(p.relative_to(ROOT)) for p in ROOT.glob("vliwc/report/schema/*.json")}
    assert len(expected) > 12
    assert expected <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


def test_the_installed_wheel_compiles_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    call(sys.executable, "-m", "pip", "--quiet", "install", "--no-deps", "--target", site, wheel, cwd=work)
    env = {"PYTHONPATH": str(site)}
    where = call(sys.executable, "-c", "import vliwc; print(vliwc.__file__)", cwd=work, env=env)
    assert Path(where.strip()).is_relative_to(site)

    def vliwc(*arguments: str) -> str:
        return call(sys.executable, "-m", "vliwc", *arguments, cwd=work, env=env)

    assert "saxpy" in vliwc("examples")
    assert "takehome" in vliwc("machines")
    vliwc("examples", "saxpy", "--copy", ".")
    assert "cycles" in vliwc("compile", "saxpy.vk", "-o", "saxpy.vasm")
    assert "the result is what the kernel says" in vliwc("run", "saxpy.vasm", "--kernel", "saxpy.vk")


def readme_commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines() if line]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    tests = [command for command in readme_commands() if "pytest" in command]
    assert len(tests) == 1
    assert script[-1] == tests[0]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_first_command_of_the_readme_sets_up_and_runs_the_main_job() -> None:
    command = readme_commands()[0]
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert command.endswith("&& .venv/bin/vliwc run examples/tree_walk.vk")


def test_the_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
