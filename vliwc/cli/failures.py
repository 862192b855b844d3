"""From an exception to a message on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress

import click

from vliwc.cli.terminal import complain, note, shortened
from vliwc.errors import UsageError, VliwcError

INTERNAL = 70
OUT_OF_MEMORY = 71
INTERRUPTED = 130
OUTPUT_CLOSED = 141

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""What is wrong with stdout when it cannot take the output; files have been checked before."""


def report_failure(error: BaseException, *, debug: bool) -> int:
    """Tells the user about `error` and returns the exit code for it.

    With `debug`, internal errors show their traceback. `SystemExit` is raised again. If stderr cannot be written to,
    the exit code alone must tell.
    """
    if isinstance(error, SystemExit):
        raise error
    with suppress(OSError):
        _tell(error, debug=debug)
    return _code(error)


def foreseen(error: BaseException) -> bool:
    """Whether the error is one that users can meet, and no mistake of the compiler."""
    return _code(error) != INTERNAL or isinstance(error, VliwcError)


def _code(error: BaseException) -> int:
    match error:
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case MemoryError():
            return OUT_OF_MEMORY
        case BrokenPipeError():
            return OUTPUT_CLOSED
        case click.ClickException() | VliwcError():
            return error.exit_code
        case OSError() if error.errno in UNWRITABLE:
            return UsageError.exit_code
    return INTERNAL


def _tell(error: BaseException, *, debug: bool) -> None:
    match error:
        case KeyboardInterrupt() | click.Abort():
            note("interrupted")
        case MemoryError():
            complain("error", "out of memory", "make the kernel's parameters smaller, or give the process more memory")
        case BrokenPipeError():
            _drop_stdout()
        case click.ClickException():
            vars(error).update(message=shortened(error.message))  # what the user has typed may be endless
            error.show()
        case VliwcError():
            _report_known(error, debug=debug)
        case OSError() if error.errno in UNWRITABLE:
            _drop_stdout()
            complain("error", f"cannot write the output: {error.strerror}")
        case _:
            _report_unexpected(error, debug=debug)


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
