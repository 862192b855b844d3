"""The mix of alternatives that keeps every engine equally busy.

The load of the busiest engine bounds the cycles from below. An integer program decides how many groups carry out each
site in which way, so that this bound is as low as can be: set-up of shared tables included, within scratch and dead
memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vliwc.transform.alternatives import Home, Offer
from vliwc.transform.engines import RAMP_SHARE
from vliwc.transform.loads import ENGINES, Loads, Prices
from vliwc.transform.rooms import Room
from vliwc.transform.sites import Site

_SCALE = 1000
"""The integer program counts in thousandths of a cycle."""

Main = dict[int, Offer]
"""For each site (by its node) the offer that most groups take."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured when every group treats each site as `main` says.

    `setup` is the load of what all groups share, `group` that of one group, `ramp` for how many cycles engines must be
    idle at the beginning and at the end; `movable` is how many of a group's vector operations may become one select,
    and two (see `vliwc.transform.engines`).
    """

    main: Main
    setup: Loads
    group: Loads
    ramp: Mapping[str, tuple[int, int]]
    movable: tuple[int, int]
    constants: tuple[int, int] = (0, 0)
    """How many loads of what all groups share, and of one group, make constants: other engines may make them."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How many groups take each offer, where tables in memory are, and the rooms in use.

    `busiest` is how long the busiest engine takes, in cycles; `bound` is the least that it takes with any mix, ramps
    not counted.
    """

    counts: Mapping[Offer, int]
    homes: Mapping[tuple[object, ...], Home]
    rooms: tuple[Room, ...]
    busiest: float
    bound: float

    def main(self, found: Sequence[Site]) -> Main:
        """Each site's most frequent offer, as far as offers for several sites can be had for all of them."""
        main: Main = {}
        for offer in sorted(self.counts, key=lambda o: (-self.counts[o], len(o.sites))):
            if not any(s.node in main for s in offer.sites):
                main.update((s.node, offer) for s in offer.sites)
        return {s.node: main[s.node] for s in found}


def balance(
    trial: Trial, offers: Sequence[Offer], prices: Prices, groups: int, rooms: Sequence[Room], scratch: int
) -> Mix:
    """The best mix of `offers` for so many groups; tables go to `rooms` in memory and to `scratch` words.

    CP-SAT with one worker and a deterministic limit: equal arguments give equal mixes.
    """
    return _Model(trial, offers, prices, groups, rooms, scratch).solve()


class _Model:
    def __init__(
        self,
        trial: Trial,
        offers: Sequence[Offer],
        prices: Prices,
        groups: int,
        rooms: Sequence[Room],
        scratch: int,
    ) -> None:
        from ortools.sat.python import cp_model  # noqa: PLC0415 -- slow to import, and most kernels need no plan

        self.cp = cp_model
        self.model = cp_model.CpModel()
        self.offers = offers
        self.prices = prices
        self.rooms = rooms
        self.counts = [self.model.new_int_var(0, groups, f"offer_{k}") for k in range(len(offers))]
        self.tables = {o.table.key: o.table for o in offers if o.table is not None}
        self.built = {key: self.model.new_bool_var(f"table_{k}") for k, key in enumerate(self.tables)}
        self.place: dict[tuple[object, ...], list[Any]] = {}
        self._cover(groups)
        self._tables(groups, scratch)
        self._engines(trial, groups)

    def _cover(self, groups: int) -> None:
        """In every group every site is carried out once; offers for several sites do not overlap."""
        shared: dict[int, list[Any]] = {}
        by_site: dict[int, list[Any]] = {}
        for offer, count in zip(self.offers, self.counts, strict=True):
            used = None
            if len(offer.sites) > 1:
                used = self.model.new_bool_var("")
                self.model.add(count <= groups * used)
            for site in offer.sites:
                by_site.setdefault(site.node, []).append(count)
                if used is not None:
                    shared.setdefault(site.node, []).append(used)
        for counts in by_site.values():
            self.model.add(sum(counts) == groups)
        for several in shared.values():
            self.model.add_at_most_one(several)

    def _tables(self, groups: int, scratch: int) -> None:
        """A table that is used is built, and has room."""
        for offer, count in zip(self.offers, self.counts, strict=True):
            if offer.table is not None:
                self.model.add(count <= groups * self.built[offer.table.key])
        held = sum(t.scratch * self.built[key] for key, t in self.tables.items())
        self.model.add(held <= scratch)
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
        for table in {o.table.key: o.table for o in trial.main.values() if o.table is not None}.values():
            setup = setup.plus(table.price, -1)
        fixed = setup.plus(trial.group, groups)
        for offer in dict.fromkeys(trial.main.values()):
            fixed = fixed.plus(offer.price, -groups)
        base = self.prices.cycles(fixed)
        self.busiest = self.model.new_int_var(0, 1 << 40, "busiest")
        self.least = self.model.new_int_var(0, 1 << 40, "least")
        terms: dict[str, Any] = {e: round(_SCALE * base[e]) for e in ENGINES}
        priced = [(o.price, count) for o, count in zip(self.offers, self.counts, strict=True)]
        priced += [(self.tables[key].price, built) for key, built in self.built.items()]
        if self.prices.on_flow:
            for selects, movable in enumerate(trial.movable, start=1):
                moved = self.model.new_int_var(0, groups * movable, "moved")
                priced.append((Loads().plus(self.prices.select, selects).plus(self.prices.op, -1), moved))
        # Choices between shared words are counted as selects; any of them may be a multiply-add instead.
        choices = sum(round(_SCALE * price.choices) * variable for price, variable in priced)
        shifted = self.model.new_int_var(0, 1 << 20, "shifted")
        self.model.add(_SCALE * shifted <= choices + max(0, round(_SCALE * fixed.choices)))
        priced.append((Loads(flow=-1, fused=1), shifted))
        # Constants may be made on alu, of others, instead of being loaded.
        shared, own = trial.constants
        derived = self.model.new_int_var(0, shared + own * groups, "derived")
        priced.append((Loads(load=-1, words=1), derived))
        for price, variable in priced:
            for engine, cycles in self.prices.cycles(price).items():
                terms[engine] += round(_SCALE * cycles) * variable
        one = round(_SCALE * self.prices.cycles(Loads(load=1))["load"])
        for engine, load in terms.items():
            elsewhere = one * (shared + own * groups - derived) if engine == "load" else 0
            self.model.add(self.least >= load - elsewhere)
        tables = sum(round(t.price.load) * self.built[key] for key, t in self.tables.items())
        self._ramps(trial.ramp, terms, one * (round(setup.load) + tables - derived))
        for load in terms.values():
            self.model.add(self.busiest >= load)
        # A little work is worth less than any cycle, but of two equal mixes the lighter leaves the scheduler more room.
        self.model.minimize(20 * self.busiest + sum(terms[e] for e in ("compute", "flow", "load", "store")))

    def _ramps(self, ramp: Mapping[str, tuple[int, int]], terms: dict[str, Any], setup_loads: Any) -> None:
        """Adds for how long engines must be idle. While there can be no gather, the load engine does the set-up."""
        for engine, (early, late) in ramp.items():
            waiting = self.model.new_int_var(0, 1 << 40, f"waiting_{engine}")
            self.model.add(waiting >= round(_SCALE * RAMP_SHARE * early) - (setup_loads if engine == "load" else 0))
            terms[engine] += waiting + round(_SCALE * RAMP_SHARE * late)

    def solve(self) -> Mix:
        """The best mix found."""
        solver = self._solver()
        status = solver.solve(self.model)
        if status == self.cp.UNKNOWN:  # any mix will do then, and plain gathers are one
            solver.parameters.max_deterministic_time = float("inf")
            solver.parameters.stop_after_first_solution = True
            status = solver.solve(self.model)
        assert status in (self.cp.OPTIMAL, self.cp.FEASIBLE), "plain gathers are always feasible"
        counts = {o: solver.value(c) for o, c in zip(self.offers, self.counts, strict=True)}
        place = {key: [solver.boolean_value(v) for v in at] for key, at in self.place.items()}
        rooms = tuple(room for k, room in enumerate(self.rooms) if any(at[k] for at in place.values()))
        return Mix(counts, self._homes(place), rooms, solver.value(self.busiest) / _SCALE, self._bound())

    def _bound(self) -> float:
        """What the busiest engine takes at least, in cycles, whatever the mix."""
        self.model.minimize(self.least)
        solver = self._solver()
        solver.solve(self.model)
        return float(solver.best_objective_bound) / _SCALE

    def _solver(self) -> Any:
        solver = self.cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2  # nearly a linear program: its relaxation says nearly all
        solver.parameters.max_deterministic_time = 2.0
        solver.parameters.relative_gap_limit = 1e-4
        solver.parameters.catch_sigint_signal = False  # its handler would outlive the solve and take Ctrl-C from Python
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
