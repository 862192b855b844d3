"""Whether and how the compiler fails on a kernel: one question, asked again and again by bisection and reduction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vliwc.backend.certifier.failure import ProofFailed
from vliwc.driver import Options, compile_source
from vliwc.errors import DoesNotFit, InternalError, UsageError
from vliwc.language import KernelErrors
from vliwc.source import Source
from vliwc.stages import StageDiffers

DIFFERENT, UNPROVEN, INTERNAL, CRASH = "different", "unproven", "internal error", "crash"


@dataclass(frozen=True, slots=True)
class Failure:
    """How a compilation failed. `kind` is "different" (a stage computes something else), "unproven" (the certifier
    refuses the program), "internal error" or "crash" (an exception that nobody expects)."""

    kind: str
    where: str
    """The first stage that differs, or the exception's type and the function that raised it."""
    message: str

    def same_as(self, other: Failure | None) -> bool:
        """Whether another failure may well have the same cause. Stages need not agree: a smaller kernel may show the
        same mistake earlier or later."""
        return other is not None and self.kind == other.kind and (self.kind == DIFFERENT or self.where == other.where)


def find_failure(source: Source, options: Options) -> Failure | None:
    """As `examine`, but a kernel that the machine cannot hold is no failure."""
    try:
        return examine(source, options)
    except DoesNotFit:
        return None


def examine(source: Source, options: Options) -> Failure | None:
    """Compiles, compares every stage on inputs, and proves; None if all is well.

    Raises DoesNotFit if the machine cannot hold the kernel, KernelErrors for a wrong kernel and UsageError for options
    that do not exist.
    """
    try:
        compile_source(source, replace(options, verify_each=True, certify=True))
    except StageDiffers as error:
        return Failure(DIFFERENT, error.stage, error.message)
    except ProofFailed as error:
        return Failure(UNPROVEN, "certifier", error.message)
    except InternalError as error:
        return Failure(INTERNAL, _raiser(error), error.message)
    except (DoesNotFit, KernelErrors, UsageError):
        raise
    except Exception as error:  # whatever else leaves the compiler is a mistake of the compiler
        return Failure(CRASH, f"{type(error).__name__} in {_raiser(error)}", str(error))
    return None


def _raiser(error: BaseException) -> str:
    """The function that raised an exception, by module and name."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}.{trace.tb_frame.f_code.co_qualname}"
