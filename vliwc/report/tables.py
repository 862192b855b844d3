"""What people look at in a terminal: summaries and tables, as rich renderables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from vliwc.backend import LoopReport
from vliwc.comparison import Row
from vliwc.differential import Mismatch
from vliwc.driver import Compilation
from vliwc.errors import DoesNotFit
from vliwc.frontend import Optimised
from vliwc.report.layout import facts, plain_table
from vliwc.report.measure import Measurement, measure
from vliwc.transform.planning import Strategy


def percent(share: float) -> str:
    """A share as a percentage with one digit after the point."""
    return f"{share * 100:.1f} %"


def utilisation_text(measured: Measurement) -> str:
    """Every engine's utilisation in one line."""
    return "  ".join(f"{engine} {percent(share)}" for engine, share in measured.utilisation.items())


def status_text(measured: Measurement) -> str:
    """What is proved: that the cycles are optimal, or how far from the bound they are."""
    return "optimal" if measured.optimal else f"gap {percent(measured.gap)}"


def seconds_text(compilation: Compilation) -> str:
    """The compile time and its stages in one line."""
    stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in compilation.seconds.items())
    return f"{compilation.total_seconds:.2f} s ({stages})"


def loop_text(loop: LoopReport) -> str:
    """What came of software pipelining for one loop, in a line."""
    place = f"line {loop.line}: " if loop.line else ""
    least = f" (minimum {loop.minimum.interval})" if loop.minimum else ""
    if not loop.overlapped:
        return f"{place}{loop.before} cycles an iteration{least}, no overlap: {loop.reason}"
    return (
        f"{place}{loop.before} cycles an iteration, overlapped every {loop.interval}{least}; {loop.stages} stages, "
        f"{loop.copies} to a trip"
    )


def summary(compilation: Compilation) -> RenderableType:
    """The summary of one compilation: cycles, bound and gap, engines, proof, time."""
    front = compilation.front
    options = front.options
    measured = measure(compilation)
    bounds = compilation.generated.bounds
    params = "".join(f" {name}={value}" for name, value in front.kernel.params.items())
    proof = compilation.certificate
    return facts(
        [
            ("kernel", f"{front.kernel.name}{params}"),
            ("target", f"{front.machine.name}, -O{options.optimise}, schedule {options.schedule}"),
            ("cycles", f"{measured.cycles:,}"),
            (
                "bound",
                f"{bounds.best:,} (resources {bounds.resource:,}, critical path {bounds.critical_path:,}); "
                f"{status_text(measured)}",
            ),
            *(("strategy", strategy_text(strategy)) for strategy in front.strategies),
            ("busiest", f"{measured.busiest}: {percent(measured.utilisation.get(measured.busiest, 0.0))}"),
            ("engines", utilisation_text(measured)),
            ("size", f"{measured.bundles:,} bundles, {measured.scratch_words:,} scratch words"),
            *(("loop", loop_text(loop)) for loop in compilation.generated.loops),
            ("proof", str(proof) if proof else Text("not certified", style="yellow")),
            ("time", seconds_text(compilation)),
        ]
    )


def strategy_text(strategy: Strategy) -> str:
    """How gathers are carried out, with how many groups of lanes do so, and what no other way would beat."""
    groups: Counter[str] = Counter()
    for name, _, count in strategy.mix:
        groups[name] += count
    mix = ", ".join(f"{name} {count:,}" for name, count in groups.items())
    return f"no mix of the known alternatives takes fewer than {strategy.bound:,} cycles; chosen: {mix or 'gathers'}"


def passes_table(front: Optimised) -> RenderableType:
    """The live graph after every pass: one row a pass, its operations with their counts, the most frequent first."""
    table = plain_table("pass", "ms", "nodes", "operations", right=("ms", "nodes"))
    table.columns[-1].no_wrap = False
    for record in front.passes:
        ops = "  ".join(f"{op} {count:,}" for op, count in record.ops.items())
        table.add_row(record.name, f"{record.seconds * 1e3:.1f}", f"{record.nodes:,}", ops)
    return table


def comparison_table(rows: Sequence[Row]) -> RenderableType:
    """One row a way to compile: cycles, bound, gap, busiest engine, compile time."""
    numbers = ("cycles", "bound", "gap", "scratch", "seconds")
    table = plain_table("level", "schedule", "cycles", "bound", "gap", "busiest", "scratch", "seconds", right=numbers)
    for row in rows:
        level, name, outcome = f"-O{row.options.optimise}", row.options.schedule, row.outcome
        if isinstance(outcome, DoesNotFit):
            table.add_row(level, name, "–", "–", "–", "does not fit", "–", "–")
            continue
        measured = measure(outcome)
        busiest = f"{measured.busiest} {percent(measured.utilisation.get(measured.busiest, 0.0))}"
        table.add_row(
            level,
            name,
            f"{measured.cycles:,}",
            f"{measured.bound:,}",
            status_text(measured).removeprefix("gap "),
            busiest,
            f"{measured.scratch_words:,}",
            f"{outcome.total_seconds:.2f}",
        )
    return table


def mismatch_text(mismatch: Mismatch) -> str:
    """One sentence on a wrong word."""
    more = f", and {mismatch.words - 1} more words differ" if mismatch.words > 1 else ""
    return (
        f"the {mismatch.subject} leaves {mismatch.found:#010x} in {mismatch.place}, "
        f"the interpreter {mismatch.expected:#010x}{more}"
    )
