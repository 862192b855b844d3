"""Random statements: variables, stores, branches, and loops of all kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from vliwc.fuzz.expressions import COMPARISONS, WRAPPING, Expressions
from vliwc.fuzz.nodes import HERE, binary, block, element, ident, name_of, number
from vliwc.fuzz.policies import ASSIGN, FOR, IF, LET, PAR, STORE
from vliwc.fuzz.state import MASK, Variable, View
from vliwc.language import syntax
from vliwc.language.syntax import Expr, Stmt


class Statements(Expressions):
    """Draws statements; `depth` limits how deeply blocks nest."""

    def statements(self, depth: int, at_least: int = 0) -> list[Stmt]:
        """Statements of one block; what they declare is in scope until the block ends."""
        more = self.upto(4) if self.written < self.policy.statements else 0
        return [self.statement(depth) for _ in range(at_least + more)]

    def nested(self, depth: int) -> syntax.Block:
        """A block of its own scope, never empty; mostly with an effect at its end, so that what it computes is used."""
        outer = self.scope
        statements = self.statements(depth)
        effects = self.effects()
        if effects and (not statements or not self.chance(4)):
            statements.append(self.pick(effects)())
        if not statements:
            statements.append(self.let())
        self.scope = outer
        return block(statements)

    def effects(self) -> list[Callable[[], Stmt]]:
        """The kinds of statements that can be seen outside the block."""
        effects: list[Callable[[], Stmt]] = []
        if any(v.assignable for v in self.scope):
            effects += [self.assign] * self.policy.kinds[ASSIGN]
        if self.writable() and not self.in_function:
            effects += [self.store_somewhere] * self.policy.kinds[STORE]
        return effects

    def writable(self) -> list[View]:
        return [v for v in self.views if v.writable]

    def statement(self, depth: int) -> Stmt:
        self.written += 1
        kinds = self.policy.kinds
        choices = [self.let] * kinds[LET] + self.effects()
        if depth > 0:
            choices += [lambda: self.branch(depth)] * kinds[IF] + [lambda: self.loop(depth, "for")] * kinds[FOR]
            if not self.in_function and any(v.free for v in self.writable()):
                choices += [lambda: self.loop(depth, "par")] * kinds[PAR]
            if self.chance(3):
                choices += [lambda: self.loop(depth, "static for"), lambda: self.static_if(depth)]
        return self.pick(choices)()

    def fresh(self) -> str:
        """A name that is not visible here; one whose scope has ended may be used again."""
        return f"v{len(self.scope)}"

    def let(self) -> Stmt:
        bound = self.upto(20) if self.chance(3) else MASK
        name, value = self.fresh(), self.bounded(bound, self.policy.depth)
        self.scope = [*self.scope, Variable(name, bound, assignable=True)]
        return syntax.Let(ident(name), value, HERE)

    def assign(self) -> Stmt:
        variable = self.pick([v for v in self.scope if v.assignable])
        return self.update(name_of(variable.name), variable.bound)

    def store_somewhere(self) -> Stmt:
        view = self.pick(self.writable())
        return self.store(view, self.indices(view))

    def store(self, view: View, indices: tuple[Expr, ...]) -> Stmt:
        target = element(view.array.name, *indices)
        if view.readable:
            return self.update(target, view.array.bound)
        return syntax.Assign(target, "", self.bounded(view.array.bound, self.policy.depth), HERE)

    def update(self, target: syntax.Name | syntax.Index, bound: int) -> Stmt:
        """`target = …` within its bound, or `target op= …` where nothing can leave it."""
        if bound == MASK and self.chance(3):
            return syntax.Assign(target, self.pick(WRAPPING), self.dynamic_or_expression(), HERE)
        return syntax.Assign(target, "", self.bounded(bound, self.policy.depth), HERE)

    def branch(self, depth: int) -> Stmt:
        if self.claims and self.chance(2):
            return self.claimed(depth)
        then = self.nested(depth - 1)
        orelse = self.nested(depth - 1) if self.chance(2) else None
        return syntax.If(self.expression(2), then, orelse, False, HERE)

    def claimed(self, depth: int) -> Stmt:
        """What only the iteration does that has claimed an array."""
        outer = self.views
        cond, view = self.claims[self.pick(list(self.claims))]
        self.views = [view if v.array is view.array else v for v in outer]
        then = self.nested(depth - 1)
        self.views = outer
        return syntax.If(cond, then, None, False, HERE)

    def static_if(self, depth: int) -> Stmt:
        constants: list[Expr] = [name_of(v.name) for v in self.scope if v.constant] or [number(1)]
        cond = binary(self.pick(COMPARISONS), self.pick(constants), number(self.upto(8)))
        orelse = self.nested(depth - 1) if self.chance(2) else None
        return syntax.If(cond, self.nested(depth - 1), orelse, True, HERE)

    def loop(self, depth: int, kind: str) -> Stmt:
        """A loop of any kind, within the limit of work; a `par` sees arrays through narrower views."""
        lo, trips, step = self.range(kind)
        last = lo + (trips - 1) * step
        hi = last + 1 + self.upto(step)
        variable = Variable(self.fresh(), last, constant=kind == "static for")
        with self.inside(variable, trips):
            if kind == "par":
                self.scope = [replace(v, assignable=False) for v in self.scope]
                self.claims = {}
                self.views = [self.narrow(v, variable.name, last) for v in self.views]
            body = self.nested(depth - 1)
        written_step = number(step) if step > 1 or self.chance(4) else None
        return syntax.Loop(kind, ident(variable.name), number(lo), number(hi), written_step, body, HERE)

    def range(self, kind: str) -> tuple[int, int, int]:
        """A loop's start, number of iterations, and step: for `par` mostly such that it fits an array."""
        most = self.policy.work // self.work
        if kind != "par":
            step = 1 + self.upto(3) if self.chance(4) else 1
            return self.upto(4) if self.chance(3) else 0, 1 + self.upto(min(self.policy.trips, most)), step
        size = min(most, self.pick([size for v in self.writable() for size in v.free]))
        if self.chance(2):
            return 0, size, 1
        lo, step = self.upto(min(size, 4)), 1 + self.upto(3)
        return lo, 1 + self.upto(1 + (size - 1 - lo) // step), step

    @contextmanager
    def inside(self, variable: Variable, trips: int) -> Iterator[None]:
        scope, views, work, claims = self.scope, self.views, self.work, self.claims
        self.scope, self.work = [*scope, variable], work * trips
        yield
        self.scope, self.views, self.work, self.claims = scope, views, work, claims

    def narrow(self, view: View, variable: str, last: int) -> View:
        """The view that iteration `variable` of a `par` has, whose greatest value is `last`."""
        if view.writable and view.readable and self.chance(6):
            owner = binary("==", name_of(variable), number(self.upto(last + 1)))
            self.claims[view.array.name] = owner, view
            return replace(view, readable=False, writable=False)
        if not view.writable or self.chance(4):
            return replace(view, writable=False)
        fitting = [d for d, size in enumerate(view.free) if size > last]
        if not fitting:
            return replace(view, writable=False)
        d = self.pick(fitting)
        size, rest = view.free[d], view.free[:d] + view.free[d + 1 :]
        i = name_of(variable)
        width = size // (last + 1)
        if len(view.free) == 1 and width > 1 and self.chance(3):  # a block of words for each iteration
            start = binary("*", i, number(width))
            return replace(view, free=(width,), index=lambda free: view.index((binary("+", start, free[0]),)))
        own = self.injective(i, last, size)
        return replace(view, free=rest, index=lambda free: view.index((*free[:d], own, *free[d:])))

    def injective(self, i: Expr, last: int, size: int) -> Expr:
        """An index below `size` that is another one for every value 0 … last of `i`."""
        forms = [i]
        if last + 1 < size:
            forms.append(binary("+", i, number(1 + self.upto(size - last - 1))))
        if last > 0 and (size - 1) // last > 1:
            forms.append(binary("*", number((size - 1) // last), i))
        forms.append(binary("-", number(size - 1), i))
        power = 1 << last.bit_length()
        if power <= size:
            forms.append(binary("^", i, number(self.upto(power))))
        return self.pick(forms)
