"""Which group carries out a site in which way, once the balance has said how many do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.transform.test_balance import OTHER, plain, site
from vliwc.transform.alternatives import GATHER, Offer
from vliwc.transform.loads import Loads
from vliwc.transform.mixes import Mix
from vliwc.transform.planning import assign


def test_every_group_gets_one_way_for_every_site() -> None:
    a, b = site(0), site(1)
    both = Offer(OTHER, (a, b), Loads())
    mix = Mix({plain(a): 3, plain(b): 3, both: 5}, {}, (), 1.0)
    ways = assign(mix, [a, b], 8)
    assert set(ways) == {(n, k) for n in (0, 1) for k in range(8)}
    assert all((ways[0, k] == both) == (ways[1, k] == both) for k in range(8))
    assert sum(ways[0, k] == both for k in range(8)) == 5


def test_ways_to_carry_out_the_same_sites_alternate() -> None:
    a, b = site(0), site(1)
    one, other = (Offer(OTHER, (a, b), Loads(flow=k)) for k in (1, 2))
    ways = assign(Mix({one: 4, other: 4, plain(a): 2, plain(b): 2}, {}, (), 1.0), [a, b], 10)
    taken = [ways[0, k] for k in range(10)]
    assert taken == [ways[1, k] for k in range(8)] + [plain(a)] * 2 and set(taken[:2]) == {one, other}
    assert taken[:8] == taken[:2] * 4


@given(st.lists(st.integers(0, 8), min_size=2, max_size=5))
def test_sites_with_the_same_offers_take_turns(gathered: list[int]) -> None:
    """Of so many groups each site is gathered by some; whichever they are, every stretch of work has its share."""
    groups = 8
    sites = [site(k) for k in range(len(gathered))]
    others = {s: Offer(OTHER, (s,), Loads(flow=7)) for s in sites}
    counts = {plain(s): n for s, n in zip(sites, gathered, strict=True)}
    counts |= {others[s]: groups - n for s, n in zip(sites, gathered, strict=True)}
    ways = assign(Mix(counts, {}, (), 1.0, 1.0), sites, groups)
    row = [ways[s.node, k] for k in range(groups) for s in sites]
    assert all(offer.sites == (s,) for offer, s in zip(row, sites * groups, strict=True))
    taken = [offer.alternative is GATHER for offer in row]
    assert sum(taken) == sum(gathered)
    for length in range(1, len(row)):
        shares = [sum(taken[at : at + length]) for at in range(len(row) - length + 1)]
        assert max(shares) - min(shares) <= 1


def test_sites_with_others_between_keep_their_shares() -> None:
    """The one between has offers of its own."""
    sites = [site(k) for k in range(3)]
    gathered = dict(zip(sites, (3, 6, 2), strict=True))
    counts = {plain(s): n for s, n in gathered.items()}
    counts |= {Offer(OTHER, (s,), Loads(flow=7 + s.node % 2)): 8 - n for s, n in gathered.items()}
    ways = assign(Mix(counts, {}, (), 1.0, 1.0), sites, 8)
    assert [sum(ways[n, k].alternative is GATHER for k in range(8)) for n in range(3)] == [3, 6, 2]
