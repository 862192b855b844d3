"""Random expressions: any word, or a word that is never greater than some bound."""

from __future__ import annotations

from vliwc.fuzz.nodes import HERE, binary, call, choose, element, name_of, number
from vliwc.fuzz.policies import CALL, CHOICE, COMPARISON, DIVISION, LOOKUP, OPERATION, UNARY
from vliwc.fuzz.state import MASK, State, View
from vliwc.language import syntax
from vliwc.language.syntax import Expr

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
WRAPPING = ("+", "-", "*", "&", "|", "^", "<<", ">>")
DIVISIONS = ("//", "%", "cdiv")


class Expressions(State):
    """Draws expressions; `depth` limits how deeply they nest."""

    def expression(self, depth: int) -> Expr:
        """Any word."""
        if depth == 0 or self.chance(self.policy.leaves):
            return self.leaf()
        form = self.weighted(self.policy.forms)
        if form == OPERATION:
            return self.operation(self.pick(WRAPPING), depth)
        if form == UNARY:
            return syntax.Unary(self.pick(("-", "~", "!")), self.dynamic_or_expression(depth - 1), HERE)
        if form == COMPARISON:
            return self.operation(self.pick((*COMPARISONS, "&&", "||", "min", "max")), depth)
        if form == DIVISION:
            return self.division(depth)
        if form == CHOICE:
            return choose(self.expression(depth - 1), self.expression(depth - 1), self.expression(depth - 1))
        if form == CALL and self.functions:
            name = self.pick(list(self.functions))
            return call(name, *(self.expression(depth - 1) for _ in range(self.functions[name])))
        if form == LOOKUP and self.tables:
            name = self.pick(list(self.tables))
            return element(name, self.bounded(self.tables[name][0] - 1, depth - 1))
        return self.load(depth)

    def operation(self, op: str, depth: int) -> Expr:
        """A binary operation; not of two constants, since constants are integers and have to stay small."""
        a, b = self.expression(depth - 1), self.expression(depth - 1)
        if self.is_constant(a) and self.is_constant(b):
            a, b = self.pick(((a, self.dynamic()), (self.dynamic(), b)))
        return binary(op, a, b)

    def division(self, depth: int) -> Expr:
        """A division whose divisor cannot be 0, or that is evaluated only if it is not."""
        op, a = self.pick(DIVISIONS), self.dynamic_or_expression(depth - 1)
        form = self.upto(5)
        if form == 0:
            return binary(op, a, number(max(1, self.word())))
        if form == 1:
            return binary(op, a, binary("|", self.dynamic(), number(1)))
        if form == 2:
            return binary(op, a, call("max", self.dynamic(), number(1)))
        b = self.dynamic()
        quotient = binary(op, a, b)
        if form == 3:
            return choose(b, quotient, self.leaf())
        return binary("||", binary("==", b, number(0)), binary("<", quotient, self.leaf()))

    def leaf(self) -> Expr:
        """A constant or a variable."""
        if not self.scope or self.chance(3):
            return number(self.word())
        return name_of(self.pick(self.scope).name)

    def dynamic_or_expression(self, depth: int = 2) -> Expr:
        """Any word that the checker does not take for a constant."""
        value = self.expression(depth)
        return self.dynamic() if self.is_constant(value) else value

    def dynamic(self) -> Expr:
        """A variable or a word of memory."""
        names = [name_of(v.name) for v in self.scope if not v.constant]
        return self.pick(names) if names and (self.in_function or self.chance(2)) else self.load(0)

    def load(self, depth: int) -> Expr:
        """A word of an array that can be read here; in a function, or if there is none, a variable."""
        views = [v for v in self.views if v.readable]
        if self.in_function or not views:
            names = [name_of(v.name) for v in self.scope if not v.constant]
            return self.pick(names) if names else number(self.upto(64))
        view = self.pick(views)
        return element(view.array.name, *self.indices(view, depth))

    def indices(self, view: View, depth: int = 2) -> tuple[Expr, ...]:
        return view.index(tuple(self.bounded(size - 1, depth) for size in view.free))

    def bounded(self, bound: int, depth: int) -> Expr:
        """A word of at most `bound`, in one of the ways in which programs make sure of that."""
        if bound == MASK:
            return self.expression(depth)
        sources = [name_of(v.name) for v in self.scope if v.bound <= bound]
        if depth == 0 or self.chance(4):
            return self.pick(sources) if sources else number(self.upto(bound + 1))
        form = self.upto(7)
        if form == 0:
            return self.pick([*sources, number(self.upto(bound + 1))])
        if form == 1:
            return binary("%", self.dynamic_or_expression(depth - 1), number(bound + 1))
        if form == 2:
            mask = (1 << (bound + 1).bit_length() - 1) - 1
            return binary("&", self.dynamic_or_expression(depth - 1), number(mask))
        if form == 3:
            return call("min", self.dynamic_or_expression(depth - 1), number(bound))
        if form == 4:
            cond = self.dynamic_or_expression(depth - 1)
            return choose(cond, self.bounded(bound, depth - 1), self.bounded(bound, depth - 1))
        if form == 5:
            return self.wrapped(bound)
        return self.bounded_load(bound, depth)

    def wrapped(self, bound: int) -> Expr:
        """The next node of a walk: a child of a variable's, or the root where that leaves the range."""
        node = binary("+", binary("*", number(1 + self.upto(3)), self.dynamic()), self.leaf())
        return choose(binary("<=", node, number(bound)), node, number(0))

    def bounded_load(self, bound: int, depth: int) -> Expr:
        """A word of an array, or an entry of a table, that is never greater than `bound`."""
        views = [v for v in self.views if v.readable and v.array.bound <= bound and not self.in_function]
        tables = [name for name, (_, greatest) in self.tables.items() if greatest <= bound]
        if views and (not tables or self.chance(2)):
            view = self.pick(views)
            return element(view.array.name, *self.indices(view, depth - 1))
        if tables:
            name = self.pick(tables)
            return element(name, self.bounded(self.tables[name][0] - 1, depth - 1))
        return binary("%", self.dynamic(), number(bound + 1))

    def is_constant(self, node: Expr) -> bool:
        """Whether the checker may know the value: nothing that is certainly evaluated is a load or a variable."""
        match node:
            case syntax.Name():
                return any(v.name == node.name and v.constant for v in self.scope)
            case syntax.Index():
                return node.name.text in self.tables and self.is_constant(node.indices[0])
            case syntax.Conditional():
                return self.is_constant(node.cond) and (self.is_constant(node.a) or self.is_constant(node.b))
            case syntax.Binary(op="&&" | "||"):
                return self.is_constant(node.a)
        return all(self.is_constant(part) for part in syntax.children(node) if isinstance(part, Expr))
