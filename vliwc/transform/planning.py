"""Plans how gathers are carried out, by trial: the pipeline's own result on one and on two groups is measured.

What one group costs and what all groups share follow from the difference. A guess at the prices of a mix would miss
what later passes make of it, such as an address that no load needs any more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil
from typing import TypeVar

from vliwc.analysis import ranges
from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Graph, Loop
from vliwc.machine.description import Machine
from vliwc.transform.alternatives import CATALOGUE, GATHER, Home, Offer, Setting
from vliwc.transform.balance import balance, least_cycles
from vliwc.transform.distances import Paths, has_paths
from vliwc.transform.engines import bit_choices
from vliwc.transform.groups import Plan, block_size, consecutive, varying_nodes
from vliwc.transform.loads import EXPECTED, NO_LOADS, Loads, Losses, Prices, measure, ramps
from vliwc.transform.mixes import Main, Mix, Trial
from vliwc.transform.occupancy import occupancy
from vliwc.transform.pieces import join_arrays, unused_name
from vliwc.transform.rooms import Death, Room, find_rooms, joint_rooms
from vliwc.transform.sites import Site, find_sites
from vliwc.transform.vectorize import vectorize

Kind = TypeVar("Kind", bound=Hashable)

_EPSILON = 1e-6
_ROUNDS = 3
"""A plan that differs in what most groups do is measured again, this often at most."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """What was decided for one `par`.

    `bound`: no program made of the known alternatives takes fewer cycles, because of the busiest engine's work. `mix`:
    for each alternative in use the words that it looks up and how many groups do it that way.
    """

    bound: int
    mix: tuple[tuple[str, str, int], ...]
    crowded: bool = False
    """Was the mix chosen so that it needs less scratch?"""
    homes: tuple[Home, ...] = ()
    """Where tables in memory stand."""


def plan_gathers(
    graph: Graph,
    machine: Machine,
    finish: Callable[[Graph], Graph],
    disable: frozenset[str] = frozenset(),
    tell: Callable[[Sequence[Strategy]], None] | None = None,
    losses: Losses = EXPECTED,
) -> tuple[Graph, dict[int, Plan]]:
    """A plan for each innermost `par` with sites; `finish` is what the pipeline does after vectorisation.

    Where a table is to stand across several arrays, these are joined first: the plans are for the graph that comes with
    them. `disable` names alternatives that are left out. `tell` learns what was decided. The balance allows for
    `losses`; bounds, which do not depend on them, are found for those that are expected only, and are 0 otherwise.
    """
    planner = _Planner(graph, machine, finish, disable, losses, joint=True)
    plans = planner.plans()
    bounds = [strategy.bound for strategy in planner.strategies]
    if planner.joined:
        graph = join_arrays(graph, planner.joined)
        planner = _Planner(graph, machine, finish, disable, losses, joint=False)
        plans = planner.plans()
    if tell is not None:
        if len(bounds) != len(planner.strategies):  # joined, the arrays offer a choice more or less
            bounds = [min(bounds, default=0)] * len(planner.strategies)
        both = zip(bounds, planner.strategies, strict=True)
        tell([replace(strategy, bound=min(bound, strategy.bound)) for bound, strategy in both])
    return graph, plans


class _Planner:
    def __init__(
        self,
        graph: Graph,
        machine: Machine,
        finish: Callable[[Graph], Graph],
        disable: frozenset[str],
        losses: Losses,
        *,
        joint: bool,
    ) -> None:
        self.graph = graph
        self.machine = machine
        self.facts = ranges.analyse(graph)
        self.forms = Forms(graph, self.facts)
        self.finish = finish
        self.prices = Prices(machine, compared="conditions" not in disable)
        self.catalogue = [a for a in CATALOGUE if a is GATHER or a.name not in disable]
        self.taken: list[Home] = []
        self.losses = losses
        self.joint = joint
        """May tables stand across arrays?"""
        self.joined: list[tuple[str, ...]] = []
        """The arrays that they stand across."""
        self.strategies: list[Strategy] = []

    def plans(self) -> dict[int, Plan]:
        """The plans for all innermost `par`s with sites."""
        plans = {}
        for n in self.graph.walk():
            attr = self.graph.attr[n]
            if self.graph.op[n] == "par" and isinstance(attr, Loop):
                plan = self.plan(n, attr)
                if plan is not None:
                    plans[n] = plan
        return plans

    def plan(self, par: int, loop: Loop) -> Plan | None:
        """The plan for one `par`, or None if there is nothing to choose."""
        graph = self.graph
        varying = varying_nodes(graph, loop)
        groups, blocks = block_size(graph, loop, varying, self.machine)
        found = [
            s
            for s in find_sites(graph, self.facts, self.forms, loop)
            if s.node in varying and not self._known(s, loop, varying, blocks)
        ]
        paths = Paths(graph, loop, found, self.machine) if has_paths(graph, loop) else None
        found = paths.sites if paths else found
        setting = Setting(graph, self.facts, self.prices)
        offers = [o for a in self.catalogue for o in a.offers(found, setting)]
        if not groups or len(offers) == len(found):
            return None
        left = loop.trips % self.machine.lanes if blocks == 1 else 0
        partial = int(left > 0)
        rooms = self._rooms(par, loop, varying, found, blocks, offers)
        largest = max((room.words for room in rooms), default=0)
        offers = [o for o in offers if all(table.memory <= largest for table in o.tables)]
        main: Main = {s.node: next(o for o in offers if s in o.sites) for s in found}
        scratch = int(self.machine.scratch_words * self.losses.tables)
        bounded = self.losses == EXPECTED
        own_loads = self._own_loads(paths, varying, offers) if paths else ()
        trials = []
        for _ in range(_ROUNDS):
            trials.append(replace(self._trial(par, main, left if bounded else 0), own_loads=own_loads))
            mix = balance(trials[-1], offers, self.prices, groups + partial, rooms, scratch, self.losses)
            if mix.main(found) == main:
                break
            main = mix.main(found)
        self.taken += mix.homes.values()
        self.joined += [room.arrays for room in mix.rooms if len(room.arrays) > 1]
        if blocks == 1:
            homes = tuple(mix.homes.values())
            bound = least_cycles(trials, offers, self.prices, groups, rooms) if bounded else 0
            self.strategies.append(Strategy(ceil(bound - _EPSILON), _described(mix), mix.crowded, homes))
        return Plan(assign(mix, found, groups + partial), self._arrays_of_their_own(mix.homes, rooms))

    def _own_loads(self, paths: Paths, varying: set[int], offers: Sequence[Offer]) -> tuple[int, ...]:
        """The tails of what each group loads that no table is made of."""
        tables = {array for offer in offers for table in offer.tables for array, _ in table.reads}
        return tuple(tail for array, tail in paths.first_loads(self.forms, varying).items() if array not in tables)

    def _known(self, site: Site, loop: Loop, varying: set[int], blocks: int) -> bool:
        """Are a site's words consecutive, or known as its index follows from the iteration's number alone? Then they
        can be loaded as vectors."""
        form = self.forms.of(self.graph.args[site.load][0])
        return consecutive(form, loop, varying) or (blocks == 1 and all(n == loop.index for n, _ in form.terms))

    def _rooms(
        self, par: int, loop: Loop, varying: set[int], found: Sequence[Site], blocks: int, offers: Sequence[Offer]
    ) -> list[Room]:
        """Where tables may stand."""
        if par not in self.graph.body:  # they would be built again and again
            return []
        rooms = find_rooms(self.graph, self.forms, loop, varying, found, self.taken)
        if blocks > 1:  # no store can be put off until all groups are through
            rooms = [room for room in rooms if room.death is not Death.LATE]
        if blocks > 1 and loop.trips % self.machine.lanes:  # the partial group has no plan: it loads from the arrays
            rooms = [room for room in rooms if room.death is not Death.READ]
        if not self.joint:
            return rooms
        sizes = {table.memory for offer in offers for table in offer.in_memory}
        joint = {run.arrays: run for words in sizes for run in joint_rooms(rooms, words)}
        return [*rooms, *sorted(joint.values(), key=lambda room: (room.base, room.end))]

    def _arrays_of_their_own(
        self, homes: Mapping[tuple[object, ...], Home], rooms: Sequence[Room]
    ) -> dict[tuple[object, ...], Home]:
        """The homes, with new names for those in arrays that nothing else accesses."""
        free = {room.arrays[0] for room in rooms if room.death is Death.FREE}
        return {
            key: replace(home, array=unused_name(f"{home.array}_{home.base}", self.graph.arrays))
            if home.array in free
            else home
            for key, home in homes.items()
        }

    def _trial(self, par: int, main: Main, left: int) -> Trial:
        """What is measured if every group does as `main` says, and one of `left` lanes too if there is any."""
        one, two = self._sample(par, main, 1), self._sample(par, main, 2)
        shared_and_own = measure(one, self.prices)
        own = measure(two, self.prices).plus(shared_and_own, -1)
        first, both = (bit_choices(sample, ranges.analyse(sample)) for sample in (one, two))
        movable = len(both.single) - len(first.single), len(both.double) - len(first.double)
        words = [sum(sample.op[n] == "const" for n in sample.walk()) for sample in (one, two)]
        constants = max(0, 2 * words[0] - words[1]), max(0, words[1] - words[0])
        space, more = occupancy(one, self.machine), occupancy(two, self.machine)
        setup = shared_and_own.plus(own, -1)
        own = replace(own, area=more.area - space.area)
        rest = self._rest(one, self._sample(par, main, 1, left), main) if left else NO_LOADS
        share = left / self.machine.lanes
        return Trial(main, setup, own, ramps(one), movable, constants, rest, share, constant_words=space.constants)

    def _rest(self, one: Graph, both: Graph, main: Main) -> Loads:
        """What a group that is not full takes beside its sites: the program of `both` has it beside a full one, that of
        `one` has not. Constants are left out, as in all bounds."""
        rest = self._work(both).plus(self._work(one), -1)
        for offer in dict.fromkeys(main.values()):
            rest = rest.plus(offer.price, -1)
        return rest.plus(rest.savings(), -1)

    def _work(self, graph: Graph) -> Loads:
        """The work in a program, without any that makes a constant."""
        constant = [n for n in graph.walk() if graph.op[n] == "splat" and graph.const(n) is not None]
        words = sum(graph.op[n] == "const" for n in graph.walk())
        return measure(graph, self.prices).plus(Loads(load=words).plus(self.prices.op, len(constant)), -1)

    def _sample(self, par: int, main: Main, groups: int, left: int = 0) -> Graph:
        """The program of a few groups that all do the same, and of one with so many lanes, if there are any `left`."""
        ways = {(n, k): offer for n, offer in main.items() for k in range(groups + (left > 0))}
        homes = _anywhere(self.graph, main.values())
        return self.finish(vectorize(self.graph, self.machine, {par: Plan(ways, homes)}, {par: (groups, left)}))


def _described(mix: Mix) -> tuple[tuple[str, str, int], ...]:
    """A mix for people: alternatives, the words that they look up, and in how many groups."""
    return tuple(
        (offer.name, " and ".join(f"{s.array}[{s.lo}..{s.lo + s.count - 1}]" for s in offer.sites), count)
        for offer, count in mix.counts.items()
        if count
    )


def _anywhere(graph: Graph, offers: Iterable[Offer]) -> dict[tuple[object, ...], Home]:
    """Homes behind the image for the tables of a program that is only measured."""
    homes: dict[tuple[object, ...], Home] = {}
    base = graph.image_words
    for table in {table.key: table for o in offers for table in o.in_memory}.values():
        homes[table.key] = Home(unused_name(f"trial_table{len(homes)}", graph.arrays), base, table.memory)
        base += table.memory
    return homes


def assign(mix: Mix, found: Sequence[Site], groups: int) -> dict[tuple[int, int], Offer]:
    """Which group does what: an offer for each (site's node, group).

    Offers for several sites come first, since they need the same groups at all of their sites. Other sites, in a
    row, for which there are the same offers exchange theirs.
    """
    ways: dict[tuple[int, int], Offer] = {}
    several: dict[tuple[int, ...], list[Offer]] = {}
    for offer, count in mix.counts.items():
        if count and len(offer.sites) > 1:
            several.setdefault(tuple(s.node for s in offer.sites), []).append(offer)
    for nodes, offers in several.items():
        free = [k for k in range(groups) if all((node, k) not in ways for node in nodes)]
        total = sum(mix.counts[offer] for offer in offers)
        order = _evenly({offer: mix.counts[offer] for offer in offers})
        for k, offer in zip(free[:total], order, strict=True):
            ways.update({(node, k): offer for node in nodes})
    for alike in _alike(mix, found):
        if not any((s.node, k) in ways for s in alike for k in range(groups)):
            ways.update(_spread(mix, alike, groups))
    for position, site in enumerate(found):
        own = [(o, count) for o, count in mix.counts.items() if o.sites == (site,)]
        # The load engine is idle when the first groups do their first rounds and the last groups their last ones:
        # there gathers are best placed.
        ordered = [offer for offer, count in own for _ in range(count)]
        if 2 * position >= len(found):
            ordered.reverse()
        free = [k for k in range(groups) if (site.node, k) not in ways]
        if free:
            ways.update({(site.node, k): offer for k, offer in zip(free, ordered, strict=True)})
    return ways


def _alike(mix: Mix, sites: Sequence[Site]) -> list[list[Site]]:
    """Sites, several in a row, for which there are the same offers: the mix says how many of them take each, but which
    of them does not matter. (Where others come between, an engine may well have time for one of them only.)"""
    runs = groupby(sites, lambda site: frozenset(_kind(o) for o in mix.counts if o.sites == (site,)))
    return [run for _, several in runs if len(run := list(several)) > 1]


def _kind(offer: Offer) -> tuple[object, ...]:
    return offer.name, offer.price, tuple(table.key for table in offer.tables)


def _spread(mix: Mix, sites: Sequence[Site], groups: int) -> dict[tuple[int, int], Offer]:
    """Ways for sites that are alike: each kind evenly over the course of a group and over the groups, so that no engine
    waits while others do their share (as lines of points are drawn: Bresenham 1965)."""
    offers = {s.node: {_kind(o): o for o in mix.counts if o.sites == (s,)} for s in sites}
    share: dict[tuple[object, ...], int] = {}
    for kinds in offers.values():
        for kind, offer in kinds.items():
            share[kind] = share.get(kind, 0) + mix.counts[offer]
    places = [(site.node, k) for k in range(groups) for site in sites]
    return {(node, k): offers[node][kind] for (node, k), kind in zip(places, _evenly(share), strict=True)}


def _evenly(share: Mapping[Kind, int]) -> Iterator[Kind]:
    """Each kind as often as its share says, evenly spread."""
    total = sum(share.values())
    due = dict.fromkeys(share, 0)
    for _ in range(total):
        due = {kind: points + share[kind] for kind, points in due.items()}
        kind = max(due, key=lambda kind: due[kind])
        due[kind] -= total
        yield kind
