"""What a loop's induction rests on: what holds at its header, after it, and what an iteration may not rely on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.certifier.cases import SMALL, fors, graph, program
from tests.certifier.loop_cases import CONSUMED, COPY
from vliwc.backend.certifier import Induction, LoopWitness, ProofFailed, Witness, certify
from vliwc.backend.certifier.addresses import Addresses
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.execution import Execution
from vliwc.backend.certifier.frame import Frame
from vliwc.backend.certifier.liveness import Liveness
from vliwc.backend.certifier.meaning import Meaning


def test_several_machine_loops_for_one_of_an_unrolled_loop() -> None:
    """The inner loop stands twice in the program, one right behind the other."""
    of = graph("for %i in 0..8 step 4 {\n for %j in 0..4 {\n %a = add %i, %j\n store y[%a], %a\n }\n }")
    text = """
    load s[0] = 0; load s[1] = 10
    load s[2] = 4; load s[3] = 8
    store mem[s[1]] = s[0]; flow s[0] = s[0] + 1; flow s[1] = s[1] + 1
    alu s[4] = s[0] < s[2]
    flow if s[4] jump 2
    store mem[s[1]] = s[0]; flow s[0] = s[0] + 1; flow s[1] = s[1] + 1
    alu s[4] = s[0] < s[3]
    flow if s[4] jump 5
    """
    (inner,) = (n for n in fors(of) if of.loop(n).trips == 4)
    first = LoopWitness(inner, 2, 4, (Induction(0), Induction(1, 1, 10)))
    second = LoopWitness(inner, 5, 7, (Induction(0, 1, 4), Induction(1, 1, 14)))
    for loops in ((first, second), (second, first)):
        assert certify(of, program(text), SMALL, Witness(loops)).loops == 2
    with pytest.raises(ProofFailed):
        certify(of, program(text), SMALL, Witness((first,)))


@pytest.mark.parametrize("header", [2, 3])
@pytest.mark.parametrize("bundle", [0, 1, 2])
def test_no_iteration_relies_on_what_the_body_writes(header: int, bundle: int) -> None:
    """The word that is stored is right in the first iteration only, whichever bundle of the body changes it."""
    of = graph("%k = const 7\n for %i in 0..4 {\n store y[%i], %k\n }")
    body = ["store mem[s[0]] = s[2]; flow s[0] = s[0] + 1", "alu s[3] = s[0] ^ s[1]", f"flow if s[3] jump {header}"]
    start = ["load s[0] = 10; load s[1] = 14", "load s[2] = 7", "load idle"][:header]
    witness = Witness((LoopWitness(fors(of)[0], header, header + 2, (Induction(0, 1, 10),)),))
    assert certify(of, program("\n".join(start + body)), SMALL, witness).loops == 1
    body[bundle] = f"alu s[2] = s[1] + s[1]; {body[bundle]}"
    with pytest.raises(ProofFailed, match="reads scratch word 2, which holds nothing yet"):
        certify(of, program("\n".join(start + body)), SMALL, witness)


def test_memories_agree_on_entry_and_after_an_iteration() -> None:
    with pytest.raises(ProofFailed, match=r"y\[4\] .* is wrong on entry to the loop at bundle 3"):
        early = COPY.text.replace("jump 2", "jump 3").replace(
            "\n    load s[4]", "\n store mem[s[5]] = s[1]\n load s[4]"
        )
        early = early.replace("load s[3] = 10 ", "load s[3] = 10; flow s[5] = s[0] + 12 ")
        (loop,) = COPY.loops
        replace(COPY, text=early, loops=(replace(loop, header=3, latch=6),)).prove()
    with pytest.raises(ProofFailed, match=r"is wrong after an iteration of the loop at bundle 2: expected 3\*x"):
        COPY.prove("s[4] = s[4] * s[1]", "s[4] = s[4] + s[1]")


def test_what_an_iteration_loads_is_what_the_ones_before_have_stored() -> None:
    """The graph counts to 4 in a word of memory; the program stores what is right in the first iteration."""
    of = graph(
        "%z = const 0\n %one = const 1\n store y[%z], %z\n"
        "for %i in 0..4 {\n %a = load y[%z]\n %b = add %a, %one\n store y[%z], %b\n }"
    )
    text = """
    load s[0] = 10; load s[1] = 0
    store mem[s[0]] = s[1]; load s[2] = 4; load s[3] = 1
    load s[4] = mem[s[0]]; flow s[2] = s[2] + -1
    alu s[4] = s[4] + s[3]
    store mem[s[0]] = s[4]; flow if s[2] jump 2
    """
    witness = Witness((LoopWitness(fors(of)[0], 2, 4, (Induction(2, -1, 4),)),))
    assert certify(of, program(text), SMALL, witness).loops == 1
    with pytest.raises(ProofFailed, match=r"y\[0\] .* is wrong after an iteration"):
        certify(of, program(text.replace("store mem[s[0]] = s[4]", "store mem[s[0]] = s[3]")), SMALL, witness)


@pytest.mark.parametrize(
    ("computed", "kept"),
    [
        ("s[4] | s[4]", True),
        ("s[4] + s[4]", True),
        ("s[0] | s[0]", False),
        ("s[0] + s[4]", False),
        ("s[5] | s[5]", False),
    ],
)
def test_what_does_not_depend_on_the_iteration_is_there_after_the_loop(computed: str, kept: bool) -> None:
    """The loaded word, and twice that, are older than the loop; the index, and what is loaded in the body, are not."""
    of = graph(
        "%z = const 0\n %k = const 5\n %a = load x[%z]\n %b = add %a, %a\n"
        "for %i in 0..4 {\n %c = load x[%i]\n store y[%i], %b\n }"
        + ("\n store y[%k], %a" if computed == "s[4] | s[4]" else "\n store y[%k], %b")
    )
    text = f"""
        load s[3] = 2; load s[0] = 0
        load s[4] = mem[s[3]]; load s[1] = 10
        load s[2] = 4; load s[7] = 15
        alu s[6] = s[4] + s[4]; load s[5] = mem[s[3]]; flow s[0] = s[0] + 1
        store mem[s[1]] = s[6]; flow s[1] = s[1] + 1; alu s[8] = {computed}
        alu s[9] = s[0] < s[2]
        flow if s[9] jump 3
        store mem[s[7]] = s[8]
    """
    text = text.replace("load s[5] = mem[s[3]]", "load s[5] = mem[s[3]]; flow s[3] = s[3] + 1")
    witness = Witness((LoopWitness(fors(of)[0], 3, 6, (Induction(0), Induction(1, 1, 10), Induction(3, 1, 2))),))
    if kept:
        assert certify(of, program(text), SMALL, witness).loops == 1
        return
    with pytest.raises(ProofFailed, match="reads scratch word 8, which holds nothing yet"):
        certify(of, program(text), SMALL, witness)


@pytest.mark.parametrize(("store", "found"), [("mem[s[6]] = s[0]", False), ("mem[s[7]] = s[0]", True)])
def test_an_iteration_may_find_what_the_ones_before_have_put_into_dead_memory(store: str, found: bool) -> None:
    """3 is kept in d[1], where the iterations store their index, or they do so in d[3]."""
    of = graph("%k = const 3\n for %i in 0..3 {\n store y[%i], %k\n }", CONSUMED)
    text = f"""
    load s[1] = 15; load s[2] = 3
    store mem[s[1]] = s[2]; load s[0] = 0; load s[3] = 10
    load s[4] = 3; load s[7] = 17; flow s[6] = s[1] + -1
    load s[5] = mem[s[1]]
    store mem[s[3]] = s[5]; store {store}
    alu s[6] = s[6] + s[9]; flow s[0] = s[0] + 1; flow s[3] = s[3] + 1
    alu s[8] = s[0] < s[4]
    flow if s[8] jump 3
    """.replace("load s[4] = 3;", "load s[4] = 3; flow s[9] = s[0] + 1;")
    witness = Witness((LoopWitness(fors(of)[0], 3, 7, (Induction(0), Induction(3, 1, 10), Induction(6, 1, 14))),))
    if found:
        assert certify(of, program(text), SMALL, witness).loops == 1
        return
    with pytest.raises(ProofFailed, match=r"y\[t\d\] is wrong after an iteration of the loop"):
        certify(of, program(text), SMALL, witness)


def test_unknown_values_have_names() -> None:
    of = graph("")
    algebra = Algebra()
    meaning = Meaning(of, algebra, Addresses(algebra, of))
    execution = Execution(program(""), SMALL, algebra, meaning.addresses, meaning.memory)
    frame = Frame(meaning, execution, Liveness(of))
    words = [*frame.unknown("%7", 1), *frame.unknown("%8", 2)]
    assert [algebra.names[word] for word in words] == ["%7", "%8.0", "%8.1"]


def test_a_loop_keeps_what_is_known_of_other_arrays() -> None:
    of = graph(
        "%z = const 0\n %k = const 5\n store x[%z], %k\n"
        "for %i in 0..4 {\n store y[%i], %i\n }\n %a = load x[%z]\n store y[%k], %a",
        "array x at 2 length 8 inout\n array y at 10 length 8 inout",
    )
    text = """
    load s[0] = 2; load s[1] = 5
    store mem[s[0]] = s[1]; load s[0] = 0; load s[2] = 4
    load s[3] = 10; load s[5] = 15
    store mem[s[3]] = s[0]; flow s[0] = s[0] + 1; flow s[3] = s[3] + 1
    alu s[4] = s[0] < s[2]
    flow if s[4] jump 3
    store mem[s[5]] = s[1]                   # 5, which the graph loads from x
    """
    witness = Witness((LoopWitness(fors(of)[0], 3, 5, (Induction(0), Induction(3, 1, 10))),))
    assert certify(of, program(text), SMALL, witness).loops == 1
