"""When look-ups can be: on kernels with known answers, and against all mixes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.transform.lookup_kernels import lookup
from tests.transform.lookups import ALTERNATIVES, MACHINES, Case, prepare, text
from vliwc.transform.alternatives import CATALOGUE, Offer
from vliwc.transform.distances import Distance, Paths, least_distances
from vliwc.transform.groups import varying_nodes
from vliwc.transform.loads import Prices
from vliwc.transform.sites import Site
from vliwc.transform.windows import Windows

LOOKUPS = """
par i in 0..64 {
    let h = x[i]
    let u = t[h & 7]
    let g = ((u ^ h) * 3) ^ (h >> 5)
    let v = t[g & 7]
    y[i] = (v ^ g) + (h >> 9)
}
"""


@pytest.mark.parametrize(("factor", "between"), [("* 3", 4), ("* 3 + 5", 5)])
def test_heads_and_tails_of_sites(factor: str, between: int) -> None:
    """The first index takes an address, a load of two cycles and an operation, and the second one four more, or five
    where a multiply-add takes two cycles; of these one takes the first word lane by lane. Behind the second word there
    are three."""
    source = text("t: u32[8] in\nx: u32[64] in\ny: u32[64] out", LOOKUPS.replace("* 3", factor))
    sites = [s for s in prepare(source, "wide").sites if s.array == "t"]
    assert [s.head for s in sites] == [4, 4 + between]
    assert [s.tail for s in sites] == [3 + between, 3]


def test_the_longest_path_leads_through_look_ups_that_wait_for_each_other() -> None:
    """The address, the load, three operations up to the first index, its word in no time, four operations, the second
    word in no time, two operations and the store; a look-up beside them is not on the path."""
    beside = LOOKUPS.replace("(h >> 9)", "t[h >> 29]")
    sites = prepare(text("t: u32[8] in\nx: u32[64] in\ny: u32[64] out", beside), "takehome").sites
    assert [(s.head, s.tail) for s in sites] == [(3, 7), (7, 3), (3, 2)]
    assert [s.path for s in sites] == [10, 10, 0]


@pytest.mark.parametrize(
    ("index", "head"),
    [
        ("(h * 3 + 5) & 7", 4),  # an address, a load, and two operations
        ("((h * 3 + k) * 5 + h) & 7", 4),  # linear arithmetic may all become one operation
        ("((h ^ k) ^ 5) & 7", 4),  # and so may what is associative
        ("((h ^ k) & 5) & 7", 4),
        ("((h ^ k) >> 2) & 7", 5),
        ("(((h * 3) ^ k) + 5) & 7", 6),
    ],
)
def test_heads_count_on_no_operations_that_may_merge(index: str, head: int) -> None:
    body = f"par i in 0..64 {{\nlet h = x[i]\nlet k = x[i] >> 3\ny[i] = t[{index}]\n}}".replace("x[i] >> 3", "z[i]")
    memory = "t: u32[8] in\nx: u32[64] in\nz: u32[64] in\ny: u32[64] out"
    (found,) = prepare(text(memory, body), "takehome").sites
    assert found.head == head


def _covers(sites: Sequence[Site], offers: Sequence[Offer]) -> Iterator[dict[int, Offer]]:
    """All ways to carry out each of the sites once, by site."""
    if not sites:
        yield {}
        return
    for offer in offers:
        if sites[0] in offer.sites and set(offer.sites) <= set(sites):
            for rest in _covers([s for s in sites if s not in offer.sites], offers):
                yield {**rest, **{s.node: offer for s in offer.sites}}


def _nearest(case: Case, sites: Sequence[Site], offers: Sequence[Offer]) -> dict[int, Distance]:
    """The least distances of all mixes, by trying them all."""
    prices, found = Prices(case.machine), {s.node: s for s in sites}

    def more(cover: dict[int, Offer], path: Sequence[int]) -> int:
        delays = (cover[n].alternative.delay(cover[n], found[n], prices) for n in path)
        return sum(delays) - sum(found[n].least for n in path)

    covers = list(_covers(sites, offers))
    return {
        s.node: Distance(
            s.head + min(more(cover, s.before) for cover in covers),
            s.tail + min(more(cover, s.after) for cover in covers),
        )
        for s in sites
    }


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["two levels", "digits", "automaton", "trie", "box and pair", "forest", "chain"])
def test_no_mix_is_nearer(name: str, machine: str) -> None:
    case = prepare(CHAIN if name == "chain" else lookup(name), machine)
    offers = [offer for alternative in CATALOGUE for offer in case.offers(alternative)]
    found, exact = least_distances(offers, Prices(case.machine)), _nearest(case, case.sites, offers)
    for site in case.sites:
        least, nearest = found[site.node], exact[site.node]
        assert site.head <= least.head <= nearest.head
        assert site.tail <= least.tail <= nearest.tail


CHAIN = text(
    "t: u32[200] in\nx: u32[64] in\ny: u32[64] out\nspare: u32[900] consumed",
    """
par i in 0..64 {
    let a = x[i] & 63
    let u = t[a] ^ x[i]
    let b = 2 * a + 1 + (u & 1)
    let v = t[b] ^ u
    let w = t[(v >> 3) & 63] ^ v
    y[i] = w >> 1
}
""",
)


def test_a_row_for_two_look_ups_takes_as_long_as_one_load() -> None:
    """Too many words to choose among: one load of four cycles on the way to the last index, if rows serve the first two
    look-ups; two of them, if there are no rows."""
    case = prepare(CHAIN, "takehome")
    offers = [offer for alternative in CATALOGUE for offer in case.offers(alternative)]
    first, second, last = case.sites
    found = least_distances(offers, Prices(case.machine))
    assert found[last.node].head == last.head + 4
    alone = [o for o in offers if len(o.sites) == 1]
    assert least_distances(alone, Prices(case.machine))[last.node].head == last.head + 8
    assert found[first.node] == Distance(first.head, first.tail + 4), "the second may be a row's, and the last is not"
    assert found[second.node].head == second.head + 4


@pytest.mark.parametrize(
    ("index", "cycles"),
    [
        ("h % 3", 2),  # two choices, by bits that are taken from the remainder while it is made an index
        ("h % 5 + 1", 3),
        ("h % 3 + 3 * (k % 5)", 5),  # four choices, after the bits of the sum
        ("h % 3 + 4 * (k % 5)", 1),  # the lower bits do not wait for the other remainder
        ("(h & 3) + 3 * (k % 5)", 1),  # perhaps the upper bits are known late, and alone
        ("(h % 3) * 2 + (h % 5) * 4", 1),
        ("2 * (h & 1) + (k & 1)", 1),  # a choice for the last bit
    ],
)
def test_choices_by_bits_that_come_together_are_made_in_turn(index: str, cycles: int) -> None:
    body = f"par i in 0..64 {{\nlet h = x[i]\nlet k = z[i]\ny[i] = t[{index}]\n}}"
    case = prepare(text("t: u32[27] in\nx: u32[64] in\nz: u32[64] in\ny: u32[64] out", body), "takehome")
    (offer,) = case.offers(ALTERNATIVES["select"])
    (site,) = offer.sites
    assert offer.alternative.delay(offer, site, Prices(case.machine)) == cycles


def test_what_only_flow_selects_comes_between_head_and_tail() -> None:
    """Sixteen words by a remainder: eight choices by the lowest bit may be multiply-adds, seven are flow's."""
    body = "par i in 0..64 {\nlet h = x[i] ^ 5\ny[i] = t[h % 15] ^ h\n}"
    case = prepare(text("t: u32[15] in\nx: u32[64] in\ny: u32[64] out", body), "takehome")
    offers = [offer for offer in case.offers(ALTERNATIVES["select"]) if offer.price.flow]
    (offer,) = offers
    head, tail = least_distances(offers, Prices(case.machine))[offer.sites[0].node]
    windows = Windows(offers, Prices(case.machine), 1.0)
    for surely in (True, False):
        assert max(windows.look_ups({offer: 8}, surely=surely)) == 8 * offer.price.flow + head + tail
    even = prepare(
        text("t: u32[30] in\nx: u32[64] in\ny: u32[64] out", body.replace("h % 15", "2 * (h % 15)")), "takehome"
    )
    counts = dict.fromkeys(even.offers(ALTERNATIVES["select"]), 8)
    windows = Windows(list(counts), Prices(even.machine), 1.0)
    assert list(windows.look_ups(counts, surely=True)) == []
    assert list(windows.look_ups(counts, surely=False))


@pytest.mark.parametrize("name", ["parked", "steered"])
def test_words_that_come_back_may_come_late(name: str) -> None:
    """Rows are loaded between the first index and the first word, and what was stored of them before the second word
    only."""
    case = prepare(lookup("two levels"))
    prices = Prices(case.machine)
    offer = case.offers(ALTERNATIVES[name])[0]
    first, second = offer.sites
    spans = {(a, b): loads for a, b, loads in offer.alternative.loads(offer, prices)}
    assert spans == {(first, first): 8, (first, second): offer.price.load - 8}
    windows = Windows([offer], prices, 2.0)
    head, tail = windows.distances[first.node]
    late = windows.distances[second.node].tail
    assert late < tail
    longest = max(head + 8 * 4 + tail, head + 8 * offer.price.load / 2 + late)
    assert max(windows.look_ups({offer: 8}, surely=True)) == 2 * longest


def test_words_of_every_iteration_are_loaded_first() -> None:
    """What is left to do after the first load of each array; not after loads of what has been stored, or of words that
    do not follow each other."""
    memory = "x: u32[65] in\nw: u32[128] in\nz: u32[64] inout\ny: u32[64] out"
    body = "par i in 0..64 {\nlet h = x[i] ^ x[i + 1]\nz[i] = h\ny[i] = (z[i] >> 3) + w[2 * i]\n}"
    case = prepare(text(memory, body), "takehome")
    paths = Paths(case.graph, case.loop, [], case.machine)
    varying = varying_nodes(case.graph, case.loop)
    assert paths.first_loads(case.forms, varying) == {"x": 4}
