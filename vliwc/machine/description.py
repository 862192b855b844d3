"""Machine descriptions: which engines a machine has, what they can do, how wide and how fast they are.

A description is data: a TOML file, one of vliwc's own (`isa/<name>.toml`) or the user's. See docs/machine.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vliwc.errors import DataError, UsageError
from vliwc.machine.faults import suggest
from vliwc.machine.slots import DESTS, ENGINES, FORMATS, ops_of
from vliwc.resources import data_path

MAX_LANES = 1024
MAX_SLOTS = 1024
MAX_SCRATCH = 1 << 20
MAX_MEMORY = 1 << 32
MAX_LATENCY = 64
MAX_BYTES = 1 << 16
MAX_LINE = 1000
"""The largest file and the longest line, in bytes: keys of very many parts keep TOML's reader busy for hours."""
MAX_TEXT = 200
"""The most characters of a name or a description."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine: how many slots of a bundle it fills at most, and the operations that it runs."""

    name: str
    slots: int
    ops: frozenset[str]


@dataclass(frozen=True)
class Machine:
    """A machine of the family. Sizes in words; `latencies`, in cycles, holds those that are not 1."""

    name: str
    description: str
    lanes: int
    scratch_words: int
    memory_words: int = field(hash=False)
    engines: Mapping[str, Engine] = field(hash=False)
    latencies: Mapping[tuple[str, str], int] = field(hash=False)

    def slots(self, engine: str) -> int:
        """How many slots a bundle has for an engine; 0 if the machine has no such engine."""
        found = self.engines.get(engine)
        return found.slots if found else 0

    def runs(self, engine: str, op: str) -> bool:
        """Can this engine run this operation here?"""
        found = self.engines.get(engine)
        return found is not None and op in found.ops

    def latency(self, engine: str, op: str) -> int:
        """Cycles from the issue of a slot until its result can be read; 1: by the next cycle's bundle."""
        return self.latencies.get((engine, op), 1)


def machine_names() -> tuple[str, ...]:
    """The names of the machines that come with vliwc."""
    return tuple(sorted(path.stem for path in data_path("isa").glob("*.toml")))


def load_machine(name_or_path: str) -> Machine:
    """The machine of a name that comes with vliwc, or of a TOML file.

    Raises UsageError if there is none, DataError if the description is wrong.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        path = Path(name_or_path)
    else:
        path = data_path("isa") / f"{name_or_path}.toml"
        if name_or_path not in machine_names():
            raise UsageError(f"there is no machine '{name_or_path}'", help=suggest(name_or_path, machine_names()))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read the machine description {path}: {cause}") from error
    return parse_machine(data, str(path))


def parse_machine(data: bytes, file: str = "<machine>") -> Machine:
    """The machine that a TOML text describes; `file` names it in messages. Raises DataError."""
    if len(data) > MAX_BYTES:
        raise DataError(f"{file}: larger than {MAX_BYTES} bytes", help="a machine description is a small TOML file")
    if max(map(len, data.split(b"\n"))) > MAX_LINE:
        raise DataError(f"{file}: a line has more than {MAX_LINE} bytes", help="break it")
    try:
        table = _Table(file, "", tomllib.loads(data.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8: {error.reason} at byte {error.start}", help="save it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: not TOML: {error or 'nested too deeply'}", help="see docs/machine.md") from error
    table.only("name", "description", "lanes", "scratch_words", "memory_words", "engines")
    engines, latencies = _engines(table.table("engines"))
    return Machine(
        name=table.text("name"),
        description=table.text("description"),
        lanes=table.integer("lanes", 1, MAX_LANES),
        scratch_words=table.integer("scratch_words", 1, MAX_SCRATCH),
        memory_words=table.integer("memory_words", 1, MAX_MEMORY),
        engines=engines,
        latencies=latencies,
    )


def _engines(table: _Table) -> tuple[dict[str, Engine], dict[tuple[str, str], int]]:
    table.only(*ENGINES)
    engines: dict[str, Engine] = {}
    latencies: dict[tuple[str, str], int] = {}
    for name in ENGINES:
        if name in table.data:
            entry = table.table(name)
            entry.only("slots", "ops", "latency")
            engines[name] = Engine(name, entry.integer("slots", 1, MAX_SLOTS), _ops(entry, name))
            if "latency" in entry.data:
                latencies |= _latencies(entry.table("latency"), engines[name])
    return engines, latencies


def _ops(entry: _Table, engine: str) -> frozenset[str]:
    """The operations of an engine: known to it, and each named once."""
    found: set[str] = set()
    for op in entry.texts("ops"):
        if (engine, op) not in FORMATS:
            homes = [other for other, name in FORMATS if name == op]
            cause = f"runs on {' and '.join(homes)}, not on {engine}" if homes else "is no operation"
            raise entry.error("ops", f"'{op}' {cause}", suggest(op, ops_of(engine)))
        if op in found:
            raise entry.error("ops", f"'{op}' is there twice", "name each operation once")
        found.add(op)
    return frozenset(found)


def _latencies(table: _Table, engine: Engine) -> dict[tuple[str, str], int]:
    table.only(*engine.ops)
    result = {}
    for op in table.data:
        cycles = table.integer(op, 1, MAX_LATENCY)
        if not any(role in DESTS for role in FORMATS[engine.name, op].roles):
            raise table.error(op, "writes no scratch word that could land later", "leave it out")
        if cycles > 1:
            result[engine.name, op] = cycles
    return result


_KINDS = {bool: "a truth value", int: "an integer", str: "text", dict: "a table", list: "an array", float: "a float"}


@dataclass(frozen=True, slots=True)
class _Table:
    """A TOML table that knows its file and path, so that every error can name them."""

    file: str
    path: str
    data: dict[str, object]

    def error(self, key: str, cause: str, help: str | None = None) -> DataError:  # noqa: A002
        return DataError(f"{self.file}: {self._key(key)}: {cause}", help=help)

    def _key(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def only(self, *keys: str) -> None:
        for key in self.data:
            if key not in keys:
                raise self.error(key, "unknown key", suggest(key, keys))

    def _get(self, key: str, kind: type) -> object:
        if key not in self.data:
            raise self.error(key, "missing", f"give it {_KINDS[kind]}; see docs/machine.md")
        value = self.data[key]
        if type(value) is not kind:  # `isinstance` would take a truth value for an integer
            raise self.error(key, f"expected {_KINDS[kind]}, found {_KINDS.get(type(value), 'a date or time')}")
        return value

    def integer(self, key: str, lo: int, hi: int) -> int:
        value = self._get(key, int)
        assert isinstance(value, int)
        if not lo <= value <= hi:
            shown = value if abs(value) < 1 << 64 else "a huge number"
            raise self.error(key, f"{shown} is out of range", f"use {lo} to {hi}")
        return value

    def text(self, key: str) -> str:
        value = self._get(key, str)
        assert isinstance(value, str)
        if not value.strip():
            raise self.error(key, "is empty", "give it some text")
        if not value.isprintable() or len(value) > MAX_TEXT:
            raise self.error(key, f"is no line of at most {MAX_TEXT} printable characters", "give it a plain one")
        return value

    def texts(self, key: str) -> list[str]:
        value = self._get(key, list)
        assert isinstance(value, list)
        for item in value:
            if not isinstance(item, str):
                raise self.error(key, f"expected an array of texts, found {_KINDS.get(type(item), 'a date')} in it")
        return value

    def table(self, key: str) -> _Table:
        value = self._get(key, dict)
        assert isinstance(value, dict)
        return _Table(self.file, self._key(key), value)
