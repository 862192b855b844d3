"""The whole way from kernel text to a certified program: what the command line does, for Python.

>>> from vliwc.driver import Options, compile_source
>>> compilation = compile_source(Source("saxpy.vk", text), Options(machine="narrow"))
>>> compilation.program.bundles
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vliwc.backend import Generated, generate, schedule_names
from vliwc.backend.certifier import Certificate, ProofFailed, certify
from vliwc.backend.pressure import NoRoom
from vliwc.backend.schedulers import searches
from vliwc.backend.schedulers.effort import Effort
from vliwc.errors import UsageError
from vliwc.ir.graph import Graph
from vliwc.ir.verifier import verify
from vliwc.ir.view import op_counts
from vliwc.language import Kernel, load_kernel
from vliwc.lower import lower
from vliwc.machine import Machine, Program, load_machine
from vliwc.machine.faults import suggest
from vliwc.source import Source
from vliwc.transform import optimize, pass_names
from vliwc.transform.pipeline import FEWER, FEWEST_LEVEL, PIPELINING, optional_names
from vliwc.transform.planning import Strategy
from vliwc.tune import Budget, Ledger

if TYPE_CHECKING:
    from vliwc.stages import Comparison
    from vliwc.tune.session import Replaying, Searching

LEVELS = (0, 1, 2, 3)
_NEAR = 1.03
"""A program that takes no more than so many times its bound is good enough."""
LOWERED = "lower"
"""The name under which the graph is observed before the first pass."""

Observer = Callable[[str, Graph], None]
"""Called with a pass's name and the graph after it."""

Progress = Callable[[str], None]
"""Told from time to time, in a few words, what is going on."""


@dataclass(frozen=True, slots=True)
class Options:
    """What determines a compilation, besides the source. Equal options and sources give equal programs."""

    optimise: int = 2
    """The optimisation level: 0 (none, scalar) to 3."""
    schedule: str = "list"
    """The scheduler's name in `vliwc.backend`'s registry."""
    machine: str | Machine = "takehome"
    """The name of a shipped machine description, the path of a TOML file, or the machine itself."""
    defines: Mapping[str, int] = field(default_factory=dict)
    """New values for the kernel's parameters."""
    seed: int = 0
    """For whatever breaks ties at random."""
    certify: bool = True
    """Whether the program is proved to compute what the graph says. Without it, a compiler bug stays unseen."""
    verify_each: bool = False
    """Whether the graph's verifier runs after every pass, and every stage is run on inputs and compared with the
    interpreter (see `vliwc.stages`)."""
    disable: frozenset[str] = frozenset()
    """Passes and techniques left out (see `vliwc.transform.optional_names`)."""
    pass_limit: int | None = None
    """How many of the optional passes run, from the first on; None for all."""
    budget: Budget | None = None
    """What a search for a better schedule may cost; without one there is no search. A budget in seconds makes results
    depend on the computer's speed."""
    replay: Ledger | None = None
    """What an earlier search has found, in place of a search."""
    effort: Effort | None = None
    """What a scheduler that searches may put into the program; without one, `Effort()`. A limit of time makes results
    depend on the computer's speed."""
    stop_after: str | None = None
    """The last pass to run; then there is a graph, but no program."""

    @property
    def pipeline(self) -> bool:
        """Whether iterations of loops may overlap."""
        return self.optimise > 0 and PIPELINING not in self.disable


@dataclass(frozen=True, slots=True)
class PassRecord:
    """The live graph after one pass: how often each operation stands in it, and the pass's time in seconds."""

    name: str
    ops: Mapping[str, int]
    seconds: float

    @property
    def nodes(self) -> int:
        """The number of live nodes."""
        return sum(self.ops.values())


@dataclass(frozen=True, slots=True)
class Optimised:
    """A kernel as an optimised graph: the first half of a compilation."""

    options: Options
    kernel: Kernel
    machine: Machine
    graph: Graph
    passes: tuple[PassRecord, ...]
    strategies: tuple[Strategy, ...]
    """How gathers are carried out, for each `par` that has a choice."""
    seconds: Mapping[str, float]
    """Wall-clock seconds of each stage so far, in order."""


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


class _Clock:
    """Adds up wall-clock seconds by stage."""

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds = dict(seconds or {})

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


class _Recorder:
    """The pipeline's observer: keeps a record of each pass, verifies and compares if asked, passes the graph on."""

    def __init__(self, comparison: Comparison | None, observe: Observer | None) -> None:
        self.passes: list[PassRecord] = []
        self._comparison = comparison
        self._observe = observe
        self._since = time.perf_counter()

    def __call__(self, name: str, graph: Graph) -> None:
        seconds = time.perf_counter() - self._since
        self.passes.append(PassRecord(name, op_counts(graph), seconds))
        if self._comparison is not None:
            verify(graph)
            self._comparison.graph(name, graph)
        if self._observe is not None:
            self._observe(name, graph)
        self._since = time.perf_counter()


def optimise_source(source: Source, options: Options = Options(), observe: Observer | None = None) -> Optimised:
    """Takes a kernel's text to its optimised graph.

    `observe` sees the graph after lowering (under the name "lower") and after every pass. Raises
    `vliwc.language.KernelErrors` for a wrong kernel, UsageError for options that do not exist, DataError for a wrong
    machine description, `vliwc.stages.StageDiffers` if `options.verify_each` finds a pass that changes the meaning.
    """
    _require_known(options)
    clock = _Clock()
    machine = load_machine(options.machine) if isinstance(options.machine, str) else options.machine
    with clock.stage("check"):
        kernel = load_kernel(source, dict(options.defines))
    with clock.stage("lower"):
        graph = lower(kernel)
    recorder = _Recorder(_comparison(kernel, options), observe)
    recorder(LOWERED, graph)
    strategies: list[Strategy] = []
    if options.stop_after != LOWERED:
        with clock.stage("optimise"):
            graph = optimize(
                graph,
                machine,
                options.optimise,
                observe=recorder,
                disable=options.disable,
                pass_limit=options.pass_limit,
                stop_after=options.stop_after,
                tell=strategies.append,
            )
    return Optimised(options, kernel, machine, graph, tuple(recorder.passes), tuple(strategies), clock.seconds)


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
    clock = _Clock(front.seconds)
    front, generated = _best_strategy(front, clock, progress)
    searcher = _searcher(options, progress)
    if searcher is not None:
        with clock.stage("search"):
            generated = _generate(front, progress, searcher)
    comparison = _comparison(front.kernel, options)
    if comparison is not None:
        with clock.stage("compare"):
            comparison.generated(generated, front.machine)
    certificate = None
    if options.certify:
        if progress is not None:
            progress("proving the program right")
        with clock.stage("certify"):
            generated, certificate = _proven(front, generated, comparison, progress)
    return Compilation(front, generated, certificate, clock.seconds, searcher.ledger if searcher else None)


def _generate(
    front: Optimised,
    progress: Progress | None,
    searcher: Searching | Replaying | None = None,
    *,
    pipeline: bool | None = None,
) -> Generated:
    """A kernel's program; `pipeline` says whether loops may overlap, if not what the options say."""
    options = front.options
    return generate(
        front.graph,
        front.machine,
        schedule=options.schedule,
        seed=options.seed,
        progress=progress,
        searcher=searcher,
        effort=options.effort,
        pipeline=options.pipeline if pipeline is None else pipeline,
    )


def _best_strategy(front: Optimised, clock: _Clock, progress: Progress | None) -> tuple[Optimised, Generated]:
    """The kernel's best graph and program, of those that the optimiser makes with all alternatives and with fewer.

    The balance of engines knows nothing of latency and little of scratch. So where a program takes much longer than
    its bound, or more scratch than there is, others are tried; if there is room for none, those of lower levels.
    Raises NoRoom as for the first one if none has room.
    """
    options = front.options
    best, generated, failure = front, None, None
    tried: list[Graph] = []
    for level, without in _attempts(options):
        if without and not front.strategies:
            continue  # there was nothing to choose from
        if generated is not None and (
            level < options.optimise or options.schedule == "naive" or generated.cycles <= _NEAR * generated.bounds.best
        ):
            break
        candidate = front
        if tried:
            if progress is not None:
                cause = f"{generated.cycles:,} cycles are far from the bound" if generated else "no room in scratch"
                progress(f"{cause}: trying -O{level} without {', '.join(sorted(without)) or 'what looks across loops'}")
            with clock.stage("optimise"):
                candidate = _optimised_again(front, level, without)
        graph = candidate.graph
        if any(graph.op == other.op and graph.args == other.args for other in tried):
            continue
        tried.append(graph)
        try:
            with clock.stage("generate"):
                found = _generate(candidate, progress)
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


def _attempts(options: Options) -> Iterator[tuple[int, frozenset[str]]]:
    """Levels, and what they are to do without: first as the options say, then what else may be tried."""
    level = options.optimise
    yield level, frozenset()
    if level >= FEWEST_LEVEL:
        yield from ((level, without) for without in FEWER if not without <= options.disable)
    yield from ((below, frozenset[str]()) for below in reversed(range(min(level, FEWEST_LEVEL))))


def _optimised_again(front: Optimised, level: int, without: frozenset[str]) -> Optimised:
    """The kernel optimised at another level, or without some of the alternatives."""
    recorder, strategies = _Recorder(None, None), list[Strategy]()
    graph = optimize(
        lower(front.kernel),
        front.machine,
        level,
        observe=recorder,
        disable=front.options.disable | without,
        pass_limit=front.options.pass_limit,
        tell=strategies.append,
    )
    return replace(front, graph=graph, passes=tuple(recorder.passes), strategies=tuple(strategies))


def _comparison(kernel: Kernel, options: Options) -> Comparison | None:
    """What the stages are compared with, if the options ask for it."""
    if not options.verify_each:
        return None
    from vliwc.stages import Comparison  # noqa: PLC0415 - loads the interpreter, which few compilations need

    return Comparison(kernel, options.seed)


def _proven(
    front: Optimised, generated: Generated, comparison: Comparison | None, progress: Progress | None
) -> tuple[Generated, Certificate]:
    """A program with its proof: the one that was generated or, if its overlapped loops cannot be proven, one without.

    Raises ProofFailed if that cannot be proven either, and StageDiffers if it is compared and differs.
    """
    try:
        return generated, certify(front.graph, generated.program, front.machine, generated.witness)
    except ProofFailed as failure:
        if not any(loop.overlapped for loop in generated.loops):
            raise
        plain = _generate(front, progress, pipeline=False)
        plain = replace(plain, loops=tuple(loop.refused(str(failure)) for loop in generated.loops))
        if comparison is not None:
            comparison.generated(plain, front.machine)
        return plain, certify(front.graph, plain.program, front.machine, plain.witness)


def _searcher(options: Options, progress: Progress | None) -> Searching | Replaying | None:
    """What schedules segments in place of the plain scheduler, if the options ask for it."""
    if options.budget is None and options.replay is None:
        return None
    from vliwc.tune.session import Replaying, Searching  # noqa: PLC0415 - imports numba, which is slow

    if options.replay is not None:
        return Replaying(options.replay)
    assert options.budget is not None
    return Searching(options.budget, options.seed, progress)


def _require_known(options: Options) -> None:
    """Raises UsageError for a level, scheduler or pass that does not exist, before any work is done."""
    if options.optimise not in LEVELS:
        raise UsageError(f"there is no optimisation level {options.optimise}", help="levels are 0, 1, 2 and 3")
    require_name("scheduler", options.schedule, schedule_names())
    for name in sorted(options.disable):
        require_name("optional pass", name, optional_names(options.optimise))
    if options.budget is not None and options.replay is not None:
        raise UsageError("a replay needs no search", help="give either a budget or a search record")
    if options.schedule != "list" and (options.budget or options.replay):
        raise UsageError(f"the search tunes the list scheduler, not '{options.schedule}'", help="use --schedule list")
    if options.effort is not None and not searches(options.schedule):
        raise UsageError(
            f"a limit of time or work, or workers, mean nothing to '{options.schedule}'", help="use --schedule cpsat"
        )
    if options.stop_after is not None:
        require_pass(options.stop_after, options.optimise)


def require_pass(name: str, level: int) -> None:
    """Raises UsageError unless `name` is a pass of this optimisation level, or the lowering before them."""
    require_name("pass", name, (LOWERED, *pass_names(level)))


def require_name(what: str, name: str, known: Sequence[str]) -> None:
    """Raises UsageError, with the nearest name or the list of names, unless `name` is one of `known`."""
    if name not in known:
        raise UsageError(f"there is no {what} called '{name}'", help=suggest(name, known))
