"""Machine loops: proven by induction, and every way to get one wrong is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.certifier.cases import SLOW, SMALL, Case, fors, graph, program
from tests.certifier.loop_cases import (
    CASES,
    COPY,
    NESTED,
    SPILLING,
    SUM,
    UNROLLED,
    VECTOR_SUM,
)
from vliwc.backend.certifier import Induction, LoopWitness, Place, ProofFailed, Witness, certify
from vliwc.backend.certifier import loops as loops_module
from vliwc.ir.graph import Builder, Graph


@pytest.mark.parametrize("name", CASES)
def test_loops_are_proven(name: str) -> None:
    certificate = CASES[name].prove()
    assert certificate.loops == len(CASES[name].loops)
    assert str(certificate).endswith({1: " bundles with 1 loop", 2: " bundles with 2 loops"}[certificate.loops])


def test_a_jump_by_a_distance() -> None:
    assert COPY.prove("if s[2] jump 2", "if s[2] skip -4").loops == 1
    for distance in (-5, -3):
        with pytest.raises(ProofFailed, match="the witness has no loop with this jump"):
            COPY.prove("if s[2] jump 2", f"if s[2] skip {distance}")


def test_loops_that_the_program_unrolls_are_proven() -> None:
    graph, text = UNROLLED.graph, UNROLLED.text
    assert certify(graph, program(text), SMALL).loops == 0
    with pytest.raises(ProofFailed, match=r"y\[1\] .* expected x\[1\], found x\[0\]"):
        certify(graph, program(text.replace("mem[s[3]] = s[1]", "mem[s[3]] = s[0]")), SMALL)


def test_results_that_are_the_same_after_every_iteration_are_known() -> None:
    """The program stores at the index that the loop gives back, which no iteration changes."""
    body = """
        %k = const 3
        %f = for %i in 0..8 step 2 carry (%c = %k) {
            %a = load x[%i]
            %b = mul %a, %k
            store y[%i], %b
            %n = const 5
            yield %n
        }
        %r = result 0 of %f
        store y[%r], %k
    """
    loops = tuple(replace(loop, carried=(None,)) for loop in COPY.loops)
    case = Case(graph(body), COPY.text + "load s[5] = 15\n store mem[s[5]] = s[1]", loops)
    assert case.prove().loops == 1
    with pytest.raises(ProofFailed, match=r"expected y\[4\], found 3"):
        case.prove("load s[5] = 15", "load s[5] = 14")
    counting = graph(body.replace("%n = const 5", "%n = add %c, %k"))
    with pytest.raises(ProofFailed):
        replace(case, graph=counting).prove()


def test_carried_values_of_unrolled_loops() -> None:
    body = """
        %z = const 1
        %f = for %i in 0..3 carry (%s = %z) {
            %t = add %s, %s
            yield %t
        }
        %r = result 0 of %f
        store y[%z], %r
    """
    text = "load s[0] = 8; load s[1] = 11\n store mem[s[1]] = s[0]"
    assert certify(graph(body), program(text), SMALL).words == 18


ALONE = Case(
    graph("for %i in 3..5 {\n store y[%i], %i\n }"),
    """
    load s[0] = 3; load s[1] = 13
    load s[2] = 4; load s[3] = 14
    store mem[s[1]] = s[0]; store mem[s[3]] = s[2]
    """,
)


@pytest.mark.parametrize(("case", "nodes"), [(UNROLLED, 6), (ALONE, 4)])
def test_too_much_unrolling_is_refused(case: Case, nodes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of two iterations is the loop's own node, and the one or two in it."""
    monkeypatch.setattr(loops_module, "MAX_UNROLLED", nodes)
    assert certify(case.graph, program(case.text), SMALL).loops == 0
    monkeypatch.setattr(loops_module, "MAX_UNROLLED", nodes - 1)
    with pytest.raises(ProofFailed, match="too many iterations for a program without the loop"):
        certify(case.graph, program(case.text), SMALL)


MISCOMPILES = {
    "one iteration too few": (
        COPY,
        "load s[2] = 8;",
        "load s[2] = 6;",
        r"word 2 does not hold -1 \* index \+ 8 on entry",
    ),
    "wrong start": (
        COPY,
        "s[3] = 10 ",
        "s[3] = 11 ",
        r"does not hold 1 \* index \+ 10 on entry: expected 10, found 11",
    ),
    "wrong step of a pointer": (COPY, "s[0] = s[0] + 2", "s[0] = s[0] + 1", r"does not hold .* after an iteration"),
    "condition inverted": (SUM, "s[2] < s[4]", "s[4] < s[2]", r"not proven to be taken 5 times"),
    "condition off by one": (SUM, "load s[4] = 7", "load s[4] = 8", r"not proven to be taken 5 times"),
    "condition before the step": (SUM, "s[7] = s[2] < s[4]", "s[7] = s[5] < s[4]", r"not proven to be taken"),
    "old condition": (
        SUM,
        "alu s[7] = s[2] < s[4]",
        "alu s[8] = s[2] < s[4]",
        r"reads scratch word 7, which holds nothing",
    ),
    "no jump": (SUM, "flow if s[7] skip -4", "flow s[7] = s[7] + 1", r"nothing jumps to bundle 3"),
    "jump elsewhere": (SUM, "skip -4", "skip -3", r"the witness has no loop with this jump"),
    "jump out of a body": (COPY, "jump 2", "jump 1", r"the witness has no loop with this jump"),
    "second jump": (
        COPY,
        "flow s[3] = s[3] + 2; flow",
        "flow if s[2] jump 2; flow",
        r"two slots decide what comes next",
    ),
    "halt in a body": (COPY, "flow s[2] = s[2] + -2", "flow halt", r"nothing jumps to bundle 2|halts"),
    "halt at the latch": (COPY, "flow if s[2] jump 2", "flow halt", r"the program halts inside of a loop"),
    "halt and pause": (COPY, "flow s[3] = s[3] + 2; flow if s[2] jump 2", "flow halt; flow pause", r"two slots decide"),
    "halt before a loop": (COPY, "load s[2] = 8;", "load s[2] = 8; flow halt;", r"the program halts before it"),
    "lost carried value": (SUM, "s[0] = s[0] + s[6]", "s[0] = s[6] + s[6]", r"carried value 0 after an iteration"),
    "carried values in sequence": (
        SUM,
        "alu s[0] = s[0] + s[6]; alu s[7]",
        "alu s[0] = s[0] + s[1]; alu s[7]",
        r"carried",
    ),
    "wrong initial value": (SUM, "s[1] = 1", "s[1] = 2", r"carried value 1 on entry: expected 1, found 2"),
    "missing initial value": (
        SUM,
        "load s[0] = 0;",
        "load s[30] = 0;",
        r"should hold carried value 0 on entry, but holds no",
    ),
    "read of a body's word after it": (
        SUM,
        "s[8] = s[9] + 1",
        "s[8] = s[5] + 1",
        r"scratch word 5, which holds nothing yet",
    ),
    "word of the last iteration": (
        NESTED,
        "flow s[1] = s[1] + 1",
        "flow s[1] = s[3] + 1",
        r"scratch word 3, which holds noth",
    ),
    "index for a pointer": (NESTED, "load s[3] = mem[s[2]]", "load s[3] = mem[s[5]]", r"cannot be shown to be in"),
    "store to another array": (NESTED, "s[8] = 10", "s[8] = 2", r"cannot be shown|is wrong"),
    "loads in the wrong order": (
        NESTED,
        "alu s[2] = s[2] + s[8]; load s[5] = mem[s[5]]\n    load s[3] = mem[s[2]]; flow",
        "alu s[2] = s[2] + s[8]; load s[5] = mem[s[5]]\n    load s[3] = mem[s[8]]; flow",
        r"is wrong after an iteration of the loop at bundle 3",
    ),
    "dropped store in a body": (NESTED, "store mem[s[2]] = s[3]; flow", "flow", r"is wrong after an iteration"),
    "spill to a kept array": (SPILLING, "s[1] = 14", "s[1] = 13", r"is wrong|does not hold"),
    "spills that meet": (SPILLING, "s[3] = s[1] + 1", "s[3] = s[1] + 0", r"is wrong after an iteration"),
    "spill read back a loop too late": (
        SPILLING,
        "load s[6] = mem[s[1]]",
        "load s[6] = mem[s[3]]",
        r"y\[3\] .* is wrong",
    ),
    "store before the loop": (
        SPILLING,
        "load s[0] = 0;",
        "load s[0] = 0; store mem[s[40]] = s[1];",
        r"holds nothing yet",
    ),
    "vector place": (
        VECTOR_SUM,
        "v[4] = v[4] + v[8]",
        "v[8] = v[4] + v[8]",
        r"word 4 does not hold carried value 0 after",
    ),
}


@pytest.mark.parametrize("name", MISCOMPILES)
def test_miscompiled_loops_are_found(name: str) -> None:
    case, old, new, message = MISCOMPILES[name]
    with pytest.raises(ProofFailed, match=message):
        case.prove(old, new)


def _with(case: Case, **changes: object) -> Witness:
    (loop,) = case.witness.loops
    return Witness((replace(loop, **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latch": 60}, r"a loop of bundles 3 to 60, which do not exist"),
        ({"header": 7}, r"a loop of bundles 7 to 6, which do not exist"),
        ({"carried": (Place(0),)}, r"places 1 carried values of 2"),
        ({"carried": (Place(0), Place(1), Place(2))}, r"places 3 carried values of 2"),
        ({"carried": (Place(65), Place(1))}, r"names scratch that does not exist"),
        ({"carried": (Place(0, 2), Place(1))}, r"2 words for carried value 0 of 1"),
        ({"carried": (Place(64), Place(1))}, r"names scratch that does not exist"),
        ({"carried": (Place(63), Place(1))}, r"word 63 should hold carried value 0 on entry"),
        ({"carried": (Place(61, 4), Place(1))}, r"names scratch that does not exist"),
        ({"carried": (Place(60, 4), Place(1))}, r"4 words for carried value 0 of 1"),
        ({"inductions": (Induction(-1),)}, r"names scratch that does not exist"),
        (
            {"inductions": (Induction(2), Induction(20))},
            r"word 20 should hold 1 \* index \+ 0 on entry, but holds nothing",
        ),
        ({"inductions": ()}, r"reads scratch word 2, which holds nothing"),
        ({"header": 4}, r"the witness has no loop with this jump|holds nothing"),
        ({"latch": 5}, r"bundle 5: the witness has a loop that ends here, but nothing jumps to bundle 3"),
        ({"node": 0}, r"the witness has no loop with this jump"),
    ],
)
def test_wrong_witnesses_fail(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ProofFailed, match=message):
        certify(SUM.graph, program(SUM.text), SMALL, _with(SUM, **changes))


def test_a_loop_that_is_not_in_the_graph_fails() -> None:
    extra = LoopWitness(99, 0, 0)
    with pytest.raises(ProofFailed, match="a loop at bundle 0 that is none of the graph there"):
        certify(UNROLLED.graph, program(UNROLLED.text), SMALL, Witness((extra,)))


def test_a_value_that_nobody_reads_needs_no_place() -> None:
    of = graph(
        "%z = const 0\n %f = for %i in 0..8 carry (%s = %z) {\n store y[%i], %z\n %t = add %s, %s\n yield %t\n }"
    )
    text = """
    load s[0] = 10; load s[1] = 18
    load s[2] = 0
    store mem[s[0]] = s[2]; flow s[0] = s[0] + 1
    alu s[3] = s[0] < s[1]
    flow if s[3] jump 2
    """
    witness = Witness((LoopWitness(fors(of)[0], 2, 4, (Induction(0, 1, 10),), (None,)),))
    assert certify(of, program(text), SMALL, witness).loops == 1


def test_no_write_may_be_in_flight_at_a_loops_ends() -> None:
    slow = replace(COPY, machine=SLOW)
    waiting = "load idle\n    load idle\n    "
    text = slow.text.replace("    store", f"    {waiting}store").replace("alu s[4]", "load idle\n alu s[4]")
    (loop,) = slow.loops
    slow = replace(slow, text=text, loops=(replace(loop, latch=loop.latch + 3),))
    assert slow.prove().loops == 1
    with pytest.raises(ProofFailed, match="a write is still in flight at bundle 8"):
        slow.prove("flow s[3] = s[3] + 2;", "flow s[3] = s[3] + 2; load s[40] = mem[s[3]];")
    with pytest.raises(ProofFailed, match="a write is still in flight at bundle 2"):
        slow.prove("load s[3] = 10 ", "load s[40] = mem[s[0]] ; flow s[3] = s[1] + 7 ")


def _par() -> Graph:
    build = Builder(graph(""))
    index, _ = build.begin_loop()
    build.emit("store", index, index, attr=None)
    build.end_loop("par", (0, 4, 1), index)
    return build.finish()


def test_nodes_without_a_meaning_here() -> None:
    stray = Builder(graph(""))
    stray.emit("index")
    for of, name in ((_par(), "par"), (stray.finish(), "index")):
        with pytest.raises(ProofFailed, match=f"'{name}' has no meaning at this level"):
            certify(of, program("load s[0] = 1"), SMALL)
