"""The entry point `vliwc`: the command group, and what becomes of every way a command can end."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import click

from vliwc import __version__
from vliwc.cli.failures import foreseen, report_failure
from vliwc.cli.lazy import LazyGroup

PROGRAM = "vliwc"
COMPLETION_VARIABLE = "_VLIWC_COMPLETE"


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 success, 1 wrong result, 2 usage, 3 kernel errors, 4 bad data file, 5 does not fit "
    "the machine, 6 fault in a run, 70 internal error, 71 out of memory, 130 interrupted, 141 output closed.",
)
@click.option("--debug", is_flag=True, envvar="VLIWC_DEBUG", help="Show the traceback of internal errors.")
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
def cli(debug: bool) -> None:
    """Compile data-parallel kernels for VLIW SIMD machines, with a proof of what is emitted."""


class Interrupts:
    """A handler of Ctrl-C that raises KeyboardInterrupt as Python's own does, and remembers that it did: an import in
    which that happens may end with quite another error."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handles the signal."""
        self.came = True
        signal.default_int_handler(number, frame)


def run(arguments: Sequence[str] | None = None, interrupts: Interrupts | None = None) -> int:
    """Runs the command line `arguments` (default: the process's) and returns its exit code.

    No exception leaves it: each becomes a message on stderr and a code of the table in `vliwc.errors`. One that nobody
    foresaw is taken for an interrupt if `interrupts` came.
    """
    args = list(sys.argv[1:] if arguments is None else arguments)
    debug = False
    try:
        with cli.make_context(PROGRAM, args) as context:
            debug = context.params["debug"]
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except BaseException as error:  # a KeyboardInterrupt too must end in a code
        if interrupts is not None and interrupts.came and not foreseen(error):
            error = KeyboardInterrupt()
        return report_failure(error, debug=debug)
    return 0


def _plug_closed_streams() -> None:
    """Lets what goes to a stream that the caller has closed go nowhere, and not into the next file that is opened."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open until the end


def main() -> int:
    """The command line of the process. Returns the exit code, or raises SystemExit."""
    _plug_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode gets question marks, not an error
    if COMPLETION_VARIABLE in os.environ:
        cli.main(prog_name=PROGRAM, complete_var=COMPLETION_VARIABLE)  # answers the shell and exits
    interrupts = Interrupts()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else whoever started the process ignores it
        signal.signal(signal.SIGINT, interrupts)
    return run(interrupts=interrupts)
