"""What no mix falls below: the bound of the balance model, on made-up offers."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from tests.transform.test_balance import IDLE, OTHER, PRICES, plain, site, trial
from vliwc.transform.alternatives import Offer
from vliwc.transform.balance import least_cycles
from vliwc.transform.loads import Loads


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
