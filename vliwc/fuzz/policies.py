"""What random kernels are like: one policy for each dark corner that the usual mixture seldom reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

OPERATION, UNARY, COMPARISON, DIVISION, CHOICE, CALL, LOOKUP, LOAD = (
    "operation", "unary", "comparison", "division", "choice", "call", "lookup", "load",
)  # fmt: skip

FORMS = {OPERATION: 5, UNARY: 1, COMPARISON: 1, DIVISION: 1, CHOICE: 1, CALL: 1, LOOKUP: 1, LOAD: 1}
"""How often each kind of expression is drawn."""

LET, ASSIGN, STORE, IF, FOR, PAR = "let", "assign", "store", "if", "for", "par"

STATEMENTS = {LET: 1, ASSIGN: 1, STORE: 3, IF: 1, FOR: 1, PAR: 4}
"""How often each kind of statement is drawn, where it is possible."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How kernels are drawn. Sizes are upper limits, in words, statements or levels of nesting."""

    name: str
    why: str
    """What the policy is meant to reach."""
    nesting: int = 3
    """Blocks inside blocks."""
    depth: int = 3
    """Operators inside operators, in the expressions of statements."""
    leaves: int = 4
    """An expression ends early once in so many times."""
    statements: int = 14
    """After this many statements, blocks get no more than they must have."""
    work: int = 400
    """How often a statement may be executed (or expanded), all loops around it together."""
    trips: int = 5
    """The iterations of a sequential loop."""
    least: int = 1
    """The kernel has at least so many statements, as far as blocks are drawn at all."""
    arrays: int = 4
    """Arrays beside the first."""
    modes: tuple[str, ...] = ("in", "inout", "out", "consumed")
    """What these are, each as often as it stands here."""
    batch: tuple[int, int] = (1, 40)
    """The least and greatest length of the first array, if it has one dimension: it is `inout`."""
    words: int = 40
    """The length of the others, if they have one dimension."""
    bounded: int = 2
    """One array in so many has an assumed bound."""
    bound: int = 12
    extremes: int = 3
    """One constant in so many is an extreme word."""
    forms: Mapping[str, int] = field(default_factory=lambda: FORMS)
    kinds: Mapping[str, int] = field(default_factory=lambda: STATEMENTS)
    squeeze: bool = False
    """Whether the machine gets less scratch than the program would take."""

    def within(self, statements: int, words: int) -> Policy:
        """The same with smaller kernels: with few and short statements, and short arrays."""
        least, most = self.batch
        return replace(
            self,
            nesting=min(self.nesting, statements + 1),
            depth=min(self.depth, statements),
            statements=min(self.statements, statements),
            work=min(self.work, 30 * words),
            least=1,
            arrays=min(self.arrays, statements),
            batch=(min(least, words), min(most, words)),
            words=min(self.words, words),
        )


MIXED = Policy("mixed", "everything a little")

_VARIANTS = (
    replace(
        MIXED, name="tight", why="scratch too small for all values: spills, fewer strands, constants made again",
        squeeze=True, statements=24, depth=4, least=4, batch=(8, 40),
    ),
    replace(
        MIXED, name="gathers", why="loads at computed places, chains of loads, selection in their stead",
        forms={**FORMS, LOAD: 10, LOOKUP: 3}, kinds={**STATEMENTS, PAR: 10}, bounded=1, bound=40, depth=4, least=3,
        batch=(8, 64), modes=("in", "in", "inout", "out", "consumed"),
    ),
    replace(
        MIXED, name="chains", why="long dependent computations",
        depth=7, leaves=8, statements=8, forms={**FORMS, OPERATION: 12}, kinds={**STATEMENTS, ASSIGN: 4},
    ),
    replace(
        MIXED, name="aliasing", why="stores and loads that may meet",
        words=6, batch=(1, 6), arrays=1, least=6, statements=24,
        forms={**FORMS, LOAD: 6}, kinds={**STATEMENTS, STORE: 10, PAR: 1},
    ),
    replace(
        MIXED, name="tails", why="batches that fill no vector, tails of every length",
        words=77, batch=(1, 77), least=3, kinds={**STATEMENTS, PAR: 14, FOR: 0}, nesting=2,
    ),
    replace(
        MIXED, name="nests", why="loops in loops, with values carried across them",
        nesting=6, work=900, trips=4, least=2, kinds={**STATEMENTS, FOR: 5, ASSIGN: 4}, statements=20,
    ),
    replace(
        MIXED, name="long", why="loops that are too long to unroll",
        work=6000, trips=300, words=300, batch=(100, 300), statements=8, nesting=2, least=2,
    ),
    replace(
        MIXED, name="selects", why="deep selections and branches",
        depth=5, forms={**FORMS, CHOICE: 10, COMPARISON: 4}, kinds={**STATEMENTS, IF: 4}, nesting=4,
    ),
    replace(MIXED, name="extremes", why="constants at the ends of the range, shifts by 32 and more", extremes=1),
    replace(
        MIXED, name="operators", why="every operator on every kind of operand",
        forms={**FORMS, UNARY: 5, COMPARISON: 10, DIVISION: 5}, depth=4,
    ),
    replace(
        MIXED, name="lookups", why="small tables that all iterations share: selection by the bits of an index",
        forms={**FORMS, LOAD: 8, LOOKUP: 4}, kinds={**STATEMENTS, PAR: 20, FOR: 2}, depth=4, least=3, bounded=3,
        batch=(16, 64), words=16, modes=("in", "in", "in", "in", "out"),
    ),
    replace(
        MIXED, name="facts", why="assumed bounds that decide comparisons, bits, small tables",
        bounded=1, bound=4, batch=(8, 40), least=2, forms={**FORMS, COMPARISON: 5, LOOKUP: 3, LOAD: 3},
    ),
)  # fmt: skip

POLICIES = {policy.name: policy for policy in (MIXED, *_VARIANTS)}
"""All policies by name; campaigns take them in turns."""
