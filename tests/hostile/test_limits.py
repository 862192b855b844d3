"""Inputs that are huge, deep or contradictory, given to the command line in a process with little memory."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.cli.conftest import KERNEL, Vliwc, spawn
from tests.hostile.inputs import RECORDS
from vliwc.analysis.facts import ANY
from vliwc.analysis.ranges import analyse
from vliwc.cli.files import read_kernel, read_text
from vliwc.errors import DataError, UsageError
from vliwc.language import KernelErrors, load_kernel
from vliwc.lower import lower
from vliwc.source import Source
from vliwc.tune import Ledger

MEMORY = 1 << 30
SECONDS = 120
"""Far more than any of these takes; without a limit they would take for ever."""


def _kernel(body: str, top: str = "") -> str:
    return f"{top}memory {{\n x: u32[16] in\n y: u32[16] inout\n}}\nkernel k {{\n{body}\n}}\n"


def _nest(depth: int, step: str) -> str:
    loops = "".join(f"for i{n} in 0..1000 {{\n" for n in range(depth))
    return _kernel("let a = 1\n" + loops + step + "}\n" * depth + "y[0] = a")


KERNELS = {
    "deep parentheses": (_kernel("y[0] = " + "(" * 100_000 + "1" + ")" * 100_000), "VK0004"),
    "deep negation": (_kernel("y[0] = " + "~" * 20_000 + "1"), "VK0004"),
    "long sum": (_kernel("y[0] = " + "x[0] + " * 5_000 + "1"), "VK0004"),
    "deep blocks": (_kernel("for j in 0..1 {" * 5_000 + "}" * 5_000), "VK0004"),
    "deep loops": (_nest(40, "a = a * 3 + x[i1]\n"), "VK0004"),
    "deep indices": (_kernel("y[0] = " + "x[" * 5_000 + "0" + "]" * 5_000), "VK0004"),
    "long chain of choices": (_kernel("y[0] = " + "x[0] ? 1 : " * 100_000 + "1"), "VK0603"),
    "huge shift": (_kernel("y[0] = 1 << 2147483648"), "VK0204"),
    "huge power": (_kernel("y[0] = 1", "const c = 10 ** 10 ** 10\n"), "VK0204"),
    "repeated squares": (_kernel("y[0] = 1", "const a = 2 ** 60\nconst b = a ** 60\nconst c = b ** 60\n"), "VK0204"),
    "literal of a million digits": (_kernel("y[0] = " + "9" * 1_000_000), "VK0204"),
    "many arrays": ("memory {\n" + " a: u32[1] in\n" * 200_000 + "}\nkernel k { }\n", "VK0603"),
    "many statements": (_kernel("y[0] = 1\n" * 200_000), "VK0603"),
    "stray characters": (_kernel("$" * 100_000 + "\n€" * 1_000), "VK0001"),
    "exponential functions": (
        "fn f0(a) { return a * a }\n"
        + "".join(f"fn f{n}(a) {{ return f{n - 1}(a) + f{n - 1}(a) }}\n" for n in range(1, 60))
        + _kernel("y[0] = f59(1)"),
        "VK0603",
    ),
    "billion static iterations": (_kernel("static for j in 0..1000000000 { y[0] = j }"), "VK0603"),
    "huge array": ("memory {\n y: u32[10 ** 12] inout\n}\nkernel k { y[0] = 1 }\n", "VK0302"),
    "cyclic constants": (_kernel("y[0] = a", "const a = b\nconst b = a\n"), "VK0104"),
    "cyclic functions": (_kernel("y[0] = f(1)", "fn f(a) { return f(a) }\n"), "VK0505"),
    "contradiction": (_kernel("y[0] = 1").replace("kernel", "assume x[_] < 1\nassume x[_] > 1\nkernel", 1), "VK0306"),
    "zero byte": (_kernel("y[0] = 1\0"), "VK0001"),
}


def _run(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and stderr of the command line with little memory. Fails if it takes too long."""
    process = spawn(*arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))
    _, err = process.communicate(timeout=SECONDS)
    return process.returncode, err


@pytest.mark.parametrize("name", KERNELS)
def test_hostile_kernels(name: str) -> None:
    text, code = KERNELS[name]
    with pytest.raises(KernelErrors) as caught:
        load_kernel(Source("hostile.vk", text))
    assert code in {problem.code for problem in caught.value.diagnostics}
    assert len(caught.value.render()) < 20_000


def test_a_kernel_of_many_megabytes_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "long.vk"
    path.write_text(_kernel("y[0] = 1\n" * 200_000))
    code, err = _run("compile", path)
    assert code == 3
    assert "error[VK0603]: the text has more than 250,000 names" in err


def test_the_ranges_of_deep_loops_are_found_in_time() -> None:
    """The time grows with the depth, not with a power of it, and what is found holds."""
    source = Source("nest.vk", _nest(14, "a = a * 3 + x[3]\n").replace("y[0] = a", "y[0] = a\ny[1] = x[2] & 7"))
    graph = lower(load_kernel(source))
    facts = analyse(graph)
    assert facts[graph.op.index("mul")] == ANY
    assert (facts[graph.op.index("and")].lo, facts[graph.op.index("and")].hi) == (0, 7)


OPTIONS = [
    (("compile", "axpy.vk", "-D", "n=1000000000000"), 3, "the memory image has more than 268,435,456 words"),
    (("compile", "axpy.vk", "-D", "n=-1"), 3, "the size of `x` is -1"),
    (("compile", "axpy.vk", "-D", "n=" + "9" * 100_000), 2, "has more than 1,500 digits"),
    (("compile", "axpy.vk", "-D", "n=nan"), 2, "'nan' is no integer constant"),
    (("compile", "axpy.vk", "-D", "n" * 100_000), 2, "is not of the form name=value"),
    (("compile", "axpy.vk", "-D", "n" * 100_000 + "=1"), 3, "error[VK0206]"),
    (("compile", "axpy.vk", "-D", "n-m=1"), 2, "'n-m' is no parameter name"),
    (("compile", "axpy.vk", "--budget", "nan"), 2, "is no amount"),
    (("compile", "axpy.vk", "--budget", "inf"), 2, "is no amount"),
    (("compile", "axpy.vk", "--machine", "../../etc/passwd"), 2, "cannot read the machine description"),
    (("compile", "axpy.vk", "--machine", "x" * 100_000), 2, "there is no machine"),
    (("compile", "axpy.vk", "--schedule", "__import__('os')"), 2, "there is no scheduler"),
    (("compile", "axpy.vk", "-o", "x" * 300 + ".json"), 2, "File name too long"),
    (("compile", "axpy.vk", "-o", "/dev/full", "--emit", "asm"), 2, "No space left on device"),
    (("compile", "/dev/zero"), 4, "/dev/zero is larger than 16 MiB"),
    (("compile", "axpy.vk", "--replay", "/dev/zero"), 4, "/dev/zero is larger than 32 MiB"),
    (("explain", "x" * 100_000), 2, "there is no error code"),
    (("examples", "../axpy"), 2, "there is no example"),
    (("x" * 100_000,), 2, "No such command"),
    (("run", "axpy.vk", "--image", "huge.npy"), 4, "huge.npy is no numpy array"),
    (("run", "axpy.vk", "--image", "objects.npy"), 4, "objects.npy is no numpy array"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), OPTIONS, ids=lambda x: str(x)[:60])
def test_hostile_options(arguments: tuple[str, ...], code: int, message: str, vliwc: Vliwc, kernel: Path) -> None:
    Path("huge.npy").write_bytes(_npy("<u4", 10**12))
    Path("objects.npy").write_bytes(_npy("|O", 32))
    outcome = vliwc(*arguments)
    assert (outcome.code, message in outcome.err) == (code, True), outcome.err
    assert len(outcome.err) < 5_000
    assert "Traceback" not in outcome.err


def _npy(kind: str, words: int) -> bytes:
    """A numpy file whose header promises so many words, of which none are there."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({words},), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


def test_paths_with_a_zero_byte() -> None:
    with pytest.raises(UsageError, match="null byte"):
        read_kernel(Path("a\0.vk"))


def test_files_of_the_largest_size_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.vk"
    path.write_text("12345\r\n6")
    assert read_text(path, "kernel", 8) == "12345\n6"
    with pytest.raises(DataError, match=r"a\.vk is larger than 0 MiB"):
        read_text(path, "kernel", 7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"noise": 0.0', '"noise": NaN'), "NaN is no number"),
        (('"noise": 0.0', '"noise": 1e999'), "a time beyond"),
        (('"strands": 2', f'"strands": {10**30}'), "a number that is not from 0 to"),
        (('"noise_seed": 3', '"noise_seed": -3'), "a number that is not from 0 to"),
        (('"cycles": 7', '"cycles": 7, "cycles": 8'), "a key is there twice"),
        (('"cycles": 7', '"cycles": ' + "7" * 5_000), "no JSON"),
        (
            ('"segments": [', '"segments": [{"segment": 0, "problem": "", "cycles": 1, "evals": 1}, '),
            "segment 0 is twice",
        ),
    ],
)
def test_hostile_search_records(change: tuple[str, str], message: str) -> None:
    text = RECORDS[1]
    assert Ledger.from_text(text).entries[0].tuning is not None
    assert change[0] in text
    with pytest.raises(DataError, match=message):
        Ledger.from_text(text.replace(*change))


def test_out_of_memory_is_said_clearly(tmp_path: Path) -> None:
    path = tmp_path / "axpy.vk"
    path.write_text(KERNEL)
    code, err = _run("run", path, "-D", "n=20000000")
    assert code == 71
    assert err.startswith("error: out of memory\n")
