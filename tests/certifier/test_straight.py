"""Straight-line programs: correct ones are proven, every kind of miscompile is found."""

from __future__ import annotations

import pytest

from tests.certifier.cases import SLOW, Case, graph
from vliwc.backend.certifier import ProofFailed

SCALAR = Case(
    graph("""
        %i = const 3
        %a = load x[%i]
        %b = load y[%i]
        %c = sub %a, %b
        %d = const 10
        %e = mul %c, %d
        store y[%i], %e @7:3-7:9
    """),
    """
    load s[0] = 5; load s[1] = 13
    load s[2] = mem[s[0]]; load s[3] = mem[s[1]]
    alu s[4] = s[2] - s[3]; load s[5] = 10
    alu s[6] = s[4] * s[5]
    store mem[s[1]] = s[6]    # the end
    """,
)

VECTOR = Case(
    graph("""
        %z = const 0
        %a: v4 = vload x[%z]
        %k = const 3
        %b: v4 = splat %k
        %c: v4 = muladd %a, %b, %a
        %f = const 4
        %d: v4 = vload x[%f]
        %e: v4 = lt %c, %d
        %g: v4 = select %e, %c, %d
        vstore y[%f], %g
    """),
    """
    load s[0] = 2; load s[1] = 6
    load v[8] = mem[s[0]..]; load v[12] = mem[s[1]..]; flow s[2] = s[0] + 1
    valu v[4] = s[2]; flow s[3] = s[1] + 8
    valu v[16] = v[8] * v[4] + v[8]
    valu v[20] = v[16] < v[12]
    flow v[24] = v[20] ? v[16] : v[12]
    store mem[s[3]..] = v[24]
    """,
)

GATHER = Case(
    graph("""
        %z = const 0
        %a: v4 = vload x[%z]
        %k = const 7
        %m: v4 = splat %k
        %i: v4 = and %a, %m
        %g: v4 = gather x[%i]
        scatter y[%i], %g active 3
    """),
    """
    load s[0] = 2; load s[1] = 7
    load v[4] = mem[s[0]..]; load s[2] = 10
    valu v[8] = s[1]; valu v[12] = s[0]
    valu v[4] = v[4] & v[8]; valu v[16] = s[2]
    valu v[8] = v[4] + v[12]; valu v[16] = v[4] + v[16]
    load v[20] = mem[v[8]] lane 0; load v[20] = mem[v[8]] lane 1
    load v[20] = mem[v[8]] lane 2; load v[20] = mem[v[8]] lane 3; store mem[s[16]] = s[20]
    store mem[s[17]] = s[21]
    store mem[s[18]] = s[22]
    """,
)

DELAYED = Case(
    SCALAR.graph,
    """
    load s[0] = 5; load s[1] = 13
    load s[2] = mem[s[0]]; load s[2] = 10
    load s[3] = mem[s[1]]; alu s[5] = s[2] | s[2]
    nothing
    idle
    alu s[4] = s[2] - s[3]
    alu s[4] = s[4] * s[5]; alu s[7] = s[4] | s[4]
    alu s[8] = s[4] ^ s[7]
    alu s[9] = s[4] ^ s[7]
    store mem[s[1]] = s[4]
    """.replace("idle", "load idle"),
    machine=SLOW,
)


@pytest.mark.parametrize("case", [SCALAR, VECTOR, GATHER, DELAYED])
def test_correct_programs_are_proven(case: Case) -> None:
    certificate = case.prove()
    assert certificate.words == 18
    assert certificate.loops == 0
    assert str(certificate).startswith(f"proven: 18 words of memory, by {certificate.bundles} bundles")


MISCOMPILES = {
    "swapped operands": (SCALAR, "s[2] - s[3]", "s[3] - s[2]", r"y\[3\] \(address 13\) is wrong when the program ends"),
    "wrong operation": (SCALAR, "s[4] * s[5]", "s[4] + s[5]", r"expected .*10\*.*found"),
    "wrong constant": (SCALAR, "s[5] = 10", "s[5] = 11", r"last stored by bundle 4, store slot"),
    "wrong immediate": (VECTOR, "s[1] + 8", "s[1] + 4", r"y\[0\] .* is wrong"),
    "wrong address": (SCALAR, "s[0] = 5;", "s[0] = 6;", r"expected 10\*x\[3\] - 10\*y\[3\], found .*x\[4\]; in it"),
    "dropped store": (SCALAR, "store mem[s[1]] = s[6]", "load s[9] = 1", r"never stored by the program"),
    "additional store": (SCALAR, "# the end", "; store mem[s[0]] = s[6]", r"x\[3\] .* is wrong"),
    "clobbered header": (
        SCALAR,
        "store mem[s[1]] = s[6]",
        "flow s[9] = coreid\n store mem[s[9]] = s[0]; store mem[s[1]] = s[6]",
        r"header\[0\] \(address 0\) is wrong",
    ),
    "stored too early": (
        SCALAR,
        "alu s[4] = s[2] - s[3]",
        "store mem[s[1]] = s[3]; alu s[4] = s[2] - s[2]",
        r"is wrong",
    ),
    "stale register": (SCALAR, "s[4] = s[2] - s[3]", "s[9] = s[2] - s[3]", r"scratch word 4, which holds nothing yet"),
    "read too early": (SCALAR, "alu s[4] = s[2] - s[3];", "alu s[4] = s[2] - s[3]; alu s[8] = s[5] | s[5];", r"word 5"),
    "lost anti-dependence": (VECTOR, "v[4] = s[2]; flow", "v[4] = s[2]; load v[8] = mem[s[1]..]; flow", r"is wrong"),
    "write after write": (
        SCALAR,
        "load s[5] = 10",
        "load s[5] = 10; flow s[5] = s[0] + 5",
        r"written twice in one cycle",
    ),
    "overlapping vectors": (VECTOR, "v[16] = v[8] * v[4]", "v[13] = v[8] * v[4]", r"is wrong|holds nothing"),
    "double write of a vector": (
        VECTOR,
        "valu v[4] = s[2];",
        "valu v[4] = s[2]; alu s[7] = s[0] | s[0];",
        r"word 7 is written",
    ),
    "wrong lane of a gather": (GATHER, "lane 3", "lane 2", r"written twice|holds nothing"),
    "missing lane": (VECTOR, "valu v[4] = s[2]", "alu s[4] = s[2] | s[2]", r"reads scratch word 5"),
    "lanes shifted": (VECTOR, "mem[s[3]..] = v[24]", "mem[s[3]..] = v[23]", r"is wrong"),
    "arms exchanged": (VECTOR, "? v[16] : v[12]", "? v[12] : v[16]", r"is wrong"),
    "comparison exchanged": (VECTOR, "v[16] < v[12]", "v[12] < v[16]", r"is wrong"),
    "factor and addend": (VECTOR, "v[8] * v[4] + v[8]", "v[8] * v[8] + v[4]", r"is wrong"),
    "broadcast of another word": (VECTOR, "v[4] = s[2]", "v[4] = s[1]", r"is wrong"),
    "wrong tail": (
        GATHER,
        "store mem[s[18]] = s[22]",
        "store mem[s[18]] = s[22]; store mem[s[19]] = s[23]",
        r"may have the same",
    ),
    "tail too short": (GATHER, "store mem[s[18]] = s[22]", "load s[40] = 1", r"is wrong"),
    "reordered scatter": (GATHER, "store mem[s[17]] = s[21]", "store mem[s[18]] = s[22]", r"is wrong"),
    "scatter in one bundle": (GATHER, "] = s[21]", "] = s[21]; store mem[s[18]] = s[22]", r"may have the same address"),
    "unscaled gather": (GATHER, "mem[v[8]] lane 1", "mem[v[4]] lane 1", r"cannot be shown to be in the memory image"),
    "store outside the image": (SCALAR, "s[1] = 13", "s[1] = 4000", r"cannot be shown to be in the memory image"),
    "vload over the end": (VECTOR, "s[1] = 6", "s[1] = 15", r"cannot be shown to be in the memory image"),
    "too many slots": (
        SCALAR,
        "load s[5] = 10",
        "load s[5] = 10; load s[7] = 1; load s[8] = 1",
        r"3 load slots, but the",
    ),
    "latency of a load": (DELAYED, "nothing\n    load idle", "nothing", r"reads scratch word 3|is wrong"),
    "latency of a product": (DELAYED, "alu s[9] = s[4] ^ s[7]", "nothing", r"is wrong"),
    "writes that land together": (DELAYED, "s[9] = s[4] ^ s[7]", "s[4] = s[4] ^ s[7]", r"word 4 is written twice"),
    "early halt": (SCALAR, "alu s[6] =", "flow halt; alu s[6] =", r"never stored by the program"),
    "a jump": (SCALAR, "alu s[6] =", "flow jump 4; alu s[6] =", r"the witness has no loop with this jump"),
    "a conditional jump": (SCALAR, "alu s[6] =", "flow if s[4] jump 2; alu s[6] =", r"no loop with this jump"),
}


@pytest.mark.parametrize("name", MISCOMPILES)
def test_miscompiles_are_found(name: str) -> None:
    case, old, new, message = MISCOMPILES[name]
    with pytest.raises(ProofFailed, match=message):
        case.prove(old, new)
