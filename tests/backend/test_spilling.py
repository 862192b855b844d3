"""Graphs that need more scratch than there is."""

from __future__ import annotations

import pytest

from tests.backend.harness import SCHEDULES, builder, run, with_scratch
from vliwc.backend import generate
from vliwc.errors import DoesNotFit
from vliwc.ir.graph import Access, Graph, Mode
from vliwc.source import Span

A, B, C = Access("a"), Access("b"), Access("c")


def reversal(rows: int, dead: int, *, read_dead: bool = False) -> Graph:
    """All rows are computed before the first is stored, each from its own constant, and read twice."""
    out = builder(8, a=(8 * rows, Mode.IN), b=(max(dead, 1), Mode.CONSUMED), c=(8 * rows + 1, Mode.OUT))
    span = Span(12, 1, 12, 9)
    extra = out.emit("load", out.const(0), attr=B) if read_dead else out.const(3)
    made = []
    for k in range(rows):
        row = out.emit("vload", out.const(8 * k), attr=A, span=span)
        made.append(out.emit("mul", row, out.const(2 * k + 1, 8), span=span))
    total = made[0]
    for row in made[1:]:
        total = out.emit("xor", total, row)
    for k, row in enumerate(made):
        out.emit("vstore", out.const(8 * (rows - 1 - k)), out.emit("sub", row, total), attr=C)
    out.emit("store", out.const(8 * rows), extra, attr=C)
    return out.finish()


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("read_dead", [False, True])
def test_values_wait_in_dead_memory(schedule: str, read_dead: bool) -> None:
    graph = reversal(40, 400, read_dead=read_dead)
    generated = run(graph, schedule, with_scratch(160))
    assert generated.stats.slots["store"] > 41, "nothing was spilled"
    assert generated.program.scratch_words <= 160


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_scalars_wait_in_dead_memory(schedule: str) -> None:
    out = builder(8, a=(60, Mode.IN), b=(60, Mode.CONSUMED), c=(60, Mode.OUT))
    words = [out.emit("load", out.const(k), attr=A) for k in range(60)]
    total = words[0]
    for w in words[1:]:
        total = out.emit("add", total, w)
    for k, w in enumerate(words):
        out.emit("store", out.const(k), out.emit("xor", w, total), attr=C)
    run(out.finish(), schedule, with_scratch(48))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_constants_are_made_again(schedule: str) -> None:
    """Without dead memory: thirty constant vectors, each used for two rows far apart."""
    out = builder(8, a=(16, Mode.IN), c=(16, Mode.OUT))
    for half in range(2):
        x = out.emit("vload", out.const(8 * half), attr=A)
        for k in range(30):
            x = out.emit("xor" if k % 2 else "mul", x, out.const(1000 + k, 8))
        out.emit("vstore", out.const(8 * half), x, attr=C)
    run(out.finish(), schedule, with_scratch(128))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_error_without_dead_memory(schedule: str) -> None:
    with pytest.raises(DoesNotFit) as info:
        generate(reversal(40, 0), with_scratch(160), schedule=schedule)
    assert "words of scratch at a time at line 12" in info.value.message
    assert "has 160 words" in info.value.message
    assert info.value.help


def test_dead_memory_that_a_later_loop_reads_is_not_dead() -> None:
    out = builder(8, a=(320, Mode.IN), b=(400, Mode.CONSUMED), c=(328, Mode.OUT))
    made = [out.emit("vload", out.const(8 * k), attr=A) for k in range(40)]
    total = made[0]
    for row in made[1:]:
        total = out.emit("xor", total, row)
    for k, row in enumerate(made):
        out.emit("vstore", out.const(8 * k), out.emit("sub", row, total), attr=C)
    i, (x,) = out.begin_loop((1,))
    step = out.emit("add", x, out.emit("load", i, attr=B))
    (result,) = out.end_loop("for", (0, 400, 1), i, (x,), (out.const(0),), (step,))
    out.emit("store", out.const(320), result, attr=C)
    with pytest.raises(DoesNotFit):
        generate(out.finish(), with_scratch(160))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_constants_move_into_loops(schedule: str) -> None:
    """Forty constant vectors in two loops, one in the other, with 240 words of scratch."""
    out = builder(8, a=(64, Mode.IN), c=(64, Mode.OUT))
    start = out.emit("vload", out.const(0), attr=A)
    i, (x,) = out.begin_loop((8,))
    y = x
    for k in range(20):
        y = out.emit("xor" if k % 2 else "mul", y, out.const(1001 + 2 * k, 8))
    j, (inner,) = out.begin_loop((8,))
    z = inner
    for k in range(20):
        z = out.emit("add" if k % 2 else "mul", z, out.const(3001 + 2 * k, 8))
    (inside,) = out.end_loop("for", (0, 3, 1), j, (inner,), (y,), (z,))
    out.emit("vstore", out.emit("mul", i, out.const(8)), inside, attr=C)
    out.end_loop("for", (0, 8, 1), i, (x,), (start,), (out.emit("add", inside, out.const(7, 8)),))
    run(out.finish(), schedule, with_scratch(240))


def test_error_with_loops() -> None:
    with pytest.raises(DoesNotFit):
        generate(carried(12), with_scratch(80))


def carried(count: int) -> Graph:
    out = builder(8, a=(8 * count, Mode.IN), c=(8 * count, Mode.OUT))
    inits = tuple(out.emit("vload", out.const(8 * k), attr=A) for k in range(count))
    i, rows = out.begin_loop((8,) * count)
    for k, r in enumerate(out.end_loop("for", (0, 3, 1), i, rows, inits, (*rows[1:], rows[0]))):
        out.emit("vstore", out.const(8 * k), r, attr=C)
    return out.finish()
