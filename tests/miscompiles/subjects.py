"""Correct programs to damage: compiled from real kernels, with loops, spills and tails, for all machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from vliwc.backend import generate
from vliwc.backend.certifier import Witness
from vliwc.driver import Options, optimise_source
from vliwc.ir.graph import Graph
from vliwc.machine import Machine, Program
from vliwc.resources import data_path
from vliwc.source import Source


def spilling(rows: int, lanes: int) -> str:
    """A kernel that needs `rows` vectors at a time, and has dead memory to spill them to."""
    lets = "\n".join(f"  let v{k} = x[{lanes * k} + i] * {2 * k + 3}" for k in range(rows))
    total = " ^ ".join(f"v{k}" for k in range(rows))
    stores = "\n".join(f"  y[{lanes * k} + i] = v{rows - 1 - k} - t" for k in range(rows))
    arrays = f"x: u32[{rows * lanes}] in\n idle: u32[{2 * rows * lanes}] consumed\n y: u32[{rows * lanes}] out"
    body = f"par i in 0..{lanes} {{\n{lets}\n  let t = {total}\n{stores}\n }}"
    return f"memory {{\n {arrays}\n}}\nkernel spilling {{\n {body}\n}}\n"


MIXTURE = """\
# Quotients, remainders, comparisons, selects and an odd number of elements.
param n = 37
memory {
    header n, &x, &y
    x: u32[n] in
    y: u32[n] inout
}
kernel mixture {
    par i in 0..n {
        let q = x[i] // (y[i] | 1)
        let r = x[i] % 10
        y[i] = x[i] < y[i] ? q - r : (r == 3 ? q << 2 : q >> 1)
    }
}
"""


@dataclass(frozen=True)
class Subject:
    """A correct program, and what the certifier needs to prove it."""

    name: str
    graph: Graph
    program: Program
    machine: Machine
    witness: Witness


@dataclass(frozen=True)
class Recipe:
    """How to compile a subject: an example's name or a kernel's text, and the options."""

    kernel: str
    machine: str = "takehome"
    defines: Mapping[str, int] = field(default_factory=dict)
    schedule: str = "list"
    optimise: int = 2
    scratch: int | None = None
    pipeline: bool = False

    def compile(self, name: str) -> Subject:
        """The subject."""
        text = self.kernel
        if "\n" not in text:
            text = (data_path("examples") / f"{text}.vk").read_text(encoding="utf-8")
        options = Options(self.optimise, self.schedule, self.machine, self.defines)
        front = optimise_source(Source(f"{name}.vk", text), options)
        machine = front.machine if self.scratch is None else replace(front.machine, scratch_words=self.scratch)
        made = generate(front.graph, machine, schedule=self.schedule, pipeline=self.pipeline)
        return Subject(name, front.graph, made.program, machine, made.witness)


OVERLAPPED = {
    "matmul, overlapped": Recipe("matmul", optimise=1, pipeline=True),
    "polynomial, overlapped, wide": Recipe("polynomial", "wide", optimise=1, pipeline=True),
    "adler32, overlapped, narrow": Recipe("adler32", "narrow", pipeline=True),
}
"""Loops whose iterations overlap. Some values are computed for iterations that never come: damage may be harmless."""

RECIPES = {
    "walk": Recipe("tree_walk", defines={"height": 3, "rounds": 4, "batch": 16}),
    "walk, wide": Recipe("tree_walk_indices", "wide", {"height": 3, "rounds": 3, "batch": 16}),
    "gathers, narrow": Recipe("tree_walk_any", "narrow", {"height": 2, "rounds": 2, "batch": 8}),
    "gathers, wide": Recipe("tree_walk_any", "wide", {"height": 2, "rounds": 2, "batch": 16}),
    "histogram": Recipe("histogram", defines={"n": 12, "bins": 8}),
    "mixture, narrow": Recipe(MIXTURE, "narrow"),
    "mixture": Recipe(MIXTURE),
    "matmul loop": Recipe("matmul", optimise=1),
    "polynomial loop, wide": Recipe("polynomial", "wide", optimise=1),
    "nested scalar loops": Recipe(
        "tree_walk_any", defines={"height": 3, "rounds": 9, "batch": 4}, schedule="naive", optimise=0
    ),
    "scalar loop, wide": Recipe("adler32", "wide", optimise=1),
    "spills": Recipe(spilling(30, 8), scratch=160),
    "spills, wide": Recipe(spilling(20, 16), "wide", scratch=240),
}
"""Programs of every kind, small enough that thousands of proofs take seconds."""


@cache
def subject(name: str) -> Subject:
    """The subject of a recipe, compiled once."""
    return (RECIPES | OVERLAPPED)[name].compile(name)
