"""What the backend tells the certifier about a program: where the graph's loops are and where they keep their values.

A witness is a hint, never trusted: the certifier proves every statement in it, and a wrong witness makes the proof
fail. A program without machine loops needs none (`Witness()`); a `for` of the graph without an entry is taken to be
unrolled. What a loop must look like:

- Its body is the bundles `header` … `latch`. Control enters at `header` by falling through from `header - 1`, and
  leaves by falling through after `latch`. The only jump is in the latch bundle: `cond_jump` or `cond_jump_rel` to
  `header`. Loops nest or follow one another in the order of the graph's `for` nodes.
- When control is at `header`, the words named here hold what they say, every other word that the body writes is
  undefined (the body must write it before it reads it), and words that the body does not write keep their values.
- The condition of the jump, read in the latch bundle, is nonzero exactly when another iteration follows. It may be
  `lt(a, b)` of two linear functions of the index that do not wrap, such as `index + step < hi`, or any word that is a
  linear function of the index and 0 just in the last iteration, such as a countdown or `(index + step) ^ hi`.
- A loop with a `pipeline` works on several iterations at once.
- No write is in flight at `header`, nor after `latch`: where latencies are above one cycle, a block waits for its last
  write.
"""

from __future__ import annotations

from dataclasses import dataclass

from vliwc.ir.graph import Graph


@dataclass(frozen=True, slots=True)
class Place:
    """Scratch words `base` … `base + width - 1`."""

    base: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Induction:
    """Scratch word `word` holds `scale * index + offset` modulo 2^32: the index itself, a pointer, a countdown.

    That holds at `header`, for the iteration that begins; so before the loop it is computed from the loop's `lo`, and
    the body adds `scale * step`. After the loop it holds the value for the first index that is not executed.
    """

    word: int
    scale: int = 1
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Ghost:
    """A pure operation that the graph does not have, but the program does in every iteration: half a `muladd`, say.

    Operands are nodes of the graph, or ghosts: ghost k has number `len(graph) + k` and refers to earlier ones only.
    """

    op: str
    args: tuple[int, ...]
    attr: int | None
    width: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """At `header` the words at `place` hold `node + offset` of an iteration that has begun: the one `back` iterations
    before that which begins in the trip's first beat. An offset is the base of an array, say."""

    node: int
    back: int
    place: Place
    offset: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """How a loop's iterations overlap (see `vliwc.backend.certifier.pipelined`).

    In beat b, memory operations of stage s are done for iteration b - s. The first `peeled` beats stand before the
    loop, a trip takes `copies` beats, and after the loop stand the beats that finish the last iterations.
    """

    peeled: int
    copies: int
    stages: tuple[tuple[int, int], ...]
    """The stages of the body's memory operations and divisions. Loads that nobody needs may be left out."""
    crossings: tuple[Crossing, ...]
    ghosts: tuple[Ghost, ...] = ()
    equals: tuple[tuple[int, int], ...] = ()
    """Nodes of the body and the ghosts that say how the program computes them: in several operations."""


@dataclass(frozen=True, slots=True)
class LoopWitness:
    """One machine loop: the `for` node of the graph, its first and last bundle, and what lives across iterations.

    `carried` has one place for each carried value of the node, in order; None for one that the program does not keep,
    because nobody reads it. At `header` it holds the carried value, after the loop the `result`. `inductions` lists
    the words that are linear functions of the index.
    """

    node: int
    header: int
    latch: int
    inductions: tuple[Induction, ...] = ()
    carried: tuple[Place | None, ...] = ()
    pipeline: Pipeline | None = None
    """For a loop that works on several iterations at once; `inductions` and `carried` say nothing then."""

    def trips(self, graph: Graph) -> int:
        """How often the program executes the loop's bundles each time it comes to it."""
        trips = graph.loop(self.node).trips
        return (trips - self.pipeline.peeled) // self.pipeline.copies if self.pipeline else trips


@dataclass(frozen=True, slots=True)
class Witness:
    """All machine loops of a program, in any order; nesting is by containment of `header` … `latch`."""

    loops: tuple[LoopWitness, ...] = ()


NO_LOOPS = Witness()
"""The witness of a program without machine loops."""
