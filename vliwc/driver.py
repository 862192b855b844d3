"""The whole way from kernel text to a certified program: what the command line does, for Python.

>>> from vliwc.driver import Options, compile_source
>>> compilation = compile_source(Source("saxpy.vk", text), Options(machine="narrow"))
>>> compilation.program.bundles
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vliwc.backend import Generated, generate
from vliwc.backend.certifier import Certificate, ProofFailed, certify
from vliwc.backend.pressure import NoRoom
from vliwc.backend.schedulers import searches
from vliwc.errors import UsageError
from vliwc.frontend import Clock, Observer, Optimised, attempts, comparison, optimise_source, optimised_again
from vliwc.ir.graph import Graph
from vliwc.machine import Program
from vliwc.options import Options
from vliwc.source import Source
from vliwc.transform.pipeline import MOST_LEVEL
from vliwc.transform.planning import Strategy
from vliwc.tune import Ledger

if TYPE_CHECKING:
    from vliwc.stages import Comparison
    from vliwc.tune.session import Replaying, Searching

__all__ = ["Compilation", "Options", "compile_source", "finish", "optimise_source"]

_NEAR = 1.03
"""A program that takes no more than so many times its bound is good enough, but at the highest level."""

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
    front, generated = _best_strategy(front, clock, progress)
    searcher = _searcher(options, progress)
    if searcher is not None and (options.replay is not None or generated.cycles > generated.bounds.best):
        with clock.stage("search"):
            generated = _generate(front, progress, searcher)
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
    return Compilation(front, generated, certificate, clock.seconds, ledger)


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


def _best_strategy(front: Optimised, clock: Clock, progress: Progress | None) -> tuple[Optimised, Generated]:
    """The kernel's best graph and program, of those that the optimiser makes in several ways.

    The balance of engines knows little of latency and of scratch. So where a program takes much longer than its bound,
    or more scratch than there is, others are tried; if there is room for none, those of lower levels. A scheduler that
    searches works on the best graph alone: the list scheduler finds out which that is.
    Raises NoRoom as for the first one if none has room.
    """
    options = front.options
    quickly = searches(options.schedule)
    best, generated, failure = front, None, None
    tried: list[Graph] = []
    for attempt in (None, *attempts(front)):
        lower = attempt is not None and attempt.level < options.optimise
        if generated is not None and (lower or _good_enough(front, generated)):
            break
        if generated is None and attempt is not None and not (lower or attempt.without):
            continue  # it needs no less scratch
        candidate = front
        if attempt is not None:
            if progress is not None:
                cause = f"{generated.cycles:,} cycles are not the bound" if generated else "no room in scratch"
                progress(f"{cause}: trying {attempt}")
            with clock.stage("optimise"):
                candidate = optimised_again(front, attempt)
        graph = candidate.graph
        if any(graph.op == other.op and graph.args == other.args for other in tried):
            continue
        tried.append(graph)
        try:
            with clock.stage("generate"):
                found = _generate(candidate, progress, quickly=quickly)
        except NoRoom as error:
            failure = failure or error
            continue
        if generated is None or found.cycles < generated.cycles:
            best, generated = _with_bounds_of(front, candidate), found
    if generated is None:
        assert failure is not None, "the first attempt has a program or none"
        raise failure
    return best, generated


def _with_bounds_of(front: Optimised, candidate: Optimised) -> Optimised:
    """The candidate with the strategy bounds of all alternatives, where it had only some to choose from."""
    mixes = [strategy.mix for strategy in candidate.strategies] or [()] * len(front.strategies)
    if candidate is front or len(mixes) != len(front.strategies):
        return candidate
    bounds = (strategy.bound for strategy in front.strategies)
    return replace(candidate, strategies=tuple(map(Strategy, bounds, mixes)))


def _good_enough(front: Optimised, generated: Generated) -> bool:
    """Is no other strategy worth a trial? The naive scheduler's programs are never near a bound.

    Where the first strategy makes do with less scratch, the bound of its operations is no measure of what is possible.
    """
    goal = generated.bounds.best
    if any(strategy.crowded for strategy in front.strategies):
        goal = min(goal, max(strategy.bound for strategy in front.strategies))
    near = 1.0 if front.options.optimise == MOST_LEVEL else _NEAR
    return front.options.schedule == "naive" or generated.cycles <= near * goal


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


def _searcher(options: Options, progress: Progress | None) -> Searching | Replaying | None:
    """What betters the list scheduler's schedules, if the options ask for it."""
    budget = options.searching
    if budget is None and options.replay is None:
        return None
    from vliwc.tune.session import Replaying, Searching  # noqa: PLC0415 - imports numba, which is slow

    if options.replay is not None:
        return Replaying(options.replay)
    assert budget is not None
    return Searching(budget, options.seed, progress)
