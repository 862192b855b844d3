"""The console script `vliwc`, and `python -m vliwc`. What takes long to import is imported where Ctrl-C is handled."""

import atexit
import os
import sys
from contextlib import suppress

_INTERRUPTED = 130


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    ending: list[int] = []
    atexit.register(_end, ending)  # the first that is registered is done last
    try:
        from vliwc.cli.main import main as command_line  # noqa: PLC0415 - Ctrl-C may come while it is imported

        code = command_line()
    except KeyboardInterrupt:  # in the import, or once more while the first one is being told
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        ending.append(code)
    sys.exit(code)


def _end(codes: list[int]) -> None:
    """Ends the process with the code, if there is one: Python has its own for Ctrl-C in some places of its library."""
    for code in codes:
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
