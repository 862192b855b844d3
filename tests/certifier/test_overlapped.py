"""Loops that work on several iterations at once: proven, and every way to get one wrong is found."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.backend.harness import builder, image_of
from tests.backend.loops import random_loop, streaming
from tests.backend.test_loops import fibonacci
from tests.backend.test_pipelining import rotating, shifting
from vliwc.backend import Generated, generate
from vliwc.backend.certifier import Crossing, Ghost, LoopWitness, Pipeline, Place, ProofFailed, Witness, certify
from vliwc.backend.certifier.addresses import Addresses
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.iterations import Body, Iterations
from vliwc.backend.certifier.meaning import Meaning
from vliwc.errors import VliwcError
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Access, Graph, Mode
from vliwc.machine import Program, load_machine, simulate

MACHINE = load_machine("takehome")
GRAPHS = {"stream": streaming(8).finish(), "fibonacci": fibonacci(40), "memory": shifting(5, 1)}


@cache
def overlapped(name: str) -> tuple[Graph, Generated, Pipeline]:
    """A graph, its program, and the evidence for its overlapped loop."""
    generated = generate(GRAPHS[name], MACHINE)
    (w,) = generated.witness.loops
    assert w.pipeline is not None
    return GRAPHS[name], generated, w.pipeline


def prove(name: str, pipeline: Pipeline | None = None, program: Program | None = None, **changes: int) -> None:
    """Certifies a program of `GRAPHS` with another witness, or another program with its witness."""
    graph, generated, own = overlapped(name)
    (w,) = generated.witness.loops
    w = replace(w, pipeline=pipeline or own, **changes)
    certify(graph, program or generated.program, MACHINE, Witness((w,)))


def swapped(pipeline: Pipeline, a: int, b: int) -> Pipeline:
    """The evidence with the places of two crossings exchanged."""
    crossings = list(pipeline.crossings)
    crossings[a], crossings[b] = (
        replace(crossings[a], place=crossings[b].place),
        replace(crossings[b], place=crossings[a].place),
    )
    return replace(pipeline, crossings=tuple(crossings))


@pytest.mark.parametrize("name", GRAPHS)
def test_overlapped_loops_are_proven(name: str) -> None:
    prove(name)


@pytest.mark.parametrize("name", GRAPHS)
def test_wrong_iterations_are_found(name: str) -> None:
    _, _, pipeline = overlapped(name)
    for k, crossing in enumerate(pipeline.crossings):
        for back in (crossing.back - 1, crossing.back + 1):
            wrong = [*pipeline.crossings]
            wrong[k] = replace(crossing, back=back)
            with pytest.raises(ProofFailed):
                prove(name, replace(pipeline, crossings=tuple(wrong)))


@pytest.mark.parametrize("name", GRAPHS)
def test_swapped_copies_are_found(name: str) -> None:
    _, _, pipeline = overlapped(name)
    for a in range(len(pipeline.crossings)):
        for b in range(a):
            if pipeline.crossings[a].place.width == pipeline.crossings[b].place.width:
                with pytest.raises(ProofFailed):
                    prove(name, swapped(pipeline, a, b))


@pytest.mark.parametrize("name", GRAPHS)
def test_each_slot_of_prologue_kernel_and_epilogue_counts(name: str) -> None:
    """Leaving out a store, or a jump, anywhere, is found; so is anything else, unless the program stays right."""
    graph, generated, _ = overlapped(name)
    bundles = generated.program.bundles
    for number, bundle in enumerate(bundles):
        for k, slot in enumerate(bundle.slots):
            rest = bundle.slots[:k] + bundle.slots[k + 1 :]
            damaged = replace(bundle, slots=rest, empty_engines=() if rest else ("alu",))
            program = replace(generated.program, bundles=(*bundles[:number], damaged, *bundles[number + 1 :]))
            if slot.engine == "store" or slot.op == "cond_jump":
                with pytest.raises(ProofFailed):
                    prove(name, program=program)
            else:
                _right_or_refused(graph, program, generated.witness)


def _right_or_refused(graph: Graph, program: Program, witness: Witness) -> bool:
    """Was a damaged program accepted? Then it must do what the graph says."""
    try:
        certify(graph, program, MACHINE, witness)
    except ProofFailed:
        return False
    for seed in range(2):
        image = image_of(graph, seed)
        memory = np.asarray(simulate(program, MACHINE, image).memory)
        expected = evaluate(graph, image)
        for a in graph.arrays.values():
            if a.mode is not Mode.CONSUMED:
                assert (memory[a.base : a.end] == expected[a.base : a.end]).all()
    return True


def test_operands_of_random_slots_count() -> None:
    """Random damage to operands: refused, or harmless."""
    rng = random.Random(5)
    accepted = 0
    for seed in (1, 4, 12, 23):
        graph = random_loop(seed, MACHINE.lanes)
        generated = generate(graph, MACHINE)
        bundles = generated.program.bundles
        for _ in range(40):
            number = rng.randrange(len(bundles))
            slots = list(bundles[number].slots)
            if not slots:
                continue
            k = rng.randrange(len(slots))
            operands = list(slots[k].operands)
            position = rng.randrange(len(operands))
            old = operands[position]
            assert isinstance(old, int)
            operands[position] = max(0, old + rng.choice((-8, -1, 1, 8)))
            slots[k] = replace(slots[k], operands=tuple(operands))
            damaged = replace(bundles[number], slots=tuple(slots))
            program = replace(generated.program, bundles=(*bundles[:number], damaged, *bundles[number + 1 :]))
            try:
                accepted += _right_or_refused(graph, program, generated.witness)
            except VliwcError as fault:
                pytest.fail(f"seed {seed}, bundle {number}, slot {k}: accepted, but {fault}")
    assert accepted < 40, "most damage is found"


def _first(pipeline: Pipeline, **changes: int) -> Pipeline:
    """The evidence with a change of its first crossing."""
    first, *others = pipeline.crossings
    return replace(pipeline, crossings=(replace(first, **changes), *others))  # type: ignore[arg-type]


WRONG = {
    "stage missing": (lambda p: replace(p, stages=()), "a stage for each store"),
    "stage below 0": (lambda p: replace(p, stages=tuple((n, -1) for n, _ in p.stages)), "a stage for each store"),
    "stages later": (lambda p: replace(p, stages=tuple((n, 99) for n, _ in p.stages)), "comes to its last stage"),
    "stages exchanged": (lambda p: replace(p, stages=tuple((n, 3 - s) for n, s in p.stages)), "done before"),
    "stages one later": (lambda p: replace(p, stages=tuple((n, s + 1) for n, s in p.stages)), "no word holds it"),
    "stages two later": (
        lambda p: replace(p, stages=tuple((n, s + 2) for n, s in p.stages)),
        "comes to its last stage",
    ),
    "no stage for the store": (lambda p: replace(p, stages=p.stages[:-1]), "does not have a stage for each store"),
    "stages one earlier": (
        lambda p: replace(p, stages=tuple((n, s - 1) for n, s in p.stages)),
        r"b\[8\] .* is wrong on entry to the loop at bundle 6",
    ),
    "one copy": (lambda p: replace(p, copies=1), "cannot be shown to be in the memory image"),
    "two copies": (lambda p: replace(p, copies=2), "word 0 does not hold %0 of 3 iterations back after a trip"),
    "six copies": (lambda p: replace(p, copies=6), "not proven to be taken 15 times"),
    "one trip": (lambda p: replace(p, copies=96), "not proven to be taken 0 times"),
    "less than a trip": (lambda p: replace(p, copies=97), "trips of 97 beats, which 96 beats do not fill"),
    "fewer peeled": (lambda p: replace(p, peeled=3), "trips of 3 beats, which 97 beats do not fill"),
    "more peeled": (lambda p: replace(p, peeled=7), "word 0 does not hold %0 of 3 iterations back on entry"),
    "one too far back": (lambda p: _first(p, back=5), "have not begun"),
    "as far back as there is": (lambda p: _first(p, back=4), "word 0 does not hold %0 of 4 iterations back on entry"),
    "another offset": (lambda p: _first(p, offset=801), "iterations back on entry: expected 809, found 808"),
    "no copies": (lambda p: replace(p, copies=0), "do not fill"),
    "more copies": (lambda p: replace(p, copies=p.copies + 1), "do not fill|not proven|holds|needed"),
    "too many peeled": (lambda p: replace(p, peeled=1000), "do not fill"),
    "future": (lambda p: replace(p, crossings=(Crossing(3, 0, Place(0), 0),)), "have not begun"),
    "width": (
        lambda p: replace(p, crossings=(replace(p.crossings[0], place=Place(0, 3)), *p.crossings[1:])),
        r"has 3 words for",
    ),
    "no such scratch": (lambda p: replace(p, crossings=(Crossing(3, 1, Place(9999), 0),)), "does not exist"),
    "no such value": (lambda p: replace(p, crossings=(Crossing(-7, 1, Place(0), 0),)), "has no value"),
    "crossing left out": (lambda p: replace(p, crossings=p.crossings[1:]), "no word holds it|holds nothing|not proven"),
    "ghost that loads": (lambda p: replace(p, ghosts=(Ghost("load", (0,), None, 1),)), "cannot be added"),
    "ghost that divides": (lambda p: replace(p, ghosts=(Ghost("div", (0, 0), None, 1),)), "cannot be added"),
    "ghost of the future": (lambda p: replace(p, ghosts=(Ghost("add", (10**6, 0), None, 1),)), "cannot be added"),
    "ghost with too few operands": (lambda p: replace(p, ghosts=(Ghost("add", (0,), None, 1),)), "cannot be added"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_evidence_is_refused(case: str) -> None:
    change, message = WRONG[case]
    _, _, pipeline = overlapped("stream")
    with pytest.raises(ProofFailed, match=message):
        prove("stream", change(pipeline))


def test_ghosts_must_compute_what_they_stand_for() -> None:
    graph, _, pipeline = overlapped("stream")
    product = next(n for n in graph.walk() if graph.op[n] == "muladd")
    a, b, c = graph.args[product]
    first = len(graph)
    right = (Ghost("mul", (a, b), None, 8), Ghost("add", (first, c), None, 8))
    prove("stream", replace(pipeline, ghosts=right, equals=((product, first + 1),)))
    wrong = (Ghost("mul", (a, c), None, 8), Ghost("add", (first, c), None, 8))
    with pytest.raises(ProofFailed, match="does not compute what"):
        prove("stream", replace(pipeline, ghosts=wrong, equals=((product, first + 1),)))
    load = next(n for n in graph.walk() if graph.op[n] == "vload")
    with pytest.raises(ProofFailed, match="does not compute what"):
        prove("stream", replace(pipeline, ghosts=right, equals=((load, first + 1),)))


def test_trips_of_an_overlapped_loop() -> None:
    graph, generated, pipeline = overlapped("stream")
    (w,) = generated.witness.loops
    others = replace(w, pipeline=replace(pipeline, peeled=7, copies=3))
    assert (repr(w.trips(graph)), repr(others.trips(graph))) == ("32", "31")  # whole numbers: 96 // 3 and 93 // 3
    assert LoopWitness(w.node, 0, 0).trips(graph) == 100


def around(graph: Graph, least: int) -> tuple[Iterations, int]:
    """The iterations of a graph's loop after the first `least` ones, and its first carried value."""
    n = next(n for n in graph.walk() if graph.op[n] == "for")
    algebra = Algebra()
    meaning = Meaning(graph, algebra, Addresses(algebra, graph))
    return Iterations(meaning, Body(graph, n), algebra.symbol("index"), least), graph.loop(n).carried[0]


def test_values_are_not_looked_for_without_end() -> None:
    iterations, carried = around(rotating(), 10**6)
    with pytest.raises(ProofFailed, match="cannot be traced back"):
        iterations.words(carried, 0)
    iterations, carried = around(rotating(), 0)
    with pytest.raises(ProofFailed, match="before the first"):
        iterations.words(carried, 0)
    out = builder(1, c=(8, Mode.OUT))
    i, (x,) = out.begin_loop((1,))
    out.end_loop("for", (0, 9, 1), i, (x,), (out.const(1),), (out.emit("mul", x, out.const(3)),))
    iterations, carried = around(out.finish(), 10**6)
    with pytest.raises(ProofFailed, match="depends on all iterations before"):
        iterations.words(carried, 0)


def test_only_innermost_loops_can_be_overlapped() -> None:
    out = builder(1, c=(8, Mode.OUT))
    i, _ = out.begin_loop()
    j, _ = out.begin_loop()
    out.emit("store", j, i, attr=Access("c"))
    out.end_loop("for", (0, 8, 1), j)
    out.end_loop("for", (0, 3, 1), i)
    graph = out.finish()
    with pytest.raises(ProofFailed, match="with another one in it"):
        Body(graph, next(n for n in graph.walk() if graph.op[n] == "for"))
