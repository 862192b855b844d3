"""The nodes of a loop's body in several iterations at once: what each is, as expressions.

Memory operations are executed when the proof says so. Everything else is computed when it is asked for, from its
operands in the same iteration; a carried value is what the iteration before yields.
"""

from __future__ import annotations

from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.meaning import Meaning, Words
from vliwc.backend.certifier.witness import Ghost
from vliwc.ir.graph import Graph, Loop
from vliwc.ir.ops import OPS, PURE, Kind

Instance = tuple[int, int]
"""A node, and the number of an iteration."""

_REACH = 4096
"""How many iterations back values are looked for at most."""

_LAYOUT = ("const", "splat", "pack", "lane")


class Body:
    """The body of loop `n`, with the ghosts that a witness adds to it. Raises ProofFailed if it is none of a kind that
    can be overlapped, or if the ghosts are no pure operations."""

    def __init__(
        self, graph: Graph, n: int, ghosts: tuple[Ghost, ...] = (), equals: tuple[tuple[int, int], ...] = ()
    ) -> None:
        self.graph = graph
        self.node = n
        self.loop = loop = graph.loop(n)
        self.ghosts = ghosts
        self.inside = frozenset(loop.body)
        self.position = {c: k for k, c in enumerate(loop.carried)}
        self.equals = dict(equals)
        """Nodes and the ghosts that compute the same; ghosts are computed in place of them, once that is proven."""
        for k, ghost in enumerate(ghosts):
            pure = ghost.op in _LAYOUT or (ghost.op in PURE and not OPS[ghost.op].can_fault)
            known = all(0 <= a < len(graph) + k for a in ghost.args)
            if not pure or not known or OPS[ghost.op].arity not in (-1, len(ghost.args)):
                raise ProofFailed(f"the witness has a ghost '{ghost.op}' that cannot be added to the graph")
        if any(isinstance(graph.attr[m], Loop) for m in loop.body):
            raise ProofFailed("a loop with another one in it cannot be overlapped")
        self.steady = self._steady()

    def memory(self) -> list[int]:
        """The memory operations, in order."""
        return [m for m in self.loop.body if self.graph.kind(m) in (Kind.LOAD, Kind.STORE)]

    def timed(self) -> list[int]:
        """The memory operations, and what divides: a program may divide by what the graph divides by."""
        graph = self.graph
        return [m for m in self.loop.body if graph.kind(m) in (Kind.LOAD, Kind.STORE) or OPS[graph.op[m]].can_fault]

    def args(self, n: int) -> tuple[int, ...]:
        """The operands of a node or ghost."""
        return self.ghosts[n - len(self.graph)].args if n >= len(self.graph) else self.graph.args[n]

    def is_inside(self, n: int) -> bool:
        """Does n stand in the body, or is it a ghost?"""
        return n in self.inside or n >= len(self.graph)

    def _steady(self) -> frozenset[int]:
        """The nodes that are functions of the index, and of what does not change in the loop."""
        changing = set(self.position) | set(self.memory())
        steady = {self.loop.index}
        for n in (*self.loop.body, *range(len(self.graph), len(self.graph) + len(self.ghosts))):
            if n not in changing:
                if all(a in steady or not (self.is_inside(a) or a in self.position) for a in self.args(n)):
                    steady.add(n)
                else:
                    changing.add(n)
        return frozenset(steady)


class Iterations:
    """The iterations of a body around one whose index is the expression `index`: that one has number 0.

    It is known to be at least iteration `least` of the loop. If it *is* iteration 0 of the loop (`initial`), that finds
    the initial values. `known` has the words of instances: those that were executed, assumed, or computed before.
    """

    def __init__(self, meaning: Meaning, body: Body, index: int, least: int, *, initial: bool = False) -> None:
        self.meaning = meaning
        self.body = body
        self.index = index
        self.least = least
        self.initial = initial
        self.known: dict[Instance, Words] = {}
        self.equals = body.equals

    def execute(self, n: int, i: int) -> None:
        """Executes memory operation n for iteration i."""
        words = self.meaning.words
        for a in self.body.graph.args[n]:
            words[a] = self.words(a, i)
        self.meaning.execute(n)
        if n in words:
            self.known[n, i] = words[n]

    def assume(self, n: int, i: int, words: Words) -> Words:
        """Lets n of iteration i be these words, unless it is known already; returns what it is."""
        key = self.source(n, i)
        if key is None:
            return self.words(n, i)
        return self.known.setdefault(key, words)

    def words(self, n: int, i: int) -> Words:
        """What n is in iteration i. Raises ProofFailed if that depends on what is not known."""
        stack = [(n, i)]
        while stack:
            key = self.source(*stack[-1])
            if key is None or key in self.known:
                stack.pop()
                continue
            missing = [a for a in self._operands(key) if (k := self.source(*a)) is not None and k not in self.known]
            if missing:
                stack += missing
                continue
            self.known[key] = self._compute(key)
            stack.pop()
        key = self.source(n, i)
        return self._outside(n, i) if key is None else self.known[key]

    def source(self, n: int, i: int) -> Instance | None:
        """The instance inside of the body whose value n is in iteration i; None for a value from outside."""
        body = self.body
        for _ in range(_REACH):
            if n not in body.position:
                n = self.equals.get(n, n)
                return (n, i) if body.is_inside(n) or n == body.loop.index else None
            following = body.loop.yields[body.position[n]]
            if following == n or (self.initial and i == 0):
                return None
            if self.least + i < 1:
                raise ProofFailed(f"carried value %{n} is needed in an iteration before the first")
            n, i = following, i - 1
        raise ProofFailed(f"carried value %{n} cannot be traced back")

    def _outside(self, n: int, i: int) -> Words:
        """The words of a value from outside of the body."""
        body = self.body
        while n in body.position:
            k = body.position[n]
            following = body.loop.yields[k]
            if following == n or (self.initial and i == 0):
                n = body.graph.args[body.node][k]
                break
            n, i = following, i - 1
        if n not in self.meaning.words:
            raise ProofFailed(f"the witness names %{n}, which has no value")
        return self.meaning.words[n]

    def _operands(self, key: Instance) -> list[Instance]:
        n, i = key
        if n == self.body.loop.index:
            return []
        if n < len(self.body.graph) and self.body.graph.kind(n) in (Kind.LOAD, Kind.STORE):
            raise ProofFailed(f"{self.meaning.describe(n)} is needed in an iteration in which no word holds it")
        if i < -_REACH:
            raise ProofFailed(f"%{n} depends on all iterations before, and no word holds it")
        return [(a, i) for a in self.body.args(n)]

    def _compute(self, key: Instance) -> Words:
        n, i = key
        body, meaning, algebra = self.body, self.meaning, self.meaning.algebra
        if n == body.loop.index:
            return (algebra.add(self.index, algebra.constant(body.loop.step * i)),)
        args = [self.words(a, i) for a in body.args(n)]
        if n >= len(body.graph):
            return self._ghost(body.ghosts[n - len(body.graph)], args)
        meaning.words.update(zip(body.graph.args[n], args, strict=True))
        meaning.execute(n)
        return meaning.words[n]

    def _ghost(self, ghost: Ghost, args: list[Words]) -> Words:
        apply = self.meaning.algebra.apply.get(ghost.op)
        if apply is not None:
            return tuple(map(apply, *args))
        match ghost.op, ghost.attr:
            case "const", int(number):
                return (self.meaning.algebra.constant(number),)
            case "splat", None:
                return args[0] * ghost.width
            case "pack", None:
                return tuple(a[0] for a in args)
            case "lane", int(k) if k < len(args[0]):
                return (args[0][k],)
        raise ProofFailed(f"the witness has a ghost '{ghost.op}' that cannot be added to the graph")
