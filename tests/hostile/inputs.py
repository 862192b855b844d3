"""Random inputs for all that vliwc reads: right texts, changed ones, and noise. Equal seeds give equal inputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import click

from tests.miscompiles.subjects import RECIPES, subject
from vliwc.cli.images import read_image
from vliwc.cli.options import read_define
from vliwc.errors import VliwcError
from vliwc.ir.parser import parse_graph
from vliwc.ir.printer import print_graph
from vliwc.language import load_kernel
from vliwc.machine import (
    load_machine,
    parse_assembly,
    parse_machine,
    print_assembly,
    program_from_json,
    program_to_json,
)
from vliwc.machine.validate import validate
from vliwc.resources import data_path
from vliwc.source import Source
from vliwc.tune import Ledger

LONGEST = 4000
"""Longer texts are not changed: many short inputs find more than few long ones."""

ODD = (
    *(
        "-1",
        "0",
        "1",
        "31",
        "32",
        "4294967295",
        "4294967296",
        "-2147483649",
        "9" * 25,
        "1e9",
        "1e999",
        "0x",
        "0x1F",
        "NaN",
    ),
    *(
        "Infinity",
        "true",
        "null",
        '""',
        "''",
        "[]",
        "{}",
        "[[[[",
        "]]]]",
        "((((",
        "{{{{",
        "}",
        ")",
        '"',
        "\\",
        "\\u0000",
    ),
    *(
        "\x00",
        "\n",
        "\t",
        "\r",
        "\u2028",
        "\ufeff",
        "é",
        "𝟙",
        "%n",
        "../../etc/passwd",
        "/dev/zero",
        "__import__('os')",
    ),
    *(
        "for",
        "par",
        "param",
        "const",
        "fn",
        "u32",
        "s[0]",
        "v[1535]",
        "load",
        "jump",
        "alu",
        "debug",
        "latency",
        "lanes",
    ),
)


def changed(rng: Random, texts: Sequence[str]) -> str:
    """One of the texts with a few changes: pieces removed, doubled, reversed, taken from another, or odd ones."""
    text = rng.choice(texts)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4, 9))):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.choice((0, 1, 1, 2, 5, 20, 80)))
        other = rng.choice(texts)
        start = rng.randrange(len(other) + 1)
        pieces = (
            "",
            text[at:end] * 2,
            rng.choice(ODD),
            f" {rng.choice(ODD)} ",
            other[start : start + 30],
            text[at:end][::-1],
        )
        text = text[:at] + rng.choice(pieces) + text[end:]
    return text


def noise(rng: Random) -> str:
    """Odd pieces in a row, random characters, or random bytes as far as they are text."""
    match rng.randrange(3):
        case 0:
            return " ".join(rng.choices(ODD, k=rng.randint(0, 30)))
        case 1:
            return "".join(
                chr(rng.choice((rng.randrange(0x80), rng.randrange(0xD800)))) for _ in range(rng.randint(0, 60))
            )
        case _:
            return rng.randbytes(rng.randint(0, 80)).decode("utf-8", errors="replace")


@dataclass(frozen=True)
class Family:
    """One thing that vliwc reads: right texts of it, and the reader."""

    texts: Callable[[], Sequence[str]]
    read: Callable[[str, Path], object]

    def make(self, rng: Random) -> str:
        """An input."""
        return noise(rng) if rng.random() < 0.1 else changed(rng, self.texts())


def _short(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if len(text) <= LONGEST]


@cache
def _kernels() -> list[str]:
    return _short([path.read_text(encoding="utf-8") for path in sorted(data_path("examples").glob("*.vk"))])


@cache
def _machines() -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(data_path("isa").glob("*.toml"))]


@cache
def _graphs() -> list[str]:
    return _short([print_graph(subject(name).graph) for name in RECIPES])


@cache
def _assembly() -> list[str]:
    return _short([print_assembly(subject(name).program) for name in RECIPES])


@cache
def _interchange() -> list[str]:
    return _short([program_to_json(subject(name).program) for name in RECIPES])


_TUNING = {
    **{name: [0.0, 1.5] for name in ("offsets", "paces", "weights", "curve")},
    **{"forms": [[0, 1], [0]], "strands": 2, "drift": 0.5, "reserve": 1, "noise": 0.0, "noise_seed": 3, "passes": 1},
}
_SEGMENT = {"segment": 0, "problem": "00ff", "cycles": 7, "evals": 9}
RECORDS = [
    json.dumps({"schema": "vliwc/search/2", "segments": [{**_SEGMENT, "tuning": tuning}]}) for tuning in (None, _TUNING)
]


def _read_assembly(text: str, _: Path) -> None:
    program = parse_assembly(text)
    validate(program, load_machine(program.machine if program.machine in ("takehome", "narrow") else "wide"))


def _read_image(text: str, folder: Path) -> None:
    path = folder / ("image.json" if text.lstrip().startswith("[") else "image.txt")
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    read_image(path)


FAMILIES = {
    "kernel": Family(_kernels, lambda text, _: load_kernel(Source("hostile.vk", text))),
    "graph": Family(_graphs, lambda text, _: parse_graph(text)),
    "assembly": Family(_assembly, _read_assembly),
    "interchange": Family(_interchange, lambda text, _: program_from_json(text, load_machine("takehome"))),
    "machine": Family(_machines, lambda text, _: parse_machine(text.encode("utf-8", errors="surrogatepass"))),
    "search record": Family(lambda: RECORDS, lambda text, _: Ledger.from_text(text)),
    "define": Family(lambda: ["n=16", "height=0x1F", "a_b=-3", "x=0b11"], lambda text, _: read_define(text)),
    "memory image": Family(lambda: ["1 2 3\n0xFFFFFFFF\n", "[1, 2, 4294967295]"], _read_image),
}


def attempt(name: str, seed: str, folder: Path) -> str:
    """Gives one random input to a reader. Returns "read", or the name of the error; any other exception is raised."""
    family = FAMILIES[name]
    text = family.make(Random(seed))
    try:
        family.read(text, folder)
    except (VliwcError, click.BadParameter) as error:
        message = error.message
        assert message.strip(), f"{name} {seed}: an error without a message"
        return type(error).__name__
    return "read"


def scratch_folder() -> TemporaryDirectory[str]:
    """A folder for inputs that are read from files."""
    return TemporaryDirectory(prefix="vliwc-hostile-")
