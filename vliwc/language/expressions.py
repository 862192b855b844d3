"""Expressions: from syntax to kernel, with everything folded that is constant.

An expression all of whose parts are constants is a constant: it is computed with unbounded integers, and becomes a
word where it meets one. `? :`, `&&` and `||` that a constant decides are decided here, and the part that is not taken
is only looked through for unknown names.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from vliwc.ir.ops import MASK
from vliwc.language import constants, kernel, scope, syntax
from vliwc.language.constants import BUILT_IN, ConstantError, is_word, show
from vliwc.language.kernel import Expr
from vliwc.language.problems import Problems, Reported, a_
from vliwc.language.scope import Scope
from vliwc.language.tokens import MAX_NESTING
from vliwc.source import Span

MAX_SIZE = 300_000
"""How many statements and operations a kernel may have after `static for` is expanded."""

MAX_EXPANDED = 2_000_000
"""The same with every call counted as large as the function."""

_SIZE_HELP = "use `for` where the variable need not be a constant; make the parameters smaller"


@dataclass(slots=True)
class Extent:
    """How large and how deeply nested a function or kernel is, with calls expanded."""

    size: int = 0
    depth: int = 0


@dataclass(slots=True)
class Expressions:
    """Turns the expressions of one function, kernel or declaration into kernel expressions.

    `functions` are those that may be called; `pure` forbids arrays. `budget` is shared by a whole check.
    """

    problems: Problems
    functions: Mapping[str, tuple[kernel.Function, Extent]] = field(default_factory=dict)
    budget: Extent = field(default_factory=Extent)
    extent: Extent = field(default_factory=Extent)
    pure: bool = False
    arrays: Mapping[str, kernel.ArrayDecl] = field(default_factory=dict)
    depth: int = 0

    # --- entries

    def constant(self, node: syntax.Expr, names: Scope) -> int:
        """The value of a constant expression, unbounded."""
        value = self.value(node, names)
        if not isinstance(value, int):
            raise self.problems.failure(
                "VK0201", "a constant is needed here", node.span, "only known when the kernel runs"
            )
        return value

    def constant_word(self, node: syntax.Expr, names: Scope) -> int:
        """The value of a constant expression as a word, 0 … 2^32 - 1."""
        return self._as_word(self.constant(node, names), node.span)

    def word(self, node: syntax.Expr, names: Scope) -> Expr:
        """The expression as a word."""
        return self._lift(self.value(node, names), node.span)

    def const_symbol(self, node: syntax.Const, names: Scope) -> scope.Symbol:
        """What a `const` declares; Broken if that has been reported."""
        span = node.name.span
        try:
            if not isinstance(node.value, syntax.Table):
                return scope.Constant(self.constant(node.value, names), span)
            if not node.value.entries:
                raise self.problems.failure("VK0307", f"the table `{node.name.text}` is empty", node.value.span)
            return scope.Table(tuple(self.constant_word(e, names) for e in node.value.entries), span)
        except Reported:
            return scope.Broken(span)

    def spend(self, span: Span) -> None:
        """Counts a statement or operation. Raises KernelErrors when the kernel gets too large."""
        self.extent.size += 1
        self.budget.size += 1
        if self.budget.size > MAX_SIZE:
            self.too_large(span, f"more than {MAX_SIZE:,} statements and operations after expansion")

    def too_large(self, span: Span, message: str) -> NoReturn:
        """Reports VK0603 and ends the check."""
        self.problems.report("VK0603", message, span, "too large from here on", _SIZE_HELP)
        self.problems.stop()

    # --- the recursion: few Python frames a level, since there may be MAX_NESTING levels

    def value(self, node: syntax.Expr, names: Scope) -> int | Expr:
        """A constant, or a kernel expression."""
        self.spend(node.span)
        self.depth += 1
        self.extent.depth = max(self.extent.depth, self.depth)
        try:
            match node:
                case syntax.Number(value=value):
                    return value
                case syntax.Name():
                    return self._name(node, names)
                case syntax.Address(name=name):
                    return self._address(name, names)
                case syntax.Unary():
                    a = self.value(node.a, names)
                    return constants.fold(node.op, (a,)) if isinstance(a, int) else kernel.Unary(node.op, a, node.span)
                case syntax.Binary(op="&&" | "||"):
                    return self._logical(node, names)
                case syntax.Binary():
                    return self._binary(node.op, node.a, node.b, node.span, names)
                case syntax.Conditional():
                    return self._conditional(node, names)
                case syntax.Index():
                    return self._index(node, names)
                case syntax.Call():
                    return self._call(node, names)
        except ConstantError as error:
            raise self.problems.failure(error.code, error.message, node.span) from None
        finally:
            self.depth -= 1

    def values(self, nodes: tuple[syntax.Expr, ...], names: Scope) -> list[int | Expr]:
        """The values of several expressions: all are looked at, even if one of them is wrong."""
        found = []
        for node in nodes:
            with suppress(Reported):
                found.append(self.value(node, names))
        if len(found) < len(nodes):
            raise Reported
        return found

    def _as_word(self, value: int, span: Span) -> int:
        if not is_word(value):
            raise self.problems.failure("VK0203", f"{show(value)} is not a word", span, "outside -2^31 … 2^32 - 1")
        return value & MASK

    def _lift(self, value: int | Expr, span: Span) -> Expr:
        return kernel.Const(self._as_word(value, span), span) if isinstance(value, int) else value

    def _name(self, node: syntax.Name, names: Scope) -> int | Expr:
        symbol = self.look_up(node, names)
        match symbol:
            case scope.Constant(value=value):
                return value
            case scope.Variable(id=number):
                return kernel.Local(node.name, number, node.span)
            case scope.Function():
                hint = f"call it: {node.name}({', '.join(p.text for p in symbol.syntax.params)})"
                raise self.problems.failure("VK0105", f"`{node.name}` is a function, not a word", node.span, help=hint)
            case _:
                hint = f"index it: {node.name}[…]; its address is &{node.name}"
                hint = hint if isinstance(symbol, scope.Array) else f"index it: {node.name}[…]"
                raise self.problems.failure(
                    "VK0105", f"`{node.name}` is {a_(symbol.what)}, not a word", node.span, help=hint
                )

    def look_up(self, name: syntax.Name | syntax.Ident, names: Scope) -> scope.Symbol:
        """What a name means; reports what is unknown, and arrays in functions."""
        text = name.text if isinstance(name, syntax.Ident) else name.name
        if self.pure and names.find(text) is None and text in self.arrays:
            message = f"the function uses the array `{text}`: functions are pure"
            raise self.problems.failure("VK0501", message, name.span, "memory is not visible here")
        symbol = names.look_up(name, self.problems)
        if isinstance(symbol, scope.Broken):
            raise Reported
        return symbol

    def _address(self, name: syntax.Ident, names: Scope) -> int:
        decl = self.arrays.get(name.text)
        if decl is not None and self.pure:
            return decl.base
        symbol = self.look_up(name, names)
        if not isinstance(symbol, scope.Array):
            raise self.problems.failure("VK0108", f"`{name.text}` is {a_(symbol.what)}: it has no address", name.span)
        return symbol.decl.base

    def binary(self, op: str, a: int | Expr, b: int | Expr, spans: tuple[Span, Span], span: Span) -> int | Expr:
        """A binary operation on values that have been checked; `spans` are those of the operands."""
        if isinstance(a, int) and isinstance(b, int):
            return constants.fold(op, (a, b))
        if op == "**":
            raise self.problems.failure("VK0207", "`**` works on constants only", span)
        if op in ("//", "%", "cdiv") and b == 0:
            raise self.problems.failure("VK0202", "division by zero", spans[1], "always 0")
        return kernel.Binary(op, self._lift(a, spans[0]), self._lift(b, spans[1]), span)

    def _binary(self, op: str, a: syntax.Expr, b: syntax.Expr, span: Span, names: Scope) -> int | Expr:
        left, right = self.values((a, b), names)
        return self.binary(op, left, right, (a.span, b.span), span)

    def _logical(self, node: syntax.Binary, names: Scope) -> int | Expr:
        a = self.value(node.a, names)
        if isinstance(a, int) and bool(a) == (node.op == "||"):
            self.look_through(node.b, names)
            return int(bool(a))
        b = self.value(node.b, names)
        return self.binary(node.op, a, b, (node.a.span, node.b.span), node.span)

    def _conditional(self, node: syntax.Conditional, names: Scope) -> int | Expr:
        cond = self.value(node.cond, names)
        if isinstance(cond, int):
            taken, other = (node.a, node.b) if cond else (node.b, node.a)
            self.look_through(other, names)
            return self.value(taken, names)
        a, b = self.lift_all(self.values((node.a, node.b), names), (node.a, node.b))
        return kernel.Select(cond, a, b, node.span)

    def look_through(self, node: syntax.Expr | syntax.Block, names: Scope) -> None:
        """Checks only the names of an expression or block that is never executed."""
        nodes = [part for part, _ in syntax.walk(node)]
        declared = {part.name.text for part in nodes if isinstance(part, syntax.Let | syntax.Const | syntax.Loop)}
        known = declared.union(BUILT_IN)
        for part in nodes:
            if isinstance(part, syntax.Name):
                used: syntax.Name | syntax.Ident = part
                text = part.name
            elif isinstance(part, syntax.Index | syntax.Address | syntax.Call):
                used, text = part.name, part.name.text
            else:
                continue
            if text not in known:
                self.look_up(used, names)

    # --- tables, arrays, functions

    def element(self, node: syntax.Index, names: Scope) -> scope.Array | scope.Table:
        """What is indexed, with the right number of indices."""
        symbol = self.look_up(node.name, names)
        name = node.name.text
        if not isinstance(symbol, scope.Array | scope.Table):
            message = f"`{name}` is {a_(symbol.what)}: it has no elements"
            raise self.problems.failure("VK0106", message, node.name.span, "indexed here")
        rank = len(symbol.decl.shape) if isinstance(symbol, scope.Array) else 1
        if len(node.indices) != rank:
            message = f"`{name}` has {rank} dimension{'s' * (rank > 1)}, but {len(node.indices)} indices are given"
            raise self.problems.failure("VK0401", message.replace("1 indices are", "1 index is"), node.span)
        return symbol

    def lift_all(self, values: list[int | Expr], nodes: tuple[syntax.Expr, ...]) -> tuple[Expr, ...]:
        """The values as words."""
        return tuple(self._lift(v, n.span) for v, n in zip(values, nodes, strict=True))

    def _index(self, node: syntax.Index, names: Scope) -> int | Expr:
        symbol = self.element(node, names)
        indices = self.values(node.indices, names)
        if isinstance(symbol, scope.Array):
            return kernel.Load(node.name.text, self.lift_all(indices, node.indices), node.span)
        (index,) = indices
        if not isinstance(index, int):
            return kernel.Lookup(node.name.text, index, node.span)
        if not 0 <= index < len(symbol.entries):
            message = f"`{node.name.text}` has {len(symbol.entries)} entries, but the index is {show(index)}"
            raise self.problems.failure(
                "VK0402", message, node.indices[0].span, f"expected 0 … {len(symbol.entries) - 1}"
            )
        return symbol.entries[index]

    def _call(self, node: syntax.Call, names: Scope) -> int | Expr:
        name = node.name.text
        if name in BUILT_IN and names.find(name) is None:
            self._check_arguments(node, 2)
            a, b = node.args
            return self._binary(name, a, b, node.span, names)
        symbol = self.look_up(node.name, names)
        if not isinstance(symbol, scope.Function):
            raise self.problems.failure("VK0107", f"`{name}` is {a_(symbol.what)}, not a function", node.name.span)
        self._check_arguments(node, len(symbol.syntax.params))
        args = self.lift_all(self.values(node.args, names), node.args)
        if name not in self.functions:
            raise Reported  # an error in the function has been reported, or will be
        function, extent = self.functions[name]
        self._expand(node, extent)
        return kernel.Call(function.name, args, node.span)

    def _check_arguments(self, node: syntax.Call, wanted: int) -> None:
        given = len(node.args)
        if given != wanted:
            plural = "" if wanted == 1 else "s"
            message = (
                f"`{node.name.text}` takes {wanted} argument{plural}, but {given} {'is' if given == 1 else 'are'} given"
            )
            raise self.problems.failure("VK0504", message, node.span)

    def _expand(self, node: syntax.Call, callee: Extent) -> None:
        self.extent.size += callee.size
        self.extent.depth = max(self.extent.depth, self.depth + callee.depth)
        if self.extent.size > MAX_EXPANDED:
            self.too_large(node.span, f"more than {MAX_EXPANDED:,} operations after all calls are expanded")
        if self.extent.depth > MAX_NESTING:
            message = f"nested more than {MAX_NESTING} levels deep after all calls are expanded"
            raise self.problems.failure("VK0004", message, node.span, "one call too many")
