"""Machine descriptions: what comes with vliwc, and every way in which a file can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vliwc.errors import DataError, UsageError
from vliwc.machine import load_machine, machine_names, parse_machine
from vliwc.machine.slots import FORMATS
from vliwc.resources import data_path

GOOD = """
name = "tiny"
description = "for tests"
lanes = 2
scratch_words = 16
memory_words = 64
[engines.alu]
slots = 2
ops = ["+", "-"]
latency = { "+" = 3, "-" = 1 }
[engines.store]
slots = 1
ops = ["store"]
"""


def test_the_shipped_machines() -> None:
    assert machine_names() == ("narrow", "takehome", "wide")
    for name in machine_names():
        assert load_machine(name).name == name
        assert load_machine(str(data_path("isa") / f"{name}.toml")) == load_machine(name)


def test_takehome_is_the_machine_of_the_public_benchmark() -> None:
    machine = load_machine("takehome")
    assert (machine.lanes, machine.scratch_words) == (8, 1536)
    slots = {"alu": 12, "valu": 6, "load": 2, "store": 2, "flow": 1, "debug": 64}
    assert {name: engine.slots for name, engine in machine.engines.items()} == slots
    assert all(machine.runs(engine, op) for engine, op in FORMATS)
    assert not machine.latencies


def test_the_other_machines_differ_where_it_matters() -> None:
    narrow, wide = load_machine("narrow"), load_machine("wide")
    assert not narrow.runs("valu", "multiply_add")
    assert not narrow.runs("flow", "vselect")
    assert wide.latency("valu", "multiply_add") == wide.latency("load", "vload") == 2


def test_queries() -> None:
    machine = parse_machine(GOOD.encode())
    assert machine.slots("alu") == 2
    assert machine.slots("valu") == 0
    assert machine.runs("alu", "+")
    assert not machine.runs("alu", "*")
    assert not machine.runs("valu", "+")
    assert machine.latency("alu", "+") == 3
    assert machine.latencies == {("alu", "+"): 3}
    assert hash(machine) == hash(parse_machine(GOOD.encode()))


ERRORS = [
    ("lanes = 2", "lane = 2", "lane: unknown key", "did you mean 'lanes'?"),
    ("lanes = 2", "", "lanes: missing", "give it an integer; see docs/machine.md"),
    ("lanes = 2", "lanes = true", "lanes: expected an integer, found a truth value", None),
    ("lanes = 2", "lanes = 2.0", "lanes: expected an integer, found a float", None),
    ("lanes = 2", "lanes = 1979-05-27", "lanes: expected an integer, found a date or time", None),
    ("lanes = 2", "lanes = 0", "lanes: 0 is out of range", "use 1 to 1024"),
    ("lanes = 2", f"lanes = {'9' * 100}", "lanes: a huge number is out of range", "use 1 to 1024"),
    ("scratch_words = 16", "scratch_words = -1", "scratch_words: -1 is out of range", "use 1 to 1048576"),
    ('name = "tiny"', 'name = " "', "name: is empty", "give it some text"),
    ('name = "tiny"', "name = [1]", "name: expected text, found an array", None),
    ("[engines.alu]", "[engines.aluu]", "engines.aluu: unknown key", "did you mean 'alu'?"),
    ("slots = 2", "slot = 2", "engines.alu.slot: unknown key", "did you mean 'slots'?"),
    ("slots = 2", "slots = 2000", "engines.alu.slots: 2000 is out of range", "use 1 to 1024"),
    ('["+", "-"]', '"+"', "engines.alu.ops: expected an array, found text", None),
    ('["+", "-"]', '["+", 1]', "engines.alu.ops: expected an array of texts, found an integer in it", None),
    ('["+", "-"]', '["+", "-", "+"]', "engines.alu.ops: '+' is there twice", "name each operation once"),
    (
        '["store"]',
        '["vload"]',
        "engines.store.ops: 'vload' runs on load, not on store",
        "expected one of: store, vstore",
    ),
    ('["store"]', '["stor"]', "engines.store.ops: 'stor' is no operation", "did you mean 'store'?"),
    ("latency = {", "latency = { vload = 2,", "engines.alu.latency.vload: unknown key", "expected one of: +, -"),
    ('"+" = 3', '"+" = 65', "engines.alu.latency.+: 65 is out of range", "use 1 to 64"),
    (
        'ops = ["store"]',
        'ops = ["store"]\nlatency = {store = 2}',
        "engines.store.latency.store: writes no scratch word that could land later",
        "leave it out",
    ),
    (GOOD, "engines = 3", "engines: expected a table, found an integer", None),
    (
        "lanes = 2",
        "lanes = 2\nlanes = 2",
        "not TOML: Cannot overwrite a value (at line 5, column 10)",
        "see docs/machine.md",
    ),
    ("lanes = 2", "lanes = [" + "[\n" * 30_000, "not TOML: ", "see docs/machine.md"),
    ("lanes = 2", "lanes = 1_" + "_" * 900, "not TOML: ", "see docs/machine.md"),
    ("lanes = 2", "lanes = " + "9" * 1000, "a line has more than 1000 bytes", "break it"),
    ("lanes = 2", "lanes = 2" + "\n" * 70_000, "larger than 65536 bytes", "a machine description is a small TOML file"),
    ('"tiny"', f'"{"x" * 201}"', "name: is no line of at most 200 printable characters", "give it a plain one"),
    ('"tiny"', '"\\u001b[2J"', "name: is no line of at most 200 printable characters", "give it a plain one"),
]


@pytest.mark.parametrize(("old", "new", "message", "help_"), ERRORS, ids=[e[2][:50] for e in ERRORS])
def test_errors_name_file_key_cause_and_help(old: str, new: str, message: str, help_: str | None) -> None:
    assert old in GOOD
    with pytest.raises(DataError) as caught:
        parse_machine(GOOD.replace(old, new, 1).encode(), "tiny.toml")
    assert str(caught.value).startswith(f"tiny.toml: {message}")
    assert message.endswith(": ") or str(caught.value) == f"tiny.toml: {message}"
    assert caught.value.help == help_


def test_bytes_that_are_not_utf8() -> None:
    with pytest.raises(DataError, match=r"^<machine>: not UTF-8: invalid start byte at byte 1$"):
        parse_machine(b"#\xff")


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: (GOOD + text).encode("utf-8", "replace")))
def test_any_bytes_give_a_machine_or_one_clear_error(data: bytes) -> None:
    try:
        parse_machine(data)
    except DataError as error:
        assert str(error).startswith("<machine>: ")


def test_a_machine_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="there is no machine 'takehom'") as caught:
        load_machine("takehom")
    assert caught.value.help == "did you mean 'takehome'?"


@pytest.mark.parametrize("path", ["{}/none.toml", "{}/", "{}/nul\0.toml"])
def test_files_that_cannot_be_read(path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the machine description"):
        load_machine(path.format(tmp_path))


def test_a_users_file(tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(GOOD)
    assert load_machine(str(path)).name == "tiny"
