"""Machine loops: nests, carried values, latencies."""

from __future__ import annotations

import pytest

from tests.backend.harness import MACHINES, SCHEDULES, builder, run
from vliwc.ir.graph import Access, Graph, Mode
from vliwc.machine import load_machine

A, C = Access("a"), Access("c")
everywhere = pytest.mark.parametrize(
    ("schedule", "machine"), [(schedule, machine) for schedule in SCHEDULES for machine in MACHINES]
)


def fibonacci(trips: int) -> Graph:
    """Carried values that swap, one that is kept, one that takes a constant, and two that get the same word."""
    out = builder(1, a=(8, Mode.IN), c=(8, Mode.OUT))
    inits = tuple(out.emit("load", out.const(k), attr=A) for k in range(6))
    index, (a, b, kept, constant, p, q) = out.begin_loop((1,) * 6)
    total = out.emit("add", a, out.emit("xor", b, index))
    both = out.emit("mul", p, out.emit("add", q, kept))
    yields = (b, total, kept, out.const(42), both, both)
    results = out.end_loop("for", (3, 3 + 2 * trips, 2), index, (a, b, kept, constant, p, q), inits, yields)
    for k, r in enumerate(results):
        out.emit("store", out.const(k), r, attr=C)
    return out.finish()


@everywhere
@pytest.mark.parametrize("trips", [1, 2, 7])
def test_carried_values(schedule: str, machine: str, trips: int) -> None:
    run(fibonacci(trips), schedule, machine)


@everywhere
def test_rotation_of_vectors(schedule: str, machine: str) -> None:
    lanes = load_machine(machine).lanes
    out = builder(lanes, a=(3 * lanes, Mode.IN), c=(4 * lanes, Mode.OUT))
    inits = tuple(out.emit("vload", out.const(k * lanes), attr=A) for k in range(3))
    index, (x, y, z) = out.begin_loop((lanes,) * 3)
    mixed = out.emit("muladd", x, y, out.emit("splat", index))
    results = out.end_loop("for", (0, 5, 1), index, (x, y, z), inits, (y, z, mixed))
    for k, r in enumerate(results):
        out.emit("vstore", out.const(k * lanes), r, attr=C)
    out.emit("vstore", out.const(3 * lanes), out.emit("splat", out.emit("lane", results[0], attr=1)), attr=C)
    run(out.finish(), schedule, machine)


@everywhere
def test_in_place_updates_that_would_read_what_they_wrote(schedule: str, machine: str) -> None:
    """The next value is a splat of a lane of the old one, and a select among the old one's lanes."""
    lanes = load_machine(machine).lanes
    out = builder(lanes, a=(2 * lanes, Mode.IN), c=(2 * lanes, Mode.OUT))
    inits = tuple(out.emit("vload", out.const(k * lanes), attr=A) for k in range(2))
    index, (x, y) = out.begin_loop((lanes,) * 2)
    spread = out.emit("splat", out.emit("lane", x, attr=lanes - 1))
    bit = out.emit("eq", x, spread)
    chosen = out.emit("select", bit, out.emit("splat", index), y)
    results = out.end_loop("for", (1, 4, 1), index, (x, y), inits, (out.emit("add", spread, chosen), chosen))
    for k, r in enumerate(results):
        out.emit("vstore", out.const(k * lanes), r, attr=C)
    run(out.finish(), schedule, machine)


@everywhere
def test_nested_loops(schedule: str, machine: str) -> None:
    """for i: for j: c[i] += a[j] * i, with a value carried through both loops and one after the other."""
    out = builder(1, a=(5, Mode.IN), c=(4, Mode.INOUT))
    start = out.emit("load", out.const(0), attr=A)
    i, (outer,) = out.begin_loop((1,))
    j, (inner, sums) = out.begin_loop((1, 1))
    word = out.emit("load", j, attr=A)
    step = out.emit("muladd", word, i, inner)
    inside = out.end_loop(
        "for", (0, 5, 1), j, (inner, sums), (outer, out.const(0)), (step, out.emit("xor", sums, step))
    )
    out.emit("store", i, out.emit("add", inside[1], out.emit("load", i, attr=C)), attr=C)
    k, (second,) = out.begin_loop((1,))
    after = out.end_loop("for", (2, 4, 1), k, (second,), (inside[0],), (out.emit("add", second, k),))
    (last,) = out.end_loop("for", (0, 3, 1), i, (outer,), (start,), (after[0],))
    out.emit("store", out.const(3), last, attr=C)
    generated = run(out.finish(), schedule, machine)
    assert len(generated.witness.loops) == 3
    assert generated.stats.loops == 3


@everywhere
def test_histogram_in_a_loop(schedule: str, machine: str) -> None:
    out = builder(1, a=(40, Mode.IN), c=(8, Mode.INOUT))
    i, _ = out.begin_loop()
    bucket = out.emit("and", out.emit("load", i, attr=A), out.const(7))
    out.emit("store", bucket, out.emit("add", out.emit("load", bucket, attr=C), out.const(1)), attr=C)
    twice = out.emit("and", out.emit("mul", bucket, out.const(3)), out.const(7))
    out.emit("store", twice, out.emit("xor", out.emit("load", bucket, attr=C), i), attr=C)
    out.end_loop("for", (0, 40, 1), i)
    run(out.finish(), schedule, machine)


def test_initial_value_used_again_after_the_loop() -> None:
    out = builder(1, a=(2, Mode.IN), c=(3, Mode.OUT))
    start = out.emit("load", out.const(0), attr=A)
    i, (x,) = out.begin_loop((1,))
    (result,) = out.end_loop("for", (0, 3, 1), i, (x,), (start,), (out.emit("add", x, i),))
    out.emit("store", out.const(0), result, attr=C)
    out.emit("store", out.const(1), start, attr=C)
    for schedule in SCHEDULES:
        run(out.graph if schedule == "list" else out.finish(), schedule)


def test_loop_in_a_loop_clobbers_no_outer_value() -> None:
    """An outer value that only the inner loop starts from is needed again in the next outer iteration."""
    out = builder(1, a=(2, Mode.IN), c=(3, Mode.OUT))
    start = out.emit("load", out.const(1), attr=A)
    i, _ = out.begin_loop()
    j, (x,) = out.begin_loop((1,))
    (result,) = out.end_loop("for", (0, 3, 1), j, (x,), (start,), (out.emit("add", x, out.const(9)),))
    out.emit("store", i, result, attr=C)
    out.end_loop("for", (0, 3, 1), i)
    for schedule in SCHEDULES:
        run(out.graph if schedule == "list" else out.finish(), schedule)


def test_bounds_count_trips() -> None:
    few, many = run(fibonacci(10)).bounds, run(fibonacci(1000)).bounds
    assert 50 * few.best < many.best < 200 * few.best
