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
from vliwc.backend.schedulers import searches
from vliwc.driver import Options, compile_source, optimise_source
from vliwc.frontend import optimised_again
from vliwc.machine.description import Machine
from vliwc.source import Source
from vliwc.transform.attempts import Attempt

_HELP = "expected the report of `vliwc bound --json` or `vliwc compile --json`, for the same arguments"


@dataclass(frozen=True, slots=True)
class Bounded:
    """What is bounded, segment by segment."""

    name: str
    machine: Machine
    segments: tuple[Segment, ...]
    attempt: Attempt | None = None
    """How the kernel was optimised, if not as the options say."""
    cautious: bool = False
    """Is the program a `cautious` one (see `vliwc.backend.generate`)?"""

    @property
    def best(self) -> int:
        """The lower bound of a whole run, in cycles."""
        return sum(segment.bound.best * segment.times for segment in self.segments)


def bound_kernel(
    source: Source, options: Options, progress: Callable[[str], None] | None = None, report: str | None = None
) -> Bounded:
    """The bounds of the segments that a kernel is compiled to, with a `report` those of the compilation that it is of,
    however that came by the way to optimise the kernel. Raises what `vliwc.driver.compile_source` raises, and DataError
    if the report is none.
    """
    entry = None if report is None else parse(report, "report", _HELP)
    if entry is None or "attempt" not in entry.data:
        compilation = compile_source(source, options, progress=progress)
        front, generated, attempt = compilation.front, compilation.generated, compilation.attempt
        cautious = bool(generated.unproven)
    else:
        said, cautious = entry.data["attempt"], entry.data.get("cautious") is True
        attempt = None if said is None else Attempt.from_json(said)
        front = optimise_source(source, options)
        if attempt is not None:
            front = optimised_again(front, attempt)
        generated = generate(
            front.graph,
            front.machine,
            schedule="list" if searches(options.schedule) else options.schedule,
            seed=options.seed,
            progress=progress,
            pipeline=options.pipeline,
            cautious=cautious,
        )
    segments = generated.with_tariffs(LARGE_TARIFF).segments
    return Bounded(front.kernel.name, front.machine, segments, attempt, cautious)


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
