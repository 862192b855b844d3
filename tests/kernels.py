"""Random kernels for hypothesis: typed syntax trees that are right by construction.

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

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from hypothesis import strategies as st

from vliwc.language import syntax
from vliwc.language.syntax import Expr, Stmt
from vliwc.source import Span

T = TypeVar("T")

MASK = 0xFFFF_FFFF
EXTREMES = (0, 1, 2, 3, 7, 31, 32, 33, 255, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, MASK - 1, MASK)
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
WRAPPING = ("+", "-", "*", "&", "|", "^", "<<", ">>")
DIVISIONS = ("//", "%", "cdiv")
MAX_WORK = 400
"""How often a statement may be executed (or expanded), all loops around it together."""
MAX_STATEMENTS = 14
"""After this many statements, blocks get no more than they must have."""

_HERE = Span(1, 1, 1, 1)
_INTEGERS = {n: st.integers(0, n - 1) for n in range(1, 65)}
_WORDS = st.one_of(st.sampled_from(EXTREMES), st.integers(0, MASK), st.integers(0, 20))


def _number(value: int) -> Expr:
    return syntax.Number(value, _HERE)


def _name(name: str) -> syntax.Name:
    return syntax.Name(name, _HERE)


def _ident(name: str) -> syntax.Ident:
    return syntax.Ident(name, _HERE)


def _binary(op: str, a: Expr, b: Expr) -> Expr:
    return _call(op, a, b) if op in ("cdiv", "min", "max") else syntax.Binary(op, a, b, _HERE)


def _call(name: str, *args: Expr) -> Expr:
    return syntax.Call(_ident(name), args, _HERE)


def _element(name: str, *indices: Expr) -> syntax.Index:
    return syntax.Index(_ident(name), indices, _HERE)


def _choose(cond: Expr, a: Expr, b: Expr) -> Expr:
    return syntax.Conditional(cond, a, b, _HERE)


def _block(statements: list[Stmt]) -> syntax.Block:
    return syntax.Block(tuple(statements), _HERE)


@dataclass(frozen=True)
class Variable:
    """A name that stands for a word of at most `bound`. A constant one is known to the checker."""

    name: str
    bound: int
    assignable: bool = False
    constant: bool = False


@dataclass(frozen=True)
class ArrayInfo:
    """An array as declared; no word in it is ever greater than `bound`, which is assumed if it is less than MASK."""

    name: str
    shape: tuple[int, ...]
    mode: str
    bound: int


@dataclass(frozen=True)
class View:
    """The words of an array that may be used here: `index` makes the full indices from one for each free dimension."""

    array: ArrayInfo
    free: tuple[int, ...]
    index: Callable[[tuple[Expr, ...]], tuple[Expr, ...]]
    readable: bool
    writable: bool


@st.composite
def kernels(draw: st.DrawFn) -> syntax.File:
    """A strategy for whole files."""
    return _Kernel(draw).file()


class _Kernel:
    """The state of one draw: what is declared and what is in scope."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.scope: list[Variable] = []
        self.views: list[View] = []
        self.claims: dict[str, tuple[Expr, View]] = {}  # array: who may use it in this `par`, and how
        self.tables: dict[str, tuple[int, int]] = {}  # name: length, bound
        self.functions: dict[str, int] = {}  # name: number of parameters
        self.work = 1
        self.written = 0
        self.in_function = False

    # --- choices

    def upto(self, n: int) -> int:
        """A number from 0 to n - 1."""
        return self._draw(_INTEGERS[n] if n in _INTEGERS else st.integers(0, n - 1))

    def pick(self, items: Sequence[T]) -> T:
        return items[self.upto(len(items))]

    def chance(self, one_in: int) -> bool:
        """True once in `one_in`; shrinks to False."""
        return self.upto(one_in) == one_in - 1

    # --- declarations

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
        self.views = [_whole(a) for a in arrays]
        declarations.append(syntax.Kernel(_ident("random"), _block(self.body()), _HERE))
        return syntax.File(tuple(declarations), _HERE)

    def constant(self, name: str, parameter: bool) -> syntax.Param | syntax.Const:
        value = self._draw(_WORDS)
        self.scope.append(Variable(name, value, constant=True))
        return (syntax.Param if parameter else syntax.Const)(_ident(name), _number(value), _HERE)

    def table(self, name: str) -> syntax.Const:
        small = self.chance(2)
        entries = [self.upto(10) if small else self._draw(_WORDS) for _ in range(1 + self.upto(9))]
        self.tables[name] = (len(entries), max(entries))
        return syntax.Const(_ident(name), syntax.Table(tuple(map(_number, entries)), _HERE), _HERE)

    def arrays(self) -> list[ArrayInfo]:
        """At least one that is a result, and one that can be read from the start."""
        modes = ["inout", *(self.pick(("in", "inout", "out", "consumed")) for _ in range(self.upto(4)))]
        return [self.array(f"a{k}", mode) for k, mode in enumerate(modes)]

    def array(self, name: str, mode: str) -> ArrayInfo:
        shape = (1 + self.upto(40),)
        if self.chance(4):
            shape = (1 + self.upto(6), 1 + self.upto(18))
        bound = MASK
        if self.chance(2):
            bound = self.upto(12)
        return ArrayInfo(name, shape, mode, bound)

    def memory(self, arrays: list[ArrayInfo]) -> syntax.Memory:
        words: list[Expr] = [_name(v.name) for v in self.scope]
        words += [syntax.Address(_ident(a.name), _HERE) for a in arrays]
        header = tuple(self.pick(words) for _ in range(self.upto(4)))
        declared = tuple(
            syntax.Array(_ident(a.name), _ident("u32"), tuple(map(_number, a.shape)), _ident(a.mode), _HERE)
            for a in arrays
        )
        return syntax.Memory(header, declared, _HERE)

    def assumption(self, array: ArrayInfo) -> Iterator[syntax.Assume]:
        if array.bound == MASK or array.mode == "out":
            return
        blanks = len(array.shape)
        relation, value = self.pick((("<=", array.bound), ("<", array.bound + 1)))
        facts = [syntax.Bound(_ident(array.name), blanks, relation, _number(value), _HERE)]
        if self.chance(3):
            facts.append(syntax.Bound(_ident(array.name), blanks, ">=", _number(self.upto(array.bound + 1)), _HERE))
        yield syntax.Assume(tuple(facts), _HERE)

    def function(self, name: str) -> syntax.Function:
        outer, self.in_function = self.scope, True
        parameters = [f"x{k}" for k in range(1 + self.upto(3))]
        self.scope = [*outer, *(Variable(p, MASK) for p in parameters)]
        statements = self.statements(2)
        statements.append(syntax.Return(self.expression(2), _HERE))
        self.scope, self.in_function = outer, False
        self.functions[name] = len(parameters)
        return syntax.Function(_ident(name), tuple(map(_ident, parameters)), _block(statements), _HERE)

    # --- statements

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
        middle = self.statements(3, at_least=1)
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
        indices = tuple(_name(v) for v in variables)
        statement: Stmt = self.store(view, view.index(indices))
        self.scope, self.views = outer_scope, outer_views
        for name, size in reversed(list(zip(variables, view.free, strict=True))):
            statement = syntax.Loop(kind, _ident(name), _number(0), _number(size), None, _block([statement]), _HERE)
        return statement

    def statements(self, depth: int, at_least: int = 0) -> list[Stmt]:
        """Statements of one block; what they declare is in scope until the block ends."""
        more = self.upto(4) if self.written < MAX_STATEMENTS else 0
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
        return _block(statements)

    def effects(self) -> list[Callable[[], Stmt]]:
        """The kinds of statements that can be seen outside the block."""
        effects: list[Callable[[], Stmt]] = []
        if any(v.assignable for v in self.scope):
            effects.append(self.assign)
        if self.writable() and not self.in_function:
            effects += [self.store_somewhere] * 3
        return effects

    def writable(self) -> list[View]:
        return [v for v in self.views if v.writable]

    def statement(self, depth: int) -> Stmt:
        self.written += 1
        choices = [self.let, *self.effects()]
        if depth > 0:
            choices += [lambda: self.branch(depth), lambda: self.loop(depth, "for")]
            if not self.in_function and any(v.free for v in self.writable()):
                choices += [lambda: self.loop(depth, "par")] * 4
            if self.chance(3):
                choices += [lambda: self.loop(depth, "static for"), lambda: self.static_if(depth)]
        return self.pick(choices)()

    def fresh(self) -> str:
        """A name that is not visible here; one whose scope has ended may be used again."""
        return f"v{len(self.scope)}"

    def let(self) -> Stmt:
        bound = self.upto(20) if self.chance(3) else MASK
        name, value = self.fresh(), self.bounded(bound, 3)
        self.scope = [*self.scope, Variable(name, bound, assignable=True)]
        return syntax.Let(_ident(name), value, _HERE)

    def assign(self) -> Stmt:
        variable = self.pick([v for v in self.scope if v.assignable])
        return self.update(_name(variable.name), variable.bound)

    def store_somewhere(self) -> Stmt:
        view = self.pick(self.writable())
        return self.store(view, self.indices(view))

    def store(self, view: View, indices: tuple[Expr, ...]) -> Stmt:
        target = _element(view.array.name, *indices)
        if view.readable:
            return self.update(target, view.array.bound)
        return syntax.Assign(target, "", self.bounded(view.array.bound, 3), _HERE)

    def update(self, target: syntax.Name | syntax.Index, bound: int) -> Stmt:
        """`target = …` within its bound, or `target op= …` where nothing can leave it."""
        if bound == MASK and self.chance(3):
            return syntax.Assign(target, self.pick(WRAPPING), self.dynamic_or_expression(), _HERE)
        return syntax.Assign(target, "", self.bounded(bound, 3), _HERE)

    def branch(self, depth: int) -> Stmt:
        if self.claims and self.chance(2):
            return self.claimed(depth)
        then = self.nested(depth - 1)
        orelse = self.nested(depth - 1) if self.chance(2) else None
        return syntax.If(self.expression(2), then, orelse, False, _HERE)

    def claimed(self, depth: int) -> Stmt:
        """What only the iteration does that has claimed an array."""
        outer = self.views
        cond, view = self.claims[self.pick(list(self.claims))]
        self.views = [view if v.array is view.array else v for v in outer]
        then = self.nested(depth - 1)
        self.views = outer
        return syntax.If(cond, then, None, False, _HERE)

    def static_if(self, depth: int) -> Stmt:
        constants = [_name(v.name) for v in self.scope if v.constant] or [_number(1)]
        cond = _binary(self.pick(COMPARISONS), self.pick(constants), _number(self.upto(8)))
        orelse = self.nested(depth - 1) if self.chance(2) else None
        return syntax.If(cond, self.nested(depth - 1), orelse, True, _HERE)

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
        written_step = _number(step) if step > 1 or self.chance(4) else None
        return syntax.Loop(kind, _ident(variable.name), _number(lo), _number(hi), written_step, body, _HERE)

    def range(self, kind: str) -> tuple[int, int, int]:
        """A loop's start, number of iterations, and step: for `par` mostly such that it fits an array."""
        most = MAX_WORK // self.work
        if kind != "par":
            step = 1 + self.upto(3) if self.chance(4) else 1
            return self.upto(4) if self.chance(3) else 0, 1 + self.upto(min(5, most)), step
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
            owner = _binary("==", _name(variable), _number(self.upto(last + 1)))
            self.claims[view.array.name] = owner, view
            return replace(view, readable=False, writable=False)
        if not view.writable or self.chance(4):
            return replace(view, writable=False)
        fitting = [d for d, size in enumerate(view.free) if size > last]
        if not fitting:
            return replace(view, writable=False)
        d = self.pick(fitting)
        size, rest = view.free[d], view.free[:d] + view.free[d + 1 :]
        i = _name(variable)
        width = size // (last + 1)
        if len(view.free) == 1 and width > 1 and self.chance(3):  # a block of words for each iteration
            start = _binary("*", i, _number(width))
            return replace(view, free=(width,), index=lambda free: view.index((_binary("+", start, free[0]),)))
        own = self.injective(i, last, size)
        return replace(view, free=rest, index=lambda free: view.index((*free[:d], own, *free[d:])))

    def injective(self, i: Expr, last: int, size: int) -> Expr:
        """An index below `size` that is another one for every value 0 … last of `i`."""
        forms = [i]
        if last + 1 < size:
            forms.append(_binary("+", i, _number(1 + self.upto(size - last - 1))))
        if last > 0 and (size - 1) // last > 1:
            forms.append(_binary("*", _number((size - 1) // last), i))
        forms.append(_binary("-", _number(size - 1), i))
        power = 1 << last.bit_length()
        if power <= size:
            forms.append(_binary("^", i, _number(self.upto(power))))
        return self.pick(forms)

    # --- expressions

    def expression(self, depth: int) -> Expr:
        """Any word."""
        if depth == 0 or self.chance(4):
            return self.leaf()
        form = self.upto(12)
        if form < 5:
            return self.operation(self.pick(WRAPPING), depth)
        if form == 5:
            return syntax.Unary(self.pick(("-", "~", "!")), self.dynamic_or_expression(depth - 1), _HERE)
        if form == 6:
            return self.operation(self.pick((*COMPARISONS, "&&", "||", "min", "max")), depth)
        if form == 7:
            return self.division(depth)
        if form == 8:
            return _choose(self.expression(depth - 1), self.expression(depth - 1), self.expression(depth - 1))
        if form == 9 and self.functions:
            name = self.pick(list(self.functions))
            return _call(name, *(self.expression(depth - 1) for _ in range(self.functions[name])))
        if form == 10 and self.tables:
            name = self.pick(list(self.tables))
            return _element(name, self.bounded(self.tables[name][0] - 1, depth - 1))
        return self.load(depth)

    def operation(self, op: str, depth: int) -> Expr:
        """A binary operation; not of two constants, since constants are integers and have to stay small."""
        a, b = self.expression(depth - 1), self.expression(depth - 1)
        if self.is_constant(a) and self.is_constant(b):
            a, b = self.pick(((a, self.dynamic()), (self.dynamic(), b)))
        return _binary(op, a, b)

    def division(self, depth: int) -> Expr:
        """A division whose divisor cannot be 0, or that is evaluated only if it is not."""
        op, a = self.pick(DIVISIONS), self.dynamic_or_expression(depth - 1)
        form = self.upto(5)
        if form == 0:
            return _binary(op, a, _number(max(1, self._draw(_WORDS))))
        if form == 1:
            return _binary(op, a, _binary("|", self.dynamic(), _number(1)))
        if form == 2:
            return _binary(op, a, _call("max", self.dynamic(), _number(1)))
        b = self.dynamic()
        quotient = _binary(op, a, b)
        if form == 3:
            return _choose(b, quotient, self.leaf())
        return _binary("||", _binary("==", b, _number(0)), _binary("<", quotient, self.leaf()))

    def leaf(self) -> Expr:
        """A constant or a variable."""
        if not self.scope or self.chance(3):
            return _number(self._draw(_WORDS))
        return _name(self.pick(self.scope).name)

    def dynamic_or_expression(self, depth: int = 2) -> Expr:
        """Any word that the checker does not take for a constant."""
        value = self.expression(depth)
        return self.dynamic() if self.is_constant(value) else value

    def dynamic(self) -> Expr:
        """A variable or a word of memory."""
        names = [_name(v.name) for v in self.scope if not v.constant]
        return self.pick(names) if names and (self.in_function or self.chance(2)) else self.load(0)

    def load(self, depth: int) -> Expr:
        """A word of an array that can be read here; in a function, or if there is none, a variable."""
        views = [v for v in self.views if v.readable]
        if self.in_function or not views:
            names = [_name(v.name) for v in self.scope if not v.constant]
            return self.pick(names) if names else _number(self.upto(64))
        view = self.pick(views)
        return _element(view.array.name, *self.indices(view, depth))

    def indices(self, view: View, depth: int = 2) -> tuple[Expr, ...]:
        return view.index(tuple(self.bounded(size - 1, depth) for size in view.free))

    def bounded(self, bound: int, depth: int) -> Expr:
        """A word of at most `bound`, in one of the ways in which programs make sure of that."""
        if bound == MASK:
            return self.expression(depth)
        sources = [_name(v.name) for v in self.scope if v.bound <= bound]
        if depth == 0 or self.chance(4):
            return self.pick(sources) if sources else _number(self.upto(bound + 1))
        form = self.upto(7)
        if form == 0:
            return self.pick([*sources, _number(self.upto(bound + 1))])
        if form == 1:
            return _binary("%", self.dynamic_or_expression(depth - 1), _number(bound + 1))
        if form == 2:
            mask = (1 << (bound + 1).bit_length() - 1) - 1
            return _binary("&", self.dynamic_or_expression(depth - 1), _number(mask))
        if form == 3:
            return _call("min", self.dynamic_or_expression(depth - 1), _number(bound))
        if form == 4:
            cond = self.dynamic_or_expression(depth - 1)
            return _choose(cond, self.bounded(bound, depth - 1), self.bounded(bound, depth - 1))
        if form == 5:
            return self.wrapped(bound)
        return self.bounded_load(bound, depth)

    def wrapped(self, bound: int) -> Expr:
        """The next node of a walk: a child of a variable's, or the root where that leaves the range."""
        node = _binary("+", _binary("*", _number(1 + self.upto(3)), self.dynamic()), self.leaf())
        return _choose(_binary("<=", node, _number(bound)), node, _number(0))

    def bounded_load(self, bound: int, depth: int) -> Expr:
        """A word of an array, or an entry of a table, that is never greater than `bound`."""
        views = [v for v in self.views if v.readable and v.array.bound <= bound and not self.in_function]
        tables = [name for name, (_, greatest) in self.tables.items() if greatest <= bound]
        if views and (not tables or self.chance(2)):
            view = self.pick(views)
            return _element(view.array.name, *self.indices(view, depth - 1))
        if tables:
            name = self.pick(tables)
            return _element(name, self.bounded(self.tables[name][0] - 1, depth - 1))
        return _binary("%", self.dynamic(), _number(bound + 1))

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


def _whole(array: ArrayInfo) -> View:
    """All words of an array, as the kernel sees them outside `par`."""
    return View(array, array.shape, lambda free: free, readable=array.mode != "out", writable=array.mode != "in")
