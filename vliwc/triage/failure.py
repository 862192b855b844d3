"""Whether and how the compiler fails on a kernel: one question, asked again and again by bisection and reduction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vliwc.backend.certifier.failure import ProofFailed
from vliwc.driver import Options, compile_source
from vliwc.errors import DoesNotFit, InternalError, UsageError
from vliwc.ir.graph import Graph
from vliwc.language import KernelErrors
from vliwc.options import LOWERED
from vliwc.source import Source
from vliwc.stages import Comparison, StageDiffers

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
        _glance(source, replace(options, verify_each=False, certify=True))
    except (DoesNotFit, KernelErrors, UsageError):
        raise
    except Exception as error:  # whatever else leaves the compiler is a mistake of the compiler
        return classified(source, options, error)
    return None


def _glance(source: Source, options: Options) -> None:
    """Compiles and proves, and compares the first and last graph and what comes behind: quick, for most kernels are
    right. Raises what the compiler raises."""
    lowered: list[Graph] = []

    def observe(name: str, graph: Graph) -> None:
        if name == LOWERED:
            lowered.append(graph)

    compilation = compile_source(source, options, observe)
    comparison = Comparison(compilation.front.kernel, options.seed)
    comparison.graph(LOWERED, lowered[0])
    comparison.graph("optimise", compilation.front.graph)
    comparison.generated(compilation.generated, compilation.front.machine)


def classified(source: Source, options: Options, error: Exception) -> Failure:
    """The failure that shows as this error. Compiles again with every stage compared, to see which is the first that is
    wrong."""
    try:
        compile_source(source, replace(options, verify_each=True, certify=True))
    except Exception as again:
        error = again
    match error:
        case StageDiffers():
            return Failure(DIFFERENT, error.stage, error.message)
        case ProofFailed():
            return Failure(UNPROVEN, "certifier", error.message)
        case InternalError():
            return Failure(INTERNAL, _raiser(error), error.message)
    return Failure(CRASH, f"{type(error).__name__} in {_raiser(error)}", str(error))


def _raiser(error: BaseException) -> str:
    """The function that raised an exception, by module and name."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}.{trace.tb_frame.f_code.co_qualname}"
