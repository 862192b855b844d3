"""From an exception to a message on stderr and an exit code."""

from __future__ import annotations

import os
import re
import sys

import click

from vliwc.cli.terminal import complain, note
from vliwc.errors import VliwcError

INTERNAL = 70
INTERRUPTED = 130
OUTPUT_CLOSED = 141


def report_failure(error: BaseException, *, debug: bool) -> int:
    """Tells the user about `error` and returns the exit code for it.

    With `debug`, internal errors show their traceback. `SystemExit` is raised again.
    """
    match error:
        case SystemExit():
            raise error
        case KeyboardInterrupt() | click.Abort():
            note("interrupted")
            return INTERRUPTED
        case BrokenPipeError():
            _drop_stdout()
            return OUTPUT_CLOSED
        case click.ClickException():
            error.show()
            return error.exit_code
        case VliwcError():
            _report_known(error, debug=debug)
            return error.exit_code
    _report_unexpected(error, debug=debug)
    return INTERNAL


def _report_known(error: VliwcError, *, debug: bool) -> None:
    """Writes one of our own errors: as it renders itself (the errors of a kernel do), else message and help."""
    if render := getattr(error, "render", None):
        note(_coloured(render()))
        return
    internal = error.exit_code == INTERNAL
    complain("internal error" if internal else "error", error.message, error.help)
    if internal and debug:
        _show_traceback(error)


def _coloured(diagnostics: str) -> str:
    """Rendered diagnostics with the `error[…]:` and `help:` of each in colour (which `note` drops off a terminal)."""
    return re.sub(
        r"^(error\[\w+\])|(?<= = )(help)(?=: )",
        lambda found: click.style(found[0], fg="red" if found[1] else "cyan", bold=True),
        diagnostics,
        flags=re.MULTILINE,
    )


def _report_unexpected(error: BaseException, *, debug: bool) -> None:
    """Writes an exception that nobody foresaw as one line, or as its traceback."""
    if debug:
        _show_traceback(error)
    what = " ".join(str(error).split())
    complain(
        "internal error",
        f"{type(error).__name__}: {what}" if what else type(error).__name__,
        "this is a bug in vliwc; run again with `vliwc --debug …` to see where it comes from",
    )


def _show_traceback(error: BaseException) -> None:
    import traceback

    note("".join(traceback.format_exception(error)).rstrip())


def _drop_stdout() -> None:
    """Sends what is still buffered for a closed stdout nowhere, so that the interpreter can end in silence."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
