"""Choices by multiply_add: throughout, and between shared words only."""

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
    without,
)

KERNELS = {"bits": 3, "weights": 3}
"""How many bits choose."""


@pytest.mark.parametrize("name", KERNELS)
def test_arithmetic_throughout(name: str) -> None:
    bits = KERNELS[name]
    case, graph = on_all_groups("arithmetic", lookup(name))
    found = ops(graph, vectors=True)
    choices = 2**bits - 1
    assert found["gather"] == found["select"] == 0
    assert found["muladd"] == choices * case.groups
    assert found["sub"] >= (choices // 2) * case.groups  # where both arms differ by lane
    (offer,) = case.offers(ALTERNATIVES["arithmetic"])
    assert (offer.price.fused, offer.price.vectors, offer.price.load) == (choices, choices // 2, 0)


@pytest.mark.parametrize("name", KERNELS)
def test_arithmetic_between_shared_words_only(name: str) -> None:
    case, graph = on_all_groups("leaf-arithmetic", lookup(name), SELECTLESS)
    found = ops(graph, vectors=True)
    assert found["muladd"] == 4 * case.groups  # of eight words
    assert found["select"] == 3 * case.groups
    assert_program_right(case.kernel, graph, case.machine)


@pytest.mark.parametrize("machine", ["takehome", "wide"])
@pytest.mark.parametrize("name", ["bits", "weights", "forest"])
def test_programs_are_right(name: str, machine: str) -> None:
    case, graph = on_all_groups("arithmetic", lookup(name, 37), machine)
    assert_program_right(case.kernel, graph, case.machine)


def test_a_machine_without_multiply_add_has_no_such_choice() -> None:
    for machine in (MACHINES["narrow"], without(SELECTLESS, "valu", "multiply_add")):
        case = prepare(lookup("bits"), machine)
        assert not case.offers(ALTERNATIVES["arithmetic"])
        assert not case.offers(ALTERNATIVES["leaf-arithmetic"])


def test_numbers_that_are_no_sum_of_bits_have_no_such_choice() -> None:
    assert not prepare(lookup("few")).offers(ALTERNATIVES["arithmetic"])
    assert not prepare(lookup("few"), SELECTLESS).offers(ALTERNATIVES["leaf-arithmetic"])
