"""What names mean: symbols, and scopes that nest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vliwc.language import kernel, syntax
from vliwc.language.constants import BUILT_IN
from vliwc.language.problems import Problems, did_you_mean
from vliwc.source import Span

RESERVED = (*BUILT_IN, "sorted")


@dataclass(frozen=True, slots=True)
class Constant:
    """A param, const, or variable of `static for`."""

    value: int
    span: Span
    what: str = "constant"


@dataclass(frozen=True, slots=True)
class Table:
    """A constant table; its entries are words."""

    entries: tuple[int, ...]
    span: Span
    what: str = "table"


@dataclass(frozen=True, slots=True)
class Array:
    """An array of the memory block."""

    decl: kernel.ArrayDecl
    span: Span
    what: str = "array"


@dataclass(frozen=True, slots=True)
class Function:
    """A function."""

    syntax: syntax.Function
    span: Span
    what: str = "function"


@dataclass(frozen=True, slots=True)
class Variable:
    """A local inside of `par` many `par` loops; `what` tells variables, parameters and loop variables apart."""

    id: int
    par: int
    span: Span
    what: str = "variable"


@dataclass(frozen=True, slots=True)
class Broken:
    """Something whose declaration has been reported: uses of it are not reported again."""

    span: Span
    what: str = "broken declaration"


@dataclass(frozen=True, slots=True)
class Later:
    """Something declared further down than constants may look."""

    span: Span
    what: str = "later declaration"


Symbol = Constant | Table | Array | Function | Variable | Broken | Later


class Scope:
    """Names of one block; unknown ones are looked up in the block around it."""

    def __init__(self, outer: Scope | None = None) -> None:
        self.outer = outer
        self.names: dict[str, Symbol] = {}

    def __iter__(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope is not None:
            yield from (name for name, symbol in scope.names.items() if not isinstance(symbol, Later))
            scope = scope.outer

    def find(self, name: str) -> Symbol | None:
        """What `name` means here, or None."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def look_up(self, name: syntax.Ident | syntax.Name, problems: Problems) -> Symbol:
        """What `name` means here. Reports unknown names and names that are declared later."""
        text = name.text if isinstance(name, syntax.Ident) else name.name
        symbol = self.find(text)
        if symbol is None:
            hint = did_you_mean(text, [*self, *BUILT_IN])
            raise problems.failure("VK0101", f"unknown name `{text}`", name.span, "not declared", hint)
        if isinstance(symbol, Later):
            message = f"`{text}` is used before its declaration at {symbol.span}"
            raise problems.failure("VK0104", message, name.span, "not known yet")
        return symbol

    def declare(self, name: syntax.Ident, symbol: Symbol, problems: Problems) -> None:
        """Gives `name` a meaning in this scope. Reports a name that has one here or further out."""
        earlier = self.find(name.text)
        self.names[name.text] = symbol
        if name.text in RESERVED:
            problems.report("VK0109", f"`{name.text}` is a built-in function", name.span, "taken")
        if earlier is None or isinstance(earlier, Later):
            return
        where = f"already declared at {earlier.span}"
        if isinstance(earlier, Variable) and isinstance(symbol, Variable | Broken | Constant):
            problems.report("VK0103", f"the {earlier.what} `{name.text}` is {where}", name.span, "declared again")
        else:
            problems.report("VK0102", f"`{name.text}` is {where}", name.span, "declared again")
