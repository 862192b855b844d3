"""No fault leaves a corrupt or half-written file, and the next run works. Each fault here is a real one."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.cli.conftest import KERNEL, ROOT, spawn
from vliwc.machine import parse_assembly

WRITER = """
import sys
from pathlib import Path
from vliwc.cli.files import write_whole
path, letters = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
while True:
    for letter in letters:
        write_whole(path, letter * 3_000_000)
"""


def _writer(path: Path, letters: str) -> subprocess.Popen[str]:
    """A process that writes a file again and again, all of one letter. It has begun when this returns."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), letters], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _is_whole(path: Path) -> bool:
    text = path.read_text()
    return len(text) == 3_000_000 and text == text[0] * len(text)


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """The small kernel, in a folder of its own."""
    path = tmp_path / "axpy.vk"
    path.write_text(KERNEL)
    return path


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path, rng = tmp_path / "out", Random(0)
    path.write_text("z" * 3_000_000)
    for _ in range(12):
        process = _writer(path, "ab")
        time.sleep(rng.random() * 0.05)
        process.kill()
        process.wait()
        assert _is_whole(path)


def test_two_writers_of_one_file_leave_the_work_of_one(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("z" * 3_000_000)
    writers = [_writer(path, letter) for letter in "ab"]
    seen = set()
    for _ in range(60):
        assert _is_whole(path)
        seen.add(path.read_text()[0])
    for process in writers:
        process.terminate()
        process.wait()
    assert seen >= {"a", "b"}
    assert _is_whole(path)


def test_a_killed_compilation_leaves_the_old_program_or_the_new_one(kernel: Path) -> None:
    out, rng = kernel.with_name("axpy.vasm"), Random(1)
    assert spawn("compile", kernel, "-O", "0", "-o", out).wait() == 0
    old = parse_assembly(out.read_text())
    kept = [old]
    for _ in range(4):
        process = spawn("compile", kernel, "-o", out)
        time.sleep(rng.random() * 1.5)
        process.kill()
        process.communicate()
        kept.append(parse_assembly(out.read_text()))
    assert spawn("compile", kernel, "-o", out).wait() == 0
    new = parse_assembly(out.read_text())
    assert new != old
    assert all(program in (old, new) for program in kept)


def test_interrupts_leave_the_old_program(kernel: Path) -> None:
    out = kernel.with_name("axpy.vasm")
    out.write_text("old")
    process = spawn("compile", kernel, "-o", out, "--budget-evals", 10**9, env={"VLIWC_DEBUG": "1"})
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    assert sorted(path.name for path in kernel.parent.iterdir()) == ["axpy.vasm", "axpy.vk"]
    assert out.read_text() == "old"


def test_a_full_disk(kernel: Path) -> None:
    """No file may grow beyond a few bytes, as on a disk without room."""
    out = kernel.with_name("axpy.vasm")
    out.write_text("old")
    limit = (100, 100)
    process = spawn("compile", kernel, "-o", out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err == f"error: cannot write {out}: File too large\n"
    assert sorted(path.name for path in kernel.parent.iterdir()) == ["axpy.vasm", "axpy.vk"]
    assert out.read_text() == "old"
    assert spawn("compile", kernel, "-o", out).wait() == 0
    assert parse_assembly(out.read_text()).bundles


@pytest.mark.parametrize(
    "arguments",
    [("compile", "KERNEL"), ("compile", "KERNEL", "--json"), ("compile", "KERNEL", "--emit", "asm"), ("--help",)],
)
def test_a_full_stdout(arguments: tuple[str, ...], kernel: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "vliwc", *(str(kernel) if a == "KERNEL" else a for a in arguments)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr == "error: cannot write the output: No space left on device\n"


def test_a_full_stderr() -> None:
    """The exit code alone tells."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "vliwc", "nothing"], stderr=full, check=False, cwd=ROOT)
    assert done.returncode == 2


@pytest.mark.parametrize("closed", ["0", "1", "2", "012"])
def test_closed_streams(closed: str, kernel: Path) -> None:
    """A stream that is not open is not taken for the next file that is opened."""
    out = kernel.with_name("axpy.vasm")
    close = " ".join(f"{stream}{'<' if stream == '0' else '>'}&-" for stream in closed)
    command = f'"{sys.executable}" -m vliwc compile "{kernel}" -o "{out}" {close}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False, cwd=ROOT)
    assert done.returncode == 0
    assert parse_assembly(out.read_text()).bundles


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="/proc is where even root may not write")
def test_an_unwritable_folder(kernel: Path) -> None:
    process = spawn("compile", kernel, "-o", "/proc/axpy.vasm")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith("error: cannot write /proc/axpy.vasm: ")


CACHED = """
from vliwc.jit import native

@native
def triple(x):
    return 3 * x

print(triple(4), bool(triple._cache_hits))
"""


def _cached(folder: Path, **more: Any) -> subprocess.Popen[str]:
    """A process that compiles a function as the search compiles its own, and tells whether it was in the cache."""
    (folder / "cached.py").write_text(CACHED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(folder / "cache")}
    return subprocess.Popen(
        [sys.executable, folder / "cached.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **more,
    )


def test_processes_on_one_cache_of_machine_code(tmp_path: Path) -> None:
    """Several fill an empty cache at once; one finds it damaged, and compiles again."""
    for process in [_cached(tmp_path) for _ in range(2)]:
        out, err = process.communicate(timeout=120)
        assert (out.split()[0], err, process.returncode) == ("12", "", 0)
    assert _cached(tmp_path).communicate(timeout=120) == ("12 True\n", "")
    for path in (tmp_path / "cache").rglob("*.nb?"):
        path.write_bytes(path.read_bytes()[:50])
    assert _cached(tmp_path).communicate(timeout=120) == ("12 False\n", "")
    assert _cached(tmp_path).communicate(timeout=120) == ("12 True\n", "")


def test_a_full_disk_under_the_cache_of_machine_code(tmp_path: Path) -> None:
    limit = (100, 100)
    full = _cached(tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    assert full.communicate(timeout=120) == ("12 False\n", "")
    assert _cached(tmp_path).communicate(timeout=120) == ("12 False\n", "")
    assert _cached(tmp_path).communicate(timeout=120) == ("12 True\n", "")
