"""The first half of a compilation: from kernel text to the optimised graph."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vliwc.ir.graph import Graph
from vliwc.ir.verifier import verify
from vliwc.ir.view import op_counts
from vliwc.language import Kernel, load_kernel
from vliwc.lower import lower
from vliwc.machine import Machine, load_machine
from vliwc.options import LOWERED, Options, require_known
from vliwc.source import Source
from vliwc.transform import optimize
from vliwc.transform.attempts import Attempt
from vliwc.transform.planning import Strategy

if TYPE_CHECKING:
    from vliwc.stages import Comparison

Observer = Callable[[str, Graph], None]
"""Called with a pass's name and the graph after it."""


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


class Clock:
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
    require_known(options)
    clock = Clock()
    machine = load_machine(options.machine) if isinstance(options.machine, str) else options.machine
    with clock.stage("check"):
        kernel = load_kernel(source, dict(options.defines))
    with clock.stage("lower"):
        graph = lower(kernel)
    recorder = _Recorder(comparison(kernel, options), observe)
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
                tell=strategies.extend,
            )
    return Optimised(options, kernel, machine, graph, tuple(recorder.passes), tuple(strategies), clock.seconds)


def optimised_again(
    front: Optimised, attempt: Attempt, tell: Callable[[Sequence[Strategy]], None] | None = None
) -> Optimised:
    """The kernel optimised in another way; `tell` learns first how gathers are to be carried out."""
    recorder, strategies = _Recorder(None, None), list[Strategy]()

    def told(found: Sequence[Strategy]) -> None:
        strategies.extend(found)
        if tell is not None:
            tell(found)

    graph = optimize(
        lower(front.kernel),
        front.machine,
        attempt.level,
        observe=recorder,
        disable=front.options.disable | attempt.without,
        pass_limit=front.options.pass_limit,
        tell=told,
        losses=attempt.losses,
    )
    return replace(front, graph=graph, passes=tuple(recorder.passes), strategies=tuple(strategies))


def comparison(kernel: Kernel, options: Options) -> Comparison | None:
    """What the stages are compared with, if the options ask for it."""
    if not options.verify_each:
        return None
    from vliwc.stages import Comparison  # noqa: PLC0415 - loads the interpreter, which few compilations need

    return Comparison(kernel, options.seed)
