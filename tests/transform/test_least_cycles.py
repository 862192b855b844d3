"""What no mix falls below: the bound of the balance model, on made-up offers."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from math import ceil

import pytest

from tests.transform.test_balance import IDLE, OTHER, PRICES, plain, site, trial
from vliwc.transform.alternatives import Offer, Table
from vliwc.transform.balance import least_cycles
from vliwc.transform.loads import Loads, Prices


def test_a_last_group_costs_no_more_in_a_bound_than_its_share() -> None:
    """Of its sites, that is: what the choice saves elsewhere, it saves for any number of lanes."""
    a = site(0)
    chosen = Offer(OTHER, (a,), Loads(flow=4, vectors=-2))
    measured = replace(trial([a], Loads(load=8)), rest=Loads(load=6), share=0.5)
    load = (2 * 8 + 6 + 8 / 2) / 2 + IDLE["load"]
    assert least_cycles([measured], [plain(a)], PRICES, 2, []) == load
    assert least_cycles([replace(measured, share=0.0)], [plain(a)], PRICES, 2, []) == load - 2
    assert least_cycles([measured], [plain(a), chosen], PRICES, 2, []) < load - 2, "it may choose"
    assert chosen.price.part(0.5) == Loads(flow=2, vectors=-2)


def test_rounding_makes_no_bound_higher() -> None:
    """Prices of an engine with seven slots, beside one of eleven, are no whole parts of a cycle."""
    slots = {"alu": 11, "valu": 13, "load": 7, "store": 5}
    machine = PRICES.machine
    engines = {name: replace(engine, slots=slots.get(name, engine.slots)) for name, engine in machine.engines.items()}
    odd = Prices(replace(machine, engines=engines))
    assert odd.parts(1000) % 7 != 0
    for load in range(8, 40):
        least = least_cycles([trial([site(0)], Loads(load=load))], [plain(site(0))], odd, 20_000, [])
        assert 0.999 * 20_000 * load / 7 < least <= ceil(20_000 * load / 7) + IDLE["load"]


def test_bounds_count_on_no_constants() -> None:
    a = site(0)
    measured = trial([a], Loads(vectors=60))
    some = replace(measured, constant_words=15 * 8)
    offers = [Offer(OTHER, (a,), Loads())]
    plainly, freely = (least_cycles([t], [plain(a), *offers], PRICES, 10, []) for t in (measured, some))
    assert freely == pytest.approx(plainly - 15 / 7.5)


def test_a_bound_is_the_least_of_all_trials() -> None:
    a = replace(site(0), head=10)
    offers = [plain(a), Offer(OTHER, (a,), Loads(vectors=30))]
    trials = [trial([a], Loads(load=8), Loads(load=setup)) for setup in (60, 20, 40)]
    alone = [least_cycles([measured], offers, PRICES, 10, []) for measured in trials]
    assert len(set(alone)) == 3
    for order in permutations(trials):
        assert least_cycles(order, offers, PRICES, 10, []) == pytest.approx(min(alone), rel=2e-4)


def test_what_is_loaded_before_a_tail_counts() -> None:
    """From the second cycle on: each group's own words if as much is left to do after them, and its gathers."""
    a = replace(site(0), head=1, tail=50)
    measured = trial([a], Loads(load=8))
    for tails, own in (((), 0), ((50,), 5), ((49,), 0), ((60, 50, 20), 10)):
        least = least_cycles([replace(measured, own_loads=tails)], [plain(a)], PRICES, 10, [])
        assert least == 1 + 40 + own + 50


def test_words_of_tables_are_loaded_once_before_the_first_look_up() -> None:
    """Sixteen words of two tables, eight of them of both, take three loads of eight words."""
    sites = replace(site(0), head=1, tail=60), replace(site(1), head=1, tail=50)
    reads = range(16), range(8, 24)
    offers = [
        Offer(OTHER, (s,), Loads(load=8), (Table(("table", k), Loads(), reads=(("t", words),)),))
        for k, (s, words) in enumerate(zip(sites, reads, strict=True))
    ]
    measured = trial(sites, Loads(load=16))
    assert least_cycles([measured], offers, PRICES, 10, []) == 1 + 80 + 1.5 + 50 + 0.5
    apart = [offers[0], replace(offers[1], tables=(Table(("table", 1), Loads(), reads=(("u", reads[1]),)),))]
    assert least_cycles([measured], apart, PRICES, 10, []) == 1 + 80 + 2 + 50
    assert least_cycles([measured], [offers[0], plain(sites[1])], PRICES, 10, []) == 1 + 80 + 1 + 50, "one table"
    unread = [plain(s) for s in sites]
    assert least_cycles([measured], [*offers, *unread], PRICES, 10, []) == 1 + 80 + 50, "no table need be used"
