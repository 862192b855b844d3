"""Assembly text (`.vasm`): a program as people read it. `parse_assembly(print_assembly(p)) == p`.

    machine "takehome"
    kernel "saxpy"
    scratch 24

    0:
        load   s[16] = mem[s[17]]        @7:9-7:20
        valu   v[8] = v[0] * v[0]
    1:
        flow   jump 0

`s[n]` is scratch word n, `v[n]` the words from n on, one a lane. Numbers before colons count the bundles; jumps name
them. `@` tells the place in the kernel, `#` starts a comment, and `idle` names an engine without a slot. The forms of
slots come from the table of formats; docs/machine.md has the grammar.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache, cached_property

from vliwc.errors import DataError
from vliwc.machine.faults import slot_text, suggest
from vliwc.machine.interchange import operand, parse_json
from vliwc.machine.program import Bundle, Operand, Program, Slot
from vliwc.machine.slots import ENGINES, FORMATS, Format, Role
from vliwc.source import Span

# What `*+` and `++` have matched they do not give back, so that long wrong lines take no longer than right ones.
_SPAN_COLUMN = 48
_IDLE = "idle"
_STRING = r'"(?:[^"\\]|\\.)*+"'
_INTEGER = "(-?[0-9]{1,20})"
_JSON = rf'((?:[^"#@]|{_STRING})++)'
_JSON_ROLES = (Role.KEY, Role.KEYS, Role.TEXT)
_PIECE = re.compile(r"\$|[a-z]+|<<|>>|//|==|\.\.|\S")
_TAIL = r"\s*+(?:@([0-9]{1,9}):([0-9]{1,9})-([0-9]{1,9}):([0-9]{1,9}))?\s*+(?:#.*)?"
_BLANK = re.compile(r"\s*(?:#.*)?")
_BUNDLE = re.compile(r"\s*([0-9]{1,9})\s*:\s*(?:#.*)?")
_ENGINE = re.compile(r"\s*([^\s#@]+)\s*")


def print_assembly(program: Program) -> str:
    """The assembly text of a valid program."""
    lines = [
        f"machine {json.dumps(program.machine)}",
        f"kernel {json.dumps(program.kernel)}",
        f"scratch {program.scratch_words}",
        "",
    ]
    for number, bundle in enumerate(program.bundles):
        lines.append(f"{number}:")
        lines += [_print_slot(slot) for slot in bundle.slots]
        lines += [f"    {engine:6} {_IDLE}" for engine in bundle.empty_engines]
    return "\n".join(lines) + "\n"


def _print_slot(slot: Slot) -> str:
    line = f"    {slot.engine:6} {slot_text(slot)}"
    if slot.span is None:
        return line
    s = slot.span
    return f"{line:{_SPAN_COLUMN}} @{s.line}:{s.column}-{s.end_line}:{s.end_column}"


def parse_assembly(text: str | bytes, name: str = "<assembly>") -> Program:
    """The program that an assembly text spells; `name` names it in messages. The program is not yet validated.

    Raises DataError with line and column.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not UTF-8: {error.reason} at byte {error.start}", help="save it as UTF-8") from error
    return _Parser(name, [line.rstrip("\r") for line in decoded.split("\n")]).parse()


@dataclass(frozen=True)
class _Form:
    """How a slot format is recognised: its literal pieces and holes, one regular expression each."""

    fmt: Format

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """One regular expression for each piece; a hole is a group."""
        roles = iter(self.fmt.roles)
        pieces = []
        for piece in _PIECE.findall(self.fmt.text):
            if piece == "$":
                pieces.append(_JSON if next(roles) in _JSON_ROLES else _INTEGER)
            else:
                pieces.append(re.escape(piece) + (r"\b" if piece.isalpha() else ""))
        return tuple(pieces)

    @cached_property
    def whole(self) -> re.Pattern[str]:
        """Matches a slot with its place, from after the engine to the end of the line."""
        return re.compile(r"\s*+".join(self.pieces) + _TAIL)

    def reach(self, line: str, start: int) -> tuple[int, str]:
        """How far into the line this form fits, and what it would want there."""
        end = start
        for count in range(1, len(self.pieces) + 1):
            found = re.compile(r"\s*".join(self.pieces[:count])).match(line, start)
            if found is None:
                return end, self._wish(count - 1)
            end = found.end()
        return end, "the end of the line"

    def _wish(self, position: int) -> str:
        piece = _PIECE.findall(self.fmt.text)[position]
        if piece != "$":
            return f"'{piece}'"
        return "a JSON value" if self.pieces[position] == _JSON else "an integer"


@cache
def _forms(engine: str) -> tuple[_Form, ...]:
    return tuple(_Form(fmt) for fmt in FORMATS.values() if fmt.engine == engine)


@dataclass
class _Parser:
    """Reads the lines in order. `row` is the line at hand, from 0."""

    name: str
    lines: list[str]
    row: int = 0
    bundles: list[Bundle] = field(default_factory=list)

    def error(self, column: int, cause: str, help: str | None = None) -> DataError:  # noqa: A002
        line = min(self.row + 1, len(self.lines))  # what is missing at the end is missed in the last line
        return DataError(f"{self.name}:{line}:{column + 1}: {cause}", help=help)

    def parse(self) -> Program:
        machine = self._text_header("machine")
        kernel = self._text_header("kernel")
        scratch = int(self._header("scratch", "([0-9]{1,9})", "a number of words"))
        while self._more():
            self._bundle()
        return Program(machine, tuple(self.bundles), scratch, kernel)

    def _more(self) -> bool:
        """Moves on to the next line with something in it, if there is one."""
        while self.row < len(self.lines) and _BLANK.fullmatch(self.lines[self.row]):
            self.row += 1
        return self.row < len(self.lines)

    def _header(self, key: str, value: str, what: str) -> str:
        line = self.lines[self.row] if self._more() else ""
        found = re.fullmatch(rf"\s*{key}\s+{value}\s*(?:#.*)?", line)
        if found is None:
            raise self.error(0, f"expected '{key}' and {what}", "a file starts with machine, kernel and scratch")
        self.row += 1
        return found[1]

    def _text_header(self, key: str) -> str:
        text = self._header(key, f"({_STRING})", "a quoted name")
        self.row -= 1
        value = self._json(text, self.lines[self.row].index('"'))
        self.row += 1
        assert isinstance(value, str)
        return value

    def _json(self, text: str, column: int) -> Operand:
        origin = (self.row + 1, column + 1)
        return operand(parse_json(text, self.name, origin), f"{self.name}:{origin[0]}:{origin[1]}")

    def _bundle(self) -> None:
        """One `n:` line and the slots below it."""
        found = _BUNDLE.fullmatch(self.lines[self.row])
        if found is None:
            raise self.error(0, "expected the number of a bundle and a colon")
        if int(found[1]) != len(self.bundles):
            raise self.error(found.start(1), f"this is bundle {len(self.bundles)}, not {found[1]}", "count from 0 on")
        self.row += 1
        slots: list[Slot] = []
        empty: list[str] = []
        while self._more() and not _BUNDLE.fullmatch(self.lines[self.row]):
            slot = self._slot()
            if isinstance(slot, Slot):
                slots.append(slot)
            else:
                empty.append(slot)
            self.row += 1
        self.bundles.append(Bundle(tuple(slots), tuple(empty)))

    def _slot(self) -> Slot | str:
        """The slot of a line, or the name of an idle engine."""
        line = self.lines[self.row]
        head = _ENGINE.match(line)
        engine = head[1] if head else ""
        if head is None or engine not in ENGINES:
            column = head.start(1) if head else len(line) - len(line.lstrip())
            raise self.error(column, f"'{engine}' is no engine", suggest(engine, ENGINES))
        if re.compile(rf"{_IDLE}\s*(?:#.*)?").fullmatch(line, head.end()):
            return engine
        for form in _forms(engine):
            found = form.whole.fullmatch(line, head.end())
            if found:
                return self._operands(form.fmt, found)
        raise self._mismatch(engine, line, head.end())

    def _operands(self, fmt: Format, found: re.Match[str]) -> Slot:
        groups = found.groups()
        operands: list[Operand] = []
        for position, (role, text) in enumerate(zip(fmt.roles, groups, strict=False), 1):
            operands.append(self._json(text, found.start(position)) if role in _JSON_ROLES else int(text))
        place = groups[len(fmt.roles) :]
        span = None if place[0] is None else Span(*map(int, place))
        return Slot(fmt.engine, fmt.op, tuple(operands), span)

    def _mismatch(self, engine: str, line: str, start: int) -> DataError:
        """Says where the line stops to look like any slot of its engine, and what could stand there."""
        reached = [form.reach(line, start) for form in _forms(engine)]
        furthest = max(end for end, _ in reached)
        wishes = list(dict.fromkeys(wish for end, wish in reached if end == furthest))
        while furthest < len(line) and line[furthest].isspace():
            furthest += 1
        forms = "; ".join(dict.fromkeys(form.fmt.text for form in _forms(engine)))
        return self.error(furthest, f"expected {' or '.join(wishes)}", f"slots of {engine} are: {forms}; or {_IDLE}")
