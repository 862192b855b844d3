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
from vliwc.transform.balance import balance, least_cycles
from vliwc.transform.loads import ENGINES, EXPECTED, Loads, Losses, Prices
from vliwc.transform.mixes import Mix, Trial
from vliwc.transform.rooms import Death, Room
from vliwc.transform.sites import Site

PRICES = Prices(MACHINES["takehome"])
NOTHING = Loads()
OTHER = next(a for a in CATALOGUE if not a.direct)
"""Any alternative that does not read the array itself."""
IDLE = {"load": 1, "store": 1}
"""For how many cycles engines are idle in any program: all others in the first cycle and in the last one."""


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
    What is said of selects between any words is about all programs: a mix has them on flow.
    """
    load = measured.setup.plus(measured.group, groups)
    for offer in measured.main.values():
        load = load.plus(offer.price, -groups)
    for offer, count in counts.items():
        load = load.plus(offer.price, count)
    for table in {t.key: t for o, count in counts.items() if count for t in o.tables}.values():
        load = load.plus(table.price)
    kinds = [(first, other, int(getattr(load, kind))) for kind, (first, other) in PRICES.ways.items()]
    shifted, planned = [], []
    for moved in product(*(range(count + 1) for _, _, count in kinds)):
        there = load
        for (first, other, _), times in zip(kinds, moved, strict=True):
            there = there.plus(other.plus(first, -1), times)
        shifted.append(PRICES.cycles(there))
        if not moved[list(PRICES.ways).index("selects")]:
            planned.append(shifted[-1])
    work = ("compute", "flow", "load", "store")
    ways = 20 * 0.3 * sum(count > 0 for count in counts.values())
    best = min(
        (20 * max(cycles.values()) + sum(cycles[e] for e in work) + ways, max(cycles.values())) for cycles in planned
    )
    return *best, min(max(cycles[e] + IDLE.get(e, 2) for e in cycles) for cycles in shifted)


def feasible(
    counts: Mapping[Offer, int], sites: Sequence[Site], groups: int, rooms: Sequence[Room], scratch: int
) -> bool:
    """Every site once in every group, tables within scratch, and in rooms that nobody reads any more."""
    if any(sum(count for o, count in counts.items() if s in o.sites) != groups for s in sites):
        return False
    tables = {t.key: t for o, count in counts.items() if count for t in o.tables}.values()
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
            value, _, _ = worth(measured, counts, groups)
            best = min(best, value)
        if feasible(counts, sites, groups, rooms, 1 << 20):  # a bound counts on no scratch
            least = min(least, worth(measured, counts, groups)[2])
    return best, least


def check(mix: Mix, offers: Sequence[Offer], groups: int, rooms: Sequence[Room], scratch: int) -> None:
    """The mix is one that may be: its tables have homes in rooms, side by side."""
    sites = list({s.node: s for o in offers for s in o.sites}.values())
    assert feasible(mix.counts, sites, groups, rooms, scratch)
    used = {t.key: t for o, count in mix.counts.items() if count for t in o.in_memory}
    assert set(used) <= set(mix.homes)
    words: set[int] = set()
    for key, home in mix.homes.items():
        own = set(range(home.base, home.base + home.length))
        assert home.length == next(t.memory for o in offers for t in o.tables if t.key == key)
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
        products=draw(st.sampled_from((0, 0, 2))),
        selects=draw(st.sampled_from((0, 0, 1, 2))),
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
        price = replace(data.draw(loads()), choices=0, products=0, selects=0)  # a deadline counts these on flow
        table = Table(("table", k), price, data.draw(sizes), data.draw(sizes), build=lambda _, __: [])
        chosen = tuple(sites) if data.draw(st.booleans()) else (data.draw(st.sampled_from(sites)),)
        offers.append(Offer(OTHER, chosen, data.draw(loads()), (table,) * data.draw(st.integers(0, 1)), detail=k))
    rooms = [Room(("spare",), 100, 100 + data.draw(st.integers(4, 24)), Death.FREE), Room(("t",), 0, 16, Death.READ)]
    measured = trial(sites, data.draw(loads()).plus(Loads(load=8 * len(sites))), data.draw(loads()))
    mix = balance(measured, offers, PRICES, groups, rooms, scratch=16)
    check(mix, offers, groups, rooms, 16)
    best, least = optimum(measured, offers, groups, rooms, 16)
    found, found_cycles, _ = worth(measured, mix.counts, groups)
    assert found == pytest.approx(best, rel=2e-3, abs=0.02)  # the model counts in thousandths of a cycle
    assert mix.busiest == pytest.approx(found_cycles, rel=2e-3, abs=0.02)
    bound = least_cycles([measured], offers, PRICES, groups, rooms)
    assert bound == int(bound)
    assert 0.998 * least - 0.02 <= bound <= 1.002 * least + 1


def test_tables_that_do_not_fit_are_not_built() -> None:
    a = site(0)
    large = Offer(OTHER, (a,), Loads(), (Table(("large",), Loads(), memory=65),))
    heavy = trial([a], Loads(load=8))
    room = Room(("spare",), 0, 64, Death.FREE)
    assert balance(heavy, [plain(a), large], PRICES, 10, [room], 0).counts[large] == 0
    assert balance(heavy, [plain(a), large], PRICES, 10, [Room(("spare",), 0, 65, Death.FREE)], 0).counts[large] == 10
    held = Offer(OTHER, (a,), Loads(), (Table(("held",), Loads(), scratch=65),))
    assert balance(heavy, [plain(a), held], PRICES, 10, [], 64).counts[held] == 0
    assert balance(heavy, [plain(a), held], PRICES, 10, [], 65).counts[held] == 10


def test_an_array_is_a_room_only_if_no_group_reads_it() -> None:
    a, room = site(0), [Room(("t",), 0, 64, Death.READ)]
    table = Table(("table",), Loads(), memory=64)
    half = Offer(OTHER, (a,), Loads(flow=4), (table,))  # four cycles a group, as the gather takes: a mix would be best
    mix = balance(trial([a], Loads(load=8)), [plain(a), half], PRICES, 10, room, 0)
    assert 0 in (mix.counts[half], mix.counts[plain(a)])
    elsewhere = balance(trial([a], Loads(load=8)), [plain(a), half], PRICES, 10, [Room(("s",), 0, 64, Death.FREE)], 0)
    assert elsewhere.counts[half] == elsewhere.counts[plain(a)] == 5


def test_a_joint_room_takes_all_of_its_arrays() -> None:
    a, b = site(0, "t"), site(1, "u")
    joint = Room(("t", "u"), 0, 64, Death.READ)
    rooms = [Room(("t",), 0, 32, Death.READ), Room(("u",), 32, 64, Death.READ), joint]
    large = Offer(OTHER, (a,), Loads(), (Table(("large",), Loads(), memory=64),))
    small = Offer(OTHER, (b,), Loads(), (Table(("small",), Loads(), memory=32),))
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
    begin, end = 60 * EXPECTED.ramps, 10 * EXPECTED.ramps
    assert busiest == [60, 60 + end + begin - 20], "while there can be no gather, the set-up is loaded"


def test_mixes_count_on_selects_by_arithmetic_as_far_as_they_are_told_to() -> None:
    """Twelve selects on flow in place of eight loads pay only if the vector units do some of them."""
    groups, a = 16, site(0)
    offers = [plain(a), Offer(OTHER, (a,), Loads(selects=12))]
    measured = trial([a], Loads(load=8))
    mixes = {share: balance(measured, offers, PRICES, groups, [], 0, Losses(arithmetic=share)) for share in (0, 0.5, 1)}
    assert mixes[0].busiest > mixes[0.5].busiest > mixes[1].busiest
    for share, mix in mixes.items():
        selects = 12 * mix.counts[offers[1]]
        assert mix.busiest >= max(4 * mix.counts[offers[0]], (1 - share) * selects), "flow has one slot, load has two"


def test_set_up_pays_only_with_enough_groups() -> None:
    a = site(0)
    table = Table(("table",), Loads(load=40), memory=8)
    offer = Offer(OTHER, (a,), Loads(vectors=1), (table,))
    room = [Room(("s",), 0, 64, Death.FREE)]
    for groups, built in ((4, False), (5, False), (12, True), (64, True)):
        mix = balance(trial([a], Loads(load=8)), [plain(a), offer], PRICES, groups, room, 0)
        assert (mix.counts[offer] > 0) is built


@pytest.mark.parametrize("words", [1536, 700, 300])
@pytest.mark.parametrize("held", [0, 160])
def test_scratch_is_an_engine_where_it_is_scarce(words: int, held: int) -> None:
    """Against all mixes: one of the offers is cheap, but holds much scratch, for itself and for its table."""
    groups, a, losses = 10, site(0), Losses(lives=2.5)
    prices = Prices(replace(PRICES.machine, scratch_words=words))
    roomy = Offer(OTHER, (a,), Loads(load=1, area=2400), (Table(("held",), Loads(), scratch=held),))
    offers = [plain(a), roomy]
    measured = replace(trial([a], Loads(load=8, area=400)), constant_words=80)
    mix = balance(measured, offers, prices, groups, [], words, losses)

    def cycles(count: int) -> float:
        free = words - 80 - (held if count else 0)
        crowded = losses.lives * (400 * groups + 2400 * count) / free
        return max((8 * groups - 7 * count) / 2, crowded)

    best = min(range(groups + 1), key=cycles)
    assert mix.counts[roomy] == best
    assert mix.busiest == pytest.approx(cycles(best), rel=1e-2)
    bound = least_cycles([measured], offers, prices, groups, [])
    assert bound == pytest.approx(groups / 2 + IDLE["load"]), "what later stages may get around is in no bound"


def test_scratch_that_constants_fill_changes_nothing() -> None:
    a = site(0)
    measured = replace(trial([a], Loads(load=8, area=400)), constant_words=2000)
    assert balance(measured, [plain(a)], PRICES, 10, [], 100).counts[plain(a)] == 10


def test_tables_wait_in_scratch_for_arrays_that_are_read_first() -> None:
    """The same table may stand in words that are free from the start on."""
    a = site(0)
    offer = Offer(OTHER, (a,), Loads(vectors=1), (Table(("table",), Loads(load=8), memory=64, scratch=8),))
    measured = trial([a], Loads(load=8))
    for words, death, taken in (
        (63, Death.FREE, 10),
        (63, Death.READ, 0),
        (64, Death.READ, 10),
    ):
        prices = Prices(replace(PRICES.machine, scratch_words=words))
        mix = balance(measured, [plain(a), offer], prices, 10, [Room(("s",), 0, 64, death)], 8)
        assert mix.counts[offer] == taken, (words, death)


def test_engines_may_be_expected_to_lose_some_of_their_time() -> None:
    a = site(0)
    offers = [plain(a), Offer(OTHER, (a,), Loads(flow=5))]
    measured = trial([a], Loads(load=8))
    for share in (0.0, 0.25, 1.0):
        mix = balance(measured, offers, PRICES, 90, [], 0, replace(EXPECTED, engines=(("flow", share),)))
        best = min(range(91), key=lambda k: max(4 * (90 - k), 5 * k * (1 + share)))
        assert mix.counts[offers[1]] == best


@pytest.mark.parametrize("machine", MACHINES)
def test_bounds_count_in_parts_of_which_prices_are_whole(machine: str) -> None:
    prices = Prices(MACHINES[machine])
    parts = prices.parts(1000)
    for one in (Loads(words=1), Loads(vectors=1), Loads(fused=1), Loads(flow=1), Loads(load=1), Loads(store=1)):
        for cycles in prices.cycles(one).values():
            assert parts * cycles == pytest.approx(round(parts * cycles))
    engines = {**prices.machine.engines, "valu": replace(prices.machine.engines["valu"], slots=9973)}
    assert Prices(replace(prices.machine, engines=engines)).parts(1000) == 1000, "they are too many, and rounded"


def test_gathers_have_to_be_between_head_and_tail() -> None:
    early, late = replace(site(0), head=10, tail=30), replace(site(1), head=40, tail=20)
    held = Offer(OTHER, (late,), Loads(vectors=90), (Table(("held",), Loads()),))
    measured = trial([early, late], Loads(load=16))
    only = balance(measured, [plain(early), plain(late)], PRICES, 10, [], 100)
    assert only.busiest == 10 + 80 + 20, "all of the loads, after the first head and before the last tail"
    assert least_cycles([measured], [plain(early), plain(late)], PRICES, 10, []) == only.busiest
    alone = trial([late], Loads(load=8))
    assert balance(alone, [plain(late)], PRICES, 10, [], 100).busiest == 40 + 40 + 20
    assert least_cycles([alone], [plain(late)], PRICES, 10, []) == 40 + 40 + 20

    def cycles(gathers: int) -> float:
        load = 4 * gathers
        windows = (40 + 40, _window(load, 40 + 20), 40 + load + 30)
        return max(*windows, 12 * (10 - gathers))

    mixed = balance(measured, [plain(early), plain(late), held], PRICES, 10, [], 100)
    best = min(range(11), key=cycles)
    assert (mixed.counts[plain(late)], mixed.busiest) == (best, cycles(best))
    assert least_cycles([measured], [plain(early), plain(late), held], PRICES, 10, []) <= mixed.busiest + 2


@pytest.mark.parametrize(("cycles", "gathers", "busiest", "bound"), [(4, 0, 100, 100), (30, 10, 103, 103)])
def test_a_way_that_takes_long_counts_on_the_longest_path(
    cycles: float, gathers: int, busiest: float, bound: float
) -> None:
    """A gather of eight words takes four cycles, and a choice one. Seven gathers leave 90 cycles of choices; on average
    paths take 102.1 cycles then, and no program takes a part of a cycle."""
    a = replace(site(0), path=100)
    chosen = Offer(OTHER, (a,), Loads(vectors=7.5 * cycles))
    measured = trial([a], Loads(load=8))
    mix = balance(measured, [plain(a), chosen], PRICES, 10, [], 100)
    assert (mix.counts[plain(a)], mix.busiest) == (gathers, busiest)
    assert least_cycles([measured], [plain(a), chosen], PRICES, 10, []) == pytest.approx(bound)
    off = [replace(offer, sites=(site(0),)) for offer in (plain(a), chosen)]
    elsewhere = balance(trial([site(0)], Loads(load=8)), off, PRICES, 10, [], 100)
    assert elsewhere.busiest <= 40, "off the path there is time"


def _window(work: float, outside: float) -> float:
    return work + outside if work else 0


@pytest.mark.parametrize(
    ("making", "tail", "taken", "cycles"), [(90, 0, range(21), 100), (90, 30, [0], 110), (60, 30, range(8, 21), 100)]
)
def test_tables_are_there_before_the_first_look_up(making: int, tail: int, taken: Sequence[int], cycles: int) -> None:
    """Beside 100 cycles of flow there is time for a table, or for 80 cycles of gathers, but the rest has to follow."""
    late = replace(site(0), tail=tail)
    table = Table(("table",), Loads(words=12 * making), memory=8)
    offer = Offer(OTHER, (late,), Loads(vectors=1), (table,))
    room = [Room(("s",), 0, 64, Death.FREE)]
    measured = trial([late], Loads(load=8, flow=5))
    mix = balance(measured, [plain(late), offer], PRICES, 20, room, 0)
    assert mix.busiest == cycles
    bound = least_cycles([measured], [plain(late), offer], PRICES, 20, room)
    assert bound == 100 + 2, "what a table costs is a guess, which is in no bound"
    assert mix.counts[offer] in taken


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
    assert (first.homes, first.busiest) == (second.homes, second.busiest)
    assert set(first.counts) and first.busiest > 0


def test_engines_are_counted_as_the_machine_has_them() -> None:
    cycles = PRICES.cycles(Loads(words=24, vectors=15, fused=6, flow=2, load=8, store=4))
    assert set(cycles) == set(ENGINES)
    assert cycles["alu"] == 2 and cycles["valu"] == 1 and cycles["flow"] == 2
    assert cycles["load"] == 4 and cycles["store"] == 2
    assert cycles["compute"] == pytest.approx((3 + 15 + 6) / 7.5)


@pytest.mark.parametrize(
    ("machine", "kind", "first", "other"),
    [
        ("takehome", "choices", {"flow": 1}, {"fused": 1}),
        ("takehome", "products", {"flow": 1}, {"vectors": 1}),
        ("takehome", "selects", {"flow": 1}, {"vectors": 1, "fused": 1}),
        ("narrow", "products", {"vectors": 1}, {"flow": 4}),
        ("narrow", "selects", {"vectors": 3}, {"flow": 4}),
    ],
)
def test_selects_can_be_done_in_two_ways(
    machine: str, kind: str, first: dict[str, float], other: dict[str, float]
) -> None:
    assert Prices(MACHINES[machine]).ways[kind] == (Loads(**first), Loads(**other))
