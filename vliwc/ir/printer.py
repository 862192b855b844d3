"""The text form of a graph, for people and for `vliwc.ir.parser`, which reads it back.

    graph saxpy {
      lanes 8
      image 34
      header 16 3
      array x at 2 length 16 in
      array y at 18 length 16 inout holds 0..255

      %0 = const 3 @4:9-4:10
      for %2 in 0..16 step 8 @3:5-5:6 {
        %3: v8 = vload x[%2] @4:13-4:17
        …

Nodes have their canonical numbers (`vliwc.ir.canonical`); numbers of nodes without a value are not shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from vliwc.ir.canonical import numbering
from vliwc.ir.forms import FORMS
from vliwc.ir.graph import Access, Array, Gathering, Graph, Loop
from vliwc.ir.ops import MASK
from vliwc.source import Span

INDENT = "  "
SMALL = 1 << 16
"""Constants from here on are printed in hexadecimal."""


def print_graph(graph: Graph, *, spans: bool = True) -> str:
    """The text of a well-formed graph, ending in a line end. Without `spans` no place in the source is shown."""
    return "\n".join(_Printer(graph, spans).lines()) + "\n"


class _Printer:
    def __init__(self, graph: Graph, spans: bool) -> None:
        self.graph = graph
        self.spans = spans
        self.number = numbering(graph)
        tables = (attr for n in self.number if isinstance(attr := graph.attr[n], tuple))
        self.tables = {entries: f"${k}" for k, entries in enumerate(dict.fromkeys(tables))}

    def lines(self) -> Iterator[str]:
        graph = self.graph
        yield f"graph {graph.name} {{"
        yield f"{INDENT}lanes {graph.lanes}"
        yield f"{INDENT}image {graph.image_words}"
        if graph.header:
            yield f"{INDENT}header {_words(graph.header)}"
        for array in graph.arrays.values():
            yield INDENT + _array(array)
        for entries, name in self.tables.items():
            yield f"{INDENT}table {name} {_words(entries)}"
        yield ""
        yield from self._block(graph.body, INDENT)
        yield "}"

    def _block(self, nodes: tuple[int, ...], indent: str) -> Iterator[str]:
        for n in nodes:
            attr = self.graph.attr[n]
            if isinstance(attr, Loop):
                yield f"{indent}{self._loop_head(n, attr)} {{"
                yield from self._block(attr.body, indent + INDENT)
                if attr.yields:
                    yield f"{indent + INDENT}yield {', '.join(map(self._name, attr.yields))}"
                yield f"{indent}}}"
            else:
                yield indent + self._node(n)

    def _node(self, n: int) -> str:
        graph = self.graph
        target = f"{self._typed_name(n)} = " if graph.width[n] else ""
        return f"{target}{graph.op[n]} {self._operands(n)}{self._place(graph.span[n])}"

    def _operands(self, n: int) -> str:
        attr = self.graph.attr[n]
        names = [self._name(a) for a in self.graph.args[n]]
        form = FORMS.get(self.graph.op[n])
        if form is None:
            return ", ".join(names)
        match attr:
            case Access(array=array, active=active, absolute=absolute):
                return form.format(*names, array=f"{array}@0" if absolute else array, active=active)
            case tuple(entries):
                return form.format(*names, table=self.tables[entries])
            case int(value):
                return form.format(*names, position=value, word=_word(value))
        raise AssertionError(f"node {n} has no attribute to print")

    def _loop_head(self, n: int, loop: Loop) -> str:
        span = self.graph.span[n]
        parts = [self.graph.op[n], self._name(loop.index) + self._own_place(loop.index, span)]
        parts += ["in", f"{loop.lo}..{loop.hi}"]
        if loop.step != 1:
            parts.append(f"step {loop.step}")
        if loop.carried:
            pairs = zip(loop.carried, self.graph.args[n], strict=True)
            inits = [f"{self._typed_name(c)}{self._own_place(c, span)} = {self._name(i)}" for c, i in pairs]
            if loop.gathers:
                inits = [f"{init} by {_gathering(how)}" for init, how in zip(inits, loop.gathers, strict=True)]
            parts.append(f"{'gather' if loop.gathers else 'carry'} ({', '.join(inits)})")
        target = f"{self._name(n)} = " if loop.carried else ""
        return target + " ".join(parts) + self._place(span)

    def _name(self, n: int) -> str:
        return f"%{self.number[n]}"

    def _typed_name(self, n: int) -> str:
        width = self.graph.width[n]
        return self._name(n) if width == 1 else f"{self._name(n)}: v{width}"

    def _place(self, span: Span | None) -> str:
        return f" @{span.line}:{span.column}-{span.end_line}:{span.end_column}" if span and self.spans else ""

    def _own_place(self, n: int, loop: Span | None) -> str:
        """The place of a loop's parameter where it is not the loop's own; `@-` where it has none."""
        span = self.graph.span[n]
        if span == loop or not self.spans:
            return ""
        return self._place(span) or " @-"


def _array(array: Array) -> str:
    holds = "" if (array.lo, array.hi) == (0, MASK) else f" holds {array.lo}..{array.hi}"
    return f"array {array.name} at {array.base} length {array.length} {array.mode.value}{holds}"


def _gathering(how: Gathering) -> str:
    return how.op if how.factor == 1 else f"{how.op} * {_word(how.factor)}"


def _word(value: int) -> str:
    return str(value) if value < SMALL else f"{value:#x}"


def _words(values: tuple[int, ...]) -> str:
    return " ".join(map(_word, values))
