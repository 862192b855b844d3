"""Writing to the terminal: results on stdout, everything else on stderr, colour only where a person looks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import RenderableType


LONGEST = 400
"""Characters of a message that are shown."""


def wants_colour(stream: object) -> bool:
    """Whether `stream` is a terminal and the user has not switched colour off (NO_COLOR, https://no-color.org)."""
    is_terminal = getattr(stream, "isatty", lambda: False)()
    return bool(is_terminal) and not os.environ.get("NO_COLOR")


def note(text: str) -> None:
    """Writes a message to stderr."""
    click.echo(text, err=True, color=wants_colour(sys.stderr))


def shortened(text: str) -> str:
    """A message without the middle of an endless part, such as a name of a million letters that the user gave."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def complain(label: str, text: str, help_text: str | None = None) -> None:
    """Writes `label: text` to stderr, and the help below it, continuation lines indented; both kept `presentable`."""
    note(f"{click.style(label, fg='red', bold=True)}: {presentable(text)}")
    if help_text:
        advice = presentable(help_text).replace("\n", "\n        ")
        note(f"  {click.style('help', fg='cyan', bold=True)}: {advice}")


def presentable(text: str) -> str:
    """A text that may quote anything: what would steer the terminal is spelled out, and a long middle left out."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in shortened(text))


def show(renderable: RenderableType, *, err: bool = False) -> None:
    """Writes a rich table or text to stdout (or stderr), plain and of a fixed width when that is no terminal."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        from vliwc.report.layout import plain_text

        click.echo(plain_text(renderable), err=err, nl=False)
        return
    from rich.console import Console

    Console(file=stream, highlight=False, no_color=not wants_colour(stream)).print(renderable)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """While the block runs, shows on a terminal's stderr that `what` goes on, and what the function is told of it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True, highlight=False, no_color=not wants_colour(sys.stderr)).status(what) as status:
        yield lambda text: status.update(f"{what}: {text}")


def print_json(record: object) -> None:
    """Writes a report to stdout as indented JSON."""
    import json

    click.echo(json.dumps(record, indent=2))
