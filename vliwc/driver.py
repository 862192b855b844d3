"""The whole way from kernel text to a certified program: what the command line does, for Python.

>>> from vliwc.driver import Options, compile_source
>>> compilation = compile_source(Source("saxpy.vk", text), Options(machine="narrow"))
>>> compilation.program.bundles
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from vliwc.backend import Generated, generate
from vliwc.backend.bounds import LARGE_TARIFF, SMALL_TARIFF
from vliwc.backend.certifier import Certificate, ProofFailed, certify
from vliwc.backend.schedulers import searches
from vliwc.errors import UsageError
from vliwc.frontend import Clock, Observer, Optimised, comparison, optimise_source
from vliwc.machine import Program
from vliwc.options import MIXES, Options
from vliwc.source import Source
from vliwc.strategies import Choice
from vliwc.transform.attempts import Attempt
from vliwc.transform.pipeline import MOST_LEVEL
from vliwc.tune import Ledger

if TYPE_CHECKING:
    from vliwc.stages import Comparison
    from vliwc.tune.session import Replaying, Searching

__all__ = ["Compilation", "Options", "compile_source", "finish", "optimise_source"]

_MIXES = 1 / 3
"""The share of a search's budget that may go into finding a better mix of alternatives."""

Progress = Callable[[str], None]
"""Told from time to time, in a few words, what is going on."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """A program, and all that led to it."""

    front: Optimised
    generated: Generated
    certificate: Certificate | None
    seconds: Mapping[str, float]
    """Wall-clock seconds of each stage, in order."""
    ledger: Ledger | None = None
    """What the search has found, if there was one: `Options.replay` makes the same program of it."""
    attempt: Attempt | None = None
    """How the kernel was optimised, if not as the options say."""

    @property
    def program(self) -> Program:
        """The compiled program."""
        return self.generated.program

    @property
    def total_seconds(self) -> float:
        """Wall-clock seconds of all stages together."""
        return sum(self.seconds.values())


def compile_source(
    source: Source,
    options: Options = Options(),
    observe: Observer | None = None,
    progress: Progress | None = None,
) -> Compilation:
    """Compiles a kernel's text and proves the program right (unless `options.certify` is off).

    `observe` as in `optimise_source`; `progress` is told in a few words what is going on. Raises what `optimise_source`
    raises, DoesNotFit if the machine cannot hold or express the kernel, and InternalError if the proof fails.
    """
    if options.stop_after is not None:
        raise UsageError("a compilation that stops after a pass has no program", help="use optimise_source")
    return finish(optimise_source(source, options, observe), progress)


def finish(front: Optimised, progress: Progress | None = None) -> Compilation:
    """Generates and certifies the program of an optimised kernel. Arguments and errors as in `compile_source`."""
    options = front.options
    clock = Clock(front.seconds)
    choice = Choice(front, partial(_generate, progress=progress, quickly=searches(options.schedule)), clock, progress)
    if options.replay is not None:
        choice.take(options.replay.attempt)
    else:
        choice.take_best()
    searcher = _searcher(options, choice, progress)
    front, generated = choice.best, choice.generated
    if searcher is not None and (options.replay is not None or generated.cycles > generated.bounds.best):
        with clock.stage("search"):
            generated = _generate(front, progress, searcher)
    with clock.stage("bound"):
        thorough = (options.optimise == MOST_LEVEL or searches(options.schedule)) and not _interrupted(options)
        generated = generated.with_tariffs(LARGE_TARIFF if thorough else SMALL_TARIFF)
    stages = comparison(front.kernel, options)
    if stages is not None:
        with clock.stage("compare"):
            stages.generated(generated, front.machine)
    certificate = None
    if options.certify:
        if progress is not None:
            progress("proving the program right")
        with clock.stage("certify"):
            generated, certificate = _proven(front, generated, stages, progress)
    ledger = searcher.ledger if searcher is not None and not searches(options.schedule) else None
    return Compilation(front, generated, certificate, clock.seconds, ledger, choice.attempt)


def _generate(
    front: Optimised,
    progress: Progress | None,
    searcher: Searching | Replaying | None = None,
    *,
    cautious: bool = False,
    quickly: bool = False,
) -> Generated:
    """A kernel's program; `quickly` made, it is the list scheduler's; `cautious` as in `generate`."""
    options = front.options
    return generate(
        front.graph,
        front.machine,
        schedule="list" if quickly else options.schedule,
        seed=options.seed,
        progress=progress,
        searcher=searcher,
        effort=None if quickly else options.effort,
        pipeline=options.pipeline,
        cautious=cautious,
    )


def _proven(
    front: Optimised, generated: Generated, stages: Comparison | None, progress: Progress | None
) -> tuple[Generated, Certificate]:
    """A program with its proof: the one that was generated or, if that cannot be proven, a cautious one.

    Raises ProofFailed if that cannot be proven either, and StageDiffers if it is compared and differs.
    """
    try:
        return generated, certify(front.graph, generated.program, front.machine, generated.witness)
    except ProofFailed as failure:
        plain = _generate(front, progress, cautious=True)
        if plain.program == generated.program:
            raise
        loops = tuple(loop.refused(str(failure)) for loop in generated.loops)
        plain = replace(plain, loops=loops, unproven=str(failure))
        if stages is not None:
            stages.generated(plain, front.machine)
        return plain, certify(front.graph, plain.program, front.machine, plain.witness)


def _interrupted(options: Options) -> bool:
    """Has somebody ended the search? Then what has been found is wanted soon."""
    events = (limit.interrupted for limit in (options.searching, options.effort) if limit is not None)
    return any(event is not None and event.is_set() for event in events)


def _searcher(options: Options, choice: Choice, progress: Progress | None) -> Searching | Replaying | None:
    """What betters the list scheduler's schedules, if the options ask for it, after a search for a better mix."""
    budget = options.searching
    if budget is None and options.replay is None:
        return None
    from vliwc.tune.session import Replaying, Searching  # noqa: PLC0415 - imports numba, which is slow

    if options.replay is not None:
        return Replaying(options.replay)
    assert budget is not None
    if options.budget is not None:
        mixes = budget.part(_MIXES)
        used = choice.search(mixes, options.seed) if mixes is not None else 0.0
        budget = budget.part(1 - _MIXES * used) or budget
    elif options.optimise == MOST_LEVEL and choice.short and not _interrupted(options):
        choice.search(replace(MIXES, interrupted=budget.interrupted), options.seed)
    return Searching(budget, options.seed, progress, choice.attempt)
