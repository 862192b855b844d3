"""The top of a file: params, consts, tables, the memory image and what is assumed about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vliwc.ir.graph import Mode
from vliwc.ir.ops import MASK
from vliwc.language import kernel, scope, syntax
from vliwc.language.constants import MAX_BITS, show
from vliwc.language.expressions import Expressions
from vliwc.language.problems import Problems, Reported, a_, did_you_mean
from vliwc.language.scope import Scope
from vliwc.source import Span

MAX_IMAGE = 2**28
"""The largest memory image, in words."""

_MODES = {mode.value: mode for mode in Mode}


class Layout:
    """Computes the top-level declarations in the order of the text. After `run` the attributes are filled in."""

    def __init__(self, problems: Problems, expressions: Expressions, defines: Mapping[str, int]) -> None:
        self.scope = Scope()
        self.params: dict[str, int] = {}
        self.tables: dict[str, tuple[int, ...]] = {}
        self.arrays: dict[str, kernel.ArrayDecl] = {}
        self.header: tuple[int, ...] = ()
        self._problems = problems
        self._expressions = expressions
        self._defines = defines

    def run(self, file: syntax.File) -> None:
        """Declares everything at the top of `file`. Reports what is wrong, and goes on."""
        self._announce(file)
        for declaration in file.declarations:
            try:
                match declaration:
                    case syntax.Param():
                        self._param(declaration)
                    case syntax.Const():
                        self._const(declaration)
                    case syntax.Memory():
                        self._memory(declaration)
                    case syntax.Assume():
                        self._assume(declaration)
                    case syntax.Function():
                        self._declare(declaration.name, scope.Function(declaration, declaration.name.span))
            except Reported:
                continue
        self._check_defines(file)

    def _announce(self, file: syntax.File) -> None:
        """Makes all names known as declared later, so that the messages can say so."""
        for declaration in file.declarations:
            match declaration:
                case syntax.Param(name=name) | syntax.Const(name=name) | syntax.Function(name=name):
                    self.scope.names.setdefault(name.text, scope.Later(name.span))
                case syntax.Memory(arrays=arrays):
                    for array in arrays:
                        self.scope.names.setdefault(array.name.text, scope.Later(array.name.span))

    def _declare(self, name: syntax.Ident, symbol: scope.Symbol) -> None:
        self.scope.declare(name, symbol, self._problems)

    def _param(self, node: syntax.Param) -> None:
        name = node.name.text
        try:
            if name in self._defines:
                value = self._defines[name]
                if value.bit_length() > MAX_BITS:
                    raise self._problems.failure("VK0204", f"the value given for `{name}` is too large", node.name.span)
            else:
                value = self._expressions.constant(node.value, self.scope)
        except Reported:
            self._declare(node.name, scope.Broken(node.name.span))
            raise
        self._declare(node.name, scope.Constant(value, node.name.span, "param"))
        self.params[name] = value

    def _const(self, node: syntax.Const) -> None:
        symbol = self._expressions.const_symbol(node, self.scope)
        self._declare(node.name, symbol)
        if isinstance(symbol, scope.Table):
            self.tables[node.name.text] = symbol.entries

    def _check_defines(self, file: syntax.File) -> None:
        params = {d.name.text: d.name.span for d in file.declarations if isinstance(d, syntax.Param)}
        consts = {d.name.text: d.name.span for d in file.declarations if isinstance(d, syntax.Const)}
        for name in self._defines:
            if name in params:
                continue
            if name in consts:
                message = f"-D {name}=…: `{name}` is a const"
                self._problems.report("VK0206", message, consts[name], "not a param", "declare it with `param`")
                continue
            hint = did_you_mean(name, params)
            near = next((span for param, span in params.items() if f"`{param}`" in hint), Span(1, 1, 1, 2))
            known = f"the kernel's params: {', '.join(params)}" if params else "the kernel has no params"
            self._problems.report("VK0206", f"-D {name}=…: there is no param `{name}`", near, hint, known)

    # --- memory

    def _memory(self, node: syntax.Memory) -> None:
        base = len(node.header)
        for array in node.arrays:
            try:
                decl = self._array(array, base)
            except Reported:
                self._declare(array.name, scope.Broken(array.name.span))
                continue
            self._declare(array.name, scope.Array(decl, array.name.span))
            self.arrays[array.name.text] = decl
            base += decl.length
            if base > MAX_IMAGE:
                message = f"the memory image has more than {MAX_IMAGE:,} words"
                raise self._problems.failure("VK0302", message, array.span, f"ends at word {base:,}")
        self.header = tuple(self._header_words(node))

    def _header_words(self, node: syntax.Memory) -> list[int]:
        words = []
        for entry in node.header:
            try:
                words.append(self._expressions.constant_word(entry, self.scope))
            except Reported:
                continue
        return words

    def _array(self, node: syntax.Array, base: int) -> kernel.ArrayDecl:
        problems = self._problems
        if node.type.text != "u32":
            problems.report("VK0303", f"unknown element type `{node.type.text}`", node.type.span, "expected `u32`")
        mode = _MODES.get(node.mode.text)
        if mode is None:
            hint = did_you_mean(node.mode.text, _MODES)
            raise problems.failure("VK0304", f"unknown mode `{node.mode.text}`", node.mode.span, hint)
        shape = []
        for size in node.sizes:
            value = self._expressions.constant(size, self.scope)
            if value <= 0:
                message = f"the size of `{node.name.text}` is {show(value)}"
                raise problems.failure("VK0301", message, size.span, "must be at least 1")
            shape.append(value)
        return kernel.ArrayDecl(node.name.text, base, tuple(shape), mode, 0, MASK, False, node.span)

    # --- assume

    def _assume(self, node: syntax.Assume) -> None:
        for fact in node.facts:
            try:
                if isinstance(fact, syntax.Bound):
                    self._bound(fact)
                else:
                    self._property(fact)
            except Reported:
                continue

    def _assumed(self, name: syntax.Ident) -> kernel.ArrayDecl:
        symbol = self.scope.look_up(name, self._problems)
        if isinstance(symbol, scope.Broken):
            raise Reported
        if not isinstance(symbol, scope.Array):
            raise self._problems.failure("VK0108", f"`{name.text}` is {a_(symbol.what)}, not an array", name.span)
        decl = self.arrays[name.text]
        if decl.mode is Mode.OUT:
            message = f"`{name.text}` is `out`: its contents at the start are arbitrary"
            raise self._problems.failure("VK0305", message, name.span, "nothing can be assumed")
        return decl

    def _update(self, decl: kernel.ArrayDecl) -> None:
        self.arrays[decl.name] = decl
        self.scope.names[decl.name] = scope.Array(decl, self.scope.names[decl.name].span)

    def _bound(self, fact: syntax.Bound) -> None:
        decl = self._assumed(fact.array)
        rank = len(decl.shape)
        if fact.blanks != rank:
            message = f"`{decl.name}` has {rank} dimension{'s' * (rank > 1)}, not {fact.blanks}"
            raise self._problems.failure(
                "VK0401", message, fact.span, help=f"write {decl.name}[{', '.join('_' * rank)}]"
            )
        value = self._expressions.constant(fact.value, self.scope)
        limits = {
            "<": (0, value - 1),
            "<=": (0, value),
            ">": (value + 1, MASK),
            ">=": (value, MASK),
            "==": (value, value),
        }
        if fact.relation not in limits:
            message = f"`{fact.relation}` says nothing about the range of `{decl.name}`"
            raise self._problems.failure("VK0305", message, fact.span, "expected == < <= > or >=")
        lo, hi = limits[fact.relation]
        lo, hi = max(lo, decl.lo), min(hi, decl.hi)
        if lo > hi:
            message = f"no word fulfils all that is assumed about `{decl.name}`"
            raise self._problems.failure("VK0306", message, fact.span, f"known before: {decl.lo} … {decl.hi}")
        self._update(replace(decl, lo=lo, hi=hi))

    def _property(self, fact: syntax.Property) -> None:
        if fact.name.text != "sorted":
            message = f"unknown property `{fact.name.text}`"
            raise self._problems.failure("VK0305", message, fact.name.span, did_you_mean(fact.name.text, ["sorted"]))
        self._update(replace(self._assumed(fact.array), sorted=True))
