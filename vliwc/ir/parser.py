"""Reads the text form of a graph (docs/ir.md has its grammar). `parse_graph(print_graph(g)) == canonical(g)`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from vliwc.errors import DataError
from vliwc.ir.forms import FORMS, NAME, NODE, NUMBER, SPAN, TABLE, WORD, pattern
from vliwc.ir.graph import Access, Array, Attr, Gathering, Graph, Loop, Mode
from vliwc.ir.ops import MASK, OPS, Kind
from vliwc.ir.verifier import MalformedGraph, verify
from vliwc.source import Span

MAX_NESTING = 200
"""Loops nested deeper than this are refused: what reads graphs recurses into them."""

_MODES = "|".join(mode.value for mode in Mode)
_HEAD = re.compile(rf"graph ({NAME}) \{{")
_ARRAY = re.compile(rf"({NAME}) at ({NUMBER}) length ({NUMBER}) ({_MODES})(?: holds ({WORD})\.\.({WORD}))?")
_WORDS = re.compile(rf"(?:{WORD})(?: (?:{WORD}))*")
_TABLE = re.compile(rf"({TABLE}) ({_WORDS.pattern})")
_LINE = re.compile(rf"(?:({NODE})(?:: v({NUMBER}))? = )?({NAME})(?: (.*?))??(?: ({SPAN}))?( \{{)?")
_OPERANDS = re.compile(rf"{NODE}(?:, {NODE})*")
_LOOP = re.compile(
    rf"({NODE})(?: ({SPAN}|@-))? in ({NUMBER})\.\.({NUMBER})(?: step ({NUMBER}))?(?: (carry|gather) \((.*)\))?",
)
_CARRY = re.compile(rf"({NODE})(?:: v({NUMBER}))?(?: ({SPAN}|@-))? = ({NODE})(?: by ({NAME})(?: \* ({WORD}))?)?")
_FORMS = {op: pattern(form) for op, form in FORMS.items()}


class GraphSyntaxError(DataError):
    """A text that is no graph. `line` counts from 1."""

    def __init__(self, cause: str, line: int) -> None:
        super().__init__(f"line {line}: {cause}", help="docs/ir.md describes the text form of graphs")
        self.line = line


def parse_graph(text: str) -> Graph:
    """The graph that `text` describes, well-formed, its nodes numbered in the order of the text.

    Raises `GraphSyntaxError`, with the line, for a text that is no graph or a graph that breaks a rule.
    """
    return _Parser(text).parse()


@dataclass(slots=True)
class _OpenLoop:
    """A loop whose end is still to come: its node, what is known of it, the block around it."""

    node: int
    loop: Loop
    around: list[int]


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.line = 1
        self.graph = Graph("", {}, 0)
        self.nodes: dict[str, int] = {}
        self.tables: dict[str, tuple[int, ...]] = {}
        self.line_of: list[int] = []
        self.body: list[int] = []
        self.open: list[_OpenLoop] = []
        self.state: Callable[[str], None] = self._head

    def parse(self) -> Graph:
        for number, raw in enumerate(self.text.splitlines(), 1):
            self.line = number
            line = " ".join(raw.partition("#")[0].split())
            if line:
                self.state(line)
        if self.state != self._after_end:
            self._fail("the text ends before the graph does: `}` is missing")
        try:
            verify(self.graph)
        except MalformedGraph as error:
            place = 1 if error.node is None else self.line_of[error.node]
            raise GraphSyntaxError(error.message, place) from None
        return self.graph

    def _fail(self, cause: str) -> NoReturn:
        raise GraphSyntaxError(cause, self.line)

    # States: each takes one line.

    def _head(self, line: str) -> None:
        match = _HEAD.fullmatch(line)
        if not match:
            self._fail("a graph begins with `graph NAME {`")
        self.graph.name = match[1]
        self.state = self._preamble

    def _preamble(self, line: str) -> None:
        """A declaration; the first line that is none begins the nodes."""
        keyword, _, rest = line.partition(" ")
        match keyword:
            case "lanes":
                self.graph.lanes = self._count(rest)
            case "image":
                self.graph.image_words = self._count(rest)
            case "header":
                self.graph.header = self._words(rest)
            case "array":
                self._array(rest)
            case "table":
                match = _TABLE.fullmatch(rest)
                if not match:
                    self._fail("a table is declared as `table $NAME WORD WORD …`")
                self.tables[match[1]] = self._words(match[2])
            case _:
                self.state = self._body
                self._body(line)

    def _count(self, text: str) -> int:
        if not re.fullmatch(NUMBER, text):
            self._fail(f"expected a number, found `{text}`")
        return int(text)

    def _words(self, text: str) -> tuple[int, ...]:
        if not _WORDS.fullmatch(text):
            self._fail("expected words with blanks between them")
        return tuple(_integer(word) for word in text.split())

    def _array(self, text: str) -> None:
        match = _ARRAY.fullmatch(text)
        if not match:
            self._fail(f"an array is declared as `array NAME at BASE length LENGTH {_MODES} [holds LO..HI]`")
        name, base, length, mode, lo, hi = match.groups()
        if name in self.graph.arrays:
            self._fail(f"array {name} is declared twice")
        bounds = (_integer(lo), _integer(hi)) if lo else (0, MASK)
        self.graph.arrays[name] = Array(name, int(base), int(length), Mode(mode), *bounds)

    def _body(self, line: str) -> None:
        if line == "}":
            self._close()
        elif line.startswith("yield "):
            self._yield(line.removeprefix("yield "))
        else:
            self._node(line)

    def _after_yield(self, line: str) -> None:
        if line != "}":
            self._fail("only `}` may stand after `yield`")
        self._close()

    def _after_end(self, line: str) -> None:
        self._fail("only blank lines and comments may stand after the graph")

    # Nodes.

    def _new(self, op: str, args: tuple[int, ...], attr: Attr, width: int, span: Span | None) -> int:
        graph = self.graph
        graph.op.append(op)
        graph.args.append(args)
        graph.attr.append(attr)
        graph.width.append(width)
        graph.span.append(span)
        self.line_of.append(self.line)
        return len(graph) - 1

    def _define(self, name: str, node: int) -> None:
        if name in self.nodes:
            self._fail(f"{name} is defined twice")
        self.nodes[name] = node

    def _use(self, name: str) -> int:
        if name not in self.nodes:
            self._fail(f"{name} is not defined before")
        return self.nodes[name]

    def _node(self, line: str) -> None:
        match = _LINE.fullmatch(line)
        if not match:
            self._fail(f"`{line}` is no node")
        name, width, op, rest, span, brace = match.groups()
        if op not in OPS:
            self._fail(f"there is no operation `{op}`")
        is_loop = op in ("for", "par")
        if is_loop != bool(brace):
            self._fail("loops, and only loops, end in `{`")
        if is_loop:
            self._open(name, op, rest or "", _span(span))
            return
        has_value = OPS[op].kind is not Kind.STORE
        if has_value != bool(name):
            self._fail(f"`{op}` needs a name for its value" if has_value else f"`{op}` has no value to name")
        args, attr = self._operands(op, rest or "")
        node = self._new(op, args, attr, int(width or 1) if has_value else 0, _span(span))
        self.body.append(node)
        if name:
            self._define(name, node)

    def _operands(self, op: str, text: str) -> tuple[tuple[int, ...], Attr]:
        if op not in FORMS:
            if text and not _OPERANDS.fullmatch(text):
                self._fail(f"`{text}` is no list of operands")
            return tuple(map(self._use, text.split(", ") if text else ())), None
        match = _FORMS[op].fullmatch(text)
        if not match:
            self._fail(f"`{op} {text}` is not of the form `{op} {FORMS[op]}`")
        fields = match.groupdict()
        args = tuple(self._use(name) for field, name in fields.items() if field.startswith("_"))
        if "array" in fields:
            array, absolute, _ = fields["array"].partition("@0")
            return args, Access(array, int(fields.get("active", 0)), absolute=bool(absolute))
        if "table" in fields:
            if fields["table"] not in self.tables:
                self._fail(f"table {fields['table']} is not declared")
            return args, self.tables[fields["table"]]
        return args, _integer(fields.get("word") or fields["position"])

    def _open(self, name: str | None, op: str, text: str, span: Span | None) -> None:
        match = _LOOP.fullmatch(text)
        if not match:
            self._fail(f"a loop begins with `{op} %NAME in LO..HI [step STEP] [carry (%NAME = %INIT, …)] {{`")
        if len(self.open) == MAX_NESTING:
            self._fail(f"loops are nested deeper than {MAX_NESTING}")
        variable, place, lo, hi, step, how, carry = match.groups()
        parameters = [_CARRY.fullmatch(part) for part in carry.split(", ")] if carry is not None else []
        gathered = how == "gather"
        inits = tuple(
            self._use(p[4])
            if p and bool(p[5]) == gathered
            else self._fail(f"`{carry}` is no list of {'gathered' if gathered else 'carried'} values")
            for p in parameters
        )
        gathers = tuple(Gathering(p[5], _integer(p[6] or "1")) for p in parameters if p and p[5])
        loop = Loop(int(lo), int(hi), int(step or 1), 0, (), (), (), gathers)
        node = self._new(op, inits, loop, 0, span)
        if name:
            self._define(name, node)
        index = self._parameter("index", None, variable, 1, _own_span(place, span))
        carried = tuple(
            self._parameter("carried", k, p[1], int(p[2] or 1), _own_span(p[3], span))
            for k, p in enumerate(parameters)
            if p
        )
        self.body.append(node)
        self.open.append(_OpenLoop(node, replace(loop, index=index, carried=carried), self.body))
        self.body = []

    def _parameter(self, op: str, attr: Attr, name: str, width: int, span: Span | None) -> int:
        node = self._new(op, (), attr, width, span)
        self._define(name, node)
        return node

    def _yield(self, text: str) -> None:
        if not self.open or not _OPERANDS.fullmatch(text):
            self._fail("`yield %VALUE, …` may only end a loop")
        innermost = self.open[-1]
        innermost.loop = replace(innermost.loop, yields=tuple(map(self._use, text.split(", "))))
        self.state = self._after_yield

    def _close(self) -> None:
        """`}`: the end of the innermost loop, or of the graph."""
        if not self.open:
            self.graph.body = tuple(self.body)
            self.state = self._after_end
            return
        ended = self.open.pop()
        self.graph.attr[ended.node] = replace(ended.loop, body=tuple(self.body))
        self.body = ended.around
        self.state = self._body


def _span(text: str | None) -> Span | None:
    return Span(*map(int, re.findall(NUMBER, text))) if text else None


def _integer(text: str) -> int:
    """A decimal or hexadecimal number, leading zeros allowed."""
    return int(text, 16 if text.startswith("0x") else 10)


def _own_span(text: str | None, loop: Span | None) -> Span | None:
    """The place of a loop's parameter: `@-` for none, and the loop's own where nothing is written."""
    return loop if text is None else _span(text.strip("@-"))
