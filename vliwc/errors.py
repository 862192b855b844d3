"""The exceptions that users may meet, each with the exit code that the command line gives it.

A leaf module. Library code raises these; only the CLI renders them. Exit codes:

====  ===========================================================================
code  meaning
====  ===========================================================================
0     success
1     a comparison failed: the program computes something else than the kernel
2     wrong usage: an unknown option, a missing file, a bad value (click's own code)
3     the kernel has errors (codes VK0001 and up)
4     a machine description, program, memory image or other data file is wrong
5     the kernel is right but does not fit the machine (scratch, missing operation)
6     a run faulted: of a program in the simulator, or of the kernel itself
70    internal error: the compiler caught itself in a mistake (failed proof, verifier)
71    out of memory
130   interrupted
141   the reader of the output has gone away
====  ===========================================================================
"""

from __future__ import annotations


class VliwcError(Exception):
    """Base of all errors that a user can cause or meet. `help` says what to do about it."""

    exit_code = 70

    def __init__(self, message: str, *, help: str | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(VliwcError):
    """An option or argument that cannot be meant."""

    exit_code = 2


class DataError(VliwcError):
    """A data file (machine description, program, memory image) that is not what it should be."""

    exit_code = 4


class DoesNotFit(VliwcError):
    """A correct kernel that the chosen machine cannot hold or express."""

    exit_code = 5


class InternalError(VliwcError):
    """The compiler caught itself in a mistake. Never the user's fault."""

    exit_code = 70
