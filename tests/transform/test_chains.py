"""Random chains of look-ups: every alternative in turn, wherever it is legal, means what the interpreter says."""

from __future__ import annotations

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.transform.lookups import ALTERNATIVES, MACHINES, SELECTLESS, assert_graph_right, kernel_of, prepare, text
from vliwc.lower import lower
from vliwc.transform import optimize

WORDS = st.integers(0, 0xFFFF_FFFF)
TARGETS = (*MACHINES.values(), SELECTLESS)


@st.composite
def lookups(draw: st.DrawFn) -> str:
    """A kernel of two or three look-ups that follow from each other, with all words within their tables."""
    n = draw(st.integers(1, 5)) * 8 + draw(st.sampled_from((0, 0, 3)))
    mode = draw(st.sampled_from(("in", "consumed", "consumed")))
    lines = ["let v = x[i]", draw(st.sampled_from(("let i0 = v % {r}", "let i0 = min(v & 31, {r} - 1)", BITS)))]
    reach = draw(st.integers(2, 20)) if lines[1] != BITS else 8
    lines[1] = lines[1].format(r=reach)
    first, length = draw(st.integers(0, 3)), reach + 3
    steps = draw(st.integers(1, 2))
    lines.append(f"let u0 = {draw(chains()).format(f't[i0 + {first}]')} {draw(MIXES)} v")
    for k in range(1, steps + 1):
        factor, extra, most = draw(st.integers(1, 4)), draw(st.integers(0, 3)), draw(st.integers(2, 3))
        digit = f"(u{k - 1} & 1)" if most == 2 else f"u{k - 1} % 3"
        if draw(st.booleans()):
            digit = f"(u{k - 1} >> {draw(st.integers(0, 31))} & 1)"
        lines.append(f"let i{k} = {factor} * i{k - 1} + {extra} + {digit}")
        reach = factor * (reach - 1) + extra + most
        length = max(length, reach)
        lines.append(f"let u{k} = {draw(chains()).format(f't[i{k}]')} {draw(MIXES)} u{k - 1}")
    lines.append(f"y[{draw(st.sampled_from(('i', f'{n - 1} - i')))}] = u{steps} + i{steps}")
    spare = draw(st.sampled_from((0, 40, 300)))
    arrays = [f"t: u32[{length}] {mode}", f"x: u32[{n}] in", f"y: u32[{n}] {draw(st.sampled_from(('out', 'inout')))}"]
    arrays += [f"spare: u32[{spare}] consumed"] if spare else []
    return text("\n".join(draw(st.permutations(arrays))), f"par i in 0..{n} {{\n" + "\n".join(lines) + "\n}")


BITS = "let i0 = (v & 1) * 4 + (v >> 7 & 1) + (v >> 9 & 1) * 2"
MIXES = st.sampled_from(("^", "+", "-", "|", "&"))


@st.composite
def chains(draw: st.DrawFn) -> str:
    """What only the word goes through: a format of its place."""
    chain = "{}"
    for op in draw(st.lists(st.sampled_from(("+", "*", "^", "|", "&", "-", ">>")), max_size=3)):
        chain = f"({chain} {op} {draw(WORDS) if op != '>>' else draw(st.integers(0, 9))})"
    return chain


@pytest.mark.parametrize("name", ALTERNATIVES)
@settings(max_examples=40)
@given(data=st.data())
def test_alternative_keeps_the_meaning(name: str, data: st.DataObject) -> None:
    source = data.draw(lookups())
    note(source)
    case = prepare(source, data.draw(st.sampled_from(tuple(MACHINES))))
    plan = case.forced(name)
    note(f"{name}: {sum(offer.name == name for offer in plan.ways.values())}")
    assert_graph_right(case.kernel, case.planned(plan), ("random", "edges", "ramp"))


@settings(max_examples=60)
@given(data=st.data())
def test_the_mix_that_the_balance_makes_keeps_the_meaning(data: st.DataObject) -> None:
    source = data.draw(lookups())
    note(source)
    kernel = kernel_of(source)
    disable = frozenset(data.draw(st.lists(st.sampled_from([n for n in ALTERNATIVES if n != "gather"]), max_size=4)))
    machine = MACHINES[data.draw(st.sampled_from(tuple(MACHINES)))]
    assert_graph_right(kernel, optimize(lower(kernel), machine, 2, disable=disable), ("random", "edges", "ramp"))


def test_the_chains_use_every_alternative() -> None:
    """Otherwise the properties above would say nothing."""
    seen: set[str] = set()

    @settings(max_examples=60, derandomize=True, database=None)
    @given(source=lookups())
    def look(source: str) -> None:
        case = prepare(source)
        seen.update(a.name for a in ALTERNATIVES.values() if case.offers(a))

    look()
    assert seen == set(ALTERNATIVES) - {"leaf-arithmetic"}  # which takehome has no need of
