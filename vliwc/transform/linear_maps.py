"""What cancels across shifts, masks and exclusive ors is left out: linear algebra over GF(2).

    %2 = xor %h, (shr %h, 16)               %2 = xor %h, (shr %h, 16)      (if it is used elsewhere)
    %3 = xor %2, %t                    →    %6 = xor %t, (shr %t, 16)      (may be done to a table once)
    %5 = xor %3, (shr %3, 16)               %5 = xor %h, %6

Hashes end and begin with such maps, and what one does the next may undo. A word's map is expanded from its operands
towards what no such operation made, the latest operand first; of all maps on the way the one that saves most is built.
As in the rewriting of logic networks (Mishchenko, Chatterjee and Brayton 2006), what a map takes is held against all
that nothing else needs any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from vliwc.analysis import ranges
from vliwc.analysis.diagonals import Map, total_of
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import MASK, OPS, WORD_BITS
from vliwc.transform.rewriter import Rewriter, never_stored
from vliwc.transform.sites import few_words, origins

_MOST_TERMS = 12
"""Maps of more terms are not looked at: they take more than they can save."""


_ROUNDS = 4
"""Where some maps have been rebuilt, others may be cheaper, as fewer nodes have several users."""


def linear_maps(graph: Graph) -> Graph:
    """Rebuilds words that are linear maps of others over GF(2) where that takes fewer operations."""
    for _ in range(_ROUNDS):
        maps = _LinearMaps(graph)
        if not maps.plans:
            break
        graph = maps.run()
    return graph


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to build a map: as the exclusive or of `parts` that are built by themselves, with `cost` operations.

    `shared` of these are done once for many words: to what all iterations share, or to the entries of a small table.
    `operands` is what they use.
    """

    map: Map
    parts: tuple[Map, ...]
    cost: int
    shared: int
    operands: tuple[int, ...]


class _LinearMaps(Rewriter):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.facts = ranges.analyse(graph)
        self.loop_of = {m: n for n in graph.walk() if isinstance(loop := graph.attr[n], Loop) for m in loop.body}
        """The loop that each node stands in, but for those that stand in none."""
        self.origin = self.table_words()
        """For each word of a table that is smaller than it is often looked up, and for what is made of such a word
        alone, the node that loads it."""
        self.users = self.live_users()
        self.uses = Counter({a: len(users) for a, users in self.users.items()})
        """How often each node is used, with all that is planned so far."""
        self.operands = {n: [a for a in graph.args[n] if graph.const(a) is None] for n in graph.walk()}
        """What each node uses, but for constants, with all that is planned so far."""
        self.maps: dict[int, Map] = {}
        self.made: dict[Hashable, int] = {}
        """By what is done to what, the node that does it."""
        self.plans: dict[int, _Plan] = {}
        self.gone: set[int] = set()
        """What nothing needs any more."""
        for n in graph.walk():
            if self.live[n]:
                self.look_at(n)

    def node(self, n: int) -> None:
        if n in self.gone:
            return
        if n not in self.plans:
            super().node(n)
            return
        width, span = self.old.width[n], self.old.span[n]

        def emit(op: str, a: int, b: int) -> int:
            return self.emit(op, a, b, span=span)

        def const(word: int) -> int:
            return self.new.const(word, width, span)

        self.value[n] = total_of(
            [part.build(emit, self.value.__getitem__, const) for part in self.plans[n].parts], emit
        )

    def table_words(self) -> dict[int, int]:
        frozen = never_stored(self.old)
        found = origins(self.old, self.facts, frozen)
        words = {n: few_words(self.old, self.facts, n, frozen) or 0 for n in set(found.values())}
        return {n: origin for n, origin in found.items() if words[origin] < self.times(n)}

    def times(self, n: int) -> int:
        """How often a node is computed."""
        times, loop = 1, self.loop_of.get(n)
        while loop is not None:
            times *= self.old.loop(loop).trips
            loop = self.loop_of.get(loop)
        return times

    def look_at(self, n: int) -> None:
        """Learns what a node is, and plans another way to make it if there is a better one."""
        if not self.is_map(n):
            return
        self.maps[n] = self.first_map(n)
        if self.uses[n] != 1 or not self.is_map(self.users[n][-1]):  # else it is its user's map that counts
            self.decide(n)
        if n not in self.plans:
            self.made[_key(self.old.op[n], *map(self.name, self.old.args[n]))] = n

    def is_map(self, n: int) -> bool:
        """Is a node a linear map of its operands?"""
        old, args = self.old, self.old.args[n]
        if old.op[n] not in ("xor", "or", "and", "shl", "shr") or old.const(n) is not None:
            return False
        if any(old.width[a] != old.width[n] for a in args):
            return False
        match old.op[n]:
            case "or":
                return self.facts[args[0]].zeros | self.facts[args[1]].zeros == MASK
            case "and":
                return any(old.const(a) is not None for a in args)
            case "shl" | "shr":
                distance = old.const(args[1])
                return distance is not None and distance < WORD_BITS
        return True

    def first_map(self, n: int) -> Map:
        """The map of a node by its operands, or by what these are made of where nothing else uses them."""
        old, (a, b) = self.old, self.old.args[n]
        word = old.const(b)
        match old.op[n]:
            case "shl" if word is not None:
                return self.operand(a).shifted(word)
            case "shr" if word is not None:
                return self.operand(a).shifted(-word)
            case "and" if (masked := old.with_constant(n)) is not None:
                return self.operand(masked[0]).masked(masked[1])
        return self.operand(a) ^ self.operand(b)

    def operand(self, n: int) -> Map:
        """An operand's map, or itself if something else uses it too, or its map is long, as that of a sum is of which
        each node adds one more word."""
        word = self.old.const(n)
        if word is not None:
            return Map((), word)
        inner = self.maps.get(n) if self.uses[n] == 1 else None
        return inner if inner is not None and len(inner.terms) <= _MOST_TERMS else Map.identity(n)

    def decide(self, n: int) -> None:
        """Plans another way to make a node if that saves operations, and takes no more where none of them is shared."""
        best, most = None, (0, 0)
        for candidate in self.expansions(n):
            left, gone = self.without(n, candidate)
            plan = self.plan(n, candidate, left, gone)
            cost, shared = (sum(several) for several in zip(*(self.costs(n, m) for m in gone), strict=True))
            saved = (cost - shared) - (plan.cost - plan.shared), cost - plan.cost
            if min(saved) >= 0 and saved > most and saved[0] > 0:
                best, most = plan, saved
        if best is not None:
            self.take(n, best)

    def expansions(self, n: int) -> Iterator[Map]:
        """A node's map, and what becomes of it as one operand after the other is expanded, the latest one first."""
        candidate = self.maps[n]
        while len(candidate.terms) <= _MOST_TERMS:
            yield candidate
            inner = [a for a in candidate.nodes if a in self.maps and self.loop_of.get(a) == self.loop_of.get(n)]
            if not inner:
                return
            candidate = candidate.expanded(max(inner), self.maps[max(inner)])

    def without(self, n: int, candidate: Map) -> tuple[dict[int, int], set[int]]:
        """How often nodes are used without what only `n` needs, and what that is, with `n`: its map may need less."""
        left: dict[int, int] = {}
        gone, work = {n}, [n]
        while work:
            for a in self.operands[work.pop()]:
                left[a] = left.get(a, self.uses[a]) - 1
                if not left[a] and a in self.maps and a not in candidate.nodes:
                    gone.add(a)
                    work.append(a)
        return left, gone

    def plan(self, n: int, candidate: Map, left: dict[int, int], gone: set[int]) -> _Plan:
        """How to build a node's map, if so many uses are left without it, and some nodes are gone."""

        def place(a: int) -> int:
            """What is shared, a word of a small table or all that comes from outside, or -1."""
            if self.loop_of.get(a) != self.loop_of.get(n):
                return self.loop_of.get(n, -1)
            origin = self.origin.get(a, -1)
            return origin if origin >= 0 and not left.get(origin, self.uses[origin]) else -1

        groups: dict[int, list[tuple[int, int, int]]] = {}
        for term in candidate.terms:
            groups.setdefault(place(term[0]), []).append(term)
        parts = {at: Map(tuple(terms)) for at, terms in groups.items()}
        if candidate.constant or not parts:
            parts[-1] = Map(parts.get(-1, Map(())).terms, candidate.constant)
        operands: list[int] = []
        new: set[Hashable] = set()

        def emit(op: str, a: Hashable, b: Hashable) -> Hashable:
            key = _key(op, a, b)
            made = self.made.get(key)
            if made is not None and made not in gone and self.uses[made]:
                operands.append(made)
                return made
            if key not in new:
                operands.extend(x for x in (a, b) if isinstance(x, int))
                new.add(key)
            return key

        words, shared = [], 0
        for at, part in parts.items():
            before = len(new)
            words.append(part.build(emit, lambda a: a, _const))
            shared += len(new) - before if at >= 0 else 0
        total = total_of(words, emit)
        if isinstance(total, int):
            operands.append(total)
        return _Plan(candidate, tuple(parts.values()), len(new), shared, tuple(operands))

    def costs(self, n: int, m: int) -> tuple[int, int]:
        """The operations of a node that only `n` needs, and those of them that are done once for many words."""
        plan = self.plans.get(m)
        cost = plan.cost if plan else 1
        if m in self.origin or self.loop_of.get(m) != self.loop_of.get(n):
            return cost, cost
        return cost, plan.shared if plan else 0

    def take(self, n: int, plan: _Plan) -> None:
        """Decides for a plan."""
        _, gone = self.without(n, plan.map)
        for m in gone:
            for a in self.operands.pop(m):
                self.uses[a] -= 1
        self.gone |= gone - {n}
        self.operands[n] = list(plan.operands)
        for a in plan.operands:
            self.uses[a] += 1
        self.maps[n], self.plans[n] = plan.map, plan

    def name(self, n: int) -> Hashable:
        """A node in keys, or its word if that is known."""
        word = self.old.const(n)
        return n if word is None else _const(word)


def _const(word: int) -> Hashable:
    return "const", word


def _key(op: str, a: Hashable, b: Hashable) -> Hashable:
    """Equal for operations that do the same to the same."""
    return (op, frozenset((a, b))) if OPS[op].commutative else (op, a, b)
