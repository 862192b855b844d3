"""Conditions that become bits, so that the vector units can select where flow has too much to do."""

from __future__ import annotations

import pytest

from tests.transform.lookups import (
    MACHINES,
    SELECTLESS,
    assert_graph_right,
    assert_program_right,
    kernel_of,
    ops,
    switched,
    text,
)
from vliwc.driver import Options, compile_source
from vliwc.lower import lower
from vliwc.transform import optimize
from vliwc.transform.conditions import relieve_flow

MEMORY = "x: u32[256] in\nw: u32[256] in\ny: u32[256] out"
MASKED = "let t = w[i]\nfor k in 0..12 {{\nt = x[i] & (2 << k) ? {arms}\n}}\ny[i] = t"
SPENT = "let t = x[i]\nfor k in 0..40 { t = (t ^ w[i]) * 77 }\ny[i] = t & 2 ? w[i] : t"


def kernel(body: str) -> tuple[str, str]:
    return MEMORY, f"par i in 0..256 {{\n{body}\n}}"


@pytest.mark.parametrize("machine", ["takehome", "wide"])
@pytest.mark.parametrize("arms", ["t * 5 : t ^ 9", "t : t >> 3", "t + (7 << k) : t ^ w[i]"])
def test_where_flow_has_too_much_to_do(arms: str, machine: str) -> None:
    k, on, off = switched("conditions", *kernel(MASKED.format(arms=arms)), machine)
    assert_graph_right(k, on)
    assert_program_right(k, on, MACHINES[machine])
    assert ops(on)["lt"] > ops(off)["lt"]


def test_programs_get_shorter() -> None:
    source = kernel_of(text(*kernel(MASKED.format(arms="t * 5 : t ^ 9")))).source
    on, off = (
        compile_source(source, Options(disable=frozenset(names))).generated.cycles for names in ((), ("conditions",))
    )
    assert on < 0.8 * off


def test_nothing_changes_where_flow_has_time() -> None:
    _, on, off = switched("conditions", *kernel(SPENT))
    assert ops(on) == ops(off)


def test_without_a_select_of_vectors_nothing_changes() -> None:
    k = kernel_of(text(*kernel(MASKED.format(arms="t * 5 : t ^ 9"))))
    graph = optimize(lower(k), SELECTLESS, disable=frozenset({"conditions"}))
    assert relieve_flow(graph, SELECTLESS) is graph


def test_in_a_machine_loop() -> None:
    memory = "x: u32[20000] in\ny: u32[20000] out"
    steps = "".join(f"t = x[i] & {2 << k} ? t * 5 : t ^ 9\n" for k in range(12))
    k, on, off = switched("conditions", memory, f"par i in 0..20000 {{\nlet t = i\n{steps}y[i] = t\n}}")
    assert any(on.op[n] == "for" for n in on.walk())
    assert ops(on)["lt"] > ops(off)["lt"]
    assert_graph_right(k, on)
    assert_program_right(k, on, MACHINES["takehome"])


def test_the_strategy_bound_knows_of_it() -> None:
    """Look-ups by four bits that are masked: by the price of flow alone, the bound would be above the program."""
    memory = "t: u32[16] in\nx: u32[256] inout"
    step = "let v = x[i]\nfor r in 0..6 { v = (v << 4) ^ t[v >> 28] }\nx[i] = v"
    compiled = compile_source(kernel_of(text(memory, f"par i in 0..256 {{\n{step}\n}}")).source)
    (strategy,) = compiled.front.strategies
    assert 0 < strategy.bound <= compiled.generated.cycles
