"""Lowering: a checked kernel becomes a scalar graph that computes the same, operation by operation.

- Loops stay loops: what a `for` assigns and what lived before it is carried; `par` carries nothing.
- Words that decide (`if`, `?:`, `&&`, `||`) become data (if-conversion; Allen, Kennedy, Porterfield, Warren 1983): both
  sides are computed, locals are merged by `select`, stores become `store_if`. Laziness is kept by a *predicate*, the
  0/1 word that says whether the source would have come here: where it is 0, indices that may be out of range are
  replaced by 0 and divisors by 1, so nothing faults that the source does not evaluate.
- Functions are inlined, multi-dimensional indices flattened row by row, comparisons reduced to `lt` and `eq`.

Nothing is optimised but that constants are shared; every node has the span of the expression that it computes for.
"""

from __future__ import annotations

from vliwc.ir.graph import Access, Array, Graph, Mode
from vliwc.ir.ops import BINARY, MASK
from vliwc.language.kernel import (
    ArrayDecl,
    Assign,
    Binary,
    Call,
    Const,
    Expr,
    For,
    If,
    Kernel,
    Load,
    Local,
    Lookup,
    Select,
    Stmt,
    Store,
    Unary,
)
from vliwc.lower.emitter import Emitter
from vliwc.lower.trampoline import Task, run
from vliwc.source import Span

Locals = dict[int, int]
"""The node of every local that lives here, by the local's id."""

Predicate = int | None
"""The node of a 0/1 word that is 1 where the source comes by; None where it always does."""


def lower(kernel: Kernel) -> Graph:
    """The scalar graph (lanes 1, valid) that computes what `kernel` computes. Raises nothing on a checked kernel."""
    arrays = {a.name: Array(a.name, a.base, a.length, a.mode, a.lo, a.hi) for a in kernel.arrays.values()}
    lowering = _Lowering(kernel, Emitter(Graph(kernel.name, arrays, kernel.image_words, kernel.header)))
    run(lowering.block(kernel.body, {}, None))
    return lowering.out.builder.finish()


class _Lowering:
    """The walk over statements and expressions. Its methods are tasks, so depth of nesting is no concern."""

    def __init__(self, kernel: Kernel, out: Emitter) -> None:
        self.kernel = kernel
        self.out = out

    # Statements: each updates `env` in place.

    def block(self, stmts: tuple[Stmt, ...], env: Locals, pred: Predicate) -> Task[None]:
        """Lowers statements one after the other."""
        for stmt in stmts:
            match stmt:
                case Assign():
                    env[stmt.target] = yield self.expr(stmt.value, env, pred)
                case Store():
                    yield self._store(stmt, env, pred)
                case If():
                    yield self._if(stmt, env, pred)
                case For():
                    yield self._for(stmt, env, pred)

    def _store(self, stmt: Store, env: Locals, pred: Predicate) -> Task[None]:
        index = yield self._flat(self.kernel.arrays[stmt.array], stmt.indices, env, pred, stmt.span)
        value = yield self.expr(stmt.value, env, pred)
        access = Access(stmt.array)
        if pred is None:
            self.out.emit("store", index, value, attr=access, span=stmt.span)
        else:
            self.out.emit("store_if", pred, index, value, attr=access, span=stmt.span)

    def _if(self, stmt: If, env: Locals, pred: Predicate) -> Task[None]:
        span = stmt.cond.span
        cond = yield self.expr(stmt.cond, env, pred)
        then, orelse = dict(env), dict(env)
        yield self.block(stmt.then, then, self._both(pred, self.out.truth(cond, span), span))
        if stmt.orelse:
            yield self.block(stmt.orelse, orelse, self._both(pred, self.out.is_zero(cond, span), span))
        for local in env:
            if then[local] != orelse[local]:
                env[local] = self.out.emit("select", cond, then[local], orelse[local], span=stmt.span)

    def _for(self, stmt: For, env: Locals, pred: Predicate) -> Task[None]:
        carried = [] if stmt.parallel else [local for local in _assigned(stmt.body) if local in env]
        last = stmt.lo + (stmt.hi - 1 - stmt.lo) // stmt.step * stmt.step
        index, nodes = self.out.begin_loop(len(carried), last, stmt.span)
        inner = {**env, stmt.var: index, **dict(zip(carried, nodes, strict=True))}
        yield self.block(stmt.body, inner, pred)
        results = self.out.close_block().end_loop(
            "par" if stmt.parallel else "for",
            (stmt.lo, stmt.hi, stmt.step),
            index,
            nodes,
            tuple(env[local] for local in carried),
            tuple(inner[local] for local in carried),
            stmt.span,
        )
        env.update(zip(carried, results, strict=True))

    # Expressions: each returns the node of its value.

    def expr(self, e: Expr, env: Locals, pred: Predicate) -> Task[int]:
        """Lowers an expression; returns its node."""
        if isinstance(e, Const):
            return self.out.const(e.value, e.span)
        if isinstance(e, Local):
            return env[e.id]
        node: int = yield self._compound(e, env, pred)
        return node

    def _compound(self, e: Unary | Binary | Select | Load | Lookup | Call, env: Locals, pred: Predicate) -> Task[int]:
        match e:
            case Unary():
                return self._unary(e, env, pred)
            case Binary(op="&&" | "||"):
                return self._logical(e, env, pred)
            case Binary():
                return self._binary(e, env, pred)
            case Select():
                return self._select(e, env, pred)
            case Load():
                return self._load(e, env, pred)
            case Lookup():
                return self._lookup(e, env, pred)
            case Call():
                return self._call(e, env, pred)

    def _unary(self, e: Unary, env: Locals, pred: Predicate) -> Task[int]:
        out, span = self.out, e.span
        a = yield self.expr(e.a, env, pred)
        match e.op:
            case "-":
                return out.emit("sub", out.const(0, span), a, span=span)
            case "~":
                return out.emit("xor", a, out.const(MASK, span), span=span)
            case _:  # "!"
                return out.emit("eq", a, out.const(0, span), span=span)

    def _binary(self, e: Binary, env: Locals, pred: Predicate) -> Task[int]:
        out, span = self.out, e.span
        a = yield self.expr(e.a, env, pred)
        b = yield self.expr(e.b, env, pred)
        match e.op:
            case ">":
                return out.emit("lt", b, a, span=span)
            case "<=":
                return out.invert(out.emit("lt", b, a, span=span), span)
            case ">=":
                return out.invert(out.emit("lt", a, b, span=span), span)
            case "!=":
                return out.invert(out.emit("eq", a, b, span=span), span)
            case "min":
                n = out.emit("select", out.emit("lt", a, b, span=span), a, b, span=span)
                return out.limit(n, min(out.high(a), out.high(b)))
            case "max":
                return out.emit("select", out.emit("lt", a, b, span=span), b, a, span=span)
        operation = BINARY[e.op]
        if operation.can_fault and pred is not None and not out.builder.graph.const(b):
            b = out.emit("select", pred, b, out.const(1, span), span=span)
        return out.emit(operation.name, a, b, span=span)

    def _logical(self, e: Binary, env: Locals, pred: Predicate) -> Task[int]:
        out = self.out
        a = yield self.expr(e.a, env, pred)
        left = out.truth(a, e.a.span)
        needed = left if e.op == "&&" else out.is_zero(a, e.a.span)
        b = yield self.expr(e.b, env, self._both(pred, needed, e.span))
        return out.emit("and" if e.op == "&&" else "or", left, out.truth(b, e.b.span), span=e.span)

    def _select(self, e: Select, env: Locals, pred: Predicate) -> Task[int]:
        span = e.cond.span
        cond = yield self.expr(e.cond, env, pred)
        arms = []
        for arm, test in (e.a, self.out.truth), (e.b, self.out.is_zero):
            leaf = isinstance(arm, Const | Local)  # nothing in it can fault: no predicate needed
            within = pred if leaf else self._both(pred, test(cond, span), span)
            node = yield self.expr(arm, env, within)
            arms.append(node)
        return self.out.emit("select", cond, *arms, span=e.span)

    def _load(self, e: Load, env: Locals, pred: Predicate) -> Task[int]:
        array = self.kernel.arrays[e.array]
        flat = yield self._flat(array, e.indices, env, pred, e.span)
        index = self._guard(flat, array.length, pred, e.span)
        n = self.out.emit("load", index, attr=Access(e.array), span=e.span)
        return self.out.limit(n, array.hi if array.mode is Mode.IN else MASK)

    def _lookup(self, e: Lookup, env: Locals, pred: Predicate) -> Task[int]:
        entries = self.kernel.tables[e.table]
        entry = yield self.expr(e.index, env, pred)
        index = self._guard(entry, len(entries), pred, e.span)
        return self.out.limit(self.out.emit("table", index, attr=entries, span=e.span), max(entries))

    def _call(self, e: Call, env: Locals, pred: Predicate) -> Task[int]:
        function = self.kernel.functions[e.function]
        inner: Locals = {}
        for param, arg in zip(function.params, e.args, strict=True):
            inner[param] = yield self.expr(arg, env, pred)
        yield self.block(function.body, inner, pred)
        result: int = yield self.expr(function.result, inner, pred)
        return result

    def _flat(self, array: ArrayDecl, indices: tuple[Expr, ...], env: Locals, pred: Predicate, span: Span) -> Task[int]:
        """The position of an element relative to its array, in words, row by row."""
        out = self.out
        flat: int = yield self.expr(indices[0], env, pred)
        for size, index in zip(array.shape[1:], indices[1:], strict=True):
            node = yield self.expr(index, env, pred)
            row = out.emit("mul", flat, out.const(size, span), span=span)
            flat = out.emit("add", row, node, span=span)
        return flat

    def _guard(self, index: int, length: int, pred: Predicate, span: Span) -> int:
        """`index`, or 0 where the predicate is 0 and `index` may be `length` or more."""
        if pred is None or self.out.high(index) < length:
            return index
        return self.out.emit("select", pred, index, self.out.const(0, span), span=span)

    def _both(self, pred: Predicate, bit: int, span: Span) -> int:
        return bit if pred is None else self.out.emit("and", pred, bit, span=span)


def _assigned(stmts: tuple[Stmt, ...]) -> list[int]:
    """The ids of the locals that the statements assign, each once, in order of appearance."""
    found: dict[int, None] = {}
    pending = list(reversed(stmts))
    while pending:
        match pending.pop():
            case Assign(target=target):
                found.setdefault(target)
            case If(then=then, orelse=orelse):
                pending += reversed(then + orelse)
            case For(body=body):
                pending += reversed(body)
            case Store():
                pass
    return list(found)
