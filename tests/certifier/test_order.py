"""The order of an overlapped loop's memory operations: those that may meet do not change places."""

from __future__ import annotations

import pytest

from tests.certifier.test_iterations import Bench
from vliwc.backend.certifier import ProofFailed
from vliwc.backend.certifier.order import check_order


def _order(body: str, stages: list[int], arrays: str = "") -> None:
    """Checks a loop's order, with the stages of its memory operations in the body's order."""
    bench = Bench(body, arrays)
    check_order(bench.meaning, bench.body, dict(zip(bench.body.memory(), stages, strict=True)))


def _shift(distance: int, store: str = "store") -> str:
    """y[i + distance] = y[i]"""
    return f"""
        %d = const {distance}
        %one = const 1
        for %i in 0..6 {{
            %a = load y[%i]
            %j = add %i, %d
            {"store" if store == "store" else "store_if %one,"} y[%j], %a
        }}
    """


@pytest.mark.parametrize(
    ("distance", "load", "store", "meets"),
    [
        (0, 0, 0, None),
        (0, 0, 9, None),  # the word that was loaded is stored to later
        (0, 1, 0, "the same iteration"),
        (0, 1, 1, None),
        (1, 1, 0, None),
        (1, 0, 1, None),
        (1, 0, 2, "1 iterations earlier"),
        (2, 0, 2, None),
        (2, 0, 3, "2 iterations earlier"),
        (2, 9, 0, None),  # the store of a later iteration is of a later word
        (2, 2, 2, None),
        (4, 1, 5, None),
        (4, 1, 6, "4 iterations earlier"),
    ],
)
def test_operations_that_meet_do_not_change_places(distance: int, load: int, store: int, meets: str | None) -> None:
    if meets is None:
        _order(_shift(distance), [load, store])
        return
    with pytest.raises(ProofFailed, match=f"is done before graph node .* of {meets}, and may access the same word"):
        _order(_shift(distance), [load, store])


def test_a_conditional_store_does_not_change_places() -> None:
    _order(_shift(4, "store_if"), [0, 1])
    for stages in ([1, 0], [0, 2]):
        with pytest.raises(ProofFailed, match="may access the same word"):
            _order(_shift(4, "store_if"), stages)


@pytest.mark.parametrize(
    ("loop", "last", "apart"),
    [
        ("0..8", 7, False),
        ("0..7", 7, True),
        ("1..9 step 2", 7, False),
        ("1..7 step 2", 7, True),
        ("1..8 step 3", 7, False),
        ("1..7 step 3", 7, True),
    ],
)
def test_all_iterations_of_the_loop_count_and_no_others(loop: str, last: int, apart: bool) -> None:
    """The load from `y[i]` and the store to `y[2 * last - i]` meet in iteration `last` only."""
    text = f"""
        %l = const {2 * last}
        for %i in {loop} {{
            %a = load y[%i]
            %j = sub %l, %i
            store y[%j], %a
        }}
    """
    array = "array y at 2 length 16 inout"
    if apart:
        _order(text, [1, 0], array)
        return
    with pytest.raises(ProofFailed, match="may access the same word"):
        _order(text, [1, 0], array)


@pytest.mark.parametrize("stages", [[0, 0, 0, 5, 5], [5, 5, 5, 0, 0]])
def test_accesses_of_two_arrays_do_not_meet(stages: list[int]) -> None:
    """Wherever in their array they are."""
    text = """
        for %i in 0..6 {
            %a = load x[%i]
            store x[%i], %i
            %b = load x[%a]
            %c = load y[%b]
            store y[%c], %i
        }
    """
    _order(text, stages, "array x at 2 length 8 inout\n array y at 10 length 8 inout")


VECTORS = """
    %d = const {distance}
    for %i in 0..{end} step {step} {{
        %a: v4 = vload y[%i]
        %j = add %i, %d
        vstore y[%j], %a
    }}
"""


@pytest.mark.parametrize(
    ("step", "distance", "stages", "apart"),
    [
        (4, 0, [1, 0], False),
        (4, 3, [1, 0], False),
        (4, 4, [1, 0], True),
        (4, 4, [0, 2], False),
        (4, 0, [0, 2], True),
        (4, 1, [0, 2], False),
        (1, 0, [0, 2], False),
        (1, 4, [0, 2], False),
        (1, 4, [1, 0], True),
        (1, 4, [2, 0], True),
    ],
)
def test_all_lanes_of_vectors_count(step: int, distance: int, stages: list[int], apart: bool) -> None:
    text = VECTORS.format(distance=distance, step=step, end=2 * step)
    if apart:
        _order(text, stages)
        return
    with pytest.raises(ProofFailed, match="may access the same word"):
        _order(text, stages)


def test_a_tail_touches_its_active_lanes_only() -> None:
    text = """
        %one = const 1
        for %i in 0..4 step 4 {
            %j = add %i, %one
            %k = add %j, %one
            %l = add %k, %one
            %a = load y[%l]
            %v: v4 = splat %a
            %p: v4 = pack %i, %j, %k, %l
            scatter y[%p], %v active 3
        }
    """
    _order(text, [1, 0])
    with pytest.raises(ProofFailed, match="may access the same word"):
        _order(text.replace("active 3", "active 4"), [1, 0])


def test_gathers_are_of_unknown_words() -> None:
    text = """
        for %i in 0..8 step 4 {
            %a: v4 = vload x[%i]
            %b: v4 = gather y[%a]
            vstore y[%i], %b
        }
    """
    _order(text, [0, 0, 1])
    for stages in ([0, 1, 0], [0, 0, 2]):
        with pytest.raises(ProofFailed, match="may access the same word"):
            _order(text, stages)
    both = "array x at 2 length 8 inout\n array y at 10 length 8 in"
    text = text.replace("vstore y", "vstore x")
    _order(text, [0, 9, 0], both)
    _order(text, [9, 9, 9], both)
    with pytest.raises(ProofFailed, match="may access the same word"):
        _order(text, [9, 9, 0], both)


def test_loads_may_change_places() -> None:
    text = "for %i in 0..8 {\n %a = load x[%i]\n %b = load x[%i]\n %c = add %a, %b\n store y[%i], %c\n }"
    _order(text, [7, 3, 9])
    bench = Bench(text)
    check_order(bench.meaning, bench.body, {bench.all("load")[1]: 4, bench.one("store"): 4})


def test_stores_keep_their_order() -> None:
    text = """
        %one = const 1
        for %i in 0..6 {
            store y[%i], %one
            %j = add %i, %one
            store y[%j], %i
        }
    """
    _order(text, [0, 0])
    _order(text, [1, 0])
    _order(text, [0, 1])
    with pytest.raises(ProofFailed, match="1 iterations earlier"):
        _order(text, [0, 2])


def test_carried_addresses_are_any_words() -> None:
    text = """
        %z = const 0
        %one = const 1
        %f = for %i in 0..6 carry (%p = %z) {
            %a = load y[%p]
            %q = add %p, %one
            store y[%q], %a
            yield %q
        }
    """
    _order(text, [1, 0])
    with pytest.raises(ProofFailed, match="may access the same word"):
        _order(text, [0, 2])
