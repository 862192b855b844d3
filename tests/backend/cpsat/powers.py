"""A kernel whose constants are needed early and late, while much else needs scratch in between."""

from __future__ import annotations

from tests.backend.harness import with_scratch
from vliwc.backend.generator import generate
from vliwc.backend.problem import Problem
from vliwc.driver import Options, optimise_source
from vliwc.ir.graph import Graph
from vliwc.source import Source

_POWERS = Source(
    "powers.vk",
    """
    memory { xs: u32[16] inout }
    kernel powers {
        par i in 0..16 {
            let a = xs[i] * 0x9E3779B1
            let b = a * a
            let c = b * b
            let d = c * c
            let e = (d ^ c) * 0x9E3779B1
            let f = (e ^ b) * 0x85EBCA6B
            xs[i] = (f ^ a) * 0x9E3779B1
        }
    }
    """,
)


def powers_graph() -> Graph:
    """Two groups of lanes: powers of a multiple, then all of them together, times the same constants."""
    return optimise_source(_POWERS, Options()).graph


def powers(words: int) -> Problem:
    """The kernel as a scheduling problem with so many words of scratch."""
    return generate(powers_graph(), with_scratch(words)).segments[0].problem
