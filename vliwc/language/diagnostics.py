"""What can be wrong with a kernel: one diagnostic, all of them as an exception, and how they are shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from vliwc.errors import VliwcError
from vliwc.language.codes import CODES
from vliwc.source import Source, Span

TAB = "    "
"""How a tab is shown, so that carets stand under what they mean."""

LONGEST_LINE = 120
"""Of longer source lines only the part around the error is shown, in characters."""

LONGEST_TEXT = 300
"""Longer messages are cut."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error at one place. `label` stands at the caret; an empty `help` means the code's general one."""

    code: str
    message: str
    span: Span
    label: str = ""
    help: str = ""


class KernelErrors(VliwcError):
    """The kernel text is wrong; `diagnostics` has everything that was found, in source order."""

    exit_code = 3

    def __init__(self, source: Source, diagnostics: Sequence[Diagnostic]) -> None:
        self.source = source
        self.diagnostics = tuple(sorted(diagnostics, key=lambda d: (d.span.line, d.span.column, d.code)))
        first = self.diagnostics[0]
        more = len(self.diagnostics) - 1
        rest = f" (and {more} more error{'s' if more > 1 else ''})" if more else ""
        super().__init__(f"{source.name}:{first.span}: {first.message} [{first.code}]{rest}", help=first.help or None)

    def render(self) -> str:
        """All diagnostics as plain text, separated by empty lines."""
        return "\n\n".join(render(d, self.source) for d in self.diagnostics)


def _shown(text: str) -> str:
    """`text` as it can be printed on one line: no tabs, no invisible or control characters."""
    parts = []
    for char in text:
        if char == "\t":
            parts.append(TAB)
        elif char == "\ufeff":
            continue
        elif unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            parts.append("\N{REPLACEMENT CHARACTER}")
        else:
            parts.append(char)
    return "".join(parts)


def _short(text: str) -> str:
    """`text`, cut if it is very long: names can be."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """A long line cut down to what is around the columns start … end, and these columns in it."""
    if len(line) <= LONGEST_LINE:
        return line, start, end
    first = max(0, start - LONGEST_LINE // 3)
    last = first + LONGEST_LINE
    head, tail = ("…" if first else ""), ("…" if last < len(line) else "")
    moved = first - len(head)
    return head + line[first:last] + tail, start - moved, min(end, last) - moved


def _columns(text: str) -> int:
    """How many terminal columns the shown `text` takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in _shown(text)
    )


def render(diagnostic: Diagnostic, source: Source) -> str:
    """The diagnostic as plain text: message, place, the line with carets, help."""
    span = diagnostic.span
    line = source.line(span.line)
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    line, start, end = _window(line, start, end)
    marked = max(_columns(line[start : max(end, start)]), 1)
    gutter = " " * len(str(span.line))
    caret = " " * _columns(line[:start]) + "^" * marked
    rows = [
        f"error[{diagnostic.code}]: {_short(diagnostic.message)}",
        f"{gutter}--> {source.name}:{span.line}:{span.column}",
        f"{gutter} |",
        f"{span.line} | {_shown(line)}".rstrip(),
        f"{gutter} | {caret}{' ' + _short(diagnostic.label) if diagnostic.label else ''}",
    ]
    help_text = diagnostic.help or CODES[diagnostic.code].help
    rows.append(f"{gutter} = help: {_short(help_text)}")
    return "\n".join(rows)
