"""What cancels across shifts, masks and exclusive ors is left out, and what costs more is not built."""

from __future__ import annotations

import pytest

from tests.backend.harness import builder
from tests.transform.lookups import (
    MACHINES,
    assert_graph_right,
    assert_program_right,
    kernel_of,
    ops,
    switched,
    text,
    vector_ops,
)
from vliwc.ir.graph import Access, Graph, Mode
from vliwc.lower import lower
from vliwc.proofs.graphs import prove_equal
from vliwc.transform import optimize
from vliwc.transform.linear_maps import linear_maps

MEMORY = "x: u32[16] in\nt: u32[16] in\nz: u32[16] out\ny: u32[16] out"
COUNTED = ("xor", "or", "and", "shl", "shr", "mul", "muladd", "add", "sub")


def arithmetic(graph: Graph) -> dict[str, int]:
    """The operations on vectors of a graph, by name, but for memory and choices."""
    return {op: n for op, n in ops(graph, vectors=True).items() if op in COUNTED}


def vectors(body: str) -> dict[str, int]:
    """The operations on vectors of a loop's body (see `vector_ops`)."""
    return vector_ops(MEMORY, body)


@pytest.mark.parametrize("shift", ["<< 16", ">> 16", ">> 31", "<< 20"])
def test_a_map_that_undoes_itself_is_left_out(shift: str) -> None:
    assert vectors(f"let a = x[i]\nlet b = a ^ (a {shift})\ny[i] = (b ^ (b {shift})) * 3") == {"mul": 1}


def test_a_map_that_does_not_undo_itself_stays() -> None:
    found = vectors("let a = x[i]\nlet b = a ^ (a >> 15)\ny[i] = (b ^ (b >> 7)) * 3")
    assert found == {"mul": 1, "shr": 2, "xor": 2}


def test_twice_the_same_shift_is_one_twice_as_far() -> None:
    assert vectors("let a = x[i]\nlet b = a ^ (a >> 9)\ny[i] = b ^ (b >> 9)") == {"shr": 1, "xor": 1}


def test_shifts_there_and_back_are_a_mask() -> None:
    assert vectors("let a = x[i]\ny[i] = ((a << 8) >> 12) ^ ((a >> 4) & 0xFFF00000)") == {"shr": 1}
    assert vectors("let a = x[i]\ny[i] = (a >> 8) << 8") == {"and": 1}


def test_what_lies_between_is_undone_too() -> None:
    """(h ^ h >> 16 ^ w), once more with its upper half: what is left of it is w's own."""
    body = "let h = x[i] * 5\nlet w = t[i] * 7\nlet a = (h ^ (h >> 16)) ^ w\ny[i] = (a ^ (a >> 16)) * 3"
    assert vectors(body) == {"mul": 3, "xor": 2, "shr": 1}


def test_a_value_that_is_needed_stays_and_is_used() -> None:
    body = "let h = x[i] * 5\nlet b = h ^ (h >> 7)\nz[i] = b\ny[i] = (b ^ (h >> 7) ^ (h >> 9)) * 3"
    assert vectors(body) == {"mul": 2, "xor": 2, "shr": 2}


def test_the_lowest_bit_of_a_map_is_that_of_a_product() -> None:
    assert vectors("let a = x[i]\ny[i] = (a ^ (a >> 16)) & 1") == {"mul": 1, "shr": 1}
    assert vectors("let a = x[i]\nlet b = a ^ (a >> 16)\nz[i] = b\ny[i] = b & 1") == {"and": 1, "shr": 1, "xor": 1}


def test_the_highest_bit_of_a_map_is_that_of_the_word() -> None:
    assert vectors("let a = x[i]\ny[i] = (a ^ (a >> 16)) >> 31") == {"shr": 1}


WALK = """
par i in 0..64 {
    let v = x[i]
    let n = 0
    for r in 0..4 {
        v = v ^ t[n]
        v = v ^ (v >> 16)
        v = v * 0x85ebca6b
        v = v ^ (v >> 13)
        v = v * 0xc2b2ae35
        v = v ^ (v >> 16)
        n = 2 * n + 1 + (v & 1)
    }
    y[i] = v
}
"""


@pytest.mark.parametrize("machine", MACHINES)
def test_a_walk_with_a_finaliser_saves_two_shifts_a_round(machine: str) -> None:
    memory = "x: u32[64] in\nt: u32[15] in\ny: u32[64] out\nspare: u32[64] consumed"
    kernel, graph, without = switched("linear-maps", memory, WALK, machine)
    assert_graph_right(kernel, graph)
    assert_program_right(kernel, graph, MACHINES[machine])
    groups = 64 // MACHINES[machine].lanes
    saved = sum(arithmetic(without).values()) - sum(arithmetic(graph).values())
    assert saved >= 3 * 2 * groups


def test_nothing_is_moved_into_a_loop() -> None:
    """What is made of words that all iterations share is made once."""
    memory = "x: u32[64] in\nt: u32[1] in\ny: u32[64] out"
    body = "let w = t[0] ^ (t[0] >> 16)\npar i in 0..64 {\ny[i] = (x[i] ^ w) ^ (t[0] >> 3)\n}"
    kernel = kernel_of(text(memory, body))
    graph = optimize(lower(kernel), MACHINES["takehome"], 2)
    assert_graph_right(kernel, graph)
    assert arithmetic(graph) == {"xor": 8}


def test_what_was_rebuilt_may_be_left_out_later() -> None:
    """The shift by 0 becomes its operand, and then nothing is left that uses either."""
    b = builder(1, a=(1, Mode.IN), r=(2, Mode.OUT))
    word = b.emit("load", b.const(0), attr=Access("a"))
    few = b.emit("xor", b.emit("shr", word, b.const(31)), b.const(3))
    same = b.emit("shl", few, b.const(0))
    b.emit("store", b.const(0), b.emit("xor", few, same), attr=Access("r"))
    b.emit("store", b.const(1), b.emit("and", b.emit("xor", same, b.const(0x44)), b.const(8)), attr=Access("r"))
    graph = b.finish()
    after = linear_maps(graph)
    prove_equal(graph, after)
    assert not {"xor", "and", "shl", "shr"} & set(after.op)


XORSHIFT = "let a = x[i]\na = a ^ (a << 13)\na = a ^ (a >> 17)\na = a ^ (a << 5)\ny[i] = a"


def test_a_generator_keeps_its_six_operations() -> None:
    found = vectors(XORSHIFT)
    assert sum(found.values()) == 6
