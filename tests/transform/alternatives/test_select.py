"""Selection among words that are held in scratch."""

from __future__ import annotations

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import (
    ALTERNATIVES,
    MACHINES,
    SELECTLESS,
    assert_program_right,
    on_all_groups,
    ops,
    prepare,
)

KERNELS = {
    "bits": (7, 0, 0),  # eight words by three bits
    "weights": (7, 0, 0),
    "few": (4 + 7, 0, 3 + 3),  # five and eight words, by three bits each
    "boxes": (15 + 15, 0, 4 + 4),
}
"""For each group: selects, gathers, and operations that take single bits from a number."""


@pytest.mark.parametrize("name", KERNELS)
def test_words_are_chosen_by_bits(name: str) -> None:
    selects, gathers, bit_ops = KERNELS[name]
    case, graph = on_all_groups("select", lookup(name))
    found = ops(graph, vectors=True)
    assert found["select"] == selects * case.groups
    assert found["gather"] == gathers * case.groups
    if bit_ops:
        assert found["and"] == bit_ops * case.groups


def test_the_chain_is_done_to_the_words_once() -> None:
    groups = 16
    chosen = ops(on_all_groups("select", lookup("boxes", 8 * groups))[1])
    # Two rows of eight words go through `| 0xF0`, and each word through a product: not one of them in a group.
    assert chosen["or"] == 2
    assert ops(on_all_groups("gather", lookup("boxes", 8 * groups))[1], vectors=True)["or"] == groups


@pytest.mark.parametrize("name", ["pair", "few", "strides", "forest"])
@pytest.mark.parametrize("machine", MACHINES)
def test_programs_are_right(name: str, machine: str) -> None:
    case, graph = on_all_groups("select", lookup(name, 21), machine)
    assert_program_right(case.kernel, graph, case.machine)


def test_without_vector_selects_it_becomes_arithmetic() -> None:
    case, graph = on_all_groups("select", lookup("bits"), SELECTLESS)
    assert_program_right(case.kernel, graph, case.machine)


def test_many_words_are_never_chosen_among() -> None:
    many = lookup("pair").replace("v >> 31", "v % 33").replace("u32[2]", "u32[33]")
    assert not prepare(many).offers(ALTERNATIVES["select"])
    fewer = lookup("pair").replace("v >> 31", "v % 32").replace("u32[2]", "u32[32]")
    assert prepare(fewer).offers(ALTERNATIVES["select"])


def test_words_that_the_kernel_stores_are_not_held() -> None:
    stored = lookup("pair").replace("t: u32[2] in", "t: u32[2] inout").replace("\n}\n}\n", "\n}\nt[0] = 1\n}\n")
    assert not prepare(stored).sites
