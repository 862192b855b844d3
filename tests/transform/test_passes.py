"""Every pass, and every pipeline, keeps a graph's meaning: random graphs, random images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ir.strategies import graphs, images
from vliwc.ir.evaluator import evaluate
from vliwc.ir.graph import Graph, Mode
from vliwc.ir.verifier import verify
from vliwc.machine import load_machine
from vliwc.transform import optimize, pass_names
from vliwc.transform.addresses import absolute
from vliwc.transform.affine import affine
from vliwc.transform.branches import merge_branches
from vliwc.transform.forward import forward
from vliwc.transform.interchange import interchange
from vliwc.transform.promote import promote
from vliwc.transform.sequentialize import sequentialize
from vliwc.transform.simplify import simplify
from vliwc.transform.tables import expand_tables
from vliwc.transform.unroll import unroll
from vliwc.transform.vectorize import vectorize

MACHINES = {name: load_machine(name) for name in ("takehome", "narrow", "wide")}

PASSES: dict[str, Callable[[Graph], Graph]] = {
    "simplify": simplify,
    "interchange": interchange,
    "branches": merge_branches,
    "branches-simplified": lambda g: simplify(merge_branches(simplify(g))),
    "promote": lambda g: promote(simplify(g)),
    "unroll": lambda g: unroll(g, lanes=4),
    "unroll-partly": lambda g: unroll(g, lanes=4, budget=30),
    "forward": forward,
    "tables": expand_tables,
    "sequentialize": sequentialize,
    "vectorize": lambda g: vectorize(g, MACHINES["narrow"]),
    "vectorize-unrolled": lambda g: vectorize(simplify(unroll(g, lanes=4)), MACHINES["narrow"]),
    "affine-fused": lambda g: affine(g, MACHINES["takehome"]),
    "affine-split": lambda g: affine(g, MACHINES["narrow"]),
    "absolute": absolute,
}


def results(graph: Graph, image: np.ndarray) -> np.ndarray:
    """The words that must be right at the end: all but those of consumed arrays."""
    out = evaluate(graph, image).copy()
    for array in graph.arrays.values():
        if array.mode is Mode.CONSUMED:
            out[array.base : array.end] = 0
    return out


def inputs(graph: Graph, image: np.ndarray) -> np.ndarray:
    """The image with every array within its bounds."""
    image = image.copy()
    for array in graph.arrays.values():
        span = np.uint64(array.hi - array.lo + 1)
        words = image[array.base : array.end].astype(np.uint64) % span + np.uint64(array.lo)
        image[array.base : array.end] = words.astype(np.uint32)
    image[: len(graph.header)] = graph.header
    return image


@pytest.mark.parametrize("name", PASSES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pass_keeps_the_meaning(name: str, data: st.DataObject) -> None:
    graph = data.draw(graphs(lanes=1, absolute=False))
    image = inputs(graph, data.draw(images(graph)))
    after = PASSES[name](graph)
    verify(after)
    assert (results(after, image) == results(graph, image)).all()


@pytest.mark.parametrize("name", ["simplify", "affine-fused", "affine-split", "absolute"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pass_keeps_the_meaning_of_vectors(name: str, data: st.DataObject) -> None:
    graph = data.draw(graphs(lanes=4))
    image = inputs(graph, data.draw(images(graph)))
    after = PASSES[name](graph)
    verify(after)
    assert (results(after, image) == results(graph, image)).all()


@pytest.mark.parametrize("machine", MACHINES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_level_keeps_the_meaning(machine: str, data: st.DataObject) -> None:
    graph = data.draw(graphs(lanes=1, absolute=False))
    image = inputs(graph, data.draw(images(graph)))
    expected = results(graph, image)
    for level in range(4):
        seen: list[str] = []

        def observe(name: str, g: Graph, seen: list[str] = seen) -> None:
            verify(g)
            seen.append(name)

        after = optimize(graph, MACHINES[machine], level, observe=observe)
        assert tuple(seen) == pass_names(level)
        assert (results(after, image) == expected).all()


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_pass_can_be_disabled(data: st.DataObject) -> None:
    graph = data.draw(graphs(lanes=1, absolute=False))
    image = inputs(graph, data.draw(images(graph)))
    disable = frozenset(data.draw(st.lists(st.sampled_from(pass_names(2)), max_size=4)))
    after = optimize(graph, MACHINES["takehome"], 2, disable=disable)
    assert (results(after, image) == results(graph, image)).all()
