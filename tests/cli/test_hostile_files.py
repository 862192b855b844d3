"""Programs, memory images and machine descriptions that nobody means well with: real files, through the command line.

Whatever is in them, there is one short message on stderr, an exit code for bad data (or bad usage), and no traceback;
and it takes little time and memory: a process of its own, with limits on both, reads the huge ones.
"""

from __future__ import annotations

import json
import os
import re
import resource
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.conftest import ROOT, Outcome, Vliwc, spawn
from vliwc.cli.images import read_image, write_image
from vliwc.errors import DataError, UsageError

MESSAGE = 600
"""No message is longer, in characters."""
MEMORY = 3 << 30
SECONDS = 60
TAKEHOME = ROOT.joinpath("isa", "takehome.toml").read_text(encoding="utf-8")
HEAD = 'machine "takehome"\nkernel "k"\nscratch 8\n'
LONG = "x" * 1_000_000


def refused(outcome: Outcome, *codes: int) -> None:
    """The outcome is one short message and one of these exit codes (default: bad data)."""
    assert outcome.code in (codes or (4,)), outcome.err[:MESSAGE]
    assert outcome.err.startswith("error: ")
    assert len(outcome.err) < MESSAGE
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, with a small program and a small image."""
    monkeypatch.chdir(tmp_path)
    Path("good.json").write_text('[{"load": [["const", 0, 1]]}]')
    Path("image.json").write_text("[0, 1, 2]")
    return tmp_path


def in_limits(*arguments: str) -> Outcome:
    """Calls the command line as a process with little memory and time."""
    process = spawn(*arguments, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)))
    try:
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    return Outcome(process.returncode, out, err)


def changed(**values: int) -> str:
    """The description of the machine `takehome` with other numbers."""
    text = TAKEHOME
    for key, value in values.items():
        text = re.sub(f"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE)
    return text


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


PROGRAMS = {
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "deep operands": '[{"debug": [["compare", 0, ' + nested(50) + "]]}]",
    "deep operands beyond recursion": '[{"debug": [["compare", 0, ' + nested(100_000) + "]]}]",
    "a huge integer": '[{"load": [["const", 0, ' + "9" * 1_000_000 + "]]}]",
    "an integer of 20 digits": '[{"load": [["const", 0, ' + "9" * 20 + "]]}]",
    "NaN": '[{"load": [["const", 0, NaN]]}]',
    "infinity": '[{"load": [["const", 0, -Infinity]]}]',
    "a fraction": '[{"load": [["const", 0, 1e999]]}]',
    "a truth value": '[{"load": [["const", 0, true]]}]',
    "a key twice": '[{"load": [], "load": []}]',
    "many keys, one twice": "[{" + ", ".join(f'"{k}": []' for k in [*range(50_000), 49_999]) + "}]",
    "many engines": "[{" + ", ".join(f'"{k}": []' for k in range(50_000)) + "}]",
    "a long engine": json.dumps([{LONG: []}]),
    "a long operation": json.dumps([{"alu": [[LONG, 0, 0, 0]]}]),
    "a long operand": json.dumps([{"alu": [["+", 0, 0, LONG]]}]),
    "many operands": json.dumps([{"alu": [["+", *[0] * 300_000]]}]),
    "many slots": json.dumps([{"alu": [["+", 0, 0, 0]] * 20_000}]),
    "a path as engine": '[{"../../etc/passwd": []}]',
    "an escape sequence": '[{"\\u001b[2J": []}]',
    "a lone surrogate": '[{"\\ud800": []}]',
    "text for a bundle": '["alu"]',
    "no list": "{}",
    "nothing": "",
    "null": "null",
    "bytes that are no text": "\udcff\udcfe[]",
    "a NUL": "[\0]",
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_interchange_programs(vliwc: Vliwc, here: Path, text: str) -> None:
    Path("bad.json").write_bytes(text.encode("utf-8", "surrogateescape" if "\udcff" in text else "strict"))
    refused(vliwc("run", "bad.json", "--image", "image.json"), 2, 4)


ASSEMBLY = {
    "nothing": "",
    "a long name": f'machine "{LONG}"\nkernel "k"\nscratch 0\n',
    "a path for a machine": 'machine "../../../etc/passwd"\nkernel "k"\nscratch 0\n',
    "a device for a machine": 'machine "/dev/zero"\nkernel "k"\nscratch 0\n',
    "a NUL in a machine's name": 'machine "a/\\u0000.toml"\nkernel "k"\nscratch 0\n',
    "a huge scratch": 'machine "takehome"\nkernel "k"\nscratch ' + "9" * 100_000,
    "more scratch than there is": 'machine "takehome"\nkernel "k"\nscratch 999999999\n',
    "a huge bundle number": HEAD + "9" * 100_000 + ":\n",
    "a huge immediate": HEAD + "0:\n load s[0] = " + "9" * 100_000,
    "a long engine": HEAD + f"0:\n {LONG} idle",
    "a long operation": HEAD + f"0:\n alu s[0] = s[0] {LONG} s[0]",
    "blanks before something wrong": HEAD + "0:\n load s[0] = 1" + " " * 20_000 + "!",
    "blanks after a comment": HEAD + '0:\n debug comment "x"' + " " * 20_000 + "@",
    "quotes without end": HEAD + "0:\n debug comment " + '"' * 20_001,
    "backslashes without end": HEAD + '0:\n debug comment "' + "\\" * 20_001,
    "many strings": HEAD + "0:\n debug comment " + '"a"' * 20_000 + "@",
    "a deep key": HEAD + "0:\n debug compare s[0] " + nested(100_000),
    "brackets without end": HEAD + "0:\n alu s" + "[" * 100_000,
    "two results in one word": HEAD + "0:\n load s[0] = 1\n load s[0] = 2\n",
}


@pytest.mark.parametrize("text", ASSEMBLY.values(), ids=ASSEMBLY)
def test_assembly_programs(vliwc: Vliwc, here: Path, text: str) -> None:
    Path("bad.vasm").write_text(text)
    refused(vliwc("run", "bad.vasm", "--image", "image.json"), 2, 4)


IMAGES = {
    "deep.json": "[" * 100_000,
    "huge.json": "[" + "9" * 1_000_000 + "]",
    "large.json": "[18446744073709551616]",
    "nan.json": "[NaN]",
    "infinite.json": "[1e999]",
    "negative.json": "[-1]",
    "text.json": json.dumps([LONG]),
    "list.json": json.dumps([[0] * 100_000]),
    "keys.json": '{"0": 1, "0": 2}',
    "cut.json": "[1, 2",
    "huge.txt": "9" * 1_000_000,
    "word.txt": LONG,
    "float.txt": "1.5",
    "negative.txt": "-1",
    "empty.npy": "",
}


@pytest.mark.parametrize("name", IMAGES)
def test_images(vliwc: Vliwc, here: Path, name: str) -> None:
    Path(name).write_text(IMAGES[name])
    refused(vliwc("run", "good.json", "--image", name))


def npy(header: str, data: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    text = header.encode()
    size = len(text) if length is None else length
    return b"\x93NUMPY" + bytes((version, 0)) + struct.pack("<H" if version == 1 else "<I", size) + text + data


def shaped(shape: str, kind: str = "<u4") -> str:
    return f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n"


ARRAYS = {
    "more words than the file": npy(shaped("(1000000000000,)")),
    "more words than there are numbers": npy(shaped(f"({10**30},)")),
    "a negative size": npy(shaped("(-1,)")),
    "a truth value for a size": npy(shaped("(True,)")),
    "many dimensions": npy(shaped("(" + "1," * 100 + ")")),
    "overflowing dimensions": npy(shaped("(4294967296, 4294967296, 0)")),
    "objects": npy(shaped("(1,)", "|O"), b"cos\nsystem\n(S'false'\ntR."),
    "texts": npy(shaped("(1,)", "<U4"), bytes(16)),
    "records": npy("{'descr': [('a', '<u4')], 'fortran_order': False, 'shape': (1,), }\n", bytes(4)),
    "words of no size": npy(shaped("(5,)", "|V0")),
    "a header that is code": npy("__import__('os').system('false')\n"),
    "a deep header": npy("(" * 5000 + "\n"),
    "a long header": npy(" " * 50_000 + "\n"),
    "a header longer than the file": npy(shaped("(1,)"), version=2, length=0xFFFF_FFFF),
    "an unknown version": npy(shaped("(1,)"), version=9),
    "half an array": npy(shaped("(4,)"), bytes(10)),
}


@pytest.mark.parametrize("data", ARRAYS.values(), ids=ARRAYS)
def test_arrays(vliwc: Vliwc, here: Path, data: bytes) -> None:
    Path("bad.npy").write_bytes(data)
    refused(vliwc("run", "good.json", "--image", "bad.npy"))


MACHINES = {
    "nothing": "",
    "a key twice": TAKEHOME + '\nname = "again"\n',
    "a table twice": TAKEHOME + "\n[engines.alu]\n",
    "deep arrays": "lanes = " + "[" * 100_000,
    "deep tables": "lanes = " + "{a=" * 100_000,
    "long dotted keys": ".".join("a" * 100_000) + " = 1",
    "many dotted keys": "\n".join(f"{'a.' * 500}b{k} = 1" for k in range(200)),
    "a huge integer": TAKEHOME.replace("lanes = 8", "lanes = " + "9" * 100_000),
    "NaN": TAKEHOME.replace("lanes = 8", "lanes = nan"),
    "infinity": TAKEHOME.replace("lanes = 8", "lanes = inf"),
    "a truth value": TAKEHOME.replace("lanes = 8", "lanes = true"),
    "no lanes": TAKEHOME.replace("lanes = 8", "lanes = 0"),
    "too many lanes": TAKEHOME.replace("lanes = 8", "lanes = 1000000000000"),
    "a long name": TAKEHOME.replace('name = "takehome"', f'name = "{LONG}"'),
    "an escape sequence": TAKEHOME.replace('name = "takehome"', 'name = "\\u001b[2J"'),
    "a long key": f"{LONG} = 1",
    "a path as key": '"../../etc/passwd" = 1',
    "too large": "#" * (3 << 20),
}


@pytest.mark.parametrize("text", MACHINES.values(), ids=MACHINES)
def test_machine_descriptions(vliwc: Vliwc, here: Path, text: str) -> None:
    Path("bad.toml").write_text(text)
    refused(vliwc("machines", "bad.toml"))


BARE = 'name = "bare"\ndescription = "d"\nlanes = 8\nscratch_words = 100\nmemory_words = 1000\n'
LATE = "latency = { load = 64, vload = 64, const = 64, load_offset = 64 }\n"
EXTREMES = {
    "as large as it may be": (re.sub("slots = .*", "slots = 1024", changed(lanes=1024, scratch_words=1 << 20)), 0),
    "one lane": (changed(lanes=1), 0),
    "three lanes": (changed(lanes=3), 0),
    "as late as it may be": (TAKEHOME.replace("[engines.store]", f"{LATE}[engines.store]"), 0),
    "one word of scratch": (changed(scratch_words=1), 5),
    "hardly room for one vector": (changed(lanes=32, scratch_words=40), 0),
    "no room for the image": (changed(memory_words=4), 4),
    "no engines": (BARE + "[engines]\n", 5),
    "one operation": (BARE + '[engines.alu]\nslots = 1\nops = ["+"]\n', 5),
}


@pytest.mark.parametrize(("text", "code"), EXTREMES.values(), ids=EXTREMES)
def test_extreme_machines(vliwc: Vliwc, kernel: Path, text: str, code: int) -> None:
    Path("extreme.toml").write_text(text)
    outcome = vliwc("check", kernel, "--runs", "2", "--machine", "extreme.toml")
    assert outcome.code == code, outcome.err
    assert "Traceback" not in outcome.err
    assert len(outcome.err) < MESSAGE
    assert outcome.err == "" or code


def test_files_without_end(here: Path) -> None:
    for name in ("endless.toml", "endless.json", "endless.vasm", "endless.txt", "endless.npy", "endless.vk"):
        Path(name).symlink_to("/dev/zero")
    image = ("--image", "image.json")
    refused(in_limits("machines", "/dev/zero"))
    refused(in_limits("machines", "endless.toml"), 4)
    refused(in_limits("run", "endless.json", *image), 4)
    refused(in_limits("run", "endless.vasm", *image), 4)
    refused(in_limits("run", "good.json", "--image", "endless.json"), 4)
    refused(in_limits("run", "good.json", "--image", "endless.txt"), 4)
    refused(in_limits("run", "good.json", "--image", "endless.npy"), 4)
    refused(in_limits("compile", "endless.vk"), 4)


def test_large_files_within_the_limit(here: Path) -> None:
    count = 1_000_000
    Path("many.json").write_text("[" + ",".join(["[]"] * count) + "]")
    Path("words.txt").write_text("0 " * count)
    np.save("words.npy", np.zeros(count, np.uint8))
    refused(in_limits("run", "many.json", "--image", "image.json"))
    assert in_limits("run", "good.json", "--image", "words.txt").out == "1 cycles on takehome\n"
    assert in_limits("run", "good.json", "--image", "words.npy").out == "1 cycles on takehome\n"


@given(
    suffix=st.sampled_from([".json", ".txt", ".npy"]),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=8)), max_size=4),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_images_are_read_or_refused(tmp_path: Path, suffix: str, edits: list[tuple[float, int, bytes]]) -> None:
    path = tmp_path / f"image{suffix}"
    write_image(path, np.arange(5, dtype=np.uint32))
    data = path.read_bytes()
    for where, cut, new in edits:
        at = int(where * len(data))
        data = data[:at] + new + data[at + cut :]
    path.write_bytes(data)
    try:
        assert read_image(path).dtype == np.uint32
    except (DataError, UsageError) as error:
        assert error.message.startswith(str(path))


def test_paths(vliwc: Vliwc, here: Path) -> None:
    strange = os.fsdecode(b"\xff\x1b[2J")
    for name in ("a" * 5000, "a/" * 3000 + "x", strange, "image.json/x", "."):
        refused(vliwc("machines", name + ".toml"), 2)
        refused(vliwc("run", name + ".vasm", "--image", "image.json"), 2)
        refused(vliwc("run", name + ".json", "--image", "image.json"), 2)
        for suffix in (".json", ".txt", ".npy"):
            refused(vliwc("run", "good.json", "--image", name + suffix), 2)
            refused(vliwc("run", "good.json", "--image", "image.json", "-o", f"nowhere/{name}{suffix}"), 2)
    Path("loop.json").symlink_to("loop.json")
    refused(vliwc("run", "loop.json", "--image", "image.json"), 2)
    refused(vliwc("run", "good.json", "--image", "loop.json"), 2)
