"""The table of slot formats: complete, consistent, and in agreement with the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from vliwc.ir.ops import BINARY
from vliwc.machine import Bundle, Program, Slot
from vliwc.machine.slots import DESTS, ENGINES, FORMATS, Effect, immediate, ops_of, reads, scratch_used, writes

DOCUMENT = Path(__file__).parents[2] / "docs" / "machine.md"


def test_alu_and_valu_offer_every_binary_operation_of_the_table_of_operations() -> None:
    assert set(ops_of("alu")) == set(BINARY)
    assert set(ops_of("valu")) == {*BINARY, "multiply_add", "vbroadcast"}


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=lambda fmt: f"{fmt.engine} {fmt.op}")
def test_formats_are_consistent(fmt) -> None:
    assert fmt.engine in ENGINES
    assert fmt.text.count("$") == len(fmt.roles)
    assert (fmt.meaning is not None) == (fmt.effect is Effect.COMPUTE)
    dests = [role for role in fmt.roles if role in DESTS]
    writing = fmt.effect in (Effect.COMPUTE, Effect.COPY, Effect.LOAD)
    assert len(dests) == writing
    assert not writing or fmt.roles[0] in DESTS
    if fmt.meaning is not None:
        assert fmt.meaning.arity == len(fmt.roles) - 1


def test_no_two_slots_of_an_engine_read_alike() -> None:
    texts = [(fmt.engine, fmt.text) for fmt in FORMATS.values()]
    assert len(set(texts)) == len(texts)


def test_reads_and_writes() -> None:
    fma = Slot("valu", "multiply_add", (0, 8, 16, 24))
    assert writes(fma, 4) == range(4)
    assert reads(fma, 4) == (range(8, 12), range(16, 20), range(24, 28))
    lane = Slot("load", "load_offset", (8, 16, 3))
    assert writes(lane, 8) == range(11, 12)
    assert reads(lane, 8) == (range(19, 20),)
    store = Slot("store", "vstore", (5, 8))
    assert len(writes(store, 8)) == 0
    assert reads(store, 8) == (range(5, 6), range(8, 16))
    assert immediate(Slot("flow", "cond_jump_rel", (3, -2))) == -2


@pytest.mark.parametrize("kind", [Slot, Bundle, Program])
def test_programs_do_not_change(kind) -> None:
    assert kind.__dataclass_params__.frozen


@pytest.mark.parametrize("kind", [Slot, Bundle])
def test_what_there_is_many_of_is_small(kind) -> None:
    assert "__slots__" in vars(kind)


def test_scratch_used() -> None:
    assert scratch_used((), 8) == 0
    assert scratch_used((Bundle((Slot("flow", "halt", ()),)), Bundle((Slot("valu", "vbroadcast", (8, 20)),))), 8) == 21
    assert scratch_used((Bundle((Slot("valu", "vbroadcast", (16, 20)),)),), 8) == 24


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=lambda fmt: f"{fmt.engine} {fmt.op}")
def test_the_documentation_shows_every_slot(fmt) -> None:
    """Its name, and how assembly writes it; the two-operand word operations share a line."""
    rows = [
        line.replace("\\|", "|") for line in DOCUMENT.read_text().splitlines() if line.startswith(f"| {fmt.engine} ")
    ]
    text = fmt.text.replace(f" {fmt.op} ", " op ") if fmt.op in BINARY else fmt.text
    assert any(f'`"{fmt.op}"`' in row and f"`{text}`" in row for row in rows)
