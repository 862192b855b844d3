"""Known words, compared with what the evaluator makes of the same graph."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tests.backend.harness import builder
from vliwc.analysis.known import known_words
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Access, Graph, Mode

R = Access("r")


def drawn(seed: int) -> tuple[Graph, list[int]]:
    """A graph of constants, and some of what it loads; and the vectors that it stores."""
    rng = Random(seed)
    b = builder(8, x=(8, Mode.IN), r=(320, Mode.OUT))
    words = [b.const(rng.choice((0, 1, 5, 31, 0xFFFFFFFF, rng.randrange(1 << 32)))) for _ in range(8)]
    vectors = [b.emit("pack", *rng.sample(words, 8)), b.const(rng.randrange(9), 8)]
    if seed % 3 == 0:
        vectors.append(b.emit("vload", b.const(0), attr=Access("x")))
    for _ in range(36):
        op = rng.choice(("add", "sub", "xor", "and", "shr", "shl", "mul", "lt", "select", "muladd", "pack"))
        if op == "pack":
            lanes = [b.emit("lane", rng.choice(vectors), attr=rng.randrange(8)) for _ in range(4)]
            vectors.append(b.emit("pack", *lanes, *rng.sample(words, 4)))
        else:
            vectors.append(b.emit(op, *rng.choices(vectors, k=3 if op in ("select", "muladd") else 2)))
    for k, n in enumerate(vectors):
        b.emit("vstore", b.const(8 * k), n, attr=R)
    return b.finish(), vectors


@pytest.mark.parametrize("seed", range(12))
def test_known_words_are_what_is_computed(seed: int) -> None:
    graph, vectors = drawn(seed)
    known = known_words(graph)
    images = [evaluate(graph, np.full(graph.image_words, fill, dtype=np.uint32)) for fill in (3, 0xFFFFFFF0)]
    base = graph.arrays["r"].base
    found = [n in known for n in vectors]
    assert any(found)
    assert all(found) is (seed % 3 != 0)
    for k, n in enumerate(vectors):
        stored = [tuple(int(w) for w in image[base + 8 * k : base + 8 * k + 8]) for image in images]
        if n in known:
            assert stored == [known[n], known[n]]
