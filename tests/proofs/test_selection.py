"""Everything that selection may choose for an operation is proven to be that operation, for all words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.backend.harness import builder, without
from vliwc.backend import generate
from vliwc.backend.evaluator import Selected
from vliwc.ir.graph import Access, Builder, Graph, Mode
from vliwc.ir.ops import OPS, PURE
from vliwc.machine import Machine, load_machine, machine_names
from vliwc.proofs.graphs import NotEqual, prove_equal, prove_selected
from vliwc.transform.simplify import simplify

MACHINES = {name: replace(load_machine(name), lanes=4) for name in machine_names()}
"""With few lanes: selection treats all lanes alike, and proofs take less time."""
NO_FLOW = without(MACHINES["takehome"], ("flow", "select"), ("flow", "vselect"), ("valu", "multiply_add"))
NO_ROWS = without(MACHINES["takehome"], ("load", "vload"), ("store", "vstore"), ("load", "load_offset"))


def read(b: Builder, k: int, wide: bool, array: str = "a") -> int:
    """Words k … of an array: a vector or a word."""
    return b.emit("vload" if wide else "load", b.const(k), attr=Access(array))


def write(b: Builder, value: int, wide: bool) -> Graph:
    b.emit("vstore" if wide else "store", b.const(0), value, attr=Access("r"))
    return b.finish()


def operation(op: str, wide: bool, lanes: int, bit: bool = False) -> Graph:
    """One operation on unknown words; with `bit`, its first operand is known to be a bit."""
    b = builder(lanes, a=(4 * lanes, Mode.IN), r=(lanes, Mode.OUT))
    args = [read(b, k * lanes, wide) for k in range(OPS[op].arity)]
    if bit:
        args[0] = b.emit("lt", args[0], read(b, 3 * lanes, wide))
    return write(b, b.emit(op, *args), wide)


def prove_all_forms(graph: Graph, machine: Machine) -> int:
    """Proves each form of every operation (the k-th of each at once). Returns the greatest number of forms."""
    selected = generate(graph, machine, schedule="naive").selected
    most = max(len(o.forms) for problem in selected.problems for o in problem.operations)
    for k in range(most):
        prove_selected(graph, selected, lambda count, k=k: min(k, count - 1))
    return most


@pytest.mark.parametrize("machine", [*MACHINES.values(), NO_FLOW], ids=[*MACHINES, "no flow"])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("op", PURE)
def test_every_form_of_every_operation(op: str, wide: bool, machine: Machine) -> None:
    most = prove_all_forms(operation(op, wide, machine.lanes), machine)
    assert most > 1 or not wide or machine is not MACHINES["takehome"] or op == "select"


@pytest.mark.parametrize("machine", [*MACHINES.values(), NO_FLOW], ids=[*MACHINES, "no flow"])
@pytest.mark.parametrize("wide", [False, True])
def test_selection_by_a_bit_is_a_blend(wide: bool, machine: Machine) -> None:
    assert prove_all_forms(operation("select", wide, machine.lanes, bit=True), machine) > 1


def _made(graph: Graph, machine: Machine) -> set[tuple[tuple[str, str, int], ...]]:
    """The forms of the operation that the last store takes: the engine, operation and slots of each step."""
    (problem,) = generate(graph, machine, schedule="naive").selected.problems
    stored = next(o for o in reversed(problem.operations) if any(s.engine == "store" for f in o.forms for s in f))
    chosen = next(o for o in problem.operations if o.writes in stored.reads and o.writes >= 0 and len(o.reads) > 1)
    return {tuple((s.engine, s.op, s.slots) for s in form) for form in chosen.forms}


@pytest.mark.parametrize("machine", [*MACHINES.values(), NO_FLOW], ids=[*MACHINES, "no flow"])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(("zero", "bit"), [(1, True), (2, True), (2, False)])
def test_selection_against_zero_is_a_product(zero: int, bit: bool, wide: bool, machine: Machine) -> None:
    lanes = machine.lanes
    b = builder(lanes, a=(3 * lanes, Mode.IN), r=(lanes, Mode.OUT))
    word = read(b, 0, wide)
    args = [b.emit("lt", word, read(b, lanes, wide)) if bit else word, read(b, 2 * lanes, wide)]
    args.insert(zero, b.const(0, lanes if wide else 1))
    graph = write(b, b.emit("select", *args), wide)
    forms = prove_all_forms(graph, machine)
    if not bit and machine.runs("flow", "vselect" if wide else "select"):
        return  # which chooses by words as well as by bits
    assert forms > 1
    engine, slots = ("valu", 1) if wide else ("alu", 1)
    product = [(engine, "*", slots)] + [(engine, "-", slots)] * (zero == 1)
    assert tuple(product) in _made(graph, machine)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_where_flow_has_no_vectors_alu_may_select_them(machine: Machine) -> None:
    forms = _made(operation("select", True, machine.lanes, bit=True), machine)
    by_lanes = tuple(("alu", op, machine.lanes) for op in ("-", "*", "+"))
    assert (by_lanes in forms) == (not machine.runs("flow", "vselect"))


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_choices_between_shared_words(machine: Machine) -> None:
    lanes, count = machine.lanes, 5
    b = builder(lanes, a=(count * lanes, Mode.IN), w=(2, Mode.IN), r=(2 * count * lanes, Mode.OUT))
    shared = [b.emit("splat", b.emit("load", b.const(k), attr=Access("w"))) for k in range(2)]
    numbers = [b.const(9, lanes), b.const(4, lanes)]
    for k in range(count):
        bit = b.emit("and", read(b, k * lanes, True), b.const(1, lanes))
        for position, arms in enumerate((shared, numbers)):
            at = b.const((2 * k + position) * lanes)
            b.emit("vstore", at, b.emit("select", bit, *arms), attr=Access("r"))
    graph = b.finish()
    assert prove_all_forms(graph, machine) > 1
    made = {s.op for p in generate(graph, machine).selected.problems for o in p.operations for f in o.forms for s in f}
    assert ({"vselect", "multiply_add"} <= made) == machine.runs("flow", "vselect")


@pytest.mark.parametrize(
    "machine", [MACHINES["takehome"], MACHINES["narrow"], NO_ROWS], ids=["takehome", "narrow", "no rows"]
)
def test_layout_and_memory(machine: Machine) -> None:
    lanes = machine.lanes
    b = builder(lanes, a=(2 * lanes, Mode.IN), i=(lanes, Mode.IN), r=(lanes, Mode.INOUT))
    indices = b.emit("and", read(b, 0, True, "i"), b.const(lanes - 1, lanes))
    gathered = b.emit("gather", indices, attr=Access("a"))
    spread = b.emit("splat", b.emit("lane", gathered, attr=1))
    packed = b.emit("pack", *(b.emit("lane", gathered, attr=lanes - 1 - k) for k in range(lanes)))
    b.emit("scatter", indices, b.emit("add", b.emit("xor", spread, packed), gathered), attr=Access("r", lanes - 1))
    word = b.emit("load", b.const(2), attr=Access("r"))
    b.emit("store_if", b.emit("lane", indices, attr=0), b.const(1), word, attr=Access("r"))
    prove_all_forms(b.finish(), machine)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_constants_made_of_others(machine: Machine) -> None:
    lanes = machine.lanes
    numbers = (7, 12, 5, 84, 19, 0, 1, 3 << 7, 0xFFFFFFF9, 0x80000000, 0x1000, 12 ^ 7, 2, 6)
    b = builder(lanes, r=(len(numbers), Mode.OUT), v=(lanes, Mode.OUT))
    for k, number in enumerate(numbers):
        b.emit("store", b.const(k), b.const(number), attr=Access("r"))
    b.emit("vstore", b.const(0), b.const(5, lanes), attr=Access("v"))
    assert prove_all_forms(b.finish(), machine) > 2


@pytest.mark.parametrize("size", [2, 3, 5, 8, 11])
def test_tables_become_selections(size: int) -> None:
    b = builder(4, a=(1, Mode.IN), r=(1, Mode.OUT))
    index = b.emit("mod", read(b, 0, False), b.const(size))
    entries = tuple(k * k * 0x01234567 & 0xFFFFFFFF for k in range(size))
    graph = write(b, b.emit("table", index, attr=entries), False)
    prove_all_forms(graph, MACHINES["takehome"])
    prove_all_forms(graph, NO_FLOW)


def test_loops() -> None:
    lanes = MACHINES["takehome"].lanes
    b = builder(lanes, a=(8, Mode.IN), r=(lanes, Mode.INOUT))
    inits = (b.const(3), read(b, 0, True, "r"))
    index, (x, y) = b.begin_loop((1, lanes))
    word = b.emit("load", index, attr=Access("a"))
    yields = (b.emit("add", x, word), b.emit("xor", y, b.emit("splat", x)))
    total, vector = b.end_loop("for", (1, 7, 2), index, (x, y), inits, yields)
    b.emit("vstore", b.const(0), b.emit("add", vector, b.emit("splat", total)), attr=Access("r"))
    prove_all_forms(b.finish(), MACHINES["takehome"])


def broken(selected: Selected, op: str, other: str) -> Selected:
    """The same with another operation in place of one."""
    (problem,) = selected.problems
    operations = [
        replace(o, forms=tuple(tuple(replace(s, op=other) if s.op == op else s for s in f) for f in o.forms))
        for o in problem.operations
    ]
    return replace(selected, problems=(replace(problem, operations=operations),))


def test_wrong_forms_are_refuted() -> None:
    graph = operation("select", True, 4, bit=True)
    selected = generate(graph, MACHINES["takehome"]).selected
    prove_selected(graph, selected, lambda count: count - 1)
    with pytest.raises(NotEqual, match="they differ for") as refuted:
        prove_selected(graph, broken(selected, "-", "+"), lambda count: count - 1)
    assert refuted.value.words


def test_a_replacement_that_faults_is_refuted() -> None:
    graph = operation("or", False, 4)
    selected = generate(graph, MACHINES["takehome"]).selected
    with pytest.raises(NotEqual):
        prove_selected(graph, broken(selected, "|", "//"), lambda _: 0)


def test_graphs_that_differ_are_refuted() -> None:
    prove_equal(operation("add", True, 8), simplify(operation("add", True, 8)))
    with pytest.raises(NotEqual):
        prove_equal(operation("add", True, 8), operation("or", True, 8))


def test_what_z3_cannot_decide_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vliwc.proofs.graphs._TIMEOUT", 1)
    b = builder(1, a=(2, Mode.IN), r=(1, Mode.OUT))
    x, y = (read(b, k, False) for k in range(2))
    left = write(b, b.emit("mod", x, y), False)
    b = builder(1, a=(2, Mode.IN), r=(1, Mode.OUT))
    x, y = (read(b, k, False) for k in range(2))
    right = write(b, b.emit("sub", x, b.emit("mul", b.emit("div", x, y), y)), False)
    with pytest.raises(NotEqual, match="z3 gives up"):
        prove_equal(left, right)
