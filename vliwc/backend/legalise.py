"""Makes a graph legal for a machine: what a node says afterwards, the machine can do in one step of selection.

Before → after:

- `load a[i]` → `load` of the absolute address `base + i`; the base is folded into constants of `i` where it has some.
- loop indices → carried values: `i` starts at `lo`, is followed by `i + step`, and `i + step < hi` continues the loop.
- `store_if c, a[i] = x` → `a[c ? i : 0] = (c ? x : a[…])`.
- `table[i]` → a tree of selects by the bits of i.
- `select` by a bit between words that all lanes share → `blend`, which brings the difference of the arms along: then
  one multiply_add will do as well as a select.
- operations that the machine lacks → others: `muladd`, `vload`, `vstore`; selects by a word → selects by a bit where a
  select has to be done by arithmetic.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from vliwc.analysis.linear import Form
from vliwc.errors import DoesNotFit
from vliwc.ir.graph import Access, Graph, Loop
from vliwc.ir.ops import MASK, OPS, PURE
from vliwc.machine.description import Machine
from vliwc.source import Span
from vliwc.transform.rewriter import Rewriter

_BLENDS = 4
"""So many selects between two words make it worth while to have their difference in scratch."""


@dataclass(slots=True)
class Legal:
    """A legal graph.

    Index operands of memory operations are absolute addresses. `origin` maps its `for` nodes to those of the graph it
    was made from, `continues` to the word in their body that says whether another iteration follows. The
    loop's index is the last of the carried values; `kept` has the original positions of the others.
    """

    graph: Graph
    origin: dict[int, int] = field(default_factory=dict)
    continues: dict[int, int] = field(default_factory=dict)
    kept: dict[int, tuple[int, ...]] = field(default_factory=dict)
    bits: list[bool] = field(default_factory=list)
    """For each node whether it certainly holds only 0 and 1."""
    made: dict[int, int] = field(default_factory=dict)
    """For each live node of the graph it was made from the node that stands for it."""
    forms: dict[int, Form] = field(default_factory=dict)
    """Linear forms of carried values that run with their loop's index."""


def legalise(graph: Graph, machine: Machine) -> Legal:
    """The legal form of a level-2 graph (no `par`) for a machine. Raises DoesNotFit if it has none."""
    rewriter = _Legaliser(graph, machine)
    legal = rewriter.legal
    legal.graph = rewriter.run()
    legal.made = rewriter.value
    extend_bits(legal.graph, legal.bits)
    return legal


class _Legaliser(Rewriter):
    def __init__(self, graph: Graph, machine: Machine) -> None:
        super().__init__(graph)
        self.machine = machine
        self.legal = Legal(self.new.graph)
        self.blends = self.shared_arms()

    def shared_arms(self) -> set[tuple[int, ...]]:
        """The pairs of arms of vector selects for which it pays to have their difference at hand."""
        old, machine = self.old, self.machine
        if not (machine.runs("flow", "vselect") and machine.runs("valu", "multiply_add")):
            return set()
        counts = Counter(
            old.args[n][1:] for n in old.body if self.live[n] and old.op[n] == "select" and old.width[n] > 1
        )
        shared = {arms for arms, uses in counts.items() if uses >= _BLENDS and all(old.op[a] == "splat" for a in arms)}
        return {(a, b) for a, b in shared if old.const(b) != 0}  # c ? a : 0 is a product anyway

    def pure(self, n: int, args: tuple[int, ...]) -> int:
        old = self.old
        op, attr, width, span = old.op[n], old.attr[n], old.width[n], old.span[n]
        if isinstance(attr, Access):
            return self._memory(n, op, attr, args)
        if op == "table":
            assert isinstance(attr, tuple)
            return self._table(attr, args[0], width, span)
        if op == "muladd" and not (width > 1 and self.machine.runs("valu", "multiply_add")):
            product = self._emit("mul", args[0], args[1], span=span)
            return self._emit("add", product, args[2], span=span)
        if op == "select":
            if old.args[n][1:] in self.blends and extend_bits(self.new.graph, self.legal.bits)[args[0]]:
                return self._blend(args[0], args[1], args[2], span)
            return self._select((args[0], args[1], args[2]), width, span)
        if op in PURE:
            self._require(op, width)
        return self.emit(op, *args, attr=attr, width=width, span=span)

    def _emit(self, op: str, *args: int, span: Span | None) -> int:
        width = max(self.new.graph.width[a] for a in args)
        self._require(op, width)
        return self.emit(op, *args, span=span)

    def _require(self, op: str, width: int) -> None:
        """Raises DoesNotFit unless the machine can compute `op` somehow."""
        symbol = OPS[op].symbol
        if self.machine.runs("alu", symbol) or (width > 1 and self.machine.runs("valu", symbol)):
            return
        raise DoesNotFit(
            f"machine {self.machine.name} has no operation '{symbol}', which the kernel needs",
            help="choose another machine, or add the operation to an engine of its description",
        )

    def _require_slot(self, engine: str, op: str) -> None:
        if not self.machine.runs(engine, op):
            raise DoesNotFit(
                f"machine {self.machine.name} has no {engine} operation '{op}', which the kernel needs",
                help="choose another machine, or add the operation to an engine of its description",
            )

    # -- selection of words

    def _select(self, args: tuple[int, int, int], width: int, span: Span | None) -> int:
        c, a, b = args
        on_flow = self.machine.runs("flow", "vselect" if width > 1 else "select")
        if not on_flow and not extend_bits(self.new.graph, self.legal.bits)[c]:
            zero = self.new.const(0, width, span)
            if self.new.graph.const(b) == 0:  # then it is a product
                c = self._emit("lt", zero, c, span=span)
            else:
                c, a, b = self._emit("eq", c, zero, span=span), b, a
        if not on_flow:
            for symbol in ("sub", "mul", "add"):
                self._require(symbol, width)
        return self.emit("select", c, a, b, width=width, span=span)

    def _blend(self, c: int, a: int, b: int, span: Span | None) -> int:
        graph = self.new.graph
        known = graph.const(a), graph.const(b)
        if None not in known:
            difference = self.new.const((known[0] or 0) - (known[1] or 0), graph.width[a], span)
        else:
            word = self._emit("sub", graph.args[a][0], graph.args[b][0], span=span)
            difference = self.emit("splat", word, span=span)
        return self.emit("blend", c, a, b, difference, span=span)

    def _table(self, entries: tuple[int, ...], index: int, width: int, span: Span | None) -> int:
        """A tree of selects: level k halves the entries by bit k of the index."""
        words = [self.new.const(w, width, span) for w in entries]
        k = 0
        while len(words) > 1:
            bit = self._emit("and", index, self.new.const(1 << k, width, span), span=span)
            pairs = zip(words[::2], words[1::2], strict=False)
            halved = [b if a == b else self._select((bit, b, a), width, span) for a, b in pairs]
            words = halved + words[len(words) & ~1 :]
            k += 1
        return words[0]

    # -- memory

    def _memory(self, n: int, op: str, access: Access, args: tuple[int, ...]) -> int:
        base, span = self.old.origin(n), self.old.span[n]
        access = replace(access, absolute=True)
        if op == "store_if":
            return self._store_if(n, access, args, span)
        address = self.offset(args[0], base, span)
        rest = args[1:]
        wide = op in ("vload", "vstore") and not self.machine.runs(op[1:], op)
        if wide:
            return self._lanewise(op, access, address, rest, span)
        if op == "gather" and not self.machine.runs("load", "load_offset"):
            self._require_slot("load", "load")
        elif op == "scatter":
            self._require_slot("store", "store")
        elif op != "gather":
            self._require_slot("store" if rest else "load", op)
        return self.emit(op, address, *rest, attr=access, span=span)

    def _lanewise(self, op: str, access: Access, address: int, value: tuple[int, ...], span: Span | None) -> int:
        """A row access word by word."""
        self._require_slot(op[1:], op[1:])
        addresses = [self.offset(address, k, span) for k in range(self.new.graph.lanes)]
        if op == "vload":
            return self.emit("pack", *(self.emit("load", a, attr=access, span=span) for a in addresses), span=span)
        for k, a in enumerate(addresses):
            word = self.emit("lane", value[0], attr=k, span=span)
            stored = self.emit("store", a, word, attr=access, span=span)
        return stored

    def _store_if(self, n: int, access: Access, args: tuple[int, ...], span: Span | None) -> int:
        """The store is always made: of the old value, and at the array's start, when the condition does not hold."""
        condition, index, value = args
        base = self.old.arrays[access.array].base
        where = self.offset(index, self.old.origin(n), span)
        address = self._select((condition, where, self.new.const(base, span=span)), 1, span)
        before = self.emit("load", address, attr=access, span=span)
        after = self._select((condition, value, before), 1, span)
        return self.emit("store", address, after, attr=access, span=span)

    def offset(self, n: int, k: int, span: Span | None) -> int:
        """The node n + k, with k folded into a constant of n where it has one."""
        g = self.new.graph
        if k & MASK == 0:
            return n
        op, args = g.op[n], g.args[n]
        c = g.const(n)
        if c is not None:
            return self.new.const(c + k, g.width[n], span)
        if op == "splat":
            return self.emit("splat", self.offset(args[0], k, span), span=span)
        if op == "pack" and all(g.const(a) is not None for a in args):
            return self.emit("pack", *(self.offset(a, k, span) for a in args), span=span)
        if op == "add":
            for a, b in (args, args[::-1]):
                if g.const(b) is not None:
                    return self._add(a, self.offset(b, k, span), span)
        if op == "muladd" and g.const(args[2]) is not None:
            return self.emit(op, *args[:2], self.offset(args[2], k, span), span=span)
        if op == "select" and all(g.const(a) is not None for a in args[1:]):
            arms = (self.offset(a, k, span) for a in args[1:])
            return self.emit(op, args[0], *arms, width=g.width[n], span=span)
        return self._add(n, self.new.const(k, g.width[n], span), span)

    def _add(self, a: int, b: int, span: Span | None) -> int:
        return a if self.new.graph.const(b) == 0 else self._emit("add", a, b, span=span)

    # -- loops

    def loop(self, n: int, loop: Loop) -> None:
        old, new, span = self.old, self.new, self.old.span[n]
        self._require("add", 1)
        self._require("lt", 1)
        self._require_slot("flow", "cond_jump")
        kept = [k for k, c in enumerate(loop.carried) if self.live[c]]
        inits = (*(self.value[old.args[n][k]] for k in kept), new.const(loop.lo, span=span))
        step, hi = new.const(loop.step, span=span), new.const(loop.hi, span=span)
        index, carried = new.begin_loop(tuple(new.graph.width[i] for i in inits), span)
        self.value[loop.index] = carried[-1]
        self.value.update({loop.carried[k]: c for k, c in zip(kept, carried, strict=False)})
        self.block(loop.body)
        following = self.emit("add", carried[-1], step, span=span)
        goes_on = self.emit("lt", following, hi, span=span)
        yields = (*(self.value[loop.yields[k]] for k in kept), following)
        bounds = (loop.lo, loop.hi, loop.step)
        results = new.end_loop("for", bounds, index, carried, inits, yields, span)
        made = new.graph.args[results[0]][0]
        self.legal.origin[made] = n
        self.legal.continues[made] = goes_on
        self.legal.kept[made] = tuple(kept)
        self.bind_results(n, dict(zip(kept, results, strict=False)))


def extend_bits(graph: Graph, bits: list[bool]) -> list[bool]:
    """Brings `bits` up to date: which nodes certainly hold only 0 and 1. No loop is looked through."""
    for n in range(len(bits), len(graph)):
        bits.append(_is_bit(graph, n, bits))
    return bits


def _is_bit(graph: Graph, n: int, bits: list[bool]) -> bool:
    op, args = graph.op[n], graph.args[n]
    c = graph.const(n)
    if c is not None:
        return c <= 1
    if op in ("lt", "eq"):
        return True
    if op == "and":
        return bits[args[0]] or bits[args[1]]
    if op in ("or", "xor", "mul", "splat", "pack", "lane"):
        return all(bits[a] for a in args)
    if op == "select":
        return bits[args[1]] and bits[args[2]]
    return op in ("mod", "shr") and graph.const(args[1]) == (2 if op == "mod" else 31)
