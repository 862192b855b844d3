"""Deliberate mistakes in the compiler, for the tools that must find them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vliwc.analysis.patterns import parse_rule
from vliwc.backend import emission
from vliwc.ir.graph import Graph
from vliwc.machine.description import Machine
from vliwc.transform import pipeline
from vliwc.transform.affine import affine
from vliwc.transform.rewriter import Rewriter
from vliwc.transform.rules import RULES

KERNEL = """\
param n = 9
const table = [3, 1, 4, 1]
memory {
    header n, &x
    x: u32[n] in
    y: u32[n] inout
    z: u32[2, 3] consumed
    w: u32[1] out
}
assume x[_] <= 40
fn mix(a, b) {
    let c = a * b + 7
    if c > 9 { c = c - table[a & 3] } else { c = c ^ 5 }
    return c
}
kernel k {
    for r in 0..3 {
        par i in 0..n {
            let v = y[i] * 3 + x[i]
            if v % 2 == 1 { y[i] = mix(v, i) } else { y[i] = v + z[1, 2] * r }
        }
    }
    w[0] = y[3] & 6
}
"""
"""A kernel with a bit of everything, which the mistakes below miscompile."""


class _Wrong(Rewriter):
    """Adds the wrong operand in every multiply_add."""

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        if self.old.op[n] == "muladd":
            return self.emit("muladd", args[0], args[1], args[0], span=self.old.span[n])
        return super().pure(n, args)


def break_affine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An optional pass that gets multiply_add wrong."""

    def wrong(graph: Graph, machine: Machine) -> Graph:
        return _Wrong(affine(graph, machine)).run()

    monkeypatch.setattr(pipeline, "affine", wrong)


def break_rule(monkeypatch: pytest.MonkeyPatch, text: str = "x & C -> x if high(x) <= 0xFFFFFFFF and C == 6") -> None:
    """A rule that does not hold."""
    rule = parse_rule(text)
    monkeypatch.setitem(RULES, rule.pattern.op, (rule, *RULES[rule.pattern.op]))


def break_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Selected operations that multiply where they should subtract or flip bits; the schedule is right for them."""
    from vliwc.backend.selection import Selector  # noqa: PLC0415 - patched here

    right = Selector.problem

    def wrong(self, number, address):  # type: ignore[no-untyped-def]
        problem = right(self, number, address)
        for k, operation in enumerate(problem.operations):
            forms = tuple(tuple(replace(s, op="*") if s.op in "-^" else s for s in form) for form in operation.forms)
            problem.operations[k] = replace(operation, forms=forms)
        return problem

    monkeypatch.setattr(Selector, "problem", wrong)


def break_emission(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundles whose subtractions have become additions."""
    right = emission.slot_of

    def wrong(step, k, address, span):  # type: ignore[no-untyped-def]
        slot = right(step, k, address, span)
        return replace(slot, op="+") if slot.op == "-" else slot

    monkeypatch.setattr(emission, "slot_of", wrong)
