"""Plain rich tables: columns, and lines of names with what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.table import Table

PLAIN_WIDTH = 120
"""Columns of a table that goes to a file or a pipe."""


def plain_text(renderable: RenderableType) -> str:
    """A table as text without colours, at most 120 columns wide, ending in a line end."""
    console = Console(color_system=None, width=PLAIN_WIDTH)
    with console.capture() as capture:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def plain_table(*columns: str, right: Sequence[str] = ()) -> Table:
    """A table without a frame; the columns named in `right` hold numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", no_wrap=True)
    return table


def facts(rows: Sequence[tuple[str, RenderableType]]) -> Table:
    """Lines of "name  value"."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in rows:
        table.add_row(name, value)
    return table
