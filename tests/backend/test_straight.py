"""Straight-line graphs of both levels on all machines: programs do what graphs say."""

from __future__ import annotations

import pytest

from tests.backend.harness import MACHINES, SCHEDULES, builder, cycles, run, with_scratch, without
from vliwc.backend import generate
from vliwc.errors import DoesNotFit, UsageError
from vliwc.ir.graph import Access, Builder, Graph, Mode
from vliwc.ir.ops import BINARY
from vliwc.machine import load_machine

A, B, C = Access("a"), Access("b"), Access("c")
everywhere = pytest.mark.parametrize(
    ("schedule", "machine"), [(schedule, machine) for schedule in SCHEDULES for machine in MACHINES]
)


def lanes_of(machine: str) -> int:
    return load_machine(machine).lanes


def elementwise(lanes: int, groups: int = 4) -> Graph:
    """out[i] = every binary operation, muladd and select on a[i] and b[i]."""
    n = lanes * groups
    out = builder(lanes, a=(n, Mode.IN), b=(n, Mode.IN), c=(n, Mode.OUT))
    for g in range(groups):
        x = out.emit("vload", out.const(g * lanes), attr=A)
        y = out.emit("vload", out.const(g * lanes), attr=B)
        odd = out.emit("or", y, out.const(1, lanes))
        result = x
        for op in BINARY.values():
            term = out.emit(op.name, x, odd if op.can_fault else y)
            result = out.emit("xor", out.emit("shl", result, out.const(1, lanes)), term)
        result = out.emit("muladd", result, x, y)
        bit = out.emit("lt", x, y)
        result = out.emit("select", bit, result, out.emit("select", x, y, result))
        out.emit("vstore", out.const(g * lanes), result, attr=C)
    return out.finish()


@everywhere
def test_every_elementwise_operation(schedule: str, machine: str) -> None:
    run(elementwise(lanes_of(machine)), schedule, machine)


@everywhere
def test_scalar_graph(schedule: str, machine: str) -> None:
    out = builder(1, a=(4, Mode.IN), c=(4, Mode.OUT))
    x, y = (out.emit("load", out.const(k), attr=A) for k in range(2))
    total = out.emit("muladd", x, y, out.emit("select", out.emit("eq", x, y), x, out.emit("select", y, x, y)))
    for k, op in enumerate(("add", "div", "cdiv", "mod")):
        out.emit("store", out.const(k), out.emit(op, total, out.const(7)), attr=C)
    run(out.finish(), schedule, machine)


@everywhere
def test_rows_gathers_packs_and_lanes(schedule: str, machine: str) -> None:
    lanes = lanes_of(machine)
    out = builder(lanes, a=(64, Mode.IN), b=(64, Mode.INOUT), c=(64, Mode.OUT))
    x = out.emit("vload", out.const(3), attr=A)
    index = out.emit("and", x, out.const(63, lanes))
    picked = out.emit(
        "gather", out.emit("and", out.emit("add", index, out.const(5, lanes)), out.const(63, lanes)), attr=A
    )
    words = [out.emit("lane", picked, attr=lanes - 1 - k) for k in range(lanes)]
    words[0] = out.emit("add", words[0], words[1])
    words[1] = out.emit("mul", words[0], words[0])
    words[2] = out.emit("load", out.const(9), attr=A)
    packed = out.emit("pack", *words)
    again = out.emit("pack", words[1], *words[1:-1], out.const(77))
    out.emit("vstore", out.const(0), packed, attr=C)
    out.emit("vstore", out.const(lanes), out.emit("add", again, out.emit("splat", words[0])), attr=C)
    out.emit("scatter", out.emit("and", index, out.const(7, lanes)), packed, attr=Access("b", lanes))
    out.emit(
        "scatter", out.emit("pack", *(out.const(40 + k) for k in range(lanes))), again, attr=Access("b", lanes - 1)
    )
    run(out.finish(), schedule, machine)


@everywhere
def test_tables(schedule: str, machine: str) -> None:
    lanes = lanes_of(machine)
    out = builder(lanes, a=(lanes, Mode.IN), c=(lanes + 1, Mode.OUT))
    x = out.emit("vload", out.const(0), attr=A)
    five = out.emit("mod", x, out.const(5, lanes))
    out.emit("vstore", out.const(0), out.emit("table", five, attr=(3, 1, 4, 1, 5)), attr=C)
    out.emit("store", out.const(lanes), out.emit("table", out.emit("lane", five, attr=1), attr=(9,) * 5), attr=C)
    run(out.finish(), schedule, machine)


@everywhere
def test_conditional_stores_do_not_touch_memory_out_of_range(schedule: str, machine: str) -> None:
    out = builder(1, a=(4, Mode.IN), c=(4, Mode.OUT))
    for k in range(4):
        x = out.emit("load", out.const(k), attr=A)
        small = out.emit("lt", x, out.const(1 << 31))
        index = out.emit("add", out.emit("mul", x, out.emit("eq", small, out.const(0))), out.const(k))
        out.emit("store_if", small, index, x, attr=C)
    run(out.finish(), schedule, machine)


@everywhere
def test_memory_order(schedule: str, machine: str) -> None:
    """Loads and stores of one array that meet, by constant, symbolic and unknown addresses."""
    lanes = lanes_of(machine)
    out = builder(lanes, a=(64, Mode.INOUT), c=(2 * lanes, Mode.OUT))
    i = out.emit("and", out.emit("load", out.const(0), attr=A), out.const(31))
    first = out.emit("load", out.emit("add", i, out.const(1)), attr=A)
    out.emit("store", out.emit("add", i, out.const(1)), out.const(5), attr=A)
    out.emit("store", out.emit("add", i, out.const(2)), first, attr=A)
    second = out.emit("load", out.emit("add", i, out.const(1)), attr=A)
    out.emit("store", out.const(7), second, attr=A)
    out.emit("store", out.const(6), out.emit("load", i, attr=A), attr=A)
    row = out.emit("vload", out.const(2), attr=A)
    out.emit("vstore", out.const(3), row, attr=A)
    picked = out.emit("gather", out.emit("and", row, out.const(31, lanes)), attr=A)
    out.emit("scatter", out.emit("and", row, out.const(15, lanes)), picked, attr=Access("a", lanes))
    out.emit("vstore", out.const(0), out.emit("vload", out.const(1), attr=A), attr=C)
    out.emit("store", out.const(3), out.const(1), attr=A)
    out.emit("vstore", out.const(lanes), out.emit("vload", out.const(0), attr=A), attr=C)
    run(out.finish(), schedule, machine)


def test_the_list_scheduler_fills_bundles() -> None:
    graph = elementwise(8, 16)
    generated = run(graph, "list")
    assert cycles(graph, "list") <= 1.15 * generated.bounds.best
    assert cycles(graph, "naive") > 4 * generated.bounds.best


def test_programs_are_deterministic() -> None:
    graph, machine = elementwise(8, 8), load_machine("takehome")
    assert generate(graph, machine, seed=3) == generate(graph, machine, seed=3)


@pytest.mark.parametrize(
    ("missing", "machine"),
    [
        ([("load", "load_offset")], "takehome"),
        ([("load", "vload"), ("store", "vstore")], "takehome"),
        ([("valu", "vbroadcast"), ("alu", "|")], "wide"),
        ([("flow", "select"), ("flow", "vselect")], "takehome"),
        ([("flow", "select"), ("valu", "multiply_add")], "narrow"),
        ([("valu", op) for op in ("+", "-", "*", "//", "cdiv", "%", "&", "|", "^", "<<", ">>", "<", "==")], "wide"),
    ],
)
def test_poorer_machines(missing: list[tuple[str, str]], machine: str) -> None:
    poor = without(load_machine(machine), *missing)
    lanes = poor.lanes
    out = builder(lanes, a=(32, Mode.IN), c=(3 * lanes, Mode.OUT))
    x = out.emit("vload", out.const(1), attr=A)
    y = out.emit("gather", out.emit("and", x, out.const(31, lanes)), attr=A)
    s = out.emit("splat", out.emit("select", out.emit("lane", y, attr=1), out.emit("lane", x, attr=2), out.const(3)))
    z = out.emit("select", y, out.emit("muladd", x, y, s), out.emit("select", out.emit("eq", x, y), x, s))
    out.emit("vstore", out.const(0), z, attr=C)
    out.emit("vstore", out.const(lanes), y, attr=C)
    for schedule in SCHEDULES:
        run(out.graph if schedule == "list" else out.finish(), schedule, poor)


def lacking(out: Builder, *missing: tuple[str, str]) -> DoesNotFit:
    with pytest.raises(DoesNotFit) as info:
        generate(out.finish(), without(load_machine("takehome"), *missing))
    assert info.value.help
    return info.value


def test_missing_operations() -> None:
    out = builder(8, a=(8, Mode.IN), c=(8, Mode.OUT))
    x = out.emit("vload", out.const(0), attr=A)
    out.emit("vstore", out.const(0), out.emit("mul", x, x), attr=C)
    assert "no operation '*'" in lacking(out, ("alu", "*"), ("valu", "*")).message
    assert "no load operation 'load'" in lacking(out, ("load", "load"), ("load", "vload")).message
    assert "cannot do 'const'" in lacking(out, ("load", "const")).message
    out = builder(8, a=(8, Mode.IN), c=(8, Mode.OUT))
    x = out.emit("splat", out.emit("load", out.const(0), attr=A))
    out.emit("vstore", out.const(0), x, attr=C)
    assert "cannot do 'splat'" in lacking(out, ("valu", "vbroadcast"), ("alu", "|"), ("alu", "&")).message


def test_unknown_scheduler() -> None:
    with pytest.raises(UsageError, match="there is no scheduler 'magic'"):
        generate(elementwise(8), load_machine("takehome"), schedule="magic")


def test_empty_graph() -> None:
    for schedule in SCHEDULES:
        assert run(builder(8, a=(1, Mode.INOUT)).finish(), schedule).program.bundles == ()


def test_tight_scratch_slows_down_but_works() -> None:
    graph = elementwise(8, 8)
    assert cycles(graph, "list", with_scratch(256)) >= cycles(graph, "list")
    run(graph, "list", with_scratch(136))
    run(graph, "naive", with_scratch(136))
