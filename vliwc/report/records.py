"""JSON reports. `vliwc/report/schema/` has a JSON Schema for each; the `schema` key of a report names its own."""

from __future__ import annotations

from collections.abc import Sequence

from vliwc.backend import LoopReport
from vliwc.comparison import Row
from vliwc.differential import Trial
from vliwc.driver import Compilation
from vliwc.errors import DoesNotFit
from vliwc.frontend import Optimised
from vliwc.report.bounds import segment_record, way_record
from vliwc.report.measure import Measurement, measure
from vliwc.report.schema import Record, head
from vliwc.transform.planning import Strategy


def target_record(front: Optimised) -> Record:
    """What was compiled, and how."""
    options = front.options
    return {
        "kernel": front.kernel.name,
        "source": front.kernel.source.name,
        "params": dict(front.kernel.params),
        "machine": front.machine.name,
        "optimise": options.optimise,
        "schedule": options.schedule,
        "seed": options.seed,
    }


def measurement_record(compilation: Compilation, measured: Measurement) -> Record:
    """The figures of one compilation. Times in seconds; `gap` is relative to the bound; utilisations are 0 … 1."""
    bounds = compilation.generated.bounds
    return {
        "cycles": measured.cycles,
        "bounds": {"best": bounds.best, "resource": bounds.resource, "critical_path": bounds.critical_path},
        "gap": measured.gap,
        "optimal": measured.optimal,
        "busiest": measured.busiest,
        "utilisation": dict(measured.utilisation),
        "slots": dict(measured.slots),
        "bundles": measured.bundles,
        "scratch_words": measured.scratch_words,
        "certified": compilation.certificate is not None,
        "seconds": {"total": compilation.total_seconds, "stages": dict(compilation.seconds)},
    }


def loop_record(loop: LoopReport) -> Record:
    """An innermost machine loop and its software pipelining; lengths in cycles, `interval` 0 if it has none."""
    minimum = loop.minimum
    return {
        "line": loop.line,
        "trips": loop.trips,
        "before": loop.before,
        "minimum": {"resource": minimum.resource, "recurrence": minimum.recurrence} if minimum else None,
        "interval": loop.interval,
        "cycles": loop.after,
        "stages": loop.stages,
        "copies": loop.copies,
        "reason": loop.reason,
    }


def strategy_record(strategy: Strategy) -> Record:
    """How the gathers of one `par` are carried out; the bound in cycles."""
    mix = [{"alternative": name, "words": words, "groups": groups} for name, words, groups in strategy.mix]
    return {"bound": strategy.bound, "mix": mix}


def passes_record(front: Optimised) -> list[Record]:
    """Live nodes and operation counts after every pass, in order."""
    return [
        {"name": p.name, "nodes": p.nodes, "seconds": p.seconds, "ops": dict(sorted(p.ops.items()))}
        for p in front.passes
    ]


def compile_record(compilation: Compilation) -> Record:
    """The report of `vliwc compile --json`."""
    front = compilation.front
    return {
        **head("compile"),
        **target_record(front),
        **measurement_record(compilation, measure(compilation)),
        **way_record(compilation.attempt, bool(compilation.generated.unproven)),
        "segments": [segment_record(segment) for segment in compilation.generated.segments],
        "strategies": [strategy_record(strategy) for strategy in front.strategies],
        "loops": [loop_record(loop) for loop in compilation.generated.loops],
        "passes": passes_record(front),
    }


def compare_record(source: str, rows: Sequence[Row]) -> Record:
    """The report of `vliwc compare --json`: one row a way to compile, with figures or an error."""
    return {**head("compare"), "source": source, "rows": [_row_record(row) for row in rows]}


def _row_record(row: Row) -> Record:
    options, outcome = row.options, row.outcome
    machine = options.machine if isinstance(options.machine, str) else options.machine.name
    how = {"machine": machine, "optimise": options.optimise, "schedule": options.schedule}
    if isinstance(outcome, DoesNotFit):
        return {**how, "error": outcome.message}
    return {**how, **measurement_record(outcome, measure(outcome))}


def check_record(compilation: Compilation, trials: Sequence[Trial]) -> Record:
    """The report of `vliwc check --json`."""
    return {
        **head("check"),
        **target_record(compilation.front),
        "runs": len(trials),
        "failed": sum(bool(t.mismatches) for t in trials),
        "trials": [
            {
                "number": t.number,
                "style": t.style,
                "cycles": t.cycles,
                "mismatches": [
                    {
                        "subject": m.subject,
                        "place": m.place,
                        "expected": m.expected,
                        "found": m.found,
                        "words": m.words,
                    }
                    for m in t.mismatches
                ],
            }
            for t in trials
        ],
    }


def run_record(program: str, machine: str, image_words: int, cycles: int, correct: bool | None) -> Record:
    """The report of `vliwc run --json`. `correct` is None when there is no kernel to compare with."""
    return {
        **head("run"),
        "program": program,
        "machine": machine,
        "image_words": image_words,
        "cycles": cycles,
        "correct": correct,
    }
