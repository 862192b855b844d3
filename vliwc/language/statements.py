"""Statements: from syntax to kernel, with `static` ones expanded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from vliwc.ir.graph import Mode
from vliwc.ir.ops import MASK
from vliwc.language import kernel, scope, syntax
from vliwc.language.constants import show
from vliwc.language.expressions import MAX_SIZE, Expressions
from vliwc.language.kernel import Stmt
from vliwc.language.problems import Problems, Reported, a_
from vliwc.language.scope import Scope

MAX_LOOPS = 16
"""How many loops may stand in each other; analyses look at a loop's body several times for each loop around it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A loop's range: lo, lo + step, … below hi."""

    lo: int
    hi: int
    step: int


class Statements:
    """Turns the statements of one function or kernel into kernel statements."""

    def __init__(self, problems: Problems, expressions: Expressions) -> None:
        self._problems = problems
        self._expressions = expressions
        self._ids = count()
        self._par = 0
        self._loops = 0

    def local(self, name: syntax.Ident, names: Scope, what: str = "variable") -> int:
        """Declares a local and returns its id."""
        number = next(self._ids)
        names.declare(name, scope.Variable(number, self._par, name.span, what), self._problems)
        return number

    def block(self, node: syntax.Block, names: Scope) -> tuple[Stmt, ...]:
        """The statements of a block, which has a scope of its own. Reports what is wrong, and goes on."""
        return self.sequence(node.statements, Scope(names))

    def sequence(self, statements: tuple[syntax.Stmt, ...], names: Scope) -> tuple[Stmt, ...]:
        """Statements in the given scope."""
        result: list[Stmt] = []
        self._expressions.depth += 1
        for statement in statements:
            try:
                self._expressions.spend(statement.span)
                result.extend(self._statement(statement, names))
            except Reported:
                continue
        self._expressions.depth -= 1
        return tuple(result)

    def _statement(self, node: syntax.Stmt, names: Scope) -> tuple[Stmt, ...]:
        match node:
            case syntax.Let():
                return (self._let(node, names),)
            case syntax.Const():
                self._const(node, names)
                return ()
            case syntax.Assign(target=target):
                if isinstance(target, syntax.Index):
                    return (self._store(node, target, names),)
                return (self._assign(node, target, names),)
            case syntax.If():
                return self._if(node, names)
            case syntax.Loop(kind="static for"):
                return self._static_for(node, names)
            case syntax.Loop():
                return self._loop(node, names)
            case syntax.Return():
                raise self._problems.failure("VK0503", "`return` is not at the end of a function", node.span)

    def _const(self, node: syntax.Const, names: Scope) -> None:
        symbol = self._expressions.const_symbol(node, names)
        if isinstance(symbol, scope.Table):
            names.declare(node.name, scope.Broken(node.name.span), self._problems)
            message = f"the table `{node.name.text}` is declared in a block"
            raise self._problems.failure("VK0002", message, node.span, help="declare tables at the top of the file")
        names.declare(node.name, symbol, self._problems)

    def _let(self, node: syntax.Let, names: Scope) -> Stmt:
        try:
            value = self._expressions.word(node.value, names)
        except Reported:
            names.declare(node.name, scope.Broken(node.name.span), self._problems)
            raise
        return kernel.Assign(self.local(node.name, names), node.name.text, value, node.span)

    def _assign(self, node: syntax.Assign, target: syntax.Name, names: Scope) -> Stmt:
        symbol = self._expressions.look_up(target, names)
        if not isinstance(symbol, scope.Variable) or symbol.what == "loop variable":
            hint = f"assign to its elements: {target.name}[…] = …" if isinstance(symbol, scope.Array) else ""
            raise self._problems.failure(
                "VK0404", f"`{target.name}` is {a_(symbol.what)}", target.span, "not assignable", hint
            )
        if symbol.par < self._par:
            message = f"`{target.name}` is declared outside the `par` loop, at {symbol.span}"
            raise self._problems.failure("VK0701", message, target.span, "iterations are independent")
        value = self._new_value(node, kernel.Local(target.name, symbol.id, target.span), names)
        return kernel.Assign(symbol.id, target.name, value, node.span)

    def _new_value(self, node: syntax.Assign, old: kernel.Expr, names: Scope) -> kernel.Expr:
        if not node.op:
            return self._expressions.word(node.value, names)
        value = self._expressions.value(node.value, names)
        result = self._expressions.binary(node.op, old, value, (node.target.span, node.value.span), node.span)
        assert not isinstance(result, int)
        return result

    def _store(self, node: syntax.Assign, target: syntax.Index, names: Scope) -> Stmt:
        symbol = self._expressions.element(target, names)
        name = target.name.text
        if isinstance(symbol, scope.Table):
            raise self._problems.failure("VK0404", f"`{name}` is a table of constants", target.span, "not assignable")
        if symbol.decl.mode is Mode.IN:
            message = f"`{name}` is `in`: it is kept as it is"
            raise self._problems.failure("VK0403", message, target.span, f"declared at {symbol.decl.span}")
        words = self._expressions.lift_all(self._expressions.values(target.indices, names), target.indices)
        value = self._new_value(node, kernel.Load(name, words, target.span), names)
        return kernel.Store(name, words, value, node.span)

    # --- choices and loops

    def _if(self, node: syntax.If, names: Scope) -> tuple[Stmt, ...]:
        if node.static:
            cond: int | kernel.Expr = self._expressions.constant(node.cond, names)
        else:
            cond = self._expressions.value(node.cond, names)
        if isinstance(cond, int):
            taken, other = (node.then, node.orelse) if cond else (node.orelse, node.then)
            if other:
                self._expressions.look_through(other, names)
            return self.block(taken, names) if taken else ()
        then = self.block(node.then, names)
        orelse = self.block(node.orelse, names) if node.orelse else ()
        return (kernel.If(cond, then, orelse, node.span),)

    def _bounds(self, node: syntax.Loop, names: Scope) -> Bounds:
        lo = self._expressions.constant(node.lo, names)
        hi = self._expressions.constant(node.hi, names)
        step = 1
        if node.step is not None:
            step = self._expressions.constant(node.step, names)
            if step <= 0:
                raise self._problems.failure(
                    "VK0601", f"the step is {show(step)}", node.step.span, "must be at least 1"
                )
        return Bounds(lo, hi, step)

    def _static_for(self, node: syntax.Loop, names: Scope) -> tuple[Stmt, ...]:
        bounds = self._bounds(node, names)
        trips = -(-(bounds.hi - bounds.lo) // bounds.step)
        if trips > MAX_SIZE:
            self._expressions.too_large(node.span, f"`static for` with {trips:,} iterations")
        result: list[Stmt] = []
        for value in range(bounds.lo, bounds.hi, bounds.step):
            inner = Scope(names)
            inner.declare(node.name, scope.Constant(value, node.name.span, "loop variable"), self._problems)
            self._expressions.spend(node.span)
            result.extend(self.block(node.body, inner))
        return tuple(result)

    def _loop(self, node: syntax.Loop, names: Scope) -> tuple[Stmt, ...]:
        parallel = node.kind == "par"
        try:
            bounds = self._bounds(node, names)
            self._check_bounds(node, bounds)
        except Reported:
            bounds = Bounds(0, 0, 1)
        inner = Scope(names)
        if self._loops == MAX_LOOPS:
            message = f"more than {MAX_LOOPS} loops stand in each other"
            raise self._problems.failure("VK0004", message, node.name.span, "one too many")
        self._par += parallel
        self._loops += 1
        variable = self.local(node.name, inner, "loop variable")
        body = self.block(node.body, inner)
        self._par -= parallel
        self._loops -= 1
        if bounds.lo >= bounds.hi:
            return ()
        name = node.name.text
        loop = kernel.For(variable, name, bounds.lo, bounds.hi, bounds.step, body, parallel, node.span)
        return (loop,)

    def _check_bounds(self, node: syntax.Loop, bounds: Bounds) -> None:
        for value, part in ((bounds.lo, node.lo), (bounds.hi, node.hi)):
            if not 0 <= value <= MASK:
                raise self._problems.failure("VK0602", f"the loop bound {show(value)} is not a word", part.span)
        if bounds.step > MASK:
            assert node.step is not None
            raise self._problems.failure("VK0602", f"the step {show(bounds.step)} is not a word", node.step.span)
