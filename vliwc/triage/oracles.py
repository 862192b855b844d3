"""Properties that reduction keeps: the compiler's own failure, or the verdict of a command."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from vliwc.driver import Options
from vliwc.errors import UsageError
from vliwc.language import load_kernel
from vliwc.source import Source
from vliwc.stages import INPUTS, Comparison
from vliwc.triage.failure import Failure, find_failure


def fails_like(failure: Failure, options: Options) -> Callable[[str], bool]:
    """Whether a kernel makes the compiler fail in the same way, and has a meaning on all inputs that are tried."""

    def interesting(text: str) -> bool:
        source = Source("reduce.vk", text)
        comparison = Comparison(load_kernel(source, {}), options.seed)
        return len(comparison.trials) == len(INPUTS) and failure.same_as(find_failure(source, options))

    return interesting


def command_succeeds(command: str, seconds: float = 60.0) -> Callable[[str], bool]:
    """Whether a command ends with exit code 0 in time. `{}` in it stands for the kernel's file, else that comes last.

    Raises UsageError if the command cannot be read or started. It runs without a shell.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"cannot read the command {command!r}: {error}") from None
    if not words:
        raise UsageError("the command is empty", help="say what to run, such as --check './fails.sh {}'")
    if not any("{}" in word for word in words):
        words.append("{}")

    def interesting(text: str) -> bool:
        with tempfile.TemporaryDirectory(prefix="vliwc-reduce-") as folder:
            path = Path(folder) / "kernel.vk"
            path.write_text(text, encoding="utf-8")
            try:
                done = subprocess.run(
                    [word.replace("{}", str(path)) for word in words],
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=seconds,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return False
            except OSError as error:
                raise UsageError(f"cannot run {words[0]}: {error.strerror}") from None
        return done.returncode == 0

    return interesting
