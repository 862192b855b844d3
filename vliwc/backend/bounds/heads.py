"""Heads that are raised by the work before them, operation by operation.

Whatever an operation waits for has to be done before it: the window bound, applied to the operations before it, gives a
head that may be later than the longest path. Later operations start from there. The same from the other end raises
tails. After the recursive bounds of Rim and Jain (1994) and of Langevin and Cerny (1996).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vliwc.backend.bounds.energy import Found, Integers, Work
from vliwc.backend.bounds.network import Network

_MOST_TARGETS = 400
"""How many operations' heads are raised by a window of their own; the others follow along the edges."""
_FINEST = 96
"""At how many different cycles windows begin and end."""
_UNRELATED = -1 << 20


@dataclass(slots=True)
class Heads:
    """The heads of all operations of a network, and why: the path alone, a lemma, or the operation before."""

    network: Network
    path: list[int]
    """Heads that follow from the edges alone."""
    raised: list[int]
    work: Work | None
    lemmas: dict[int, Found]
    via: list[int]
    """The operation before, from which an operation's head follows, or -1."""
    rows: dict[int, Integers]
    """For operations that may have lemmas the distances of all operations (see `distances`)."""

    def chain(self, operation: int) -> list[int]:
        """The operations back to one whose head is a lemma or nothing but its own, beginning with the nearest."""
        found = []
        while operation not in self.lemmas and self.via[operation] >= 0:
            operation = self.via[operation]
            found.append(operation)
        return found

    def reasons(self, operations: Iterable[int]) -> list[int]:
        """The operations with the lemmas that the heads of some operations rest on, in the network's order."""
        found: set[int] = set()
        seen: set[int] = set()
        waiting = list(operations)
        heads = np.array(self.raised, np.int32)
        while waiting:
            k = waiting.pop()
            if k in seen or self.raised[k] == self.path[k]:
                continue
            seen.add(k)
            if k not in self.lemmas:
                waiting.append(self.via[k])
                continue
            assert self.work is not None
            found.add(k)
            waiting.extend(self.work.inside(self.lemmas[k], heads, self.rows[k])[0])
        return [k for k in self.network.order if k in found]


def raise_heads(network: Network, work: Work | None = None) -> Heads:
    """Heads, raised by the windows before each operation if there is any work."""
    targets = _targets(network) if work is not None else []
    rows = dict(zip(targets, distances(network, targets), strict=True)) if targets else {}
    heads = Heads(network, network.heads(), network.least.copy(), work, {}, [-1] * len(network.least), rows)
    raised = np.array(network.least, np.int32)
    for k in network.order:
        for earlier, wait in network.before[k]:
            follows = heads.raised[earlier] + network.span[earlier] + wait
            if follows > heads.raised[k]:
                heads.raised[k], heads.via[k] = follows, earlier
        if work is not None and k in rows:
            points = np.flatnonzero(rows[k][work.operation] >= 0).astype(np.int32)
            if len(points):
                found = work.best_window(raised, rows[k], _FINEST, points)
                if found.value > heads.raised[k]:
                    heads.raised[k], heads.lemmas[k] = found.value, found
        raised[k] = heads.raised[k]
    return heads


def _targets(network: Network) -> list[int]:
    """Operations that wait for others: all of them, or some at equal distances in the order and all joins."""
    waiting = [k for k in network.order if network.before[k]]
    if len(waiting) <= _MOST_TARGETS:
        return waiting
    most = max(len(edges) for edges in network.before)
    joins = [k for k in waiting if len(network.before[k]) * 2 > most][: _MOST_TARGETS // 4]
    even = waiting[:: -(-len(waiting) // (_MOST_TARGETS - len(joins)))]
    chosen = {*joins, *even}
    return [k for k in waiting if k in chosen]


def distances(network: Network, targets: Sequence[int]) -> Integers:
    """For each target the cycles at least from every operation's last slot to the target's first one, negative for
    operations that the target does not wait for: targets × operations."""
    to = np.full((len(network.span), len(targets)), _UNRELATED, np.int32)
    first = np.full_like(to, _UNRELATED)
    first[list(targets), range(len(targets))] = 0
    for k in reversed(network.order):
        last = to[k]
        for later, wait in network.behind[k]:
            np.maximum(last, first[later] + wait, out=last)
        np.maximum(first[k], last + network.span[k], out=first[k])
    return np.ascontiguousarray(to.T)
