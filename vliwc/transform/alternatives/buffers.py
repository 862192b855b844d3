"""Buffers in dead memory, through which words of rows go: stored by rows or one by one, loaded together."""

from __future__ import annotations

from collections.abc import Sequence

from vliwc.source import Span
from vliwc.transform.alternatives.base import Emitter, Home, Table
from vliwc.transform.loads import Loads
from vliwc.transform.sites import Site


def buffers(alternative: str, sites: Sequence[Site], turns: int, vectors: int, words: int, lanes: int) -> Table:
    """For each of the turns that groups take, a buffer of so many words; so many vectors hold addresses in it."""
    key = (alternative, *(site.node for site in sites))
    total = turns * vectors
    return Table(key, Loads(vectors=2 * total), scratch=total * lanes, memory=turns * words)


def addresses(home: Home, start: int, stride: int, emitter: Emitter, span: Span | None) -> int:
    """The addresses of word `start` of the buffers and of every so manyth after it, in a vector."""
    new, lanes = emitter.new, emitter.lanes
    steps = emitter.emit("pack", *(new.const(k * stride) for k in range(lanes)))
    return emitter.emit("add", new.const(home.base + start, lanes), steps, span=span)


def store_words(words: Sequence[int], at: int, home: Home, emitter: Emitter, span: Span | None) -> None:
    """Stores word k at the address in lane k of the vector `at`."""
    for k, word in enumerate(words):
        emitter.emit("store", emitter.emit("lane", at, attr=k), word, attr=home.access, span=span)
