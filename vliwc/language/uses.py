"""All uses of arrays and tables in a checked body, with what can be seen of their indices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from vliwc.language import kernel as k
from vliwc.language.affine import Affine, affine
from vliwc.source import Span


@dataclass(frozen=True, slots=True)
class Around:
    """A loop around a use; `conditions` is how many conditions there are around the loop itself."""

    loop: k.For
    conditions: int


@dataclass(frozen=True, slots=True)
class Use:
    """A load, store or table look-up.

    `indices` are affine in the variables of loops around and in locals that have no affine form themselves, or None;
    `spans` are where they stand. `conditions` is how many `if`, `? :`, `&&` and `||` decide whether it happens.
    """

    name: str
    table: bool
    writes: bool
    indices: tuple[Affine | None, ...]
    spans: tuple[Span, ...]
    loops: tuple[Around, ...]
    conditions: int
    span: Span


class Uses:
    """The uses in a body, in the order of the text. `opaque` has the loops around the definition of each local that
    is assigned once, but not an affine form: it is fixed as long as those loops stay in one iteration."""

    def __init__(self, body: tuple[k.Stmt, ...], result: k.Expr | None = None) -> None:
        self.found: list[Use] = []
        self.opaque: dict[int, tuple[Around, ...]] = {}
        self._assigned = Counter(_targets(body))
        self._known: dict[int, Affine] = {}
        self._loops: tuple[Around, ...] = ()
        self._conditions = 0
        self._block(body)
        if result is not None:
            self._expr(result)

    def _block(self, body: tuple[k.Stmt, ...]) -> None:
        for node in body:
            match node:
                case k.Assign():
                    self._assign(node)
                case k.Store():
                    self._expr(node.value)
                    self._use(node.array, node.indices, node.span, writes=True)
                case k.If():
                    self._expr(node.cond)
                    self._conditions += 1
                    self._block(node.then)
                    self._block(node.orelse)
                    self._conditions -= 1
                case k.For():
                    around = self._loops
                    self._loops = (*around, Around(node, self._conditions))
                    self._known[node.var] = Affine(0, ((node.var, 1),))
                    self._block(node.body)
                    self._loops = around

    def _assign(self, node: k.Assign) -> None:
        self._expr(node.value)
        if self._assigned[node.target] > 1:
            return
        form = affine(node.value, self._known)
        if form is None:
            self.opaque[node.target] = self._loops
            form = Affine(0, ((node.target, 1),))
        self._known[node.target] = form

    def _expr(self, node: k.Expr) -> None:
        match node:
            case k.Unary(a=a):
                self._expr(a)
            case k.Binary(op=op, a=a, b=b):
                self._expr(a)
                self._maybe(op in ("&&", "||"), b)
            case k.Select(cond=cond, a=a, b=b):
                self._expr(cond)
                self._maybe(True, a, b)
            case k.Load():
                self._use(node.array, node.indices, node.span)
            case k.Lookup():
                self._use(node.table, (node.index,), node.span, table=True)
            case k.Call(args=args):
                for arg in args:
                    self._expr(arg)

    def _maybe(self, conditional: bool, *nodes: k.Expr) -> None:
        self._conditions += conditional
        for node in nodes:
            self._expr(node)
        self._conditions -= conditional

    def _use(
        self, name: str, indices: tuple[k.Expr, ...], span: Span, *, writes: bool = False, table: bool = False
    ) -> None:
        for index in indices:
            self._expr(index)
        forms = tuple(affine(index, self._known) for index in indices)
        spans = tuple(index.span for index in indices)
        self.found.append(Use(name, table, writes, forms, spans, self._loops, self._conditions, span))


def _targets(body: tuple[k.Stmt, ...]) -> Iterator[int]:
    for node in body:
        match node:
            case k.Assign(target=target):
                yield target
            case k.If(then=then, orelse=orelse):
                yield from _targets(then)
                yield from _targets(orelse)
            case k.For(body=inner):
                yield from _targets(inner)
