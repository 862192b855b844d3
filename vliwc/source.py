"""Places in source text. A leaf module: every room may import it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Span:
    """A range of source text. Lines and columns count from 1; the end column is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True)
class Source:
    """A named text, kept so that messages can show its lines."""

    name: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The text's lines without their ends; at least one."""
        return tuple(self.text.splitlines()) or ("",)

    def line(self, number: int) -> str:
        """Line `number` (from 1), or the empty string past the end."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else ""
