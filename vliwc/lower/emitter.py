"""Emission of scalar nodes, with constants shared and the largest possible value of every node at hand.

The bounds are deliberately simple: they see what a reader sees at a glance (a loop variable, a masked word, a
comparison), and serve two ends: words known to be 0 or 1 need no normalisation, and indices known to be in range need
no guard. Real range analysis comes later, on the finished graph.
"""

from __future__ import annotations

from vliwc.ir.graph import Attr, Builder, Graph
from vliwc.ir.ops import MASK
from vliwc.source import Span


class Emitter:
    """Wraps a `Builder` without sharing: one node for each operation that the kernel spells, in its order."""

    def __init__(self, like: Graph) -> None:
        self.builder = Builder(like, share=False)
        self._consts: list[dict[int, int]] = [{}]  # word -> node, one dictionary for each open block
        self._high: dict[int, int] = {}

    def high(self, n: int) -> int:
        """A word that node `n` never exceeds."""
        return self._high.get(n, MASK)

    def limit(self, n: int, high: int) -> int:
        """Notes that node `n` never exceeds `high`; returns `n`."""
        self._high[n] = high
        return n

    def const(self, value: int, span: Span) -> int:
        """The word `value`: a node of this block or an enclosing one if there is one already, else a new one."""
        for block in reversed(self._consts):
            if value in block:
                return block[value]
        n = self._consts[-1][value] = self.builder.const(value, span=span)
        return self.limit(n, value)

    def emit(self, op: str, *args: int, span: Span, attr: Attr = None) -> int:
        """Adds a node of operation `op`."""
        n = self.builder.emit(op, *args, attr=attr, span=span)
        return self.limit(n, self._upper(op, args))

    def begin_loop(self, carried: int, last: int, span: Span) -> tuple[int, tuple[int, ...]]:
        """Opens a loop whose variable ends at `last` and that carries `carried` words; returns their nodes."""
        self._consts.append({})
        index, nodes = self.builder.begin_loop((1,) * carried, span)
        return self.limit(index, last), nodes

    def close_block(self) -> Builder:
        """Forgets the innermost loop's constants; returns the builder, on which the caller ends the loop."""
        self._consts.pop()
        return self.builder

    def truth(self, n: int, span: Span) -> int:
        """1 if node `n` is not 0, else 0."""
        return n if self.high(n) <= 1 else self.invert(self.is_zero(n, span), span)

    def is_zero(self, n: int, span: Span) -> int:
        """1 if node `n` is 0, else 0."""
        return self.invert(n, span) if self.high(n) <= 1 else self.emit("eq", n, self.const(0, span), span=span)

    def invert(self, bit: int, span: Span) -> int:
        """0 for 1 and 1 for 0."""
        return self.emit("xor", bit, self.const(1, span), span=span)

    def _upper(self, op: str, args: tuple[int, ...]) -> int:
        """An upper bound of the result of `op`, from those of its operands. Monotone cases only, MASK otherwise."""
        highs = [self.high(a) for a in args]
        known = self.builder.graph.const(args[-1]) if args else None
        match op:
            case "lt" | "eq":
                return 1
            case "and":
                return min(highs)
            case "or" | "xor":
                return (1 << max(h.bit_length() for h in highs)) - 1
            case "select":
                return max(highs[1:])
            case "add":
                return _unless_wrapped(highs[0] + highs[1])
            case "mul":
                return _unless_wrapped(highs[0] * highs[1])
            case "shl" if known is not None:
                return _unless_wrapped(highs[0] << min(known, 32))
            case "div":
                return highs[0] // (known or 1)
            case "cdiv":
                return highs[0]
            case "shr":
                return highs[0] >> (known or 0)
            case "mod":
                return min(highs[0], max(highs[1], 1) - 1)
        return MASK


def _unless_wrapped(high: int) -> int:
    return high if high <= MASK else MASK
