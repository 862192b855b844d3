"""What the backend's tests share: graphs made by hand, and the comparison of a program with its graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.effort import little
from vliwc.backend import Generated, generate
from vliwc.backend.certifier import certify
from vliwc.backend.schedulers.effort import Effort
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Array, Builder, Graph, Mode
from vliwc.ir.verifier import verify
from vliwc.machine import Machine, load_machine, simulate

SCHEDULES = ("naive", "list", "cpsat")
MACHINES = ("takehome", "narrow", "wide")


def builder(lanes: int = 8, **arrays: tuple[int, Mode]) -> Builder:
    """A builder for a graph with the given arrays (length, mode), which stand one after the other."""
    placed, base = {}, 0
    for name, (length, mode) in arrays.items():
        placed[name] = Array(name, base, length, mode)
        base += length
    return Builder(Graph("test", placed, base, (), lanes))


def image_of(graph: Graph, seed: int = 0) -> np.ndarray:
    """Random words within the arrays' ranges, with the header in front."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 1 << 32, graph.image_words, dtype=np.uint64).astype(np.uint32)
    image[: len(graph.header)] = graph.header
    for a in graph.arrays.values():
        image[a.base : a.end] = rng.integers(a.lo, a.hi + 1, a.length, dtype=np.uint64)
    return image


def run(
    graph: Graph,
    schedule: str = "list",
    machine: Machine | str = "takehome",
    image: np.ndarray | None = None,
    effort: Effort | None = None,
    **more: int,
) -> Generated:
    """Generates, certifies and simulates; fails unless the simulated memory is what the evaluator says."""
    machine = load_machine(machine) if isinstance(machine, str) else machine
    verify(graph)
    generated = generate(graph, machine, schedule=schedule, effort=effort or little(schedule), **more)
    image = image_of(graph) if image is None else image
    expected = evaluate(graph, image)
    result = simulate(generated.program, machine, image)
    memory = np.asarray(result.memory)
    for a in graph.arrays.values():
        if a.mode is not Mode.CONSUMED:
            assert (memory[a.base : a.end] == expected[a.base : a.end]).all(), a.name
    assert (memory[: len(graph.header)] == expected[: len(graph.header)]).all()
    assert generated.bounds.best <= result.cycles
    certify(graph, generated.program, machine, generated.witness)
    return generated


def cycles(graph: Graph, schedule: str = "list", machine: Machine | str = "takehome") -> int:
    """The cycles of a checked run."""
    machine = load_machine(machine) if isinstance(machine, str) else machine
    return simulate(run(graph, schedule, machine).program, machine, image_of(graph)).cycles


def with_scratch(words: int, name: str = "takehome") -> Machine:
    """A machine with another amount of scratch."""
    return replace(load_machine(name), scratch_words=words)


def without(machine: Machine, *ops: tuple[str, str]) -> Machine:
    """A machine that lacks some (engine, operation) pairs."""
    engines = {
        name: replace(e, ops=e.ops - {op for engine, op in ops if engine == name})
        for name, e in machine.engines.items()
    }
    return replace(machine, engines=engines)
