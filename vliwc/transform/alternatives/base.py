"""What an alternative is: one way to carry out sites, with its price, its needs and its code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vliwc.analysis.facts import Fact
from vliwc.ir.graph import Access, Attr, Builder, Graph
from vliwc.machine.description import Machine
from vliwc.source import Span
from vliwc.transform.delays import look_up
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
    machine: Machine

    def emit(self, op: str, *args: int, attr: Attr = None, width: int | None = None, span: Span | None = None) -> int:
        """Adds a node to the new graph."""

    def vector(self, group: Group, n: int) -> int:
        """Old node `n` as a vector of the group's lanes."""

    def turn(self, offer: Offer, group: Group) -> int:
        """How many groups before this one were carried out by the offer."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a table stands in memory: words `base` … `base + length - 1` of the image, within an array."""

    array: str
    base: int
    length: int

    @property
    def access(self) -> Access:
        """For operations on the table; their indices are addresses."""
        return Access(self.array, absolute=True)


Build = Callable[[Emitter, Home | None], list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Table:
    """Set-up that an offer needs, done once for all groups, and equal for offers with equal keys.

    `scratch` and `memory` are the words that it occupies; those in memory are dead ones. `build` reads what the table
    is made of and gives the rows to store: (address, vector) pairs. All tables are read before any is stored. What has
    none to build is a buffer, which groups store to and load from in turn.
    """

    key: tuple[object, ...]
    price: Loads
    scratch: int = 0
    memory: int = 0
    build: Build | None = field(default=None, compare=False)
    reads: tuple[tuple[str, range], ...] = field(default=(), compare=False)
    """Words (by their arrays) that are read in any case before a look-up."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An alternative for particular sites. `price` is what one group pays, in place of all that the sites cost."""

    alternative: Alternative
    sites: tuple[Site, ...]
    price: Loads
    tables: tuple[Table, ...] = ()
    detail: object = None
    """What the alternative wants to remember of the case."""

    @property
    def name(self) -> str:
        """What to call it in reports."""
        return self.alternative.name

    @property
    def in_memory(self) -> tuple[Table, ...]:
        """Those of the tables that need homes."""
        return tuple(table for table in self.tables if table.memory)


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
    direct: bool = False
    """Do groups read the array itself? Then its words are not free for tables."""

    uses_memory: bool = False
    """Do its tables stand in dead memory?"""
    spares_scratch: bool = False
    """Is there one that costs no engine more, but holds more in scratch? Then this one is for scarce scratch only."""

    @abstractmethod
    def offers(self, sites: Sequence[Site], setting: Setting) -> Iterator[Offer]:
        """All offers for these sites, in program order, that are legal."""

    def delay(self, offer: Offer, site: Site, prices: Prices) -> int:
        """At least so many cycles pass from the last bit of one of the offer's sites' index to the site's value.

        It is this many if all lanes are loaded from addresses that are made of the bits.
        """
        return site.address_ops + look_up(prices.lanes, prices.machine)

    def loads(self, offer: Offer, prices: Prices) -> Sequence[tuple[Site, Site, float]]:
        """Where one group's loads are: between the index of a site and the value of another, or of the same."""
        first = offer.sites[0]
        return ((first, first, offer.price.load),)

    @abstractmethod
    def emit(self, offer: Offer, site: Site, group: Group, homes: Sequence[Home], emitter: Emitter) -> int:
        """Emits one group's code for one of the offer's sites; its value. `homes` is where the tables in memory are."""
