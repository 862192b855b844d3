"""Dead memory: words of the image that tables may occupy for some time without anybody noticing.

Three kinds of arrays have such words:

- *free*: consumed, and accessed by nothing. Dead from the start to the end.
- *read*: consumed, and only sites of one `par` load from it. Dead when all groups take their words from tables; then
  the array is read at set-up time, before any table is stored.
- *late*: its first contents do not matter, since every word is stored by one `par`, one iteration each, and nothing
  loads from it. Dead until these stores, which are then put off until all groups are through.

Neighbours of the first two kinds make a *joint* room, for what is too large for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from vliwc.analysis.linear import Forms
from vliwc.ir.graph import Array, Graph, Loop, Mode
from vliwc.ir.ops import Kind
from vliwc.transform.alternatives import Home
from vliwc.transform.groups import consecutive
from vliwc.transform.sites import Site


class Death(Enum):
    """When a room's words are dead."""

    FREE = "from the start to the end"
    READ = "when the sites do not load from it any more"
    LATE = "until it is stored to at the end"


@dataclass(frozen=True, slots=True)
class Room:
    """Words `base` … `end - 1` of the image, in an array or several that touch each other, for tables."""

    arrays: tuple[str, ...]
    base: int
    end: int
    death: Death

    @property
    def words(self) -> int:
        """How many words it has."""
        return self.end - self.base


def find_rooms(
    graph: Graph, forms: Forms, par: Loop, varying: set[int], sites: Sequence[Site], taken: Sequence[Home]
) -> list[Room]:
    """The dead memory that the tables of a `par` may use, without the homes that are `taken`."""
    accesses: dict[str, set[int]] = {}
    for n in graph.walk():
        if graph.kind(n) in (Kind.LOAD, Kind.STORE):
            accesses.setdefault(graph.access(n).array, set()).add(n)
    loads = {s.load for s in sites}
    rooms = []
    for array in graph.arrays.values():
        death = _death(graph, forms, par, varying, array, accesses.get(array.name, set()), loads)
        if death is not None:
            ends = [home.base + home.length for home in taken if array.base <= home.base < array.end]
            rooms.append(Room((array.name,), max(ends, default=array.base), array.end, death))
    return rooms


def joint_rooms(rooms: Sequence[Room], words: int) -> list[Room]:
    """The smallest runs of rooms next to each other that have so many words, where none of the rooms has them."""
    ordered = sorted((room for room in rooms if room.death is not Death.LATE), key=lambda room: room.base)
    found = []
    for k in range(len(ordered)):
        joint = ordered[k]
        for room in ordered[k + 1 :]:
            if joint.words >= words or joint.end != room.base:
                break
            deaths = {joint.death, room.death}
            death = Death.READ if Death.READ in deaths else Death.FREE
            joint = Room((*joint.arrays, *room.arrays), joint.base, room.end, death)
        if joint.words >= words and len(joint.arrays) > 1:
            found.append(joint)
    return found


def _death(
    graph: Graph, forms: Forms, par: Loop, varying: set[int], array: Array, accesses: set[int], loads: set[int]
) -> Death | None:
    if array.mode is Mode.CONSUMED and not accesses:
        return Death.FREE
    if array.mode is Mode.CONSUMED and accesses <= loads:
        return Death.READ
    if array.mode in (Mode.OUT, Mode.INOUT) and accesses <= set(par.body) and par.step == 1:
        covering = [
            graph.op[n] == "store"
            and consecutive(form := forms.of(graph.args[n][0]), par, varying)
            and (form.constant + par.lo, form.terms) == (0, ((par.index, 1),))
            and par.trips == array.length
            for n in accesses
        ]
        return Death.LATE if covering and all(covering) else None
    return None
