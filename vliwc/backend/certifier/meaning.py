"""The graph's side of the proof: what every node's words are, as expressions, in program order."""

from __future__ import annotations

from vliwc.backend.certifier.addresses import Addresses
from vliwc.backend.certifier.algebra import Algebra
from vliwc.backend.certifier.failure import ProofFailed
from vliwc.backend.certifier.memory import Memory
from vliwc.ir.graph import Graph
from vliwc.ir.ops import OPS

Words = tuple[int, ...]
"""The expressions of a value's words, one a lane."""


class Meaning:
    """Executes a graph symbolically, node by node. `words[n]` is what node `n` is."""

    def __init__(self, graph: Graph, algebra: Algebra, addresses: Addresses) -> None:
        self.graph = graph
        self.algebra = algebra
        self.addresses = addresses
        self.memory = Memory.initial(algebra, addresses, graph)
        self.words: dict[int, Words] = {}
        self.results: dict[int, tuple[Words, ...]] = {}

    def execute(self, n: int) -> None:
        """Executes node `n`, which is no loop. Raises ProofFailed for a node that has no meaning here."""
        g = self.graph
        op, attr = g.op[n], g.attr[n]
        args = [self.words[a] for a in g.args[n]] if op != "result" else []
        apply = self.algebra.apply.get(op)
        if apply is not None:
            self.words[n] = tuple(map(apply, *args))
            if OPS[op].can_fault:
                self.addresses.divisors.update(args[1])
            return
        match op:
            case "const":
                assert isinstance(attr, int)
                self.words[n] = (self.algebra.constant(attr),)
            case "splat":
                (word,) = args
                self.words[n] = word * g.width[n]
            case "pack":
                self.words[n] = tuple(word for (word,) in args)
            case "lane":
                assert isinstance(attr, int)
                (words,) = args
                self.words[n] = (words[attr],)
            case "table":
                assert isinstance(attr, tuple)
                (indices,) = args
                self.words[n] = tuple(self.algebra.table(attr, index) for index in indices)
            case "load" | "vload" | "gather":
                self._load(n, *args)
            case "store" | "vstore" | "scatter":
                self._store(n, *args)
            case "store_if":
                self._store_if(n, *args)
            case "result":
                assert isinstance(attr, int)
                (loop,) = g.args[n]
                self.words[n] = self.results[loop][attr]
            case _:
                raise ProofFailed(f"{self.describe(n)} has no meaning at this level")

    def describe(self, n: int) -> str:
        """Names a node for messages, with the kernel's line."""
        span = self.graph.span[n]
        line = f" (.vk line {span.line})" if span else ""
        return f"graph node %{n} '{self.graph.op[n]}'{line}"

    def locate(self, n: int, index: Words, count: int) -> tuple[int, list[int]]:
        """Region and addresses of an access of `count` words: one index for each, or one for all that follow it."""
        region = self.addresses.number.get(self.graph.access(n).array)
        if region is None:
            raise ProofFailed(f"{self.describe(n)} accesses an array without words")
        base = self.algebra.constant(self.graph.origin(n))
        add, constant = self.algebra.add, self.algebra.constant
        if len(index) == 1:
            return region, [add(add(*index, base), constant(k)) for k in range(count)]
        return region, [add(i, base) for i in index[:count]]

    def _inside(self, n: int, index: Words, count: int) -> tuple[int, list[int]]:
        """As `_addresses`, and notes that they are in the array. Raises ProofFailed if one certainly is not."""
        region, addresses = self.locate(n, index, count)
        bounds = self.addresses.regions[region]
        for address in addresses:
            if self.algebra.hi[address] < bounds.base or self.algebra.lo[address] >= bounds.end:
                raise ProofFailed(f"{self.describe(n)} accesses array {bounds.name} out of its range")
            self.addresses.assume(address, region)
        return region, addresses

    def _load(self, n: int, index: Words) -> None:
        region, addresses = self._inside(n, index, self.graph.width[n])
        self.words[n] = tuple(self.memory.load(region, address) for address in addresses)

    def _store(self, n: int, index: Words, value: Words) -> None:
        count = self.graph.access(n).active or len(value)
        region, addresses = self._inside(n, index, count)
        for address, word in zip(addresses, value, strict=False):
            self.memory.store(region, address, word)

    def _store_if(self, n: int, condition: Words, index: Words, value: Words) -> None:
        """`if (c) a[i] = v` as the store that machines without conditional ones do: `a[c ? i : 0] = c ? v : a[…]`.

        Its address is in the array in any case.
        """
        (chosen,), (word,) = condition, value
        region, (address,) = self.locate(n, index, 1)
        select, start = self.algebra.select, self.algebra.constant(self.addresses.regions[region].base)
        address = select(chosen, address, start)
        self.addresses.assume(address, region)
        kept = self.memory.load(region, address)
        self.memory.store(region, address, select(chosen, word, kept))
