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
    idle; `movable` is how many of a group's vector operations may become one select, and two (see
    `vliwc.transform.engines`).
    """

    main: Main
    setup: Loads
    group: Loads
    ramp: Mapping[str, float]
    movable: tuple[int, int]
    constants: tuple[int, int] = (0, 0)
    """How many loads of what all groups share, and of one group, make constants: other engines may make them."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How many groups take each offer, and where tables in memory are. `busiest` is how long the busiest engine takes,
    in cycles; `bound` is the least that it takes with any mix, ramps not counted."""

    counts: Mapping[Offer, int]
    homes: Mapping[tuple[object, ...], Home]
    busiest: float
    bound: float

    def main(self, found: Sequence[Site]) -> Main:
        """Each site's most frequent offer."""
        return {
            s.node: max((o for o in self.counts if s in o.sites), key=lambda o: (self.counts[o], -len(o.sites)))
            for s in found
        }


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
        for k, room in enumerate(self.rooms):
            used = self.model.new_bool_var(f"room_{k}")
            words = sum(self.tables[key].memory * at[k] for key, at in self.place.items())
            self.model.add(words <= (room.end - room.base) * used)
            for offer, count in zip(self.offers, self.counts, strict=True):
                if offer.alternative.direct and any(s.array == room.array for s in offer.sites):
                    self.model.add(count <= groups * (1 - used))

    def _engines(self, trial: Trial, groups: int) -> None:
        """Minimises the load of the busiest engine."""
        fixed = trial.setup.plus(trial.group, groups)
        for offer in dict.fromkeys(trial.main.values()):
            fixed = fixed.plus(offer.price, -groups)
        for table in {o.table.key: o.table for o in trial.main.values() if o.table is not None}.values():
            fixed = fixed.plus(table.price, -1)
        base = self.prices.cycles(fixed)
        ramp = {engine: RAMP_SHARE * cycles for engine, cycles in trial.ramp.items()}
        if "load" in ramp:  # set-up is done while no gather can be
            ramp["load"] -= min(ramp["load"], self.prices.cycles(trial.setup)["load"])
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
        for price, variable in priced:
            for engine, cycles in self.prices.cycles(price).items():
                terms[engine] += round(_SCALE * cycles) * variable
        shared, own = trial.constants
        elsewhere = self.prices.cycles(Loads(load=shared + own * groups))["load"]
        for engine, load in terms.items():
            self.model.add(self.least >= load - (round(_SCALE * elsewhere) if engine == "load" else 0))
            terms[engine] = load + round(_SCALE * ramp.get(engine, 0.0))
            self.model.add(self.busiest >= terms[engine])
        # A little work is worth less than any cycle, but of two equal mixes the lighter leaves the scheduler more room.
        self.model.minimize(20 * self.busiest + sum(terms[e] for e in ("compute", "flow", "load", "store")))

    def solve(self) -> Mix:
        """The best mix found."""
        solver = self._solver()
        status = solver.solve(self.model)
        assert status in (self.cp.OPTIMAL, self.cp.FEASIBLE), "plain gathers are always feasible"
        counts = {o: solver.value(c) for o, c in zip(self.offers, self.counts, strict=True)}
        homes = self._homes({key: [solver.boolean_value(v) for v in at] for key, at in self.place.items()})
        return Mix(counts, homes, solver.value(self.busiest) / _SCALE, self._bound())

    def _bound(self) -> float:
        """What the busiest engine takes at least, in cycles, whatever the mix."""
        self.model.minimize(self.least)
        solver = self._solver()
        solver.solve(self.model)
        return float(solver.best_objective_bound) / _SCALE

    def _solver(self) -> Any:
        solver = self.cp.CpSolver()
        solver.parameters.num_workers = 1
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
                    homes[key] = Home(room.array, free[k], length)
                    free[k] += length
        return homes
