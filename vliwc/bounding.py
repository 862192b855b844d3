"""The lower bound of a kernel or an instance, with its arguments, and the check of such arguments in a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vliwc.backend.bound_check import check_argument, check_kernel
from vliwc.backend.bounds import LARGE_TARIFF, SegmentBound, segment_bound
from vliwc.backend.entries import parse
from vliwc.backend.generated import Segment
from vliwc.backend.generator import generate
from vliwc.backend.instance import Instance
from vliwc.driver import Options, optimise_source
from vliwc.machine.description import Machine
from vliwc.source import Source

_HELP = "expected the report of `vliwc bound --json` or `vliwc compile --json`, for the same arguments"


@dataclass(frozen=True, slots=True)
class Bounded:
    """What is bounded, segment by segment."""

    name: str
    machine: Machine
    segments: tuple[Segment, ...]

    @property
    def best(self) -> int:
        """The lower bound of a whole run, in cycles."""
        return sum(segment.bound.best * segment.times for segment in self.segments)


def bound_kernel(source: Source, options: Options, progress: Callable[[str], None] | None = None) -> Bounded:
    """The bounds of the segments that a kernel is compiled to. Raises what `vliwc.driver.compile_source` raises."""
    front = optimise_source(source, options)
    generated = generate(
        front.graph,
        front.machine,
        schedule=options.schedule,
        seed=options.seed,
        progress=progress,
        pipeline=options.pipeline,
    )
    generated = generated.with_tariffs(LARGE_TARIFF)
    return Bounded(front.kernel.name, front.machine, generated.segments)


def bound_instance(instance: Instance) -> Bounded:
    """The bound of an instance, which is one segment that runs once; the cycles are the fewest that are known, or 0."""
    known = instance.best.cycles if instance.best else 0
    bound: SegmentBound = segment_bound(instance.problem, variables=LARGE_TARIFF)
    return Bounded(instance.name, instance.problem.machine, (Segment(instance.problem, bound, known, 1),))


def check_report(bounded: Bounded, text: str | None = None) -> int:
    """The bound in cycles that the arguments of a report prove, or those of `bounded` itself.

    The problems are those of `bounded`; nothing else of it counts. A segment without an argument proves nothing. Raises
    DataError if the report has other segments, or if an argument does not hold.
    """
    if text is None:
        records = [s.bound.argument.as_json() if s.bound.argument else None for s in bounded.segments]
    else:
        entry = parse(text, "report", _HELP)
        records = [segment.data.get("argument") for segment in entry.entries("segments")]
        if len(records) != len(bounded.segments):
            raise entry.error("segments", f"there are {len(records)}, and {len(bounded.segments)} in {bounded.name}")
    return sum(
        _check(segment, record) * segment.times
        for segment, record in zip(bounded.segments, records, strict=True)
        if record is not None
    )


def _check(segment: Segment, record: object) -> int:
    """The bound in cycles that an argument proves for a segment."""
    kernel = segment.kernel
    if kernel is None:
        return check_argument(segment.problem, record)
    return check_kernel(kernel.cyclic, kernel.rotation.copies, segment.problem, record)
