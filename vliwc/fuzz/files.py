"""Random kernels: syntax trees that are right by construction.

Right means: the checker accepts them, no index leaves its array, no division by zero is evaluated (though one may stand
in an arm that is not taken), and the iterations of every `par` are independent. What makes that so:

- Every variable and array has a `bound`: no value in it is ever greater. What is assigned or stored respects it, so an
  index may be built from loads, carried variables and loop variables, as people do, and not only from `% n`.
- In a `par` body an array is seen through a `View`. An array that the body may write is seen only at words that belong
  to this iteration (an affine function of the loop variable, a row, a column, a block); any other is read-only, or
  claimed by one iteration, which alone uses it, under a condition.
- An `out` array is filled completely, before anything reads it or at the very end; so its final contents are a function
  of the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vliwc.fuzz.nodes import HERE, block, ident, name_of, number
from vliwc.fuzz.policies import MIXED, Policy
from vliwc.fuzz.state import MASK, ArrayInfo, Choices, Variable, View, whole
from vliwc.fuzz.statements import Statements
from vliwc.language import syntax
from vliwc.language.syntax import Expr, Stmt


def random_kernel(choices: Choices, policy: Policy = MIXED) -> syntax.File:
    """A whole file, drawn by a policy. Equal choices give equal files."""
    return _Files(choices, policy).file()


class _Files(Statements):
    """Draws declarations, and all of a file."""

    def file(self) -> syntax.File:
        declarations: list[syntax.Declaration] = []
        for k in range(self.upto(3)):
            declarations.append(self.constant(f"p{k}", parameter=k == 0))
        for k in range(self.upto(3)):
            declarations.append(self.table(f"t{k}"))
        arrays = self.arrays()
        declarations.append(self.memory(arrays))
        declarations += [a for array in arrays for a in self.assumption(array)]
        for k in range(self.upto(3)):
            declarations.append(self.function(f"f{k}"))
        self.views = [whole(a) for a in arrays]
        declarations.append(syntax.Kernel(ident("random"), block(self.body()), HERE))
        return syntax.File(tuple(declarations), HERE)

    def constant(self, name: str, parameter: bool) -> syntax.Param | syntax.Const:
        value = self.word()
        self.scope.append(Variable(name, value, constant=True))
        return (syntax.Param if parameter else syntax.Const)(ident(name), number(value), HERE)

    def table(self, name: str) -> syntax.Const:
        small = self.chance(2)
        entries = [self.upto(10) if small else self.word() for _ in range(1 + self.upto(9))]
        if self.chance(4):
            entries = self.linear_entries()
        self.tables[name] = (len(entries), max(entries))
        return syntax.Const(ident(name), syntax.Table(tuple(map(number, entries)), HERE), HERE)

    def linear_entries(self) -> list[int]:
        """Entries that are the exclusive or of one word for each bit of the index, as in tables of checksums."""
        entries = [0]
        for _ in range(3 + self.upto(2)):
            word = self.word()
            entries += [entry ^ word for entry in entries]
        return entries

    def arrays(self) -> list[ArrayInfo]:
        """At least one that is a result, and one that can be read from the start."""
        modes = [self.pick(self.policy.modes) for _ in range(self.upto(1 + self.policy.arrays))]
        least, most = self.policy.batch
        batch = self.array("a0", "inout", least, most)
        return [batch, *(self.array(f"a{k}", mode, 1, self.policy.words) for k, mode in enumerate(modes, start=1))]

    def array(self, name: str, mode: str, least: int, most: int) -> ArrayInfo:
        """An array of `least` … `most` words, or of two dimensions."""
        shape: tuple[int, ...] = (least + self.upto(most - least + 1),)
        if self.chance(4):
            shape = (1 + self.upto(6), 1 + self.upto(18))
        bound = MASK
        if self.chance(self.policy.bounded):
            bound = self.upto(self.policy.bound)
        return ArrayInfo(name, shape, mode, bound)

    def memory(self, arrays: list[ArrayInfo]) -> syntax.Memory:
        words: list[Expr] = [name_of(v.name) for v in self.scope]
        words += [syntax.Address(ident(a.name), HERE) for a in arrays]
        header = tuple(self.pick(words) for _ in range(self.upto(4)))
        declared = tuple(
            syntax.Array(ident(a.name), ident("u32"), tuple(map(number, a.shape)), ident(a.mode), HERE) for a in arrays
        )
        return syntax.Memory(header, declared, HERE)

    def assumption(self, array: ArrayInfo) -> Iterator[syntax.Assume]:
        if array.mode == "out":
            return
        name, facts = ident(array.name), list[syntax.Bound | syntax.Property]()
        if array.bound < MASK:
            blanks = len(array.shape)
            relation, value = self.pick((("<=", array.bound), ("<", array.bound + 1), ("==", array.bound)))
            facts.append(syntax.Bound(name, blanks, relation, number(value), HERE))
            if self.chance(3):
                least = number(self.upto(array.bound + 1))
                facts.append(syntax.Bound(name, blanks, ">=", least, HERE))
        if self.chance(6):
            facts.append(syntax.Property(ident("sorted"), name, HERE))
        if facts:
            yield syntax.Assume(tuple(facts), HERE)

    def function(self, name: str) -> syntax.Function:
        outer, self.in_function = self.scope, True
        parameters = [f"x{k}" for k in range(1 + self.upto(3))]
        self.scope = [*outer, *(Variable(p, MASK) for p in parameters)]
        statements = self.statements(2)
        statements.append(syntax.Return(self.expression(2), HERE))
        self.scope, self.in_function = outer, False
        self.functions[name] = len(parameters)
        return syntax.Function(ident(name), tuple(map(ident, parameters)), block(statements), HERE)

    def body(self) -> list[Stmt]:
        """The kernel's statements, with the loops that fill `out` arrays before or after them."""
        first: list[Stmt] = []
        last: list[View] = []
        for k, view in enumerate(self.views):
            if view.array.mode != "out":
                continue
            if self.chance(2):
                last.append(view)
            else:
                first.append(self.fill(view))
                self.views[k] = replace(view, readable=True)
        middle = self.statements(self.policy.nesting, at_least=self.policy.least)
        if self.writable() and all(isinstance(statement, syntax.Let) for statement in middle):
            middle.append(self.store_somewhere())  # or there is nothing to compile
        return [*first, *middle, *(self.fill(view) for view in last)]

    def fill(self, view: View) -> Stmt:
        """Writes every word of an array, in loops of either kind; with two dimensions in nested ones."""
        outer_scope, outer_views = self.scope, self.views
        kind = self.pick(("for", "par"))
        if kind == "par":
            self.scope = [replace(v, assignable=False) for v in self.scope]
        self.views = [v for v in self.views if v.array is not view.array]
        self.views = [replace(v, writable=False) for v in self.views]
        variables = []
        for size in view.free:
            variables.append(self.fresh())
            self.scope = [*self.scope, Variable(variables[-1], size - 1)]
        indices = tuple(name_of(v) for v in variables)
        statement: Stmt = self.store(view, view.index(indices))
        self.scope, self.views = outer_scope, outer_views
        for name, size in reversed(list(zip(variables, view.free, strict=True))):
            statement = syntax.Loop(kind, ident(name), number(0), number(size), None, block([statement]), HERE)
        return statement
