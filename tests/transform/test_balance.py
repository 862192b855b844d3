"""The balance model on made-up offers: the optimum, rooms, scratch, and determinism."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import MACHINES, prepare
from vliwc.analysis.linear import Form
from vliwc.transform.alternatives import CATALOGUE, GATHER, Offer, Table
from vliwc.transform.balance import Mix, Trial, balance
from vliwc.transform.engines import RAMP_SHARE
from vliwc.transform.loads import ENGINES, Loads, Prices
from vliwc.transform.planning import assign
from vliwc.transform.rooms import Death, Room
from vliwc.transform.sites import Site

PRICES = Prices(MACHINES["takehome"])
NOTHING = Loads()
OTHER = next(a for a in CATALOGUE if not a.direct)
"""Any alternative that does not read the array itself."""


def site(number: int, array: str = "t") -> Site:
    return Site(number, number, (), array, 0, 8, Form(0), None, False, 0, (array, number))


def plain(at: Site) -> Offer:
    return Offer(GATHER, (at,), Loads(load=8))


def trial(sites: Sequence[Site], group: Loads, setup: Loads = NOTHING) -> Trial:
    """Measured with plain gathers everywhere."""
    return Trial({s.node: plain(s) for s in sites}, setup, group, {}, (0, 0))


def worth(measured: Trial, counts: Mapping[Offer, int], groups: int) -> tuple[float, float, float]:
    """What is minimised, the cycles of the busiest engine then, and those that it takes at least with these counts.

    Straight from the definition: the busiest engine counts twenty times as much as the work of all engines together.
    """
    load = measured.setup.plus(measured.group, groups)
    for offer in measured.main.values():
        load = load.plus(offer.price, -groups)
    for offer, count in counts.items():
        load = load.plus(offer.price, count)
    for table in {o.table.key: o.table for o, count in counts.items() if o.table is not None and count}.values():
        load = load.plus(table.price)
    shifted = [PRICES.cycles(load.plus(Loads(flow=-1, fused=1), k)) for k in range(int(load.choices) + 1)]
    work = ("compute", "flow", "load", "store")
    best = min((20 * max(cycles.values()) + sum(cycles[e] for e in work), max(cycles.values())) for cycles in shifted)
    return *best, min(max(cycles.values()) for cycles in shifted)


def feasible(
    counts: Mapping[Offer, int], sites: Sequence[Site], groups: int, rooms: Sequence[Room], scratch: int
) -> bool:
    """Every site once in every group, tables within scratch, and in rooms that nobody reads any more."""
    if any(sum(count for o, count in counts.items() if s in o.sites) != groups for s in sites):
        return False
    tables = {o.table.key: o.table for o, count in counts.items() if o.table is not None and count}.values()
    if sum(t.scratch for t in tables) > scratch:
        return False
    direct = {s.array for o, count in counts.items() if count and o.alternative.direct for s in o.sites}
    space = [room.end - room.base for room in rooms if not direct.intersection(room.arrays)]
    stored = [t.memory for t in tables if t.memory]
    return any(
        all(sum(m for m, k in zip(stored, at, strict=True) if k == room) <= words for room, words in enumerate(space))
        for at in product(range(len(space)), repeat=len(stored))
    )


def optimum(
    measured: Trial, offers: Sequence[Offer], groups: int, rooms: Sequence[Room], scratch: int
) -> tuple[float, float]:
    """The least that can be had of what is minimised, and of the busiest engine's cycles, by trying everything."""
    sites = list({s.node: s for o in offers for s in o.sites}.values())
    best = least = math.inf
    for numbers in product(range(groups + 1), repeat=len(offers)):
        counts = dict(zip(offers, numbers, strict=True))
        if feasible(counts, sites, groups, rooms, scratch):
            value, _, cycles = worth(measured, counts, groups)
            best, least = min(best, value), min(least, cycles)
    return best, least


def check(mix: Mix, offers: Sequence[Offer], groups: int, rooms: Sequence[Room], scratch: int) -> None:
    """The mix is one that may be: its tables have homes in rooms, side by side."""
    sites = list({s.node: s for o in offers for s in o.sites}.values())
    assert feasible(mix.counts, sites, groups, rooms, scratch)
    used = {o.table.key: o.table for o, count in mix.counts.items() if count and o.table is not None and o.table.memory}
    assert set(used) <= set(mix.homes)
    words: set[int] = set()
    for key, home in mix.homes.items():
        own = set(range(home.base, home.base + home.length))
        assert home.length == next(o.table.memory for o in offers if o.table is not None and o.table.key == key)
        assert any(room.base <= home.base and home.base + home.length <= room.end for room in rooms)
        assert not words & own
        words |= own


@st.composite
def loads(draw: st.DrawFn) -> Loads:
    return Loads(
        words=draw(st.integers(0, 8)),
        vectors=draw(st.integers(0, 12)),
        fused=draw(st.integers(0, 4)),
        choices=draw(st.sampled_from((0, 0, 1, 3))),
        flow=draw(st.integers(0, 4)),
        load=draw(st.integers(0, 8)),
        store=draw(st.integers(0, 2)),
    )


@settings(max_examples=40)
@given(data=st.data())
def test_optimum_against_trying_everything(data: st.DataObject) -> None:
    groups = data.draw(st.integers(1, 4))
    sites = [site(k) for k in range(data.draw(st.integers(1, 2)))]
    offers = [plain(s) for s in sites]
    sizes = st.sampled_from((0, 8, 16))
    for k in range(data.draw(st.integers(1, 2))):
        table = Table(("table", k), data.draw(loads()), scratch=data.draw(sizes), memory=data.draw(sizes))
        chosen = tuple(sites) if data.draw(st.booleans()) else (data.draw(st.sampled_from(sites)),)
        offers.append(Offer(OTHER, chosen, data.draw(loads()), table if data.draw(st.booleans()) else None, detail=k))
    rooms = [Room(("spare",), 100, 100 + data.draw(st.integers(4, 24)), Death.FREE), Room(("t",), 0, 16, Death.READ)]
    measured = trial(sites, data.draw(loads()).plus(Loads(load=8 * len(sites))), data.draw(loads()))
    mix = balance(measured, offers, PRICES, groups, rooms, scratch=16)
    check(mix, offers, groups, rooms, 16)
    best, least = optimum(measured, offers, groups, rooms, 16)
    found, found_cycles, _ = worth(measured, mix.counts, groups)
    assert found == pytest.approx(best, rel=2e-3, abs=0.02)  # the model counts in thousandths of a cycle
    assert mix.busiest == pytest.approx(found_cycles, rel=2e-3, abs=0.02)
    assert mix.bound == pytest.approx(least, rel=2e-3, abs=0.02)


def test_tables_that_do_not_fit_are_not_built() -> None:
    a = site(0)
    large = Offer(OTHER, (a,), Loads(), Table(("large",), Loads(), memory=65))
    heavy = trial([a], Loads(load=8))
    room = Room(("spare",), 0, 64, Death.FREE)
    assert balance(heavy, [plain(a), large], PRICES, 10, [room], 0).counts[large] == 0
    assert balance(heavy, [plain(a), large], PRICES, 10, [Room(("spare",), 0, 65, Death.FREE)], 0).counts[large] == 10
    held = Offer(OTHER, (a,), Loads(), Table(("held",), Loads(), scratch=65))
    assert balance(heavy, [plain(a), held], PRICES, 10, [], 64).counts[held] == 0
    assert balance(heavy, [plain(a), held], PRICES, 10, [], 65).counts[held] == 10


def test_an_array_is_a_room_only_if_no_group_reads_it() -> None:
    a, room = site(0), [Room(("t",), 0, 64, Death.READ)]
    table = Table(("table",), Loads(), memory=64)
    half = Offer(OTHER, (a,), Loads(flow=4), table)  # four cycles a group, as the gather takes: a mix would be best
    mix = balance(trial([a], Loads(load=8)), [plain(a), half], PRICES, 10, room, 0)
    assert 0 in (mix.counts[half], mix.counts[plain(a)])
    elsewhere = balance(trial([a], Loads(load=8)), [plain(a), half], PRICES, 10, [Room(("s",), 0, 64, Death.FREE)], 0)
    assert elsewhere.counts[half] == elsewhere.counts[plain(a)] == 5


def test_a_joint_room_takes_all_of_its_arrays() -> None:
    a, b = site(0, "t"), site(1, "u")
    joint = Room(("t", "u"), 0, 64, Death.READ)
    rooms = [Room(("t",), 0, 32, Death.READ), Room(("u",), 32, 64, Death.READ), joint]
    large = Offer(OTHER, (a,), Loads(), Table(("large",), Loads(), memory=64))
    small = Offer(OTHER, (b,), Loads(), Table(("small",), Loads(), memory=32))
    held = Offer(OTHER, (b,), Loads(vectors=6))
    both = trial([a, b], Loads(load=16))
    read = balance(both, [plain(a), plain(b), large], PRICES, 10, rooms, 0)
    assert read.counts[large] == 0, "groups read the other array"
    alone = balance(both, [plain(a), plain(b), large, held], PRICES, 10, rooms, 0)
    assert (alone.counts[large], alone.rooms) == (10, (joint,))
    apart = balance(both, [plain(a), plain(b), large, small, held], PRICES, 10, rooms, 0)
    assert 0 in (apart.counts[large], apart.counts[small]), "one table would stand upon the other"


def test_constants_may_be_made_by_other_engines() -> None:
    a = site(0)
    measured = trial([a], Loads(load=8, vectors=60), Loads(load=100))
    offer = Offer(OTHER, (a,), Loads(vectors=8))
    loaded = balance(measured, [plain(a), offer], PRICES, 10, [], 0)
    derived = balance(replace(measured, constants=(100, 0)), [plain(a), offer], PRICES, 10, [], 0)
    assert loaded.counts[offer] > 0 == derived.counts[offer]
    assert derived.busiest < loaded.busiest


def test_engines_wait_at_the_ends() -> None:
    a = site(0)
    measured = trial([a], Loads(load=8), Loads(load=40))
    idle = replace(measured, ramp={"load": (60, 10), "flow": (0, 0)})
    busiest = [balance(m, [plain(a)], PRICES, 10, [], 0).busiest for m in (measured, idle)]
    begin, end = 60 * RAMP_SHARE, 10 * RAMP_SHARE
    assert busiest == [60, 60 + end + begin - 20], "while there can be no gather, the set-up is loaded"


def test_set_up_pays_only_with_enough_groups() -> None:
    a = site(0)
    table = Table(("table",), Loads(load=40), memory=8)
    offer = Offer(OTHER, (a,), Loads(vectors=1), table)
    room = [Room(("s",), 0, 64, Death.FREE)]
    for groups, built in ((4, False), (5, False), (12, True), (64, True)):
        mix = balance(trial([a], Loads(load=8)), [plain(a), offer], PRICES, groups, room, 0)
        assert (mix.counts[offer] > 0) is built


@pytest.mark.parametrize("name", ["automaton", "box and pair", "bits"])
def test_equal_arguments_give_equal_mixes(name: str) -> None:
    def mixed() -> Mix:
        case = prepare(lookup(name, 128))
        offers = [o for a in CATALOGUE for o in case.offers(a)]
        return balance(
            trial(case.sites, Loads(load=8 * len(case.sites), vectors=70)), offers, PRICES, 16, case.rooms, 700
        )

    first, second = mixed(), mixed()
    assert list(first.counts.values()) == list(second.counts.values())
    assert (first.homes, first.bound) == (second.homes, second.bound)
    assert set(first.counts) and first.bound > 0


def test_every_group_gets_one_way_for_every_site() -> None:
    a, b = site(0), site(1)
    both = Offer(OTHER, (a, b), Loads())
    mix = Mix({plain(a): 3, plain(b): 3, both: 5}, {}, (), 1.0, 1.0)
    ways = assign(mix, [a, b], 8)
    assert set(ways) == {(n, k) for n in (0, 1) for k in range(8)}
    assert all((ways[0, k] == both) == (ways[1, k] == both) for k in range(8))
    assert sum(ways[0, k] == both for k in range(8)) == 5


def test_engines_are_counted_as_the_machine_has_them() -> None:
    cycles = PRICES.cycles(Loads(words=24, vectors=15, fused=6, flow=2, load=8, store=4))
    assert set(cycles) == set(ENGINES)
    assert cycles["alu"] == 2 and cycles["valu"] == 1 and cycles["flow"] == 2
    assert cycles["load"] == 4 and cycles["store"] == 2
    assert cycles["compute"] == pytest.approx((3 + 15 + 6) / 7.5)
