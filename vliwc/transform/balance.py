"""The mix of alternatives that keeps every engine equally busy.

The load of the busiest engine bounds the cycles from below, and so does what has to be loaded between the first cycle
in which an index can be known and the last one that leaves time for what follows. An integer program decides how many
groups carry out each site in which way, so that this bound is as low as can be: set-up of shared tables included,
within dead memory. Where scratch is so scarce that it would hold the program up, it counts as one more engine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vliwc.solving import new_solver, solve
from vliwc.transform.alternatives import Home, Offer
from vliwc.transform.loads import ENGINES, EXPECTED, LONGEST_LIVES, NO_LOADS, Loads, Losses, Prices
from vliwc.transform.mixes import Mix, Trial
from vliwc.transform.rooms import Death, Room
from vliwc.transform.windows import EPSILON, Counts, Needed, Windows

_LONGEST = 16
"""No more than so many times longer may a program get for want of scratch."""
_SCALE = 1000
"""The integer program counts in thousandths of a cycle; for a bound, in parts of which prices are whole numbers."""
_PARTS = 100
"""Shares of an engine's work are rounded to so many parts."""
_FIRST = 20
"""A cycle of the busiest engine is worth so many cycles of work."""
_WAY = 0.3
"""What every way that some groups take is worth, in cycles: groups that do the same are easier to schedule."""
_ENDS = {"compute": 2, "alu": 2, "valu": 2, "flow": 2, "load": 1, "store": 1}
"""For how many cycles each engine is idle in any case: in the first one nothing has been loaded that others could work
with, in the last one only stores are of use."""
_LARGE = 1 << 36
"""The engines' loads may be about so large in these numbers, and are never more than sixteen times that."""


def balance(
    trial: Trial,
    offers: Sequence[Offer],
    prices: Prices,
    groups: int,
    rooms: Sequence[Room],
    scratch: int,
    losses: Losses = EXPECTED,
) -> Mix:
    """The best mix of `offers` for so many groups; tables go to `rooms` in memory and to `scratch` words.

    CP-SAT with one worker and a deterministic limit: equal arguments give equal mixes.
    """
    usual = [offer for offer in offers if not offer.alternative.spares_scratch]
    model = _Model(trial, usual, prices, groups, rooms, losses)
    model.hold_tables(scratch)
    mix = model.solve()
    assert mix is not None, "plain gathers are always feasible"
    longest = model.crowded(mix.counts, LONGEST_LIVES) > mix.busiest
    crowded = model.crowded(mix.counts, losses.lives) > mix.busiest
    if crowded or model.overfull(mix) or model.hurried(mix.counts) > mix.busiest:
        if crowded:
            model = _Model(trial, offers, prices, groups, rooms, losses)
            model.hold_tables(scratch)
        model.keep_windows()
        model.keep_room()
        if crowded:
            model.share_scratch(mix.busiest)
        mix = model.solve() or mix
    return replace(mix, crowded=longest)


def least_cycles(
    trials: Sequence[Trial], offers: Sequence[Offer], prices: Prices, groups: int, rooms: Sequence[Room]
) -> float:
    """What the busiest engine takes at least with any mix, in whole cycles: without ramps, deadlines, constants and
    limits of scratch, which are estimates, or may be got around by later stages.

    It is the least that any of the trials allows. The last one, of which the best mix came, mostly does.
    """
    least = math.inf
    for trial in reversed(trials):
        least = _Model(trial, offers, prices, groups, rooms, EXPECTED, unlimited=True).bound(least)
    return least


class _Model:
    def __init__(
        self,
        trial: Trial,
        offers: Sequence[Offer],
        prices: Prices,
        groups: int,
        rooms: Sequence[Room],
        losses: Losses,
        *,
        unlimited: bool = False,
    ) -> None:
        from ortools.sat.python import cp_model  # noqa: PLC0415 -- slow to import, and most kernels need no plan

        self.cp = cp_model
        self.model = cp_model.CpModel()
        self.offers = offers
        self.prices = prices
        self.rooms = rooms
        self.counts = [self.model.new_int_var(0, groups, f"offer_{k}") for k in range(len(offers))]
        self.rest = {o: self.model.new_bool_var("") for o in offers} if unlimited and trial.share else {}
        """The offers that a last group takes which is not full, in a model for a bound."""
        self.tables = {t.key: t for o in offers for t in o.tables}
        self.used: list[Any] = []
        """Which offers any group takes, in a model that looks for a mix."""
        self.built = {key: self.model.new_bool_var(f"table_{k}") for k, key in enumerate(self.tables)}
        self.place: dict[tuple[object, ...], list[Any]] = {}
        self.trial = trial
        self.losses = losses
        self.groups = groups
        self.unlimited = unlimited
        """May all be done that some program might do? Then the model is good for a bound, not for a mix."""
        self.free = prices.machine.scratch_words - trial.constant_words
        """The words of scratch for tables and for what groups under way hold."""
        total = prices.cycles(trial.setup.plus(trial.group, groups))
        self.scale = min(prices.parts(_SCALE) if unlimited else _SCALE, _LARGE / max(1.0, *total.values()))
        """What a cycle counts: less in programs that run for ages, as the solver's numbers have an end."""
        self.windows = Windows(offers, prices, self.scale)
        self._cover(groups)
        self._tables(groups)
        self._engines(trial, groups)

    def _cover(self, groups: int) -> None:
        """In every group every site is carried out once; offers for several sites are for the same, or share none."""
        by_site: dict[int, list[Any]] = {}
        by_sites: dict[tuple[int, ...], list[Any]] = {}
        for offer, count in zip(self.offers, self.counts, strict=True):
            for site in offer.sites:
                by_site.setdefault(site.node, []).append(count)
            by_sites.setdefault(tuple(s.node for s in offer.sites), []).append(count)
        for counts in by_site.values():
            self.model.add(sum(counts) == groups)
        for node in by_site if self.rest else ():
            self.model.add_exactly_one(taken for o, taken in self.rest.items() if any(s.node == node for s in o.sites))
        shared: dict[int, list[Any]] = {}
        for nodes, counts in by_sites.items():
            if len(nodes) > 1:
                used = self.model.new_bool_var("")
                self.model.add(sum(counts) <= groups * used)
                for node in nodes:
                    shared.setdefault(node, []).append(used)
        for several in shared.values():
            self.model.add_at_most_one(several)

    def _tables(self, groups: int) -> None:
        """A table that is used is built, and has room in memory."""
        for offer, count in zip(self.offers, self.counts, strict=True):
            for table in offer.tables:
                self.model.add(count <= groups * self.built[table.key])
        for offer, taken in self.rest.items():
            for table in offer.tables:
                self.model.add(taken <= self.built[table.key])
        for key, table in self.tables.items():
            if table.memory:
                self.place[key] = [self.model.new_bool_var("") for _ in self.rooms]
                self.model.add(sum(self.place[key]) == self.built[key])
        rented: dict[str, list[Any]] = {}
        for k, room in enumerate(self.rooms):
            used = self.model.new_bool_var(f"room_{k}")
            words = sum(self.tables[key].memory * at[k] for key, at in self.place.items())
            self.model.add(words <= room.words * used)
            for array in room.arrays:
                rented.setdefault(array, []).append(used)
        for array, several in rented.items():
            self.model.add_at_most_one(several)
            for offer, count in zip(self.offers, self.counts, strict=True):
                if offer.alternative.direct and any(s.array == array for s in offer.sites):
                    self.model.add(count <= groups * (1 - sum(several)))

    def _engines(self, trial: Trial, groups: int) -> None:
        """Minimises the load of the busiest engine."""
        setup = trial.setup
        for table in {t.key: t for o in trial.main.values() for t in o.tables}.values():
            setup = setup.plus(table.price, -1)
        fixed = setup.plus(trial.group, groups)
        if self.unlimited:
            fixed = fixed.plus(trial.rest)
        for offer in dict.fromkeys(trial.main.values()):
            fixed = fixed.plus(offer.price, -groups)
        base = self.prices.cycles(fixed)
        self.busiest = self.model.new_int_var(0, 1 << 40, "busiest")
        self.least = self.model.new_int_var(0, 1 << 40, "least")
        terms: dict[str, Any] = {e: self._parts(base[e]) for e in ENGINES}
        priced = [(o.price, count) for o, count in zip(self.offers, self.counts, strict=True)]
        priced += [(o.price.part(trial.share), taken) for o, taken in self.rest.items()]
        # What buffers cost is a guess: the addresses of several may be the same, or follow from each other.
        certain = [key for key, table in self.tables.items() if table.build is not None or not self.unlimited]
        priced += [(self.tables[key].price, self.built[key]) for key in certain]
        if self.prices.on_flow:
            for selects, movable in enumerate(trial.movable, start=1):
                moved = self.model.new_int_var(0, (groups + self.unlimited) * movable, "moved")
                priced.append((NO_LOADS.plus(self.prices.select, selects).plus(self.prices.op, -1), moved))
        # Selects are counted as done in their first way; any of them may be done in the other one. By arithmetic they
        # may only be if they choose by a bit, which no price tells: a mix counts on that for few, a bound for all.
        for kind, (first, other) in self.prices.ways.items():
            by_any_word = kind == "selects" and self.prices.on_flow and not self.unlimited
            if not (share := self.losses.arithmetic if by_any_word else 1.0):
                continue
            there: Any = sum(self._parts(getattr(price, kind), more=True) * variable for price, variable in priced)
            there += max(0, self._parts(getattr(fixed, kind), more=True))
            shifted = self.model.new_int_var(0, 1 << 20, f"shifted_{kind}")
            self.model.add(_PARTS * max(1, self._parts(1)) * shifted <= round(_PARTS * share) * there)
            priced.append((other.plus(first, -1), shifted))
        # Constants may be made on alu, of others, instead of being loaded.
        shared, own = trial.constants
        derived = self.model.new_int_var(0, shared + own * groups, "derived")
        priced.append((Loads(load=-1, words=1), derived))
        for price, variable in priced:
            for engine, cycles in self.prices.cycles(price).items():
                terms[engine] += self._parts(cycles) * variable
        one = self._parts(self.prices.cycles(Loads(load=1))["load"], more=True)
        # Some may be the same in the end, by where tables stand: no bound counts on any.
        splats = self.prices.cycles(NO_LOADS.plus(self.prices.op, trial.constant_words / self.prices.lanes))
        made = one * (shared + own * groups - derived)
        constants = {"load": made, "compute": self._parts(splats["compute"], more=True)}
        for engine, load in terms.items():
            idle = self._parts(_ENDS[engine]) if self.unlimited else 0
            self.model.add(self.least >= load - constants.get(engine, 0) + idle)
        self.model.add(groups * self.least >= self._paths())
        self.model.add(groups * self.busiest >= self._paths())
        tables = sum(round(t.price.load) * self.built[key] for key, t in self.tables.items())
        self._ramps(trial.ramp, terms, one * (round(setup.load) + tables - derived))
        for load in terms.values():
            self.model.add(self.busiest >= load)
        for engine, share in self.losses.engines:
            self.model.add(_PARTS * self.busiest >= round(_PARTS * (1 + share)) * terms[engine])
        # A little work is worth less than any cycle, but of two equal mixes the lighter leaves the scheduler more room.
        self.work = sum(terms[e] for e in ("compute", "flow", "load", "store"))

    def _parts(self, cycles: float, *, more: bool = False) -> int:
        """A number of cycles in the model's parts of a cycle: rounded, but in a model for a bound down, or up what is
        the `more` the weaker the bound."""
        if not self.unlimited:
            return round(self.scale * cycles)
        return math.ceil(self.scale * cycles - EPSILON) if more else math.floor(self.scale * cycles + EPSILON)

    def _paths(self) -> Any:
        """What the groups take, in thousandths of a cycle, if each has as long as it wants: the longest path, in which
        some ways to carry out a site take longer than others. No program takes less than their mean."""
        length = max((site.path for offer in self.offers for site in offer.sites), default=0)
        total: Any = self._parts(length) * self.groups
        for offer, count in zip(self.offers, self.counts, strict=True):
            on_path = [site for site in offer.sites if site.path]
            more = sum(offer.alternative.delay(offer, site, self.prices) - site.least for site in on_path)
            total += self._parts(more) * count
        return total

    def _ramps(self, ramp: Mapping[str, tuple[int, int]], terms: dict[str, Any], setup_loads: Any) -> None:
        """Adds for how long engines must be idle. While there can be no gather, the load engine does the set-up."""
        for engine, (early, late) in ramp.items():
            waiting = self.model.new_int_var(0, 1 << 40, f"waiting_{engine}")
            idle = round(self.scale * self.losses.ramps * early) - (setup_loads if engine == "load" else 0)
            self.model.add(waiting >= idle)
            terms[engine] += waiting + round(self.scale * self.losses.ramps * late)

    def hurried(self, counts: Mapping[Offer, int]) -> float:
        """How long a program with this mix takes because of what has to be loaded between two cycles, or before one, in
        cycles."""
        used = {offer: count for offer, count in counts.items() if count}
        return max(self._times(used, lambda offers: int(any(o in used for o in offers))), default=0) / self.scale

    def keep_windows(self) -> None:
        """Nothing may be loaded before it can be, nor too late; tables are made in time."""
        counts = dict(zip(self.offers, self.counts, strict=True))

        def needed(offers: Sequence[Offer]) -> Any:
            need = self.model.new_bool_var("")
            for o in offers:
                self.model.add(counts[o] <= self.groups * need)
            return need

        for cycles in self._times(counts, needed):
            self.model.add((self.least if self.unlimited else self.busiest) >= cycles)

    def _times(self, counts: Counts, needed: Needed) -> Iterator[Any]:
        """How long a program takes because of when things can be done, in thousandths of a cycle.

        A mix keeps deadlines. A bound counts the loads that there are in any case: what tables cost is a guess.
        """
        yield from self.windows.look_ups(counts, surely=self.unlimited)
        if self.unlimited:
            yield from self.windows.first_loads(counts, needed, self.trial.own_loads, self.groups)
        else:
            yield from self.windows.deadlines(counts, needed)

    def hold_tables(self, scratch: int) -> None:
        """Tables may take no more than so many words of scratch together."""
        self.model.add(sum(t.scratch * self.built[key] for key, t in self.tables.items()) <= scratch)

    def overfull(self, mix: Mix) -> bool:
        """Do a mix's tables take more scratch than constants leave over, before the look-ups begin? Those that are to
        stand where an array is read first wait there until all of it is read; others are made when that is over."""
        read = {room.arrays[0] for room in mix.rooms if room.death is Death.READ}
        used = {t.key: t for o, count in mix.counts.items() if count for t in o.tables}
        waiting = sum(used[key].memory for key, home in mix.homes.items() if key in used and home.array in read)
        return waiting > self.free

    def keep_room(self) -> None:
        """No mix may be `overfull`."""
        read = [k for k, room in enumerate(self.rooms) if room.death is Death.READ]
        waiting = sum(self.tables[key].memory * at[k] for key, at in self.place.items() for k in read)
        self.model.add(waiting <= self.free)

    def crowded(self, counts: Mapping[Offer, int], lives: float) -> float:
        """How long a program with this mix takes because there is scratch for so many groups only, in cycles, if values
        live so many times longer than they have to."""
        used = {t.key: t for o, count in counts.items() if count for t in o.tables}.values()
        free = self.free - sum(t.scratch for t in used)
        area = float(self._area(counts, lives))
        return 0.0 if area <= 0 else area / free if free > 0 else math.inf

    def _area(self, counts: Mapping[Offer, Any], scale: float) -> Any:
        """What all groups occupy, in words times cycles, times `scale`."""
        main = dict.fromkeys(self.trial.main.values())
        other = self.trial.group.area - sum(o.price.area for o in main)
        own = sum(round(scale * o.price.area) * count for o, count in counts.items())
        return own + round(scale * self.groups * other)

    def share_scratch(self, cycles: float) -> None:
        """Makes scratch one more engine, with its share of the work: its slots are the words that tables leave over;
        `cycles` is what the program takes without."""
        most = round(_LONGEST * self.scale * cycles)
        taken = self._area(dict(zip(self.offers, self.counts, strict=True)), self.scale * self.losses.lives)
        for k, (key, table) in enumerate(self.tables.items()):
            lasting = self.model.new_int_var(0, most, f"lasting_{k}")
            self.model.add(lasting >= self.busiest - most * (1 - self.built[key]))
            taken += table.scratch * lasting
        held = self.model.new_int_var(0, most, "held")
        self.model.add(self.free * held >= taken)
        self.model.add(self.busiest >= held)
        self.work += held
        self.model.add(self.busiest <= most)

    def solve(self) -> Mix | None:
        """The best mix found, or None if there is none; its bound is not known yet."""
        if not self.used:
            self.used = [self.model.new_bool_var("") for _ in self.counts]
            for count, some in zip(self.counts, self.used, strict=True):
                self.model.add(count <= self.groups * some)
        self.model.minimize(_FIRST * self.busiest + self.work + round(_FIRST * _WAY * self.scale) * sum(self.used))
        solver = self._solver()
        status = solve(solver, self.model)
        if status == self.cp.UNKNOWN:  # any mix will do then, and plain gathers are one
            solver.parameters.max_deterministic_time = float("inf")
            solver.parameters.stop_after_first_solution = True
            status = solve(solver, self.model)
        if status not in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            return None
        counts = self._counts(solver)
        place = {key: [solver.boolean_value(v) for v in at] for key, at in self.place.items()}
        rooms = tuple(room for k, room in enumerate(self.rooms) if any(at[k] for at in place.values()))
        return Mix(counts, self._homes(place), rooms, solver.value(self.busiest) / self.scale)

    def bound(self, enough: float) -> float:
        """What the busiest engine takes at least, in whole cycles, whatever the mix, or `enough` if that is not less.
        Windows are kept if they have to be.

        Whole cycles are much sooner proved than thousandths.
        """
        cycles = self.model.new_int_var(0, 1 << 40, "cycles")
        unit = max(1, math.floor(self.scale))
        self.model.add(unit * cycles >= self.least)
        if enough < math.inf:
            self.model.add(unit * cycles <= math.ceil(self.scale * enough) - 1)
        self.model.minimize(cycles)
        solver = self._solver()
        status = solve(solver, self.model)
        feasible = status in (self.cp.OPTIMAL, self.cp.FEASIBLE)
        if feasible and self.hurried(self._counts(solver)) * self.scale > solver.value(self.least):
            self.keep_windows()
            solver = self._solver()
            status = solve(solver, self.model)
        return enough if status == self.cp.INFEASIBLE else solver.best_objective_bound * unit / self.scale

    def _counts(self, solver: Any) -> dict[Offer, int]:
        return {o: solver.value(c) for o, c in zip(self.offers, self.counts, strict=True)}

    def _solver(self) -> Any:
        solver = new_solver(2.0)
        solver.parameters.linearization_level = 2  # nearly a linear program: its relaxation says nearly all
        solver.parameters.relative_gap_limit = 1e-4
        return solver

    def _homes(self, place: Mapping[tuple[object, ...], Sequence[bool]]) -> dict[tuple[object, ...], Home]:
        """Lays tables out in the rooms, one behind the other, as parts of the rooms' arrays."""
        homes: dict[tuple[object, ...], Home] = {}
        free = [room.base for room in self.rooms]
        for key, at in place.items():
            for k, room in enumerate(self.rooms):
                if at[k]:
                    length = self.tables[key].memory
                    homes[key] = Home(room.arrays[0], free[k], length)
                    free[k] += length
        return homes
