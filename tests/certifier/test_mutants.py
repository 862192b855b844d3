"""Random damage to correct programs: what the certifier still accepts does the same when it is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from tests.certifier import test_loops, test_memory, test_straight
from tests.certifier.cases import Case, program
from vliwc.backend.certifier import ProofFailed, certify
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Graph, Mode
from vliwc.ir.ops import BINARY, Lanes
from vliwc.machine import Program, Slot, simulate

MUTANTS = 250
EDGES = (0, 1, 2, 3, 7, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)

CASES = {
    **test_loops.CASES,
    "scalar": test_straight.SCALAR,
    "vector": test_straight.VECTOR,
    "gather": test_straight.GATHER,
    "delayed": test_straight.DELAYED,
    "counts": test_memory.COUNTS,
    "conditional": Case(test_memory.graph(test_memory.CONDITIONAL), test_memory.CONDITIONAL_PROGRAM),
    "spill": test_memory.SPILL,
}

Bundles = list[list[Slot]]


def _pick(bundles: Bundles, rng: Random) -> tuple[int, int]:
    i = rng.choice([i for i, slots in enumerate(bundles) if slots])
    return i, rng.randrange(len(bundles[i]))


def _drop(bundles: Bundles, rng: Random) -> None:
    i, j = _pick(bundles, rng)
    del bundles[i][j]


def _move(bundles: Bundles, rng: Random) -> None:
    i, j = _pick(bundles, rng)
    slot = bundles[i].pop(j)
    bundles[min(max(i + rng.choice((-2, -1, 1, 2)), 0), len(bundles) - 1)].append(slot)


def _copy(bundles: Bundles, rng: Random) -> None:
    i, j = _pick(bundles, rng)
    rng.choice(bundles).append(bundles[i][j])


def _exchange(bundles: Bundles, rng: Random) -> None:
    i = rng.randrange(len(bundles) - 1)
    bundles[i], bundles[i + 1] = bundles[i + 1], bundles[i]


def _operation(bundles: Bundles, rng: Random) -> None:
    i, j = _pick(bundles, rng)
    if bundles[i][j].op in BINARY:
        bundles[i][j] = replace(bundles[i][j], op=rng.choice(list(BINARY)))


def _operand(bundles: Bundles, rng: Random) -> None:
    i, j = _pick(bundles, rng)
    slot = bundles[i][j]
    if slot.operands:
        operands = list(slot.operands)
        k = rng.randrange(len(operands))
        old = operands[k]
        assert isinstance(old, int)
        others = [x for s in bundles for t in s for x in t.operands]
        operands[k] = rng.choice((old - 4, old - 1, old + 1, old + 4, rng.choice(others)))
        bundles[i][j] = replace(slot, operands=tuple(operands))


def _order(bundles: Bundles, rng: Random) -> None:
    i, j = _pick(bundles, rng)
    operands = list(bundles[i][j].operands)
    rng.shuffle(operands)
    bundles[i][j] = replace(bundles[i][j], operands=tuple(operands))


DAMAGES: tuple[Callable[[Bundles, Random], None], ...] = (_drop, _move, _copy, _exchange, _operation, _operand, _order)


def _damaged(original: Program, rng: Random) -> Program:
    bundles = [list(bundle.slots) for bundle in original.bundles]
    rng.choice(DAMAGES)(bundles, rng)
    made = (replace(old, slots=tuple(new)) for old, new in zip(original.bundles, bundles, strict=True))
    return replace(original, bundles=tuple(made))


def _image(graph: Graph, rng: Random) -> Lanes:
    """Random words: small ones, so that accesses by them are in their arrays, or edges of arithmetic in `y`."""
    words = [rng.randrange(8) for _ in range(graph.image_words)]
    words[: len(graph.header)] = graph.header
    y = graph.arrays["y"]
    words[y.base : y.end] = rng.choices(EDGES, k=y.length)
    return np.array(words, dtype=np.uint32)


@pytest.mark.parametrize("name", CASES)
def test_accepted_mutants_are_equivalent(name: str) -> None:
    case, rng = CASES[name], Random(name)
    original = program(case.text)
    kept = np.ones(case.graph.image_words, dtype=bool)
    for array in case.graph.arrays.values():
        kept[array.base : array.end] = array.mode is not Mode.CONSUMED
    rejected = 0
    for _ in range(MUTANTS):
        mutant = _damaged(original, rng)
        try:
            certify(case.graph, mutant, case.machine, case.witness)
        except ProofFailed:
            rejected += 1
            continue
        for _ in range(3):
            image = _image(case.graph, rng)
            final = simulate(mutant, case.machine, image, max_cycles=10_000).memory
            assert np.array_equal(final[kept], evaluate(case.graph, image)[kept]), mutant
    assert rejected > MUTANTS // 3
