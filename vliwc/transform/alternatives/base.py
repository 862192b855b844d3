"""What an alternative is: one way to carry out sites, with its price, its needs and its code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vliwc.analysis.facts import Fact
from vliwc.ir.graph import Array, Attr, Builder, Graph
from vliwc.source import Span
from vliwc.transform.loads import Loads, Prices
from vliwc.transform.sites import Site


@dataclass(slots=True)
class Group:
    """One group of lanes. `start` is the (scalar) node of lane 0's loop variable, `active` how many lanes count."""

    number: int
    start: int
    active: int
    value: dict[int, int] = field(default_factory=dict)
    """The vector for each old node that differs between lanes."""
    rows: dict[Offer, tuple[int, ...]] = field(default_factory=dict)
    """What an offer for several sites has loaded at the first of them, for the others."""


class Emitter(Protocol):
    """What an alternative's code is emitted through: the vectoriser at work."""

    old: Graph
    new: Builder
    lanes: int
    facts: list[Fact]
    """Of the old graph."""

    def emit(self, op: str, *args: int, attr: Attr = None, width: int | None = None, span: Span | None = None) -> int:
        """Adds a node to the new graph."""

    def vector(self, group: Group, n: int) -> int:
        """Old node `n` as a vector of the group's lanes."""


@dataclass(frozen=True, slots=True)
class Table:
    """Set-up that an offer needs, done once for all groups, and equal for offers with equal keys.

    `scratch` and `memory` are the words that it occupies; those in memory are dead ones, and `build` emits the stores
    that fill them, before all groups.
    """

    key: tuple[object, ...]
    price: Loads
    scratch: int = 0
    memory: int = 0
    build: Callable[[Emitter, Array], None] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """An alternative for particular sites. `price` is what one group pays, in place of all that the sites cost."""

    alternative: Alternative
    sites: tuple[Site, ...]
    price: Loads
    table: Table | None = None
    detail: object = None
    """What the alternative wants to remember of the case."""

    @property
    def name(self) -> str:
        """What to call it in reports."""
        return self.alternative.name


@dataclass(frozen=True, slots=True)
class Setting:
    """What alternatives may look at when they make offers."""

    graph: Graph
    facts: list[Fact]
    prices: Prices


class Alternative(ABC):
    """A way to carry out sites. Alternatives have no state: what they know about a case is in the offer."""

    name: str
    """As in `--disable` and in reports."""
    summary: str
    """In a few words, for people."""

    @abstractmethod
    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """All offers for these sites, in program order, that are legal."""

    @abstractmethod
    def emit(self, offer: Offer, site: Site, group: Group, home: Array | None, emitter: Emitter) -> int:
        """Emits one group's code for one of the offer's sites; its value. `home` is where the table in memory is."""
