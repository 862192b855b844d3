"""Constant tables: packed into words where entries are short, chosen on flow or on the vector units."""

from __future__ import annotations

from random import Random

import pytest

from tests.transform.lookups import MACHINES, assert_graph_right, assert_program_right, kernel_of, ops, text
from vliwc.driver import compile_source
from vliwc.ir.graph import Graph
from vliwc.language import Kernel
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.tables import expand_tables

MEMORY = "x: u32[{n}] in\ny: u32[{n}] out"
RANDOM = Random(5)


def noise(count: int, lo: int, hi: int) -> list[int]:
    return [RANDOM.randint(lo, hi) for _ in range(count)]


def looked_up(entries: list[int], n: int = 20) -> Kernel:
    table = f"const t = [{', '.join(map(str, entries))}]"
    return kernel_of(text(MEMORY.format(n=n), f"par i in 0..{n} {{ y[i] = t[x[i] % {len(entries)}] }}", table))


def expanded(entries: list[int]) -> tuple[Kernel, Graph]:
    kernel = looked_up(entries)
    return kernel, expand_tables(lower(kernel))


TABLES = {
    "one entry": [9],
    "all alike": [7] * 5,
    "bits": noise(32, 0, 1),
    "many bits": noise(200, 0, 1),
    "letters": [ord(c) for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"],
    "an odd number": noise(37, 0, 1000),
    "short above a base": noise(50, 1 << 31, (1 << 31) + 15),
    "words": noise(13, 0, (1 << 32) - 1),
    "halves": noise(16, 0, 65535),
    "linear": [(k * 3 ^ k >> 1) & 15 for k in range(4)] * 2,
    "parity": [k.bit_count() & 1 for k in range(64)],
}


@pytest.mark.parametrize("entries", TABLES.values(), ids=TABLES)
def test_every_entry_is_found(entries: list[int]) -> None:
    kernel, graph = expanded(entries)
    assert "table" not in ops(graph)
    assert_graph_right(kernel, graph)
    for machine in MACHINES.values():
        assert_program_right(kernel, optimize(lower(kernel), machine), machine)


@pytest.mark.parametrize(
    ("name", "selects"), [("bits", 0), ("letters", 15), ("short above a base", 6), ("halves", 7), ("words", 12)]
)
def test_choices_between_packed_words(name: str, selects: int) -> None:
    _, graph = expanded(TABLES[name])
    assert ops(graph)["select"] == selects


def test_constants_of_words_stay() -> None:
    _, graph = expanded(TABLES["words"])
    assert "shr" not in ops(graph)


def test_the_vector_units_choose_where_flow_has_too_much_to_do() -> None:
    """Of the 16 words that the letters are packed into, one is chosen by 15 selects."""
    program = compile_source(looked_up(TABLES["letters"], 256).source).program
    assert len(program.bundles) < 0.5 * 15 * 256 / 8
